"""Random cost curves, and what they cost worked out plainly, one volume at a time."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from planner.decision.piecewise import Curve
from planner.units import FloatArray
from tests.plain_curves import LineCurve, ProvisionedCurve, StairCurve, TierCurve

whole = st.integers


@st.composite
def grown(draw: st.DrawFn) -> StairCurve:
    months = draw(whole(1, 6))
    growth = draw(st.sampled_from([1.0, 1.06, 1.3, 0.9])) ** np.arange(months)
    growth[: draw(whole(0, 1)) if months > 1 else 0] = 0  # before launch
    kappa = 10 * draw(st.sampled_from([1.0, 1.1])) ** np.arange(months)
    return StairCurve(
        unit=draw(whole(1, 100)),
        need=growth / kappa,
        weights=np.power(draw(st.sampled_from([1.0, 0.99])), np.arange(months)),
        min_replicas=draw(whole(0, 4)),
        spare_replicas=draw(whole(0, 2)),
        replica_step=draw(st.sampled_from([1, 1, 2, 4])),
        fixed=draw(whole(0, 300)),
    )


@st.composite
def tiered(draw: st.DrawFn) -> TierCurve:
    tiers = draw(whole(1, 4))
    months = draw(whole(1, 4))
    return TierCurve(
        above=np.array([0.0, *np.cumsum(draw(st.lists(whole(1, 60), min_size=tiers - 1, max_size=tiers - 1)))]),
        rates=np.array(draw(st.lists(whole(0, 20), min_size=tiers, max_size=tiers)), dtype=np.float64),
        growth=np.power(draw(st.sampled_from([1.0, 1.25])), np.arange(months)),
        weights=np.power(draw(st.sampled_from([1.0, 0.97])), np.arange(months)),
        slab=draw(st.booleans()),
        commitment_usd=draw(st.sampled_from([0, 0, 100, 500])),
        discount_fraction=draw(st.sampled_from([0, 0.2])),
        fixed=draw(whole(0, 100)),
    )


@st.composite
def provisioned(draw: st.DrawFn) -> ProvisionedCurve:
    months = draw(whole(1, 4))
    need = draw(st.sampled_from([1.0, 1.1])) ** np.arange(months) / draw(whole(1, 8))
    return ProvisionedCurve(
        draw(whole(1, 50)), need, np.ones(months), draw(whole(1, 15)), draw(whole(1, 5)), draw(whole(0, 50))
    )


@st.composite
def straight(draw: st.DrawFn) -> LineCurve:
    return LineCurve(draw(whole(0, 300)), draw(whole(0, 40)) + draw(st.sampled_from([0, 0.37])))


CURVES = st.one_of(straight(), grown(), tiered(), provisioned())


def stair_usd(curve: StairCurve, x: float) -> float:
    total: float = curve.fixed + curve.slope * x
    for need, weight in zip(curve.need.tolist(), curve.weights.tolist(), strict=True):
        serving = max(math.ceil(x * need), curve.min_replicas)
        steps = math.ceil((serving + curve.spare_replicas) / curve.replica_step) if serving else 0
        total += weight * curve.unit * steps * curve.replica_step
    return total


def provisioned_usd(curve: ProvisionedCurve, x: float) -> float:
    total: float = curve.fixed
    for need, weight in zip(curve.need.tolist(), curve.weights.tolist(), strict=True):
        total += weight * curve.unit * max(curve.min_units, curve.increment * math.ceil(x * need / curve.increment))
    return total


def tier_usd(curve: TierCurve, x: float) -> float:
    total: float = curve.fixed
    tops: list[float] = [*curve.above[1:].tolist(), math.inf]
    for growth, weight in zip(curve.growth.tolist(), curve.weights.tolist(), strict=True):
        volume = x * growth
        parts = list(zip(curve.above.tolist(), tops, curve.rates.tolist(), strict=True))
        if curve.slab:
            at_list = next(rate for _, top, rate in parts if volume <= top) * volume
        else:
            at_list = sum(rate * max(min(volume, top) - low, 0) for low, top, rate in parts)
        total += weight * max(curve.commitment_usd, (1 - curve.discount_fraction) * at_list)
    return total


def plain_usd(curve: Curve, x: FloatArray) -> FloatArray:
    """Cost without the functions under test, one volume at a time."""
    cost: Callable[[float], float]
    match curve:
        case StairCurve():
            cost = lambda v: stair_usd(curve, v)  # noqa: E731
        case ProvisionedCurve():
            cost = lambda v: provisioned_usd(curve, v)  # noqa: E731
        case TierCurve():
            cost = lambda v: tier_usd(curve, v)  # noqa: E731
        case _:
            cost = lambda v: curve.fixed + curve.slope * v  # type: ignore[attr-defined]  # noqa: E731
    return np.array([cost(v) for v in x.tolist()])


def jumps(curve: Curve, end: float) -> list[float]:
    """Where the curve may jump, from its definition."""
    match curve:
        case StairCurve() | ProvisionedCurve():
            return [j / n for n in curve.need.tolist() if n > 0 for j in range(1, min(int(end * n) + 1, 400))]
        case TierCurve():
            return [a / g for a in curve.above[1:].tolist() for g in curve.growth.tolist()]
    return []


def tried(other: Curve, own: Curve, end: float) -> FloatArray:
    """A grid, and both sides of every jump, none of them on one."""
    edges = np.array([*jumps(other, end), *jumps(own, end)])
    x = np.concatenate([np.linspace(0, end, 301)[1:], edges * (1 - 1e-6), edges * (1 + 1e-6)])
    apart = np.abs(x[:, None] - edges[None, :]) > 1e-7 * x[:, None]
    return np.asarray(x[np.all(apart, axis=1) & (x <= end)], dtype=np.float64)
