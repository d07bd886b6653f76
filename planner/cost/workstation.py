"""WKS-1: models on developers' own machines. One each, nothing is pooled; slower answers cost waiting time."""

from __future__ import annotations

import numpy as np

from planner.units import SECONDS_PER_HOUR, FloatArray, ceil_tol


def workstations(developers: FloatArray | float, load: FloatArray | float) -> FloatArray:
    """WKS-1: max(developers, ceil(load)), `load` in machines kept busy; broadcasts."""
    return np.maximum(developers, ceil_tol(load))


def workstation_usd_per_month(
    count: FloatArray | float,
    annuity_usd_per_month: FloatArray | float,
    allocated_fraction: FloatArray | float,
    kw: FloatArray | float,
    used_hours: FloatArray | float,
    usd_per_kwh: FloatArray | float,
    support_usd_per_month: FloatArray | float,
) -> FloatArray:
    """WKS-1: count x (share of the annuity + energy of the used hours + support); all but `count` per machine.

    `allocated_fraction` is 0 for machines that exist anyway. `used_hours` are hours of serving a month; broadcasts.
    """
    capital = allocated_fraction * annuity_usd_per_month
    energy = kw * used_hours * usd_per_kwh
    return np.asarray(count * (capital + energy + support_usd_per_month), dtype=np.float64)


def waiting_usd_per_month(
    requests_per_month: FloatArray | float, extra_seconds: FloatArray | float, staff_usd_per_hour: FloatArray | float
) -> FloatArray:
    """WKS-1: staff time spent on waiting `extra_seconds` longer per request; broadcasts."""
    return np.asarray(requests_per_month * extra_seconds / SECONDS_PER_HOUR * staff_usd_per_hour, dtype=np.float64)
