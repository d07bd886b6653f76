"""The product's texts in other dialects: each trap has its rule, and each rule its test."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlglot
from sqlglot import exp

from planner.usage.dialect import DIALECTS, rewritten
from planner.usage.engines.table import Period, as_log
from planner.usage.errors import UsageError
from planner.usage.relation import Choices
from planner.workload import texts
from planner.workload.readers import READERS
from planner.workload.readers.base import TableReader

ORIGIN_US, LAST_US = 1_700_000_000_000_000, 1_700_100_000_000_000
TEXTS = {
    "rollup": texts.rollup("usage_rows", (200_000,)),
    "span": texts.span("usage_rows"),
    "peaks": texts.peaks("usage_rows", ORIGIN_US, LAST_US, (1, 60)),
    "lengths": texts.lengths("usage_rows", "input"),
    "busiest second": texts.busiest_second("usage_rows"),
    "gaps": texts.gaps("usage_rows"),
}
OTHERS = ("redshift", "clickhouse")
"""Dialects without an engine here: the texts over integers are plain enough for them as sqlglot writes them."""
OF_DUCKDB = re.compile(r"(?i)\b(epoch_us|json_extract_string|regexp_matches|timezone\('UTC'|try_cast\([^)]* AS JSON)\b")
RESERVED = {"minute", "at", "cost", "user", "window", "rows", "values", "date", "time", "timestamp", "end", "start"}


def columns_of(text: str, dialect: str) -> list[str]:
    """Names of the columns that come back."""
    tree = sqlglot.parse_one(text, read=dialect)
    assert isinstance(tree, exp.Select)
    return tree.named_selects


@pytest.mark.parametrize("dialect", [*DIALECTS, *OTHERS])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_text_is_read_back_in_its_dialect(text: str, dialect: str) -> None:
    native = rewritten(text, dialect) if dialect in DIALECTS else sqlglot.transpile(text, "duckdb", dialect)[0]
    assert columns_of(native, dialect) == columns_of(text, "duckdb")
    assert not list(sqlglot.parse_one(native, read=dialect).find_all(exp.Anonymous))


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_no_alias_is_a_column_inside_an_aggregate_or_a_reserved_word(text: str) -> None:
    """ClickHouse puts an alias in the place of a column of that name; a bare reserved word is no alias anywhere."""
    tree = sqlglot.parse_one(text, read="duckdb")
    for select in tree.find_all(exp.Select):
        summed = {
            column.name
            for sums in select.find_all(exp.AggFunc)
            if sums.find_ancestor(exp.Select) is select
            for column in sums.find_all(exp.Column)
        }
        aliases = {column.alias for column in select.expressions if column.alias}
        assert not aliases & summed
        assert not aliases & RESERVED
    assert len(re.findall(r"\bAS [a-z_0-9]+", text)) >= sum(1 for _ in tree.find_all(exp.Alias))


FORMATS = (
    ("litellm", "typed"),
    ("plain", "text"),
    *(
        pytest.param(name, kind, marks=pytest.mark.slow)
        for name, kind in (
            ("databricks", "typed"),
            ("databricks", "text"),
            ("litellm", "text"),
            ("otel_table", "text"),
            ("bedrock", "text"),
            ("vertex", "text"),
            ("langfuse", "text"),
        )
    ),
)
"""Formats that live in tables of warehouses, and what their columns are there: texts, or types of their own."""
TYPED = {
    "litellm": {"startTime": "timestamp", "endTime": "timestamp", "metadata": "jsonb", "spend": "double precision"},
    "databricks": {"request_time": "timestamp with time zone", "usage_context": "map<string,string>"},
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("reader_id", "kind"), FORMATS)
def test_every_table_of_a_warehouse_is_read_in_every_dialect(reader_id: str, kind: str, dialect: str) -> None:
    reader = next(r for r in READERS if r.about.reader_id == reader_id)
    assert isinstance(reader, TableReader)
    types = TYPED[reader_id] if kind == "typed" else {}
    columns = {**dict.fromkeys(sorted(reader.needs), "bigint" if types else "varchar"), **types}
    period = Period(dt.date(2026, 10, 1), dt.date(2026, 11, 1))
    owner = next(iter(reader.owners))
    log = as_log('"logs"."Calls"', columns, reader, Choices(owner_by=owner), period)
    native = rewritten(f"SELECT COUNT(*) AS n, SUM(output_tokens) AS tokens FROM {log.relation}", dialect)
    assert columns_of(native, dialect) == ["n", "tokens"]
    assert not OF_DUCKDB.search(native)


EXPECTED = {
    "a bound is typed like its column": (
        "CAST('2026-11-01 00:00:00+00:00' AS TIMESTAMPTZ)",
        {"bigquery": "CAST('2026-11-01 00:00:00+00:00' AS TIMESTAMP)"},
    ),
    "microseconds of a timestamp": (
        "epoch_us(a)",
        {
            "postgres": "CAST(EXTRACT(EPOCH FROM a) * 1000000 AS BIGINT)",
            "spark": "UNIX_MICROS(CAST(a AS TIMESTAMP))",
            "databricks": "UNIX_MICROS(CAST(a AS TIMESTAMP))",
            "bigquery": "UNIX_MICROS(CAST(a AS TIMESTAMP))",
            "snowflake": "DATE_PART(EPOCH_MICROSECOND, a)",
            "trino": "CAST(ROUND(TO_UNIXTIME(a) * 1e6) AS BIGINT)",
        },
    ),
    "a local time": (
        "timezone('UTC', timezone('Europe/Berlin', a))",
        {
            "postgres": "TIMEZONE('Europe/Berlin', a)",
            "spark": "TO_UTC_TIMESTAMP(CAST(a AS TIMESTAMP), 'Europe/Berlin')",
            "bigquery": "TIMESTAMP(CAST(a AS DATETIME), 'Europe/Berlin')",
            "snowflake": "CONVERT_TIMEZONE('Europe/Berlin', 'UTC', a)",
            "trino": "WITH_TIMEZONE(a, 'Europe/Berlin')",
        },
    ),
    "microseconds are kept": ("CAST(a AS TIMESTAMP)", {"trino": "CAST(a AS TIMESTAMP(6))"}),
    "JSON as JSON": (
        'json_extract_string(CAST(a AS JSON), \'$."b"."c.d"\')',
        {
            "postgres": 'CAST(a AS JSONB) #>> \'{"b","c.d"}\'',
            "spark": "TRY_VARIANT_GET(a, '$[\\'b\\'][\\'c.d\\']', 'string')",
            "bigquery": 'JSON_VALUE(a, \'$."b"."c.d"\')',
            "snowflake": 'CAST(GET_PATH(a, \'["b"]["c.d"]\') AS VARCHAR)',
            "trino": 'JSON_EXTRACT_SCALAR(a, \'$["b"]["c.d"]\')',
        },
    ),
    "JSON in a map": (
        "json_extract_string(to_json(a), '$.\"b\"')",
        {
            "spark": "GET_JSON_OBJECT(TO_JSON(a), '$[\\'b\\']')",
            "snowflake": "CAST(GET_PATH(a, '[\"b\"]') AS VARCHAR)",
            "trino": "JSON_EXTRACT_SCALAR(CAST(a AS JSON), '$[\"b\"]')",
        },
    ),
    "JSON in a text": (
        "json_extract_string(TRY_CAST(a AS JSON), '$.\"b\"')",
        {
            "spark": "GET_JSON_OBJECT(a, '$[\\'b\\']')",
            "snowflake": "CAST(GET_PATH(TRY_PARSE_JSON(a), '[\"b\"]') AS VARCHAR)",
            "trino": "JSON_EXTRACT_SCALAR(a, '$[\"b\"]')",
        },
    ),
    "whether a text is JSON": (
        "TRY_CAST(a AS JSON) IS NULL",
        {
            "spark": "GET_JSON_OBJECT(a, '$') IS NULL",
            "bigquery": "SAFE.PARSE_JSON(a) IS NULL",
            "snowflake": "TRY_PARSE_JSON(a) IS NULL",
            "trino": "TRY(JSON_PARSE(a)) IS NULL",
        },
    ),
    "a number in a typed column": (
        "TRY_CAST(a AS DECIMAL(28, 12))",
        {"postgres": "ROUND(CAST(a AS DECIMAL), 12)", "bigquery": "SAFE_CAST(a AS BIGNUMERIC)"},
    ),
    "a half is rounded away from zero": (
        "ROUND((a - b) / 1000.0)",
        {"postgres": "ROUND(CAST(CAST((a - b) AS DOUBLE PRECISION) / 1000.0 AS DECIMAL))"},
    ),
    "a computed time is rounded, not cut": (
        "CAST(CASE WHEN a < 1 THEN a * 1000 ELSE a END AS BIGINT)",
        {"spark": "CAST(ROUND(CASE WHEN a < 1 THEN a * 1000 ELSE a END) AS BIGINT)"},
    ),
    "a square has 38 digits": ("CAST(a AS DECIMAL(19, 0))", {"bigquery": "CAST(a AS BIGNUMERIC)"}),
    "a pattern is looked for anywhere": ("regexp_matches(a, 'b$')", {"snowflake": "(REGEXP_INSTR(a, 'b$') > 0)"}),
    "capitals do not matter": (
        "regexp_replace(a, '(?i)b$', '')",
        {"snowflake": "REGEXP_REPLACE(a, 'b$', '', 1, 0, 'i')"},
    ),
    "a backslash stays one": ("regexp_replace(a, '^b\\.', '')", {"spark": "REGEXP_REPLACE(a, '^b\\\\.', '')"}),
    "the rest of a division": ("a % 60", {"bigquery": "MOD(a, 60)", "trino": "a % 60", "postgres": "a % 60"}),
    "no order of NULLs in a window": (
        "SUM(a) OVER (ORDER BY b)",
        dict.fromkeys(DIALECTS, "SUM(a) OVER (ORDER BY b)"),
    ),
    "an ISO time": (
        "TRY_CAST(a AS TIMESTAMPTZ)",
        {"trino": "COALESCE(TRY_CAST(a AS TIMESTAMP(6) WITH TIME ZONE), TRY(FROM_ISO8601_TIMESTAMP_NANOS(a)))"},
    ),
}


@pytest.mark.parametrize("case", EXPECTED)
def test_each_trap_has_its_rule(case: str) -> None:
    written, expected = EXPECTED[case]
    for dialect, native in expected.items():
        assert rewritten(f"SELECT {written} AS y FROM t", dialect) == f"SELECT {native} AS y FROM t", dialect


def test_names_keep_their_capitals() -> None:
    text = 'SELECT "startTime" AS a FROM "LiteLLM_SpendLogs"'
    assert rewritten(text, "postgres") == text
    assert rewritten(text, "spark") == "SELECT `startTime` AS a FROM `LiteLLM_SpendLogs`"


def test_postgresql_computes_what_is_repeated_once() -> None:
    field = "json_extract_string(CAST(m AS JSON), '$.\"a\"')"
    native = rewritten(f"SELECT {field} AS one, LENGTH({field}) AS two, n AS three FROM t WHERE n > 1", "postgres")
    assert native == (
        'SELECT "once_1" AS one, LENGTH("once_1") AS two, n AS three FROM (SELECT m, n, '
        'CAST(m AS JSONB) #>> \'{"a"}\' AS "once_1" FROM t OFFSET 0) AS below_once_1 WHERE n > 1'
    )


def test_an_unknown_dialect_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"mysql: is no dialect .* Use postgres, spark"):
        rewritten("SELECT 1 AS a", "mysql")


def test_a_format_of_files_is_refused_where_the_engine_has_no_way_to_read_it() -> None:
    with pytest.raises(UsageError, match="Export the table to a file"):
        rewritten("SELECT regexp_extract(a, '(b)(c)', 2) AS y FROM t", "bigquery")
