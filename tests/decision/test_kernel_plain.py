"""The vectorised kernel against the same formulas written a second time as plain loops (bench/plain.py)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import plain
from planner.decision.kernel import Model, option_costs
from planner.decision.option_results import option_results
from planner.decision.resolve import resolve
from planner.domain.options import (
    Operations,
    Option,
    OwnedOption,
    ProvisionedOption,
    RentedOption,
    Scaling,
    ServerPurchase,
    SpendTier,
    SpotTerms,
    WorkstationOption,
)
from planner.domain.scenario import Scenario
from planner.domain.timeline import Growth, Timeline
from tests.builders import ON, catalog, changed, rented, requests, scenario, typed_api, workload

FEW = Operations(
    setup_hours=7, ramp_up_hours=3, other_one_off_usd=50, fte_fraction=0.1, updates_per_year=2, hours_per_update=5,
    evaluations_per_year=3, hours_per_evaluation=4, support_usd_per_month=11, compliance_usd_per_year=120,
    monitoring_usd_per_gpu_month=9, other_usd_per_month=1,
)  # fmt: skip
SERVER = ServerPurchase(
    usd_per_server=Decimal(280_000), idle_kw=2.4, max_kw=9.6, pue_ratio=1.35, electricity_usd_per_kwh=0.11,
    colocation_usd_per_kw_month=160, licence_usd_per_gpu_year=100, life_months=9, gpus_per_server=8,
)  # fmt: skip


def own(**more: Any) -> RentedOption:
    fields: dict[str, Any] = {"operations": FEW, "min_replicas": 0}
    return rented(**(fields | more))


def owned(**more: Any) -> OwnedOption:
    fields = own().model_dump() | {"option_id": "owned", "label": "Owned", "server": SERVER, "kind": "owned"} | more
    for name in ("price_id", "price", "term", "term_months", "upfront_fraction", "spot"):
        fields.pop(name)
    return OwnedOption.model_validate(fields)


OPTIONS: dict[str, Option] = {
    "api": typed_api(operations=FEW, success_fraction=0.8, input_token_ratio=1.1),
    "graduated": typed_api(
        spend_tiers=(
            SpendTier(above_usd_per_month=Decimal(100), discount_fraction=0.1),
            SpendTier(above_usd_per_month=Decimal(1000), discount_fraction=0.3),
        ),
        commitment_usd_per_month=200,
        commitment_discount_fraction=0.05,
    ),
    "slab": typed_api(
        spend_tier_mode="slab",
        spend_tiers=(
            SpendTier(above_usd_per_month=Decimal(100), discount_fraction=0.1),
            SpendTier(above_usd_per_month=Decimal(1000), discount_fraction=0.3),
        ),
    ),
    "static": own(spare_replicas=1, replica_step=2, storage_usd_per_gb_month=0.1, extra_work_fraction=0.2),
    "regions": own(regions=3, spare_replicas=1),
    "survive": own(regions=3, survive_region_loss=True, spare_replicas=1),
    "autoscaled": own(scaling=Scaling(mode="autoscale", lead_hours=1), pull_usd_per_gb=0.09),
    "scheduled": own(scaling=Scaling(mode="schedule")),
    "reserved": own(term="reserved", term_months=7),
    "spot": own(term="spot", spot=SpotTerms(fallback_usd_per_gpu_hour=Decimal(5))),
    "spot-waiting": own(term="spot", spot=SpotTerms(fallback_usd_per_gpu_hour=Decimal(0))),
    "owned": owned(),
    "workstation": WorkstationOption(
        option_id="desk", label="Desk", model="small", developers=2, prompt_tokens_per_s=300, output_tokens_per_s=40,
        usd_per_machine=Decimal(4000), life_months=5, extra_wait_s_per_request=2, operations=FEW,
    ),
    "provisioned": ProvisionedOption(
        option_id="units", label="Units", model="gpt", tokens_per_minute_per_unit=3000, min_units=5, unit_increment=5,
        usd_per_unit_month=Decimal(260), term_months=4, operations=FEW,
    ),
}  # fmt: skip

TIMES = {
    "constant": Timeline(),
    "undiscounted": Timeline(discount_rate_per_year=0),
    "growing": Timeline(
        growth=Growth(shape="compound", per_month=0.15),
        api_price_decline_per_year=0.3,
        gpu_price_decline_per_year=0.2,
        power_price_decline_per_year=-0.1,
        wage_growth_per_year=0.04,
        efficiency_gain_per_refresh=0.5,
        refresh_every_months=5,
    ),
    "shrinking": Timeline(growth=Growth(shape="linear", per_month=-0.08)),
    "s-curve": Timeline(growth=Growth(shape="s_curve", ceiling_ratio=9, steepness_per_month=0.6, midpoint_month=6)),
    "launch": Timeline(growth=Growth(shape="launch", launch_month=4, before_fraction=0.1)),
}


def question(option: str, time: str, **work: Any) -> Scenario:
    mixed = (
        requests(9_000, 900, 120, cached_input_tokens=300),
        requests(2_000, 100, 700, class_id="long", reasoning_tokens=50),
    )
    asked = workload(*mixed, **{"peak_to_mean": 2.5, "volume_multiplier": 1.3} | work)
    return scenario(OPTIONS[option], work=asked, timeline=TIMES[time], horizon_months=16)


def both(asked: Scenario, **varied: float) -> tuple[float, float]:
    facts = resolve(asked, catalog(), ON)
    model = Model(asked, option_costs(asked, facts))
    fast = float(model.npv_usd(model.at(**{k: np.asarray(v) for k, v in varied.items()}))[0])
    return fast, plain.npv_usd(asked.options[0], facts.options[0], asked, varied)


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("option", OPTIONS)
def test_the_kernel_equals_the_plain_loop(option: str, time: str) -> None:
    fast, slow = both(question(option, time))
    assert fast == pytest.approx(slow, rel=1e-12)


DRIVERS = st.fixed_dictionaries(
    {},
    optional={
        "volume": st.floats(0, 30),
        "peak": st.floats(0.5, 3),
        "throughput": st.floats(0.2, 5),
        "api_price": st.floats(0.1, 3),
        "gpu_price": st.floats(0.1, 3),
        "power_price": st.floats(0.1, 3),
        "staff_share": st.floats(0, 4),
        "api_decline": st.floats(-0.5, 0.9),
        "gpu_decline": st.floats(-0.5, 0.9),
        "volume_growth": st.floats(-0.2, 0.4),
        "wage_growth": st.floats(-0.1, 0.3),
        "discount_rate": st.floats(0, 1),
    },
)


@settings(max_examples=250, deadline=None)
@given(option=st.sampled_from(sorted(OPTIONS)), time=st.sampled_from(sorted(TIMES)), varied=DRIVERS)
def test_every_driver_moves_both_alike(option: str, time: str, varied: dict[str, float]) -> None:
    if "peak" in varied and option == "autoscaled":
        varied.pop("peak")  # an autoscaled fleet follows the hours, whatever the busiest one is called
    if "volume_growth" in varied and time in {"s-curve", "launch"}:
        varied.pop("volume_growth")
    fast, slow = both(question(option, time), **varied)
    assert fast == pytest.approx(slow, rel=1e-9)


@pytest.mark.parametrize("option", OPTIONS)
def test_many_points_are_the_same_as_one_at_a_time(option: str) -> None:
    asked = question(option, "growing")
    facts = resolve(asked, catalog(), ON)
    model = Model(asked, option_costs(asked, facts))
    volumes, rates = np.linspace(0, 5, 7)[:, None], np.array([0.5, 1.0, 2.0])
    together = model.npv_usd(model.at(volume=volumes, throughput=rates))[0]
    apart = [
        [float(model.npv_usd(model.at(volume=v, throughput=t))[0]) for t in rates.tolist()]
        for v in volumes[:, 0].tolist()
    ]
    assert np.broadcast_to(together, (7, 3)).tolist() == pytest.approx(np.array(apart), rel=1e-12)


def test_components_of_every_option_sum_to_its_months() -> None:
    for option in OPTIONS:
        asked = question(option, "growing")
        facts = resolve(asked, catalog(), ON)
        model = Model(asked, option_costs(asked, facts))
        slow = [plain.month_usd(asked.options[0], facts.options[0], asked, m, {}) for m in range(1, 17)]
        (result,) = option_results(model, facts)
        assert [m.total_usd for m in result.months[1:]] == pytest.approx(slow, rel=1e-12), option


def test_a_hundred_and_twenty_months_and_one_month() -> None:
    for months in (1, 120):
        fast, slow = both(changed(question("owned", "growing"), horizon_months=months))
        assert fast == pytest.approx(slow, rel=1e-12)
