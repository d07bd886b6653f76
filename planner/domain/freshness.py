"""How old a figure is, and what is said of it: one definition for tables, notes, badges and confidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from planner.domain.base import as_of_date
from planner.domain.evidence import Evidence
from planner.format import plural

STALE_DAYS = 90
"""Prices change within a quarter: an older one is marked."""
OLD = f"older than {STALE_DAYS} days"
"""The words of the badge."""
UNDATED = "undated"
RETIREMENT = ("retired on", "retires on")
"""How a warning about a retired model says it."""


def age_days(as_of: str, on: dt.date) -> int | None:
    """Days from the date of a figure to a day, below 0 when it is later; None when undated."""
    return (on - as_of_date(as_of)).days if as_of else None


def is_stale(as_of: str, on: dt.date) -> bool:
    """Whether a figure is older than 90 days on a day; an undated one is not known to be."""
    age = age_days(as_of, on)
    return age is not None and age > STALE_DAYS


def age_text(as_of: str, on: dt.date) -> str:
    """`12 days`, `204 days, older than 90 days`, `undated`, `3 days later`."""
    age = age_days(as_of, on)
    if age is None:
        return UNDATED
    if age < 0:
        return f"{plural(-age, 'day')} later"
    return f"{plural(age, 'day')}, {OLD}" if age > STALE_DAYS else plural(age, "day")


def prices_in(evidence: Iterable[Evidence]) -> list[Evidence]:
    """The prices among figures; specifications and measurements do not age so."""
    return [item for item in evidence if item.unit.startswith("USD")]


def price_age_warnings(evidence: Iterable[Evidence], on: dt.date) -> tuple[str, ...]:
    """A sentence about the oldest price of an option when it is older than 90 days."""
    old = [item for item in prices_in(evidence) if is_stale(item.as_of, on)]
    if not old:
        return ()
    oldest = min(old, key=lambda item: as_of_date(item.as_of))
    days = plural((on - as_of_date(oldest.as_of)).days, "day")
    return (f"Its price of {oldest.as_of} is {OLD} ({days}): {oldest.label}.",)


def alerts(warnings: Iterable[str]) -> tuple[str, ...]:
    """Warnings that belong beside the option wherever it is shown: old prices, and models that are taken away."""
    return tuple(text for text in warnings if OLD in text or any(words in text for words in RETIREMENT))
