"""Snowflake through its own connector. The password comes from the URL or SNOWFLAKE_PASSWORD; with
`?authenticator=externalbrowser`, or a key, none is needed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pyarrow as pa
from snowflake import connector
from snowflake.connector import errors

from planner.usage.engines.address import Address
from planner.usage.engines.described import described
from planner.usage.engines.warehouse import Lost, Refused

SESSION = {"TIMEZONE": "UTC", "QUERY_TAG": "planner"}
ALLOWED = ("warehouse", "role", "authenticator", "private_key_file")


class SnowflakeConnection:
    """One session, in UTC."""

    snapshot = False

    def __init__(self, address: Address, timeout_s: int) -> None:
        options = {key: value for key, value in address.options.items() if key in ALLOWED}
        names = dict(zip(("database", "schema"), address.path, strict=False))
        password = address.password or os.environ.get("SNOWFLAKE_PASSWORD")
        given = {**options, **names, **({"password": password} if password else {})}
        session = {**SESSION, "STATEMENT_TIMEOUT_IN_SECONDS": timeout_s}
        account = str(address.parts.hostname)
        self._session = self._asked(
            lambda: connector.connect(account=account, user=address.user, session_parameters=session, **given)
        )

    def run(self, text: str) -> pa.Table:
        """Run one text."""
        with self._session.cursor() as cursor:
            self._asked(lambda: cursor.execute(text))
            return self._asked(lambda: cursor.fetch_arrow_all(force_return_table=True))

    def columns(self, table: str) -> dict[str, str]:
        """As Snowflake describes the table."""
        with self._session.cursor() as cursor:
            return described(self._asked(lambda: cursor.execute(f"DESCRIBE TABLE {table}").fetchall()))

    def close(self) -> None:
        """End the session."""
        self._session.close()

    @staticmethod
    def _asked(work: Callable[[], Any]) -> Any:
        try:
            return work()
        except (errors.OperationalError, errors.InterfaceError) as error:
            raise Lost(str(error)) from error
        except errors.Error as error:
            raise Refused(str(error)) from error


def connect(address: Address, timeout_s: int) -> SnowflakeConnection:
    """Open a session: `snowflake://user@account/database/schema?warehouse=WH&role=READER`."""
    return SnowflakeConnection(address, timeout_s)
