"""TIME-6: in which month to leave the API."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from planner.cost.timeline import discount_factors
from planner.units import FloatArray

_NOISE = 1e-9


class Switch(NamedTuple):
    """First month on own machines, None for never, and what the horizon costs then."""

    month: int | None
    npv_usd: float


def switch_costs(
    api_monthly_usd: FloatArray,
    self_monthly_usd: FloatArray,
    *,
    setup_api_usd: float,
    setup_self_usd: float,
    annual_rate: ArrayLike,
) -> FloatArray:
    """TIME-6: NPV of the API for months m < k and own machines from k on, k = 1..M, then never; (M,) -> (M + 1,).

    The own setup is paid at the end of month k - 1, the API's at month 0 unless k = 1. Any other axes lead.
    """
    months = api_monthly_usd.shape[-1]
    factors = discount_factors(annual_rate, months)
    api, own = api_monthly_usd * factors, self_monthly_usd * factors
    before = np.cumsum(api, axis=-1) - api
    after = np.cumsum(own[..., ::-1], axis=-1)[..., ::-1]
    paid_at = np.concatenate([np.ones_like(factors[..., :1]), factors[..., :-1]], axis=-1)
    switched = before + after + setup_self_usd * paid_at + setup_api_usd * (np.arange(months) > 0)
    never = np.sum(api, axis=-1, keepdims=True) + setup_api_usd
    return np.concatenate([switched, never], axis=-1)


def best_switch(costs_usd: FloatArray) -> Switch:
    """TIME-6: the cheapest switch of (M + 1,) costs; ties go to the API, so to never, then to the later month."""
    lowest = float(np.min(costs_usd))
    index = int(np.flatnonzero(costs_usd <= lowest + _NOISE * abs(lowest))[-1])
    return Switch(None if index == costs_usd.size - 1 else index + 1, float(costs_usd[index]))
