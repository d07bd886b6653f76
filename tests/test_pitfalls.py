"""Traps of `docs/pitfalls.md` that no other test guards: errors seen in published tools, kept out of this one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from planner.capacity.ceiling import compute_ceiling_tokens_per_s, usd_per_mtok_floor
from planner.capacity.fleet import fleet_replicas
from planner.capacity.lookup import row_warnings
from planner.capacity.published import dense_tflops
from planner.capacity.throughput.deployment import Deployment, Speculative, columns
from planner.capacity.throughput.predict import Load, predict
from planner.catalog.catalog import load
from planner.catalog.rows import (
    ApiPriceRow,
    ContractedPriceRow,
    GpuPriceRow,
    MeasuredRow,
    RetirementRow,
    Row,
    ServerPriceRow,
)
from planner.cost.api import request_usd
from planner.cost.owned import owned_servers
from planner.cost.rented import rental_usd
from planner.decision.candidates.deployments import fit_of
from planner.domain.prices import RateCard, TokenPrices
from planner.domain.workload import TaskClass, Workload
from planner.units import FloatArray
from planner.workload.demand import class_arrays

ROOT = Path(__file__).resolve().parents[1]
TABLES = load().tables
usd = st.integers(0, 100_000).map(lambda cents: Decimal(cents) / 100)


def source_files() -> Iterator[tuple[str, str]]:
    """Name and text of every module of the program."""
    for path in sorted((ROOT / "planner").rglob("*.py")):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def test_8_no_throughput_has_no_price() -> None:
    with pytest.raises(ZeroDivisionError):
        usd_per_mtok_floor(1.50, 0)
    assert usd_per_mtok_floor(1.50, 1e-3) > 400_000  # nearly idle is nearly without bound, not nearly free


@pytest.mark.parametrize("gpus_per_replica", [1, 2, 4, 8])
def test_11_a_replica_pays_for_its_own_gpus_and_for_a_server_only_when_it_must_take_one(gpus_per_replica: int) -> None:
    per_server = 8 // gpus_per_replica
    alone = fleet_replicas(1)
    in_servers = fleet_replicas(1, replica_step=per_server)
    assert float(rental_usd(alone, gpus_per_replica, 2.0, 730)) == gpus_per_replica * 2.0 * 730
    assert float(rental_usd(in_servers, gpus_per_replica, 2.0, 730)) == 8 * 2.0 * 730
    assert float(owned_servers(per_server, gpus_per_replica, 8)) == 1  # the replicas share what was bought


@given(replicas=st.integers(1, 50), gpus=st.integers(1, 16), price=st.floats(0.1, 10))
def test_12_a_price_per_gpu_is_multiplied_by_the_gpus_once(replicas: int, gpus: int, price: float) -> None:
    one = float(rental_usd(1, 1, price, 730))
    assert float(rental_usd(replicas, gpus, price, 730)) == pytest.approx(replicas * gpus * one)


def test_12_every_gpu_price_of_the_catalog_says_per_gpu() -> None:
    assert {name for name in GpuPriceRow.model_fields if "usd" in name} == {"usd_per_gpu_hour"}


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_13_a_measured_rate_that_a_counter_reset_could_leave_is_refused(rate: float) -> None:
    fields = dict(
        row_id="m1",
        source_id="test",
        model_name="any",
        gpu_name="any",
        n_gpu=1,
        engine="vllm",
        input_tokens=1000,
        output_tokens=500,
        mode="closed",
        derived=False,
        fit_ok=True,
        source_url="https://example.org/run",
    )
    MeasuredRow.model_validate(fields | {"output_tokens_per_s": 1})
    with pytest.raises(ValidationError, match="output_tokens_per_s"):
        MeasuredRow.model_validate(fields | {"output_tokens_per_s": rate})


@given(fresh=usd, output=usd, cached=usd, tokens=st.integers(0, 100_000), generated=st.integers(0, 100_000))
def test_16_a_cache_discount_touches_cached_tokens_only(
    fresh: Decimal, output: Decimal, cached: Decimal, tokens: int, generated: int
) -> None:
    plain = TokenPrices(rates=RateCard(input_usd_per_mtok=fresh, output_usd_per_mtok=output))
    discounted = TokenPrices(
        rates=RateCard(input_usd_per_mtok=fresh, output_usd_per_mtok=output, cached_input_usd_per_mtok=cached)
    )
    bills = [request_usd(p, fresh=tokens, cached=tokens, generated=generated) for p in (plain, discounted)]
    assert bills[0] - bills[1] == pytest.approx(float(fresh - cached) * tokens / 1e6, abs=1e-9)
    assert request_usd(plain, fresh=0, generated=generated) == request_usd(discounted, fresh=0, generated=generated)


@given(visible=st.integers(0, 10_000), reasoning=st.integers(0, 10_000))
def test_17_reasoning_tokens_are_counted_once(visible: int, reasoning: int) -> None:
    one = TaskClass(
        class_id="chat",
        requests_per_day=1,
        fresh_input_tokens=100,
        output_tokens=visible,
        reasoning_tokens=reasoning,
    )
    arrays = class_arrays(Workload(classes=(one,), peak_to_mean=1))
    assert float(np.sum(arrays.generated_tokens)) == visible + reasoning
    assert arrays.tokens_per_day == 100 + visible + reasoning


@pytest.mark.parametrize(
    "figures",
    ["gpu_prices.csv", "gpus.csv", "defaults.csv", "api_prices.csv", "server_prices.csv", "contracted_prices.csv"],
)
def test_19_and_20_every_stored_price_is_in_dollars(figures: str) -> None:
    header, *lines = (ROOT / "data" / figures).read_text(encoding="utf-8").splitlines()
    assert not re.search(r"eur|gbp|jpy|inr|cny|currency|fx", header)
    assert not [line for line in lines if re.search("[€£¥₹]", line)]


def test_21_no_figure_is_drawn_without_a_seed() -> None:
    """The probe's prompts are no figure, and must be new each time: a repeated prompt comes from the server's cache."""
    for name, text in source_files():
        if name.startswith(("planner/probe/", "planner/cli/probe_")):
            continue
        assert not re.search(
            r"^\s*(import random|from random )|np\.random\.(rand|normal|uniform|seed|choice)", text, re.M
        ), name
        assert "default_rng()" not in text, name


def test_27_a_spot_price_is_marked_as_one_and_the_plain_rental_is_on_demand() -> None:
    term = GpuPriceRow.model_fields["term"]
    assert term.is_required()  # no default: whoever adds a price says which it is
    lines = (ROOT / "data" / "gpu_prices.csv").read_text(encoding="utf-8").splitlines()[1:]
    spot = [line for line in lines if ",spot," in line]
    assert spot
    assert all("spot" in line.split(",")[0] for line in spot)


@pytest.mark.parametrize("table", [ApiPriceRow, GpuPriceRow, ServerPriceRow, RetirementRow, ContractedPriceRow])
@pytest.mark.parametrize("day", [None, "", "soon", "2026-13-01"])
def test_a_price_row_without_a_date_is_refused(table: type[Row], day: str | None) -> None:
    cells = {} if day is None else {"as_of": day}
    with pytest.raises(ValidationError) as caught:
        table.model_validate(cells)
    assert ("as_of",) in [problem["loc"] for problem in caught.value.errors()]
    with pytest.raises(ValidationError) as dated:
        table.model_validate({"as_of": "2026-11-20"})
    assert ("as_of",) not in [problem["loc"] for problem in dated.value.errors()]


def test_the_time_per_token_of_a_tool_that_counts_chunks_is_that_of_the_whole_answer() -> None:
    """Its own figure is half of it: two chunks of the stream came for each token."""
    told = re.compile(r"e2e mean ([\d.]+) ms; the tool's own TPOT is about half")
    rows = [(row, found) for row in TABLES.measured if (found := told.search(row.note))]
    assert len(rows) == 14
    for row, found in rows:
        assert row.tpot_ms is not None
        assert row.ttft_ms is not None
        assert row.tpot_ms == pytest.approx((float(found[1]) - row.ttft_ms) / (row.output_tokens - 1), rel=0.02)


def test_requests_in_flight_never_give_more_tokens_than_their_time_per_token_allows() -> None:
    """N requests at TPOT give at most N / TPOT output tokens/s; total tokens taken for output tokens give more."""
    rows = [row for row in TABLES.measured if row.tpot_ms and row.concurrency]
    assert len(rows) > 900
    wrong = [r.row_id for r in rows if r.output_tokens_per_s > 1.02 * (r.concurrency or 0) * 1000 / (r.tpot_ms or 1)]
    assert wrong == []


def test_no_row_whose_number_of_gpus_is_ambiguous_is_fit_for_calibration() -> None:
    """With data-parallel attention the source says tp 8 for 8 GPUs, or for 64."""
    rows = [row for row in TABLES.measured if row.source_id == "inferencex" and (row.dp or 1) > 1]
    assert len(rows) == 30
    assert [row.row_id for row in rows if row.fit_ok] == []


def test_no_measured_row_is_simulated_or_interpolated() -> None:
    made_up = re.compile(r"simulat|synthetic|interpolat|\bBLIS\b|roofline", re.IGNORECASE)
    rows = TABLES.measured
    assert [r.row_id for r in rows if made_up.search(f"{r.source_id} {r.source_url} {r.note}")] == []
    assert [r.row_id for r in rows if not str(r.source_url).startswith("https://")] == []


def test_rows_that_only_a_prefix_cache_explains_are_told() -> None:
    """2,000 tokens in and 59 requests/s of an 8B on one GPU are 94 % of its FP8 rate: no prompt was computed."""
    found = [row for row in TABLES.measured if row.fit_ok and row.format_id == "fp8" and _share_of_peak(row) > 0.65]
    assert len(found) == 5
    for row in found:
        assert any("prefix cache" in warning for warning in row_warnings(row)), row.row_id


def _share_of_peak(row: MeasuredRow) -> float:
    """Operations of all tokens, prompts included, over what the GPUs can do."""
    if not (row.model_id and row.gpu_id):
        return 0.0
    model, peak = TABLES.model_by_id[row.model_id], dense_tflops(TABLES.gpu_by_id[row.gpu_id], "fp8")
    assert peak is not None
    active = model.active_params - model.vocab_size * model.hidden_size
    tokens_per_s = row.output_tokens_per_s * (row.input_tokens + row.output_tokens) / row.output_tokens
    return tokens_per_s / compute_ceiling_tokens_per_s(peak, row.n_gpu, active)


def _rates_of(*deployments: Deployment, loads: tuple[float, ...]) -> FloatArray:
    """Predicted output tokens/s at 200 tokens in and 300 out, (loads, deployments)."""
    load = Load(200, 300, np.array(loads)[:, np.newaxis])
    return predict(columns(deployments), load, fit_of(TABLES).constants).output_tokens_per_s


def _deployment(model: str, number_format: str, gpu: str) -> Deployment:
    return Deployment(TABLES.model_by_id[model], TABLES.format_by_id[number_format], TABLES.gpu_by_id[gpu])


def test_fp8_on_ampere_is_read_in_8_bits_and_multiplied_in_16() -> None:
    ampere, hopper = (columns([_deployment("qwen3-8b", "fp8", gpu)]) for gpu in ("a100-80gb", "h100-sxm"))
    assert (bool(ampere.weight_only[0]), bool(hopper.weight_only[0])) == (True, False)
    assert ampere.peak[0] == ampere.peak16[0]
    assert hopper.peak[0] == pytest.approx(2 * hopper.peak16[0], rel=0.01)


@pytest.mark.parametrize("gpu", ["a100-80gb", "h100-sxm", "l40s"])
def test_4_bit_weights_gain_most_alone_and_little_in_a_full_batch(gpu: str) -> None:
    """Reading them is a quarter of the work; multiplying them is no less work than before."""
    plain, awq = (_deployment("qwen3-8b", number_format, gpu) for number_format in ("bf16", "awq-int4"))
    gain = _rates_of(plain, awq, loads=(1, 16, 64, 256)) @ np.array([[-1.0], [1.0]])
    share = gain[:, 0] / _rates_of(plain, loads=(1, 16, 64, 256))[:, 0]
    assert share[0] > 0.4
    assert np.all(np.diff(share) < 0)
    assert share[-1] < share[0] / 2


@pytest.mark.parametrize("accepted", [0.2, 0.4, 0.6, 0.8])
def test_speculative_decoding_gains_alone_and_loses_in_a_full_batch(accepted: float) -> None:
    plain = _deployment("llama-3.1-8b", "bf16", "h100-sxm")
    found = _rates_of(plain, plain._replace(speculative=Speculative(4, accepted, 0.05)), loads=(1, 16, 64, 256, 1000))
    gain = found[:, 1] / found[:, 0]
    assert gain[0] > 1
    assert np.all(np.diff(gain) < 0)
    assert gain[-1] < 1 or accepted > 0.6
