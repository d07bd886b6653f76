"""The columns of one file as SQL expressions: what is read from a text is checked, what is absent is NULL.

A text file gives texts, so each number and time is read with a check: a filled cell that cannot be read is a reject
with its reason. A typed relation (Parquet, a database's table) is cast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from planner.workload.usage_rows import NANO

Kind = Literal["text", "number", "time", "time with zone", "other"]
NULL_INT = "CAST(NULL AS BIGINT)"


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

    def first(self, *names: str) -> str | None:
        """The first of these columns that is there."""
        return next((name for name in names if name.lower() in self.names), None)

    def has(self, name: str) -> bool:
        """Whether the column is there."""
        return name.lower() in self.names

    def raw(self, *names: str) -> str:
        """The first column that is there as it is; NULL when none is."""
        name = self.first(*names)
        return "NULL" if name is None else self.names[name.lower()]

    def text(self, *names: str, default: str = "") -> str:
        """As text without surrounding blanks; `default` where empty or absent."""
        name = self.first(*names)
        value = f"'{default}'"
        return value if name is None else f"COALESCE(NULLIF(TRIM(CAST({self.raw(name)} AS VARCHAR)), ''), {value})"

    def integer(self, *names: str) -> str:
        """A whole number; NULL where empty or absent; a filled cell that is no whole number is a reject."""
        name = self.first(*names)
        if name is None:
            return NULL_INT
        raw = self.raw(name)
        if self._kind(name) == "text":
            number = f"TRY_CAST({self._filled(raw)} AS DECIMAL(38, 9))"
            self._check(
                name,
                "is not a whole number",
                f"{self._filled(raw)} IS NOT NULL AND ({number} IS NULL OR {number} <> FLOOR({number}))",
            )
            return f"TRY_CAST({number} AS BIGINT)"
        return f"CAST({raw} AS BIGINT)"

    def scaled(self, factor: int, *names: str) -> str:
        """A decimal times `factor`, rounded half away from zero to a whole number (seconds to ms: 1000)."""
        name = self.first(*names)
        if name is None:
            return NULL_INT
        raw = self.raw(name)
        if self._kind(name) == "text":
            number = f"TRY_CAST({self._filled(raw)} AS DOUBLE)"
            exact = f"TRY_CAST({self._filled(raw)} AS DECIMAL(28, 12))"
            self._check(name, "is not a number", f"{self._filled(raw)} IS NOT NULL AND {number} IS NULL")
            return f"CAST(ROUND(COALESCE({exact} * {factor}, {number} * {factor})) AS BIGINT)"
        return f"CAST(ROUND(CAST({raw} AS DECIMAL(28, 12)) * {factor}) AS BIGINT)"

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
        if kind == "number":
            return _epoch_us(f"CAST({raw} AS DECIMAL(28, 9))")
        if kind == "time":
            return self.epoch_us(raw if self.zone == "UTC" else f"timezone('UTC', timezone('{self.zone}', {raw}))")
        if kind == "time with zone":
            return self.epoch_us(raw)
        filled = self._filled(raw)
        number = f"TRY_CAST({filled} AS DECIMAL(28, 9))"
        zoned = f"TRY_CAST({filled} AS TIMESTAMPTZ)"
        value = f"COALESCE({_epoch_us(number)}, {self.epoch_us(self._in_zone(filled, zoned))})"
        self._check(name, "is not a time", f"{filled} IS NOT NULL AND {number} IS NULL AND {zoned} IS NULL")
        return value

    def _in_zone(self, filled: str, zoned: str) -> str:
        """A text without a zone of its own is read in `zone`."""
        if self.zone == "UTC":
            return zoned
        says = f"regexp_matches({filled}, '[Tt ][0-9:.]+ ?([Zz]|[+-][0-9:]+|UTC|[A-Za-z]+/[A-Za-z_]+)$')"
        return f"CASE WHEN {says} THEN {zoned} ELSE timezone('{self.zone}', TRY_CAST({filled} AS TIMESTAMP)) END"

    def _filled(self, raw: str) -> str:
        return f"NULLIF(TRIM({raw}), '')"

    def _kind(self, name: str) -> Kind:
        return self.kinds.get(name.lower(), "text")

    def _check(self, name: str, reason: str, when: str) -> None:
        check = Check(name, reason, when)
        if check not in self.checks:
            self.checks.append(check)


def _epoch_us(number: str) -> str:
    """Whole microseconds of a number that counts s, ms, us or ns since 1970."""
    return (
        f"CAST(CASE WHEN {number} < 1e11 THEN {number} * 1000000 WHEN {number} < 1e14 THEN {number} * 1000 "
        f"WHEN {number} < 1e17 THEN {number} ELSE {number} / 1000 END AS BIGINT)"
    )
