"""A first rate of every deployment, to see which could be listed: points, a line through them, the closed form.

What is listed is sized on T(N) itself afterwards (`exact`); the figures here are never shown.

A straight line through everything from one request to all that fit is off by up to a third for models with experts,
whose time bends down as more experts are touched. So a coarse grid finds where the time per token reaches the target,
and the line goes through points around there, where requests are when a replica is loaded to its target. What the law
of CAP-11 weighs below those points is common to all states above them and cancels.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.capacity.negative_binomial import Law, law_of, tail
from planner.capacity.queue import MS_PER_S, Target, target_of
from planner.capacity.replica_memory import ReplicaMemory
from planner.capacity.service_curve import ServiceCurve, curve_from_points, tpot_s
from planner.capacity.sizing import max_rate
from planner.capacity.throughput.deployment import Deployments
from planner.capacity.throughput.predict import Load, Prediction, predict
from planner.catalog.tables import Tables
from planner.decision.candidates.deployments import deployments, fit_of
from planner.decision.candidates.grid import Grid
from planner.decision.candidates.memory import max_num_seqs
from planner.domain.capacity import CapacityRequest
from planner.units import FloatArray

POINTS = 9
"""Concurrencies of the coarse grid, from one request to all that fit, in equal ratios."""
NEAR_POINTS = 5
NEAR_LOW, NEAR_HIGH = 0.3, 1.6
"""The line goes through points from here to there, times the step of the ladder below where the target is reached."""
LADDER = 2**0.5
"""Ratio of the steps: targets that are close to each other get the same line, so a tighter one never serves more."""
_HALVINGS = 40


class Coarse(NamedTuple):
    """The coarse grid, (points, n), and the most in service, (n,)."""

    in_service: FloatArray
    tpot_ms: FloatArray
    most: FloatArray


class Rates(NamedTuple):
    """Per deployment, arrays (n,)."""

    curve: ServiceCurve
    """The line around the target."""
    near_low: FloatArray
    """Requests in service from which the line holds."""
    coarse: Coarse
    per_s: FloatArray
    """Requests/s of one replica at the target; 0: out of reach."""
    low_per_s: FloatArray
    high_per_s: FloatArray
    tpot_alone_ms: FloatArray
    ttft_alone_ms: FloatArray


def only(rate: Rates, kept: NDArray[np.bool_]) -> Rates:
    """Some of the deployments, in the same order."""
    curve = ServiceCurve(*(np.broadcast_to(field, kept.shape)[kept] for field in rate.curve))
    coarse = Coarse(rate.coarse.in_service[:, kept], rate.coarse.tpot_ms[:, kept], rate.coarse.most[kept])
    return Rates(curve, rate.near_low[kept], coarse, *(column[kept] for column in rate[3:]))


def most_in_service(found: Grid, memory: ReplicaMemory, request: CapacityRequest) -> FloatArray:
    """Requests side by side that memory holds whole and the engine takes, at least one, (n,)."""
    return np.maximum(np.minimum(memory.max_sequences, max_num_seqs(found, request)), 1)


def rates(found: Grid, memory: ReplicaMemory, request: CapacityRequest, tables: Tables, on: dt.date) -> Rates:
    """CAP-11 of the whole grid, a first estimate: two predictions, a line each, and the band by scaling it."""
    columns, constants = deployments(found, request, on), fit_of(tables).constants
    most = most_in_service(found, memory, request)
    grid = most ** np.linspace(0, 1, POINTS)[:, np.newaxis]
    wide = _predicted(columns, grid, request, constants)
    coarse = Coarse(grid, wide.tpot_ms, np.maximum(np.minimum(most, wide.in_service[-1]), 1))
    reached = np.minimum(
        _reached(grid, wide.tpot_ms, request.latency.tpot_slo_ms),
        _reached(grid, wide.ttft_ms, request.latency.ttft_slo_ms),
    )
    low, high = _around(reached, coarse.most)
    near = low * (high / low) ** np.linspace(0, 1, NEAR_POINTS)[:, np.newaxis]
    close = _predicted(columns, near, request, constants)
    curve = curve_from_points(
        near,
        close.output_tokens_per_s,
        request.output_tokens,
        max_in_service=coarse.most,
        ttft_s=close.ttft_ms / MS_PER_S,
    )
    target = target_of(request.latency)
    likely, slow, fast = (max_rate(scaled(curve, factor), target) for factor in (1.0, *_band(close)))
    tpot, ttft = _alone_ms(wide, request.output_tokens)
    return Rates(
        curve=curve,
        near_low=low,
        coarse=coarse,
        per_s=likely,
        low_per_s=np.minimum(slow, likely),
        high_per_s=np.maximum(fast, likely),
        tpot_alone_ms=tpot,
        ttft_alone_ms=ttft,
    )


def _alone_ms(wide: Prediction, output_tokens: float) -> tuple[FloatArray, FloatArray]:
    """Time per token and to the first token of a request alone, as its service table has them, (n,)."""
    whole = output_tokens / wide.output_tokens_per_s[0] * MS_PER_S
    first = np.minimum(wide.ttft_ms[0], whole)
    steps = output_tokens - 1
    return (whole - first) / steps if steps > 0 else np.zeros_like(whole), first


def _predicted(
    d: Deployments, in_service: FloatArray, request: CapacityRequest, constants: Mapping[str, float]
) -> Prediction:
    return predict(d, Load(request.input_tokens, request.output_tokens, in_service), constants)


def _reached(in_service: FloatArray, ms: FloatArray, target_ms: float) -> FloatArray:
    """Requests in service at which a rising time reaches the target, at most all that fit; (points, n) -> (n,)."""
    upper = np.clip(np.sum(ms <= target_ms, axis=0), 1, POINTS - 1)
    place = np.arange(len(upper))
    t0, t1 = ms[upper - 1, place], ms[upper, place]
    share = np.clip((target_ms - t0) / np.maximum(t1 - t0, 1e-12), 0.0, 1.0)
    n0, n1 = in_service[upper - 1, place], in_service[upper, place]
    return np.asarray(n0 + (n1 - n0) * share)


def _around(reached: FloatArray, most: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Where the line starts and ends."""
    step = LADDER ** np.floor(np.log(np.maximum(reached, 1.0)) / np.log(LADDER))
    low = np.minimum(np.maximum(step * NEAR_LOW, 1.0), most)
    high = np.minimum(np.maximum(step * NEAR_HIGH, step + 2), most)
    return low, np.maximum(high, low)


def _band(close: Prediction) -> tuple[FloatArray, FloatArray]:
    """Times that everything is slower at the low end of the 80 % band, and at the high end, (n,)."""
    middle = NEAR_POINTS // 2
    rate = close.output_tokens_per_s[middle]
    return rate / close.low_output_tokens_per_s[middle], rate / close.high_output_tokens_per_s[middle]


def scaled(curve: ServiceCurve, factor: FloatArray | float) -> ServiceCurve:
    """Everything so many times slower: the throughput at a given number in service is divided by the factor."""
    return curve._replace(
        a_s=curve.a_s * factor,
        b_s=curve.b_s * factor,
        ttft_s=curve.ttft_s * factor,
        ttft_slope_s=curve.ttft_slope_s * factor,
    )


def in_service_at(curve: ServiceCurve, rate_per_s: FloatArray, target: Target) -> FloatArray:
    """CAP-11: requests in service that a request meets, itself included, at the target's quantile, (n,).

    What it sees beside itself is NB(r + 1); the fewest others that are exceeded by no more than the allowed share are
    found by halving on its tail. Queued requests are not in service and do not slow the others.
    """
    law = law_of(curve, target)
    law = Law(*(np.atleast_1d(field) for field in law))
    rate = np.minimum(rate_per_s, law.most / (law.a + law.b * law.most) * (1 - 1e-9))
    low, high = np.zeros_like(rate), law.most
    for _ in range(_HALVINGS):
        middle = np.ceil((low + high) / 2)
        enough = tail(law, np.maximum(middle, 1e-9), rate, 1) <= law.miss
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        if np.all(high - low <= 1):
            break
    return np.maximum(np.minimum(high, law.most), 1)


def tpot_ms_at(rate: Rates, rate_per_s: FloatArray, target: Target) -> FloatArray:
    """Time per token at the target's quantile when a replica gets these requests/s, ms, (n,).

    From the line where it holds; below it, for a replica with little to do, between the points of the coarse grid.
    """
    met = in_service_at(rate.curve, rate_per_s, target)
    coarse = rate.coarse
    step = np.log(np.maximum(coarse.in_service[-1], 1)) / (POINTS - 1)
    place = np.clip(np.log(met) / np.where(step > 0, step, 1.0), 0, POINTS - 1)
    lower = np.minimum(place.astype(int), POINTS - 2)
    column = np.arange(len(met))
    t0, t1 = coarse.tpot_ms[lower, column], coarse.tpot_ms[lower + 1, column]
    on_line = tpot_s(rate.curve, met) * MS_PER_S
    return np.where(met >= rate.near_low, on_line, np.minimum(t0 + (t1 - t0) * (place - lower), on_line))
