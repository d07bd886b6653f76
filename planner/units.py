"""Constants and conversions. Imports nothing of the project.

One meaning for each unit: M tokens are 10**6, GB are 10**9 bytes, GiB are 2**30 bytes, and a month is what the
scenario's calendar switch says (economics CAL-1).
"""

from __future__ import annotations

import calendar
import datetime as dt
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MTOK = 1_000_000
GIB_BYTES = 2**30
GB_BYTES = 10**9
MIB_PER_GIB = 1024
HOURS_PER_DAY = 24
SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86_400
MONTHS_PER_YEAR = 12
CEIL_TOLERANCE = 1e-9

_WIDE = Context(prec=400)
"""Enough digits to round any float."""

CalendarName = Literal["avg", "30d"]


class Calendar(NamedTuple):
    """How long a month is: hours paid for and days of demand, always from the same switch."""

    hours_per_month: float
    days_per_month: float


CALENDARS: dict[CalendarName, Calendar] = {"avg": Calendar(730.0, 365 / 12), "30d": Calendar(720.0, 30.0)}


def ceil_tol(value: FloatArray | float) -> FloatArray:
    """CAP-0: the next whole number, forgiving float noise (2.1 / 0.3 is 7, not 8). Any shape in, same shape out."""
    x = np.asarray(value, dtype=np.float64)
    slack = np.minimum(np.maximum(np.abs(x), 1.0) * CEIL_TOLERANCE, 0.5)
    return np.asarray(np.ceil(x - slack) + 0.0)


def round_half_up(value: float | Decimal, places: int) -> Decimal:
    """One decimal rounding for everything that leaves the model: half up, from the shortest decimal of the float."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_WIDE)


def round_significant(value: float | Decimal, digits: int) -> Decimal:
    """Round half up to `digits` significant digits; 0 stays 0."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    if exact == 0:
        return Decimal(0)
    return round_half_up(exact, digits - 1 - exact.adjusted())


def money(value: float | Decimal) -> Decimal:
    """US dollars to the cent, rounded once."""
    return round_half_up(value, 2)


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day `months` later, or the last day of a shorter month."""
    years, month0 = divmod(day.month - 1 + months, MONTHS_PER_YEAR)
    year, month = day.year + years, month0 + 1
    return dt.date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
