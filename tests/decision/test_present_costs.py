"""Words and tables of the Costs and Hybrid pages say what the figures say, in every case."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest

from planner.decision import present_costs, present_hybrid
from planner.decision.cost_view import StepKey, waterfall
from planner.decision.evaluate import decide
from planner.decision.hybrid_view import HybridView, Parts, hybrid_view, parts
from planner.decision.present_tables import Table
from planner.decision.resolve import resolve
from planner.domain.options import Operations
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.domain.timeline import Growth, Timeline
from planner.units import money
from tests.builders import (
    ON,
    catalog,
    listed,
    output_rate,
    rented,
    requests,
    scenario,
    token_price,
    typed_api,
    workload,
)
from tests.decision.test_cost_view import owned

PEOPLE = Operations(setup_hours=40, fte_fraction=0.5)


def result_of(question: Scenario) -> Result:
    return decide(question, resolve(question, catalog(), ON))


def view_of(question: Scenario) -> HybridView:
    found = hybrid_view(question, resolve(question, catalog(), ON), "own", "api")
    assert found is not None
    return found


def cell(table: Table, row: str, head: str) -> str:
    place = [c.name for c in table.columns].index(head)
    return next(r for r in table.rows if r[0] == row)[place]


def test_every_step_has_words() -> None:
    assert set(present_costs.STEP_WORDS) == set(get_args(StepKey))


def test_the_waterfall_table_ends_with_the_average_month() -> None:
    question = scenario(rented(spare_replicas=1, operations=PEOPLE), work=workload(requests(5000)))
    option = result_of(question).options[0]
    steps = waterfall(question, resolve(question, catalog(), ON), "own")
    table = present_costs.waterfall_rows(steps)
    assert table.rows[-1][2] == f"{money(option.tco_usd_per_month or 0):,}"
    assert "times as much" in present_costs.waterfall_sentence(steps)


def test_the_year_table_keeps_one_off_and_months_apart() -> None:
    question = scenario(rented(operations=PEOPLE), work=workload(requests(5000)), horizon_months=18)
    option = result_of(question).options[0]
    table = present_costs.part_rows(option)
    assert [r[0] for r in table.rows] == ["Year 1", "Year 2", "All months", "One-off", "TCO"]
    months, one_off, tco = (Decimal(table.rows[k][-1].replace(",", "")) for k in (2, 3, 4))
    assert one_off == 4000
    assert months + one_off == pytest.approx(tco, abs=Decimal("0.02"))


def test_unit_costs_name_the_rule_and_the_usage_lens() -> None:
    question = scenario(typed_api(success_fraction=0.5), rented(), work=workload(requests(5000)))
    result = result_of(question)
    table = present_costs.unit_rows(question, result, result.option("api"))
    once, usable, attempt = (
        float(cell(table, name, "Cost")) for name in ("Per request", "Per usable answer", "Per attempt")
    )
    assert attempt == pytest.approx(usable / 2) == pytest.approx(once / 2)
    assert "add up to the whole cost" in present_costs.SPLIT_RULE
    assert "not for decisions" in present_costs.usage_sentence(result.option("own"))


def test_unit_costs_at_zero_volume_are_undefined() -> None:
    question = scenario(rented(), work=workload(requests(0)))
    result = result_of(question)
    table = present_costs.unit_rows(question, result, result.options[0])
    assert {row[1] for row in table.rows} == {"\N{EN DASH}"}
    assert present_costs.usage_sentence(result.options[0]).startswith("Undefined at zero volume")


def test_against_the_reference_in_words() -> None:
    cheap_later = scenario(
        typed_api(token_price("1", "5")),
        rented("2", operations=Operations(setup_hours=60, fte_fraction=0)),
        rented(option_id="out", label="Out", licence_allows=False),
        work=workload(requests(25_000)),
        timeline=Timeline(growth=Growth(shape="linear", per_month=0.1)),
        horizon_months=36,
    )
    result = result_of(cheap_later)
    found = present_costs.comparison_of(result, "own")
    assert found is not None
    told = {m.label: m for m in present_costs.comparison_metrics(result, found)}
    saved = found.delta_npv_usd
    assert ("NPV saved" if saved >= 0 else "NPV lost") in told
    assert told["Payback"].value == (
        "never" if found.payback_first_month is None else f"month {found.payback_first_month}"
    )
    assert present_costs.comparison_of(result, "api") is None
    assert "is the reference" in present_costs.no_comparison(result, result.option("api"))
    assert "fails a hard constraint" in present_costs.no_comparison(result, result.option("out"))


def test_the_run_rate_is_said_to_be_no_forecast() -> None:
    question = scenario(rented(operations=PEOPLE), work=workload(requests(5000)))
    result = result_of(question)
    told = {m.label: m for m in present_costs.total_metrics(question, result, result.options[0])}
    assert "not a forecast" in told["Run-rate, last month x 12"].note
    assert "verdict" in told["NPV"].note


def test_cash_and_book_say_that_capital_is_counted_once() -> None:
    option = result_of(scenario(owned(), work=workload(requests(50_000)), horizon_months=30)).options[0]
    assert "counted once" in present_costs.cash_sentence(option)
    assert present_costs.cash_rows(option).rows[0][0] == "Before month 1"


# --- hybrid


def mixed(people: Operations, **more: object) -> Scenario:
    loads = (0.5,) * 8 + (2.4,) * 12 + (4.7,) * 4
    own = rented("3", replica_availability_fraction=1, spare_replicas=1, operations=people)
    task = requests(86_400 / 10 * sum(loads) / 24, 0, 1000, **more)
    work = workload(task, hourly_profile=loads)
    return scenario(typed_api(token_price("0", f"{8 / 0.36:.8f}"), private_allowed=True), own, work=work)


def test_three_answers_and_their_reasons() -> None:
    free = view_of(mixed(Operations(setup_hours=0, fte_fraction=0)))
    assert present_hybrid.hybrid_sentence(free).startswith("Run 2 replicas of Own GPU for the base of the load and buy")
    people = view_of(mixed(PEOPLE))
    assert "2 replicas would earn their price, but not also" in present_hybrid.hybrid_sentence(people)
    quiet = view_of(scenario(typed_api(), rented(), work=workload(requests(500))))
    assert "to earn its price it takes" in present_hybrid.hybrid_sentence(quiet)
    two = view_of(scenario(typed_api(), rented(), work=workload(requests(50), requests(50, 9, class_id="b"))))
    assert "of tokens a month and cost" in present_hybrid.hybrid_sentence(two)


def test_notes_say_assumed_or_typed_spare_private_and_cascade() -> None:
    typed = " ".join(present_hybrid.notes(view_of(mixed(PEOPLE, private=True))))
    assert "come from the hourly profile" in typed
    assert "The per-token option is the spare" in typed
    assert "never overflows" in typed
    assert "cascade" in typed
    assumed = " ".join(present_hybrid.notes(view_of(scenario(typed_api(), rented(), work=workload(requests(500))))))
    assert "ASSUMED" in assumed
    assert "No spare" in assumed


def test_metrics_never_invent_a_number() -> None:
    private = {m.label: m for m in present_hybrid.hybrid_metrics(view_of(mixed(PEOPLE, private=True)))}
    assert private["Against all per token"].value == "\N{EN DASH}"
    nothing = {m.label: m for m in present_hybrid.hybrid_metrics(view_of(mixed(PEOPLE)))}
    assert nothing["Own part"].value == "none"
    assert nothing["Capacity factor"].value == "\N{EN DASH}"
    assert nothing["Against all per token"].value == "the same"


def test_slices_and_classes_as_tables() -> None:
    view = view_of(mixed(Operations(setup_hours=0, fte_fraction=0)))
    table = present_hybrid.slice_rows(view)
    assert [row[-1] for row in table.rows] == ["owned", "owned", *["left to the API"] * 3]
    assert [row[-1] for row in present_hybrid.slice_rows(view_of(mixed(PEOPLE))).rows][:2] == [
        "earns its price, not the people"
    ] * 2
    large = view_of(scenario(typed_api(), rented("0.5"), work=workload(requests(86_400 * 5), peak_to_mean=1.5)))
    rows = present_hybrid.slice_rows(large).rows
    assert rows[-1][0] == f"and {len(large.slices) - len(rows) + 1} more"
    fast = rented(throughput=output_rate(100), spare_replicas=0)
    order = scenario(
        typed_api(token_price("1", "20")),
        fast,
        work=workload(requests(50, 900, 10, class_id="cheap"), requests(50, 10, 900, class_id="dear")),
    )
    merit = present_hybrid.merit_rows(view_of(order))
    values = [float(cell(merit, str(k), "Per token")) for k in (1, 2)]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("missing", ["own", "api", "both"])
def test_nothing_to_combine_says_the_way_out(missing: str) -> None:
    api = listed("nobody", "nothing", option_id="api") if missing in ("api", "both") else typed_api()
    own = rented(gpu_id="no-such-gpu") if missing in ("own", "both") else rented()
    found = parts(result_of(scenario(api, own)))
    text = present_hybrid.nothing_to_combine(found)
    assert {"own": "no self-hosted", "api": "no per-token", "both": "Neither"}[missing] in text
    assert present_hybrid.nothing_to_combine(Parts((("a", "A"),), (("b", "B"),))) == ""
