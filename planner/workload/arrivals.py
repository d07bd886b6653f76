"""How requests arrive and how many are in flight."""

from __future__ import annotations

import numpy as np

from planner.domain.usage import Concurrency
from planner.workload.figures import Gaps
from planner.workload.log import Log

MS_PER_S = 1000


def concurrency(log: Log) -> Concurrency:
    """Mean by Little's law (durations over the length of the log), and the busiest second where it was measured."""
    busy_ms = log.figures.rollup.total("duration_ms")
    if busy_ms is None or log.window_s <= 0:
        return Concurrency()
    return Concurrency(
        mean=busy_ms / MS_PER_S / log.window_s,
        busiest_second=log.figures.busiest_second,
        timed_fraction=_timed_fraction(log),
    )


def _timed_fraction(log: Log) -> float:
    """Share of requests (of rows, where requests are not counted) with a duration."""
    rollup = log.figures.rollup
    counted = rollup.sums["requests"] if log.knows_all("requests") else rollup.usage_rows
    timed = counted * (rollup.known["duration_ms"] / np.maximum(rollup.usage_rows, 1))
    return min(float(timed.sum()) / max(int(counted.sum()), 1), 1.0)


def gap_cv(gaps: Gaps | None) -> float | None:
    """Standard deviation of the times between arrivals over their mean; 1 when arrivals are independent (Poisson)."""
    if gaps is None or gaps.gaps == 0 or gaps.gap_sum_us <= 0:
        return None
    variance = gaps.gaps * int(gaps.gap_square_sum) - gaps.gap_sum_us**2
    return float(np.sqrt(max(variance, 0) / gaps.gap_sum_us**2))
