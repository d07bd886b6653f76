"""One engine, whatever its driver: texts rewritten, one new try when nothing had come back, errors in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NoReturn, Protocol, TypeVar

import pyarrow as pa

from planner.usage.dialect import rewritten
from planner.usage.engines.address import Address
from planner.usage.errors import UsageError, UsageProblem

T = TypeVar("T")
TIMEOUT_S = 1800
"""Longest that one text may run."""
WAIT_S = 1.0
"""Before the one new try."""


class Lost(Exception):
    """The connection is gone; `any_row` when a part of the answer had come."""

    def __init__(self, reason: str, *, any_row: bool = False) -> None:
        self.any_row = any_row
        super().__init__(reason)


class Refused(Exception):
    """The engine answers that it will not do it, and why; `remedy` when it is known."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        self.remedy = remedy
        super().__init__(reason)


TOO_LONG = "Give it more time, or a shorter period"
"""Remedy when a text runs into the time limit."""


class Connection(Protocol):
    """What a driver's module gives: one open connection. Its functions raise Lost or Refused."""

    snapshot: bool
    """Whether all its texts see the same rows: then a new connection would see others."""

    def run(self, text: str) -> pa.Table:
        """Run a text of the engine's own dialect."""
        ...

    def columns(self, table: str) -> dict[str, str]:
        """Name -> type of the columns that may be read; `table` is quoted. Types as `readers.sql.kind_of` knows."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


Connect = Callable[[Address, int], Connection]
"""Address, and the longest that one text may run in seconds -> an open connection."""


class Warehouse:
    """An engine where logs are. It only reads. Close it after use."""

    def __init__(self, address: Address, connect: Connect, timeout_s: int = TIMEOUT_S) -> None:
        self.name = address.scheme.title
        self.dialect = address.scheme.dialect
        self.address = address
        self._connect, self._timeout_s = connect, timeout_s
        self._answered = False
        try:
            self._connection = self._connect(self.address, self._timeout_s)
        except (Lost, Refused) as error:
            self._fail(error, "Check the address and the sign-in, and that it is reached from here")

    def __enter__(self) -> Warehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def table(self, text: str) -> pa.Table:
        """Run a text written in DuckDB's dialect. Raises UsageError; then nothing of the answer is kept."""
        native = rewritten(text, self.dialect)
        answer = self._again_when_lost(lambda: self._connection.run(native))
        self._answered = True
        return answer

    def columns(self, table: str) -> dict[str, str]:
        """Name -> type of the columns of a table that may be read; no name when there is no such table."""
        return self._again_when_lost(lambda: self._connection.columns(table))

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()

    def _again_when_lost(self, work: Callable[[], T]) -> T:
        try:
            return self._tried(work)
        except Lost as error:
            self._fail(error, "Nothing was kept of it. Start the import again", "the connection was lost: ")
        except Refused as error:
            self._fail(error, error.remedy or "Check what the account may read, and the name of the table")

    def _tried(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except Lost as error:
            if error.any_row or (self._answered and self._connection.snapshot):
                raise
        self._connection.close()
        time.sleep(WAIT_S)
        self._connection = self._connect(self.address, self._timeout_s)
        return work()

    def _fail(self, error: Exception, remedy: str, before: str = "") -> NoReturn:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        reason = self.address.without_secrets(first).rstrip(".")
        raise UsageError(UsageProblem(self.address.masked, f"{before}{reason}", remedy)) from None
