"""What a source says on one day: typed rows in the catalog's own units, and what a guard needs to judge them."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError

from planner.catalog.catalog import Catalog
from planner.catalog.rows import Row
from planner.refresh.fetch import Door

R = TypeVar("R", bound=Row)
Offer = tuple[object, ...]
"""What is priced, whatever the day."""
ID_LENGTH = 80
HASH_LENGTH = 6
SAID_OF_ONE_KIND = 3
LONGEST_TEXT = 200
"""Characters of one cell; longer ones are no names."""


class InForce(NamedTuple):
    """What the catalog says of one offer today."""

    row: Row
    row_id: str
    """`table/id`; of a price of the library `api/provider/model`."""


class Finding(NamedTuple):
    """A fact that a source states otherwise than the catalog does; nobody is asked to add a row for it."""

    what: str
    figure: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class Snapshot:
    """One source on one day."""

    rows: tuple[Row, ...]
    """A row for every offer that it prices and the catalog knows, or that is new."""
    in_force: Mapping[Offer, InForce] = field(default_factory=dict)
    """What the catalog says today of everything this source should know."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How much it has, by kind: providers, models, offers."""
    least: Mapping[str, int] = field(default_factory=dict)
    """How much it must have to be believed, as far as that is known without an earlier look."""
    dated: dt.date | None = None
    """The day of the snapshot as it says itself."""
    not_before: dt.date | None = None
    """What we have is of this day; an older snapshot is no news."""
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


Read = Callable[["Source", Catalog, dt.date], Snapshot]


@dataclass(frozen=True)
class Source:
    """A place to look for prices: its name, addresses and limits, and how to read it."""

    name: str
    title: str
    url: str
    door: Door
    read: Read
    kept_from: Callable[[Catalog], dt.date | None]
    """The day of the prices that stay in use when there are no new ones."""
    kept: str = "prices"
    """What those are."""
    folder: str = ""
    """A folder of files already here, to be read instead of asking."""


class RowMaker:
    """Rows out of what a source says; what no row can say is counted, with its reason."""

    def __init__(self) -> None:
        self._refused: dict[str, list[str]] = {}

    def make(self, row_type: type[R], name: str, values: Mapping[str, Any], on: dt.date) -> R | None:
        """The row, or None after noting why there can be none."""
        if odd := next((column for column, value in values.items() if not _plain(value)), None):
            self.refuse(printable(name), f"{odd} is not plain text of at most {LONGEST_TEXT} characters")
            return None
        try:
            return row_type.model_validate(dict(values), context={"on": on})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            column = ".".join(map(str, first["loc"]))
            self.refuse(name, f"{column} {first['msg'].removeprefix('Value error, ')}".strip())
            return None

    def refuse(self, name: str, reason: str) -> None:
        """Note that there is no row for `name`."""
        kind = re.sub(r"[-+]?\d[\d.e+-]*", "N", reason)
        self._refused.setdefault(kind, []).append(f"{name}: {reason}")

    def notes(self) -> tuple[str, ...]:
        """What was left out and why: the first few of each kind."""
        return tuple(self._notes())

    def _notes(self) -> Iterator[str]:
        for found in self._refused.values():
            yield from (f"Left out {text}." for text in found[:SAID_OF_ONE_KIND])
            if (more := len(found) - SAID_OF_ONE_KIND) > 0:
                yield f"{more} more for the same reason as {found[0].split(':', 1)[0]}."


def printable(name: str) -> str:
    """A name as it can be shown: without control characters, and not too long."""
    return "".join(c if c.isprintable() else "?" for c in name[:LONGEST_TEXT])


def _plain(value: object) -> bool:
    return not isinstance(value, str) or (value.isprintable() and len(value) <= LONGEST_TEXT)


def dated_ids(names: Iterable[str], on: dt.date) -> list[str]:
    """Row ids that end in the day; a hash tells apart names that would make the same id, or one that is too long."""
    known = list(names)
    slugs = [_slug(name) for name in known]
    twice = {slug for slug in slugs if slugs.count(slug) > 1} if len(set(slugs)) < len(slugs) else set()
    room = ID_LENGTH - len(f"-{on}")
    return [
        f"{slug if slug not in twice and len(slug) <= room else _hashed(slug, name, room)}-{on}"
        for slug, name in zip(slugs, known, strict=True)
    ]


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9._]+", "-", name.lower()).strip("-._")


def _hashed(slug: str, name: str, room: int) -> str:
    short = hashlib.sha256(name.encode()).hexdigest()[:HASH_LENGTH]
    return f"{slug[: room - HASH_LENGTH - 1].rstrip('-._')}-{short}"
