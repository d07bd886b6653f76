"""Run every text over one relation and hand the integers to the model: the same for files and for warehouses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from planner.usage.engine import Engine
from planner.usage.errors import UsageError, UsageProblem
from planner.workload import texts
from planner.workload.figures import Gaps, LengthCounts, PeakRow, UsageFigures
from planner.workload.rollup import TEXT_KEYS, IntArray, Labels, Rollup
from planner.workload.usage_rows import SUMS, Grain

PEAK_WIDTHS_S = (1, 10, 60, 600, 3600)
GAPS_LIMIT = 5_000_000
"""Rows above which times between arrivals are not measured: they need a sort of the whole log."""
Said = Callable[[str, float], None]
"""Told the step that begins and the share that is done."""
STEPS = (
    ("rolling up", 0.0),
    ("looking for the busiest moments", 0.4),
    ("counting lengths", 0.7),
    ("counting requests in flight", 0.8),
)
"""Each step with the share that is done when it begins."""


@dataclass(frozen=True)
class Wanted:
    """What to measure of a relation of usage rows."""

    relation: str
    grain: Grain
    thresholds: tuple[int, ...]
    has: Collection[str] = texts.ALL
    """Columns that the source fills."""
    full: Collection[str] = ()
    """Columns that every row fills."""
    shown: Callable[[str], str] = str
    """How a name (model, owner) is kept."""


def measured(engine: Engine, wanted: Wanted, said: Said = lambda step, share: None) -> UsageFigures:
    """All figures of a log; those inside a bucket are None for a bucketed one. Raises UsageError."""
    relation = wanted.relation
    said(*STEPS[0])
    first_us, last_us, rows, longest_tokens = _one(engine, texts.span(relation, wanted.has))
    if not rows:
        raise UsageError(UsageProblem("", "there is no usage in it", "Check the period and the file that was exported"))
    reached = [limit for limit in wanted.thresholds if limit < longest_tokens]
    text = texts.rollup(relation, reached, wanted.has, wanted.full)
    rollup = as_rollup(engine.table(text), wanted.thresholds, wanted.shown)
    if wanted.grain == "bucket":
        return UsageFigures(rollup, first_us, last_us)
    said(*STEPS[1])
    peaks = texts.peaks(relation, first_us, last_us, PEAK_WIDTHS_S)
    found = tuple(PeakRow(**row) for row in _integers(engine.table(peaks))) if peaks else ()
    said(*STEPS[2])
    lengths = {what: _lengths(engine, texts.lengths(relation, what)) for what in ("input", "output")}
    timed = "duration_ms" in wanted.has and rollup.known["duration_ms"].any()
    said(*STEPS[3])
    running = _one(engine, texts.busiest_second(relation))[0] if timed else None
    gaps = Gaps(*_one(engine, texts.gaps(relation))) if 2 < rows <= GAPS_LIMIT else None
    return UsageFigures(rollup, first_us, last_us, found, lengths["input"], lengths["output"], running, gaps)


def as_rollup(
    table: pa.Table, thresholds: tuple[int, ...], shown: Callable[[str], str] = str, *, in_order: bool = False
) -> Rollup:
    """The rollup's table as arrays, sorted by minute and keys: engines give their rows in any order."""
    table = table.rename_columns([name.lower() for name in table.column_names])

    def ints(name: str) -> IntArray:
        return np.asarray(table[name].cast(pa.int64()).to_numpy())

    labels = {key: _labels(table[f"{key}_key"], shown) for key in TEXT_KEYS}
    keys = [ints("context_band"), ints("bucket_s_key"), *(labels[key].codes for key in reversed(TEXT_KEYS))]
    order = slice(None) if in_order else np.lexsort([*keys, ints("minute_us")])
    return Rollup(
        minute_us=ints("minute_us")[order],
        bucket_s=ints("bucket_s_key")[order],
        labels={key: Labels(found.names, found.codes[order]) for key, found in labels.items()},
        context_band=ints("context_band")[order],
        usage_rows=ints("usage_rows")[order],
        sums={name: ints(f"{name}_sum")[order] for name in SUMS},
        known={name: ints(f"{name}_known")[order] for name in SUMS},
        thresholds=thresholds,
    )


def _labels(column: pa.ChunkedArray, shown: Callable[[str], str]) -> Labels:
    """Each distinct text is trimmed and looked at once, whatever the number of rows."""
    if not pa.types.is_dictionary(column.type):
        column = pc.fill_null(column.cast(pa.string()), "").dictionary_encode()
    one = column.unify_dictionaries().combine_chunks()
    parts = one.chunks if isinstance(one, pa.ChunkedArray) else [one]
    if not parts:
        return Labels((), np.zeros(0, dtype=np.int64))
    spelt = [shown(name.strip()) for name in parts[0].dictionary.to_pylist()]
    names = sorted(set(spelt))
    place = {name: code for code, name in enumerate(names)}
    moved = np.fromiter((place[name] for name in spelt), dtype=np.int64, count=len(spelt))
    codes = np.concatenate([np.asarray(part.indices.cast(pa.int64())) for part in parts])
    return Labels(tuple(names), moved[codes])


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
