"""A throughput from points measured on one's own server (CAP-13): the line at the probed shape, or the model times one
factor at another."""

from __future__ import annotations

import numpy as np

from planner.capacity import published
from planner.capacity.calibration import (
    INSIDE,
    MS_PER_S,
    OTHER_SHAPE,
    ProbePoint,
    ShapeFit,
    calibrate,
    same_shape,
)
from planner.capacity.queue import ServiceTable, table_of
from planner.capacity.service_curve import ServiceCurve
from planner.capacity.throughput.deployment import columns
from planner.capacity.throughput.predict import Load, predict
from planner.decision.predicted_service import deployment_of, predicted_service
from planner.decision.throughput_at_target import AtTarget, at_target, faster, low_end_warning, work_rates
from planner.decision.throughput_evidence import calibrated_evidence
from planner.decision.throughput_modelled import prefill_share
from planner.decision.throughput_values import Asked, Blocked, Throughput
from planner.domain.facts import Reason
from planner.domain.serving import CalibrationPoint, CalibrationPoints
from planner.units import FloatArray

HOW = "from the measured points"


def calibrated_throughput(asked: Asked, points: CalibrationPoints) -> Throughput:
    """The measured points at the scenario's shape and target. Blocked when the target is out of their reach."""
    fitted = calibrate(probe_points(points))
    shape = fitted.shapes[0]
    if not same_shape(shape, max(asked.shape[0], 1.0), max(asked.shape[1], 1.0)):
        return _elsewhere(asked, points)
    curve = _curve(asked, points, shape)
    error = INSIDE.p90
    found = at_target(asked, curve, HOW, low=1 / (1 + error), high=1 + error)
    how = f"line through {shape.points} points, {shape.least_concurrency:g} to {shape.largest_concurrency:g} in flight"
    warnings = (*fitted.warnings, *_untimed(points))
    return _answer(asked, points, found, how, warnings, _prefill_s(asked) * found.rate_per_s)


def probe_points(points: CalibrationPoints) -> list[ProbePoint]:
    """The points as the calibration takes them; where only TPOT was measured, TTFT is the rest of the time."""
    return [
        ProbePoint(
            concurrency=point.requests_in_flight,
            output_tokens_per_s=point.output_tokens_per_s,
            input_tokens=points.input_tokens,
            output_tokens=points.output_tokens,
            ttft_ms=_ttft_ms(point, points.output_tokens),
            tpot_ms=point.tpot_ms,
        )
        for point in points.points
    ]


def _ttft_ms(point: CalibrationPoint, output_tokens: float) -> float | None:
    if point.ttft_ms is not None or point.tpot_ms is None:
        return point.ttft_ms
    whole_ms = MS_PER_S * point.requests_in_flight * output_tokens / point.output_tokens_per_s
    rest = whole_ms - (output_tokens - 1) * point.tpot_ms
    return rest if rest > 0 else None


def _curve(asked: Asked, points: CalibrationPoints, shape: ShapeFit) -> ServiceTable:
    """Service times up to the largest probed load, the memory and the server's own limit, whichever is least."""
    room = (asked.kv_tokens or 0) / max(float(np.sum(asked.shape)), 1.0)
    limit = asked.option.serving.max_num_seqs or np.inf
    most = max(min(shape.largest_concurrency, room, limit), 1.0)
    curve = shape.curve(most) or ServiceCurve(shape.a_s, shape.b_s, most, _prefill_s(asked), points.output_tokens)
    return table_of(curve)


def _prefill_s(asked: Asked) -> float:
    """Seconds to the first token from the compute ceiling alone (CAP-1), where none was measured."""
    return asked.shape[0] / (asked.limit * published.PREFILL_MFU)


def _untimed(points: CalibrationPoints) -> tuple[str, ...]:
    if any(_ttft_ms(point, points.output_tokens) is not None for point in points.points):
        return ()
    return ("Its measured points have no latencies: the time to first token is computed from the GPU's rate alone.",)


def _elsewhere(asked: Asked, points: CalibrationPoints) -> Throughput:
    """The modelled service times at the scenario's own lengths, divided by measured over modelled at the points."""
    found = predicted_service(asked, asked.tables.predictor.constants) if asked.kv_tokens else None
    fitted = calibrate(probe_points(points), _modelled_points(asked, points))
    if found is None or fitted.factor is None:
        raise Blocked(_other_shape(asked, points))
    table = faster(found.table, fitted.factor)
    error = OTHER_SHAPE.p90
    at = at_target(asked, table, HOW, low=1 / (1 + error), high=1 + error, late_s=found.late_s / fitted.factor)
    how = (
        f"modelled figure x {fitted.factor:.3g}, the median of measured over modelled at {fitted.points} points of "
        f"{points.input_tokens:,.0f} in / {points.output_tokens:,.0f} out"
    )
    warnings = (*fitted.warnings, _extrapolated(asked, points))
    return _answer(asked, points, at, how, warnings, prefill_share(found, at))


def _modelled_points(asked: Asked, points: CalibrationPoints) -> FloatArray:
    """Output tokens/s that the model gives at each measured load, shape (points,)."""
    load = Load(points.input_tokens, points.output_tokens, np.array([[p.requests_in_flight] for p in points.points]))
    found = predict(columns([deployment_of(asked, 0.0)]), load, asked.tables.predictor.constants)
    return found.output_tokens_per_s[:, 0]


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
    asked: Asked, points: CalibrationPoints, found: AtTarget, how: str, warnings: tuple[str, ...], prompt_share: float
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
        evidence=calibrated_evidence(asked, points, found, how),
        warnings=(*warnings, *low_end_warning(asked, found)),
    )
