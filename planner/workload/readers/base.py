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


@dataclass(frozen=True)
class Shape:
    """What one look at the head of a file shows, before anything is read."""

    kind: FileKind
    columns: tuple[str, ...] = ()
    """Header of a table; dotted paths of JSON lines (`input.inputTokenCount`), keys of lists left out."""
    document: object = None
    """kind json: the parsed document (or its first element, when it is a long list of them)."""
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

    def fits(self, shape: Shape) -> int:
        """How many needed columns the file has when it has all of them; else 0."""
        have = {c.lower() for c in shape.columns}
        good = shape.kind in self.kinds and {n.lower() for n in self.needs} <= have
        return len(self.needs) if good and not {u.lower() for u in self.unlike} & have else 0


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
