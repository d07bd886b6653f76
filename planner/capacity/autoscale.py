"""SCA-1: replica-hours when the fleet follows an hourly load, and what cold starts add."""

from __future__ import annotations

import numpy as np

from planner.units import FloatArray, ceil_tol

MINUTES_PER_HOUR = 60


def autoscaled_replica_hours(
    load_replicas: FloatArray, hours: FloatArray, *, allowed_utilisation: float = 1.0, min_replicas: int = 0
) -> float:
    """Sum over periods of hours x max(min, ceil(load / utilisation)); both arrays have shape (periods,)."""
    replicas = np.maximum(ceil_tol(np.asarray(load_replicas) / allowed_utilisation), min_replicas)
    return float(np.sum(replicas * np.asarray(hours)))


def cold_start_replica_hours(scale_ups: float, cold_start_minutes: float) -> float:
    """Replica-hours paid while starting, not serving."""
    return scale_ups * cold_start_minutes / MINUTES_PER_HOUR
