"""The week as the log saw it, and the week to plan with: the same order of hours, at the levels of the whole log."""

from __future__ import annotations

import numpy as np

from planner.units import HOURS_PER_DAY, FloatArray, ceil_tol
from planner.workload.hours import Hours, equal_groups
from planner.workload.profile import HOURS_PER_WEEK

FEWEST_HOURS = HOURS_PER_DAY
"""Whole hours that a log needs before it says anything of the day."""
NEARLY_A_WEEK = HOURS_PER_WEEK - HOURS_PER_DAY // 2
"""Hours of the week seen from which a log counts as a week: one that starts and ends inside an hour misses some."""
MOST_DAYS = 366
TIE_DIGITS = 9
"""Hours that differ by less are equally busy: they stay in the order of time."""

Week = tuple[float | None, ...]


def week(hours: Hours) -> tuple[Week, tuple[int, ...]]:
    """Mean demand of each hour of the week over the mean hour, and how often it was seen; None for one not seen."""
    if hours.size < FEWEST_HOURS:
        return (), ()
    seen = np.bincount(hours.of_week, minlength=HOURS_PER_WEEK)
    sums = np.bincount(hours.of_week, weights=hours.to_mean, minlength=HOURS_PER_WEEK)
    means = (total / n if n else None for total, n in zip(sums.tolist(), seen.tolist(), strict=True))
    return tuple(means), tuple(seen.tolist())


def planning_week(hours: Hours) -> tuple[float, ...]:
    """168 hours (24 of a log of one to seven days) of mean 1 whose maximum is the busiest hour over the mean hour.

    The order of hours is that of the week. The levels are those of the load-duration curve of all hours, in groups of
    equal length; the busiest group is the busiest hour itself, and the others are scaled down to keep the mean. When
    that hour outweighs half the period, as many periods as hold twice its weight. Empty for a log of less than a day.
    """
    order = _order(hours)
    if order is None:
        return ()
    periods = max(1, int(ceil_tol(2 * hours.peak_to_mean / order.size)))
    if periods * order.size > MOST_DAYS * HOURS_PER_DAY:
        return ()
    levels = _levels(hours, periods * order.size)
    places = np.argsort(-np.tile(np.round(order, TIE_DIGITS), periods), kind="stable")
    shaped = np.empty_like(levels)
    shaped[places] = levels
    return tuple(shaped.tolist())


def _order(hours: Hours) -> FloatArray | None:
    """What hours are ranked by: the measured week, or day; an hour of the week not seen as that hour of other days."""
    if hours.size < FEWEST_HOURS:
        return None
    day = _means(hours.of_week % HOURS_PER_DAY, hours.to_mean, HOURS_PER_DAY)
    seen = np.bincount(hours.of_week, minlength=HOURS_PER_WEEK)
    if np.count_nonzero(seen) < NEARLY_A_WEEK:
        return day
    found = _means(hours.of_week, hours.to_mean, HOURS_PER_WEEK)
    return np.where(seen > 0, found, np.tile(day, HOURS_PER_WEEK // HOURS_PER_DAY))


def _means(place: np.ndarray[tuple[int], np.dtype[np.int64]], loads: FloatArray, size: int) -> FloatArray:
    return np.bincount(place, weights=loads, minlength=size) / np.maximum(np.bincount(place, minlength=size), 1)


def _levels(hours: Hours, groups: int) -> FloatArray:
    """Levels of the hours in `groups` groups, highest first: mean 1, the first is the busiest hour."""
    levels = equal_groups(-np.sort(-hours.to_mean), groups)
    peak, rest = hours.peak_to_mean, levels[1:]
    levels[1:] = np.minimum(rest * (groups - peak) / rest.sum(), peak)
    levels[0] = peak
    return levels
