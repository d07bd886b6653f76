"""Databricks SQL through its own connector. The token comes from the URL (`databricks://token:...@host`) or
DATABRICKS_TOKEN; without one, the connector's own sign-in opens a browser.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from databricks import sql
from databricks.sql import exc

from planner.usage.engines.address import Address
from planner.usage.engines.described import described
from planner.usage.engines.warehouse import Lost, Refused

INSTANTS = ("timestamp",)


class DatabricksConnection:
    """One session of a SQL warehouse, in UTC and ANSI."""

    snapshot = False

    def __init__(self, address: Address, timeout_s: int) -> None:
        session = {"TIMEZONE": "UTC", "ANSI_MODE": "true", "STATEMENT_TIMEOUT": str(timeout_s)}
        token = address.password or os.environ.get("DATABRICKS_TOKEN")
        sign_in = {"access_token": token} if token else {"auth_type": "databricks-oauth"}
        host, path = str(address.parts.hostname), address.parts.path
        self._session = self._asked(lambda: sql.connect(host, path, session_configuration=session, **sign_in))

    def run(self, text: str) -> pa.Table:
        """Run one text."""
        with self._session.cursor() as cursor:
            self._asked(lambda: cursor.execute(text))
            return self._asked(cursor.fetchall_arrow)

    def columns(self, table: str) -> dict[str, str]:
        """As Databricks describes the table; its TIMESTAMP is an instant."""
        with self._session.cursor() as cursor:
            return described(self._asked(lambda: cursor.execute(f"DESCRIBE TABLE {table}").fetchall()), INSTANTS)

    def close(self) -> None:
        """End the session."""
        self._session.close()

    @staticmethod
    def _asked(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except exc.RequestError as error:
            raise Lost(str(error)) from error
        except exc.Error as error:
            raise Refused(str(error)) from error


def connect(address: Address, timeout_s: int) -> DatabricksConnection:
    """Open a session: `databricks://workspace-host/sql/1.0/warehouses/id`."""
    return DatabricksConnection(address, timeout_s)
