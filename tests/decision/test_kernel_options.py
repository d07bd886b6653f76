"""Kernel parts by hand: cache hits, token ratios, people, reserved terms, units with overflow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.cost.people import one_off_usd, routine_usd_per_month, staff_usd_per_month, standing_usd_per_month
from planner.decision.kernel import Model, ProvisionedCost, option_costs
from planner.decision.kernel.per_token import cached_arrays
from planner.decision.kernel.vintages import vintages
from planner.decision.resolve import resolve
from planner.domain.options import HybridOption
from planner.domain.timeline import Timeline
from planner.workload.demand import class_arrays
from tests.builders import (
    NO_PEOPLE,
    ON,
    answer,
    catalog,
    changed,
    rented,
    requests,
    scenario,
    token_price,
    typed_api,
    workload,
)
from tests.decision.test_kernel_plain import FEW, OPTIONS

STILL = Timeline(discount_rate_per_year=0)


def test_hits_follow_from_the_request_rate() -> None:
    # one request in two minutes on one prefix with a life of five: h = 1 - exp(-300 / 120)
    work = workload(requests(720, 100, 50, cached_input_tokens=3000, cache_write_tokens=500))
    option = typed_api(token_price(cached_input_usd_per_mtok="0.3", cache_write_usd_per_mtok="3.75"), cache_ttl_s=300)
    arrays = cached_arrays(option, scenario(option, work=work))
    hit = 1 - math.exp(-2.5)
    assert arrays.cached_tokens == pytest.approx(3500 * hit)
    assert arrays.write_tokens == pytest.approx(3500 * (1 - hit))
    usd = 720 * 365 / 12 * (100 * 3 + 3500 * (hit * 0.3 + (1 - hit) * 3.75) + 50 * 15) / 1e6
    assert answer(scenario(option, work=work)).options[0].usd_per_month == pytest.approx(usd)
    ten = cached_arrays(changed(option, prefixes=10), scenario(option, work=work))
    assert ten.cached_tokens < arrays.cached_tokens


def test_tokens_are_counted_by_the_options_own_tokenizer() -> None:
    arrays = class_arrays(workload(requests(10, 100, 50, cached_input_tokens=20)))
    other = arrays.in_tokens_of(1.4, 1.1)
    assert other.fresh_tokens == pytest.approx([140])
    assert other.cached_tokens == pytest.approx([28])
    assert other.generated_tokens == pytest.approx([55])
    plain, dense = (
        answer(scenario(typed_api(input_token_ratio=i, output_token_ratio=o))).options[0]
        for i, o in ((1, 1), (1.4, 1.1))
    )
    assert dense.usd_per_month == pytest.approx((plain.usd_per_month or 0) * (1.4 * 3 + 1.1 * 15) / 18)


def test_people_by_hand() -> None:
    assert one_off_usd(FEW, 100) == (7 + 3) * 100 + 50
    assert staff_usd_per_month(FEW, 120_000) == pytest.approx(0.1 * 10_000)
    assert routine_usd_per_month(FEW, 100) == pytest.approx((2 * 5 + 3 * 4) * 100 / 12)
    assert standing_usd_per_month(FEW) == 11 + 10 + 1


def test_a_term_keeps_its_price_and_is_paid_to_its_end() -> None:
    # two units, a third in month 3; terms of two months; prices fall by half each month
    units, price = np.array([2.0, 2, 3, 1]), np.array([1.0, 0.5, 0.25, 0.125])
    found = vintages(units, price, 4, 2, liable=True)
    # months 1-2 at the price of month 1; months 3-4: all three at the price of month 3
    assert found.monthly.tolist() == [2.0, 2.0, 0.75, 0.75]
    late = vintages(np.array([0.0, 1.0]), np.ones(2), 2, 3, liable=True)
    assert late.monthly.tolist() == [0.0, 3.0]  # taken in month 2 for three months, two of them after the horizon
    ahead = vintages(np.ones(1), np.ones(1), 4, 2, upfront_fraction=0.5, liable=True)
    assert (float(ahead.upfront), ahead.monthly.tolist()) == (1.0, [0.5, 1.5, 0.5, 0.5])


@settings(max_examples=200, deadline=None)
@given(
    units=st.lists(st.integers(0, 9), min_size=1, max_size=14),
    term=st.integers(1, 20),
    share=st.sampled_from([0.0, 0.3, 1.0]),
    liable=st.booleans(),
)
def test_vintages_against_a_walk_through_every_unit(units: list[int], term: int, share: float, liable: bool) -> None:
    months, price = len(units), np.asarray(0.9 ** np.arange(len(units)), dtype=np.float64)
    found = vintages(np.array(units, dtype=float), price, months, term, upfront_fraction=share, liable=liable)
    cash, held = [0.0] * (months + 1), 0
    for month, wanted in enumerate(units):
        for _ in range(max(wanted - held, 0)):
            for start in range(month, months, term):
                cash[start] += share * term * price[start]
                for paid in range(start, start + term):
                    if paid < months:
                        cash[paid + 1] += (1 - share) * price[start]
                    elif liable:
                        cash[months] += (1 - share) * price[start]
        held = wanted if term == 1 and not share else max(held, wanted)
    if term == 1 and not share:  # terms of one month follow the need
        cash = [0.0, *(wanted * price[month] for month, wanted in enumerate(units))]
    assert float(found.upfront) == pytest.approx(cash[0])
    assert np.broadcast_to(found.monthly, months).tolist() == pytest.approx(cash[1:])


def test_units_with_overflow_are_the_cheapest_number_by_trying_all() -> None:
    api = typed_api(token_price("4", "16"))
    fields = {"overflow_id": "api", "min_units": 2, "unit_increment": 1, "operations": NO_PEOPLE, "term_months": 1}
    shared = changed(OPTIONS["provisioned"], **fields)
    question = scenario(api, shared, work=workload(requests(200_000, 900, 120), peak_to_mean=3), timeline=STILL)
    model = Model(question, option_costs(question, resolve(question, catalog(), ON)))
    cost = model.costs["units"]
    assert isinstance(cost, ProvisionedCost)
    result = answer(question)
    per_token = result.option("api").usd_per_month or 0
    load = cost.mean_tpm * cost.load.profile / 3000  # in units, hour by hour
    tried = [260 * n + per_token * np.maximum(load - n, 0).sum() / load.sum() for n in range(2, int(load.max()) + 2)]
    best = 2 + int(np.argmin(tried))
    assert 2 < best < load.max()
    assert result.option("units").usd_per_month == pytest.approx(min(tried))
    assert float(cost.units(model.at_one())[0]) == best


@pytest.mark.parametrize(
    "driver", ["api_price", "gpu_price", "throughput", "api_decline", "gpu_decline", "staff_share"]
)
def test_each_driver_alone_is_the_same_one_at_a_time_for_options_made_of_two(driver: str) -> None:
    mixed = (requests(40_000, 900, 120), requests(9_000, 100, 700, class_id="long"))
    question = scenario(
        typed_api(token_price("4", "16")),
        rented(min_replicas=0),
        HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api"),
        changed(OPTIONS["provisioned"], overflow_id="api", unit_increment=1, min_units=1),
        work=workload(*mixed, peak_to_mean=3),
    )
    model = Model(question, option_costs(question, resolve(question, catalog(), ON)))
    values = np.array([0.5, 0.8, 0.9])
    together = model.npv_usd(model.at(**{driver: values}))
    apart = np.stack([model.npv_usd(model.at(**{driver: value})) for value in values.tolist()], axis=-1)
    assert together == pytest.approx(apart, rel=1e-12)


@pytest.mark.parametrize("part", ["base", "overflow"])
def test_what_forbids_a_part_forbids_the_whole(part: str) -> None:
    hybrid = HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api")
    own = rented(licence_allows=part != "base")
    result = answer(scenario(typed_api(licence_allows=part != "overflow"), own, hybrid))
    assert [r.code for r in result.option("both").reasons] == ["LICENCE"]
    assert result.option("both").status == "excluded"


def test_private_work_in_a_hybrid_needs_the_fleet_it_needs_alone() -> None:
    work = workload(requests(200_000, 900, 120, private=True), peak_to_mean=2)
    own = rented(regions=2, survive_region_loss=True, spare_replicas=2)
    hybrid = HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api")
    result = answer(scenario(typed_api(), own, hybrid, work=work))
    alone, both = result.option("own").fleet, result.option("both").fleet
    assert alone is not None
    assert both is not None
    assert both.replicas == alone.replicas
    assert result.option("both").npv_usd == pytest.approx(result.option("own").npv_usd)
