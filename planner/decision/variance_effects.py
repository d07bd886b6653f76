"""A difference of cost between plan and actual, taken apart into volume, mix and price."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from planner.decision.shares import cents, dollars
from planner.decision.variance_values import ClassEffects, Effects
from planner.units import FloatArray


class Cells(NamedTuple):
    """Plan and actual of some days; cells have shape (classes, kinds)."""

    plan_tokens: FloatArray
    actual_tokens: FloatArray
    price: FloatArray | None
    """USD per token as planned; None when the plan has none by kind."""
    plan_usd: float
    actual_usd: FloatArray | None
    """By class; None when the cost is of the month alone."""
    cost: float | None
    """All of it; None when it is not known."""


class Parts(NamedTuple):
    """Effects by class, shape (classes,)."""

    volume: FloatArray
    mix: FloatArray
    flexible: FloatArray
    """What the actual tokens would have cost at the plan's prices."""


def parts_of(cells: Cells) -> Parts:
    """Volume and mix by class. Without a planned token all of it is volume; without prices by kind there is no mix."""
    plan, actual = float(cells.plan_tokens.sum()), float(cells.actual_tokens.sum())
    if cells.price is None:
        mean = cells.plan_usd / plan if plan else 0.0
        flexible = cells.actual_tokens.sum(axis=1) * mean
        return Parts(flexible - cells.plan_tokens.sum(axis=1) * mean, np.zeros_like(flexible), flexible)
    planned = (cells.plan_tokens * cells.price).sum(axis=1)
    flexible = (cells.actual_tokens * cells.price).sum(axis=1)
    if not plan or not actual:
        return Parts(flexible - planned, np.zeros_like(flexible), flexible)
    volume = (actual / plan - 1) * planned
    return Parts(volume, flexible - planned - volume, flexible)


def effects_of(cells: Cells, parts: Parts, cost: float) -> Effects:
    """To the cent; what rounding leaves over is a part of its own. Planned cost without tokens is a price effect."""
    volume, mix = float(parts.volume.sum()), float(parts.mix.sum())
    total = cents(cost) - cents(cells.plan_usd)
    rounded = [cents(volume), cents(mix), cents(cost - cells.plan_usd - volume - mix)]
    return Effects(
        total_usd=dollars(total),
        volume_usd=dollars(rounded[0]),
        mix_usd=dollars(rounded[1]),
        price_usd=dollars(rounded[2]),
        rounding_usd=dollars(total - sum(rounded)),
    )


def class_effects(month: str, labels: Iterable[str], cells: Cells, parts: Parts) -> Iterator[ClassEffects]:
    """The effects class by class, not rounded; their sums are the month's."""
    planned = parts.flexible - parts.volume - parts.mix
    for place, label in enumerate(labels):
        usd = None if cells.actual_usd is None or cells.cost is None else float(cells.actual_usd[place])
        yield ClassEffects(
            month=month,
            label=label,
            plan_tokens=float(cells.plan_tokens[place].sum()),
            actual_tokens=float(cells.actual_tokens[place].sum()),
            plan_usd=float(planned[place]),
            actual_usd=usd,
            volume_usd=float(parts.volume[place]),
            mix_usd=float(parts.mix[place]),
            price_usd=None if usd is None else usd - float(parts.flexible[place]),
        )


def summed(found: Iterable[Effects]) -> Effects | None:
    """Month after month added up, each column on its own: still exact. None when there is no month."""
    every = list(found)
    if not every:
        return None
    names = Effects.model_fields
    return Effects.model_validate({name: sum((getattr(e, name) for e in every), Decimal(0)) for name in names})
