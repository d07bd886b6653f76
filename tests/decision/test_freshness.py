"""The age of a figure: the same day count and the same words in tables, notes and confidence."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from planner.cli.text import answer_text
from planner.decision import present
from planner.decision.evaluate import decide, evaluate
from planner.decision.present_currency import currency_sentence
from planner.decision.resolve import resolve
from planner.domain.currency import DisplayCurrency
from planner.domain.evidence import Evidence, Provenance
from planner.domain.freshness import age_days, age_text, alerts, is_stale, price_age_warnings
from planner.domain.options import TypedTokenPrice
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from tests.builders import ON, catalog, changed, rented, scenario, typed_api

EUR = DisplayCurrency(code="EUR", units_per_usd=Decimal("0.895095"), as_of="2026-10-30", source="ECB")


@pytest.mark.parametrize(
    ("as_of", "days", "stale", "text"),
    [
        ("2026-11-21", 0, False, "0 days"),
        ("2026-11-20", 1, False, "1 day"),
        ("2026-08-23", 90, False, "90 days"),
        ("2026-08-22", 91, True, "91 days, older than 90 days"),
        ("2026-11", 20, False, "20 days"),  # from the first day of the month
        ("2026", 324, True, "324 days, older than 90 days"),  # 365 days less the 41 after 21 November, from day 1
        ("2026-11-24", -3, False, "3 days later"),
        ("", None, False, "undated"),
    ],
)
def test_age_is_counted_in_days_from_the_first_day_that_a_date_can_mean(
    as_of: str, days: int | None, stale: bool, text: str
) -> None:
    assert (age_days(as_of, ON), is_stale(as_of, ON), age_text(as_of, ON)) == (days, stale, text)


def figure(as_of: str, unit: str = "USD per 1M tokens", label: str = "input") -> Evidence:
    return Evidence(label=label, value="3", unit=unit, origin="published", source="price page", as_of=as_of)


def test_an_option_tells_of_its_oldest_price_and_of_nothing_else() -> None:
    old, older = figure("2026-06-01"), figure("2026-05-01", label="output")
    measured = figure("2024-01-01", unit="output tokens/s")
    assert price_age_warnings([old, measured, older], ON) == (
        "Its price of 2026-05-01 is older than 90 days (204 days): output.",
    )
    assert price_age_warnings([measured, figure(""), figure("2026-11-01")], ON) == ()


def test_what_is_old_or_taken_away_belongs_beside_the_option() -> None:
    gone = "Model x is retired on 2026-12-31 by its provider."
    soon = "Model y retires on 2027-03-01."
    old = "Its price of 2026-05-01 is older than 90 days (204 days): output."
    assert alerts(["Its latency is not checked.", gone, soon, old]) == (gone, soon, old)


def priced_on(as_of: str) -> Scenario:
    price = TypedTokenPrice(
        input_usd_per_mtok=Decimal(3), output_usd_per_mtok=Decimal(15), provenance=Provenance(as_of=as_of)
    )
    return scenario(changed(typed_api(), price=price), rented())


def answered(as_of: str) -> tuple[Scenario, Result]:
    return priced_on(as_of), evaluate(priced_on(as_of), catalog(), ON)


def test_an_old_price_is_marked_in_the_table_of_options_in_the_notes_and_in_the_confidence() -> None:
    asked, result = answered("2026-08-22")
    told = "Its price of 2026-08-22 is older than 90 days (91 days): "
    api = result.options[0]
    assert any(warning.startswith(told) for warning in api.warnings)
    assert told in present.why(asked, result, api)
    assert told in " ".join(" ".join(row) for row in present.note_rows(result).rows)
    assert "2 prices older than 90 days, the oldest of 2026-08-22." in result.verdict.confidence_reasons
    assert "91 days, older than 90 days" in " ".join(answer_text(asked, result).split())


def test_a_price_of_90_days_is_marked_nowhere() -> None:
    _, result = answered("2026-08-23")
    texts = [*result.verdict.confidence_reasons, *(w for o in result.options for w in o.warnings)]
    ages = {row[0]: row[6] for row in present.evidence_rows(result).rows if row[2] == "USD per 1M tokens"}
    assert set(ages.values()) == {"90 days"}
    assert not any("older than" in text for text in texts)


def test_the_age_is_that_of_the_day_of_the_prices_whenever_it_is_read() -> None:
    asked = priced_on("2026-08-01")
    facts = resolve(asked, catalog(), ON)
    rows = present.evidence_rows(decide(asked, facts)).rows
    assert rows[0][5:7] == ("2026-08-01", "112 days, older than 90 days")
    later = changed(facts, on=ON + dt.timedelta(days=10))
    assert present.evidence_rows(decide(asked, later)).rows[0][6] == "122 days, older than 90 days"


def test_every_figure_has_an_origin_and_an_age_or_says_that_it_is_undated() -> None:
    table = present.evidence_rows(answered("")[1])
    origin, age = table.heads.index("Origin"), table.heads.index("Age")
    assert all(row[origin] and row[age] for row in table.rows)
    assert "undated" in {row[age] for row in table.rows}


def test_a_figure_of_the_catalog_names_its_row() -> None:
    table = present.evidence_rows(answered("")[1])
    rows = {row[table.heads.index("Row")] for row in table.rows}
    assert any(name.startswith("gpus/") for name in rows)
    assert "" in rows  # typed in


@pytest.mark.parametrize(
    ("on", "more"),
    [
        (dt.date(2026, 11, 2), ""),
        (ON, " The rate is 22 days older than the prices."),
        (dt.date(2027, 3, 1), " The rate is 122 days older than the prices, older than 90 days."),
        (dt.date(2026, 1, 1), " The rate is 302 days newer than the prices."),
    ],
)
def test_the_currency_is_told_with_its_rate_its_day_and_its_age(on: dt.date, more: str) -> None:
    told = "Shown in EUR at 0.895095 EUR per USD (ECB, 2026-10-30); computed in USD."
    assert currency_sentence(EUR, on) == told + more
    assert currency_sentence(None, on) == ""
