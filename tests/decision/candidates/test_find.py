"""The search: laws of the answer, figures worked by hand, and what happens when nothing will do."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import numpy as np
import pytest

from planner.catalog.catalog import load
from planner.decision.candidates import find, request_problems
from planner.decision.candidates.detail import NotShared, detail
from planner.domain.capacity import Candidate, CapacityRequest, Found

TABLES = load().tables
ON = dt.date(2026, 11, 21)
QUESTION: dict[str, Any] = {
    "peak_requests_per_s": 5,
    "input_tokens": 1500,
    "output_tokens": 300,
    "latency": {"tpot_slo_ms": 40},
    "model_ids": ("llama-3.3-70b",),
    "format_ids": ("fp8",),
    "most_candidates": 100_000,
}
BEFORE_PRICES = {"ENGINE", "MODALITY", "FORMAT", "LICENCE", "CONTEXT", "SPLIT", "MEMORY", "LATENCY"}


def search(**more: Any) -> Found:
    return find(CapacityRequest(**(QUESTION | more)), TABLES, ON)


def key(item: Candidate) -> tuple[object, ...]:
    return (item.model_id, item.format_id, item.gpu_id, item.tp, item.pp, item.price_id)


def replicas(found: Found) -> dict[tuple[object, ...], int]:
    return {key(item): item.replicas for item in found.candidates}


ANSWER = search()


def test_there_is_an_answer_and_it_is_the_cheapest() -> None:
    assert ANSWER.cheapest is not None
    assert ANSWER.cheapest.usd_per_month == min(item.usd_per_month for item in ANSWER.candidates)
    assert [item.usd_per_month for item in ANSWER.candidates] == sorted(
        item.usd_per_month for item in ANSWER.candidates
    )
    assert len(ANSWER.candidates) == ANSWER.meeting == len({key(item) for item in ANSWER.candidates})


def test_the_same_question_gets_the_same_answer() -> None:
    assert search() == ANSWER


def test_every_candidate_holds_the_target() -> None:
    for item in ANSWER.candidates:
        assert item.tpot_ms <= 40 * (1 + 1e-6)
        assert item.ttft_ms <= 2000 * (1 + 1e-6)
        assert item.usd_per_gpu_hour > 0
        assert item.usd_per_month > 0
        assert item.rate_at_target_low_per_s <= item.rate_at_target_per_s <= item.rate_at_target_high_per_s


def test_every_deployment_is_accounted_for() -> None:
    left_out = sum(item.count for item in ANSWER.refused if item.code in BEFORE_PRICES)
    able = {(item.gpu_id, item.tp, item.pp) for item in ANSWER.candidates}
    assert left_out + len(able) + ANSWER.unpriced_count <= ANSWER.deployments
    whole = search(terms=("on_demand", "spot", "reserved_1y", "reserved_3y", "capacity_block"), provider_tiers=())
    able = {(item.gpu_id, item.tp, item.pp) for item in whole.candidates}
    node = {(gpu, tp, pp) for gpu, tp, pp in able}
    assert left_out + len(node) + whole.unpriced_count == pytest.approx(whole.deployments, abs=3)


def test_the_money_worked() -> None:
    # GPUs x price x 730 hours; 5 requests/s x 2,628,000 s = 13.14M requests of 1,800 tokens
    for item in ANSWER.candidates[:50]:
        month = item.gpus * item.usd_per_gpu_hour * 730
        assert item.usd_per_month == pytest.approx(month)
        assert item.usd_per_mtok == pytest.approx(month / (13_140_000 * 1800) * 1e6)
        assert item.usd_per_mtok_output == pytest.approx(month / (13_140_000 * 300) * 1e6)


def test_at_a_mean_below_the_peak_the_same_fleet_serves_fewer_tokens() -> None:
    half = search(mean_requests_per_s=2.5)
    assert replicas(half) == replicas(ANSWER)
    for item, full in zip(half.candidates, ANSWER.candidates, strict=True):
        assert item.usd_per_mtok == pytest.approx(2 * full.usd_per_mtok)
        assert item.utilisation_fraction == pytest.approx(full.utilisation_fraction / 2)
        assert item.usd_per_mtok_full_load == pytest.approx(full.usd_per_mtok_full_load)


def test_replicas_never_fall_when_load_rises() -> None:
    before: dict[tuple[object, ...], int] = {}
    for rate in (0.5, 1, 2, 5, 9, 20, 80):
        now = replicas(search(peak_requests_per_s=rate))
        assert all(now[name] >= count for name, count in before.items())
        before = now


@pytest.mark.parametrize(("model", "kind"), [("llama-3.3-70b", "fp8"), ("gpt-oss-120b", "mxfp4")])
def test_replicas_never_fall_when_the_target_tightens(model: str, kind: str) -> None:
    before: dict[tuple[object, ...], int] = {}
    for tpot in (200, 120, 80, 60, 50, 40, 35, 30, 25, 20, 15, 12, 8):
        asked = {"model_ids": (model,), "format_ids": (kind,), "gpu_ids": ("h100-sxm", "l40s", "a100-80gb", "mi300x")}
        now = replicas(search(latency={"tpot_slo_ms": tpot}, **asked))
        assert set(now) <= set(before) or not before
        assert all(count >= before[name] for name, count in now.items() if before)
        before = now


def test_more_of_the_prompt_from_the_cache_never_needs_more_replicas() -> None:
    cached = replicas(search(cached_fraction=0.6))
    assert all(cached[name] <= count for name, count in replicas(ANSWER).items())


def test_the_front_falls_in_time_as_it_rises_in_price() -> None:
    front = ANSWER.pareto
    assert front[0] == ANSWER.cheapest
    assert [item.tpot_ms for item in front] == sorted((item.tpot_ms for item in front), reverse=True)
    for item in ANSWER.candidates:
        beaten = any(
            other.usd_per_mtok <= item.usd_per_mtok
            and other.tpot_ms <= item.tpot_ms
            and (other.usd_per_mtok, other.tpot_ms) != (item.usd_per_mtok, item.tpot_ms)
            for other in front
        )
        assert not (beaten and item.pareto)


def test_the_front_is_listed_even_where_the_list_is_cut() -> None:
    cut = search(most_candidates=3)
    assert cut.meeting == ANSWER.meeting
    assert {key(item) for item in cut.pareto} == {key(item) for item in ANSWER.pareto}
    assert {key(item) for item in ANSWER.candidates[:3]} <= {key(item) for item in cut.candidates}


def test_the_band_brackets_the_money() -> None:
    for item in ANSWER.candidates:
        assert item.usd_per_month_low is not None
        assert item.usd_per_month_low <= item.usd_per_month
        assert item.usd_per_month_high is None or item.usd_per_month <= item.usd_per_month_high
        if item.within_band:
            assert item.rate_at_target_low_per_s > 0


def test_whole_instances_are_paid_for() -> None:
    eights = [item for item in ANSWER.candidates if item.gpus_per_instance == 8]
    assert eights
    assert all(item.gpus % 8 == 0 for item in eights)
    single = {key(item): item for item in search(whole_instances=False).candidates}
    for item in eights:
        assert single[key(item)].gpus == item.replicas * item.gpus_per_replica <= item.gpus


def test_a_budget_leaves_out_what_costs_more() -> None:
    assert ANSWER.cheapest is not None
    limit = ANSWER.cheapest.usd_per_month * 1.5
    found = search(budget_usd_per_month=limit)
    assert found.candidates
    assert all(item.usd_per_month <= limit for item in found.candidates)
    budget = next(item for item in found.refused if item.code == "BUDGET")
    assert budget.count + found.meeting == ANSWER.meeting
    nothing = search(budget_usd_per_month=1)
    assert (nothing.cheapest, nothing.best_reachable) == (None, None)
    assert f"{ANSWER.cheapest.usd_per_month:,.0f} USD" in nothing.refused[-1].remedy


def test_terms_providers_and_regions_narrow_the_prices() -> None:
    spot = search(terms=("spot",), provider_tiers=())
    assert {item.term for item in spot.candidates} == {"spot"}
    aws = search(providers=("aws",))
    assert {item.provider for item in aws.candidates} == {"AWS"}
    east = search(region="us-east")
    assert {item.region[:7] for item in east.candidates} <= {"", "us-east"}
    assert any(item.region.startswith("us-east") for item in east.candidates)
    assert "marketplace" not in {item.provider_tier for item in ANSWER.candidates}


def test_a_gpu_without_a_price_is_listed_apart_and_never_free() -> None:
    priced = {row.gpu_id for row in TABLES.gpu_prices}
    assert ANSWER.unpriced
    assert not {item.gpu_id for item in ANSWER.unpriced} & priced
    assert {item.gpu_id for item in ANSWER.candidates} <= priced
    assert "NO_PRICE" in {item.code for item in ANSWER.refused}


def test_an_impossible_target_names_the_best_that_can_be_reached() -> None:
    found = search(latency={"tpot_slo_ms": 0.5})
    assert found.candidates == ()
    best = found.best_reachable
    assert best is not None
    assert best.placement.rate_at_target_per_s == 0
    assert f"best reachable is {best.tpot_ms:.3g} ms per token" in best.sentence
    reached = search(latency={"tpot_slo_ms": best.tpot_ms * 1.3, "ttft_slo_ms": 1e6}, provider_tiers=())
    assert reached.meeting + reached.unpriced_count > 0


def test_spares_and_regions_add_replicas() -> None:
    bare, spare = replicas(search(spare_replicas=0)), replicas(search(spare_replicas=2))
    assert all(spare[name] == count + 2 for name, count in bare.items())
    three = search(regions=3, survive_region_loss=True)
    for item in three.candidates:
        assert item.replicas % 3 == 0
        assert item.replicas // 3 * 2 * item.rate_at_target_per_s >= 5 * (1 - 1e-9)


def test_a_candidate_is_what_the_deployment_alone_gives() -> None:
    for item in [*ANSWER.pareto[:3], ANSWER.candidates[-1]]:
        request = CapacityRequest(**(QUESTION | {"gpu_ids": (item.gpu_id,)}))
        shown = detail(request, TABLES, ON, tp=item.tp, pp=item.pp)
        assert shown.served is not None
        assert shown.served.rate_per_s == pytest.approx(item.rate_at_target_per_s)
        assert int(shown.memory.kv_cache_tokens[0]) == item.kv_cache_tokens
        assert float(shown.served.operating.tpot_s) <= 0.040 * (1 + 1e-6)
        assert np.all(np.diff(shown.served.curve.tpot_ms) >= -1e-9)


def test_what_does_not_fit_says_what_would() -> None:
    request = CapacityRequest(**(QUESTION | {"gpu_ids": ("l4",)}))
    shown = detail(request, TABLES, ON, tp=2)
    assert shown.served is None
    assert shown.ways
    memory = next(item for item in search(gpu_ids=("l4",)).refused if item.code == "MEMORY")
    assert "It fits with" in memory.remedy


def test_gpus_that_cannot_share_the_model_are_refused() -> None:
    with pytest.raises(NotShared, match=r"3 GPUs in 1 stages cannot share Llama 3\.3 70B"):
        detail(CapacityRequest(**(QUESTION | {"gpu_ids": ("h100-sxm",)})), TABLES, ON, tp=3)


def test_every_wrong_name_is_told_at_once_with_the_nearest() -> None:
    wrong = {"model_ids": ("llama-3.3-7b",), "format_ids": ("fp9",), "gpu_ids": ("h10",), "providers": ("AWZ",)}
    told = request_problems(CapacityRequest(**(QUESTION | wrong | {"region": "moon"})), TABLES)
    assert len(told) == 5
    assert "llama-3.3-70b" in told[0]
    assert "AWS" in told[3]


def test_refusals_are_told_once_each_with_an_example_and_a_way_out() -> None:
    everything = search(model_ids=(), format_ids=(), gpu_ids=("t4", "l4", "a40", "h100-sxm"), most_candidates=5)
    codes = Counter(item.code for item in everything.refused)
    assert set(codes.values()) == {1}
    assert {"ENGINE", "MODALITY", "FORMAT", "LICENCE", "SPLIT", "MEMORY", "TERM", "NO_PRICE"} <= set(codes)
    assert all(item.count > 0 and item.example and item.remedy for item in everything.refused)
    assert everything.searched > everything.deployments > 40_000


def test_when_nothing_is_left_to_predict_the_reasons_are_still_told() -> None:
    found = search(model_ids=("mistral-large-2",), format_ids=())
    assert (found.candidates, found.meeting, found.best_reachable) == ((), 0, None)
    assert {"ENGINE", "LICENCE"} <= {item.code for item in found.refused}
    assert sum(item.count for item in found.refused) == found.deployments


def test_a_name_that_is_not_in_the_catalog_is_no_empty_answer() -> None:
    with pytest.raises(ValueError, match=r"no model 'llama-3\.3-7b'.*no GPU 'h10'"):
        search(model_ids=("llama-3.3-7b",), gpu_ids=("h10",))


@pytest.mark.parametrize("engine", ["sglang", "trtllm", "llama.cpp"])
def test_every_engine_has_an_answer(engine: str) -> None:
    kinds = ("gguf-q4-k-m",) if engine == "llama.cpp" else ("fp8",)
    found = search(engine=engine, model_ids=("llama-3.1-8b",), format_ids=kinds)
    assert {item.engine for item in found.candidates} == {engine}


def test_one_token_of_output_has_no_time_per_token() -> None:
    found = search(output_tokens=1, model_ids=("llama-3.1-8b",))
    assert found.candidates
    assert {item.tpot_ms for item in found.candidates} == {0.0}
