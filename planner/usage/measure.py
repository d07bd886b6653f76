"""Run every text over one relation and hand the integers to the model: the same for files and for warehouses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from planner.usage.engine import Engine
from planner.usage.errors import UsageError, UsageProblem
from planner.workload import texts
from planner.workload.figures import Gaps, LengthCounts, PeakRow, UsageFigures
from planner.workload.rollup import TEXT_KEYS, Labels, Rollup
from planner.workload.usage_rows import SUMS, Grain

PEAK_WIDTHS_S = (1, 10, 60, 600, 3600)
GAPS_LIMIT = 5_000_000
"""Rows above which times between arrivals are not measured: they need a sort of the whole log."""
Said = Callable[[str, float], None]
"""Told the step that begins and the share that is done."""


@dataclass(frozen=True)
class Wanted:
    """What to measure of a relation of usage rows."""

    relation: str
    grain: Grain
    thresholds: tuple[int, ...]
    has: Collection[str] = texts.ALL
    """Columns that the source fills."""


def measured(engine: Engine, wanted: Wanted, said: Said = lambda step, share: None) -> UsageFigures:
    """All figures of a log; those inside a bucket are None for a bucketed one. Raises UsageError."""
    relation = wanted.relation
    said("rolling up", 0.0)
    rollup = as_rollup(engine.table(texts.rollup(relation, wanted.thresholds, wanted.has)), wanted.thresholds)
    first_us, last_us, rows = _one(engine, texts.span(relation))
    if not rows:
        raise UsageError(UsageProblem("", "there is no usage in it", "Check the period and the file that was exported"))
    if wanted.grain == "bucket":
        return UsageFigures(rollup, first_us, last_us)
    said("looking for the busiest moments", 0.4)
    peaks = texts.peaks(relation, first_us, last_us, PEAK_WIDTHS_S)
    found = tuple(PeakRow(**row) for row in _integers(engine.table(peaks))) if peaks else ()
    said("counting lengths", 0.7)
    lengths = {what: _lengths(engine, texts.lengths(relation, what)) for what in ("input", "output")}
    timed = "duration_ms" in wanted.has and rollup.known["duration_ms"].any()
    said("counting requests in flight", 0.85)
    running = _one(engine, texts.busiest_second(relation))[0] if timed else None
    gaps = Gaps(*_one(engine, texts.gaps(relation))) if 2 < rows <= GAPS_LIMIT else None
    return UsageFigures(rollup, first_us, last_us, found, lengths["input"], lengths["output"], running, gaps)


def as_rollup(table: pa.Table, thresholds: tuple[int, ...]) -> Rollup:
    """The rollup's table as arrays, sorted by minute and keys: engines give their rows in any order."""
    table = table.rename_columns([name.lower() for name in table.column_names])
    order = [("minute_us", "ascending"), *((f"{k}_key", "ascending") for k in TEXT_KEYS), ("bucket_s_key", "ascending")]
    table = table.sort_by([*order, ("context_band", "ascending")])

    def ints(name: str) -> Any:
        return table[name].cast(pa.int64()).to_numpy()

    labels = {key: Labels.of(table[f"{key}_key"].fill_null("").to_pylist()) for key in TEXT_KEYS}
    return Rollup(
        minute_us=ints("minute_us"),
        bucket_s=ints("bucket_s_key"),
        labels=labels,
        context_band=ints("context_band"),
        usage_rows=ints("usage_rows"),
        sums={name: ints(f"{name}_sum") for name in SUMS},
        known={name: ints(f"{name}_known") for name in SUMS},
        thresholds=thresholds,
    )


def _lengths(engine: Engine, text: str) -> LengthCounts:
    table = engine.table(text)
    tokens, n = (np.asarray(table.column(i).cast(pa.int64()).to_numpy()) for i in (0, 1))
    return LengthCounts(tokens, n)


def _integers(table: pa.Table) -> list[Mapping[str, int]]:
    return [{key.lower(): int(value) for key, value in row.items()} for row in table.to_pylist()]


def _one(engine: Engine, text: str) -> tuple[Any, ...]:
    """The one row of an answer, whole numbers as int."""
    (row,) = engine.table(text).to_pylist()
    return tuple(int(v) if isinstance(v, Decimal | float) and v == int(v) else v for v in row.values())
