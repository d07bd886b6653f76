"""CAP-13: what a few points measured on the live server say about other loads and other request shapes.

Inside a probed shape the line T(N) = a + b N is fitted to N x output tokens / rate (CAP-9). For other shapes the
modelled figure is multiplied by one number, exp(median log(measured / modelled)) over all points.

How far off that is, on the closed-loop sweeps of `data/measured.csv` with five concurrencies or more (recomputed by
`python -m bench.calibration`, held by `tests/capacity/test_calibration.py`): `INSIDE`, `BEYOND_2X` and the others
below. Queueing begins and batches stop growing beyond the probed loads, and no fit can know: probe the operating point
and a saturated one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field

from planner.capacity.service_curve import ServiceCurve, relative_line
from planner.domain.base import Value
from planner.units import FloatArray

LEAST_POINTS = 3
SAME_SHAPE_FACTOR = 1.1
SATURATED_ELASTICITY = 0.1
MS_PER_S = 1000


class ErrorFigure(NamedTuple):
    """Absolute relative error of output tokens/s: half of the cases are below the median, nine of ten below P90."""

    median: float
    p90: float


INSIDE = ErrorFigure(0.016, 0.085)
"""Between probed loads: an inner point of a sweep left out."""
BEYOND_2X = ErrorFigure(0.042, 0.163)
BEYOND_4X = ErrorFigure(0.082, 0.318)
"""Beyond the largest probed load, up to 2 and from 2 to 4 times."""
BELOW_2X = ErrorFigure(0.046, 0.128)
BELOW_4X = ErrorFigure(0.078, 0.224)
"""Below the least probed load, down to a half and from a half to a quarter of it."""
TWO_POINTS = ErrorFigure(0.024, 0.143)
"""Between the two ends of a sweep, through these two alone."""
ONE_POINT = ErrorFigure(0.252, 0.546)
"""Through one point alone, up to twice and down to half of its load."""
OTHER_SHAPE = ErrorFigure(0.049, 0.149)
"""Modelled figure times the factor of three loads of one shape, on other shapes: 3,658 cases, each row modelled by a
fit that had not seen its configuration (`bench.calibration.factor_errors`)."""


class ProbePoint(Value):
    """One load held on a live server until it was steady, and what came out."""

    concurrency: float = Field(gt=0, le=1e6, description="Requests in flight, held constant.")
    output_tokens_per_s: float = Field(gt=0, le=1e9, description="Generated tokens per second, all together.")
    input_tokens: float = Field(gt=0, le=1e8, description="Mean prompt tokens per request.")
    output_tokens: float = Field(gt=0, le=1e8, description="Mean generated tokens per request.")
    ttft_ms: float | None = Field(None, gt=0, le=1e8, description="Mean time to first token, ms; empty: not measured.")
    tpot_ms: float | None = Field(None, gt=0, le=1e7, description="Mean time per token after it, ms; empty: not known.")


class ShapeFit(NamedTuple):
    """The line of one probed shape, how well it fits, and the range that was probed.

    `fit_error` is the median relative error at its own points, `left_out_error` the same when each inner point is left
    out in turn (None with fewer than three points). `ttft` is a line too, None when no point has it.
    """

    input_tokens: float
    output_tokens: float
    a_s: float
    b_s: float
    ttft_a_s: float | None
    ttft_b_s: float | None
    fit_error: float
    left_out_error: float | None
    least_concurrency: float
    largest_concurrency: float
    points: int
    saturated: bool

    def output_tokens_per_s(self, concurrency: ArrayLike) -> FloatArray:
        """X(N) x output tokens, also outside the probed range."""
        n = np.asarray(concurrency, dtype=np.float64)
        return np.asarray(n * self.output_tokens / (self.a_s + self.b_s * n))

    def curve(self, max_in_service: float | None = None) -> ServiceCurve | None:
        """For sizing (CAP-12); no more requests side by side than were probed unless said so. None without TTFT."""
        if self.ttft_a_s is None or self.ttft_b_s is None:
            return None
        slope = min(self.ttft_b_s, self.b_s)
        first = min(self.ttft_a_s, self.a_s + self.b_s - slope)
        most = self.largest_concurrency if max_in_service is None else max_in_service
        return ServiceCurve(self.a_s, self.b_s, most, first, self.output_tokens, slope)


class Calibration(NamedTuple):
    """Lines of the probed shapes and one factor on the modelled figure elsewhere.

    `factor` is exp(median log(measured / modelled)), `factor_low` and `factor_high` the least and the largest ratio of
    a point; all None when nothing was modelled.
    """

    shapes: tuple[ShapeFit, ...]
    factor: float | None
    factor_low: float | None
    factor_high: float | None
    points: int
    warnings: tuple[str, ...]


class Calibrated(NamedTuple):
    """An answer from the probe: the figure, the error such figures had, and what is to be known about it."""

    output_tokens_per_s: float
    error: ErrorFigure | None
    how: str
    warnings: tuple[str, ...]


def calibrate(
    points: Sequence[ProbePoint],
    modelled_output_tokens_per_s: ArrayLike | None = None,
    *,
    saturated: bool | None = None,
) -> Calibration:
    """CAP-13 from the points of one deployment, and what the model says of each of them, shape (points,).

    `saturated` is what the measurement itself found, from every run and latency; None = judged from the points alone.
    """
    if not points:
        raise ValueError("A calibration needs at least one probed point: run the probe first.")
    shapes = tuple(_fit(group) for group in _by_shape(points))
    if saturated is not None:
        shapes = tuple(shape._replace(saturated=saturated) for shape in shapes)
    ratios = _ratios(points, modelled_output_tokens_per_s)
    warnings = tuple(warning for shape in shapes for warning in _shape_warnings(shape))
    if not len(ratios):
        return Calibration(shapes, None, None, None, len(points), warnings)
    factor = math.exp(float(np.median(np.log(ratios))))
    return Calibration(shapes, factor, float(ratios.min()), float(ratios.max()), len(points), warnings)


def calibrated(
    calibration: Calibration,
    *,
    concurrency: float,
    input_tokens: float,
    output_tokens: float,
    modelled_output_tokens_per_s: float | None = None,
) -> Calibrated | None:
    """The line where this shape was probed, else the modelled figure times the factor; None when neither is known."""
    shape = next((s for s in calibration.shapes if same_shape(s, input_tokens, output_tokens)), None)
    if shape is not None:
        rate = float(shape.output_tokens_per_s(concurrency))
        return Calibrated(rate, *_inside(shape, concurrency))
    if calibration.factor is None or modelled_output_tokens_per_s is None:
        return None
    how = f"modelled x {calibration.factor:.3g}, the median of measured over modelled at {calibration.points} points"
    warnings = () if calibration.points >= LEAST_POINTS else (_few(calibration.points),)
    return Calibrated(modelled_output_tokens_per_s * calibration.factor, OTHER_SHAPE, how, warnings)


def same_shape(shape: ShapeFit, input_tokens: float, output_tokens: float) -> bool:
    """Whether both mean lengths are within 10 % of the probed ones."""
    pairs = ((shape.input_tokens, input_tokens), (shape.output_tokens, output_tokens))
    return all(max(probed / asked, asked / probed) <= SAME_SHAPE_FACTOR for probed, asked in pairs)


def interior_errors(concurrency: ArrayLike, output_tokens_per_s: ArrayLike) -> FloatArray:
    """Relative error at each inner point of a sweep of the line through all the others, shape (points - 2,).

    One vectorised fit: column i has point i left out.
    """
    n, rate = (np.asarray(values, dtype=np.float64) for values in (concurrency, output_tokens_per_s))
    order = np.argsort(n)
    n, rate = n[order], rate[order]
    inner = np.arange(1, len(n) - 1)
    kept = np.where(np.arange(len(n))[:, np.newaxis] == inner, np.nan, (n / rate)[:, np.newaxis])
    line = relative_line(np.broadcast_to(n[:, np.newaxis], kept.shape), kept)
    return np.asarray(np.abs(n[inner] / (line.intercept + line.slope * n[inner]) / rate[inner] - 1))


def _by_shape(points: Sequence[ProbePoint]) -> list[list[ProbePoint]]:
    groups: dict[tuple[float, float], list[ProbePoint]] = {}
    for point in points:
        groups.setdefault((point.input_tokens, point.output_tokens), []).append(point)
    return list(groups.values())


def _fit(points: list[ProbePoint]) -> ShapeFit:
    """The line of one shape, in order of concurrency."""
    points = sorted(points, key=lambda point: point.concurrency)
    n = np.array([point.concurrency for point in points])
    rate = np.array([point.output_tokens_per_s for point in points])
    tokens = points[0].output_tokens
    line = relative_line(n, n * tokens / rate)
    a, b = float(line.intercept[0]), float(line.slope[0])
    first = relative_line(n, np.array([point.ttft_ms or np.nan for point in points]) / MS_PER_S)
    ttft = [None if np.isnan(part[0]) else float(part[0]) for part in first]
    return ShapeFit(
        input_tokens=points[0].input_tokens,
        output_tokens=tokens,
        a_s=a,
        b_s=b,
        ttft_a_s=ttft[0],
        ttft_b_s=ttft[1],
        fit_error=float(np.median(np.abs(n * tokens / (a + b * n) / rate - 1))),
        left_out_error=float(np.median(interior_errors(n, rate))) if len(points) >= LEAST_POINTS else None,
        least_concurrency=float(n[0]),
        largest_concurrency=float(n[-1]),
        points=len(points),
        saturated=is_saturated(n, rate),
    )


def is_saturated(concurrency: FloatArray, output_tokens_per_s: FloatArray) -> bool:
    """Whether from some earlier load to the last one, ascending, the rate rose by less than a tenth of its share
    (log over log): the last step alone would be at the mercy of one noisy point."""
    load, rate = (np.asarray(values, dtype=np.float64) for values in (concurrency, output_tokens_per_s))
    earlier = load < load[-1]
    share = np.log(rate[-1] / rate[earlier]) / np.log(load[-1] / load[earlier])
    return bool(np.any(share < SATURATED_ELASTICITY))


def _ratios(points: Sequence[ProbePoint], modelled: ArrayLike | None) -> FloatArray:
    if modelled is None:
        return np.zeros(0)
    said = np.asarray(modelled, dtype=np.float64)
    if said.shape != (len(points),):
        raise ValueError(f"{said.size} modelled figures for {len(points)} probed points: give one for each.")
    measured = np.array([point.output_tokens_per_s for point in points])
    known = np.isfinite(said) & (said > 0)
    return np.asarray(measured[known] / said[known])


def _inside(shape: ShapeFit, concurrency: float) -> tuple[ErrorFigure | None, str, tuple[str, ...]]:
    """Error figures, how the figure came about, and warnings, for a load on a probed shape."""
    low, high = shape.least_concurrency, shape.largest_concurrency
    how = f"line through {shape.points} probed points, {low:g} to {high:g} in flight"
    few = () if shape.points >= LEAST_POINTS else (_few(shape.points),)
    beyond = concurrency / high
    if beyond <= 1:
        below = f"{concurrency:g} in flight is below the least probed, {low:g}."
        return INSIDE, how, few if concurrency >= low else (*few, below)
    error = BEYOND_2X if beyond <= 2 else BEYOND_4X if beyond <= 4 else None
    far = (
        "how far off is not known" if error is None else f"{error.median:.1%} off in the median, {error.p90:.0%} at P90"
    )
    said = f"{concurrency:g} in flight is {beyond:.3g} times the largest probed, {high:g}: {far}."
    return error, how, (*few, said + " Probe the operating point.")


def _shape_warnings(shape: ShapeFit) -> list[str]:
    """What is missing in the probe of one shape."""
    name = f"{shape.input_tokens:g} in / {shape.output_tokens:g} out"
    found = [f"{name}: {_few(shape.points)}"] if shape.points < LEAST_POINTS else []
    if not shape.saturated:
        found.append(
            f"{name}: saturation was not reached at {shape.largest_concurrency:g} in flight; the largest rate is not "
            "known. Probe higher, until the rate stops rising."
        )
    return found


def _few(points: int) -> str:
    return f"{points} probed point{'' if points == 1 else 's'}: at least {LEAST_POINTS} are needed to know the error."
