"""SCA-1, SCA-2 and BAT-1: fleets that follow the hours of a period, and work that waits for idle capacity.

A load profile has its hours on the last axis and repeats: the hour after the last is the first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.capacity.fleet import fleet_replicas
from planner.units import CALENDARS, MONTHS_PER_YEAR, FloatArray, ceil_tol

MINUTES_PER_HOUR = 60
WEEKS_PER_YEAR = 52


class BatchFill(NamedTuple):
    """Deferrable work per period, in replica-hours: done by idle replicas, and left over."""

    in_house: FloatArray
    rest: FloatArray


def autoscaled_replica_hours(
    load_replicas: FloatArray, hours: FloatArray, *, allowed_utilisation: float = 1.0, min_replicas: int = 0
) -> float:
    """Sum over periods of hours x max(min, ceil(load / utilisation)); both arrays have shape (periods,)."""
    replicas = np.maximum(ceil_tol(np.asarray(load_replicas) / allowed_utilisation), min_replicas)
    return float(np.sum(replicas * np.asarray(hours)))


def autoscaled_replicas(
    load_replicas: FloatArray,
    *,
    allowed_utilisation: FloatArray | float,
    min_replicas: int,
    max_replicas: int | None = None,
    step: int = 1,
    lead_hours: int = 0,
    spare: int = 0,
) -> FloatArray:
    """SCA-1: n(h) = clamp(step x ceil(max(a(h..h + lead)) / (eta step)), min, max), shape of the load.

    The fleet of CAP-5 hour by hour: spares stand beside serving replicas only, the sum is rounded up to the rentable
    step. `max_replicas` (a quota) holds for spares too; load above it is not served. `allowed_utilisation` broadcasts.
    """
    ahead = np.asarray(load_replicas, dtype=np.float64)
    for hours in range(1, min(lead_hours, ahead.shape[-1] - 1) + 1):
        ahead = np.maximum(ahead, np.roll(load_replicas, -hours, axis=-1))
    fleet = fleet_replicas(
        ahead / allowed_utilisation, min_replicas=min_replicas, spare_replicas=spare, replica_step=step
    )
    return fleet if max_replicas is None else np.minimum(fleet, max_replicas)


def scale_ups(replicas: FloatArray) -> FloatArray:
    """SCA-1: replicas started per period, the sum of all increases from hour to hour; S + (hours,) -> S."""
    return np.asarray(np.sum(np.maximum(replicas - np.roll(replicas, 1, axis=-1), 0), axis=-1))


def cold_start_replica_hours(scale_ups: float, cold_start_minutes: float) -> float:
    """Replica-hours paid while starting, not serving."""
    return scale_ups * cold_start_minutes / MINUTES_PER_HOUR


def scheduled_hours(days_per_week: float, hours_per_day: float, hours_per_month: float) -> float:
    """SCA-2: hours a month of a weekly schedule, days x hours x 52 / 12 of the average month; 260 for 5 x 12.

    A month of `hours_per_month` (CAL-1) holds the same share of it.
    """
    average = days_per_week * hours_per_day * WEEKS_PER_YEAR / MONTHS_PER_YEAR
    return average * hours_per_month / CALENDARS["avg"].hours_per_month


def batch_fill(
    load_replicas: FloatArray,
    replicas: FloatArray,
    batch_replica_hours: FloatArray | float,
    *,
    allowed_utilisation: FloatArray | float,
) -> BatchFill:
    """BAT-1: deferrable work B fits the idle hours S = sum of max(0, n(h) eta - a(h)): min(B, S) in house, B - S left.

    Load and replicas are S + (hours,), the work is S in replica-hours per period.
    """
    idle = np.sum(np.maximum(replicas * allowed_utilisation - load_replicas, 0.0), axis=-1)
    in_house = np.minimum(batch_replica_hours, idle)
    return BatchFill(np.asarray(in_house), np.asarray(batch_replica_hours - in_house))
