"""One table in three places, DuckDB, PostgreSQL and Spark, under one name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pyarrow as pa

from planner.usage.engine import Engine
from planner.usage.engines.address import address_of
from tests.real.servers import Server

READER = "planner_reader"
Row = tuple[Any, ...]


@dataclass
class Duck:
    """DuckDB as an engine: the texts as they are written."""

    connection: duckdb.DuckDBPyConnection
    name: str = "DuckDB"

    @staticmethod
    def over(file: Path, table: str) -> Duck:
        """With the file's rows as a view."""
        connection = duckdb.connect()
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM '{file}'")
        return Duck(connection)

    def table(self, text: str) -> pa.Table:
        """Run it."""
        return self.connection.sql(text).to_arrow_table()

    def close(self) -> None:
        """Let go."""
        self.connection.close()


def put_in_postgres(
    server: Server, file: Path, table: str, types: Mapping[str, str], readable: Iterable[str] = ()
) -> str:
    """A new table with the file's rows; the address of an account that may read it, or some of its columns only."""
    columns = ", ".join(f'"{name}" {kind}' for name, kind in types.items())
    some = ", ".join(f'"{name}"' for name in readable)
    as_owner(
        server,
        f"DROP TABLE IF EXISTS {table}",
        f"CREATE TABLE {table} ({columns})",
        f"DO $$ BEGIN CREATE ROLE {READER} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        f"GRANT SELECT {f'({some})' if some else ''} ON {table} TO {READER}",
    )
    listed = file.with_suffix(".copied")
    with duckdb.connect() as here:
        here.execute(f"COPY (SELECT * FROM '{file}') TO '{listed}' (FORMAT csv, HEADER false, NULLSTR '\\N')")
    filled = f"COPY {table} FROM STDIN (FORMAT csv, NULL '\\N')".encode()
    with psycopg.connect(server.url) as owner, owner.cursor() as cursor, cursor.copy(filled) as copy:
        copy.write(listed.read_bytes())
    return server.url.replace("owner@", f"{READER}@")


def as_owner(server: Server, *texts: str) -> None:
    """Run texts as the owner of the database."""
    with psycopg.connect(server.url, autocommit=True) as owner:
        for text in texts:
            owner.execute(text.encode())


def put_in_spark(server: Server, file: Path, table: str) -> str:
    """A new table over the file; the server's address."""
    in_spark(server, f"DROP TABLE IF EXISTS {table}", f"CREATE TABLE {table} USING parquet LOCATION '{file}'")
    return server.url


def in_spark(server: Server, *texts: str) -> None:
    """Run texts of Spark's own."""
    from planner.usage.engines.spark import connect

    session = connect(address_of(server.url), 600)
    for text in texts:
        session.run(text)
    session.close()


def rows_of(engine: Engine, text: str) -> list[Row]:
    """The answer, whole numbers as int, in an order that does not depend on the engine."""
    found = [tuple(_plain(value) for value in row.values()) for row in engine.table(text).to_pylist()]
    return sorted(found, key=repr)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    whole = int(value)
    assert whole == value
    return whole
