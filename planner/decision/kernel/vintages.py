"""RNT-2 and OWN-1: units that, once taken, are paid for a whole term at the price of the day they were taken."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.units import FloatArray


class Vintages(NamedTuple):
    """Unit-months to pay, at the price factor of their start."""

    upfront: FloatArray
    """Before the first month, shape S."""
    monthly: FloatArray
    """In every month, S + (M or 1,)."""


def vintages(
    units: FloatArray, price: FloatArray, months: int, term_months: int, *, upfront_fraction: float = 0.0, liable: bool
) -> Vintages:
    """Units S + (M or 1,) at prices S + (M or 1,): renewed at each term's end and never given back within the horizon,
    but for terms of one month, which follow the need.

    `upfront_fraction` of a term is paid when it starts. `liable`: what is left of the last terms is paid in month M.
    """
    if term_months == 1 and not upfront_fraction:
        return Vintages(np.zeros(()), units * price)
    left_over = -months % term_months if liable else 0
    if units.shape[-1] == 1 and price.shape[-1] == 1 and not left_over and not upfront_fraction:
        return Vintages(np.zeros(()), units * price)
    begun = _terms_begun(units, months, term_months) * price
    monthly = _running(begun, term_months)
    if liable:
        remaining = np.maximum(np.arange(months) + term_months - months, 0)
        monthly[..., -1] += np.sum(begun * remaining, axis=-1)
    if not upfront_fraction:
        return Vintages(np.zeros(()), monthly)
    paid = begun * (term_months * upfront_fraction)
    monthly *= 1 - upfront_fraction
    monthly[..., :-1] += paid[..., 1:]  # a later term is paid at the end of the month before it starts
    return Vintages(paid[..., 0], monthly)


def _terms_begun(units: FloatArray, months: int, term_months: int) -> FloatArray:
    """Terms that start in each month: of units added in it, and of those renewed; S + (M,)."""
    held = np.maximum.accumulate(np.broadcast_to(units, (*units.shape[:-1], months)), axis=-1)
    begun = np.diff(held, axis=-1, prepend=0.0)
    for month in range(term_months, months):
        begun[..., month] += begun[..., month - term_months]
    return begun


def _running(begun: FloatArray, term_months: int) -> FloatArray:
    """Sum over the terms that run in each month: those begun in it and in the `term_months` - 1 before."""
    total = np.cumsum(begun, axis=-1)
    running = total.copy()
    running[..., term_months:] -= total[..., :-term_months]
    return running
