"""CAP-12: the largest rate that one replica holds within a latency target, and the replicas for a peak.

`max_rate` sizes thousands of deployments on the closed form of CAP-11; `exact_rate` sizes the one that is shown, on any
T(N), with its whole operating point (CAP-10). On a straight line the two agree. Arrivals are random (Poisson) around
the rate of the busiest minutes: size for that rate, not for the daily mean.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from planner.capacity.availability import region_replicas
from planner.capacity.fleet import fleet_replicas
from planner.capacity.negative_binomial import Law, law_of, misses
from planner.capacity.queue import (
    MS_PER_S,
    ChainLaw,
    Operating,
    ServiceTable,
    Target,
    at_rate,
    stationary,
    table_of,
)
from planner.capacity.service_curve import ServiceCurve
from planner.units import FloatArray

Limit = Literal["tpot", "ttft", "impossible"]
_NOISE = 1e-15
_LEAST_MISS = 1e-300
_EDGE = 1e-6
_FLAT = 1e-9
_STEPS = 60
_PRECISION = 1e-5
_HALVINGS = 50


def max_rate(curve: ServiceCurve, target: Target) -> FloatArray:
    """CAP-12: most requests/s of one replica within the target, for every deployment at once; 0 where impossible.

    The share of requests that miss the target rises with the rate, so the rate where it reaches 1 - quantile is found
    by secant steps inside a bracket, from the normal approximation of the law. Fields broadcast to shape (n,).
    """
    law = law_of(curve, target)
    shape = law.most.shape
    law = Law(*(np.atleast_1d(field).ravel() for field in law))
    able = (law.most >= 1) & (law.tpot_cap >= 1) & (law.ttft_cap >= 1)
    rate = np.zeros(able.shape)
    if np.any(able):
        rate[able] = _solve(Law(*(field[able] for field in law)))
    return rate.reshape(shape)


def _solve(law: Law) -> FloatArray:
    """Rates where `misses` is 1 of the allowed share: secant in probit(miss) inside a bracket, open rows only."""
    goal, capacity = ndtri(law.miss), law.most / (law.a + law.b * law.most)
    rate, spread = _start(law, goal)
    rate = np.clip(rate, _EDGE * capacity, (1 - _EDGE) * capacity)
    low, high, slope = np.zeros_like(rate), capacity, 1 / spread
    was, before = rate, np.full_like(rate, np.nan)
    found, open_rows = rate.copy(), np.arange(len(rate))
    for _ in range(_STEPS):
        value = ndtri(np.clip(misses(rate, law), _LEAST_MISS, 1 - _NOISE)) - goal
        low, high = np.where(value <= 0, rate, low), np.where(value > 0, rate, high)
        moved = rate != was
        secant = (value - before) / np.where(moved, rate - was, 1.0)
        slope = np.where(moved & (secant > 0), secant, slope)
        step = rate - value / slope
        step = np.where((step > low) & (step < high), step, (low + high) / 2)
        found[open_rows] = np.minimum(step, rate)
        more = np.abs(step - rate) > _PRECISION * rate
        if not np.any(more):
            break
        was, before, rate = rate[more], value[more], step[more]
        low, high, slope, goal, open_rows = low[more], high[more], slope[more], goal[more], open_rows[more]
        law = Law(*(field[more] for field in law))
    return found


def _start(law: Law, goal: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A first rate, and how far a change of 1 in probit(miss) moves it, from the normal law of NB's mean and variance.

    N + z sqrt(N (1 + N / r)) = cap is a quadratic in N; the rate of a mean N is N / (a + b (N + 1)). Where only the
    queue can miss, a rate at which even a certain wait is short enough is the better start.
    """
    cap = np.minimum(np.minimum(law.tpot_cap, law.ttft_cap), law.most)
    z, r = -goal, law.a / np.maximum(law.b, _FLAT * law.a) + 1
    curvature, linear = 1 - z * z / r, 2 * cap + z * z
    root = np.sqrt(np.maximum(linear * linear - 4 * curvature * cap * cap, 0))
    mean = np.maximum(2 * cap * cap / np.maximum(linear + root, 1e-12), 1e-3)
    whole = law.a + law.b * (mean + 1)
    capacity = law.most / (law.a + law.b * law.most)
    queue_only = (np.minimum(law.tpot_cap, law.ttft_cap) >= law.most) & (law.budget > 0)
    safe = capacity + np.log(law.miss) / np.where(queue_only, law.budget, 1.0)
    rate = np.where(queue_only, np.maximum(mean / whole, safe), mean / whole)
    return rate, np.sqrt(mean * (1 + mean / r)) * (law.a + law.b) / (whole * whole)


class Sized(NamedTuple):
    """One replica at its largest rate within the target, and what limits it there.

    `limit` names the target that binds (TTFT binds through the queue when every slot is busy). When it is "impossible"
    the rate is 0, `operating` is that of an idle replica and `best` says what can be reached.
    """

    rate_per_s: float
    limit: Limit
    operating: Operating
    best: str


def exact_rate(server: ServiceCurve | ServiceTable, target: Target) -> Sized:
    """CAP-12 on any T(N), numbers only: halving on the chain of CAP-10, with the operating point at the rate found."""
    table = server if isinstance(server, ServiceTable) else table_of(server)
    low, high = 0.0, table.capacity_per_s
    best = best_reachable(table, target)
    if best:
        return Sized(0.0, "impossible", at_rate(table, 0.0, target), best)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if max(chain_misses(table, middle, target)) <= 1 else (low, middle)
    tpot, ttft = chain_misses(table, high, target)
    return Sized(low, "tpot" if tpot >= ttft else "ttft", at_rate(table, low, target), "")


def chain_misses(table: ServiceTable, rate_per_s: float, target: Target) -> tuple[float, float]:
    """Shares that miss TPOT (of requests in service) and TTFT (of arrivals), each over the allowed share."""
    law = stationary(min(rate_per_s, table.capacity_per_s * (1 - _EDGE**2)), table)
    allowed = 1 - float(target.quantile)
    crowd = np.append(law.below[1:], law.waits) * np.arange(1, len(table.service_s) + 1)
    tpot = float(np.sum(crowd[table.tpot_s > float(target.tpot_s) * (1 + _FLAT)]) / np.sum(crowd))
    late = float(np.sum(law.below[table.prefill_s > float(target.ttft_s) * (1 + _FLAT)]))
    return tpot / allowed, (late + _late_in_queue(law, table, target)) / allowed


def _late_in_queue(law: ChainLaw, table: ServiceTable, target: Target) -> float:
    """Share of arrivals that wait and whose wait and prefill exceed the TTFT target."""
    budget = float(target.ttft_s) - float(table.prefill_s[-1])
    free = table.capacity_per_s * (1 - float(law.rho))
    return float(law.waits) * (float(np.exp(-free * budget)) if budget > 0 else 1.0)


def best_reachable(table: ServiceTable, target: Target) -> str:
    """What an idle replica reaches, when even that misses the target; empty when the target can be met."""
    ttft, tpot = float(table.prefill_s[0]), float(table.tpot_s[0])
    misses = [
        f"{name} of {float(asked) * MS_PER_S:g} ms: the best reachable is {best * MS_PER_S:.3g} ms, one request alone"
        for name, asked, best in (("TTFT", target.ttft_s, ttft), ("TPOT", target.tpot_s, tpot))
        if best > float(asked) * (1 + _FLAT)
    ]
    return "; ".join(misses)


def replicas_for(
    peak_rate_per_s: ArrayLike,
    rate_per_s: ArrayLike,
    *,
    min_replicas: int = 1,
    spare_replicas: int = 0,
    replica_step: int = 1,
    regions: int = 1,
    survive_region_loss: bool = False,
) -> FloatArray:
    """CAP-5 from a rate at the target: whole replicas of all regions, spares and rentable steps in each; broadcasts.

    Infinite where the rate is 0: no number of replicas holds the target. `rate_per_s` of `max_rate` holds it at that
    very rate, so no utilisation margin is put on top. Regions that cover each other's loss need no spares of their own.
    """
    rate = np.asarray(rate_per_s, dtype=np.float64)
    possible = rate > 0
    need = np.asarray(peak_rate_per_s) / np.where(possible, rate, 1.0)
    each = region_replicas(need, 1.0, regions, survive_loss=survive_region_loss) / regions
    spare = 0 if survive_region_loss else spare_replicas
    fleet = fleet_replicas(each, min_replicas=min_replicas, spare_replicas=spare, replica_step=replica_step)
    return np.asarray(np.where(possible, fleet * regions, np.inf))
