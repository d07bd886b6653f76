"""One candidate over its load: time per token at the percentile from idle to the most it serves, with the band."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np

from planner.capacity.calibration import calibrate, same_shape
from planner.capacity.queue import MS_PER_S, ServiceTable, Target, at_rate, table_of, target_of
from planner.capacity.service_curve import ServiceCurve
from planner.catalog.tables import Tables
from planner.decision.candidates.detail import detail
from planner.decision.present_capacity_option import same_deployment_in
from planner.decision.throughput_at_target import faster
from planner.decision.throughput_calibrated import probe_points
from planner.domain.capacity import Candidate, CapacityRequest
from planner.domain.scenario import Scenario
from planner.units import FloatArray

POINTS = 48
NEARLY_FULL = 0.995
Line = tuple[tuple[float, float], ...]


class Operating(NamedTuple):
    """Requests/s of the whole deployment against ms per token at the percentile, and what goes on at the peak.

    Spares are left out: they are there for when another replica is not.
    """

    modelled: Line
    slow: Line
    fast: Line
    peak: tuple[float, float]
    largest: tuple[float, float]
    in_service: float
    """Mean requests in service at the peak, one replica."""
    ttft_ms: float
    wait_ms: float
    utilisation_fraction: float
    goodput_fraction: float
    """Share of requests that meet both targets at the peak."""


def operating(candidate: Candidate, request: CapacityRequest, tables: Tables, on: dt.date) -> Operating:
    """The curves of a candidate's serving replicas: predicted service times under random arrivals (CAP-10)."""
    update = {name: (getattr(candidate, name[:-1]),) for name in ("model_ids", "format_ids", "gpu_ids")}
    one = request.model_copy(update={**update, "engine": candidate.engine})
    served = detail(one, tables, on, tp=candidate.tp, pp=candidate.pp).served
    if served is None:
        raise ValueError("A candidate fits in memory; this deployment does not.")
    serving, target = max(1, candidate.replicas - candidate.spare_replicas), target_of(request.latency)
    likely, slow, fast = (faster(served.table, factor) for factor in (1.0, served.low, served.high))
    peak = request.peak_requests_per_s / serving
    at = at_rate(likely, np.asarray([peak, candidate.rate_at_target_per_s]), target)
    tpot = at.tpot_s * MS_PER_S
    return Operating(
        modelled=_line(likely, serving, target),
        slow=_line(slow, serving, target),
        fast=_line(fast, serving, target),
        peak=(request.peak_requests_per_s, float(tpot[0])),
        largest=(candidate.rate_at_target_per_s * serving, float(tpot[1])),
        in_service=float(at.mean_in_service[0]),
        ttft_ms=float(at.ttft_s[0]) * MS_PER_S,
        wait_ms=float(at.wait_s[0]) * MS_PER_S,
        utilisation_fraction=peak / likely.capacity_per_s,
        goodput_fraction=float(at.share_in_target[0]),
    )


def _line(server: ServiceTable, serving: int, target: Target) -> Line:
    load = np.linspace(0, NEARLY_FULL, POINTS) * server.capacity_per_s
    return _points(load * serving, at_rate(server, load, target).tpot_s * MS_PER_S)


def calibrated_line(scenario: Scenario, c: Candidate, request: CapacityRequest) -> Line:
    """The line through points that the scenario's owner measured on this deployment at this request length, if any.

    Up to the largest probed load; empty when nothing was measured, or at other lengths.
    """
    option = same_deployment_in(scenario, c)
    if option is None or option.calibration is None:
        return ()
    shape = calibrate(probe_points(option.calibration)).shapes[0]
    if not same_shape(shape, request.input_tokens * (1 - request.cached_fraction), request.output_tokens):
        return ()
    bare = ServiceCurve(shape.a_s, shape.b_s, shape.largest_concurrency, 0.0, shape.output_tokens)
    server = table_of(shape.curve() or bare)
    return _line(server, max(1, c.replicas - c.spare_replicas), target_of(request.latency))


def _points(x: FloatArray, y: FloatArray) -> Line:
    return tuple((a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True) if np.isfinite(b))
