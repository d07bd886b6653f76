"""The integers that the texts bring back, and that a profile is computed from."""

from __future__ import annotations

from dataclasses import dataclass

from planner.workload.rollup import IntArray, Rollup


@dataclass(frozen=True)
class LengthCounts:
    """How many requests have each length; both of shape (lengths,), tokens ascending."""

    tokens: IntArray
    requests: IntArray


@dataclass(frozen=True)
class PeakRow:
    """The busiest window of one width, and what all whole windows hold."""

    window_s: int
    windows: int
    requests_max: int
    input_max: int
    output_max: int
    requests_sum: int
    input_sum: int
    output_sum: int


@dataclass(frozen=True)
class Gaps:
    """Times between arrivals, microseconds."""

    gaps: int
    gap_sum_us: int
    gap_square_sum: int


@dataclass(frozen=True)
class UsageFigures:
    """One log, measured. What a bucketed log cannot say is None or empty."""

    rollup: Rollup
    first_us: int
    last_us: int
    """Start of the last row; a bucket goes on for its length."""
    peaks: tuple[PeakRow, ...] = ()
    input_lengths: LengthCounts | None = None
    output_lengths: LengthCounts | None = None
    busiest_second: int | None = None
    gaps: Gaps | None = None
    prefix_hit_tokens: int | None = None
    """Prompt tokens whose block came before, where the export has hashes of blocks."""
