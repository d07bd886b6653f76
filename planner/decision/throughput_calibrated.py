"""A throughput from points measured on one's own server (CAP-13): the line at the probed shape, or the model times one
factor at another."""

from __future__ import annotations

import numpy as np

from planner.capacity import published
from planner.capacity.calibration import (
    MS_PER_S,
    ProbePoint,
    ShapeFit,
    calibrate,
    same_shape,
)
from planner.capacity.queue import ServiceTable, table_of, target_of
from planner.capacity.service_curve import ServiceCurve
from planner.capacity.sizing import exact_rate
from planner.capacity.throughput.deployment import columns
from planner.capacity.throughput.predict import Load, predict
from planner.decision.measured_doubts import contradictions, doubts
from planner.decision.predicted_service import deployment_of, predicted_service
from planner.decision.throughput_at_target import AtTarget, at_target, faster, low_end_warning, work_rates
from planner.decision.throughput_band import Error, error_elsewhere, error_inside, served
from planner.decision.throughput_evidence import calibrated_evidence
from planner.decision.throughput_modelled import prefill_share
from planner.decision.throughput_values import Asked, Blocked, Throughput
from planner.domain.facts import Reason
from planner.domain.serving import CalibrationPoint, CalibrationPoints
from planner.units import FloatArray

HOW = "from the measured points"
EXTENDED = 2.0
"""Where throughput still rose at the largest measured load, the high end of the band may serve so many times it."""
MORE = 1.01
"""A high end that gains less than this from more requests side by side is no lower bound."""


def calibrated_throughput(asked: Asked, points: CalibrationPoints) -> Throughput:
    """The measured points at the scenario's shape and target. Blocked when the target is out of their reach, and when
    they are of another model, weight format, GPU or number of GPUs than the option."""
    if wrong := contradictions(asked.option, points, asked.where, asked.tables):
        raise Blocked(*wrong)
    fitted = calibrate(probe_points(points), saturated=_told(points))
    shape = fitted.shapes[0]
    if not same_shape(shape, max(asked.shape[0], 1.0), max(asked.shape[1], 1.0)):
        return _elsewhere(asked, points)
    table, wider = (_curve(asked, points, shape, shape.largest_concurrency * factor) for factor in (1.0, EXTENDED))
    error = error_inside(points, _in_flight(asked, table))
    extended = wider if _still_rises(points, shape) else None
    found = at_target(asked, table, HOW, low=error.low, high=error.high, high_table=extended)
    how = (
        f"line through {shape.points} points, {shape.least_concurrency:g} to {shape.largest_concurrency:.3g} in flight"
    )
    how += _beyond(points)
    warnings = (*fitted.warnings, *_untimed(points), *_lower_bound(asked, shape, table, extended))
    return _answer(asked, points, found, how, error, warnings, _prefill_s(asked) * found.rate_per_s, table)


def _beyond(points: CalibrationPoints) -> str:
    """How many of them hold a queue."""
    more = sum(served(points, point.requests_in_flight) < point.requests_in_flight for point in points.points)
    return f", {more} of them beyond the knee, where requests wait" if more else ""


def _told(points: CalibrationPoints) -> bool | None:
    """True where the measurement itself says whether it reached saturation, so that it is not said twice."""
    return True if _saturated(points) is not None else None


def _saturated(points: CalibrationPoints) -> bool | None:
    """What the measurement found; None where it cannot tell, or the points were typed in."""
    held = points.measured_by
    if held is not None and held.knee_requests_in_flight is not None:
        return True
    return {"ok": True, "not_saturated": False}.get(held.status if held else "")


def _still_rises(points: CalibrationPoints, shape: ShapeFit) -> bool:
    """Whether throughput still rose at the largest load: as the measurement says, else as the points do."""
    known = _saturated(points)
    return not (shape.saturated if known is None else known)


def _in_flight(asked: Asked, table: ServiceTable) -> float:
    """Mean requests in service at the largest rate within the target."""
    return float(exact_rate(table, target_of(asked.scenario.latency)).operating.mean_in_service)


def _lower_bound(asked: Asked, shape: ShapeFit, table: ServiceTable, extended: ServiceTable | None) -> tuple[str, ...]:
    """Told when the target would allow more than the largest load that was measured."""
    if extended is None:
        return ()
    target = target_of(asked.scenario.latency)
    now, more = (exact_rate(one, target).rate_per_s for one in (table, extended))
    if more <= now * MORE:
        return ()
    told = (
        f"Its throughput is a lower bound: it still rose at {shape.largest_concurrency:g} in flight, the largest load "
        f"that was measured, and the target allows more. The high end of its range is the line at up to {EXTENDED:g} "
        "times that load."
    )
    return (told,)


def probe_points(points: CalibrationPoints) -> list[ProbePoint]:
    """The points as the calibration takes them; where only TPOT was measured, TTFT is the rest of the time.

    CAP-9 is of requests that are served: a load beyond the knee counts as the knee, and its TTFT, which holds the wait,
    is left out.
    """
    return [
        ProbePoint(
            concurrency=served(points, point.requests_in_flight),
            output_tokens_per_s=point.output_tokens_per_s,
            input_tokens=points.input_tokens,
            output_tokens=points.output_tokens,
            ttft_ms=_ttft_ms(points, point),
            tpot_ms=point.tpot_ms,
        )
        for point in points.points
    ]


def _ttft_ms(points: CalibrationPoints, point: CalibrationPoint) -> float | None:
    if served(points, point.requests_in_flight) < point.requests_in_flight:
        return None
    if point.ttft_ms is not None or point.tpot_ms is None:
        return point.ttft_ms
    whole_ms = MS_PER_S * point.requests_in_flight * points.output_tokens / point.output_tokens_per_s
    rest = whole_ms - (points.output_tokens - 1) * point.tpot_ms
    return rest if rest > 0 else None


def _curve(asked: Asked, points: CalibrationPoints, shape: ShapeFit, largest: float) -> ServiceTable:
    """Service times up to the largest load, the memory and the server's own limit, whichever is least."""
    room = (asked.kv_tokens or 0) / max(float(np.sum(asked.shape)), 1.0)
    limit = asked.option.serving.max_num_seqs or np.inf
    most = max(min(round(largest), room, limit), 1.0)
    curve = shape.curve(most) or ServiceCurve(shape.a_s, shape.b_s, most, _prefill_s(asked), points.output_tokens)
    return table_of(curve)


def _prefill_s(asked: Asked) -> float:
    """Seconds to the first token from the compute ceiling alone (CAP-1), where none was measured."""
    return asked.shape[0] / (asked.limit * published.PREFILL_MFU)


def _untimed(points: CalibrationPoints) -> tuple[str, ...]:
    if any(_ttft_ms(points, point) is not None for point in points.points):
        return ()
    return ("Its measured points have no latencies: the time to first token is computed from the GPU's rate alone.",)


def _elsewhere(asked: Asked, points: CalibrationPoints) -> Throughput:
    """The modelled service times at the scenario's own lengths, divided by measured over modelled at the points."""
    found = predicted_service(asked, asked.tables.predictor.constants) if asked.kv_tokens else None
    fitted = calibrate(probe_points(points), _modelled_points(asked, points), saturated=_told(points))
    if found is None or fitted.factor is None:
        raise Blocked(_other_shape(asked, points))
    table = faster(found.table, fitted.factor)
    error = error_elsewhere(points)
    at = at_target(asked, table, HOW, low=error.low, high=error.high, late_s=found.late_s / fitted.factor)
    how = (
        f"modelled figure x {fitted.factor:.3g}, the median of measured over modelled at {fitted.points} points of "
        f"{points.input_tokens:,.0f} in / {points.output_tokens:,.0f} out"
    )
    warnings = (*fitted.warnings, _extrapolated(asked, points), *_knee_elsewhere(points, table))
    return _answer(asked, points, at, how, error, warnings, prefill_share(found, at), table)


def _modelled_points(asked: Asked, points: CalibrationPoints) -> FloatArray:
    """Output tokens/s that the model gives at each measured load, shape (points,)."""
    in_flight = np.array([[served(points, point.requests_in_flight)] for point in points.points])
    load = Load(points.input_tokens, points.output_tokens, in_flight)
    found = predict(columns([deployment_of(asked, 0.0)]), load, asked.tables.predictor.constants)
    return found.output_tokens_per_s[:, 0]


def _knee_elsewhere(points: CalibrationPoints, table: ServiceTable) -> tuple[str, ...]:
    """Told when the model serves more side by side than the measured server did, whose limit may hold here too."""
    knee, most = points.measured_by.knee_requests_in_flight if points.measured_by else None, len(table.service_s)
    if knee is None or most <= knee * EXTENDED:
        return ()
    told = (
        f"The measured server gained nothing beyond {knee:,.3g} requests in flight, and the model takes up to {most:,} "
        "here: check its limit (max_num_seqs), or measure at these lengths."
    )
    return (told,)


def _extrapolated(asked: Asked, points: CalibrationPoints) -> str:
    return (
        f"Its points were measured at {points.input_tokens:,.0f} prompt and {points.output_tokens:,.0f} output tokens; "
        f"at {asked.shape[0]:,.0f} and {asked.shape[1]:,.0f} they only scale the model: measure at these lengths."
    )


def _other_shape(asked: Asked, points: CalibrationPoints) -> Reason:
    return Reason(
        code="THROUGHPUT_UNKNOWN",
        message=f"The points were measured at {points.input_tokens:,.0f} prompt and {points.output_tokens:,.0f} output "
        f"tokens, and requests here have {asked.shape[0]:,.0f} and {asked.shape[1]:,.0f}; the model has nothing to "
        "carry them over with.",
        field=f"{asked.where}.calibration",
        remedy="Measure at these request lengths.",
    )


def _answer(
    asked: Asked,
    points: CalibrationPoints,
    found: AtTarget,
    how: str,
    error: Error,
    warnings: tuple[str, ...],
    prompt_share: float,
    table: ServiceTable,
) -> Throughput:
    return Throughput(
        source="calibrated",
        work=work_rates(asked, found.rate_per_s, prompt_share),
        low=found.low,
        high=found.high,
        shape_factor=1.0,
        held_at_slo=True,
        ttft_ms=found.ttft_ms,
        tpot_ms=found.tpot_ms,
        evidence=calibrated_evidence(asked, points, found, how, error),
        warnings=(*doubts(asked.option, points), *warnings, *low_end_warning(asked, found)),
        alone_s=float(table.service_s[0]),
    )
