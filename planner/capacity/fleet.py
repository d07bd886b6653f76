"""CAP-1, 2, 3 and 5: from demand to whole replicas. Everything broadcasts; a number is the 0-d case."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.capacity.memory import max_sequences
from planner.units import SECONDS_PER_DAY, FloatArray, ceil_tol
from planner.workload.demand import ClassArrays


def replica_seconds(
    fresh_tokens: FloatArray | float, generated_tokens: FloatArray | float, s_per_input: float, s_per_output: float
) -> FloatArray:
    """CAP-1: replica-seconds of work in one request; shape of the inputs."""
    return np.asarray(np.asarray(fresh_tokens) * s_per_input + np.asarray(generated_tokens) * s_per_output)


def offered_load(requests_per_s: FloatArray | float, seconds_per_request: FloatArray | float) -> FloatArray:
    """Work in replicas (Erlang), per class: arrival rate x replica-seconds."""
    return np.asarray(np.asarray(requests_per_s) * np.asarray(seconds_per_request))


def residence_s(ttft_s: float, tpot_s: float, generated_tokens: FloatArray | float) -> FloatArray:
    """CAP-3: seconds one request stays in flight, TTFT + (tokens - 1) x TPOT."""
    return np.asarray(ttft_s + np.maximum(np.asarray(generated_tokens) - 1, 0) * tpot_s)


class ReplicaNeed(NamedTuple):
    """Replicas, before rounding up, that the workload at multiplier 1 needs in its busiest hour."""

    work: float
    memory: float

    @property
    def larger(self) -> float:
        """The bound that binds."""
        return max(self.work, self.memory)


class ReplicaRate(NamedTuple):
    """What sizing needs to know of one replica."""

    s_per_input: float
    s_per_output: float
    ttft_s: float
    tpot_s: float
    kv_cache_tokens: int
    allowed_utilisation: float


def mean_load(arrays: ClassArrays, hit_fraction: float, rate: ReplicaRate) -> float:
    """Mean work of the workload at multiplier 1, in replicas; prefix-cache hits cost nothing."""
    computed = arrays.prompt_tokens - hit_fraction * arrays.cached_tokens
    seconds = replica_seconds(computed, arrays.generated_tokens, rate.s_per_input, rate.s_per_output)
    return float(np.sum(offered_load(arrays.requests_per_day / SECONDS_PER_DAY, seconds)))


def replica_need(arrays: ClassArrays, hit_fraction: float, rate: ReplicaRate, *, peak_to_mean: float) -> ReplicaNeed:
    """CAP-2, 3, 5: peak work over the allowed utilisation, and peak requests in flight over what memory holds."""
    peak_per_s = arrays.requests_per_day / SECONDS_PER_DAY * peak_to_mean
    in_flight = peak_per_s * residence_s(rate.ttft_s, rate.tpot_s, arrays.generated_tokens)
    fits = np.maximum(max_sequences(rate.kv_cache_tokens, arrays.prompt_tokens + arrays.generated_tokens), 1)
    work = mean_load(arrays, hit_fraction, rate) * peak_to_mean / rate.allowed_utilisation
    return ReplicaNeed(work, float(np.sum(in_flight / fits)))


def fleet_replicas(
    need: FloatArray | float, *, min_replicas: int = 1, spare_replicas: int = 0, replica_step: int = 1
) -> FloatArray:
    """CAP-5: whole replicas for a continuous need: minimum, ceil, spare when any, rentable step. Shape of `need`."""
    serving = np.maximum(ceil_tol(need), min_replicas)
    total = np.where(serving > 0, serving + spare_replicas, 0)
    return np.asarray(total if replica_step == 1 else ceil_tol(total / replica_step) * replica_step)
