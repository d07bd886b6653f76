"""BE-1 and BE-2: every volume at which the cheaper side changes, in closed form.

The per-token side is a line `fixed + slope * x`. The self-hosted side is a staircase: with j serving replicas it costs
`fixed + unit * step * ceil((j + spare) / step) + slope * x` and serves up to `j * kappa`. Volume x is in any one unit.
Ties go to the per-token side; intervals are (open, closed].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.units import FloatArray, ceil_tol

ENUMERATION_LIMIT = 100_000
"""Segments enumerated one by one; beyond it the robust break-even is still exact, the list of gaps is cut."""
_TOL = 1e-12


class Line(NamedTuple):
    """Cost per period of the per-token side."""

    fixed: float
    slope: float


class Staircase(NamedTuple):
    """Cost per period of the self-hosted side; `kappa` is the volume one replica serves."""

    fixed: float
    unit: float
    kappa: float
    min_replicas: int = 1
    spare_replicas: int = 0
    replica_step: int = 1
    slope: float = 0.0

    def first_segment(self) -> int:
        """Serving replicas of the first segment above zero volume."""
        return max(self.min_replicas, 1)

    def level(self, serving: FloatArray | float) -> FloatArray:
        """Volume-independent cost with `serving` replicas, spares and rentable steps included."""
        total = np.asarray(serving, dtype=np.float64) + self.spare_replicas
        return self.fixed + self.unit * self.replica_step * ceil_tol(total / self.replica_step)


class Solution(NamedTuple):
    """Where the staircase is cheaper: ascending, disjoint (start, end]; an infinite end is for good."""

    intervals: tuple[tuple[float, float], ...]
    robust: float | None
    exact: bool

    @property
    def first(self) -> float | None:
        """Left end of the first winning interval."""
        return self.intervals[0][0] if self.intervals else None


def linear_break_even(fixed_difference: float, slope_difference: float) -> float | None:
    """BE-1: V* = F / (p - v); None when p <= v."""
    return fixed_difference / slope_difference if slope_difference > 0 else None


def win_intervals(line: Line, stairs: Staircase) -> Solution:
    """BE-2: all intervals on which the staircase is cheaper, and the volume above which it is so for good."""
    advantage = line.slope - stairs.slope
    robust_segment = _robust_segment(line, stairs, advantage)
    last = _last_candidate(line, stairs, advantage) if robust_segment is None else robust_segment
    first = stairs.first_segment()
    cut = last - first >= ENUMERATION_LIMIT
    segments = np.arange(first, first + ENUMERATION_LIMIT if cut else last + 1, dtype=np.float64)
    starts, ends = _segment_wins(line, stairs, advantage, segments)
    intervals = _merge(starts, ends)
    if robust_segment is None:
        return Solution(tuple(intervals), None, exact=not cut)
    robust = _robust_start(line, stairs, advantage, robust_segment)
    kept = [(a, b) for a, b in intervals if b <= robust * (1 + _TOL) and a < robust]
    return Solution((*kept, (robust, np.inf)), robust, exact=not cut)


def _segment_wins(
    line: Line, stairs: Staircase, advantage: float, segments: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Winning part (start, end] of each segment, empty ones dropped; shape (wins,)."""
    low = np.where(segments == stairs.first_segment(), 0.0, (segments - 1) * stairs.kappa)
    high = segments * stairs.kappa
    handicap = stairs.level(segments) - line.fixed
    if advantage == 0:
        noise = _TOL * np.maximum(np.abs(stairs.level(segments)), abs(line.fixed))
        starts, ends = low, np.where(handicap < -noise, high, low)
    elif advantage > 0:
        starts, ends = np.maximum(low, handicap / advantage), high
    else:
        starts, ends = low, np.minimum(high, handicap / advantage)
    won = ends - starts > _TOL * np.maximum(1.0, np.abs(ends))
    return starts[won], ends[won]


def _merge(starts: FloatArray, ends: FloatArray) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if merged and start <= merged[-1][1] * (1 + _TOL):
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _robust_segment(line: Line, stairs: Staircase, advantage: float) -> int | None:
    """First segment from which every segment is won from its left end on; None when there is none."""
    gain = advantage * stairs.kappa - stairs.unit
    slack = _TOL * max(abs(stairs.unit), abs(advantage * stairs.kappa))
    first, step = stairs.first_segment(), stairs.replica_step
    residues = np.arange(first, first + step, dtype=np.float64)
    shortfall = stairs.level(residues) - line.fixed - advantage * (residues - 1) * stairs.kappa
    behind = shortfall > 0 if advantage > 0 else shortfall >= 0
    if gain < -slack or (gain <= slack and np.any(behind)):
        return None
    repeats = np.maximum(ceil_tol(shortfall / (step * gain)), 0) if gain > slack else np.zeros_like(shortfall)
    failing = np.where(repeats > 0, residues + (repeats - 1) * step, first - 1)
    segment = int(np.max(failing)) + 1
    return first + 1 if segment == first and stairs.level(first) > line.fixed else segment


def _robust_start(line: Line, stairs: Staircase, advantage: float, segment: int) -> float:
    """Left end of the last, unbounded interval: inside the segment before, or where `segment` itself begins."""
    first = stairs.first_segment()
    if segment == first:
        return 0.0
    before = float(segment - 1)
    low = 0.0 if before == first else (before - 1) * stairs.kappa
    root = (float(stairs.level(before)) - line.fixed) / advantage
    return min(max(low, root), before * stairs.kappa)


def _last_candidate(line: Line, stairs: Staircase, advantage: float) -> int:
    """Last segment that can be won at all when there is no robust break-even (level(j) >= fixed + unit (j + spare))."""
    head_start = line.fixed - stairs.fixed - stairs.unit * stairs.spare_replicas
    loss_per_replica = stairs.unit - max(advantage, 0.0) * stairs.kappa
    first = stairs.first_segment()
    if loss_per_replica <= _TOL * max(stairs.unit, 1e-300):
        return first + (ENUMERATION_LIMIT if head_start > 0 else stairs.replica_step)
    return max(first, int(head_start / loss_per_replica) + 1)
