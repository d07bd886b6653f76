"""How much busier the busiest window is than the mean one, for each width that the log can show."""

from __future__ import annotations

import numpy as np

from planner.domain.usage import Peak
from planner.units import SECONDS_PER_DAY, SECONDS_PER_HOUR
from planner.workload.log import SECONDS_PER_MINUTE, Log
from planner.workload.rollup import IntArray

WIDTHS_S = (SECONDS_PER_MINUTE, 10 * SECONDS_PER_MINUTE, SECONDS_PER_HOUR, SECONDS_PER_DAY)
"""Widths asked of a log of buckets, beside its own bucket."""
FEWEST_WINDOWS = 2
"""The busiest of a single window is the mean one: it says nothing."""


def peaks(log: Log) -> tuple[Peak, ...]:
    """Peaks by width, narrowest first. Windows start at the first request; the last, partial one is left out."""
    return tuple(peak for peak in (*_of_requests(log), *_of_minutes(log)) if peak.windows >= FEWEST_WINDOWS)


def _of_requests(log: Log) -> list[Peak]:
    """As measured request by request."""
    has_input, has_output = log.knows("fresh_input_tokens"), log.knows("output_tokens")
    return [
        Peak(
            window_s=row.window_s,
            windows=row.windows,
            requests_to_mean=_ratio(row.requests_max, row.windows, row.requests_sum),
            input_tokens_to_mean=_ratio(row.input_max, row.windows, row.input_sum) if has_input else None,
            output_tokens_to_mean=_ratio(row.output_max, row.windows, row.output_sum) if has_output else None,
        )
        for row in log.figures.peaks
    ]


def _of_minutes(log: Log) -> list[Peak]:
    """From the rollup: every width of a bucketed log, and what is wider than the measured ones of any other."""
    widest = max((row.window_s for row in log.figures.peaks), default=0)
    wanted = {*WIDTHS_S, log.bucket_s} - {0} if log.bucketed else {SECONDS_PER_DAY}
    found = (_of_rollup(log, width) for width in sorted(wanted) if width > widest and log.fits(width))
    return [peak for peak in found if peak is not None]


def _of_rollup(log: Log, width_s: int) -> Peak | None:
    rollup = log.figures.rollup
    whole = (log.end_us - log.start_us) // (width_s * 1_000_000)
    if whole < FEWEST_WINDOWS:
        return None
    return Peak(
        window_s=width_s,
        windows=whole,
        requests_to_mean=_busiest(log, width_s, rollup.sums["requests"]) if log.knows_all("requests") else None,
        input_tokens_to_mean=_busiest(log, width_s, rollup.prompt_tokens) if log.knows("fresh_input_tokens") else None,
        output_tokens_to_mean=(
            _busiest(log, width_s, rollup.sums["output_tokens"]) if log.knows("output_tokens") else None
        ),
    )


def _busiest(log: Log, width_s: int, values: IntArray) -> float | None:
    sums = log.windows(width_s, values).astype(np.int64)
    return _ratio(int(sums.max()), sums.size, int(sums.sum()))


def _ratio(largest: int, windows: int, total: int) -> float | None:
    """Busiest over mean, from whole numbers; None when there was nothing."""
    return largest * windows / total if total > 0 else None
