"""Worked examples D1, D2, D4 and D5, with exact answers, through the functions that the product itself calls."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from planner.capacity.autoscale import autoscaled_replica_hours, cold_start_replica_hours
from planner.capacity.fleet import ReplicaRate, fleet_replicas, offered_load, replica_need, replica_seconds, residence_s
from planner.capacity.memory import kv_bytes_per_token, kv_cache_tokens, max_sequences, weight_bytes
from planner.cost.api import break_even_hit_probability, cache_hit_probability, expected_prefix_usd, request_usd
from planner.cost.rented import rental_usd
from planner.decision.breakeven import Line, Staircase, win_intervals
from planner.decision.choose import recommend
from planner.decision.resolve import typed_token_prices
from planner.domain.result import BreakEven, Result
from planner.units import CALENDARS, GB_BYTES, GIB_BYTES, ceil_tol
from planner.workload.demand import class_arrays
from tests.builders import (
    answer,
    changed,
    output_rate,
    rented,
    requests,
    scenario,
    shipped,
    token_price,
    typed_api,
    workload,
)

EXAMPLES = {
    example["id"]: example
    for example in json.loads((Path(__file__).parent / "golden.json").read_text(encoding="utf-8"))
}
D1, D2, D4, D5 = (EXAMPLES[name]["expect"] for name in ("D1", "D2", "D4", "D5"))
M = 1_000_000


def near(expected: Any) -> Any:
    """Decimal text or number, to 1e-9 relative."""
    return pytest.approx(float(Decimal(str(expected))), rel=1e-9, abs=1e-300)


def ends(expected: list[list[str | None]]) -> list[tuple[Any, Any]]:
    return [(near(low), math.inf if high is None else near(high)) for low, high in expected]


# --- D1: seed example recomputed; whole nodes make the break-even cross seven times

NODE = Staircase(fixed=0, unit=72, kappa=10)  # $3/h x 24 h a day; 10M tokens a day


def test_d1_prices_and_node() -> None:
    prices = typed_token_prices(token_price("3", "15"))
    day_usd = request_usd(prices, fresh=1 * M, generated=1 * M)  # 1M x $3 + 1M x $15
    assert day_usd == near(D1["api_usd_day"])
    assert day_usd * CALENDARS["30d"].days_per_month == near(D1["api_usd_month"])
    assert day_usd * CALENDARS["avg"].days_per_month == near(D1["avg_calendar_api_month"])
    assert request_usd(prices, fresh=M / 2, generated=M / 2) == near(D1["blended_50_50"])
    assert request_usd(prices, fresh=0.75 * M, generated=0.25 * M) == near(D1["blended_75_25"])
    assert float(rental_usd(1, 1, 3, 24)) == near(D1["node_usd_day"])
    assert float(rental_usd(1, 1, 3, CALENDARS["30d"].hours_per_month)) == near(D1["node_usd_month"])
    assert float(rental_usd(1, 1, 3, CALENDARS["avg"].hours_per_month)) == near(D1["avg_calendar_node_month"])
    assert float(NODE.level(1)) / 5 == near(D1["self_usd_per_M_at_5M_day"])
    assert float(NODE.level(1)) / 10 == near(D1["self_usd_per_M_at_10M_day"])
    assert float(NODE.level(1)) == near(D1["self_usd_day_at_5M_day"])
    assert Line(0, 9).slope * 5 == near(D1["api_usd_day_at_5M_day"])


def test_d1_intervals() -> None:
    found = win_intervals(Line(0, 9), NODE)
    assert list(found.intervals) == ends(D1["win_intervals_M_day"])
    assert (found.first, found.robust, found.exact) == (near(D1["first_breakeven"]), near(D1["robust_breakeven"]), True)


def test_d1_three_to_one_mix_never_wins() -> None:
    found = win_intervals(Line(0, 6), NODE)
    assert (list(found.intervals), found.robust) == (D1["win_intervals_75_25"], D1["robust_75_25"])


def _d1_pair(**updates: Any) -> BreakEven:
    (pair,) = answer(changed(shipped("two-a100-example.yaml"), **updates)).break_evens
    return pair


def test_d1_end_to_end_intervals_and_crossings() -> None:
    pair = _d1_pair()
    assert pair.status == "reached"
    assert pair.first_tokens_per_day == near(8 * M)
    assert pair.robust_tokens_per_day == near(32 * M)
    assert [(i.above_tokens_per_day, i.up_to_tokens_per_day) for i in pair.intervals] == [
        (near(8 * M), near(10 * M)),
        (near(16 * M), near(20 * M)),
        (near(24 * M), near(30 * M)),
        (near(32 * M), None),
    ]
    assert (pair.intervals_total, pair.intervals_exact) == (4, True)
    expected = [
        (float(str(c).rstrip("+")) * M, "jump" if str(c).endswith("+") else "continuous") for c in D1["crossings"]
    ]
    assert [(c.tokens_per_day, c.kind) for c in pair.crossings] == [(near(volume), kind) for volume, kind in expected]
    assert [c.self_host_wins_above for c in pair.crossings] == [c.kind == "continuous" for c in pair.crossings]
    assert len(pair.crossings) == 7


def test_d1_end_to_end_money() -> None:
    question = shipped("two-a100-example.yaml")
    result = answer(question)
    api, own = result.option("api"), result.option("two-a100")
    assert (api.usd_per_month, own.usd_per_month) == (near(540), near(2160))
    assert (api.tco_usd, own.tco_usd) == (near(12 * 540), near(12 * 2160))
    assert api.blended_usd_per_mtok == near(9)
    assert (result.verdict.recommended_id, result.verdict.saving_usd) == ("api", near(12 * (2160 - 540)))
    average = answer(changed(question, calendar="avg"))
    assert average.option("api").usd_per_month == near(D1["avg_calendar_api_month"])
    assert average.option("two-a100").usd_per_month == near(D1["avg_calendar_node_month"])


@pytest.mark.parametrize(
    ("millions_a_day", "key"), [(5, "self_usd_per_M_at_5M_day"), (10, "self_usd_per_M_at_10M_day")]
)
def test_d1_end_to_end_unit_cost(millions_a_day: float, key: str) -> None:
    question = shipped("two-a100-example.yaml")
    at = changed(
        question, workload=changed(question.workload, volume_multiplier=millions_a_day / 2)
    )  # base is 2M a day
    own = answer(at).option("two-a100")
    assert own.blended_usd_per_mtok == near(D1[key])
    assert own.fleet is not None
    assert own.fleet.replicas == 1


def test_d1_end_to_end_three_to_one_mix_never_wins() -> None:
    question = shipped("two-a100-example.yaml")
    mix = changed(question.workload, classes=[requests(1000, 1500, 500)])
    own = changed(question.options[1], throughput=output_rate(10 * M / 4 / 86_400))  # still 10M tokens a day in all
    pair = _d1_pair(workload=mix, options=[question.options[0], own])
    assert (pair.status, pair.intervals, pair.robust_tokens_per_day) == ("not_reached", (), D1["robust_75_25"])


# --- D2: API cost of a request

D2_PRICES = typed_token_prices(
    token_price(
        "3",
        "15",
        cached_input_usd_per_mtok="0.30",
        cache_write_usd_per_mtok="3.75",
        long_context_threshold_tokens=200_000,
        long_input_multiplier=2,
        long_output_multiplier=1.5,
        batch_discount_fraction=0.5,
    )
)


@pytest.mark.parametrize(("key", "batch"), [("a", 0), ("b", 1), ("mix", 0.4)])
def test_d2_cache_reasoning_and_batch(key: str, batch: float) -> None:
    # (500 x $3 + 3,500 x $0.30 + (300 + 700) x $15) / 1M = $0.01755; half of it in batch
    usd = request_usd(D2_PRICES, fresh=500, cached=3500, generated=300 + 700, batch_fraction=batch)
    assert usd == near(D2[key])


def test_d2_long_context() -> None:
    # 10,000 x $6 + 240,000 x $0.60 + 1,000 x $22.50, per 1M
    assert request_usd(D2_PRICES, fresh=10_000, cached=240_000, generated=1000) == near(D2["c"])
    at_threshold = request_usd(D2_PRICES, fresh=10_000, cached=190_000, generated=1000)
    assert at_threshold == near(D2["c0_exactly_at_threshold_is_standard"])


def test_d2_month_end_to_end() -> None:
    chat = requests(20_000, 500, 300, cached_input_tokens=3500, reasoning_tokens=700)
    price = token_price("3", "15", cached_input_usd_per_mtok="0.30", cache_write_usd_per_mtok="3.75")
    api = answer(scenario(typed_api(price), work=workload(chat))).option("api")
    assert api.usd_per_month == near(D2["a_month"])  # 20,000 x 365/12 x $0.01755
    assert api.usd_per_request == near(D2["a"])


def test_d2_cache_hit_rate() -> None:
    hit = float(cache_hit_probability(0.5 / 60, 300))  # 1 - exp(-2.5)
    assert hit == near(D2["hit_prob"])
    assert expected_prefix_usd(3500, hit, 0.30, 3.75) == near(D2["expected_prefix_usd_per_request"])
    assert request_usd(D2_PRICES, fresh=3500, generated=0) == near(D2["uncached_prefix_usd"])
    assert break_even_hit_probability(3, 0.30, 3.75) == near(D2["breakeven_hit_5min"])  # 0.25 / 1.15
    assert break_even_hit_probability(3, 0.30, 6) == near(D2["breakeven_hit_1h"])  # 1 / 1.9


# --- D4: KV budget, Little's law, work-based replicas, N+1

D4_WEIGHT_GIB = weight_bytes(70_550_000_000, 16) / GIB_BYTES
D4_KV_BYTES = kv_bytes_per_token(80, 8, 128, 2)


def _d4_kv_tokens(gpu_gib: float) -> int:
    return kv_cache_tokens(
        gpus=2,
        gpu_memory_gib=gpu_gib,
        usable_fraction=0.9,
        weight_gib=D4_WEIGHT_GIB,
        overhead_gib_per_gpu=2,
        kv_bytes=D4_KV_BYTES,
    )


def test_d4_memory() -> None:
    assert D4["kv_bytes_per_token"] == D4_KV_BYTES  # 2 x 80 x 8 x 128 x 2
    assert near(D4["weight_gib"]) == D4_WEIGHT_GIB
    assert _d4_kv_tokens(80) == D4["kv_tokens"]
    assert _d4_kv_tokens(80 * GB_BYTES / GIB_BYTES) == D4["trap_if_GB_used_instead_of_GiB"]
    assert max_sequences(_d4_kv_tokens(80), 1500 + 300) == D4["max_seqs_conservative"]


def test_d4_fleet() -> None:
    residence = float(residence_s(0.8, 0.04, 300))  # 0.8 + 299 x 0.04
    seconds = float(replica_seconds(1500, 300, 1 / 2500, 1 / 700))
    load = float(offered_load(5, seconds))
    assert residence == near(D4["residence_s"])
    assert 5 * residence == near(D4["concurrency_L"])
    assert seconds == near(D4["replica_seconds_per_request"])
    assert load == near(D4["offered_load"])
    chat = requests(5 * 86_400, 1500, 300)
    work = workload(chat)
    rate = ReplicaRate(1 / 2500, 1 / 700, 0.8, 0.04, D4["kv_tokens"], 0.75)
    need = replica_need(class_arrays(work), 0.0, rate, peak_to_mean=work.peak_ratio)
    assert (int(ceil_tol(need.work)), int(ceil_tol(need.memory))) == (D4["n_work"], D4["n_mem"])
    replicas = int(fleet_replicas(need.larger, spare_replicas=1))
    assert (replicas, replicas * 2) == (D4["replicas"], D4["gpus"])
    assert float(rental_usd(replicas, 2, 1.5, 730)) == near(D4["usd_month"])
    whole_nodes = int(fleet_replicas(need.larger, spare_replicas=1, replica_step=8 // 2))
    assert whole_nodes * 2 // 8 == D4["nodes"]
    assert float(rental_usd(whole_nodes, 2, 1.5, 730)) == near(D4["usd_month_if_whole_nodes"])


# --- D5: peak ten times the mean, zero volume, autoscaling

LOAD, HOURS = np.array([14 / 23, 10.0]), np.array([23.0, 1.0])


def _d5_scenario(multiplier: float, min_replicas: int) -> Result:
    chat = requests(96_000, 0, 125)  # 96,000 / 86,400 x 0.9 replica-seconds = 1 replica, mean
    own = rented("2", throughput=output_rate(125 / 0.9), min_replicas=min_replicas)
    api = typed_api(token_price("0", "10"))  # 4,000 requests fill a replica-hour: 4,000 x 125 x $10 / 1M = $5
    return answer(scenario(api, own, work=workload(chat, peak_to_mean=10, volume_multiplier=multiplier)))


def test_d5_load_profile() -> None:
    mean = float(LOAD @ HOURS) / 24  # (14/23 x 23 + 10 x 1) / 24
    assert mean == near(D5["mean_load"])
    assert float(LOAD.max()) / mean == near(D5["peak_to_mean"])
    assert int(fleet_replicas(LOAD.max())) == D5["static_fleet"]
    assert float(rental_usd(D5["static_fleet"], 1, 2, 730)) == near(D5["static_month"])
    assert float(rental_usd(1, 1, 2, 730)) == near(D5["naive_one_gpu_month"])


def test_d5_autoscaling() -> None:
    days = CALENDARS["avg"].days_per_month
    hours_a_day = autoscaled_replica_hours(LOAD, HOURS, min_replicas=1)
    assert hours_a_day == D5["autoscaled_replica_hours_day"]
    assert float(rental_usd(1, 1, 2, hours_a_day * days)) == near(D5["autoscaled_month"])
    with_starts = hours_a_day + cold_start_replica_hours(9, 10)
    assert float(rental_usd(1, 1, 2, with_starts * days)) == near(D5["autoscaled_month_with_cold_starts"])
    kinds = {"api": "api", "self": "rented"}
    for fleet, key in ((D5["static_month"], "static"), (D5["autoscaled_month_with_cold_starts"], "autoscaled")):
        totals = {"api": float(D5["api_month"]), "self": float(fleet)}
        assert recommend(totals, kinds, 0)[1] == D5[f"cheapest_{key}_vs_api"]


def test_d5_static_fleet_end_to_end() -> None:
    result = _d5_scenario(1, 1)
    own = result.option("own")
    assert own.fleet is not None
    assert (own.fleet.replicas, own.fleet.limited_by) == (D5["static_fleet"], "work")
    assert own.fleet.utilisation_fraction == near(D5["static_utilisation"])
    assert own.usd_per_month == near(D5["static_month"])
    assert result.option("api").usd_per_month == near(D5["api_month"])
    assert result.verdict.cheapest_id == D5["cheapest_static_vs_api"]


def test_d5_zero_volume() -> None:
    expected = D5["zero_volume"]
    standing, idle = _d5_scenario(0, 10), _d5_scenario(0, 0)
    assert standing.option("api").usd_per_month == expected["api"]
    assert standing.option("own").usd_per_month == near(expected["static_self"])
    assert idle.option("own").usd_per_month == expected["scale_to_zero_self"]
    fleet = idle.option("own").fleet
    assert fleet is not None
    assert fleet.replicas == 0
    hours = autoscaled_replica_hours(np.array([0.0]), np.array([24.0]), min_replicas=0)
    assert hours == expected["scale_to_zero_self"]
    assert [standing.option(o).usd_per_request for o in ("api", "own")] == [None, None]
