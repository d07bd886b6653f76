"""TIME-1 to TIME-5 and BE-4: volumes and prices by month, discounting, payback. Months are the last axis.

Months are m = 1..M, bills fall due at month end and one-off sums at month 0. Any other axes (draws, options) lead.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from planner.domain.timeline import GrowthShape
from planner.units import MONTHS_PER_YEAR, FloatArray

IRR_LIMITS = (-0.99, 100.0)
"""Yearly rates between which an internal rate of return is looked for."""
_IRR_POINTS = 4001
_BISECTIONS = 60
_NOISE = 1e-9


class Payback(NamedTuple):
    """BE-4: the first month that is paid back, and the first from which it stays so; None when there is none."""

    first: int | None
    permanent: int | None


def _trailing(value: ArrayLike) -> FloatArray:
    """A parameter with an empty axis for the months: S -> S + (1,)."""
    return np.asarray(value, dtype=np.float64)[..., np.newaxis]


def month_index(months: int) -> FloatArray:
    """Months 1..M, shape (M,)."""
    return np.arange(1, months + 1, dtype=np.float64)


def monthly_rate(annual_rate: ArrayLike) -> FloatArray:
    """TIME-4: i = (1 + r)^(1/12) - 1, a fraction a month; r > -1, any shape."""
    return np.asarray(np.expm1(np.log1p(np.asarray(annual_rate, dtype=np.float64)) / MONTHS_PER_YEAR))


def volume_path(
    shape: GrowthShape,
    months: int,
    *,
    per_month: ArrayLike = 0.0,
    ceiling: ArrayLike = 1.0,
    steepness: ArrayLike = 0.0,
    midpoint_month: ArrayLike = 1.0,
    launch_month: ArrayLike = 1,
    before: ArrayLike = 0.0,
) -> FloatArray:
    """TIME-1: volume of each month as a multiple of the volume typed; shape of the parameters in use + (M,).

    `linear`: 1 + s (m - 1), never below 0, and `compound`: (1 + g)^(m - 1), with s or g = `per_month`.
    `s_curve`: `ceiling` / (1 + exp(-`steepness` (m - `midpoint_month`))), so `ceiling` is the multiple reached in the
    end and month 1 is not 1 but where the curve starts. `launch`: `before` until `launch_month`, 1 from then on.
    """
    m = month_index(months)
    match shape:
        case "constant":
            return np.ones_like(m)
        case "linear":
            return np.maximum(1 + _trailing(per_month) * (m - 1), 0.0)
        case "compound":
            return np.asarray((1 + _trailing(per_month)) ** (m - 1))
        case "s_curve":
            slope = _trailing(steepness) * (m - _trailing(midpoint_month))
            return np.asarray(_trailing(ceiling) * (1 + np.tanh(slope / 2)) / 2)
        case "launch":
            return np.where(m < _trailing(launch_month), _trailing(before), 1.0)


def price_path(annual_decline: ArrayLike, months: int) -> FloatArray:
    """TIME-2: (1 - decline)^((m - 1) / 12), the price of month m over that of month 1; S -> S + (M,).

    `annual_decline` is a fraction a year, at most 1; negative when the price rises.
    """
    return np.asarray((1 - _trailing(annual_decline)) ** ((month_index(months) - 1) / MONTHS_PER_YEAR))


def efficiency_path(gain_per_refresh: ArrayLike, refresh_months: int, months: int) -> FloatArray:
    """TIME-3: throughput over that of month 1, (1 + gain)^(refreshes so far); S -> S + (M,).

    The model is replaced every `refresh_months` months: with 12, first for month 13.
    """
    return np.asarray((1 + _trailing(gain_per_refresh)) ** ((month_index(months) - 1) // refresh_months))


def discount_factors(annual_rate: ArrayLike, months: int) -> FloatArray:
    """TIME-4: (1 + i)^-m, today's value of a dollar at the end of month m; S -> S + (M,). TIME-5: all 1 at rate 0."""
    return np.asarray((1 + _trailing(annual_rate)) ** (-month_index(months) / MONTHS_PER_YEAR))


def npv_usd(one_off_usd: ArrayLike, monthly_usd: ArrayLike, annual_rate: ArrayLike) -> FloatArray:
    """TIME-4: one-off + sum of C_m / (1 + i)^m in today's dollars; `monthly_usd` is S + (M,), the result S."""
    monthly = np.asarray(monthly_usd, dtype=np.float64)
    return np.asarray(one_off_usd + np.sum(monthly * discount_factors(annual_rate, monthly.shape[-1]), axis=-1))


def cumulative_saving(
    one_off_api_usd: ArrayLike, monthly_api_usd: ArrayLike, one_off_self_usd: ArrayLike, monthly_self_usd: ArrayLike
) -> FloatArray:
    """BE-4: dollars saved by self-hosting up to and including month 0..M, not discounted; S + (M,) -> S + (M + 1,)."""
    monthly = np.asarray(monthly_api_usd, dtype=np.float64) - np.asarray(monthly_self_usd)
    start = _trailing(one_off_api_usd) - _trailing(one_off_self_usd)
    lead = np.broadcast_shapes(start.shape[:-1], monthly.shape[:-1])
    flows = [np.broadcast_to(part, (*lead, part.shape[-1])) for part in (start, monthly)]
    return np.asarray(np.cumsum(np.concatenate(flows, axis=-1), axis=-1))


def payback_months(cumulative_usd: FloatArray) -> Payback:
    """BE-4: first month m >= 1 with a cumulative saving >= 0, and first m from which it stays so to the horizon.

    `cumulative_usd` is (M + 1,), starting at month 0; float noise below zero counts as zero.
    """
    behind = cumulative_usd < -_NOISE * np.max(np.abs(cumulative_usd))
    repaid = np.flatnonzero(~behind[1:]) + 1
    permanent = max(int(np.max(np.flatnonzero(behind), initial=-1)) + 1, 1)
    return Payback(int(repaid[0]) if repaid.size else None, permanent if permanent < behind.size else None)


def cheaper_months(api_usd: FloatArray, self_usd: FloatArray) -> list[int]:
    """BE-4: months 1..M in which self-hosting costs less than the API, both (M,); ties go to the API."""
    noise = _NOISE * np.maximum(np.abs(api_usd), np.abs(self_usd))
    return [int(m) for m in np.flatnonzero(api_usd - self_usd > noise) + 1]


def irr_per_year(cash_flows_usd: FloatArray) -> list[float]:
    """All yearly rates, ascending, at which the flows of months 0..M have an NPV of 0 (TIME-4); [] when none.

    Flows that change sign more than once may have several rates, or none. Rates inside IRR_LIMITS are found by a scan
    for sign changes, then bisection; two rates closer than 0.3 % of (1 + rate) may be missed together.
    """
    flows = np.asarray(cash_flows_usd, dtype=np.float64)
    years = np.arange(flows.size) / MONTHS_PER_YEAR

    def npv(log_growth: FloatArray) -> FloatArray:
        return np.asarray(np.exp(-np.outer(log_growth, years)) @ flows)

    grid = np.linspace(math.log1p(IRR_LIMITS[0]), math.log1p(IRR_LIMITS[1]), _IRR_POINTS)
    gains = npv(grid) >= 0
    crossing = np.flatnonzero(gains[:-1] != gains[1:])
    low, high = grid[crossing], grid[crossing + 1]
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        left = (npv(middle) >= 0) == gains[crossing]
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return [float(rate) for rate in np.expm1((low + high) / 2)]
