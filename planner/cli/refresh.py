"""`planner catalog refresh`: ask the sources, print what would change, and add it when told to."""

from __future__ import annotations

import argparse
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from planner.catalog.catalog import DATA_DIR, load, local_folder
from planner.cli.inputs import NO_ANSWER, OK, InputError, add_day, day_of, folder_of
from planner.cli.text import WIDTH, table_text
from planner.format import plural
from planner.refresh import words
from planner.refresh.errors import RefreshError
from planner.refresh.guard import Accept
from planner.refresh.run import Report, SourceReport, apply, chosen, refresh
from planner.refresh.snapshot import Source
from planner.refresh.sources import SOURCES

PATIENCE_S = 1.0
NOTES = 10


def add_refresh(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner catalog refresh`."""
    parser.add_argument(
        "--source", action="append", default=[], metavar="NAME", help=f"{', '.join(SOURCES)}; may be repeated (all)"
    )
    parser.add_argument("--apply", action="store_true", help="add the new rows; without it nothing is written")
    parser.add_argument(
        "--data", type=Path, default=None, help="folder to add them to (PLANNER_CATALOG, or var/catalog)"
    )
    parser.add_argument("--accept-fewer", action="store_true", help="take a list that has less than before")
    parser.add_argument("--accept-older", action="store_true", help="take a list of an earlier day")
    parser.add_argument("--accept-jumps", action="store_true", help="take prices that move more than 10 times")
    parser.add_argument("--all-notes", action="store_true", help=f"print every note, not the first {NOTES}")
    add_day(parser)
    parser.set_defaults(run=_refresh)


def _refresh(options: argparse.Namespace) -> int:
    given = options.data or local_folder()
    folder = folder_of(given, "--data" if options.data else "PLANNER_CATALOG", must_exist=False)
    try:
        sources = chosen(options.source)
    except RefreshError as error:
        raise InputError(str(error)) from None
    local = None if folder.resolve() == DATA_DIR.resolve() else folder
    catalog = load(local_dir=local)
    accept = Accept(fewer=options.accept_fewer, older=options.accept_older, jumps=options.accept_jumps)
    with _progress() as tell:
        report = refresh(sources, catalog, day_of(options), folder=folder, accept=accept, tell=tell)
    for source in report.sources:
        print(_text(source, None if options.all_notes else NOTES))
    print(_outcome(report, folder, apply_it=options.apply))
    return OK if report.good else NO_ANSWER


class _Tell:
    """A line on standard error about a source that keeps one waiting."""

    def __init__(self) -> None:
        self._timer: threading.Timer | None = None

    def __call__(self, source: Source) -> None:
        """This source is being asked now."""
        self.stop()
        text = f"planner: asking {source.title} ..."
        self._timer = threading.Timer(PATIENCE_S, lambda: print(text, file=sys.stderr, flush=True))
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """It has answered."""
        if self._timer is not None:
            self._timer.cancel()


@contextmanager
def _progress() -> Iterator[_Tell]:
    tell = _Tell()
    try:
        yield tell
    finally:
        tell.stop()


def _text(report: SourceReport, notes: int | None) -> str:
    """One source: what came of it, the table of differences, and what to know."""
    head = f"{report.title}: {words.summary(report)}"
    parts = [textwrap.fill(head, WIDTH)]
    if report.diff.lines:
        parts.append(table_text(words.DIFF_COLUMNS, words.diff_rows(report.diff)))
    if findings := words.finding_rows(report):
        parts.append(table_text(words.FINDING_COLUMNS, findings))
    said = words.notes(report)
    parts += [textwrap.fill(f"- {note}", WIDTH, subsequent_indent="  ") for note in said[:notes]]
    if notes is not None and len(said) > notes:
        parts.append(f"- and {len(said) - notes} more notes; --all-notes prints them.")
    return "\n".join(parts) + "\n"


def _outcome(report: Report, folder: Path, *, apply_it: bool) -> str:
    """What was written, or how to write it."""
    if not apply_it:
        return words.dry_run(report)
    try:
        written = apply(report, folder)
    except RefreshError as error:
        raise InputError(str(error)) from None
    files = ", ".join(map(str, written))
    return f"{plural(len(report.rows), 'row')} added: {files}." if written else "Nothing was added: no row is new."
