"""Rollups by hand: a few rows of usage, so that a test shows its arithmetic."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from planner.workload.rollup import Labels, Rollup
from planner.workload.usage_rows import SUMS, US_PER_MINUTE, US_PER_S

TEXTS = {"model": "gpt-4o", "task_class": "", "owner": "", "service_tier": "standard", "currency": ""}


def minute(day: str, hour: int = 12, minute: int = 0) -> int:
    """Microseconds of a minute, UTC."""
    at = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(hour, minute), dt.UTC)
    return int(at.timestamp()) * US_PER_S // US_PER_MINUTE * US_PER_MINUTE


def row(
    day: str = "2026-10-01", *, hour: int = 12, fresh: int = 0, output: int | None = 0, **more: Any
) -> dict[str, Any]:
    """One row of a rollup; columns of SUMS that are not given are unknown, but requests (1) and prompt parts (0)."""
    known = {"requests": 1, "cached_input_tokens": 0, "cache_write_tokens": 0, "cache_write_1h_tokens": 0}
    tokens = {"fresh_input_tokens": fresh, "output_tokens": output}
    return {"minute_us": minute(day, hour), **known, **tokens, **more}


def log(*rows: dict[str, Any], thresholds: tuple[int, ...] = ()) -> Rollup:
    """The rollup of these rows, sorted by minute."""
    ordered = sorted(rows, key=lambda r: r["minute_us"])

    def ints(name: str, default: int = 0) -> Any:
        return np.array([r.get(name, default) or 0 for r in ordered], dtype=np.int64)

    def known(name: str) -> Any:
        return np.array([r.get("usage_rows", 1) if r.get(name) is not None else 0 for r in ordered], dtype=np.int64)

    return Rollup(
        minute_us=ints("minute_us"),
        bucket_s=ints("bucket_s"),
        labels={key: Labels.of([r.get(key, text) for r in ordered]) for key, text in TEXTS.items()},
        context_band=ints("context_band"),
        usage_rows=ints("usage_rows", 1),
        sums={name: ints(name) for name in SUMS},
        known={name: known(name) for name in SUMS},
        thresholds=thresholds,
    )
