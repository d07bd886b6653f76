"""RNT-3: spot GPUs as a renewal process: up for 1 / rate hours, then out, while a fallback serves."""

from __future__ import annotations

import numpy as np

from planner.units import FloatArray


def interruptions_per_hour(monthly_share: FloatArray | float, hours_per_month: float) -> FloatArray:
    """RNT-3: -ln(1 - x) / H, for the share x (0 to below 1) of instances interrupted within a month; shape of x."""
    return np.asarray(-np.log1p(-np.asarray(monthly_share, dtype=np.float64)) / hours_per_month)


def spot_usd_per_hour(
    spot_usd_per_hour: FloatArray | float,
    fallback_usd_per_hour: FloatArray | float,
    interruptions_per_hour: FloatArray | float,
    outage_hours: FloatArray | float,
    paid_hours: FloatArray | float,
) -> FloatArray:
    """RNT-3: [p_s (1 + l t_paid) + p_fb l t_out] / (1 + l t_out), USD per hour of the clock; broadcasts.

    `paid_hours` of each outage are billed at the spot price. A fallback of 0 means that work waits: then divide by
    `spot_availability` to get USD per hour of work.
    """
    spot = spot_usd_per_hour * (1 + interruptions_per_hour * paid_hours)
    fallback = fallback_usd_per_hour * interruptions_per_hour * outage_hours
    return (spot + fallback) * spot_availability(interruptions_per_hour, outage_hours)


def spot_availability(interruptions_per_hour: FloatArray | float, outage_hours: FloatArray | float) -> FloatArray:
    """RNT-3: A = 1 / (1 + l t_out), the share of hours that one replica is up; broadcasts."""
    return np.asarray(1 / (1 + interruptions_per_hour * outage_hours), dtype=np.float64)


def break_even_interruptions_per_hour(
    spot_usd_per_hour: float,
    on_demand_usd_per_hour: float,
    outage_hours: float,
    paid_hours: float,
    fallback_usd_per_hour: float | None = None,
) -> float | None:
    """RNT-3: spot is cheaper below this rate, (p_od - p_s) / (p_s t_paid + (p_fb - p_od) t_out).

    The fallback is on demand unless given. 0 when spot is not cheaper even undisturbed, None when it always is.
    """
    fallback = on_demand_usd_per_hour if fallback_usd_per_hour is None else fallback_usd_per_hour
    saving = on_demand_usd_per_hour - spot_usd_per_hour
    if saving <= 0:
        return 0.0
    loss = spot_usd_per_hour * paid_hours + (fallback - on_demand_usd_per_hour) * outage_hours
    return saving / loss if loss > 0 else None
