"""Saved scenarios in one DuckDB file.

One process has the file, through one connection. Every operation has a cursor of its own: results of a shared cursor
reach the wrong thread. Writes happen one at a time. Nothing saved is ever edited: a save adds a revision, by
compare-and-swap on the number of the newest one.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import duckdb

from planner.domain.facts import Facts
from planner.domain.scenario import Scenario
from planner.store import revisions
from planner.store.errors import Locked, StoreError, Unreadable
from planner.store.migrations import migrate
from planner.store.revisions import Entry, Saved, SavedRef

__all__ = ["Entry", "Saved", "SavedRef", "Store", "open_store"]

_WRITES = threading.RLock()
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoload_known_extensions": "false",
}


class Store:
    """Saved scenarios. Safe to share between threads; made by `open_store`."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.path = path
        self._connection = connection

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. The store cannot be used afterwards."""
        with _WRITES:
            self._connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        try:
            with closing(self._connection.cursor()) as cursor:
                yield cursor
        except duckdb.Error as error:
            raise StoreError(
                f"The file {self.path} could not be used: {_first_line(error)}",
                "Check that the disk has room and the file is in place, then restart the program.",
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with _WRITES, self._cursor() as cursor:
            cursor.begin()
            try:
                yield cursor
            except BaseException:
                with suppress(duckdb.Error):
                    cursor.rollback()
                raise
            cursor.commit()

    def save(
        self,
        scenario: Scenario,
        facts: Facts,
        answer: str,
        *,
        scenario_id: str | None = None,
        expected_revision: int | None = None,
        author: str = "",
    ) -> SavedRef:
        """A new scenario, or the next revision of `scenario_id` when `expected_revision` is still the newest.

        Raises Stale when it is not, NotFound when there is no such scenario. An archived scenario stays archived.
        """
        if (scenario_id is None) != (expected_revision is None):
            raise ValueError("scenario_id and expected_revision go together")
        with self._transaction() as cursor:
            if scenario_id is None or expected_revision is None:
                ref = SavedRef(revisions.new_id(cursor), 1)
            else:
                ref = revisions.advance(cursor, scenario_id, expected_revision)
            revisions.append(cursor, ref, scenario, facts, answer, author)
        return ref

    def load(self, scenario_id: str, revision: int | None = None) -> Saved:
        """One revision, the newest by default."""
        with self._cursor() as cursor:
            return revisions.load(cursor, scenario_id, revision)

    def entries(self, include_archived: bool = False) -> tuple[Entry, ...]:
        """The newest revision of every scenario, last saved first."""
        return self._entries(revisions.ENTRIES, include_archived)

    def using(self, row: str) -> tuple[Entry, ...]:
        """Scenarios whose newest revision rests on a figure of this catalog row, `table/id`; no archived ones."""
        return self._entries(revisions.USING, revisions.naming(row))

    def _entries(self, query: str, parameter: bool | str) -> tuple[Entry, ...]:
        with self._cursor() as cursor:
            rows = cursor.execute(query, [parameter]).fetchall()
        entries = [Entry(*row) for row in rows]
        return tuple(entry._replace(saved_at=revisions.utc(entry.saved_at)) for entry in entries)

    def duplicate(self, scenario_id: str, name: str, *, author: str = "") -> SavedRef:
        """A new scenario that starts from the newest revision of another, with the same pinned facts."""
        with self._transaction() as cursor:
            saved = revisions.load(cursor, scenario_id, None)
            ref = SavedRef(revisions.new_id(cursor), 1)
            revisions.append(cursor, ref, revisions.named(saved.scenario, name), saved.facts, saved.answer, author)
        return ref

    def rename(self, scenario_id: str, name: str, *, expected_revision: int, author: str = "") -> SavedRef:
        """A new revision that differs in its name alone. Raises DocumentError for a name that cannot be taken."""
        with self._transaction() as cursor:
            ref = revisions.advance(cursor, scenario_id, expected_revision)
            saved = revisions.load(cursor, scenario_id, expected_revision)
            revisions.append(cursor, ref, revisions.named(saved.scenario, name), saved.facts, saved.answer, author)
        return ref

    def archive(self, scenario_id: str, archived: bool) -> None:
        """Take a scenario out of the list, or put it back. Its links go on working."""
        with self._transaction() as cursor:
            if not cursor.execute(revisions.ARCHIVE, [archived, revisions.checked(scenario_id)]).fetchall():
                raise revisions.not_found(scenario_id)


def open_store(path: Path) -> Store:
    """The store in this file; folder and file are made when missing. Raises Locked, Unreadable or NewerSchema."""
    store = Store(path, _connect(path))
    try:
        with store._transaction() as cursor:
            migrate(cursor)
    except BaseException as error:
        store.close()
        if isinstance(error.__cause__, duckdb.Error):
            raise _explained(path, error.__cause__) from error.__cause__
        raise
    return store


def _connect(path: Path) -> duckdb.DuckDBPyConnection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return duckdb.connect(str(path), config=_CONFIG)
    except OSError as error:
        remedy = "Choose a folder in which this program may write."
        raise Unreadable(f"The folder {path.parent} cannot be made: {error.strerror}.", remedy) from error
    except duckdb.Error as error:
        raise _explained(path, error) from error


def _explained(path: Path, error: duckdb.Error) -> StoreError:
    """DuckDB's reason for not opening a file, in this program's words."""
    text = str(error)
    if "Could not set lock" in text or "used by another process" in text:
        holder = re.search(r"PID (\d+)", text)
        who = f"another process (PID {holder[1]})" if holder else "another process"
        return Locked(f"The file {path} is in use by {who}.", "Stop that process, or give this one a file of its own.")
    if "not a valid DuckDB database" in text:
        return Unreadable(
            f"The file {path} is not a store of scenarios.", "Choose another file, or move this one away."
        )
    if "version number" in text:
        return Unreadable(f"The file {path} was written by a newer DuckDB.", "Update this program's packages.")
    return Unreadable(
        f"The file {path} is broken or cannot be opened: {_first_line(error)}", "Put back a copy, or use another file."
    )


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") + "."
