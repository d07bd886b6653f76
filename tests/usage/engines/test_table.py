"""A table's columns: recognised, quoted, and bounded by a period in the column's own type."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pytest

from planner.usage.engines.described import described
from planner.usage.engines.table import Period, as_log, recognised_table, table_name
from planner.usage.errors import UsageError

PLAIN = {"timestamp": "TIMESTAMP", "model": "VARCHAR", "input_tokens": "BIGINT", "output_tokens": "BIGINT"}
DAY = dt.date(2026, 11, 20)


def test_a_table_is_recognised_by_its_columns() -> None:
    assert recognised_table(PLAIN).about.reader_id == "plain"
    assert recognised_table({"x": "VARCHAR"}, "litellm").about.reader_id == "litellm"


def test_a_table_that_is_not_recognised_is_told_with_its_columns() -> None:
    with pytest.raises(UsageError, match=r"no format is recognised by the columns \(x, y\)"):
        recognised_table({"x": "VARCHAR", "y": "BIGINT"})


def test_a_format_that_is_no_table_is_refused() -> None:
    with pytest.raises(UsageError, match=r"vllm_metrics: is no format of a table\. Formats are .*litellm"):
        recognised_table(PLAIN, "vllm_metrics")


@pytest.mark.parametrize(
    ("given", "dialect", "name"),
    [
        ("LiteLLM_SpendLogs", "postgres", '"LiteLLM_SpendLogs"'),
        ('public."Li.te"', "postgres", '"public"."Li.te"'),
        ("`my-project`.logs.calls", "bigquery", '"my-project"."logs"."calls"'),
        ("my-project.logs.calls", "bigquery", '"my-project"."logs"."calls"'),
        ("prod.logs", "snowflake", "prod.logs"),
        ('prod."Logs"', "snowflake", 'prod."Logs"'),
        ("x; DROP TABLE y", "spark", '"x; DROP TABLE y"'),
    ],
)
def test_a_name_is_quoted_part_by_part(given: str, dialect: str, name: str) -> None:
    assert table_name(given, dialect) == name


@pytest.mark.parametrize("given", ["x; DROP TABLE y", "a b", "1x", "x--y"])
def test_only_a_plain_name_stays_unquoted_in_snowflake(given: str) -> None:
    assert table_name(given, "snowflake") == f'"{given}"'


@pytest.mark.parametrize("given", ["", ".", '""'])
def test_no_name_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match=r"is no name of a table\. Write schema\.table"):
        table_name(given, "postgres")


@pytest.mark.parametrize(
    ("kind", "bound"),
    [
        ("TIMESTAMP", "\"timestamp\" >= CAST('2026-11-19 00:00:00' AS TIMESTAMP)"),
        ("TIMESTAMP WITH TIME ZONE", "\"timestamp\" >= CAST('2026-11-19 00:00:00+00:00' AS TIMESTAMPTZ)"),
        ("DATE", "\"timestamp\" >= CAST('2026-11-19' AS DATE)"),
    ],
)
def test_a_period_bounds_the_column_itself_a_day_wider(kind: str, bound: str) -> None:
    log = as_log('"t"', {**PLAIN, "timestamp": kind}, recognised_table(PLAIN), period=Period(since=DAY))
    assert f'FROM "t" WHERE {bound})' in log.relation
    assert "started_us >= 1795132800000000" in log.relation


def test_a_period_of_a_text_bounds_the_time_alone() -> None:
    log = as_log('"t"', {**PLAIN, "timestamp": "VARCHAR"}, recognised_table(PLAIN), period=Period(before=DAY))
    assert 'FROM "t")' in log.relation
    assert "started_us < 1795132800000000" in log.relation


def test_good_rows_and_rejects_are_the_whole_table(tmp_path: Path) -> None:
    log = as_log('"t"', {**PLAIN, "input_tokens": "VARCHAR"}, recognised_table(PLAIN))
    with duckdb.connect() as here:
        here.execute(
            "CREATE TABLE t AS SELECT TIMESTAMP '2026-11-20' AS timestamp, 'm' AS model, tokens AS input_tokens, "
            "1::BIGINT AS output_tokens FROM (VALUES ('1'), ('x'), ('2'), ('3.5')) AS v(tokens)"
        )
        assert here.execute(f"SELECT fresh_input_tokens FROM {log.relation} ORDER BY 1").fetchall() == [(1,), (2,)]
        (good, bad) = here.execute(log.rejects).fetchall()
    assert good == (0, 2)
    assert bad[1] == 2
    assert log.every.checks[bad[0] - 1].reason == "is not a whole number"


def test_a_description_ends_at_the_first_row_that_is_no_column() -> None:
    rows = [
        ("a", "timestamp", None),
        ("b", "bigint", None),
        ("# Partition Information", "", ""),
        ("a", "timestamp", ""),
    ]
    assert described(rows, ("timestamp",)) == {"a": "TIMESTAMP WITH TIME ZONE", "b": "bigint"}
