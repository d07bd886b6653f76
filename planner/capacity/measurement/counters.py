"""PRB-1: what a server's counters moved by between two readings."""

from __future__ import annotations

from planner.capacity.measurement.outcome import Counters
from planner.domain.measured_run import ServerDelta

COUNTED = (
    "prompt_tokens",
    "generation_tokens",
    "cache_query_tokens",
    "cache_hit_tokens",
    "preemptions",
    "rejections",
    "requests_finished",
)
"""Counters that only rise while a server runs; the others are readings of a moment."""
MOST_COUNTED, MOST_WAITING, MOST_KV_FRACTION = 1e15, 1e9, 1.5
"""What a run can hold; a reading beyond is none."""


def difference(
    before: Counters | None, after: Counters | None, peaks: Counters | None = None
) -> tuple[ServerDelta | None, bool]:
    """After less before, with the peaks seen between; and whether a counter went back, as it does at a restart.

    Nothing is told of a counter that is missing in either reading, and of none of them once one went back.
    """
    moved = _moved(before, after)
    reset = any(change < 0 for change in moved.values())
    whole = {} if reset else {name: round(change) for name, change in moved.items()}
    highest = _highest(peaks)
    return (ServerDelta.model_validate(whole | highest) if whole or highest else None), reset


def _moved(before: Counters | None, after: Counters | None) -> dict[str, float]:
    if before is None or after is None:
        return {}
    pairs = {name: (getattr(before, name), getattr(after, name)) for name in COUNTED}
    moved = {name: late - early for name, (early, late) in pairs.items() if early is not None and late is not None}
    return {name: change for name, change in moved.items() if abs(change) <= MOST_COUNTED}


def _highest(peaks: Counters | None) -> dict[str, float]:
    if peaks is None:
        return {}
    seen = {
        "running_max": (peaks.running, MOST_WAITING),
        "waiting_max": (peaks.waiting, MOST_WAITING),
        "kv_usage_max_fraction": (peaks.kv_usage_fraction, MOST_KV_FRACTION),
    }
    return {name: value for name, (value, most) in seen.items() if value is not None and 0 <= value <= most}
