"""Actual against plan: the parts are the difference to the cent, for every log and plan."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.decision.evaluate import decide
from planner.decision.log_price import as_it_was, on_option
from planner.decision.resolve import resolve
from planner.decision.variance import variance
from planner.decision.variance_plan import NoPlan, Plan, plan_of
from planner.decision.variance_values import Variance
from planner.domain.scenario import Scenario
from planner.units import MTOK
from planner.workload.usage_rows import NANO
from tests.builders import catalog, listed, rented, requests, token_price, typed_api, workload
from tests.usage_logs import log, row

START = dt.date(2026, 10, 1)
PRICE = token_price("3", "15", cached_input_usd_per_mtok="0.3")


def scenario(*classes: Any, price: Any = PRICE, months: int = 3, **more: Any) -> Scenario:
    return Scenario.model_validate(
        {
            "name": "plan",
            "calendar": "30d",
            "horizon_months": months,
            "workload": workload(*(classes or (requests(1000, 1000, 100),))),
            "options": (typed_api(price),),
        }
        | more
    )


def planned(question: Scenario) -> Plan:
    facts = resolve(question, catalog(), START)
    return plan_of(question, facts, decide(question, facts).option("api"))


def compared(question: Scenario, *rows: dict[str, Any], bills: dict[str, float] | None = None, **more: Any) -> Variance:
    price = question.options[0]
    found = on_option(log(*rows), catalog(), price, covers=more.pop("covers", None))  # type: ignore[arg-type]
    return variance(found, planned(question), bills=bills, **more)


def days(first: str, last: str) -> tuple[dt.date, dt.date]:
    return dt.date.fromisoformat(first), dt.date.fromisoformat(last)


OCTOBER = days("2026-10-01", "2026-10-31")


def test_the_plan_is_the_scenarios_own_months() -> None:
    plan = planned(scenario())
    # 1,000 requests a day of 1,000 in at $3 and 100 out at $15, 30 days: $135
    assert plan.usd.tolist() == pytest.approx([135.0, 135.0, 135.0])
    assert plan.starts_on == (START, dt.date(2026, 11, 1), dt.date(2026, 12, 1), dt.date(2027, 1, 1))
    assert (plan.tokens.sum(axis=(1, 2)) / MTOK).tolist() == pytest.approx([33.0] * 3)
    assert plan.usd_per_token is not None
    assert (plan.usd_per_token * plan.tokens).sum() == pytest.approx(3 * 135)


def test_the_effects_worked_by_hand() -> None:
    # plan of 31 days of 1,000 x (1,000 in, 100 out): 31M in, 3.1M out: 31 x 3 + 3.1 x 15 = $139.50, 34.1M tokens
    # asked: 40M in, 10M out = 50M tokens; at plan prices 40 x 3 + 10 x 15 = $270; billed $300
    found = compared(
        scenario(), row("2026-10-10", fresh=40 * MTOK, output=10 * MTOK), bills={"2026-10": 300.0}, covers=OCTOBER
    )
    (month,) = found.months
    volume = (50 / 34.1 - 1) * 139.5  # 65.05
    assert month.effects is not None
    assert float(month.effects.total_usd) == pytest.approx(300 - 139.5)
    assert float(month.effects.volume_usd) == pytest.approx(volume, abs=0.005)
    assert float(month.effects.mix_usd) == pytest.approx(270 - 139.5 - volume, abs=0.005)
    assert float(month.effects.price_usd) == pytest.approx(30, abs=0.005)
    assert month.accuracy_fraction == pytest.approx(160.5 / 300)
    assert found.accurate is False
    assert month.plan is not None
    assert month.actual is not None
    assert month.plan.input_to_output == pytest.approx(10)
    assert month.actual.input_to_output == pytest.approx(4)


TOKENS = st.integers(0, 10**9)
ROWS = st.lists(
    st.builds(
        lambda day, fresh, cached, output, cost, model: row(
            (dt.date(2026, 9, 20) + dt.timedelta(days=day)).isoformat(),
            fresh=fresh,
            cached_input_tokens=cached,
            output=output,
            cost_nano=cost,
            currency="USD",
            model=model,
        ),
        st.integers(0, 130),
        TOKENS,
        TOKENS,
        TOKENS,
        st.integers(0, 10**13),
        st.sampled_from(["chat", "code"]),
    ),
    min_size=1,
    max_size=12,
)
CLASSES = st.tuples(
    *(
        st.builds(
            lambda per_day, fresh, cached, output, name=name: requests(
                per_day, fresh, output, cached_input_tokens=cached, class_id=name
            ),
            st.integers(0, 100_000),
            st.integers(0, 10_000),
            st.integers(0, 10_000),
            st.integers(0, 1000),
        )
        for name in ("chat", "code")
    )
)


@given(ROWS, CLASSES)
def test_volume_mix_price_and_rounding_are_the_difference_to_the_cent(
    rows: list[dict[str, Any]], classes: tuple[Any, ...]
) -> None:
    found = compared(scenario(*classes), *rows)
    every = [month.effects for month in found.months if month.effects is not None]
    for effects in every:
        parts = effects.volume_usd + effects.mix_usd + effects.price_usd + effects.rounding_usd
        assert parts == effects.total_usd
        assert abs(effects.rounding_usd) <= Decimal("0.02")
    if found.effects is not None:
        assert found.effects.total_usd == sum(effects.total_usd for effects in every)
    for month in found.months:
        if month.plan is not None and month.actual is not None and month.effects is not None:
            mine = [c for c in found.classes if c.month == month.month]
            assert sum(c.actual_usd or 0 for c in mine) == pytest.approx(month.actual.usd or 0, abs=1e-6)
            assert sum(c.volume_usd for c in mine) == pytest.approx(float(month.effects.volume_usd), abs=0.006)
            assert sum(c.mix_usd for c in mine) == pytest.approx(float(month.effects.mix_usd), abs=0.006)


@given(st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_log_that_goes_as_planned_has_no_effects(fresh: int, output: int) -> None:
    question = scenario(requests(1, fresh, output))
    rows = [row((START + dt.timedelta(days=day)).isoformat(), fresh=fresh, output=output) for day in range(31)]
    (month,) = compared(question, *rows, covers=OCTOBER).months
    assert month.effects is not None
    assert [float(part) for part in dict(month.effects).values()] == pytest.approx([0.0] * 5, abs=0.011)
    assert month.words == ()


def test_only_the_days_that_the_log_covers_are_compared_and_that_is_said() -> None:
    found = compared(
        scenario(), row("2026-10-03", fresh=MTOK, output=0), covers=days("2026-10-01", "2026-10-10"), bills={}
    )
    (month,) = found.months
    assert month.days == pytest.approx(10)
    assert month.plan is not None
    assert month.plan.usd == pytest.approx(45.0)  # 10 of 30 days of $135
    assert month.words == ("10.00 of 31 days: the plan is taken for the same days.",)


def test_months_without_a_plan_are_named() -> None:
    early, late = row("2026-09-15", fresh=MTOK, output=0), row("2027-01-02", fresh=MTOK, output=0)
    found = compared(scenario(), early, late)
    assert [(m.month, m.plan is None) for m in found.months] == [
        ("2026-09", True),
        ("2026-10", False),
        ("2026-11", False),
        ("2026-12", False),
        ("2027-01", True),
    ]
    assert "this month is before it begins" in found.months[0].words[0]
    assert "after its last month" in found.months[-1].words[0]
    assert [m.month for m in compared(scenario(), early, late, from_month="2026-12").months] == ["2026-12", "2027-01"]


def test_nothing_asked_and_nothing_planned_are_said() -> None:
    first, last = row("2026-10-01", fresh=MTOK, output=0), row("2026-12-01", fresh=MTOK, output=0)
    november = compared(scenario(), first, last).months[1]
    assert november.words == ("Nothing was asked on these days: what was planned is volume that did not come.",)
    assert november.effects is not None
    assert november.effects.volume_usd == november.effects.total_usd == -135
    idle = compared(scenario(requests(0, 1000, 100)), first).months[0]
    assert idle.words[-1] == "Nothing was planned for these days: all of it is volume."
    assert idle.effects is not None
    assert idle.effects.volume_usd == idle.effects.total_usd == 3


def test_the_exports_own_cost_is_the_actual_one_when_it_is_whole() -> None:
    one = row("2026-10-10", fresh=MTOK, output=0, cost_nano=5 * NANO, currency="USD")
    found = compared(scenario(), one)
    assert found.cost_from == "the cost that the export states"
    assert found.months[0].actual is not None
    assert found.months[0].actual.usd == pytest.approx(5)
    part = compared(scenario(), one, row("2026-10-11", fresh=MTOK, output=0, currency="USD"))
    assert "list prices" in part.cost_from


def test_a_part_without_a_price_leaves_the_actual_cost_open() -> None:
    found = variance(as_it_was(log(row(fresh=MTOK, model="our-own")), catalog()), planned(scenario()))
    assert found.effects is None
    assert "The actual cost is not known" in found.months[0].words[-1]


def test_requests_that_some_rows_do_not_count_are_not_known() -> None:
    rows = [row(f"2026-10-{day:02}", fresh=1000, output=100, requests=day or None) for day in range(1, 32)]
    rows[4]["requests"] = None
    (month,) = compared(scenario(), *rows, covers=OCTOBER).months
    assert month.actual is not None
    assert month.actual.requests is None
    assert month.actual.tokens == 31 * 1100


def test_a_lower_bound_that_stands_for_the_actual_cost_is_said() -> None:
    long = token_price("3", "15", long_context_threshold_tokens=200_000, long_input_multiplier=2)
    bucket = row("2026-10-01", fresh=MTOK, output=100, requests=10, bucket_s=3600)
    found = on_option(log(bucket, thresholds=(200_000,)), catalog(), typed_api(long), covers=OCTOBER)
    said = variance(found, planned(scenario(price=long))).notes
    assert "Where a long-context price is open, the lower bound is taken for the actual cost." in said


def test_classes_are_matched_by_name_and_else_the_mix_is_by_kind_alone() -> None:
    question = scenario(requests(10, 100, 10, class_id="chat"), requests(10, 900, 10, class_id="code"))
    named = compared(question, row(fresh=10, model="chat"), row(fresh=10, model="code"))
    assert named.by_class
    assert {c.label for c in named.classes} == {"chat", "code"}
    other = compared(question, row(fresh=10, model="gpt-4o"))
    assert not other.by_class
    assert any("by kind of token alone" in note for note in other.notes)


def test_an_option_without_a_price_is_no_plan() -> None:
    question = scenario(options=(listed("openai", "gpt-7"),))
    facts = resolve(question, catalog(), START)
    with pytest.raises(NoPlan, match="no planned cost"):
        plan_of(question, facts, decide(question, facts).options[0])


def test_a_later_start_moves_the_plan() -> None:
    question = scenario()
    facts = resolve(question, catalog(), START)
    plan = plan_of(question, facts, decide(question, facts).option("api"), first_on=dt.date(2026, 1, 15))
    assert plan.starts_on[:2] == (dt.date(2026, 1, 15), dt.date(2026, 2, 15))


def test_a_fleet_is_planned_by_time_and_compared_with_bills() -> None:
    # one GPU at $3 an hour, 31 of 30 days of 24 h: $2,232; twice the tokens for $2,500
    question = scenario(options=(rented(),))
    facts = resolve(question, catalog(), START)
    plan = plan_of(question, facts, decide(question, facts).option("own"))
    rows = row("2026-10-10", fresh=62 * MTOK, output=6_200_000)
    priced = as_it_was(log(rows), catalog(), covers=OCTOBER)
    (month,) = variance(priced, plan, bills={"2026-10": 2500.0}).months
    assert month.plan is not None
    assert month.plan.usd == pytest.approx(2232.0)
    assert month.effects is not None
    assert [float(part) for part in dict(month.effects).values()] == pytest.approx([268.0, 2232.0, 0.0, -1964.0, 0.0])
    assert variance(priced, plan, bills={"2026-09": 1.0}).effects is None
    assert "by kind of token" in variance(priced, plan, bills={"2026-10": 1.0}).notes[-1]
