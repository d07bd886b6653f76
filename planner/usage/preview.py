"""The first rows of a table as a column mapping reads them: figures, times and names, never what people wrote."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from planner.usage.duck import MIB, Bounds, DuckEngine
from planner.usage.errors import UsageError, UsageProblem
from planner.usage.look import Seen, seen
from planner.usage.reading import csv_source, json_columns, json_source, parquet_source, typed_columns
from planner.usage.relation import Choices, Columns, relation, unknown
from planner.workload.readers.plain import mapped_reader

MEMORY_BYTES = 512 * MIB
COLUMNS = (
    "started_us",
    "model",
    "requests",
    "fresh_input_tokens",
    "cached_input_tokens",
    "output_tokens",
    "duration_ms",
    "cost_nano",
    "currency",
)
MOST_LETTERS = 60
"""Of a model's name; whatever is longer was not a name."""


class PreviewRow(NamedTuple):
    """One row as read; None is unknown. `rejected` says why it would not count."""

    started_us: int | None
    model: str | None
    requests: int | None
    fresh_input_tokens: int | None
    cached_input_tokens: int | None
    output_tokens: int | None
    duration_ms: int | None
    cost_nano: int | None
    currency: str | None
    rejected: str = ""


def preview(
    path: Path, mapping: Mapping[str, str], *, cached_inside: bool = True, zone: str = "UTC", rows: int = 5
) -> tuple[PreviewRow, ...]:
    """The first rows. Raises UsageError with what is wrong with the mapping or the file."""
    try:
        reader = mapped_reader(mapping, cached_inside)
    except ValueError as error:
        raise UsageError([UsageProblem("", line) for line in str(error).splitlines()]) from None
    with (
        tempfile.TemporaryDirectory(prefix="planner-usage-") as temp,
        DuckEngine(Bounds(MEMORY_BYTES, Path(temp), MEMORY_BYTES, threads=1)) as engine,
    ):
        source, columns = _source(engine, seen(path))
        made = relation(reader, columns, source, Choices(mapping=mapping, cached_inside=cached_inside, zone=zone))
        read = [name if name in made.filled else unknown(name) for name in COLUMNS]
        found = engine.rows(f"SELECT {', '.join(read)}, reject FROM ({made.select}) AS p LIMIT {int(rows)}")
    return tuple(_row(row, [f"{c.column}: {c.reason}".removeprefix(": ") for c in made.checks]) for row in found)


def _source(engine: DuckEngine, look: Seen) -> tuple[str, Columns]:
    """What stands after FROM, and its columns."""
    if look.shape.kind == "parquet":
        source = parquet_source([look.path])
        return source, typed_columns(engine, source)
    if look.shape.kind == "csv":
        return csv_source(look, "preview_rejects", strict=False)
    if look.json is not None and look.shape.kind == "jsonl":
        columns, paths = json_columns(look)
        return json_source(look, paths.values()), columns
    raise UsageError(
        UsageProblem(look.path.name, "is no table", "Columns of CSV, Parquet and JSON lines can be mapped")
    )


def _row(row: tuple[Any, ...], reasons: list[str]) -> PreviewRow:
    *values, reject = row
    read = PreviewRow._make([*values, reasons[reject - 1] if reject > 0 else ""])
    return read._replace(model=read.model and read.model[:MOST_LETTERS])
