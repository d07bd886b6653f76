"""A log on every option: the same days for all, tokens from the log, and nothing that is not known counts as 0."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.decision.log_options import OnOption, Question, on_options, steady_with, usd_per_month
from planner.decision.log_price import EmptyLog, as_it_was
from planner.decision.log_summary import summary
from planner.decision.present_log_options import AS_IT_WAS, compared_sentences, note_rows, option_rows
from planner.domain.options import Operations
from planner.domain.scenario import Scenario
from planner.domain.timeline import Growth
from planner.domain.usage import UsageProfile
from planner.workload.usage_scenario import NotUsableError, UsageChoices, with_usage
from tests.builders import (
    ON,
    answer,
    catalog,
    changed,
    listed,
    rented,
    requests,
    scenario,
    token_price,
    typed_api,
    workload,
)
from tests.samples_usage import bucketed_profile, usage_profile
from tests.usage_logs import log, row

AVERAGE = 365 / 12
ASKED = Question(None, (dt.date(2026, 11, 2), dt.date(2026, 11, 8)), ON)
"""A whole week."""
ROLLUP = log(
    row("2026-11-02", fresh=700_000, output=200_000, cached_input_tokens=300_000),
    row("2026-11-08", fresh=200_000, output=40_000),
)
API = typed_api(token_price("3", "15"))


def options(
    *given: Any, profile: UsageProfile | None = None, asked: Question = ASKED, **more: Any
) -> dict[str, OnOption]:
    found = on_options(scenario(*given, **more), profile or usage_profile(), ROLLUP, catalog(), asked)
    return {one.option_id: one for one in found}


def test_tokens_are_the_logs_own_and_people_are_the_scenarios() -> None:
    """900,000 fresh and 300,000 cached at 3 USD and 240,000 out at 15: 3.60 + 3.60 = 7.20 USD in 7 days."""
    staffed = typed_api(operations=Operations())
    one = options(staffed)[API.option_id]
    parts = dict(one.parts_usd_per_month)
    assert one.price is not None
    assert one.price.usd == pytest.approx(7.20)
    assert parts.pop("Tokens") == pytest.approx(7.20 / 7 * AVERAGE)
    month_1 = answer(with_usage(scenario(staffed), usage_profile())).option(API.option_id).months[1]
    assert month_1.people_usd > 0
    assert sum(parts.values()) == pytest.approx(month_1.total_usd - month_1.tokens_usd)
    assert one.usd_per_month == pytest.approx(7.20 / 7 * AVERAGE + sum(parts.values()))


def test_a_fleet_costs_what_its_month_costs_whatever_the_log_covers() -> None:
    fleet = rented()
    one = options(fleet)[fleet.option_id]
    assert one.price is not None
    assert one.usd_per_month is not None
    assert one.price.usd == pytest.approx(one.usd_per_month * 7 / AVERAGE), "its bill for the week"
    assert one.open_usd_per_month == 0


@given(days=st.integers(1, 28), usd=st.floats(0.01, 1e6))
def test_a_month_is_the_same_rate_for_any_length_of_log(days: int, usd: float) -> None:
    price = summary(as_it_was(ROLLUP, catalog())).model_copy(update={"usd": usd, "days": float(days)})
    assert usd_per_month(price, AVERAGE) == pytest.approx(usd / days * AVERAGE)
    assert usd_per_month(price, 30) == pytest.approx(usd / days * 30)


def test_growth_of_the_plan_is_not_in_the_months_of_a_log() -> None:
    growing = Growth(shape="launch", launch_month=6, before_fraction=0.1)
    base = scenario(API, rented())
    more = changed(base, timeline=changed(base.timeline, growth=growing))
    found = [on_options(s, usage_profile(), ROLLUP, catalog(), ASKED) for s in (base, more)]
    assert found[0] == found[1]


def test_the_cheapest_comes_first_and_what_is_not_known_last() -> None:
    dear, cheap = typed_api(token_price("30", "150"), option_id="dear"), typed_api(option_id="cheap")
    unknown = listed("groq", "no-such-model", option_id="unknown")
    found = on_options(scenario(dear, unknown, cheap), usage_profile(), ROLLUP, catalog(), ASKED)
    assert [one.option_id for one in found] == ["cheap", "dear", "unknown"]
    assert found[-1].usd_per_month is None
    assert found[-1].why


def test_a_log_that_counts_no_requests_prices_tokens_and_says_what_a_fleet_lacks() -> None:
    fleet = rented()
    found = options(API, fleet, profile=bucketed_profile())
    assert found[API.option_id].usd_per_month is not None
    assert found[fleet.option_id].usd_per_month is None
    assert "Requests" in found[fleet.option_id].why[0]


def test_what_a_person_added_to_such_a_log_sizes_the_fleet() -> None:
    profile, fleet = bucketed_profile(), rented()
    with pytest.raises(NotUsableError):
        steady_with(scenario(API, fleet), profile)
    told: Scenario = with_usage(scenario(API, fleet), profile, UsageChoices(requests_per_day=1000))
    found = on_options(told, profile, ROLLUP, catalog(), ASKED)
    assert all(one.usd_per_month is not None for one in found)


def test_an_empty_log_has_no_price() -> None:
    with pytest.raises(EmptyLog):
        on_options(scenario(API), usage_profile(), log(), catalog(), ASKED)


def test_a_measured_log_of_three_models_is_answered_by_a_hybrid_too() -> None:
    """Classes and draws of throughput have axes of their own."""
    three = workload(*(requests(class_id=f"class-{n}", per_day=5000 * n) for n in (1, 2, 3)))
    hybrid = {"kind": "hybrid", "option_id": "both", "label": "Both", "base_id": "own", "overflow_id": "api"}
    given_ = scenario(typed_api(option_id="api"), rented(option_id="own"), work=three)
    question = Scenario.model_validate({**given_.model_dump(), "options": [*given_.model_dump()["options"], hybrid]})
    assert answer(question).option("both").tco_usd is not None


def test_the_table_has_the_log_as_it_was_on_top_and_adds_up() -> None:
    fleet = rented()
    price = summary(as_it_was(ROLLUP, catalog(), covers=ASKED.covers))
    found = on_options(scenario(API, fleet), usage_profile(), ROLLUP, catalog(), ASKED)
    table = option_rows(price, found, AVERAGE)
    assert table.rows[0][0] == AS_IT_WAS
    assert table.rows[0][3:6] == ("not known",) * 3, "people are in no log"
    for row_ in table.rows[1:]:
        machines, people, total = (float(cell.replace(",", "")) for cell in row_[2:5])
        assert machines + people == pytest.approx(total, abs=0.011)
    first, as_was, days = compared_sentences(price, found, AVERAGE)
    assert first.startswith(f"Cheapest for this log: {API.label}")
    assert "tokens alone" in as_was
    assert "7 days" in days


def test_an_option_that_may_not_be_chosen_is_never_the_cheapest() -> None:
    price = summary(as_it_was(ROLLUP, catalog()))
    found = on_options(scenario(API, rented()), usage_profile(), ROLLUP, catalog(), ASKED)
    barred = tuple(one if one.kind != "api" else replace(one, excluded=True) for one in found)
    assert f"Cheapest for this log: {rented().label}" in compared_sentences(price, barred, AVERAGE)[0]


def test_an_option_with_a_part_unpriced_is_not_beaten_by_a_dearer_one() -> None:
    """The API's priced part is a few dollars; a fleet of thousands does not win because a hundredth has no price."""
    price = summary(as_it_was(ROLLUP, catalog()))
    found = on_options(scenario(API, rented()), usage_profile(), ROLLUP, catalog(), ASKED)
    part = tuple(
        replace(one, price=one.price.model_copy(update={"unpriced_tokens": 1}))
        if one.kind == "api" and one.price is not None
        else one
        for one in found
    )
    said = compared_sentences(price, part, AVERAGE)[0]
    assert said.startswith(f"Cheapest that prices the whole log: {rented().label}")
    assert f"Not decided against {API.label}" in said


def test_a_note_of_several_options_is_told_once() -> None:
    one = OnOption("a", "A", "api", notes=("Same.",))
    table = note_rows((one, OnOption("b", "B", "api", notes=("Same.", "Own."))))
    assert table.rows == (("A, B", "Same."), ("B", "Own."))
