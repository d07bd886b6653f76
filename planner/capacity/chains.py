"""CAP-10 and CAP-12 on tables of T(N), many deployments at once: the largest rate at a target, and what holds there.

The law of the chain in logarithms is k ln(lambda) + S(k), with S(k) the sum of ln(T(j) / j) up to k: S and what the
target forbids are computed once, a rate costs one exponential per state. From N on the law is geometric and is summed
in closed form. The share that misses rises with the rate; its probit is nearly straight, so secant steps inside a
bracket find where it is the allowed one. The rate returned is one at which the target was seen to hold, 1e-5 or less
below the one at which it stops: `exact_rate` says the same to 1e-4 (`tests/capacity/test_chains.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from planner.capacity.queue import ServiceTable, Target
from planner.units import FloatArray

_FLAT = 1e-9
_NOISE = 1e-12
_PRECISION = 5e-6
_EDGE = 1e-12
_LEAST, _MOST = 1e-300, 1 - 1e-15
_STEPS = 80
_BLOCK = 64
"""Rows that are solved together: in the order of their states, so that little is spent on padding."""


class Chains(NamedTuple):
    """Tables of several deployments side by side; arrays (n, N), padded with the last value."""

    service_s: FloatArray
    prefill_s: FloatArray
    tpot_s: FloatArray
    most: NDArray[np.intp]
    """States that are a deployment's own, (n,)."""

    def only(self, kept: NDArray[np.intp]) -> Chains:
        """Some of them, as wide as the longest of those."""
        width = int(self.most[kept].max(initial=1))
        service, prefill, tpot = (field[kept, :width] for field in (self.service_s, self.prefill_s, self.tpot_s))
        return Chains(service, prefill, tpot, self.most[kept])

    @property
    def capacity_per_s(self) -> FloatArray:
        """Requests/s at which the queue grows without end, (n,)."""
        return np.asarray(self.most / self.service_s[:, -1])


class Met(NamedTuple):
    """What requests meet at a rate, (n,): percentiles at the target's quantile; the mean in service."""

    tpot_s: FloatArray
    ttft_s: FloatArray
    mean_in_service: FloatArray


def chains(tables: Sequence[ServiceTable]) -> Chains:
    """Several tables as one."""
    most = np.asarray([len(table.service_s) for table in tables], dtype=np.intp)
    shape = (len(tables), int(most.max(initial=1)))
    service, prefill, tpot = np.empty(shape), np.empty(shape), np.empty(shape)
    for i, table in enumerate(tables):
        for whole, own in ((service, table.service_s), (prefill, table.prefill_s), (tpot, table.tpot_s)):
            whole[i, : most[i]] = own
            whole[i, most[i] :] = own[-1]
    return Chains(service, prefill, tpot, most)


def exact_rates(servers: Chains, target: Target, factor: FloatArray | float = 1.0) -> FloatArray:
    """CAP-12 of every deployment at `factor` times the throughput of its table, requests/s, (n,); 0: out of reach.

    A replica that is f times as fast meets the target at f times the rate at which this one meets f times the target.
    """
    n = len(servers.most)
    scale = np.broadcast_to(np.asarray(factor, dtype=np.float64), (n,))
    ttft, tpot = np.asarray(target.ttft_s) * scale, np.asarray(target.tpot_s) * scale
    quantile = float(target.quantile)
    able = (servers.tpot_s[:, 0] <= tpot * (1 + _FLAT)) & (servers.prefill_s[:, 0] <= ttft * (1 + _FLAT))
    rate, rows = np.zeros(n), np.flatnonzero(able)
    rows = rows[np.argsort(servers.most[rows], kind="stable")]
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        rate[block] = _solve(_law(servers.only(block), Target(ttft[block], tpot[block])), 1 - quantile)
    return np.asarray(rate * scale)


class _Law(NamedTuple):
    """What a rate needs; arrays (n, N + 1) over the states 0..N, or (n,)."""

    log: FloatArray
    """S(k); minus infinity beyond a deployment's own states."""
    slow: FloatArray
    """Requests in service in states in which the time per token is too long."""
    late: FloatArray
    """1 in states whose arrival waits for nothing and is late all the same."""
    most: NDArray[np.intp]
    capacity: FloatArray
    budget: FloatArray
    """Seconds that a request may wait in the queue."""


def _law(servers: Chains, target: Target) -> _Law:
    n, width = servers.service_s.shape
    states = np.arange(width + 1)
    own = states <= servers.most[:, np.newaxis]
    log = np.zeros((n, width + 1))
    np.cumsum(np.log(servers.service_s / states[1:]), axis=1, out=log[:, 1:])
    limit = np.asarray(target.tpot_s)[..., np.newaxis] * (1 + _FLAT)
    first = np.asarray(target.ttft_s)[..., np.newaxis] * (1 + _FLAT)
    slow, late = np.zeros(log.shape), np.zeros(log.shape)
    slow[:, 1:] = np.where(servers.tpot_s > limit, states[1:], 0)
    late[:, :-1] = (servers.prefill_s > first) & (states[:-1] < servers.most[:, np.newaxis])
    budget = np.asarray(target.ttft_s) - servers.prefill_s[:, -1]
    return _Law(np.where(own, log, -np.inf), slow, late, servers.most, servers.capacity_per_s, budget)


def _mass(law: _Law, rate: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Weights of the states, unnormalised, (n, N + 1), the last own one with all beyond it; and rho, (n,)."""
    rho = np.minimum(rate / law.capacity, 1 - _EDGE)
    log = law.log + np.log(rho * law.capacity)[:, np.newaxis] * np.arange(law.log.shape[1])
    log[np.arange(len(rho)), law.most] -= np.log1p(-rho)
    log -= np.max(log, axis=1, keepdims=True)
    return np.asarray(np.exp(log, out=log)), rho


def _misses(law: _Law, rate: FloatArray) -> FloatArray:
    """The larger of the shares that miss TPOT and TTFT, (n,)."""
    mass, rho = _mass(law, rate)
    crowd = mass @ np.arange(mass.shape[1], dtype=np.float64)
    slow = np.einsum("ij,ij->i", mass, law.slow) / crowd
    waits = mass[np.arange(len(rho)), law.most]
    patience = np.exp(-law.capacity * (1 - rho) * np.maximum(law.budget, 0))
    late = (np.einsum("ij,ij->i", mass, law.late) + waits * patience) / mass.sum(axis=1)
    return np.asarray(np.maximum(slow, late))


def _solve(law: _Law, allowed: float) -> FloatArray:
    """Rates at which `_misses` has just not passed what is allowed: secant in the probit, within a bracket."""
    goal, n = ndtri(allowed), len(law.most)
    found, rows = np.zeros(n), np.arange(n)
    low, high = np.zeros(n), law.capacity.copy()
    rate, before, was = high / 2, np.full(n, np.nan), np.full(n, np.nan)
    for step in range(_STEPS):
        value = ndtri(np.clip(_misses(law, rate), _LEAST, _MOST)) - goal
        holds = value <= 0
        low, high = np.where(holds, rate, low), np.where(holds, high, rate)
        found[rows] = low
        slope = (value - before) / np.where(rate != was, rate - was, np.nan)
        root = rate - value / np.where(slope > 0, slope, np.nan)
        root = np.where((root > low) & (root < high) & (step % 8 != 7), root, (low + high) / 2)
        done = (root - low <= _PRECISION * root) | (high - low <= _PRECISION * high)
        if np.all(done):
            break
        open_rows = ~done
        rows, low, high = rows[open_rows], low[open_rows], high[open_rows]
        was, before, rate = rate[open_rows], value[open_rows], root[open_rows] * (1 - _PRECISION / 2)
        law = law if np.all(open_rows) else _rows(law, open_rows)
    return found


def _rows(law: _Law, kept: NDArray[np.bool_]) -> _Law:
    log, slow, late, most, capacity, budget = law
    return _Law(log[kept], slow[kept], late[kept], most[kept], capacity[kept], budget[kept])


def met_at(servers: Chains, rate_per_s: FloatArray, target: Target) -> Met:
    """CAP-10 of every deployment at its own rate, below its capacity; as `at_rate` says of one, (n,)."""
    n = len(servers.most)
    found = Met(np.zeros(n), np.zeros(n), np.zeros(n))
    order = np.argsort(servers.most, kind="stable")
    for start in range(0, n, _BLOCK):
        block = order[start : start + _BLOCK]
        for whole, own in zip(found, _met(servers.only(block), rate_per_s[block], target), strict=True):
            whole[block] = own
    return found


def _met(servers: Chains, rate: FloatArray, target: Target) -> Met:
    law, quantile = _law(servers, Target(np.inf, np.inf)), float(target.quantile)
    mass, rho = _mass(law, np.maximum(rate, _EDGE * law.capacity))
    mass /= mass.sum(axis=1, keepdims=True)
    row, states = np.arange(len(rate)), np.arange(mass.shape[1])
    waits, crowd = mass[row, servers.most], mass * states
    in_service = crowd.sum(axis=1)
    met = np.argmax(np.cumsum(crowd, axis=1) >= ((quantile - _NOISE) * in_service)[:, np.newaxis], axis=1)
    found = np.argmax(np.cumsum(mass, axis=1) >= quantile - _NOISE, axis=1)
    queued = waits > 1 - quantile
    free = law.capacity * (1 - rho)
    wait = np.log(np.maximum(waits / (1 - quantile), 1.0)) / free
    first = servers.prefill_s[row, np.minimum(found, servers.most - 1)]
    return Met(
        tpot_s=servers.tpot_s[row, np.maximum(met, 1) - 1],
        ttft_s=np.where(queued, servers.prefill_s[:, -1] + wait, first),
        mean_in_service=in_service,
    )
