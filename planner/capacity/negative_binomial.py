"""CAP-11: the law of CAP-10 in closed form where T(n) = a + b n, for thousands of deployments at once.

With r = a / b + 1 and y = lambda b the law below N = `max_in_service` is

    p(n) ~ prod_{k<=n} lambda (a + b k) / k = y^n prod_{k<=n} (r - 1 + k) / k = y^n Gamma(n + r) / (n! Gamma(r)),

the negative binomial law NB(r, 1 - y), whose tail is the regularised incomplete beta function P(n >= m) = I_y(m, r).
What requests in service see is n p(n), and n Gamma(n + r) / n! = Gamma((n - 1) + (r + 1)) / (n - 1)!: the others
beside one, n - 1, follow NB(r + 1, 1 - y). Without a queue "P95 TPOT holds" is I_y(n_cap, r + 1) <= 5 % with n_cap the
most requests in service within the target, so lambda = betaincinv(n_cap, r + 1, 0.05) / b; with b = 0 the law is
Poisson's and lambda = gammaincinv(n_cap, 0.05) / a. From N on every factor is rho = lambda T(N) / N, so N or more weigh
p(N) / (1 - rho), more than the law's own tail: the queue can only lower the rate, and `misses` counts it in full.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betainc, betaln, gammainc, gammaln

from planner.capacity.queue import Target
from planner.capacity.service_curve import ServiceCurve, prefill_s
from planner.units import FloatArray

_NOISE = 1e-9
_FLAT = 1e-9
_NO_SLOPE_S = 1e-15


class Law(NamedTuple):
    """What the law and a target need of each deployment; arrays of one shape.

    `tpot_cap` and `ttft_cap` are the most requests in service within the target (0: not even one; may be infinite),
    `budget` the seconds a request may wait when all N are busy, `miss` the allowed share 1 - quantile, `log_start` the
    logarithm of 1 / (N B(N, r)).
    """

    a: FloatArray
    b: FloatArray
    most: FloatArray
    tpot_cap: FloatArray
    ttft_cap: FloatArray
    budget: FloatArray
    miss: FloatArray
    log_start: FloatArray


def law_of(curve: ServiceCurve, target: Target) -> Law:
    """Curve and target side by side, broadcast to one shape."""
    tpot_cap, ttft_cap = in_service_caps(curve, target)
    most = np.floor(np.asarray(curve.max_in_service, dtype=np.float64) + _NOISE)
    budget = target.ttft_s - prefill_s(curve, np.maximum(most, 1))
    miss = 1 - np.asarray(target.quantile, dtype=np.float64)
    a, b, whole = np.asarray(curve.a_s), np.asarray(curve.b_s), np.maximum(most, 1)
    log_start = -betaln(whole, _shape(a, b)) - np.log(whole)
    given = np.broadcast_arrays(a, b, most, tpot_cap, ttft_cap, budget, miss, log_start)
    return Law(*(np.asarray(field, dtype=np.float64) for field in given))


def in_service_caps(curve: ServiceCurve, target: Target) -> tuple[FloatArray, FloatArray]:
    """Most requests in service at which TPOT, and the time to the first token without a wait, hold; may be infinite."""
    steps = np.maximum(np.asarray(curve.output_tokens, dtype=np.float64) - 1, 0)
    spare = target.tpot_s * steps - (np.asarray(curve.a_s) - curve.ttft_s)
    tpot_cap = _whole(spare, np.maximum(np.asarray(curve.b_s) - curve.ttft_slope_s, 0))
    ttft_cap = _whole(np.asarray(target.ttft_s) - curve.ttft_s, np.asarray(curve.ttft_slope_s))
    return np.where(steps > 0, tpot_cap, np.inf), ttft_cap


def _whole(spare: FloatArray, each: FloatArray) -> FloatArray:
    """How many whole times `each` fits into `spare`; infinite when it is 0 and there is room, 0 when there is none."""
    spare, each = np.broadcast_arrays(np.asarray(spare, dtype=np.float64), np.asarray(each, dtype=np.float64))
    sloped = each > _NO_SLOPE_S
    times = np.floor(np.maximum(spare, 0) / np.where(sloped, each, 1.0) * (1 + _NOISE) + _NOISE)
    return np.where(sloped, times, np.where(spare >= -_NOISE, np.inf, 0.0))


def _shape(a: FloatArray, b: FloatArray) -> FloatArray:
    """r = a / b + 1; where b is nothing beside a the Poisson limit is used and this number is not."""
    return np.asarray(np.where(_flat(a, b), 1.0, a / np.where(_flat(a, b), 1.0, b) + 1))


def _flat(a: FloatArray, b: FloatArray) -> FloatArray:
    return np.asarray(b <= _FLAT * a)


def tail(law: Law, at_least: FloatArray, rate: FloatArray, beside: int) -> FloatArray:
    """P(NB(r + beside) >= at_least) at each rate."""
    r = _shape(law.a, law.b) + beside
    flat = _flat(law.a, law.b)
    if not np.any(flat):
        return np.asarray(betainc(at_least, r, rate * law.b))
    return np.where(flat, gammainc(at_least, rate * law.a), betainc(at_least, r, np.where(flat, 0.5, rate * law.b)))


def _mass_at_most(law: Law, rate: FloatArray) -> FloatArray:
    """f(N), the law's own weight of N in the system."""
    flat = _flat(law.a, law.b)
    log = law.log_start + law.most * np.log(np.where(flat, 0.5, rate * law.b))
    log += _shape(law.a, law.b) * np.log1p(-np.where(flat, 0.5, rate * law.b))
    if np.any(flat):
        mean = np.maximum(rate * law.a, 1e-300)
        log = np.where(flat, law.most * np.log(mean) - mean - gammaln(law.most + 1), log)
    return np.asarray(np.exp(log))


def misses(rate: FloatArray, law: Law) -> FloatArray:
    """The larger of the shares of requests that miss TPOT and that miss TTFT, below the capacity; arrays (n,)."""
    capacity = law.most / (law.a + law.b * law.most)
    rho = rate / capacity
    mass, above = _mass_at_most(law, rate), tail(law, law.most, rate, 0)
    queued = mass / (1 - rho)
    total = 1 - above + queued
    patience = np.exp(-capacity * (1 - rho) * np.maximum(law.budget, 0.0))
    late = queued / total * np.where(law.budget >= 0, patience, 1.0)
    early = law.ttft_cap < law.most
    if np.any(early):
        cut = Law(*(field[early] for field in law))
        sooner = tail(cut, cut.ttft_cap, rate[early], 0)
        late[early] = (sooner - above[early] + queued[early]) / total[early]
    binds = law.tpot_cap < law.most
    if np.any(binds):
        cut = Law(*(field[binds] for field in law))
        slow = _slow(rate[binds], cut, mass[binds], above[binds], queued[binds])
        late[binds] = np.maximum(late[binds], slow)
    return late


def _slow(rate: FloatArray, law: Law, mass: FloatArray, above: FloatArray, queued: FloatArray) -> FloatArray:
    """Share of the requests in service that have more than `tpot_cap` in service, where that is below N.

    sum n f(n) over n >= N is S = (lambda (a + b) P(n >= N) + N f(N)) / (1 - lambda b), from n f(n) = y (r - 1 + n)
    f(n - 1); N x queued stands in its place.
    """
    mean = rate * (law.a + law.b) / (1 - rate * law.b)
    swapped = law.most * queued - mean * above - law.most * mass / (1 - rate * law.b)
    return np.asarray((mean * tail(law, law.tpot_cap, rate, 1) + swapped) / (mean + swapped))
