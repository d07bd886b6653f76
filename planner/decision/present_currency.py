"""The currency that amounts are shown in, in words: rate, day and source, once on every page and report."""

from __future__ import annotations

import datetime as dt

from planner.domain.currency import DisplayCurrency
from planner.domain.freshness import OLD, age_days, is_stale
from planner.format import DOLLAR, plural

SAME_WEEK_DAYS = 7
"""A rate that is older than this on the day of the prices says so."""


def currency_sentence(currency: DisplayCurrency | None, on: dt.date) -> str:
    """What amounts are shown in and at which rate; empty when they are shown in US dollars."""
    if currency is None:
        return ""
    told = f"Shown in {currency.code} at {currency.rate_text} ({currency.source}, {currency.as_of})"
    return f"{told}; computed in {DOLLAR}.{_age(currency, on)}"


def _age(currency: DisplayCurrency, on: dt.date) -> str:
    age = age_days(currency.as_of, on) or 0
    if abs(age) <= SAME_WEEK_DAYS:
        return ""
    side, badge = ("older" if age > 0 else "newer"), f", {OLD}" if is_stale(currency.as_of, on) else ""
    return f" The rate is {plural(abs(age), 'day')} {side} than the prices{badge}."
