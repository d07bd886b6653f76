"""Whole cents shared out by weight: the parts add up to the sum, and no part is a cent off its exact share."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from planner.units import money

CENTS = 100


def shared_cents(total: int, weights: Mapping[str, float]) -> dict[str, int]:
    """`total` by largest remainder; of equal remainders the first name wins, so that the order of entries is nothing.

    Weights are 0 or more, and one is above 0 unless there is nothing to share; else ValueError.
    """
    exact = {name: Fraction(weight) for name, weight in weights.items()}
    whole = sum(exact.values(), Fraction(0))
    if total < 0 or any(weight < 0 for weight in exact.values()):
        raise ValueError("neither a sum to be shared nor a weight may be below 0")
    if not total:
        return dict.fromkeys(exact, 0)
    if not whole:
        raise ValueError("there is nobody to share it out to: all weights are 0")
    quotas = {name: total * weight / whole for name, weight in exact.items()}
    found = {name: int(quota) for name, quota in quotas.items()}
    left = total - sum(found.values())
    for name in sorted(quotas, key=lambda key: (found[key] - quotas[key], key))[:left]:
        found[name] += 1
    return found


def cents(usd: float | Decimal) -> int:
    """Dollars in whole cents, rounded once."""
    return int(money(usd) * CENTS)


def dollars(whole_cents: int) -> Decimal:
    """Cents as dollars, exact."""
    return Decimal(whole_cents).scaleb(-2)
