"""Days and months of a rollup (UTC), and how much of each month it covers."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from planner.units import SECONDS_PER_DAY, SECONDS_PER_HOUR, FloatArray
from planner.workload.rollup import IntArray, Rollup
from planner.workload.usage_rows import US_PER_MINUTE, US_PER_S

US_PER_DAY = SECONDS_PER_DAY * US_PER_S
SNAP_US = SECONDS_PER_HOUR * US_PER_S
"""A log that begins or ends within an hour of midnight is taken to begin or end there."""
EPOCH = dt.date(1970, 1, 1)


class Month(NamedTuple):
    """A calendar month, UTC, and the days of it that a log covers."""

    name: str
    """YYYY-MM."""
    first_on: dt.date
    days: float
    """Covered by the log, fractions included."""
    days_in_month: int

    @property
    def share(self) -> float:
        """Part of the month that is covered."""
        return self.days / self.days_in_month


@dataclass(frozen=True)
class LogTime:
    """When the rows of a rollup are: `day_of` and `month_of` have shape (rows,) and count from the first."""

    first_on: dt.date
    last_on: dt.date
    day_of: IntArray
    month_of: IntArray
    months: tuple[Month, ...]
    window_us: tuple[int, int]
    """Start and end of what the log covers."""

    @property
    def days(self) -> float:
        """Days covered."""
        return sum(month.days for month in self.months)

    def day_shares(self) -> FloatArray:
        """Share of each day that is covered, shape (days,), from the first day of the log to its last."""
        starts = _midnight(self.first_on) + np.arange((self.last_on - self.first_on).days + 1) * US_PER_DAY
        covered = np.minimum(starts + US_PER_DAY, self.window_us[1]) - np.maximum(starts, self.window_us[0])
        return np.asarray(np.maximum(covered, 0) / US_PER_DAY)


Covers = tuple[dt.date, dt.date]
"""First and last whole day that an export is of."""


def log_time(rollup: Rollup, covers: Covers | None = None) -> LogTime:
    """Days and months of a log that has rows. Covered is the time from its first minute to the end of its last.

    `covers` says it better, when it is known: the export may be of whole days on which nothing happened.
    """
    day = rollup.minute_us // US_PER_DAY
    window = _window(rollup, covers)
    first = min(int(day[0]), window[0] // US_PER_DAY)
    last = max(int(day[-1]), (window[1] - 1) // US_PER_DAY)
    first_on, last_on = EPOCH + dt.timedelta(first), EPOCH + dt.timedelta(last)
    day_of = day - first
    months = _months(first_on, last_on, window)
    starts = np.array([(month.first_on - first_on).days for month in months])
    month_of_day = np.searchsorted(starts, np.arange(last - first + 1), side="right") - 1
    return LogTime(first_on, last_on, day_of, month_of_day[day_of], months, window)


def _window(rollup: Rollup, covers: Covers | None) -> tuple[int, int]:
    """Start and end in microseconds; every row lies inside."""
    start = int(rollup.minute_us[0])
    end = int((rollup.minute_us + np.maximum(rollup.bucket_s * US_PER_S, US_PER_MINUTE)).max())
    if covers is not None:
        return min(start, _midnight(covers[0])), max(end, _midnight(covers[1] + dt.timedelta(days=1)))
    early, late = start % US_PER_DAY, -end % US_PER_DAY
    return start - early if early <= SNAP_US else start, end + late if late <= SNAP_US else end


def _months(first_on: dt.date, last_on: dt.date, window: tuple[int, int]) -> tuple[Month, ...]:
    found = []
    start = first_on.replace(day=1)
    while start <= last_on:
        length = calendar.monthrange(start.year, start.month)[1]
        end = start + dt.timedelta(days=length)
        covered = min(window[1], _midnight(end)) - max(window[0], _midnight(start))
        found.append(Month(f"{start:%Y-%m}", start, max(covered, 0) / US_PER_DAY, length))
        start = end
    return tuple(found)


def _midnight(day: dt.date) -> int:
    return (day - EPOCH).days * US_PER_DAY
