"""CAP-10: one replica under random arrivals, in full: what a request meets at a rate, waiting included.

Requests arrive at random moments (Poisson). n of them are in the system; at most N = `max_in_service` are served side
by side, each finishing after T(n) seconds on average, the others wait first come first served. The chance of n follows
from balance, arrivals out of n = departures out of n + 1:

    p(n) = p(n - 1) lambda T(k) / k,  k = min(n, N)

Beyond N the factor is constant, rho = lambda T(N) / N, so the tail is geometric and needs no truncation, and a wait
given that there is one is exponential with rate N / T(N) - lambda. The law needs only the mean output length, not its
spread (processor sharing is insensitive to it) as long as nobody waits; with a queue, and for arrivals in bursts within
the hour, it is an approximation. A token-by-token simulation with lengths spread by half of their mean agrees within
2 % on the mean in flight and on P95 TPOT (`tests/capacity/test_queue.py`); waits near saturation are on the safe side
(P95 0.13 s against 0.09 s simulated at 93 % of the capacity of one replica with 128 slots).

Percentiles: TTFT and end-to-end are those of arriving requests, which see p(n) (Poisson arrivals see time averages).
TPOT is what requests in service see at any moment, p(n) weighted by the requests in service; the mean over a request's
own life varies less, its P95 came out 0 to 2.5 % lower in the same simulations.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from planner.capacity.service_curve import ServiceCurve, prefill_s, service_s
from planner.domain.workload import LatencyTarget
from planner.units import FloatArray

_NOISE = 1e-12
MAX_STATES = 1_000_000
MS_PER_S = 1000


class Target(NamedTuple):
    """What must hold for a share `quantile` of requests: seconds to the first token, seconds per token after it."""

    ttft_s: FloatArray | float
    tpot_s: FloatArray | float
    quantile: FloatArray | float = 0.95


def target_of(slo: LatencyTarget) -> Target:
    """The scenario's latency target in seconds."""
    return Target(slo.ttft_slo_ms / MS_PER_S, slo.tpot_slo_ms / MS_PER_S, slo.slo_percentile / 100)


class ServiceTable(NamedTuple):
    """T(1..N) and the part of it before the first token, seconds, shape (N,); neither falls as N rises."""

    service_s: FloatArray
    prefill_s: FloatArray
    output_tokens: float

    @property
    def tpot_s(self) -> FloatArray:
        """Seconds per output token after the first beside 1..N requests; 0 when there is only one token."""
        steps = self.output_tokens - 1
        return (self.service_s - self.prefill_s) / steps if steps > 0 else np.zeros_like(self.service_s)

    @property
    def capacity_per_s(self) -> float:
        """Requests/s that leave when N are in service: the rate at which the queue grows without end."""
        return float(len(self.service_s) / self.service_s[-1])


def service_table(seconds: ArrayLike, prefill: ArrayLike, output_tokens: float) -> ServiceTable:
    """A table from any T(N) and prefill time, at N = 1, 2, ...; a fall with N is taken as noise and levelled up."""
    given = np.atleast_1d(np.asarray(seconds, dtype=np.float64))
    if not (np.all(np.isfinite(given)) and np.all(given > 0)):
        raise ValueError("Service times must be positive seconds for every number in service, 1, 2, and so on.")
    served = np.maximum.accumulate(given)
    first = np.maximum.accumulate(np.broadcast_to(np.asarray(prefill, dtype=np.float64), served.shape))
    rest = np.maximum.accumulate(np.maximum(served - first, 0.0))
    return ServiceTable(first + rest, first, output_tokens)


def table_of(curve: ServiceCurve) -> ServiceTable:
    """The table of one curve (fields are numbers); ValueError when not one request fits, or far too many."""
    most = int(np.floor(float(curve.max_in_service) + 1e-9))
    if not 1 <= most <= MAX_STATES:
        raise ValueError(f"{most} requests in service: a replica must serve 1 to {MAX_STATES:,} side by side.")
    side_by_side = np.arange(1, most + 1)
    return service_table(service_s(curve, side_by_side), prefill_s(curve, side_by_side), float(curve.output_tokens))


class ChainLaw(NamedTuple):
    """Stationary law at rates of shape S: chance of 0..N-1 in the system, S + (N,), and of N or more, S."""

    below: FloatArray
    waits: FloatArray
    rho: FloatArray


def stationary(rate_per_s: ArrayLike, table: ServiceTable) -> ChainLaw:
    """p(n) of the module's text; the rates must be below the capacity."""
    most = len(table.service_s)
    rate = np.maximum(np.asarray(rate_per_s, dtype=np.float64), 1e-12 / table.service_s[0])
    rho = rate / table.capacity_per_s
    steps = np.concatenate([[0.0], np.cumsum(np.log(table.service_s / np.arange(1, most + 1)))])
    log = np.log(rate)[..., np.newaxis] * np.arange(most + 1) + steps
    log[..., -1] -= np.log1p(-rho)
    mass = np.exp(log - np.max(log, axis=-1, keepdims=True))
    mass /= np.sum(mass, axis=-1, keepdims=True)
    return ChainLaw(mass[..., :-1], mass[..., -1], rho)


class Operating(NamedTuple):
    """One replica at a rate; every field has the shape of the rates. From the capacity on waits are infinite.

    `tpot_s`, `wait_s`, `ttft_s` and `e2e_s` are percentiles at the target's quantile (end to end at the mean length).
    """

    rate_per_s: FloatArray
    mean_in_flight: FloatArray
    mean_in_service: FloatArray
    utilisation: FloatArray
    wait_probability: FloatArray
    tpot_mean_s: FloatArray
    tpot_s: FloatArray
    wait_mean_s: FloatArray
    wait_s: FloatArray
    ttft_mean_s: FloatArray
    ttft_s: FloatArray
    e2e_mean_s: FloatArray
    e2e_s: FloatArray
    share_in_target: FloatArray
    goodput_per_s: FloatArray
    output_tokens_per_s: FloatArray


def at_rate(server: ServiceCurve | ServiceTable, rate_per_s: ArrayLike, target: Target) -> Operating:
    """CAP-10: the whole operating point at each rate; `target` holds numbers, its quantile names the percentile.

    Goodput is the rate of requests that meet the TTFT and the TPOT target both, judged by what a request finds when it
    arrives: lambda x share.
    """
    table = server if isinstance(server, ServiceTable) else table_of(server)
    rate = np.asarray(rate_per_s, dtype=np.float64)
    stable = rate < table.capacity_per_s
    law = stationary(np.where(stable, rate, table.capacity_per_s / 2), table)
    q, last = float(target.quantile), table.service_s[-1]
    free = table.capacity_per_s * (1 - law.rho)
    beyond = law.waits * law.rho / (1 - law.rho)
    served = np.arange(len(table.service_s))
    in_service = np.sum(law.below * served, axis=-1) + law.waits * len(served)
    wait_mean = law.waits / free
    wait = _wait_quantile(law, free, q)
    mean_prefill, mean_tpot, mean_service = (_met(law, v) for v in (table.prefill_s, table.tpot_s, table.service_s))
    share = share_in_target(law, table, target)
    found = {
        "mean_in_flight": in_service + beyond,
        "mean_in_service": in_service,
        "wait_probability": law.waits,
        "tpot_mean_s": mean_tpot,
        "tpot_s": _in_service_quantile(law, table.tpot_s, q),
        "wait_mean_s": wait_mean,
        "wait_s": wait,
        "ttft_mean_s": mean_prefill + wait_mean,
        "ttft_s": np.where(law.waits > 1 - q, table.prefill_s[-1] + wait, _arrival_quantile(law, table.prefill_s, q)),
        "e2e_mean_s": mean_service + wait_mean,
        "e2e_s": np.where(law.waits > 1 - q, last + wait, _arrival_quantile(law, table.service_s, q)),
    }
    over = {"wait_probability": 1.0, "mean_in_service": float(len(served)), "tpot_mean_s": table.tpot_s[-1]}
    over["tpot_s"] = table.tpot_s[-1]
    settled = {name: np.where(stable, value, over.get(name, np.inf)) for name, value in found.items()}
    met = np.where(stable, share, 0.0)
    return Operating(
        rate_per_s=rate,
        utilisation=np.asarray(rate / table.capacity_per_s),
        share_in_target=met,
        goodput_per_s=np.asarray(rate * met),
        output_tokens_per_s=np.asarray(np.minimum(rate, table.capacity_per_s) * table.output_tokens),
        **settled,
    )


def share_in_target(law: ChainLaw, table: ServiceTable, target: Target) -> FloatArray:
    """Share of arriving requests that meet both targets: n found makes n + 1 in service, or a wait."""
    meets = (table.prefill_s <= target.ttft_s) & (table.tpot_s <= target.tpot_s)
    budget = np.asarray(target.ttft_s) - table.prefill_s[-1]
    short = -np.expm1(-table.capacity_per_s * (1 - law.rho) * np.maximum(budget, 0.0))
    return np.asarray(np.sum(law.below * meets, axis=-1) + np.where(meets[-1], law.waits * short, 0.0))


def _met(law: ChainLaw, values: FloatArray) -> FloatArray:
    """Mean over arrivals of a value of the number in service, the arrival included."""
    return np.asarray(np.sum(law.below * values, axis=-1) + law.waits * values[-1])


def _wait_quantile(law: ChainLaw, free_per_s: FloatArray, quantile: float) -> FloatArray:
    """Seconds in the queue: 0, or the exponential tail of those that wait."""
    return np.asarray(np.log(np.maximum(law.waits / (1 - quantile), 1.0)) / free_per_s)


def _arrival_quantile(law: ChainLaw, values: FloatArray, quantile: float) -> FloatArray:
    """Value that a share of arrivals does not exceed, when those that wait are no part of it."""
    reached = np.cumsum(law.below, axis=-1) >= quantile - _NOISE
    return np.asarray(values[np.where(np.any(reached, axis=-1), np.argmax(reached, axis=-1), len(values) - 1)])


def _in_service_quantile(law: ChainLaw, values: FloatArray, quantile: float) -> FloatArray:
    """Value that a share of the requests in service does not exceed."""
    weight = np.concatenate([law.below[..., 1:], law.waits[..., np.newaxis]], axis=-1) * np.arange(1, len(values) + 1)
    reached = np.cumsum(weight, axis=-1) >= (quantile - _NOISE) * np.sum(weight, axis=-1, keepdims=True)
    return np.asarray(values[np.argmax(reached, axis=-1)])
