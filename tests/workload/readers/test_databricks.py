"""Databricks' system tables: typed, from CSV, and the gateway's cached tokens by the row's own total."""

from __future__ import annotations

import pytest

from planner.usage.look import look
from planner.workload.readers import READERS
from planner.workload.readers.base import recognised
from planner.workload.readers.databricks import DATABRICKS, DATABRICKS_GATEWAY
from planner.workload.usage_rows import UsageRow
from tests.workload.readers.rows_of import SAMPLES, rows_of, total, typed_rows

NINE = 1_793_610_000_000_000
MINUTE = 60_000_000
SERVING, GATEWAY = SAMPLES / "databricks.csv", SAMPLES / "databricks_gateway.parquet"


def test_recognised_from_the_file() -> None:
    assert recognised(READERS, look(SERVING)) is DATABRICKS
    assert recognised(READERS, look(GATEWAY)) is DATABRICKS_GATEWAY


def test_a_row_of_endpoint_usage() -> None:
    rows = rows_of(DATABRICKS, SERVING, owner_by="project")
    assert rows[1] == UsageRow(
        started_us=NINE + MINUTE + 30_125_000,
        requests=1,
        model="system.ai.llama-4-maverick",
        owner="alpha",
        context_tokens=425,
        fresh_input_tokens=425,
        output_tokens=61,
        failed=0,
        request_id="req-0001",
    )
    assert [row.owner for row in rows] == ["alpha"] * 7 + ["beta"] * 7


def test_statuses_from_400_are_failures() -> None:
    rows = rows_of(DATABRICKS, SERVING)
    assert [n for n, row in enumerate(rows) if row.failed] == [5, 9]
    assert rows[5].context_tokens is None


def test_the_typed_table_says_the_same() -> None:
    setup = f"""CREATE TABLE endpoint_usage AS SELECT * REPLACE (CAST(request_time AS TIMESTAMP) AS request_time,
        CAST(status_code AS INTEGER) AS status_code, CAST(input_token_count AS BIGINT) AS input_token_count,
        CAST(output_token_count AS BIGINT) AS output_token_count) FROM read_csv('{SERVING}', all_varchar=true)"""
    assert typed_rows(DATABRICKS, setup, "endpoint_usage") == rows_of(DATABRICKS, SERVING)


def test_without_the_join_the_id_of_the_served_entity_is_the_model() -> None:
    setup = f"""CREATE TABLE endpoint_usage AS SELECT * EXCLUDE (endpoint_name, entity_name)
        FROM read_csv('{SERVING}')"""
    rows = typed_rows(DATABRICKS, setup, "endpoint_usage")
    assert {row.model for row in rows} == {"entity-chat", "entity-embed"}


@pytest.mark.parametrize(("n", "inside"), [(1, True), (3, True), (9, False), (11, False)])
def test_the_rows_total_says_whether_cached_tokens_are_inside(n: int, inside: bool) -> None:
    row, whole = rows_of(DATABRICKS_GATEWAY, GATEWAY)[n], 900 + 50 * n
    assert row.cached_input_tokens == 512
    assert (row.fresh_input_tokens, row.context_tokens) == ((whole - 512, whole) if inside else (whole, whole + 512))


def test_the_gateway_has_durations_reasoning_and_failures() -> None:
    rows = rows_of(DATABRICKS_GATEWAY, GATEWAY)
    assert total(rows, "duration_ms") == sum(1500 + 10 * n for n in range(12))
    assert [row.reasoning_tokens for row in rows[:4]] == [20, None, None, 20]
    assert [n for n, row in enumerate(rows) if row.failed] == [4]


def test_the_gateways_tags_tell_the_team() -> None:
    owners = [row.owner for row in rows_of(DATABRICKS_GATEWAY, GATEWAY, owner_by="team")]
    assert owners == ["Team A"] * 6 + ["Team B"] * 6
