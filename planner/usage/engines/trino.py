"""Trino through its own driver. The password comes from the URL or TRINO_PASSWORD, and goes over https only."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
from requests.exceptions import RequestException
from trino import dbapi, exceptions
from trino.auth import BasicAuthentication

from planner.usage.engines.address import Address
from planner.usage.engines.described import described
from planner.usage.engines.warehouse import Lost, Refused

GONE = (exceptions.TrinoConnectionError, exceptions.HttpError, RequestException)
WHOLE = ("bigint", "integer", "smallint", "tinyint")
TLS_PORT = 443


class TrinoConnection:
    """One session, in UTC."""

    snapshot = False

    def __init__(self, address: Address, timeout_s: int) -> None:
        password, port = address.password or os.environ.get("TRINO_PASSWORD"), address.parts.port or TLS_PORT
        names = dict(zip(("catalog", "schema"), address.path, strict=False))
        self._session = dbapi.connect(
            str(address.parts.hostname),
            port=port,
            user=address.user or "planner",
            source="planner",
            timezone="UTC",
            http_scheme="https" if password or port == TLS_PORT else "http",
            auth=BasicAuthentication(address.user, password) if password else None,
            session_properties={"query_max_run_time": f"{timeout_s}s"},
            **names,
        )

    def run(self, text: str) -> pa.Table:
        """Run one text."""
        cursor = self._session.cursor()
        rows = self._asked(lambda: cursor.execute(text).fetchall())
        return as_table([(str(column[0]), str(column[1])) for column in cursor.description], rows)

    def columns(self, table: str) -> dict[str, str]:
        """As Trino shows the table's columns."""
        return described(self._asked(lambda: self._session.cursor().execute(f"SHOW COLUMNS FROM {table}").fetchall()))

    def close(self) -> None:
        """End the session."""
        self._session.close()

    @staticmethod
    def _asked(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except GONE as error:
            raise Lost(str(error)) from error
        except exceptions.Error as error:
            raise Refused(str(error)) from error


def as_table(columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of Python values as columns; of the driver's names of types only whole numbers matter."""
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    kinds = [pa.int64() if kind in WHOLE else None if rows else pa.string() for _, kind in columns]
    arrays = [pa.array(value, kind) for value, kind in zip(values, kinds, strict=True)]
    return pa.table(arrays, names=[name for name, _ in columns])


def connect(address: Address, timeout_s: int) -> TrinoConnection:
    """Open a session: `trino://user@host:443/catalog/schema`."""
    return TrinoConnection(address, timeout_s)
