"""A file, or a table of an engine, as a relation of usage rows: one SELECT with its checks, made by a reader.

The SELECT has the usage columns, NULL where the source does not fill them, and `reject`: 0 is a good row, -1 is no
usage at all, and any other number is the place (from 1) of the check that the row fails.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from planner.usage.errors import UsageError, UsageProblem
from planner.workload import texts
from planner.workload.readers.base import About, OwnerKind, TableReader, hashed, owner_column, owner_sql
from planner.workload.readers.cells import NULL_INT, Cells, Check, Kind
from planner.workload.readers.checks import row_checks
from planner.workload.usage_rows import COLUMNS, SQL_TYPES, US_PER_S

SHORT = 80
"""Letters up to which an expression needs no name of its own."""
LONGEST_MS = 30 * 86_400_000
MOST_COST_NANO = 10**17
MODEL_LENGTH = 200
ZONE = "([Zz]|[+-][0-9][0-9](:?[0-9][0-9])?|UTC|GMT|[A-Za-z]+/[A-Za-z_]+)$"
"""How a text ends that says its zone."""
HASHED = "usage_hashed"
"""The macro that hashes an owner while a file is staged: a name is never written down."""
TO_HASH = "planner:to-hash:"
"""Begin of an owner that is hashed as soon as the rollup is back: there are few distinct ones then."""
NO_LENGTH = "a period without a length"
EARLY = "a time before 2015"
"""The check that is not made of a trace whose times count from an unknown day."""


@dataclass(frozen=True)
class Choices:
    """How the person wants the export to be read; part of the import's fingerprint."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    """Column of the plain table -> column of the file."""
    cached_inside: bool = True
    """Mapped columns only: cached and written tokens are part of the input tokens."""
    owner_by: OwnerKind | None = None
    zone: str = "UTC"
    """Zone of times that do not say their own."""
    before: dt.date = dt.date(2100, 1, 1)
    """No row starts on or after this day."""


@dataclass(frozen=True)
class Columns:
    """The columns of a source: lower-case name -> kind, and -> SQL that reads it."""

    kinds: Mapping[str, Kind]
    names: Mapping[str, str]
    typed: bool = False
    """Whether the source has types of its own: its texts are taken as they are."""


@dataclass(frozen=True)
class Relation:
    """A source as usage rows."""

    select: str
    """The SELECT: every usage column, then reject, zoneless and what was added."""
    filled: Mapping[str, str]
    """Usage column -> SQL, of those that the source fills; the others are unknown."""
    checks: tuple[Check, ...]
    """Check n is code n + 1 in `reject`."""
    notes: tuple[str, ...] = ()

    @property
    def has(self) -> frozenset[str]:
        """Usage columns that the source fills."""
        return frozenset(self.filled) - {"started_us"}


@dataclass
class Watched(Cells):
    """Cells that remember which columns gave a time, and that may compute a long expression once, under a name.

    Readers put expressions into expressions, so that a text of a few columns grows to hundreds of kilobytes. With
    `leaves` each one that is read from the file gets a name in an inner SELECT, and readers are given that name.
    """

    times: list[str] = field(default_factory=list)
    leaves: dict[str, str] | None = None
    """Expression -> name."""
    depth: list[int] = field(default_factory=lambda: [0])

    def instant(self, *names: str) -> str:
        """As Cells has it."""
        if (name := self.first(*names)) is not None:
            self.times.append(name)
        return self._named(super().instant, *names)

    def integer(self, *names: str) -> str:
        """As Cells has it."""
        return self._named(super().integer, *names)

    def scaled(self, factor: int, *names: str) -> str:
        """As Cells has it."""
        return self._named(partial(super().scaled, factor), *names)

    def name(self, *names: str) -> str:
        """As Cells has it."""
        return self._named(super().name, *names)

    def text(self, *names: str, default: str = "") -> str:
        """As Cells has it."""
        return self._named(partial(super().text, default=default), *names)

    def _named(self, made: Callable[..., str], *names: str) -> str:
        """What Cells makes, by its name; the checks that came with it look at the name as well."""
        before = len(self.checks)
        self.depth[0] += 1
        try:
            sql = made(*names)
        finally:
            self.depth[0] -= 1
        if self.depth[0]:
            return sql
        name = self._leaf(sql)
        for place, check in enumerate(self.checks[before:], before):
            told = check.when.replace(sql, name) if sql in check.when and name != sql else self._leaf(check.when)
            self.checks[place] = check._replace(when=told)
        return name

    def _leaf(self, sql: str) -> str:
        if self.leaves is None or len(sql) < SHORT:
            return sql
        return self.leaves.setdefault(sql, f"planner_leaf_{len(self.leaves)}")


def relation(
    reader: TableReader,
    columns: Columns,
    source: str,
    choices: Choices,
    extra: Mapping[str, str] | None = None,
    *,
    layered: bool = False,
    hash_now: bool = False,
    first: tuple[Check, ...] = (),
) -> Relation:
    """The SELECT over `source` (what stands after FROM). `extra` adds columns to it: name -> SQL.

    `layered` gives long expressions a name in an inner SELECT, which takes every column (`*`) of the source. People
    and keys are hashed by the engine when `hash_now`, else marked with TO_HASH. `first` are checks over the
    source's columns that go before the reader's.
    """
    try:
        named: dict[str, str] | None = {} if layered else None
        cells = Watched(columns.kinds, columns.names, zone=choices.zone, typed=columns.typed, leaves=named)
    except ValueError as error:
        raise UsageError(UsageProblem("--zone", str(error))) from None
    chosen = dict(reader.select(cells))
    notes: list[str] = []
    if choices.owner_by:
        chosen["owner"] = _owner(reader, cells, choices.owner_by, notes, hash_now=hash_now)
    filled = {name: sql for name, sql in chosen.items() if name in SQL_TYPES and not _constant(name, sql)}
    filled.setdefault("started_us", NULL_INT)
    raw_checks = tuple(dict.fromkeys((*first, *cells.checks)))
    checks = (*raw_checks, *canonical_checks(choices.before, reader.about))
    usage = f"NOT COALESCE({reader.where(cells)}, FALSE)" if reader.where else "FALSE"
    raw = _case([check.when for check in raw_checks])
    leaves = "".join(f", {sql} AS {name}" for sql, name in (cells.leaves or {}).items())
    source = f"(SELECT *{leaves} FROM {source}) AS leaves" if leaves else source
    inner = [f"{filled.get(name, unknown(name))} AS {name}" for name in COLUMNS]
    inner += [f"CASE WHEN {usage} THEN -1 ELSE {raw} END AS raw_reject", f"{_zoneless(cells)} AS zoneless"]
    inner += [f"{sql} AS {name}" for name, sql in (extra or {}).items()]
    outer = [*COLUMNS, f"{_reject(len(raw_checks), checks)} AS reject", "zoneless", *(extra or {})]
    select = f"SELECT {', '.join(outer)} FROM (SELECT {', '.join(inner)} FROM {source}) AS r"
    return Relation(select, filled, checks, tuple(notes))


def of_rows(source: str, checks: tuple[Check, ...], *extra: str) -> Relation:
    """Rows that a document reader has written: usage columns already, still to be checked."""
    select = f"SELECT {', '.join([*COLUMNS, *extra])}, FALSE AS zoneless, {_reject(0, checks)} AS reject FROM "
    select += f"(SELECT *, 0 AS raw_reject FROM {source}) AS r"
    return Relation(select, {name: name for name in COLUMNS}, checks)


def canonical_checks(before: dt.date, about: About) -> tuple[Check, ...]:
    """What holds of every usage row; conditions over usage columns."""
    start = dt.datetime.combine(before, dt.time(), dt.UTC)
    found = [c for c in row_checks(int(start.timestamp()) * US_PER_S) if about.has_calendar or c.reason != EARLY]
    cost = f"cost_nano > {MOST_COST_NANO} OR cost_nano < -{MOST_COST_NANO}"
    endless = [Check("", NO_LENGTH, "bucket_s IS NULL OR bucket_s = 0")] if about.grain == "bucket" else []
    return (
        *found,
        *endless,
        Check("", "a time before 1970", "started_us < 0"),
        Check("", "a request of more than 30 days", f"bucket_s = 0 AND duration_ms > {LONGEST_MS}"),
        Check("", "a cost of more than 100 million in one row", cost),
        Check("", f"a model's name of more than {MODEL_LENGTH} characters", f"LENGTH(model) > {MODEL_LENGTH}"),
    )


def unknown(name: str) -> str:
    """What a usage column is where a source does not have it."""
    if name in texts.CONSTANT_KEYS:
        return texts.CONSTANT_KEYS[name]
    kind = SQL_TYPES[name]
    is_key = kind == "VARCHAR" and name not in {"model", "request_id"}
    return texts.empty() if is_key else f"CAST(NULL AS {kind})"


def _owner(reader: TableReader, cells: Cells, kind: OwnerKind, notes: list[str], *, hash_now: bool) -> str:
    """Who a row is charged to. '' where the row, or the file, names nobody."""
    try:
        column, named = owner_column(reader, cells, kind), owner_sql(reader, cells, kind)
    except ValueError as error:
        notes.append(str(error))
        return texts.empty()
    secret = f"{HASHED}({named})" if hash_now else f"CONCAT('{TO_HASH}', {named})"
    return f"CASE WHEN {named} = '' THEN '' ELSE {secret} END" if hashed(reader, kind, column) else named


def _constant(name: str, sql: str) -> bool:
    """Whether it is only what the column is where a source does not have it."""
    return sql in {NULL_INT, "NULL", "CAST(NULL AS VARCHAR)"} or sql == unknown(name)


def _case(conditions: list[str], first: int = 1) -> str:
    whens = " ".join(f"WHEN {when} THEN {n}" for n, when in enumerate(conditions, first))
    return f"CASE {whens} ELSE 0 END" if whens else "0"


def _reject(raw: int, checks: tuple[Check, ...]) -> str:
    ours = _case([check.when for check in checks[raw:]], first=raw + 1)
    return f"CAST(CASE WHEN raw_reject <> 0 THEN raw_reject ELSE {ours} END AS INTEGER)"


def _zoneless(cells: Watched) -> str:
    """True of a row whose time is written without a zone."""
    kinds = {name: cells.kinds.get(name.lower(), "text") for name in cells.times}
    if "time" in kinds.values():
        return "TRUE"
    written = [name for name, kind in kinds.items() if kind == "text"]
    if not written:
        return "FALSE"
    text = f"TRIM({cells.raw(written[0])})"
    return f"COALESCE({text} LIKE '%:%' AND NOT regexp_matches({text}, '{ZONE}'), FALSE)"
