"""How far off a throughput from measured points may be (CAP-13): one definition for every page, file and draw.

The error is the largest of what speaks: that of such fits between their points, or at another request length; that of
a line through fewer than three loads; that of a load below the least that was measured; what a doubt of the guards is
known to hide; and half of the widest spread of the repeats of one load. The errors of published sweeps hold their noise
already, so noise of one's own counts only where it is larger. Loads above the largest measured one are never planned
with.
"""

from __future__ import annotations

from typing import NamedTuple

from planner.capacity.calibration import (
    BELOW_2X,
    BELOW_4X,
    INSIDE,
    LEAST_POINTS,
    ONE_POINT,
    OTHER_SHAPE,
    TWO_POINTS,
    ErrorFigure,
)
from planner.domain.serving import CalibrationPoints
from planner.format import percent, plural

NEAR_FACTOR = 2.0


class Error(NamedTuple):
    """What nine of ten such figures are not further off than, as a share, and what that rests on."""

    fraction: float
    why: str

    @property
    def low(self) -> float:
        """Low end of the throughput at equal load, over the likely one."""
        return 1 / (1 + self.fraction)

    @property
    def high(self) -> float:
        """High end of the same."""
        return 1 + self.fraction


HIDDEN = {
    "NO_STEADY_WINDOW": Error(0.13, "a rate of whole runs, with ramp-up and drain, is up to 13% low"),
    "PREFIX_CACHE": Error(0.05, "up to 5% of the prompt tokens came from a cache"),
}
"""Errors that a doubt of a guard is known to stand for (PRB-1, PRB-2)."""


def error_inside(points: CalibrationPoints, in_flight: float) -> Error:
    """At the measured request length, at a load of one replica."""
    below = min(served(points, point.requests_in_flight) for point in points.points) / max(in_flight, 1.0)
    beneath = [] if below <= 1 else [Error(_below(below).p90, "the load is below the least that was measured")]
    return _worst(Error(INSIDE.p90, "errors of such lines between their points"), points, beneath)


def error_elsewhere(points: CalibrationPoints) -> Error:
    """At another request length, where the points only scale the model."""
    return _worst(Error(OTHER_SHAPE.p90, "errors of a model scaled by points of another request length"), points, [])


def loads(points: CalibrationPoints) -> int:
    """Different loads that were measured; all beyond the knee are one."""
    return len({served(points, point.requests_in_flight) for point in points.points})


def served(points: CalibrationPoints, requests_in_flight: float) -> float:
    """Requests that are served side by side at a load: beyond the knee of the measurement the others wait (PRB-3)."""
    knee = points.measured_by.knee_requests_in_flight if points.measured_by else None
    return requests_in_flight if knee is None else min(requests_in_flight, knee)


def few(points: CalibrationPoints) -> str:
    """Told when there are too few loads to know the error; empty otherwise."""
    found = loads(points)
    return (
        "" if found >= LEAST_POINTS else f"{plural(found, 'load')} measured: {LEAST_POINTS} are needed for its error."
    )


def _worst(usual: Error, points: CalibrationPoints, more: list[Error]) -> Error:
    found = [usual, *more]
    if loads(points) < LEAST_POINTS:
        of_few = ONE_POINT if loads(points) == 1 else TWO_POINTS
        found.append(Error(of_few.p90, f"errors of a line through {plural(loads(points), 'load')}"))
    codes = points.measured_by.doubt_codes if points.measured_by else ()
    found += [error for code, error in HIDDEN.items() if code in codes]
    spread = points.measured_by.spread_fraction if points.measured_by else None
    if spread:
        found.append(Error(spread / 2, f"half of the {percent(spread)} by which repeats of one load differ"))
    return max(found, key=lambda error: error.fraction)


def _below(factor: float) -> ErrorFigure:
    return BELOW_2X if factor <= NEAR_FACTOR else BELOW_4X
