"""Dated rows of one thing through time: from which day a row counts, and which one is in force on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TypeVar

from planner.catalog.rows import Row
from planner.domain.base import as_of_date

R = TypeVar("R", bound=Row)


def starts_on(row: Row) -> dt.date:
    """First day of a row's figure: the day it is in force from, or else the day it was seen."""
    from_day = getattr(row, "effective_from", None)
    return from_day if isinstance(from_day, dt.date) else _seen_on(row)


def order(row: Row) -> tuple[dt.date, dt.date]:
    """Rows of one thing sort by the day they start, then by the day they were seen."""
    return starts_on(row), _seen_on(row)


def in_force(rows: Iterable[R], on: dt.date) -> R | None:
    """Of the rows of one thing the newest that has begun on `on`, of two alike the later line; None: there is none.

    A newer row ends an older one for good: when the newer one is over, nothing is in force.
    """
    begun = [row for row in rows if starts_on(row) <= on]
    if not begun:
        return None
    newest = max(reversed(begun), key=order)  # max() keeps the first of equals
    last_day = getattr(newest, "effective_to", None)
    return None if last_day is not None and last_day < on else newest


def _seen_on(row: Row) -> dt.date:
    seen = getattr(row, "as_of", None)
    return as_of_date(seen) if seen else dt.date.min
