"""The columns of one file as SQL expressions: what is read from a text is checked, what is absent is NULL.

A text file gives texts, so each number and time is read with a check: a filled cell that cannot be read is a reject
with its reason. A typed relation (Parquet, a database's table) is cast. A line of JSON is read by paths. A name with
dots reaches into a column that holds JSON, a map or a struct: `metadata.usage_object.total_tokens`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from planner.workload.readers.sql import Kind, epoch_us_of, extracted, kind_of, quoted, text_literal
from planner.workload.usage_rows import NANO

__all__ = ["NULL_INT", "SESSION", "Cells", "Check", "Kind"]
NULL_INT = "CAST(NULL AS BIGINT)"
SESSION = "SET TimeZone = 'UTC'"
"""What DuckDB is told before times are read: a text without a zone of its own is UTC then, not the machine's zone."""
_ZONE = re.compile(r"[A-Za-z0-9_+/-]+")


class Check(NamedTuple):
    """A reason to reject a row: the column it is about, what is wrong, and the SQL condition that is true of it."""

    column: str
    reason: str
    when: str


@dataclass
class Cells:
    """Columns of a relation. `kinds` has the type of each, by its lower-case name; `reference` writes one in SQL."""

    kinds: Mapping[str, Kind]
    names: Mapping[str, str]
    """Lower-case name -> SQL that reads the column."""
    checks: list[Check] = field(default_factory=list)
    zone: str = "UTC"
    """Zone of a time that does not say its own."""
    epoch_us: Callable[[str], str] = "epoch_us({})".format
    """How the engine turns a timestamp (without zone, UTC) into whole microseconds."""
    line: str = ""
    """SQL of the whole JSON object, where each line is one; '' for a table."""
    typed: bool = False
    """A column of texts is taken as it is: to trim each of a hundred million names takes a fifth of the time."""

    def __post_init__(self) -> None:
        if not _ZONE.fullmatch(self.zone):
            raise ValueError(f"{self.zone!r} is not a time zone: write UTC or a name such as Europe/Berlin")

    @classmethod
    def of_text(cls, columns: Iterable[str], zone: str = "UTC") -> Cells:
        """Columns of a text file (CSV read with every column as text): everything is checked."""
        names = _first_of_each((column, quoted(column)) for column in columns)
        return cls(_all_text(names), names, zone=zone)

    @classmethod
    def of_typed(cls, columns: Mapping[str, str], zone: str = "UTC") -> Cells:
        """Columns of a typed relation (Parquet, a database's table): name -> SQL type, as the engine names it."""
        kinds: dict[str, Kind] = {}
        for name, sql_type in columns.items():
            kinds.setdefault(name.lower(), kind_of(sql_type))
        return cls(kinds, _first_of_each((column, quoted(column)) for column in columns), zone=zone, typed=True)

    @classmethod
    def of_json_lines(cls, paths: Iterable[str | tuple[str, ...]], zone: str = "UTC", line: str = "json") -> Cells:
        """One JSON object per row, in the column `line`; `paths` are those seen at the head of the file.

        A path is written with dots, or as a tuple of keys where a key has a dot itself.
        """
        keys = [tuple(path.split(".")) if isinstance(path, str) else path for path in paths]
        names = _first_of_each((".".join(path), extracted(line, path)) for path in keys)
        return cls(_all_text(names), names, zone=zone, line=line)

    def in_utc(self) -> Cells:
        """The same columns, with times of which the vendor says that they are UTC, whatever `zone` is."""
        return replace(self, zone="UTC")

    def first(self, *names: str) -> str | None:
        """The first of these columns that is there; one that a dotted name reaches only when no column is."""
        seen = next((name for name in names if self._column(name) is not None), None)
        return seen or next((name for name in names if self._sql(name) is not None), None)

    def has(self, name: str) -> bool:
        """Whether the column is there."""
        return self._sql(name) is not None

    def raw(self, *names: str) -> str:
        """The first column that is there as it is; NULL when none is."""
        name = self.first(*names)
        return "NULL" if name is None else self._sql(name) or "NULL"

    def text(self, *names: str, default: str = "") -> str:
        """As text without surrounding blanks; `default` where empty or absent."""
        value, name = text_literal(default), self.first(*names)
        return value if name is None else f"COALESCE({self._text(name)}, {value})"

    def name(self, *names: str) -> str:
        """As text without surrounding blanks; NULL where empty or absent (a model, the id of a request)."""
        name = self.first(*names)
        return "CAST(NULL AS VARCHAR)" if name is None else self._text(name)

    def flag(self, *names: str) -> str:
        """Whether it says true, t, yes or 1; false where empty or absent."""
        name = self.first(*names)
        return "FALSE" if name is None else f"COALESCE(LOWER({self._text(name)}) IN ('true', 't', 'yes', '1'), FALSE)"

    def integer(self, *names: str) -> str:
        """A whole number; NULL where empty or absent; a filled cell that is no whole number is a reject."""
        name = self.first(*names)
        if name is None:
            return NULL_INT
        raw, kind = self.raw(name), self._kind(name)
        if kind not in ("text", "decimal"):
            return f"CAST({raw} AS BIGINT)"
        if kind == "decimal":
            whole = f"TRY_CAST({raw} AS BIGINT)"
            wrong = f"{raw} IS NOT NULL AND ({whole} IS NULL OR {raw} <> FLOOR({raw}))"
        else:
            whole = _whole(self._filled(raw))
            wrong = f"{self._filled(raw)} IS NOT NULL AND {whole} IS NULL"
        self.reject(name, "is not a whole number", wrong)
        return whole

    def scaled(self, factor: int, *names: str) -> str:
        """A decimal times `factor`, rounded half away from zero to a whole number (seconds to ms: 1000)."""
        name = self.first(*names)
        if name is None:
            return NULL_INT
        raw = self.raw(name)
        if factor == 1 and self._kind(name) == "number":
            return f"CAST({raw} AS BIGINT)"
        value = self._filled(raw) if self._kind(name) == "text" else raw
        exact = f"TRY_CAST(ROUND(TRY_CAST({value} AS DECIMAL(28, 12)) * {factor}) AS BIGINT)"
        if self._kind(name) == "number":
            return exact
        whole = f"COALESCE({exact}, TRY_CAST(ROUND(TRY_CAST({value} AS DOUBLE) * {factor}) AS BIGINT))"
        self.reject(name, "is not a number", f"{value} IS NOT NULL AND {whole} IS NULL")
        return whole

    def nano(self, *names: str) -> str:
        """An amount of money in billionths."""
        return self.scaled(NANO, *names)

    def instant(self, *names: str) -> str:
        """A time as whole microseconds since 1970 UTC: ISO text with or without zone, or epoch s, ms, us or ns.

        A number below 1e11 is seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
        """
        name = self.first(*names)
        if name is None:
            return NULL_INT
        raw, kind = self.raw(name), self._kind(name)
        if kind in ("number", "decimal"):
            return epoch_us_of(f"CAST({raw} AS DECIMAL(28, 9))")
        if kind == "time":
            plain = f"CAST({raw} AS TIMESTAMP)"
            zoned = f"timezone('UTC', timezone('{self.zone}', {plain}))"
            return self.epoch_us(plain if self.zone == "UTC" else zoned)
        if kind == "time with zone":
            return self.epoch_us(f"CAST({raw} AS TIMESTAMPTZ)")
        filled = self._filled(raw)
        number, zoned = f"TRY_CAST({filled} AS DECIMAL(28, 9))", f"TRY_CAST({filled} AS TIMESTAMPTZ)"
        is_date = " OR ".join(f"{filled} LIKE '%{sign}%'" for sign in "-:/")
        moment = self.epoch_us(self._in_zone(filled, zoned))
        found = f"CASE WHEN {is_date} THEN {moment} ELSE {epoch_us_of(number)} END"
        self.reject(name, "is not a time", f"{filled} IS NOT NULL AND {found} IS NULL")
        return found

    def reject(self, name: str, reason: str, when: str) -> None:
        """Rows of which the condition is true are rejects, for this reason about the column."""
        check = Check(name, reason, when)
        if check not in self.checks:
            self.checks.append(check)

    def _in_zone(self, filled: str, zoned: str) -> str:
        """A text without a zone of its own is read in `zone`."""
        if self.zone == "UTC":
            return zoned
        says = f"regexp_matches({filled}, '[Tt ][0-9:.]+ ?([Zz]|[+-][0-9:]+|UTC|[A-Za-z]+/[A-Za-z_]+)$')"
        return f"CASE WHEN {says} THEN {zoned} ELSE timezone('{self.zone}', TRY_CAST({filled} AS TIMESTAMP)) END"

    def _sql(self, name: str) -> str | None:
        """How the column, or what a dotted name reaches in it, is read; None when it is not there.

        `in` tells a mapping that keeps what is asked of it (JSON, of which only the head was seen) of a name it lacks.
        """
        if (known := self._column(name)) is not None or name in self.names:
            return known
        head, _, rest = name.partition(".")
        if self.line and any(known.startswith(f"{head.lower()}.") for known in self.names):
            return extracted(self.line, name.split("."))
        inside = rest and self._column(head) is not None
        return extracted(self._json(head), rest.split(".")) if inside else None

    def _column(self, name: str) -> str | None:
        return self.names.get(name.lower()) or self.names.get(name)

    def _json(self, name: str) -> str:
        """A column that holds JSON, a map or a struct, as JSON."""
        raw, kind = self.raw(name), self._kind(name)
        if kind == "json":
            return f"CAST({raw} AS JSON)"
        if kind != "text":
            return f"to_json({raw})"
        filled = self._filled(raw)
        self.reject(name, "is not JSON", f"{filled} IS NOT NULL AND TRY_CAST({filled} AS JSON) IS NULL")
        return f"TRY_CAST({filled} AS JSON)"

    def _text(self, name: str) -> str:
        if self.typed and self._column(name) is not None and self._kind(name) == "text":
            return f"NULLIF({self.raw(name)}, '')"
        return f"NULLIF(TRIM(CAST({self.raw(name)} AS VARCHAR)), '')"

    def _filled(self, raw: str) -> str:
        return f"NULLIF(TRIM({raw}), '')"

    def _kind(self, name: str) -> Kind:
        return self.kinds.get(name.lower(), "text")


def _whole(value: str) -> str:
    """A text as a whole number; NULL for anything else. Digits alone, the usual case, are read fast."""
    number = f"TRY_CAST({value} AS DECIMAL(38, 9))"
    pointed = " OR ".join(f"{value} LIKE '%{sign}%'" for sign in ".eE")
    whole = f"CASE WHEN {number} = FLOOR({number}) THEN TRY_CAST({number} AS BIGINT) END"
    return f"CASE WHEN {pointed} THEN {whole} ELSE TRY_CAST({value} AS BIGINT) END"


def _all_text(names: Iterable[str]) -> dict[str, Kind]:
    kind: Kind = "text"
    return dict.fromkeys(names, kind)


def _first_of_each(columns: Iterable[tuple[str, str]]) -> dict[str, str]:
    names: dict[str, str] = {}
    for name, sql in columns:
        names.setdefault(name.lower(), sql)
    return names
