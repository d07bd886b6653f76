"""The product's side of the comparison: the plain reader's relation, the engine with its bounds, the one text."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from planner.catalog.catalog import load
from planner.catalog.price_thresholds import price_thresholds
from planner.usage.duck import GIB, Bounds, DuckEngine
from planner.usage.parts import SOURCE
from planner.usage.reading import parquet_source, typed_columns
from planner.usage.relation import Choices, relation
from planner.workload import texts
from planner.workload.readers.plain import PLAIN

THRESHOLDS = price_thresholds(load().tables)
MEMORY_BYTES = 300 * 2**20


def rolled_up(folder: Path) -> pa.Table:
    """Minute x model x long-context band, as an import of this folder makes it; nothing of it is rejected."""
    spill = Path(tempfile.mkdtemp())
    try:
        with DuckEngine(Bounds(MEMORY_BYTES, spill, 4 * GIB)) as engine:
            files = parquet_source(sorted(folder.glob("*.parquet")))
            made = relation(PLAIN, typed_columns(engine, files), SOURCE, Choices())
            engine.run(f"CREATE TEMP VIEW usage_rows AS {made.select.replace(SOURCE, files)}")
            longest_tokens = engine.rows(texts.span("usage_rows", made.has))[0][3]
            reached = [limit for limit in THRESHOLDS if limit < longest_tokens]
            table = engine.table(texts.rollup("usage_rows", reached, made.has, made.has))
    finally:
        shutil.rmtree(spill)
    return table


def as_compared(table: pa.Table) -> pa.Table:
    """With the names that the other ways use."""
    sums = {name: table[f"{name}_sum"] for name in ("requests", "cached_input_tokens", "output_tokens", "duration_ms")}
    whole = pc.add(table["fresh_input_tokens_sum"], table["cached_input_tokens_sum"])
    return pa.table({"minute_us": table["minute_us"], "model": table["model_key"], "input_tokens": whole, **sums})
