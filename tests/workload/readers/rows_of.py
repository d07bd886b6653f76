"""A file through one reader and real DuckDB, as the import does it: its usage rows, and the reasons of its rejects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from planner.usage.look import Seen, seen
from planner.usage.reading import (
    Asked,
    csv_source,
    json_columns,
    json_source,
    late_paths,
    parquet_source,
    typed_columns,
)
from planner.usage.relation import Choices, Columns, relation
from planner.workload.readers.base import BadRow, DocumentReader, OwnerKind, Reader, TableReader
from planner.workload.readers.cells import SESSION
from planner.workload.readers.checks import reason
from planner.workload.readers.sql import quoted
from planner.workload.usage_rows import COLUMNS, UsageRow

SAMPLES = Path(__file__).parents[2] / "samples" / "usage"


class Duck:
    """DuckDB as the import sets it up, one connection, closed by `with`."""

    def __enter__(self) -> Duck:
        self._connection = duckdb.connect()
        self._connection.execute(SESSION)
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(text).fetchall()


def rows_of(reader: Reader, path: Path, owner_by: OwnerKind | None = None) -> list[UsageRow]:
    """The good rows, in the order of the file."""
    return [row for row in read(reader, path, Choices(owner_by=owner_by)) if isinstance(row, UsageRow)]


def rejects_of(reader: Reader, path: Path) -> list[str]:
    """The reasons of the rows that cannot be used, in the order of the file."""
    return [row.reason for row in read(reader, path, Choices()) if isinstance(row, BadRow)]


def read(reader: Reader, path: Path, choices: Choices) -> list[UsageRow | BadRow]:
    """Every row of usage, good or not."""
    if isinstance(reader, DocumentReader):
        return list(reader.rows(_documents(path), choices.owner_by))
    with Duck() as duck:
        return _of_table(duck, reader, seen(path), choices)


def _of_table(duck: Duck, reader: TableReader, look: Seen, choices: Choices) -> list[UsageRow | BadRow]:
    source, columns = _source(duck, reader, look, choices)
    made = relation(reader, columns, source, choices)
    names = [name for name in COLUMNS if name in made.filled]
    codes = duck.rows(f"SELECT {', '.join(names)}, reject FROM ({made.select}) AS t")
    found: list[UsageRow | BadRow] = []
    for *values, code in codes:
        if code > 0:
            found.append(BadRow(reason(made.checks[code - 1])))
        elif code == 0:
            found.append(UsageRow(**dict(zip(names, values, strict=True))))
    return found


def _source(duck: Duck, reader: TableReader, look: Seen, choices: Choices) -> tuple[str, Columns]:
    if look.shape.kind == "csv":
        return csv_source(look, "bad_lines")
    if look.shape.kind == "parquet":
        source = parquet_source([look.path])
        return source, typed_columns(duck, source)  # type: ignore[arg-type] # only rows() is asked of it
    columns, paths = json_columns(look)
    relation(reader, columns, "nothing", choices)
    assert isinstance(columns.names, Asked)
    late = late_paths(columns.names.missed, paths)
    names = {**columns.names, **{dotted.lower(): ".".join(map(quoted, keys)) for dotted, keys in late.items()}}
    source = json_source(look, [*paths.values(), *late.values()])
    return source, Columns({**columns.kinds, **dict.fromkeys(map(str.lower, late), "text")}, names)


def _documents(path: Path) -> Iterator[object]:
    """Whole JSON documents: one, a list of them, or one per line; of a text, its lines."""
    text = path.read_text(encoding="utf-8")
    if seen(path).shape.kind == "text":
        yield from text.splitlines()
        return
    try:
        whole = json.loads(text)
    except ValueError:
        whole = [json.loads(line) for line in text.splitlines() if line.strip()]
    yield from whole if isinstance(whole, list) else [whole]


def typed_rows(reader: TableReader, setup: str, table: str) -> list[UsageRow]:
    """The rows of a table made by `setup`, through the types that the engine says it has."""
    with Duck() as duck:
        duck.rows(setup)
        made = relation(reader, typed_columns(duck, table), table, Choices())  # type: ignore[arg-type]
        names = [name for name in COLUMNS if name in made.filled]
        found = duck.rows(f"SELECT {', '.join(names)} FROM ({made.select}) AS t WHERE reject = 0")
    return [UsageRow(**dict(zip(names, row, strict=True))) for row in found]


def written(tmp_path: Path, name: str, text: str) -> Path:
    """A file of this text."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def total(rows: list[UsageRow], column: str) -> int:
    """Sum of what is known of a column."""
    return sum(getattr(row, column) or 0 for row in rows)
