"""HYB-1 to HYB-5: own machines for the base of the load, the API for the rest.

A load of 1 is what one replica may serve (offered load over allowed utilisation); prices per replica-hour are of that.
Dollars are per period of the load profile: the sum of its hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.capacity.fleet import fleet_replicas
from planner.units import FloatArray, ceil_tol

_NOISE = 1e-9


class Fleet(NamedTuple):
    """Replicas to own, and what the period costs with them."""

    replicas: int
    usd: float


class Cheapest(NamedTuple):
    """HYB-1: the technology that is cheapest for a slice used between `from_hours` and `to_hours`."""

    technology: int
    from_hours: float
    to_hours: float


def slice_hours(load_replicas: FloatArray, hours: FloatArray, slices: int) -> FloatArray:
    """HYB-1: E_j = sum over h of hours x clamp(a(h) - (j - 1), 0, 1), the work of replica j = 1..slices.

    Load S + (periods,), hours (periods,), result S + (slices,): replica-hours, never rising with j.
    """
    above = np.asarray(load_replicas)[..., np.newaxis, :] - np.arange(slices)[:, np.newaxis]
    return np.asarray(np.sum(np.clip(above, 0, 1) * hours, axis=-1))


def threshold_hours(
    replica_usd: float, *, variable_usd_per_replica_hour: float, overflow_usd_per_replica_hour: float
) -> float | None:
    """HYB-1: f / (q - v), the hours of use above which a replica is worth owning; None when the API costs no more."""
    saving = overflow_usd_per_replica_hour - variable_usd_per_replica_hour
    return replica_usd / saving if saving > 0 else None


def optimal_slices(slice_hours: FloatArray, threshold_hours: float | None) -> int:
    """HYB-1: n* = number of slices used more than the threshold; ties go to the API, no threshold to none."""
    if threshold_hours is None:
        return 0
    return int(np.sum(slice_hours > threshold_hours * (1 + _NOISE)))


def hybrid_usd(
    slice_hours: FloatArray,
    *,
    replica_usd: ArrayLike,
    variable_usd_per_replica_hour: ArrayLike,
    overflow_usd_per_replica_hour: ArrayLike,
    fixed_usd: ArrayLike = 0.0,
    availability: ArrayLike = 1.0,
) -> FloatArray:
    """HYB-1: F [n > 0] + n f + v A sum of E_j up to n + q x the rest, for n = 0..J; S + (J,) -> S + (J + 1,).

    The slices must reach the peak of the load: J >= max a(h). `availability` A is the share of its hours that a replica
    is up; the API stands in for the others. Prices and A are of shape S.
    """
    fixed, own, variable, overflow, up = (
        np.asarray(value, dtype=np.float64)[..., np.newaxis]
        for value in (
            fixed_usd,
            replica_usd,
            variable_usd_per_replica_hour,
            overflow_usd_per_replica_hour,
            availability,
        )
    )
    replicas = np.arange(slice_hours.shape[-1] + 1)
    none = np.zeros_like(slice_hours[..., :1])
    served = up * np.cumsum(np.concatenate([none, slice_hours], axis=-1), axis=-1)
    rest = np.sum(slice_hours, axis=-1, keepdims=True) - served
    return np.asarray(fixed * (replicas > 0) + own * replicas + variable * served + overflow * rest)


def best_fleet(costs_usd: FloatArray, minimum: int = 0) -> Fleet:
    """HYB-1: the cheapest n >= minimum of (J + 1,) costs for n = 0..J, J >= minimum; ties go to the smaller fleet."""
    lowest = float(np.min(costs_usd[minimum:]))
    replicas = minimum + int(np.argmax(costs_usd[minimum:] <= lowest + _NOISE * abs(lowest)))
    return Fleet(replicas, float(costs_usd[replicas]))


def private_minimum(max_private_load: float, allowed_utilisation: float, spare: int) -> int:
    """HYB-3: replicas that work which may not leave the house needs, ceil(max load / eta) + spare; 0 without any."""
    return int(fleet_replicas(max_private_load / allowed_utilisation, min_replicas=0, spare_replicas=spare))


def merit_order(
    load_by_class: FloatArray,
    value_usd_per_replica_hour: FloatArray,
    capacity_replicas: FloatArray | float,
    private: NDArray[np.bool_],
) -> FloatArray:
    """HYB-2: what own machines serve of each class in each hour, private ones first, then the highest value.

    Load and result (classes, hours), value and `private` (classes,), capacity a number or (hours,). The value of a
    class is its API price less its variable cost; work of no value goes to the API, private work never does.
    """
    order = np.lexsort((-value_usd_per_replica_hour, ~private))
    wanted = np.where(private | (value_usd_per_replica_hour > 0), load_by_class.T, 0.0).T[order]
    taken = np.cumsum(wanted, axis=0) - wanted
    served = np.empty_like(wanted)
    served[order] = np.clip(capacity_replicas - taken, 0.0, wanted)
    return served


class MeritCosts(NamedTuple):
    """Prices of HYB-2: per replica and period, and per replica-hour of each class, (classes,).

    A private class has no API price; 0 stands for it and is never paid.
    """

    replica_usd: float
    api_usd_per_replica_hour: FloatArray
    variable_usd_per_replica_hour: FloatArray
    private: NDArray[np.bool_]
    fixed_usd: float = 0.0


def merit_order_usd(replicas: int, load_by_class: FloatArray, hours: FloatArray, costs: MeritCosts) -> float:
    """HYB-2: F [n > 0] + n f + variable cost of what own machines serve + API price of the rest; hours (hours,)."""
    value = costs.api_usd_per_replica_hour - costs.variable_usd_per_replica_hour
    served = merit_order(load_by_class, value, float(replicas), costs.private)
    own_hours, api_hours = served @ hours, (load_by_class - served) @ hours
    fleet_usd = costs.fixed_usd * (replicas > 0) + costs.replica_usd * replicas
    work_usd = own_hours @ costs.variable_usd_per_replica_hour + api_hours @ costs.api_usd_per_replica_hour
    return float(fleet_usd + work_usd)


def best_merit_fleet(load_by_class: FloatArray, hours: FloatArray, costs: MeritCosts, minimum: int = 0) -> Fleet:
    """HYB-2: the cheapest n >= minimum, which holds the private load (HYB-3). Ties go to the smaller fleet.

    Exact: from n = 1 on the cost is convex, so it is followed until it stops falling; n = 0, which alone saves the
    fixed cost, is compared apart.
    """

    def at(replicas: int) -> Fleet:
        return Fleet(replicas, merit_order_usd(replicas, load_by_class, hours, costs))

    start = at(minimum)
    best = at(max(minimum, 1))
    for replicas in range(best.replicas + 1, int(ceil_tol(np.max(np.sum(load_by_class, axis=0)))) + 1):
        larger = at(replicas)
        if not _cheaper(larger, best):
            break
        best = larger
    return best if _cheaper(best, start) else start


def _cheaper(one: Fleet, other: Fleet) -> bool:
    return other.usd - one.usd > _NOISE * abs(other.usd)


def cascade_usd(own_usd: ArrayLike, api_usd: ArrayLike, escalated_fraction: ArrayLike) -> FloatArray:
    """HYB-5: own + e x api, per request when the own model tries first and passes the share e on; broadcasts."""
    return np.asarray(np.asarray(own_usd) + np.asarray(escalated_fraction) * np.asarray(api_usd))


def cascade_break_even(own_usd: float, api_usd: float) -> float | None:
    """HYB-5: 1 - own / api, the escalated share below which trying the own model first pays; None when none is."""
    return 1 - own_usd / api_usd if api_usd > max(own_usd, 0) else None


def usd_per_success(usd: float, success_fraction: float) -> float | None:
    """HYB-5: cost / success rate, when failures are tried again; None when nothing succeeds."""
    return usd / success_fraction if success_fraction > 0 else None


def screening(technologies: Sequence[tuple[float, float]], hours: float) -> list[Cheapest]:
    """HYB-1: lower envelope of fixed + variable x hours of use over 0..hours, from few hours of use to many.

    Each technology is (fixed USD per replica, variable USD per replica-hour). Ties go to the lower fixed cost.
    """
    envelope: list[Cheapest] = []
    start, current = 0.0, min(range(len(technologies)), key=lambda t: technologies[t])
    while start < hours:
        fixed, variable = technologies[current]
        crossings = [((f - fixed) / (variable - v), v, t) for t, (f, v) in enumerate(technologies) if v < variable]
        end, _, following = min(crossings, default=(hours, variable, current))
        envelope.append(Cheapest(current, start, min(end, hours)))
        start, current = end, following
    return envelope
