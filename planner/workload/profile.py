"""How demand moves over the hours: weights with mean 1, last axis. An hour of weight 2 is twice as busy as the mean."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from planner.units import HOURS_PER_DAY, FloatArray

DAYS_PER_WEEK = 7
HOURS_PER_WEEK = DAYS_PER_WEEK * HOURS_PER_DAY
BUSIEST_HOUR = 14
WEEKEND_PENALTY_HOURS = 6
"""A weekend hour ranks with the weekday hour that is six hours further from the busiest one."""
_BISECTIONS = 100


def normalised(weights: ArrayLike) -> FloatArray:
    """Weights of any unit (say, requests in each hour) scaled to mean 1; same shape. They must not all be 0."""
    array = np.asarray(weights, dtype=np.float64)
    return np.asarray(array / np.mean(array, axis=-1, keepdims=True))


def generated_profile(peak_to_mean: float) -> FloatArray:
    """CAP-2: an ASSUMED week, for when only the peak is known: hourly weights, mean 1, maximum `peak_to_mean` (>= 1).

    Sorted, the weights are `peak_to_mean` x ((N - i) / N)^a, i = 0..N-1, with the exponent a that makes their mean 1.
    In time, the heaviest fall on weekdays around 14:00, the lightest on weekend nights; hour 0 is Monday 00:00.
    Shape (168,); above a peak of 84 as many whole weeks as hold twice the peak in hours, so that one hour can bear it.
    """
    weeks = int(np.ceil(max(2 * peak_to_mean / HOURS_PER_WEEK, 1)))
    sorted_weights = _falling_weights(peak_to_mean, weeks * HOURS_PER_WEEK)
    profile = np.empty_like(sorted_weights)
    profile[_hours_by_priority(sorted_weights.size)] = sorted_weights
    return profile


def _falling_weights(peak_to_mean: float, hours: int) -> FloatArray:
    rank = (hours - np.arange(hours, dtype=np.float64)) / hours
    low, high = 0.0, float(hours)
    for _ in range(_BISECTIONS):
        exponent = (low + high) / 2
        too_busy = peak_to_mean * np.mean(rank**exponent) > 1
        low, high = (exponent, high) if too_busy else (low, exponent)
    return np.asarray(peak_to_mean * rank**high)


def _hours_by_priority(hours: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Hours of the period, busiest first: by distance from 14:00, weekends later, then in order of time."""
    hour = np.arange(hours)
    distance = np.abs(hour % HOURS_PER_DAY - BUSIEST_HOUR)
    weekend = hour // HOURS_PER_DAY % DAYS_PER_WEEK >= DAYS_PER_WEEK - 2
    around = np.minimum(distance, HOURS_PER_DAY - distance)
    return np.argsort(around + WEEKEND_PENALTY_HOURS * weekend, kind="stable")


def load_duration(loads: FloatArray, hours: FloatArray | None = None) -> tuple[FloatArray, FloatArray]:
    """HYB-1: load-duration curve of (periods,): levels, highest first, and the hours at that level or above.

    `hours` is the length of each period, one hour when not given.
    """
    order = np.argsort(-np.asarray(loads), kind="stable")
    lengths = np.ones_like(loads, dtype=np.float64) if hours is None else np.asarray(hours)
    return np.asarray(loads)[order], np.asarray(np.cumsum(lengths[order]))
