"""Look at sources for new prices, compare, judge; and, when asked to, add what is new as dated rows."""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from planner.catalog.catalog import DATA_DIR, Catalog
from planner.catalog.rows import Row
from planner.domain.nearest import did_you_mean
from planner.refresh.append import append_rows
from planner.refresh.diff import Diff, compare, what
from planner.refresh.errors import RefreshError
from planner.refresh.fetch import Door, origin_of
from planner.refresh.guard import Accept, Objection, objections
from planner.refresh.log import Look, last_look, note
from planner.refresh.snapshot import Snapshot, Source
from planner.refresh.sources import SOURCES
from planner.refresh.sources.gpuhunt import NotInstalled

Status = Literal["new rows", "unchanged", "refused", "failed", "skipped"]
NO_CHANGE = Diff((), (), 0, 0, 0, ())


@dataclass(frozen=True)
class SourceReport:
    """What came of one source."""

    source: str
    title: str
    status: Status
    reason: str = ""
    remedy: str = ""
    diff: Diff = NO_CHANGE
    snapshot: Snapshot | None = None
    objections: tuple[Objection, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the difference should know."""
        return self.snapshot.notes if self.snapshot is not None else ()


@dataclass(frozen=True)
class Report:
    """What came of all sources on one day."""

    on: dt.date
    sources: tuple[SourceReport, ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Rows that would be added."""
        return tuple(row for report in self.sources if report.status == "new rows" for row in report.diff.rows)

    @property
    def good(self) -> bool:
        """Whether no source failed or was refused."""
        return all(report.status not in ("failed", "refused") for report in self.sources)


def chosen(names: Sequence[str]) -> list[Source]:
    """Sources by name, all of them for no name. Raises RefreshError for an unknown one."""
    for name in names:
        if name not in SOURCES:
            listing = f"The sources are {', '.join(SOURCES)}."
            raise RefreshError(f"There is no source {name!r}.", did_you_mean(name, SOURCES, listing))
    return [_as_configured(source) for name, source in SOURCES.items() if not names or name in names]


def _as_configured(source: Source) -> Source:
    """gpuhunt's own settings for a mirror or a folder hold here too."""
    if source.name != "gpuhunt":
        return source
    if folder := os.environ.get("GPUHUNT_CATALOG_DIR"):
        return dataclasses.replace(source, folder=folder)
    if mirror := os.environ.get("GPUHUNT_CATALOG_URL", "").rstrip("/"):
        try:
            door = Door(hosts=frozenset({origin_of(mirror)}), limits=source.door.limits)
        except ValueError:
            raise RefreshError(f"GPUHUNT_CATALOG_URL {mirror!r} is not https.", "Give an https address.") from None
        return dataclasses.replace(source, url=mirror, door=door)
    return source


def refresh(
    sources: Iterable[Source],
    catalog: Catalog,
    on: dt.date,
    *,
    folder: Path,
    accept: Accept | None = None,
    tell: Callable[[Source], None] = lambda _: None,
) -> Report:
    """Ask each source in turn and say what it would change; nothing is written. `tell` hears which one is next."""
    reports = []
    for source in sources:
        tell(source)
        reports.append(_ask(source, catalog, on, folder, accept or Accept()))
    return Report(on, tuple(reports))


def _ask(source: Source, catalog: Catalog, on: dt.date, folder: Path, accept: Accept) -> SourceReport:
    try:
        snapshot = source.read(source, catalog, on)
    except NotInstalled as error:
        return SourceReport(source.name, source.title, "skipped", error.message, error.remedy)
    except RefreshError as error:
        kept = kept_prices(catalog, source, folder)
        return SourceReport(source.name, source.title, "failed", f"{error.message} {kept}", error.remedy)
    diff, notes = _told_apart(compare(snapshot.rows, snapshot.in_force), catalog)
    snapshot = dataclasses.replace(snapshot, notes=(*snapshot.notes, *notes))
    found = objections(snapshot, diff, last_look(folder, source.name), accept)
    if found:
        reason, remedy = (" ".join(parts) for parts in zip(*((o.message, o.remedy) for o in found), strict=True))
        return SourceReport(source.name, source.title, "refused", reason, remedy, diff, snapshot, found)
    return SourceReport(source.name, source.title, "new rows" if diff.rows else "unchanged", "", "", diff, snapshot)


def kept_prices(catalog: Catalog, source: Source, folder: Path) -> str:
    """The sentence that says which prices stay in use."""
    look = last_look(folder, source.name)
    day = source.kept_from(catalog) if look is None else look.looked_on
    return "Kept what is here." if day is None else f"Kept the {source.kept} of {day}."


def _told_apart(diff: Diff, catalog: Catalog) -> tuple[Diff, tuple[str, ...]]:
    """The difference without rows that the catalog has of the same thing and day already, and a note on each."""
    there = {_dated_thing(row) for row in (*catalog.tables.gpu_prices, *catalog.tables.api_prices)}
    twice = [row for row in diff.rows if _dated_thing(row) in there]
    notes = tuple(f"{what(row)}: there is a row of that day already; look again tomorrow." for row in twice)
    return dataclasses.replace(diff, rows=tuple(row for row in diff.rows if row not in twice)), notes


def _dated_thing(row: Row) -> tuple[object, ...]:
    return tuple(getattr(row, column) for column in row.THING)


def apply(report: Report, folder: Path, data_dir: Path = DATA_DIR) -> tuple[Path, ...]:
    """Add the report's rows to the tables of the folder, table by table, and note the look; returns what was written.

    Raises CatalogError or RefreshError; a table is then as it was.
    """
    written = []
    for row_type in dict.fromkeys(type(row) for row in report.rows):
        rows = [row for row in report.rows if type(row) is row_type]
        written.append(append_rows(folder, row_type, rows, data_dir=data_dir))
    for source in report.sources:
        if source.status in ("new rows", "unchanged") and source.snapshot is not None:
            note(folder, _look(source, source.snapshot, report.on))
    return tuple(written)


def _look(report: SourceReport, snapshot: Snapshot, on: dt.date) -> Look:
    return Look(
        source=report.source,
        looked_on=on,
        dated=snapshot.dated and min(snapshot.dated, on),
        counts=dict(snapshot.counts),
        rows_added=len(report.diff.rows),
    )
