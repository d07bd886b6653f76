"""The engine for files here: DuckDB with bounds on memory and disk, progress, and a stop that works at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from planner.usage.errors import Cancelled, UsageError, UsageProblem
from planner.workload.readers.cells import SESSION

T = TypeVar("T")
POLL_S = 0.1
MAX_THREADS = 8
MIB = 1 << 20
GIB = 1 << 30


def _never() -> bool:
    return False


def memory_here_bytes() -> int:
    """Memory an import may take: 1 GiB, or a quarter of the machine's when that is less."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return GIB
    return max(256 * MIB, min(GIB, machine // 4))


@dataclass(frozen=True)
class Bounds:
    """What one import may take of the machine."""

    memory_bytes: int
    temp_dir: Path
    """Where what does not fit in memory is put for a while."""
    temp_bytes: int
    """The most of it."""
    threads: int = 0
    """0: every core, up to MAX_THREADS."""

    @property
    def config(self) -> dict[str, str | bool | int | float | list[str]]:
        """As DuckDB is told when it starts; the bound on the disk only holds when it is set afterwards."""
        return {
            "memory_limit": f"{self.memory_bytes // MIB}MiB",
            "temp_directory": str(self.temp_dir),
            "threads": self.threads or max(1, min(MAX_THREADS, os.cpu_count() or 1)),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }


class DuckEngine:
    """Runs texts one at a time in a thread of its own, so that the caller can stop them. Close it after use."""

    name = "DuckDB"

    def __init__(self, bounds: Bounds, cancelled: Callable[[], bool] = _never) -> None:
        self._cancelled = cancelled
        self.progress: Callable[[float], None] = lambda share: None
        """Told the share of the running text that is done."""
        try:
            self._connection = duckdb.connect(config=bounds.config)
            self._connection.execute(SESSION)
            self._connection.execute(f"SET max_temp_directory_size = '{max(1, bounds.temp_bytes // MIB)}MiB'")
            self._connection.execute("SET enable_progress_bar = true")
            self._connection.execute("SET enable_progress_bar_print = false")
        except duckdb.Error as error:
            raise explained(error) from error
        self._thread = ThreadPoolExecutor(1, "usage")

    def __enter__(self) -> DuckEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def table(self, text: str) -> pa.Table:
        """The answer as a table."""
        return self._wait(lambda: self._connection.sql(text).to_arrow_table())

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """The answer row by row."""
        return self._wait(lambda: self._connection.execute(text).fetchall())

    def run(self, text: str) -> None:
        """A text without an answer."""
        self._wait(lambda: self._connection.execute(text).fetchall())

    def batches(self, text: str, rows: int = 100) -> Iterator[tuple[Any, ...]]:
        """The answer row by row, a few at a time: nothing else may be run until all were taken."""
        self._wait(lambda: self._connection.execute(text))
        while part := self._wait(lambda: self._connection.fetchmany(rows)):
            yield from part

    def close(self) -> None:
        """Stop what runs and let go."""
        with suppress(duckdb.Error):
            self._connection.interrupt()
        self._thread.shutdown()
        self._connection.close()

    def _wait(self, work: Callable[[], T]) -> T:
        if self._cancelled():
            raise Cancelled
        future = self._thread.submit(work)
        try:
            return self._polled(future)
        except duckdb.Error as error:
            raise explained(error) from error
        except BaseException:
            self._stop(future)
            raise

    def _polled(self, future: Future[T]) -> T:
        while True:
            try:
                return future.result(POLL_S)
            except StillRunning:
                if self._cancelled():
                    raise Cancelled from None
                self.progress(max(0.0, self._connection.query_progress()) / 100)

    def _stop(self, future: Future[T]) -> None:
        """Interrupt until the thread has ended: a text that has only been sent does not hear the first call."""
        while not future.done():
            with suppress(duckdb.Error):
                self._connection.interrupt()
            with suppress(StillRunning, duckdb.Error):
                future.result(POLL_S)


def refuse_zone(zone: str) -> None:
    """Raises UsageError for a time zone that DuckDB does not know."""
    with duckdb.connect() as connection:
        known = connection.execute("SELECT 1 FROM pg_timezone_names() WHERE name = $1", [zone]).fetchall()
    if not known:
        raise UsageError(
            UsageProblem("time zone", f"{zone!r} is not one", "Write UTC, or a name such as Europe/Berlin")
        )


def explained(error: duckdb.Error) -> UsageError:
    """DuckDB's error in words for the person who gave the file."""
    text = str(error)
    first = text.strip().partition("\n")[0].rstrip(".")
    if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory" in text:
        if "max_temp_directory_size" in text:
            return UsageError(
                UsageProblem(
                    "", "the import needs more room on the disk than there is", "Free some, or give --temp-dir"
                )
            )
        return UsageError(UsageProblem("", f"there is not enough memory ({first})", "Import fewer files at once"))
    if "No space left" in text:
        return UsageError(UsageProblem("", "the disk is full", "Free some room, or give --temp-dir"))
    if "GZIP" in text or "zstd" in text.lower():
        return UsageError(UsageProblem("", "is packed, and cut or broken", "Export or copy it again"))
    if "maximum_object_size" in text:
        return UsageError(UsageProblem("", "has an object of more than 16 MiB", "Leave prompts and answers out"))
    return UsageError(UsageProblem("", first, "Check the file; export it again if it is broken"))
