"""What a reader of an export is: how its file is recognised, and how its columns become usage rows.

Two kinds. A `TableReader` (CSV, Parquet, one JSON object per line, a table of a database) says each column of a usage
row as SQL over the file's columns, so that any size runs inside the engine. A `DocumentReader` (pages of an API,
traces, metrics) walks one parsed document at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from planner.workload.readers.cells import Cells
from planner.workload.usage_rows import Grain, UsageRow

FileKind = Literal["csv", "parquet", "jsonl", "json", "text"]
Checked = Literal["real export", "vendor's code", "documentation", "secondary copy"]
"""What a reader's field names were held against."""
OwnerKind = Literal["team", "project", "key", "user"]
"""Who a row can be charged to."""
PEOPLE: frozenset[OwnerKind] = frozenset({"user", "key"})
"""Owners that are people, or that name them: kept as a hash only, unless the column is one of a reader's aliases."""


@dataclass(frozen=True)
class Shape:
    """What one look at the head of a file shows, before anything is read."""

    kind: FileKind
    columns: tuple[str, ...] = ()
    """Header of a table; dotted paths of JSON lines (`input.inputTokenCount`), keys of lists left out."""
    document: object = None
    """kinds json and jsonl: the first object (of a list: its first element)."""
    head: str = ""
    """kind text: the first lines."""


@dataclass(frozen=True)
class BadRow:
    """A part of a document that cannot be used."""

    reason: str
    where: str = ""


@dataclass(frozen=True)
class About:
    """What a person is told of a format."""

    reader_id: str
    title: str
    grain: Grain
    cached_inside_input: bool | None
    """Whether the export's "input" holds cached tokens; None when it has no cached tokens."""
    source_url: str
    checked: Checked
    note: str = ""
    has_calendar: bool = True
    """False where times count from an unknown day: they start on a Monday at 0:00 UTC, and no date is to be shown."""
    nothing: str = ""
    """Why a file of this format can hold no usage at all, and the way out; '' where it can."""


@dataclass(frozen=True)
class TableReader:
    """A reader of rows and columns."""

    about: About
    needs: frozenset[str]
    """Columns without which it is another format; the reader with the most that fit is taken."""
    select: Callable[[Cells], Mapping[str, str]]
    """Usage column -> SQL. Columns left out are unknown (NULL), '' for texts."""
    owners: Mapping[OwnerKind, tuple[str, ...]] = field(default_factory=dict)
    """Owner kind -> columns that name it, the first that is there counts."""
    where: Callable[[Cells], str] | None = None
    """Rows that are usage at all (others are not rejects: a span that is no model call, a charge that is no token)."""
    kinds: frozenset[FileKind] = frozenset({"csv", "parquet", "jsonl"})
    unlike: frozenset[str] = frozenset()
    """Columns that show it is another format."""
    or_needs: tuple[frozenset[str], ...] = ()
    """Other sets of columns, any of which shows the format as well as `needs` does."""
    blocks: tuple[str, int] | None = None
    """Column with the list of hashes of a prompt's blocks, and the tokens in one block."""
    aliases: frozenset[str] = frozenset()
    """Owner columns that need no hash: a name an administrator gave to a key, or a hash already."""
    general: bool = False
    """Whether any other format that fits is preferred."""

    def fits(self, shape: Shape) -> int:
        """How many needed columns the file has when it has all of them; else 0."""
        have = {c.lower() for c in shape.columns}
        if shape.kind not in self.kinds or {u.lower() for u in self.unlike} & have:
            return 0
        sets = (self.needs, *self.or_needs)
        most = max((len(names) for names in sets if {n.lower() for n in names} <= have), default=0)
        return min(most, 1) if self.general else most


@dataclass(frozen=True)
class DocumentReader:
    """A reader of whole documents."""

    about: About
    matches: Callable[[Shape], bool]
    rows: Callable[[Iterator[object], OwnerKind | None], Iterator[UsageRow | BadRow]]
    """Documents (JSON: parsed, one or one per line; text: one str per line) -> rows, in order."""
    kinds: frozenset[FileKind] = frozenset({"json", "jsonl"})

    def fits(self, shape: Shape) -> int:
        """1000 when it matches: a document is told by its structure, which no table has by chance."""
        return 1000 if shape.kind in self.kinds and self.matches(shape) else 0


Reader = TableReader | DocumentReader


def recognised(readers: Collection[Reader], shape: Shape) -> Reader | None:
    """The reader that fits best, the first of equals; None when none does."""
    best = max(readers, key=lambda reader: reader.fits(shape), default=None)
    return best if best is not None and best.fits(shape) > 0 else None


def nearest(readers: Collection[Reader], shape: Shape) -> tuple[Reader, tuple[str, ...]]:
    """The table format that a table comes closest to, and what it lacks for it: columns, or `no COLUMN` for one that
    must not be there. The fewest missing columns of the largest share present; the first of equals."""
    have = {c.lower() for c in shape.columns}
    tables = [reader for reader in readers if isinstance(reader, TableReader)]
    tried = [(reader, names) for reader in tables for names in (reader.needs, *reader.or_needs)]

    def distance(entry: tuple[TableReader, frozenset[str]]) -> tuple[float, int]:
        lacking = len([name for name in entry[1] if name.lower() not in have])
        return lacking / len(entry[1]), lacking

    reader, names = min(tried, key=distance)
    missing = sorted(name for name in names if name.lower() not in have)
    unwanted = sorted(f"no {name}" for name in reader.unlike if name.lower() in have)
    return reader, (*missing, *unwanted)


def resembles(reader: Reader, shape: Shape) -> bool:
    """Whether a table has any of the columns that the format needs."""
    have = {name.lower() for name in shape.columns}
    needed = (reader.needs, *reader.or_needs) if isinstance(reader, TableReader) else ()
    return any(name.lower() in have for names in needed for name in names)


def owner_column(reader: TableReader, cells: Cells, kind: OwnerKind) -> str:
    """The column that names the owner of a row. Raises ValueError when the file has none for this kind."""
    names = reader.owners.get(kind, ())
    if (found := cells.first(*names)) is not None:
        return found
    offered = [other for other, columns in reader.owners.items() if cells.first(*columns) is not None]
    wanted = f" (a column {' or '.join(names)})" if names else ""
    way_out = f"It can be split by {' or '.join(offered)}" if offered else "It cannot be split by owner"
    raise ValueError(f"{reader.about.title} names no {kind} here{wanted}. {way_out}.")


def owner_sql(reader: TableReader, cells: Cells, kind: OwnerKind) -> str:
    """The owner of a row as text: the first of the owner columns that is filled in the row, '' where none is.

    People and keys are hashed by the import: `hashed` says so of `owner_column`, and so it is of all columns used.
    Raises ValueError when the file names no owner of this kind.
    """
    secret = hashed(reader, kind, owner_column(reader, cells, kind))
    alike = [name for name in reader.owners[kind] if cells.has(name) and hashed(reader, kind, name) == secret]
    return f"COALESCE({', '.join(map(cells.name, alike))}, '')"


def hashed(reader: Reader, kind: OwnerKind, column: str = "") -> bool:
    """Whether owners of this kind are kept as a hash only; `column` is the one that names them, of a table."""
    alias = isinstance(reader, TableReader) and column.lower() in {name.lower() for name in reader.aliases}
    return kind in PEOPLE and not alias
