"""The documents keep up with capacity: worked figures of the method, error figures, near lengths, tabs of the page."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from typing import get_args

import numpy as np
import pytest

from planner.capacity import calibration as probe
from planner.capacity.calibration import ErrorFigure, ProbePoint, calibrate, calibrated
from planner.capacity.lookup import Case, index_rows, nearest_rows
from planner.capacity.memory_advice import what_would_fit
from planner.capacity.negative_binomial import in_service_caps
from planner.capacity.queue import Target, at_rate, table_of
from planner.capacity.replica_memory import Setup, fit_of
from planner.capacity.service_curve import ServiceCurve, capacity_per_s, in_flight, requests_per_s, service_s, tpot_s
from planner.capacity.sizing import best_reachable, exact_rate, max_rate, replicas_for
from planner.capacity.start_time import start_time
from planner.capacity.throughput.deployment import Deployment, columns
from planner.capacity.throughput.predict import Load, predict
from planner.capacity.throughput.rates import rates_of
from planner.capacity.throughput.steps import (
    cache_bytes,
    decode_s,
    exchange_s,
    latency_s,
    multiply_s,
    prefill_s,
    read_s,
)
from planner.catalog.catalog import load
from planner.cli.capacity import add_capacity
from planner.cli.predict import ADDED, NEEDED
from planner.decision import (
    present_capacity_memory,
    present_capacity_sources,
    present_capacity_tables,
    present_capacity_trust,
)
from planner.decision.candidates import find
from planner.decision.candidates.deployments import fit_of as fitted
from planner.decision.present_capacity import Names, metrics
from planner.decision.present_tables import Table
from planner.decision.resolve_throughput import NEAR_SHAPE_FACTOR
from planner.domain.capacity import Candidate, CapacityRequest, Found, RefusalCode
from planner.domain.serving import KnownSource
from planner.domain.workload import LatencyTarget
from tests.docs.test_docs import ON, ROOT, glossary_terms, text_of

TABLES = load().tables
ON_ONE_H100 = ServiceCurve(0.473, 0.00488, 128, 0.03, 62)
STRICT, RELAXED = Target(0.5, 0.015), Target(0.5, 0.1)


def section(formula: str) -> str:
    """One formula of the method, on one line."""
    found: str = re.split(rf"\n### {formula}\b", text_of("method.md"))[1].split("\n### ")[0].split("\n## ")[0]
    return " ".join(found.split())


def llama_70b_fp8(gpus: int) -> Setup:
    rows = (TABLES.model_by_id["llama-3.3-70b"], TABLES.format_by_id["fp8"], TABLES.gpu_by_id["h100-sxm"])
    return Setup(*rows, tp=gpus, max_model_len=8192)


def test_the_memory_of_the_worked_example_is_that_of_the_program() -> None:
    told, found = section("CAP-4"), fit_of([llama_70b_fp8(2)], 1800)
    used = float(found.capacity_gib[0] - found.reserved_gib[0])
    for text in (
        f"Of {found.capacity_gib[0]:.2f} GiB the engine may use {used:.2f}",
        f"Weights {found.layers_gib[0]:.2f} and embeddings {found.embedding_gib[0]:.2f}",
        f"{found.activation_gib[0] / 2:.2f} a GPU",
        f"= {found.graph_gib[0] / 2:.2f}; runtime {found.runtime_gib[0] / 2:.2f}",
        f"leaves {found.cache_gib[0]:.2f} GiB: at {found.kv_bytes_per_token[0]:,.0f} bytes a token",
        f"**{found.kv_cache_tokens[0]:,.0f} tokens**, {found.max_sequences[0]:.0f} requests",
    ):
        assert text in told
    native = TABLES.format_by_id["bf16"]
    ways = what_would_fit(llama_70b_fp8(1), 1800, gpus=TABLES.gpus, formats=TABLES.formats, native=native)
    words = {way.kind: way.sentence for way in ways}
    assert words["format"].startswith("weights in NVFP4")
    assert "a context of 2,304" in told
    assert "at most 2,304 tokens" in words["context"]


def test_the_worked_replica_is_that_of_the_program() -> None:
    line, chain, closed, sized = (section(f"CAP-{number}") for number in (9, 10, 11, 12))
    strict, relaxed = exact_rate(ON_ONE_H100, STRICT), exact_rate(ON_ONE_H100, RELAXED)
    assert f"takes {service_s(ON_ONE_H100, 64):.3f} s and {tpot_s(ON_ONE_H100, 64) * 1000:.1f} ms a token" in line
    assert f"give {requests_per_s(ON_ONE_H100, 64):.1f} requests/s" in line
    assert f"The capacity is {capacity_per_s(ON_ONE_H100):.1f}" in line
    assert f"50 requests/s {in_flight(50, ON_ONE_H100):.1f} are in flight" in line
    assert f"{at_rate(ON_ONE_H100, 50, STRICT).mean_in_flight:.1f} in flight on average" in chain
    at = strict.operating
    assert f"{at.utilisation:.0%} of its capacity: {at.mean_in_flight:.1f} in flight" in chain
    assert f"one in {1 / float(at.wait_probability):,.0f}"[:-4] in chain
    assert f"P95 TPOT {at.tpot_s * 1000:.1f} ms" in chain
    assert f"n_cap = {in_service_caps(ON_ONE_H100, STRICT)[0]:.0f}; r = {0.473 / 0.00488 + 1:.1f}" in closed
    assert f"**{max_rate(ON_ONE_H100, STRICT):.2f} requests/s**" in closed
    assert f"{strict.rate_per_s:.2f} requests/s, {strict.operating.utilisation:.0%} of its capacity" in sized
    assert f"at {relaxed.rate_per_s:.2f} requests/s, {relaxed.operating.utilisation:.0%}" in sized
    assert relaxed.limit == "ttft"
    assert "7.34 ms" in best_reachable(table_of(ON_ONE_H100), Target(0.5, 0.005))
    fleet = [replicas_for(500, 88.7, spare_replicas=s, replica_step=n) for s, n in ((0, 1), (1, 1), (1, 4))]
    assert "takes 6 replicas; 7 with a spare; 8 when they come in fours; 12 in two regions" in sized
    assert [int(n) for n in fleet] == [6, 7, 8]
    assert replicas_for(500, 88.7, regions=2, survive_region_loss=True) == 12


def test_the_errors_of_a_probe_are_those_of_the_program() -> None:
    told = section("CAP-13")
    rows: dict[str, ErrorFigure] = {
        "between the probed loads": probe.INSIDE,
        "up to 2 times the largest probed": probe.BEYOND_2X,
        "2 to 4 times": probe.BEYOND_4X,
        "another shape, the factor from three loads": probe.OTHER_SHAPE,
    }
    for name, error in rows.items():
        assert f"| {name} | {error.median:.1%} | {error.p90:.1%} |" in told


def test_the_worked_probe_is_that_of_the_program() -> None:
    points = [
        ProbePoint(concurrency=n, output_tokens_per_s=n * 200 / (2 + 0.05 * n), input_tokens=1000, output_tokens=200)
        for n in (1, 8, 64)
    ]
    fitted = calibrate(points, [point.output_tokens_per_s / 0.8 for point in points])
    here = calibrated(fitted, concurrency=32, input_tokens=1000, output_tokens=200)
    there = calibrated(fitted, concurrency=32, input_tokens=4000, output_tokens=200, modelled_output_tokens_per_s=1000)
    assert here is not None
    assert there is not None
    assert f"= {here.output_tokens_per_s:,.0f} tokens/s" in section("CAP-13")
    assert there.output_tokens_per_s == pytest.approx(800)


def test_the_nearest_row_of_the_worked_example_is_that_of_the_program() -> None:
    case = Case("llama-3.3-70b", "fp8", "h100-sxm", 2, 1500, 300, 32, 2, "vllm", "", ON)
    (found,) = nearest_rows(index_rows(TABLES), case, 1)
    parts, row = found.parts, found.row
    assert (row.model_id, row.gpu_id, row.engine, row.as_of) == ("llama-3.1-70b", "h200", "trtllm", "2025-10-29")
    assert (row.input_tokens, row.output_tokens) == (922, 922)
    told = f"{parts.model:.2f} + {parts.gpu:.2f} + {parts.engine:.2f} + {parts.age:.2f} for its age + {parts.shape:.2f}"
    assert f"{told} for its lengths = {found.distance:.2f}" in section("CAP-14")


def test_the_worked_start_is_that_of_the_program() -> None:
    assert f"= {start_time(70).total_s:.0f} s" in section("SCA-3")
    assert (start_time(70).lead_hours, start_time(1340).lead_hours) == (1, 2)


def test_how_near_a_published_run_must_be_is_that_of_the_program() -> None:
    assert f"near request lengths at most {NEAR_SHAPE_FACTOR:g} times off" in " ".join(text_of("method.md").split())
    assert f"at most {NEAR_SHAPE_FACTOR:g} times off" in " ".join(text_of("reading.md").split())


def worked_prediction() -> str:
    """The worked example of CAP-8 as the program has it."""
    rows = (TABLES.model_by_id["llama-3.3-70b"], TABLES.format_by_id["fp8"], TABLES.gpu_by_id["h100-sxm"])
    d, c = columns([Deployment(*rows, tp=2)]), fitted(TABLES).constants
    found, reached, batch = predict(d, Load(1500, 300, 32), c), rates_of(d, c), np.array([32.0])
    step, prompt = (
        decode_s(d, reached, c, batch, np.array([1650.0])),
        prefill_s(d, reached, c, batch, np.array([1500.0])),
    )
    read = read_s(d, reached, batch)[0] * 1000
    cache = (batch * cache_bytes(d, np.array([1650.0])) / 2 / reached.cache)[0] * 1000
    products = multiply_s(d, reached, c, batch)[0] * 1000
    links = (exchange_s(d, reached, batch) + latency_s(d, reached))[0] * 1000
    host = (reached.step_s + 32 * reached.sequence_s)[0] * 1000
    rate, low, high = (
        float(part[0])
        for part in (found.output_tokens_per_s, found.low_output_tokens_per_s, found.high_output_tokens_per_s)
    )
    return (
        "*Example:* Llama 3.3 70B in FP8 on two H100 with vLLM, 1,500 tokens in and 300 out, 32 in flight. A step "
        f"reads weights for {read:.1f} ms and the cache for {cache:.1f}, multiplies for {products:.1f}, exchanges for "
        f"{links:.1f} and takes the host {host:.1f}: {step[0] * 1000:.1f} ms. A prompt adds {prompt[0] * 1000:.0f} ms. "
        f"**{rate:,.0f} output tokens/s**, 80% band {low:,.0f} to {high:,.0f}; {found.tpot_ms[0]:.1f} ms a token, the "
        f"first after {found.ttft_ms[0]:,.0f} ms; physics would allow {found.ceiling_output_tokens_per_s[0]:,.0f}."
    )


def fitted_numbers() -> str:
    """How many numbers the fit has, in the words of the method."""
    found = [constant for constant in fitted(TABLES).fitted if constant.fitted]
    factors = [c for c in found if c.name.split("/")[0] in ("host", "kernels", "experts")]
    bound = [c for c in found if c.at_bound]
    return (
        f"{len(found)} numbers are fitted, {len(factors)} of them such factors; {len(bound)} ended at a bound and "
        "measure nothing."
    )


def error_lines() -> list[str]:
    """The accuracy table of CAP-8 as the fit was written."""
    names = {
        "all": "all",
        "dense": "dense",
        "mixture of experts": "mixture of experts",
        "vLLM 0.8 and later, dense": "vLLM 0.8 and later, dense",
        "vLLM 0.8 and later, mixture of experts": "vLLM 0.8 and later, experts",
        "Ampere": "Ampere",
        "Hopper": "Hopper",
        "Blackwell": "Blackwell",
        "CDNA3": "CDNA3 (MI300 class)",
        "number in flight stated": "requests in flight stated",
        "saturated or burst": "saturated, or a burst",
        "weights above 80% of memory": "weights above 80% of memory",
    }
    found = {row.name: row for row in fitted(TABLES).cross_validated}
    return [
        f"| {words} | {row.rows:,} | {row.groups} | {row.median_error:.1%} | {row.p90_error:.0%} | {row.coverage:.0%} |"
        for row, words in ((found[name], words) for name, words in names.items())
    ]


def searched() -> tuple[Found, Candidate]:
    """What the worked search finds, and the cheapest of it."""
    request = CapacityRequest(
        peak_requests_per_s=5,
        input_tokens=1500,
        output_tokens=300,
        latency=LatencyTarget(tpot_slo_ms=40),
        model_ids=("llama-3.3-70b",),
        format_ids=("fp8",),
    )
    found = find(request, TABLES, ON)
    assert found.cheapest is not None
    return found, found.cheapest


def worked_search() -> str:
    """The worked example of CAP-15 as the program has it."""
    found, best = searched()
    gpu, serving = TABLES.gpu_by_id[best.gpu_id].name, best.replicas - best.spare_replicas
    return (
        "*Example:* Llama 3.3 70B in FP8 at 5 requests/s, 1,500 in and 300 out, P95 TPOT 40 ms, on 2026-11-21: "
        f"{found.deployments:,} deployments, {found.searched:,} with their prices, {found.meeting:,} candidates. The "
        f"cheapest is {best.gpus_per_replica} x {gpu} of {best.provider} at {best.usd_per_gpu_hour:.2f} USD: a replica "
        f"serves {best.rate_at_target_per_s:.2f} requests/s within the target (band "
        f"{best.rate_at_target_low_per_s:.2f} to {best.rate_at_target_high_per_s:.2f}), so {serving} and a "
        f"spare, {best.gpus} GPUs, {best.usd_per_month:,.2f} USD a month, {best.usd_per_mtok:.3f} USD per 1M tokens "
        "at a load that is always 5 requests/s."
    )


def readme_search() -> str:
    """The same in the words of the README."""
    found, best = searched()
    gpu = TABLES.gpu_by_id[best.gpu_id].name
    return (
        f"On 2026-11-21 the cheapest of {found.meeting:,} candidates is {best.replicas} replicas, one of them spare, "
        f"of {best.gpus_per_replica} x {gpu} each: ${best.usd_per_month:,.0f} a month of GPU rent."
    )


def readme_errors() -> str:
    """How far off the model is, in the words of the README."""
    rows = {row.name: row for row in fitted(TABLES).cross_validated}
    every, dense, experts = rows["all"], rows["dense"], rows["mixture of experts"]
    return (
        f"{every.median_error * 100:.0f} % off in the median on configurations that it has not seen, "
        f"{every.p90_error * 100:.0f} % at the ninth decile; dense models {dense.median_error * 100:.0f} %, mixtures "
        f"of experts {experts.median_error * 100:.0f} %."
    )


def test_the_readme_tells_what_the_search_and_the_fit_say() -> None:
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert readme_search() in readme
    assert readme_errors() in readme


def test_the_worked_prediction_is_that_of_the_program() -> None:
    assert worked_prediction() in section("CAP-8")


def test_the_errors_told_are_those_of_the_fit() -> None:
    assert fitted_numbers() in section("CAP-8")
    told = text_of("method.md").splitlines()
    assert [line for line in error_lines() if line not in told] == []


def test_the_worked_search_is_that_of_the_program() -> None:
    assert worked_search() in section("CAP-15")


def test_every_tab_of_the_capacity_page_is_in_the_guide() -> None:
    code = (ROOT / "planner" / "web" / "capacity_view.py").read_text(encoding="utf-8")
    tabs = re.findall(r'^ +"([A-Z][\w ]+)": lambda', code, re.MULTILINE)
    assert len(tabs) >= 7
    assert [tab for tab in tabs if f"**{tab}**" not in text_of("reading.md")] == []


def test_every_reason_for_leaving_out_is_in_the_method() -> None:
    assert [code for code in get_args(RefusalCode) if code not in section("CAP-15")] == []


def test_every_command_and_column_is_in_the_deployment_guide() -> None:
    guide = text_of("deploy.md")
    commands = argparse.ArgumentParser()
    add_capacity(commands)
    (choices,) = (action.choices for action in commands._actions if isinstance(action, argparse._SubParsersAction))
    assert [name for name in choices if f"planner capacity {name}" not in guide] == []
    assert [name for name in (*NEEDED, *ADDED) if f"`{name}`" not in guide] == []


def test_every_source_of_a_throughput_is_in_the_method() -> None:
    told = section("Where a throughput comes from")
    assert [source for source in get_args(KnownSource) if f" {source} " not in told] == []


def tables_of_the_page() -> Iterator[Table]:
    """Every table of the page Capacity, for the worked search."""
    found, best = searched()
    names, fit = Names(TABLES), fitted(TABLES)
    yield present_capacity_tables.candidate_rows(found, found.candidates[:2], names)
    yield present_capacity_tables.refused_rows(found.refused)
    yield present_capacity_tables.unpriced_rows(found, names)
    yield present_capacity_tables.deployment_rows(found, best, names)
    yield present_capacity_memory.way_rows(())
    yield present_capacity_sources.measured_rows((), names)
    yield present_capacity_sources.source_rows(())
    yield present_capacity_sources.source_evidence((), ON)
    yield present_capacity_trust.error_rows("", fit.cross_validated)
    yield present_capacity_trust.band_rows(fit.bands)
    yield present_capacity_trust.constant_rows(fit.fitted)


def test_every_word_of_the_capacity_page_is_in_the_glossary() -> None:
    found, best = searched()
    words = {column.name for table in tables_of_the_page() for column in table.columns}
    words |= {metric.label for metric in metrics(found, best)}
    assert {word for word in words if word.lower() not in glossary_terms()} == set()
