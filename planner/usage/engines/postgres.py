"""PostgreSQL through psycopg: one read-only transaction, so that every text sees the same rows.

Answers come as COPY, which may run in parallel and becomes columns without a Python object per value.
"""

from __future__ import annotations

import io

import psycopg
import pyarrow as pa
from pyarrow import csv

from planner.usage.engines.address import Address
from planner.usage.engines.warehouse import TOO_LONG, Lost, Refused

CONNECT_S = 15
WHOLE, REAL, NUMERIC = (20, 21, 23), (700, 701), 1700
"""Numbers of types, as the catalog has them."""
DECIMAL = pa.decimal256(60, 9)
SETTINGS = ("TIME ZONE 'UTC'", "parallel_setup_cost = 0", "parallel_tuple_cost = 0.001")
"""What is computed of a row costs more than handing it on, which the planner does not know."""
COPY = "COPY ({}) TO STDOUT (FORMAT csv)"
COLUMNS = """
SELECT attname, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
AND has_column_privilege(attrelid, attnum, 'SELECT') ORDER BY attnum
"""


class PostgresConnection:
    """One session: read only, repeatable read, UTC."""

    snapshot = True

    def __init__(self, address: Address, timeout_s: int) -> None:
        try:
            self._session = psycopg.connect(address.url, connect_timeout=CONNECT_S, application_name="planner")
        except psycopg.Error as error:
            raise Refused(str(error)) from error
        self._session.read_only = True
        self._session.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        for setting in (*SETTINGS, f"statement_timeout = {timeout_s * 1000}"):
            self._do(f"SET {setting}")

    def run(self, text: str) -> pa.Table:
        """Run one text."""
        block, got = io.BytesIO(), False
        try:
            types = self._types(text)
            with self._session.cursor() as cursor, cursor.copy(COPY.replace("{}", text).encode()) as copy:
                for part in copy:
                    got = bool(block.write(part)) or got
        except psycopg.Error as error:
            raise self._told(error, any_row=got) from error
        return _as_table(block, types)

    def columns(self, table: str) -> dict[str, str]:
        """From the catalog: those that may be read."""
        try:
            return {str(name): str(kind) for name, kind in self._session.execute(COLUMNS, [table]).fetchall()}
        except psycopg.Error as error:
            raise self._told(error) from error

    def close(self) -> None:
        """End the session."""
        self._session.close()

    def _do(self, text: str) -> None:
        try:
            self._session.execute(text.encode())
        except psycopg.Error as error:
            raise self._told(error) from error

    def _types(self, text: str) -> dict[str, pa.DataType]:
        described = self._session.execute(f"SELECT * FROM ({text}) AS answer LIMIT 0".encode()).description or []
        return {column.name: _arrow(column.type_code) for column in described}

    def _told(self, error: psycopg.Error, *, any_row: bool = False) -> Exception:
        if self._session.closed:
            return Lost(str(error), any_row=any_row)
        self._session.rollback()
        return Refused(str(error), TOO_LONG if isinstance(error, psycopg.errors.QueryCanceled) else "")


def connect(address: Address, timeout_s: int) -> PostgresConnection:
    """Open a session; the password may come from the URL, PGPASSWORD or the password file."""
    return PostgresConnection(address, timeout_s)


def _arrow(type_code: int) -> pa.DataType:
    if type_code in WHOLE:
        return pa.int64()
    return pa.float64() if type_code in REAL else DECIMAL if type_code == NUMERIC else pa.string()


def _as_table(block: io.BytesIO, types: dict[str, pa.DataType]) -> pa.Table:
    """Text of COPY as columns: an empty cell is NULL, a quoted one is an empty text."""
    block.seek(0)
    if not block.getbuffer().nbytes:
        return pa.schema(list(types.items())).empty_table()
    read_as = {name: pa.string() if kind == DECIMAL else kind for name, kind in types.items()}
    table = csv.read_csv(
        block,
        csv.ReadOptions(column_names=list(types)),
        csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types=read_as, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    return table.cast(pa.schema(list(types.items())))
