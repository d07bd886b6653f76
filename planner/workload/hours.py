"""Demand of each whole hour that a log covers, and the hours by load."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from planner.domain.usage import LoadPoint
from planner.units import SECONDS_PER_HOUR, FloatArray
from planner.workload.log import Log
from planner.workload.profile import HOURS_PER_WEEK, load_duration
from planner.workload.rollup import IntArray
from planner.workload.usage_rows import US_PER_S

US_PER_HOUR = SECONDS_PER_HOUR * US_PER_S
EPOCH_HOUR = 72
"""1970-01-01 was a Thursday: its first hour is hour 72 of a week that starts on Monday."""
MOST_POINTS = 200


@dataclass(frozen=True)
class Hours:
    """Whole hours of a log, in order of time, without a gap: an hour without demand is 0."""

    first: int
    """Hours since 1970 of the first."""
    loads: FloatArray
    """Demand of each, shape (hours,)."""

    @property
    def size(self) -> int:
        """Whole hours."""
        return int(self.loads.size)

    @cached_property
    def to_mean(self) -> FloatArray:
        """Demand over the mean hour; shape (hours,). There must be some demand."""
        return np.asarray(self.loads / self.loads.mean())

    @property
    def peak_to_mean(self) -> float:
        """Busiest over mean hour."""
        return float(self.loads.max() * self.size / self.loads.sum())

    @cached_property
    def of_week(self) -> IntArray:
        """Hour of the week of each, Monday 00:00 UTC first."""
        return np.asarray((self.first + EPOCH_HOUR + np.arange(self.size)) % HOURS_PER_WEEK, dtype=np.int64)


def whole_hours(log: Log) -> Hours | None:
    """Hours that the log covers whole; None when its buckets are too long, or when there is no demand in any.

    A bucket counts in the hour it starts in. A log of requests covers its first and last hour when what is missing is
    no longer than the log's slack.
    """
    if log.demand is None or not log.fits(SECONDS_PER_HOUR):
        return None
    first = max(-((log.slack_us - log.start_us) // US_PER_HOUR), log.start_us // US_PER_HOUR)
    after = min((log.end_us + log.slack_us) // US_PER_HOUR, log.end_us // US_PER_HOUR + 1)
    if after <= first:
        return None
    place = log.figures.rollup.minute_us // US_PER_HOUR - first
    inside = (place >= 0) & (place < after - first)
    loads = np.asarray(np.bincount(place[inside], log.load[inside], after - first), dtype=np.float64)
    return Hours(first, loads) if loads.any() else None


def load_curve(hours: Hours) -> tuple[LoadPoint, ...]:
    """Load-duration curve: hours by load, highest first, at most 200 points under which the area is kept (1).

    A longer log keeps its busiest and its quietest hour; those between are averaged in groups of equal length.
    """
    levels, _ = load_duration(hours.to_mean)
    if hours.size <= MOST_POINTS:
        shares = np.arange(1, hours.size + 1) / hours.size
        return _points(levels, shares)
    middle = equal_groups(levels[1:-1], MOST_POINTS - 2)
    shares = np.concatenate([[1.0], 1 + (hours.size - 2) * np.arange(1, MOST_POINTS - 1) / (MOST_POINTS - 2)])
    return _points(np.concatenate([levels[:1], middle, levels[-1:]]), np.append(shares / hours.size, 1.0))


def _points(levels: FloatArray, shares: FloatArray) -> tuple[LoadPoint, ...]:
    return tuple(
        LoadPoint(load_to_mean=max(level, 0.0), hours_fraction=min(share, 1.0))
        for level, share in zip(levels.tolist(), shares.tolist(), strict=True)
    )


def equal_groups(levels: FloatArray, groups: int) -> FloatArray:
    """Means of `groups` parts of equal length of a step function with steps of length 1; shape (groups,)."""
    area = np.concatenate([[0.0], np.cumsum(levels)])
    edges = np.linspace(0, levels.size, groups + 1)
    return np.asarray(np.diff(np.interp(edges, np.arange(levels.size + 1), area)) * groups / levels.size)
