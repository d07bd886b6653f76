"""A table of an engine as usage rows: recognised by its columns, read by the same reader as its export."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from planner.usage.engines.warehouse import Warehouse
from planner.usage.errors import UsageError, UsageProblem
from planner.usage.relation import Choices, Columns, Relation, Watched, relation
from planner.workload.readers import READERS
from planner.workload.readers.base import Shape, TableReader, recognised
from planner.workload.readers.sql import kind_of, quoted
from planner.workload.usage_rows import COLUMNS, US_PER_S

PART = re.compile(r'"((?:[^"]|"")+)"|`([^`]+)`|([^."`]+)')
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """Days that are read, both in UTC; None is open. A bound lets an engine leave whole partitions out."""

    since: dt.date | None = None
    """First day."""
    before: dt.date | None = None
    """First day that is not read any more."""


@dataclass(frozen=True)
class LogTable:
    """A table, ready to be measured."""

    reader: TableReader
    relation: str
    """What stands after FROM, in DuckDB's dialect: good rows only."""
    has: frozenset[str]
    """Usage columns that the table fills."""
    every: Relation
    """All rows, with `reject`."""
    rejects: str
    """A text: reject, usage_rows. Good rows have 0; rows that are no usage are left out."""
    notes: tuple[str, ...] = ()


def table_name(table: str, dialect: str) -> str:
    """A table's name, quoted part by part; in Snowflake a plain name stays as it is, and is folded to capitals."""
    found = PART.findall(table)
    if not found or PART.sub("", table).strip("."):
        raise UsageError(UsageProblem(repr(table), "is no name of a table", "Write schema.table"))
    return ".".join(_part(*part, fold=dialect == "snowflake") for part in found)


def _part(in_quotes: str, in_ticks: str, bare: str, *, fold: bool) -> str:
    if fold and PLAIN.fullmatch(bare):
        return bare
    return quoted(in_quotes.replace('""', '"') or in_ticks or bare)


def recognised_table(columns: Mapping[str, str], format_id: str | None = None) -> TableReader:
    """The reader of a table by its columns, or the one that is named. Raises UsageError."""
    tables = [reader for reader in READERS if isinstance(reader, TableReader)]
    if format_id:
        named = next((reader for reader in tables if reader.about.reader_id == format_id), None)
        if named is None:
            known = ", ".join(reader.about.reader_id for reader in tables)
            raise UsageError(UsageProblem(format_id, "is no format of a table", f"Formats are {known}"))
        return named
    found = recognised(tables, Shape("parquet", tuple(columns)))
    if not isinstance(found, TableReader):
        names = ", ".join(list(columns)[:20]) or "none that may be read"
        remedy = "Name the format, or make a view with the columns timestamp, model, input_tokens, output_tokens"
        raise UsageError(UsageProblem("", f"no format is recognised by the columns ({names})", remedy))
    return found


def relation_of_table(
    engine: Warehouse,
    table: str,
    reader: TableReader | None = None,
    choices: Choices | None = None,
    period: Period | None = None,
) -> LogTable:
    """The table as usage rows, for `measure.measured`; recognised when no reader is given. Raises UsageError."""
    name = table_name(table, engine.dialect)
    columns = engine.columns(native_name(name, engine.dialect))
    if not columns:
        remedy = "Check its name, with capitals, and that the account may read its columns"
        raise UsageError(UsageProblem(table, "is not there, or may not be read", remedy))
    return as_log(name, columns, reader or recognised_table(columns), choices, period)


def as_log(
    name: str,
    columns: Mapping[str, str],
    reader: TableReader,
    choices: Choices | None = None,
    period: Period | None = None,
) -> LogTable:
    """The same, of a table with these columns, without asking an engine."""
    chosen = choices or Choices()
    known = Columns(
        {column.lower(): kind_of(kind) for column, kind in columns.items()},
        {column.lower(): quoted(column) for column in columns},
    )
    bounds = period or Period()
    every = relation(reader, known, f"{name}{_pruned(reader, known, columns, bounds, chosen.zone)}", chosen)
    within = "".join(f" AND {bound}" for bound in _exact(bounds))
    columns_of_a_row = ", ".join(COLUMNS)
    return LogTable(
        reader,
        f"(SELECT {columns_of_a_row} FROM ({every.select}) AS usage_log WHERE reject = 0{within}) AS usage_rows",
        every.has,
        every,
        f"SELECT reject, COUNT(*) AS usage_rows FROM ({every.select}) AS usage_log "
        f"WHERE reject >= 0{within} GROUP BY 1 ORDER BY 1",
        every.notes,
    )


def native_name(name: str, dialect: str) -> str:
    """A quoted name as the engine itself quotes."""
    return name.replace('"', "`") if dialect in {"spark", "databricks", "bigquery"} else name


def _exact(period: Period) -> list[str]:
    bounds = ((period.since, ">="), (period.before, "<"))
    return [f"started_us {sign} {_us(day)}" for day, sign in bounds if day is not None]


def _us(day: dt.date) -> int:
    return int(dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()) * US_PER_S


def _pruned(reader: TableReader, known: Columns, columns: Mapping[str, str], period: Period, zone: str) -> str:
    """A bound on the column itself, a day wider for any zone, of the column's own type."""
    cells = Watched(known.kinds, known.names, zone=zone)
    reader.select(cells)
    name = next(iter(cells.times), "")
    kind = next((kind for column, kind in columns.items() if column.lower() == name.lower()), "")
    if known.kinds.get(name.lower()) not in ("time", "time with zone"):
        return ""
    days = ((period.since, -DAY, ">="), (period.before, DAY, "<"))
    found = [f"{quoted_of(known, name)} {sign} {_literal(day + by, kind)}" for day, by, sign in days if day is not None]
    return f" WHERE {' AND '.join(found)}" if found else ""


def quoted_of(known: Columns, name: str) -> str:
    """The column as SQL."""
    return known.names[name.lower()]


def _literal(day: dt.date, kind: str) -> str:
    if kind.upper() == "DATE":
        return f"CAST('{day}' AS DATE)"
    zoned = kind_of(kind) == "time with zone"
    return f"CAST('{day} 00:00:00+00:00' AS TIMESTAMPTZ)" if zoned else f"CAST('{day} 00:00:00' AS TIMESTAMP)"
