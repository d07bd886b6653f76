"""One source of an import once it was read: its rows as Parquet, and what there is to say of it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

from planner.workload.readers.base import About

LINES_KEPT = 20
SOURCE = "{{source}}"
"""Stands for the file in a SELECT."""


@dataclass(frozen=True)
class Rejected:
    """Rows that were rejected for one reason."""

    column: str
    reason: str
    rows: int
    lines: tuple[int, ...] = ()
    """The first LINES_KEPT lines of a text, or rows from 1."""


@dataclass(frozen=True)
class Read:
    """What reading one file has shown."""

    rows: int
    """Rows that are usage, rejected ones included."""
    rejects: tuple[Rejected, ...]
    first_us: int
    last_us: int
    bucket_s: int
    """Longest bucket, seconds."""
    zoneless: int
    """Rows whose time says no zone."""
    has: tuple[str, ...]
    """Usage columns with anything in them."""
    full: tuple[str, ...]
    """Of these, the ones that every row fills."""
    others: int = 0
    """Rows that are no usage, and no mistake either."""
    notes: tuple[str, ...] = ()

    @property
    def rejected(self) -> int:
        """Rejected rows."""
        return sum(reject.rows for reject in self.rejects)

    @property
    def good(self) -> int:
        """Rows that count."""
        return self.rows - self.rejected

    def to_json(self) -> str:
        """As stored beside a staged file."""
        return json.dumps(dataclasses.asdict(self))

    @staticmethod
    def of_json(text: str) -> Read:
        """As stored."""
        found = json.loads(text)
        rejects = tuple(Rejected(**{**reject, "lines": tuple(reject["lines"])}) for reject in found.pop("rejects"))
        has, full, notes = (tuple(found.pop(name)) for name in ("has", "full", "notes"))
        return Read(rejects=rejects, has=has, full=full, notes=notes, **found)


@dataclass(frozen=True)
class Part:
    """One source, ready to be measured."""

    name: str
    sha256: str
    size_bytes: int
    about: About
    read: Read
    rows_at: Path
    """Parquet with its rows: staged usage rows, or the file itself."""
    select: str = ""
    """The SELECT over the file itself, which is SOURCE in it; '' when the rows are staged."""
    block_tokens: int = 0
    """Tokens in one block, where the source has hashes of blocks."""
