"""RNT-2: reserved GPUs. Cheaper by the hour, and paid in every month of the term, idle or not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.units import FloatArray


def reserved_usd_per_month(
    replicas: FloatArray | float,
    gpus_per_replica: int,
    usd_per_gpu_hour: FloatArray | float,
    discount_fraction: FloatArray | float,
    hours: FloatArray | float,
) -> FloatArray:
    """RNT-2: n G p (1 - d) H in every month of the term; `usd_per_gpu_hour` is on demand; broadcasts."""
    contracted_usd_per_gpu_hour = usd_per_gpu_hour * (1 - discount_fraction)
    return np.asarray(replicas * gpus_per_replica * contracted_usd_per_gpu_hour * hours, dtype=np.float64)


def reservation_worth(
    hours_at_or_above: FloatArray, discount_fraction: FloatArray | float, hours: FloatArray | float
) -> NDArray[np.bool_]:
    """RNT-2: reserve level j iff hours(load >= j) > (1 - d) H; a tie stays on demand. Shape (levels,)."""
    return np.asarray(hours_at_or_above > (1 - discount_fraction) * hours)


def liability_usd(term_months: int, horizon_months: int, usd_per_month: FloatArray | float) -> FloatArray:
    """RNT-2: still owed after the horizon, to the end of the current term; shape of `usd_per_month`.

    Terms renew back to back until they cover the horizon. `usd_per_month` is the monthly part, without the upfront.
    """
    return np.asarray(-horizon_months % term_months * usd_per_month, dtype=np.float64)


def upfront_and_monthly(
    total_term_usd: FloatArray | float, upfront_fraction: FloatArray | float, term_months: int
) -> tuple[FloatArray, FloatArray]:
    """RNT-2: USD at the start of each term and USD in each of its months; they add up to the term; broadcasts."""
    upfront = np.asarray(total_term_usd * upfront_fraction, dtype=np.float64)
    return upfront, (total_term_usd - upfront) / term_months
