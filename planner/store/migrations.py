"""The tables of the store, as an ordered list of steps. A step that has been released is never edited; add the next.

The statements are a subset that DuckDB and PostgreSQL share: no foreign keys (DuckDB then refuses to update a parent),
no secondary indexes, times as plain TIMESTAMP in UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from planner.store.errors import NewerSchema


class Migration(NamedTuple):
    """The statements that bring the tables to `version`."""

    version: int
    statements: tuple[str, ...]


MIGRATIONS = (
    Migration(
        1,
        (
            """
            CREATE TABLE scenario (
                scenario_id text PRIMARY KEY,
                revision bigint NOT NULL,
                archived boolean NOT NULL,
                created_at timestamp NOT NULL
            )
            """,
            """
            CREATE TABLE scenario_revision (
                scenario_id text NOT NULL,
                revision bigint NOT NULL,
                name text NOT NULL,
                owner text NOT NULL,
                answer text NOT NULL,
                author text NOT NULL,
                scenario_json text NOT NULL,
                facts_json text NOT NULL,
                engine_version text NOT NULL,
                result_version bigint NOT NULL,
                catalog_version text NOT NULL,
                saved_at timestamp NOT NULL,
                PRIMARY KEY (scenario_id, revision)
            )
            """,
        ),
    ),
)


def migrate(cursor: duckdb.DuckDBPyConnection, steps: Sequence[Migration] = MIGRATIONS) -> None:
    """Apply what is missing. To be called inside a transaction: all steps take effect or none."""
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS schema_version (version bigint PRIMARY KEY, applied_at timestamp NOT NULL)"
    )
    found = version(cursor)
    known = max(step.version for step in steps)
    if found > known:
        raise NewerSchema(
            f"The saved scenarios were written by a newer program (form {found}; this program knows up to {known}).",
            "Update this program; the file is left as it is.",
        )
    for step in steps:
        if step.version > found:
            _apply(cursor, step)


def version(cursor: duckdb.DuckDBPyConnection) -> int:
    """The version that the tables are at; 0 for a new file."""
    row = cursor.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()
    return int(row[0]) if row else 0


def _apply(cursor: duckdb.DuckDBPyConnection, step: Migration) -> None:
    for statement in step.statements:
        cursor.execute(statement)
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    cursor.execute("INSERT INTO schema_version (version, applied_at) VALUES ($1, $2)", [step.version, now])
