"""API-6: provisioned throughput units. Sized by the peak minute, billed every hour, used or not."""

from __future__ import annotations

import numpy as np

from planner.units import FloatArray, ceil_tol


def equivalent_tokens_per_minute(
    requests_per_min: FloatArray | float,
    fresh_tokens: FloatArray | float,
    cached_tokens: FloatArray | float,
    generated_tokens: FloatArray | float,
    *,
    output_weight: float,
    cached_weight: float = 0.0,
) -> FloatArray:
    """API-6: E = RPM x (fresh + w_c x cached + w x generated), in fresh input tokens a minute; broadcasts.

    The default deducts cached tokens in full. Tokens are per request; `generated_tokens` holds reasoning tokens too.
    """
    per_request = fresh_tokens + cached_weight * cached_tokens + output_weight * generated_tokens
    return np.asarray(requests_per_min * per_request, dtype=np.float64)


def provisioned_units(
    equivalent_tpm: FloatArray | float, *, tokens_per_minute_per_unit: float, min_units: int, unit_increment: int
) -> FloatArray:
    """API-6: max(u_min, inc x ceil(E / (cap x inc))), whole units; the minimum also without demand."""
    steps = ceil_tol(equivalent_tpm / (tokens_per_minute_per_unit * unit_increment))
    return np.maximum(min_units, unit_increment * steps)


def provisioned_usd_per_month(
    units: FloatArray | float, usd_per_unit_hour: FloatArray | float, hours: FloatArray | float
) -> FloatArray:
    """API-6: units x USD per unit-hour x the calendar's hours of the month; broadcasts."""
    return np.asarray(units * usd_per_unit_hour * hours, dtype=np.float64)


def break_even_requests_per_month(fixed_usd_per_month: float, usd_per_request: float) -> float | None:
    """API-6 and BE-1: requests a month at which paying per token costs the same; None when a request is free.

    Says nothing of capacity: the units may not be able to serve that many.
    """
    return fixed_usd_per_month / usd_per_request if usd_per_request > 0 else None
