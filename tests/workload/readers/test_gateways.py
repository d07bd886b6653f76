"""LiteLLM, Langfuse and Helicone: one row per call, in every form that they export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.usage.relation import Choices
from planner.workload.readers.anthropic import ANTHROPIC_USAGE_CSV
from planner.workload.readers.base import Reader, hashed, owner_column
from planner.workload.readers.cells import Cells
from planner.workload.readers.helicone import HELICONE
from planner.workload.readers.langfuse import LANGFUSE
from planner.workload.readers.litellm import LITELLM, LITELLM_DAILY
from tests.workload.readers.rows_of import SAMPLES, read, rejects_of, rows_of, total, typed_rows, written

CALLS = SAMPLES / "litellm.csv"


def test_an_answer_out_of_the_proxys_own_cache_is_no_call_of_a_model() -> None:
    """Seventeen rows, one of them a cache hit."""
    rows = rows_of(LITELLM, CALLS)
    assert len(rows) == 16
    assert "req-0004" not in {row.request_id for row in rows}


def test_a_failed_call_is_counted_with_its_time_and_with_unknown_tokens() -> None:
    (row,) = [row for row in rows_of(LITELLM, CALLS) if row.failed]
    assert (row.requests, row.duration_ms, row.fresh_input_tokens, row.output_tokens) == (1, 30_010, None, None)


def test_an_embedding_is_a_class_of_its_own_and_a_completion_is_none() -> None:
    assert {row.request_id for row in rows_of(LITELLM, CALLS) if row.task_class == "embedding"} == {"req-0006"}
    assert {row.task_class for row in rows_of(LITELLM, CALLS)} == {"", "embedding"}


def test_the_proxys_own_cost_is_kept_to_the_billionth() -> None:
    """0.02 + 0.03 + 0.000228 + 0.000016 + 0.0052 and ten calls of (900 + n) x 0.15 + (60 + n) x 0.60 per million."""
    small = sum(150 * (900 + n) + 600 * (60 + n) for n in range(8, 18))
    assert total(rows_of(LITELLM, CALLS), "cost_nano") == 55_444_000 + small


def test_the_table_of_postgresql_gives_the_rows_of_its_csv(tmp_path: Path) -> None:
    """Types as LiteLLM's schema makes them: TEXT, DOUBLE PRECISION, INTEGER, TIMESTAMP(3), JSONB."""
    setup = f"""CREATE TABLE "LiteLLM_SpendLogs" AS SELECT * REPLACE (
        CAST(spend AS DOUBLE) AS spend, CAST(prompt_tokens AS INTEGER) AS prompt_tokens,
        CAST(completion_tokens AS INTEGER) AS completion_tokens,
        CAST("startTime" AS TIMESTAMP) AS "startTime", CAST("endTime" AS TIMESTAMP) AS "endTime",
        CAST(request_duration_ms AS INTEGER) AS request_duration_ms, CAST(metadata AS JSON) AS metadata)
        FROM read_csv('{CALLS}', all_varchar=true)"""
    assert typed_rows(LITELLM, setup, '"LiteLLM_SpendLogs"') == rows_of(LITELLM, CALLS)


def test_without_its_metadata_a_spend_log_knows_nothing_of_cached_tokens(tmp_path: Path) -> None:
    header = "request_id,call_type,api_key,spend,prompt_tokens,completion_tokens,startTime,endTime,model"
    row = "r,acompletion,k,0.1,10000,700,2026-10-01 09:00:00,2026-10-01 09:00:05,m"
    (found,) = rows_of(LITELLM, written(tmp_path, "a.csv", f"{header}\n{row}\n"))
    assert (found.fresh_input_tokens, found.cached_input_tokens, found.duration_ms) == (10_000, None, 5_000)


def test_a_team_is_charged_under_its_alias_and_a_key_under_its_own() -> None:
    assert {row.owner for row in rows_of(LITELLM, CALLS, "team")} == {"Team A"}
    cells = Cells.of_text(["team_id", "metadata", "api_key"])
    assert owner_column(LITELLM, cells, "team") == "team_id"
    assert not hashed(LITELLM, "key", owner_column(LITELLM, cells, "key"))
    assert {row.owner for row in rows_of(LITELLM, CALLS, "key")} == {"chat-app"}


def test_days_of_litellm_keep_their_requests_failures_and_cached_tokens() -> None:
    """Six days of two models: 6 x 30,000 read; 100 + 101 + ... + 111 requests; one failure in each row."""
    rows = rows_of(LITELLM_DAILY, SAMPLES / "litellm_daily.csv")
    assert total(rows, "cached_input_tokens") == 180_000
    assert total(rows, "requests") == sum(range(100, 112))
    assert total(rows, "failed") == 12
    assert {row.bucket_s for row in rows} == {86_400}


@pytest.mark.parametrize(
    ("reader", "name"),
    [
        (LITELLM, "litellm.csv"),
        (LANGFUSE, "langfuse.csv"),
        (LANGFUSE, "langfuse.parquet"),
        (ANTHROPIC_USAGE_CSV, "anthropic_usage_csv.hours.csv"),
    ],
)
def test_times_that_a_vendor_writes_in_utc_are_utc_whatever_zone_is_told(reader: Reader, name: str) -> None:
    there = read(reader, SAMPLES / name, Choices(zone="Asia/Tokyo"))
    assert there == read(reader, SAMPLES / name, Choices())


LANGFUSE_FILES = ["langfuse.csv", "langfuse.jsonl", "langfuse.json", "langfuse.parquet", "langfuse.ui.json"]


@pytest.mark.parametrize("name", LANGFUSE_FILES)
def test_langfuse_gives_the_same_rows_in_every_form(name: str) -> None:
    assert rows_of(LANGFUSE, SAMPLES / name) == rows_of(LANGFUSE, SAMPLES / "langfuse.csv")
    assert rejects_of(LANGFUSE, SAMPLES / name) == []


def test_only_generations_of_langfuse_are_calls() -> None:
    """Sixteen observations: one span, one event."""
    assert len(rows_of(LANGFUSE, SAMPLES / "langfuse.jsonl")) == 14


def test_the_duration_of_a_generation_is_not_its_latency_whose_unit_depends_on_the_integration(tmp_path: Path) -> None:
    line = json.loads((SAMPLES / "langfuse.jsonl").read_text().splitlines()[1])
    path = written(tmp_path, "a.jsonl", "".join(json.dumps({**line, "latency": x}) + "\n" for x in (7.1, 7100)))
    assert [row.duration_ms for row in rows_of(LANGFUSE, path)] == [7_100, 7_100]


def test_kinds_of_tokens_that_come_later_than_the_head_of_a_file_are_counted(tmp_path: Path) -> None:
    line = json.loads((SAMPLES / "langfuse.jsonl").read_text().splitlines()[6])
    early = {**line, "level": "DEFAULT", "usage_details": {"input": 5, "output": 1, "total": 6}}
    late = {**early, "usage_details": {"input": 5, "output": 1, "input_cached_tokens": 90, "total": 96}}
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(early) + "\n" for _ in range(6_000)) + json.dumps(late) + "\n")
    assert total(rows_of(LANGFUSE, path), "cached_input_tokens") == 90


def test_an_observation_that_failed_before_it_counted_tokens_has_unknown_ones() -> None:
    (row,) = [row for row in rows_of(LANGFUSE, SAMPLES / "langfuse.parquet") if row.failed]
    assert (row.fresh_input_tokens, row.output_tokens, row.requests) == (None, None, 1)


def test_helicones_cost_has_two_names() -> None:
    first = rows_of(HELICONE, SAMPLES / "helicone.csv")
    assert rows_of(HELICONE, SAMPLES / "helicone.older.csv") == first
    assert total(first, "cost_nano") == sum(1_000_000 + 10_000 * n for n in range(12))


def test_helicones_status_says_which_calls_failed_and_its_latency_is_in_milliseconds() -> None:
    rows = rows_of(HELICONE, SAMPLES / "helicone.csv")
    assert [row.failed for row in rows] == [0, 0, 0, 1, 0] * 2 + [0, 0]
    assert [row.duration_ms for row in rows] == list(range(900, 912))


def test_helicones_json_has_what_its_csv_leaves_out() -> None:
    rows = rows_of(HELICONE, SAMPLES / "helicone.jsonl")
    assert total(rows, "cached_input_tokens") == 12 * 2_000
    assert [row.output_tokens for row in rows] == [50 + n for n in range(12)]
    assert {row.model for row in rows} == {"claude-sonnet-5", "gpt-4o-mini-2024-07-18"}
