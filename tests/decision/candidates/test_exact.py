"""Figures of the search, of the curve and of a scenario are one: the same T(N), the same chain, the same target."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.catalog.catalog import load
from planner.decision.candidates import find
from planner.decision.candidates.detail import detail
from planner.decision.present_capacity_curve import operating
from planner.decision.present_capacity_option import as_scenario
from planner.decision.throughput_sources import SourceAnswer, throughput_sources
from planner.domain.capacity import Candidate, CapacityRequest, Found
from planner.domain.scenario import Scenario
from planner.domain.workload import LatencyTarget
from tests.builders import rented, scenario
from tests.samples_capacity import ON

TABLES = load().tables
NOTHING: Scenario = scenario(rented("3"))
QUESTION: dict[str, Any] = {
    "peak_requests_per_s": 9.15,
    "input_tokens": 1155,
    "output_tokens": 211,
    "latency": {"tpot_slo_ms": 60},
}
SERVED = (("gpt-oss-120b", "mxfp4"), ("llama-3.3-70b", "fp8"), ("deepseek-r1", "fp8"), ("llama-3.1-8b", "bf16"))
KINDS = {
    "served": st.sampled_from(SERVED),
    "rate": st.sampled_from([0.3, 2, 9.15, 60]),
    "lengths": st.sampled_from([(1155, 211), (6000, 500), (200, 40), (500, 4000)]),
    "tpot": st.sampled_from([12.0, 20.0, 35.0, 60.0, 150.0]),
    "ttft": st.sampled_from([400.0, 2000.0]),
}


def asked(served: tuple[str, str], rate: float, lengths: tuple[int, int], tpot: float, ttft: float) -> CapacityRequest:
    return CapacityRequest(
        peak_requests_per_s=rate,
        input_tokens=lengths[0],
        output_tokens=lengths[1],
        latency=LatencyTarget(tpot_slo_ms=tpot, ttft_slo_ms=ttft),
        model_ids=(served[0],),
        format_ids=(served[1],),
        most_candidates=30,
    )


def once_each(found: Found) -> list[Candidate]:
    """One candidate per deployment."""
    return list({(c.gpu_id, c.tp, c.pp): c for c in found.candidates}.values())


def modelled(c: Candidate, request: CapacityRequest) -> SourceAnswer:
    question, option = as_scenario(NOTHING, c, request, TABLES)
    return next(one for one in throughput_sources(option, question, TABLES) if one.source == "modelled")


def test_the_answer_of_the_page_its_curve_and_its_sources_is_one_figure() -> None:
    """gpt-oss-120b in MXFP4 on one RTX PRO 6000: a line said 4.62 requests/s and 59 ms where T(N) says 4.21 and 63."""
    only = {"model_ids": ("gpt-oss-120b",), "format_ids": ("mxfp4",), "gpu_ids": ("rtx-pro-6000",)}
    request = CapacityRequest(**(QUESTION | only))
    one = next(c for c in find(request, TABLES, ON).candidates if c.gpus_per_replica == 1)
    at, source = operating(one, request, TABLES, ON), modelled(one, request)
    shown = detail(request, TABLES, ON, tp=1).served
    assert shown is not None
    assert source.requests_per_s == pytest.approx(one.rate_at_target_per_s, rel=1e-4)
    assert shown.rate_per_s == pytest.approx(one.rate_at_target_per_s, rel=1e-4)
    assert at.peak[1] == pytest.approx(one.tpot_ms)
    assert one.tpot_ms <= 60
    assert at.goodput_fraction >= 0.95
    assert (one.replicas - one.spare_replicas) * one.rate_at_target_per_s >= 9.15


@settings(max_examples=12, deadline=None)
@given(**KINDS)
def test_every_listed_candidate_holds_its_target_on_its_curve_and_in_a_scenario(**case: Any) -> None:
    request = asked(**case)
    for one in once_each(find(request, TABLES, ON))[:6]:
        assert one.tpot_ms <= case["tpot"] * (1 + 1e-9)
        assert one.ttft_ms <= case["ttft"] * (1 + 1e-9)
        at, source = operating(one, request, TABLES, ON), modelled(one, request)
        assert at.peak[1] == pytest.approx(one.tpot_ms)
        assert at.ttft_ms == pytest.approx(one.ttft_ms)
        assert source.requests_per_s == pytest.approx(one.rate_at_target_per_s, rel=5e-3)
        assert source.high_fraction is not None
        high = one.rate_at_target_high_per_s / one.rate_at_target_per_s
        assert source.high_fraction == pytest.approx(high, rel=5e-3)


def fleets(request: CapacityRequest) -> dict[tuple[object, ...], int]:
    return {(c.gpu_id, c.tp, c.pp, c.price_id): c.replicas for c in find(request, TABLES, ON).candidates}


@settings(max_examples=12, deadline=None)
@given(**KINDS, tighter=st.floats(0.7, 0.999), more=st.floats(1.001, 3))
def test_less_time_or_more_load_never_takes_fewer_replicas(tighter: float, more: float, **case: Any) -> None:
    before = fleets(asked(**case))
    harder = (
        asked(**case | {"tpot": case["tpot"] * tighter}),
        asked(**case | {"ttft": case["ttft"] * tighter}),
        asked(**case | {"rate": case["rate"] * more}),
    )
    for request in harder:
        assert all(count >= before[name] for name, count in fleets(request).items() if name in before)


def rounded(c: Candidate) -> tuple[object, ...]:
    return (c.format_id, c.gpu_id, c.tp, c.pp, c.price_id, c.replicas, c.usd_per_month, f"{c.tpot_ms:.6g}", c.pareto)


def test_a_cut_list_is_the_head_of_the_whole_one_and_says_how_much_is_exact() -> None:
    wide = QUESTION | {"model_ids": ("llama-3.3-70b",)}
    whole = find(CapacityRequest(**(wide | {"most_candidates": 100_000})), TABLES, ON)
    cut = find(CapacityRequest(**(wide | {"most_candidates": 50})), TABLES, ON)
    assert cut.meeting == whole.meeting == len(whole.candidates)
    assert [rounded(c) for c in cut.candidates[:50]] == [rounded(c) for c in whole.candidates[:50]]
    assert [rounded(c) for c in cut.pareto] == [rounded(c) for c in whole.pareto]
    assert any(note.startswith("Sized exactly: ") for note in cut.notes)
    assert not any(note.startswith("Sized exactly: ") for note in whole.notes)
