"""The waterfall adds up for every kind of option, each step is the one it says, and cash by year is the months' sum."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.decision.cost_view import NAIVE, cash_years, run_rate_usd_per_year, waterfall
from planner.decision.evaluate import decide
from planner.decision.kernel import Model, option_costs
from planner.decision.option_results import option_results
from planner.decision.resolve import resolve
from planner.domain.options import (
    HybridOption,
    Operations,
    Option,
    OwnedOption,
    ProvisionedOption,
    Scaling,
    ServerPurchase,
    SpendTier,
    WorkstationOption,
)
from planner.domain.result import OptionResult, Result
from planner.domain.scenario import Scenario
from planner.domain.timeline import Growth, Timeline
from tests.builders import (
    ON,
    catalog,
    listed,
    output_rate,
    rented,
    requests,
    scenario,
    shipped,
    token_price,
    typed_api,
    workload,
)

PEOPLE = Operations(setup_hours=40, fte_fraction=0.1, updates_per_year=4, hours_per_update=8, support_usd_per_month=90)


def steps_of(question: Scenario, option_id: str) -> dict[str, float]:
    return {s.key: s.usd_per_month for s in waterfall(question, resolve(question, catalog(), ON), option_id)}


def answer(question: Scenario) -> Result:
    return decide(question, resolve(question, catalog(), ON))


def owned(**more: Any) -> OwnedOption:
    fields = rented().model_dump(
        exclude={"kind", "price", "price_id", "term", "term_months", "upfront_fraction", "spot"}
    )
    server = ServerPurchase(
        usd_per_server=Decimal(280_000), gpus_per_server=8, life_months=10, idle_kw=2.4, max_kw=9.6, pue_ratio=1.35
    )
    own = {"option_id": "bought", "server": server, "storage_usd_per_gb_month": 0.1, "operations": PEOPLE}
    return OwnedOption.model_validate(fields | own | more)


def units(**more: Any) -> ProvisionedOption:
    fields: dict[str, Any] = dict(
        option_id="units", label="Units", model="m", tokens_per_minute_per_unit=3000, usd_per_unit_month=260
    )
    return ProvisionedOption.model_validate(fields | {"min_units": 15, "unit_increment": 5, "term_months": 5} | more)


EVERY_KIND: tuple[Option, ...] = (
    typed_api(
        token_price(cached_input_usd_per_mtok="0.3", batch_discount_fraction=0.5, long_context_threshold_tokens=900),
        success_fraction=0.9,
        input_token_ratio=1.1,
        spend_tiers=(SpendTier(above_usd_per_month=Decimal(100), discount_fraction=0.1),),
        commitment_usd_per_month=50,
        cache_ttl_s=300,
        cache_storage_usd_per_mtok_hour=1,
        operations=PEOPLE,
    ),
    rented(spare_replicas=2, allowed_utilisation_fraction=0.7, operations=PEOPLE),
    rented(option_id="committed", term="reserved", term_months=7, upfront_fraction=0.4, replica_step=4),
    rented(option_id="nightly", scaling=Scaling(mode="schedule", days_per_week=5, hours_per_day=12), spare_replicas=1),
    rented(option_id="scaled", scaling=Scaling(mode="autoscale", lead_hours=1), min_replicas=0),
    rented(option_id="regions", regions=3, survive_region_loss=True),
    owned(spare_replicas=1),
    units(),
    units(option_id="spill", overflow_id="api"),
    WorkstationOption(
        option_id="desk",
        label="Desk",
        model="m",
        developers=3,
        prompt_tokens_per_s=500,
        output_tokens_per_s=40,
        usd_per_machine=Decimal(3000),
    ),
    HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api"),
    HybridOption(option_id="ask-again", label="Again", base_id="bought", overflow_id="api", mode="cascade"),
)
TIMELINE = Timeline(
    growth=Growth(shape="compound", per_month=0.03),
    api_price_decline_per_year=0.2,
    gpu_price_decline_per_year=0.1,
    wage_growth_per_year=0.03,
)


@settings(max_examples=25, deadline=None)
@given(
    per_day=st.sampled_from([0.0, 1.0, 5_000.0, 300_000.0]),
    peak=st.floats(1, 8),
    batch=st.floats(0, 1),
    cached=st.floats(0, 3000),
    months=st.integers(1, 30),
    steady=st.booleans(),
    multiplier=st.sampled_from([0.0, 1.0, 7.0]),
)
def test_the_steps_are_the_whole_cost_of_every_kind(
    per_day: float, peak: float, batch: float, cached: float, months: int, steady: bool, multiplier: float
) -> None:
    task = requests(per_day, 800, 300, cached_input_tokens=cached, batch_fraction=batch)
    work = workload(task, peak_to_mean=peak, volume_multiplier=multiplier)
    question = scenario(*EVERY_KIND, work=work, horizon_months=months, timeline=Timeline() if steady else TIMELINE)
    facts = resolve(question, catalog(), ON)
    for option in option_results(Model(question, option_costs(question, facts)), facts):
        total = option.tco_usd_per_month
        assert total is not None
        steps = steps_of(question, option.option_id)
        assert sum(steps.values()) == pytest.approx(total, rel=1e-9, abs=1e-9), option.option_id
        assert not NAIVE & set(list(steps)[1:])


def test_only_kinds_with_a_naive_figure_start_with_one() -> None:
    question = scenario(*EVERY_KIND, work=workload(requests(5000), peak_to_mean=2))
    first = {o.option_id: next(iter(steps_of(question, o.option_id))) for o in EVERY_KIND}
    assert first == {
        "api": "naive_tokens",
        "own": "naive_fleet",
        "committed": "naive_fleet",
        "nightly": "naive_fleet",
        "scaled": "naive_fleet",
        "regions": "naive_fleet",
        "bought": "naive_servers",
        "units": "naive_units",
        "spill": "tokens",
        "desk": "gpu",
        "both": first["both"],
        "ask-again": first["ask-again"],
    }
    assert not {first["both"], first["ask-again"]} & NAIVE


def test_a_rented_fleet_step_by_step() -> None:
    """100 output tokens/s a replica, 1,000 a request: 8,640 requests a day are 1 replica of mean work at 100 % busy.

    Allowed 50 %: 2 replicas; peak 1.3: 2.6; rounded: 3; one spare: 4. An hour costs $3, a month 730 hours.
    """
    own = rented(
        throughput=output_rate(100, held_at_slo=False),
        allowed_utilisation_fraction=0.5,
        spare_replicas=1,
        operations=Operations(setup_hours=24, fte_fraction=0.5),
    )
    question = scenario(own, work=workload(requests(8640, 1000, 1000), peak_to_mean=1.3), fte_usd_per_year=120_000)
    steps = steps_of(question, "own")
    replica = 3 * 730
    work = steps["naive_fleet"] / replica
    assert steps["headroom"] == pytest.approx(work * replica)
    assert steps["peak"] == pytest.approx(0.3 * 2 * work * replica)
    assert steps["whole"] == pytest.approx((3 - 2.6 * work) * replica)
    assert steps["spares"] == pytest.approx(replica)
    assert work == pytest.approx(1.0)
    assert steps["people"] == pytest.approx(5000)
    assert steps["one_off"] == pytest.approx(24 * 100 / 12)
    assert list(steps) == ["naive_fleet", "headroom", "peak", "whole", "spares", "people", "one_off"]


def test_a_per_token_bill_step_by_step() -> None:
    """1,000 requests a day of 1,000 in and 100 out at $3 and $15: 30.4167 x 1000 x $0.0045 a month."""
    api = typed_api(
        token_price(cached_input_usd_per_mtok="0.3", batch_discount_fraction=0.5),
        success_fraction=0.8,
        input_token_ratio=1.5,
        commitment_usd_per_month=1000,
    )
    task = requests(1000, 400, 100, cached_input_tokens=600, batch_fraction=0.25)
    steps = steps_of(scenario(api, work=workload(task)), "api")
    number = 365 / 12 * 1000
    list_usd = 1000 * 3e-6 + 100 * 15e-6
    tokenizer = 1500 * 3e-6 + 100 * 15e-6
    cached = 600 * 3e-6 + 900 * 0.3e-6 + 100 * 15e-6
    batch = cached * (0.75 + 0.25 * 0.5)
    assert steps["naive_tokens"] == pytest.approx(number * list_usd)
    assert steps["tokenizer"] == pytest.approx(number * (tokenizer - list_usd))
    assert steps["cache"] == pytest.approx(number * (cached - tokenizer))
    assert steps["batch"] == pytest.approx(number * (batch - cached))
    assert steps["retries"] == pytest.approx(number * batch * 0.25)
    assert steps["contract"] == pytest.approx(1000 - number * batch / 0.8)


def test_a_commitment_is_a_step_of_its_own() -> None:
    """13 months, 12-month terms: the second term is paid to its end, 24 months for 13 used."""
    question = scenario(rented(term="reserved", term_months=12), horizon_months=13)
    steps = steps_of(question, "own")
    used = steps["naive_fleet"] + steps.get("whole", 0)
    assert steps["term"] == pytest.approx(used * 24 / 13 - used)


def test_scaling_down_saves() -> None:
    day = (0.0,) * 12 + (2.0,) * 12
    own = rented(scaling=Scaling(mode="autoscale", cold_start_minutes=0), min_replicas=0)
    steps = steps_of(scenario(own, work=workload(requests(86_400 / 10), hourly_profile=day)), "own")
    assert steps["scaling"] < 0


def test_run_rate_is_the_last_month_times_twelve() -> None:
    result = answer(scenario(typed_api(), work=workload(), timeline=TIMELINE))
    option = result.options[0]
    assert run_rate_usd_per_year(option) == 12 * option.months[-1].total_usd
    assert run_rate_usd_per_year(OptionResult(option_id="x", label="x", kind="api", status="blocked")) is None


def test_cash_by_year_is_the_sum_of_the_months() -> None:
    option = answer(scenario(owned(), work=workload(requests(50_000)), horizon_months=30)).options[0]
    years = cash_years(option)
    assert [y.year for y in years] == [0, 1, 2, 3]
    for field in ("purchase_usd", "resale_usd", "depreciation_usd"):
        assert sum(getattr(y, field) for y in years) == pytest.approx(sum(getattr(f, field) for f in option.cash))
    bought = sum(y.purchase_usd for y in years)
    assert years[0].book_value_usd == years[0].purchase_usd > 0
    assert years[-1].book_value_usd == 0
    assert sum(y.depreciation_usd for y in years) < bought
    assert cash_years(answer(shipped("two-a100-example.yaml")).options[0]) == ()


def test_an_unpriced_option_has_no_waterfall() -> None:
    question = scenario(listed("nobody", "nothing"), typed_api())
    with pytest.raises(KeyError):
        steps_of(question, "hosted")
