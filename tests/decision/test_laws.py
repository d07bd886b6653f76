"""What must hold for every scenario, whatever its figures."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planner.decision.choose import recommend
from planner.decision.evaluate import decide, evaluate
from planner.decision.kernel import Model, rented_cost
from planner.decision.resolve import resolve
from planner.domain.facts import Facts, RentedFacts
from planner.domain.options import Operations, RentedOption
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from tests.builders import (
    ON,
    answer,
    catalog,
    changed,
    listed,
    rented,
    requests,
    scenario,
    shipped,
    token_price,
    typed_api,
    workload,
)

SHIPPED = ("azure-code.yaml", "azure-conversation.yaml", "two-a100-example.yaml")
LAW = settings(max_examples=60, deadline=None)

tokens = st.floats(0, 8000)
cents = st.integers(0, 5000).map(lambda n: str(Decimal(n) / 100))
people = st.builds(
    Operations,
    setup_hours=st.floats(0, 500),
    fte_fraction=st.floats(0, 0.5),
    other_one_off_usd=st.floats(0, 5000),
    other_usd_per_month=st.floats(0, 2000),
)


@st.composite
def classes(draw: st.DrawFn) -> tuple[Any, ...]:
    return tuple(
        requests(
            draw(st.floats(1, 1e6)),
            draw(tokens),
            draw(st.floats(1, 2000)),
            class_id=f"class-{i}",
            cached_input_tokens=draw(tokens),
            cache_write_tokens=draw(tokens),
            reasoning_tokens=draw(st.floats(0, 2000)),
            batch_fraction=draw(st.floats(0, 1)),
        )
        for i in range(draw(st.integers(1, 3)))
    )


@st.composite
def apis(draw: st.DrawFn, option_id: str = "api") -> Any:
    price = token_price(
        draw(cents),
        draw(cents),
        cached_input_usd_per_mtok=draw(st.none() | cents),
        cache_write_usd_per_mtok=draw(st.none() | cents),
        batch_discount_fraction=draw(st.sampled_from([0.1, 0.5])),
        long_context_threshold_tokens=draw(st.none() | st.integers(1, 20_000)),
        long_input_multiplier=2,
        long_output_multiplier=1.5,
    )
    return typed_api(price, option_id=option_id, operations=draw(people))


@st.composite
def fleets(draw: st.DrawFn, option_id: str = "own") -> RentedOption:
    return rented(
        draw(cents),
        option_id=option_id,
        throughput={  # both rates are below what an H100 can compute, so that no fleet is blocked
            "prefill_tokens_per_s_per_replica": draw(st.floats(100, 20_000)),
            "decode_tokens_per_s_per_replica": draw(st.floats(10, 3000)),
            "held_at_slo": draw(st.booleans()),
        },
        allowed_utilisation_fraction=draw(st.floats(0.2, 1)),
        min_replicas=draw(st.integers(0, 4)),
        spare_replicas=draw(st.integers(0, 3)),
        replica_step=draw(st.sampled_from([1, 2, 8])),
        operations=draw(people),
    )


@st.composite
def questions(draw: st.DrawFn) -> Scenario:
    work = workload(
        *draw(classes()),
        peak_to_mean=draw(st.floats(1, 10)),
        volume_multiplier=draw(st.floats(0.001, 100)),
    )
    return scenario(
        draw(apis()),
        draw(apis("api-2")),
        draw(fleets()),
        draw(fleets("own-2")),
        work=work,
        calendar=draw(st.sampled_from(["avg", "30d"])),
        horizon_months=draw(st.integers(1, 36)),
    )


def at_volume(question: Scenario, multiplier: float) -> Scenario:
    return changed(question, workload=changed(question.workload, volume_multiplier=multiplier))


def tco(result: Result, option_id: str) -> float:
    total = result.option(option_id).tco_usd
    assert total is not None
    return total


def npv(result: Result, option_id: str) -> float:
    total = result.option(option_id).npv_usd
    assert total is not None
    return total


# --- more is never less


@LAW
@given(question=questions(), more=st.floats(1, 10))
def test_more_requests_never_cost_less_and_never_take_fewer_replicas(question: Scenario, more: float) -> None:
    few, many = answer(question), answer(at_volume(question, question.workload.volume_multiplier * more))
    for before, after in zip(few.options, many.options, strict=True):
        assert tco(many, after.option_id) >= tco(few, before.option_id) * (1 - 1e-12)
        if before.fleet and after.fleet:
            assert after.fleet.replicas >= before.fleet.replicas


@LAW
@given(question=questions(), field=st.sampled_from(["fresh_input_tokens", "output_tokens", "reasoning_tokens"]))
def test_longer_requests_never_cost_less_by_api(question: Scenario, field: str) -> None:
    first, *rest = question.workload.classes
    longer = changed(first, **{field: getattr(first, field) + 500})
    after = answer(changed(question, workload=changed(question.workload, classes=[longer, *rest])))
    before = answer(question)
    for option in ("api", "api-2"):
        assert tco(after, option) >= tco(before, option) * (1 - 1e-12)


@LAW
@given(question=questions(), share=st.floats(0, 1))
def test_a_cheaper_gpu_hour_never_raises_the_unit_cost(question: Scenario, share: float) -> None:
    own = question.options[2]
    assert isinstance(own, RentedOption)
    assert own.price is not None
    cents_cheaper = Decimal(int(own.price.usd_per_gpu_hour * 100 * Decimal(share))) / 100
    cheaper = changed(own, price={"usd_per_gpu_hour": cents_cheaper})
    before, after = answer(question), answer(changed(question, options=[cheaper]))
    assert tco(after, "own") <= tco(before, "own") * (1 + 1e-12)
    if question.workload.volume_multiplier > 0:
        unit_before, unit_after = (r.option("own").blended_usd_per_mtok for r in (before, after))
        assert unit_before is not None
        assert unit_after is not None
        assert unit_after <= unit_before * (1 + 1e-12)


@LAW
@given(question=questions(), throughput=st.floats(1, 3))
def test_a_faster_replica_never_costs_more(question: Scenario, throughput: float) -> None:
    facts = resolve(question, catalog(), ON)
    for option, found in zip(question.options, facts.options, strict=True):
        if isinstance(option, RentedOption) and isinstance(found, RentedFacts):
            model = Model(question, {"own": rented_cost(option, found, question)})
            faster, before = model.npv_usd(model.at(throughput=np.array([throughput, 1.0])))[0]
            assert faster <= before * (1 + 1e-12)


@LAW
@given(question=questions())
def test_ranges_hold_low_likely_high(question: Scenario) -> None:
    facts = resolve(question, catalog(), ON)
    for option, found in zip(question.options, facts.options, strict=True):
        if isinstance(option, RentedOption) and isinstance(found, RentedFacts):
            replica, model = found.replica, Model(question, {"own": rented_cost(option, found, question)})
            assert replica.low_fraction <= 1 <= replica.high_fraction
            rates = np.array([replica.high_fraction, 1.0, replica.low_fraction])
            cheap, likely, dear = model.npv_usd(model.at(throughput=rates))[0]
            assert cheap <= likely <= dear


# --- sums


@LAW
@given(question=questions())
def test_components_sum_to_the_month_and_months_to_the_total(question: Scenario) -> None:
    result = answer(question)
    for option in result.options:
        assert [m.month for m in option.months] == list(range(question.horizon_months + 1))
        for month in option.months:
            parts = month.tokens_usd + month.gpu_usd + month.people_usd + month.other_usd
            assert month.total_usd == pytest.approx(parts, rel=1e-12)
        assert option.tco_usd == pytest.approx(math.fsum(m.total_usd for m in option.months), rel=1e-12)
        assert option.one_off_usd == option.months[0].total_usd
        assert option.tco_usd_per_month == pytest.approx(tco(result, option.option_id) / question.horizon_months)


@LAW
@given(question=questions())
def test_the_curve_at_todays_volume_is_the_levelised_cost(question: Scenario) -> None:
    result = answer(question)
    today = result.demand.tokens_per_day
    for option in result.options:
        pairs = [c for c in result.curves if c.option_id == option.option_id]
        assert len(pairs) == 1
        assert pairs[0].tokens_per_day == tuple(sorted(pairs[0].tokens_per_day))
        below = [
            usd for volume, usd in zip(pairs[0].tokens_per_day, pairs[0].usd_per_month, strict=True) if volume <= today
        ]
        above = [
            usd for volume, usd in zip(pairs[0].tokens_per_day, pairs[0].usd_per_month, strict=True) if volume >= today
        ]
        assert option.levelised_usd_per_month is not None
        assert max(below) * (1 - 1e-9) <= option.levelised_usd_per_month <= min(above) * (1 + 1e-9)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_calendar_switch_moves_rent_and_tokens_each_by_its_own_ratio(name: str) -> None:
    question = shipped(name)
    average, thirty = (answer(changed(question, calendar=c)) for c in ("avg", "30d"))
    for before, after in zip(thirty.options, average.options, strict=True):
        for old, new in zip(before.months[1:], after.months[1:], strict=True):
            assert new.gpu_usd == pytest.approx(old.gpu_usd * 730 / 720)
            assert new.tokens_usd == pytest.approx(old.tokens_usd * (365 / 12) / 30)
            assert new.people_usd == old.people_usd


# --- the verdict


@LAW
@given(question=questions(), band=st.sampled_from([0, 0.05, 0.5]))
def test_the_recommended_option_is_within_the_tie_band_of_the_cheapest(question: Scenario, band: float) -> None:
    result = answer(changed(question, tie_band_fraction=band))
    chosen, cheapest = result.verdict.recommended_id, result.verdict.cheapest_id
    assert chosen is not None
    assert cheapest is not None
    least = min(npv(result, o.option_id) for o in result.options)
    assert npv(result, cheapest) == least
    assert npv(result, chosen) <= least * (1 + band) * (1 + 1e-12)
    saving, other = result.verdict.saving_usd, result.verdict.runner_up_id
    assert other is not None
    assert saving == pytest.approx(npv(result, other) - npv(result, chosen))


@pytest.mark.parametrize(
    ("totals", "chosen", "cheapest", "close"),
    [
        ({"api": 105.0, "hosted": 101.0, "own": 100.0}, "api", "own", True),  # exactly 5 % dearer is a tie: simplest
        ({"api": 105.1, "hosted": 104.0, "own": 100.0}, "hosted", "own", True),
        ({"api": 105.1, "hosted": 106.0, "own": 100.0}, "own", "own", False),
        ({"api": 100.0, "hosted": 99.0, "own": 200.0}, "api", "hosted", True),
        ({"api": 100.0, "own": 100.0}, "api", "api", True),  # a tie goes to the API
    ],
)
def test_the_simplest_way_inside_the_tie_band_is_recommended(
    totals: dict[str, float], chosen: str, cheapest: str, close: bool
) -> None:
    kinds = {"api": "api", "hosted": "hosted", "own": "rented"}
    assert recommend(totals, kinds, 0.05) == (chosen, cheapest, close)


def agrees_with_break_even(result: Result) -> bool:
    """Self-host strictly cheaper today if and only if today's volume lies in a win interval of the headline pair."""
    pair, today = result.break_evens[0], result.demand.tokens_per_day
    ours, theirs = tco(result, pair.self_host_id), tco(result, pair.per_token_id)
    ends = [x for i in pair.intervals for x in (i.above_tokens_per_day, i.up_to_tokens_per_day) if x is not None]
    if any(abs(today - x) <= 1e-9 * x for x in ends) or abs(ours - theirs) <= 1e-9 * theirs:
        return True  # a tie, but for float noise
    inside = any(
        i.above_tokens_per_day < today and (i.up_to_tokens_per_day is None or today <= i.up_to_tokens_per_day)
        for i in pair.intervals
    )
    return inside == (ours < theirs)


@LAW
@given(question=questions())
def test_verdict_and_break_even_agree(question: Scenario) -> None:
    result = answer(question)
    assume(result.break_evens[0].intervals_exact)
    assert agrees_with_break_even(result)


@pytest.mark.parametrize("name", SHIPPED)
def test_verdict_and_break_even_agree_on_the_shipped_workloads(name: str) -> None:
    for multiplier in (0.01, 0.2, 1, 3, 5, 6.5, 7, 8.2, 8.6, 9.1, 9.8, 10, 11.3, 13.7, 15.1, 16, 50, 1000):
        assert agrees_with_break_even(answer(at_volume(shipped(name), multiplier))), multiplier


@LAW
@given(question=questions())
def test_every_break_even_is_reached_or_not_and_says_so(question: Scenario) -> None:
    for pair in answer(question).break_evens:
        assert (pair.status == "reached") == (pair.robust_tokens_per_day is not None)
        if pair.robust_tokens_per_day is not None:
            assert pair.intervals[-1].above_tokens_per_day == pair.robust_tokens_per_day
            assert pair.intervals[-1].up_to_tokens_per_day is None
        if pair.intervals:
            assert pair.first_tokens_per_day == pair.intervals[0].above_tokens_per_day
        assert pair.intervals_total >= len(pair.intervals)


# --- the same question has the same answer


@pytest.mark.parametrize("name", SHIPPED)
def test_evaluate_is_deterministic_and_equals_decide_on_its_own_facts(name: str) -> None:
    question = shipped(name)
    facts = resolve(question, catalog(), ON)
    assert evaluate(question, catalog(), ON) == evaluate(question, catalog(), ON) == decide(question, facts)


@pytest.mark.parametrize("name", SHIPPED)
def test_facts_survive_json(name: str) -> None:
    question = shipped(name)
    facts = resolve(question, catalog(), ON)
    again = Facts.model_validate_json(facts.model_dump_json())
    assert again == facts
    assert decide(question, again) == decide(question, facts)


@LAW
@given(question=questions())
def test_facts_of_any_scenario_survive_json(question: Scenario) -> None:
    facts = resolve(question, catalog(), ON)
    again = Facts.model_validate_json(facts.model_dump_json())
    assert decide(question, again) == decide(question, facts)


def test_facts_with_blocked_options_and_prices_of_the_hour_survive_json() -> None:
    question = scenario(
        listed("deepseek", "deepseek-v4-pro"),
        listed("openai", "no-such-model", option_id="gone"),
        rented(price_id="none"),
    )
    facts = resolve(question, catalog(), ON)
    assert [f.kind for f in facts.options] == ["per_token", "blocked", "blocked"]
    assert Facts.model_validate_json(facts.model_dump_json()) == facts


def test_the_order_of_the_options_moves_no_figure() -> None:
    question = shipped("azure-conversation.yaml")
    turned = answer(changed(question, options=tuple(reversed(question.options))))
    for option in answer(question).options:
        assert turned.option(option.option_id) == option
    assert turned.verdict == answer(question).verdict


# --- nothing asked


@LAW
@given(question=questions())
def test_zero_volume_costs_no_tokens_and_leaves_the_fleet_standing(question: Scenario) -> None:
    result = answer(at_volume(question, 0))
    for option, asked in zip(result.options, question.options, strict=True):
        assert option.usd_per_request is None
        assert option.blended_usd_per_mtok is None
        assert all(m.tokens_usd == 0 for m in option.months)
        if isinstance(asked, RentedOption):
            assert option.fleet is not None
            serving = asked.min_replicas + (asked.spare_replicas if asked.min_replicas else 0)
            assert option.fleet.replicas == math.ceil(serving / asked.replica_step) * asked.replica_step


def test_a_workload_without_requests_has_no_break_even_and_no_curve() -> None:
    result = answer(scenario(typed_api(), rented(), work=workload(requests(0))))
    assert [p.status for p in result.break_evens] == ["not_known"]
    assert result.curves == ()
    assert result.verdict.recommended_id == "api"


# --- figures at the ends of what a document may say


def test_a_vanishing_volume_has_an_answer() -> None:
    result = answer(at_volume(shipped("two-a100-example.yaml"), 5e-324))
    assert result.verdict.recommended_id == "api"


def test_the_largest_prices_and_volumes_have_an_answer_that_can_be_written() -> None:
    dear = token_price("9999999999", "9999999999", long_context_threshold_tokens=1, long_input_multiplier=100)
    work = workload(requests(1e12, 1e5, 1e5), volume_multiplier=1e6)
    result = answer(scenario(typed_api(dear), work=work, horizon_months=120))
    assert Result.model_validate_json(result.model_dump_json()).verdict.recommended_id == "api"
