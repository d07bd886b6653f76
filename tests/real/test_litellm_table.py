"""LiteLLM's own table in a real PostgreSQL, with its types and its metadata as JSONB, gives the rows of its CSV."""

from __future__ import annotations

import csv

import psycopg

from planner.usage.engines.opening import open_engine
from planner.usage.engines.table import relation_of_table
from planner.workload.readers.litellm import LITELLM
from planner.workload.usage_rows import SQL_TYPES
from tests.real.servers import Server
from tests.workload.readers.rows_of import SAMPLES, rows_of

TYPES = {
    "request_id": "TEXT PRIMARY KEY",
    "call_type": "TEXT",
    "api_key": "TEXT",
    "spend": "DOUBLE PRECISION",
    "prompt_tokens": "INTEGER",
    "completion_tokens": "INTEGER",
    "startTime": "TIMESTAMP(3)",
    "endTime": "TIMESTAMP(3)",
    "request_duration_ms": "INTEGER",
    "model": "TEXT",
    "metadata": "JSONB",
    "cache_hit": "TEXT",
    "status": "TEXT",
}
"""As LiteLLM's schema has them."""


def test_the_table_of_spend_logs_gives_the_rows_of_its_csv(postgres_server: Server) -> None:
    path = SAMPLES / "litellm.csv"
    with path.open(newline="") as file:
        calls = [[row[name] for name in TYPES] for row in csv.DictReader(file)]
    columns = ", ".join(f'"{name}" {kind}' for name, kind in TYPES.items())
    places = ", ".join(["%s"] * len(TYPES))
    with psycopg.connect(postgres_server.url, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute('DROP TABLE IF EXISTS "LiteLLM_SpendLogs"')
        cursor.execute(f'CREATE TABLE "LiteLLM_SpendLogs" ({columns})'.encode())
        cursor.executemany(f'INSERT INTO "LiteLLM_SpendLogs" VALUES ({places})'.encode(), calls)
    engine = open_engine(postgres_server.url)
    try:
        log = relation_of_table(engine, '"LiteLLM_SpendLogs"')
        assert log.reader is LITELLM
        names = ["started_us", *sorted(log.has)]
        found = engine.table(f"SELECT {', '.join(names)} FROM {log.relation} ORDER BY started_us").to_pylist()
    finally:
        engine.close()
    rows = [
        [row[name] if SQL_TYPES[name] == "VARCHAR" or row[name] is None else int(row[name]) for name in names]
        for row in found
    ]
    assert rows == [[getattr(row, name) for name in names] for row in sorted(rows_of(LITELLM, path))]
