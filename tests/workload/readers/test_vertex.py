"""Gemini on Google Cloud: cached tokens inside the prompt, thoughts beside the candidates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.usage.look import look
from planner.workload.readers import READERS
from planner.workload.readers.base import recognised
from planner.workload.readers.vertex import VERTEX
from planner.workload.usage_rows import UsageRow
from tests.workload.readers.rows_of import SAMPLES, rows_of, typed_rows, written

NINE = 1_793_610_000_000_000
FILES = ["vertex.jsonl", "vertex.parquet"]


@pytest.mark.parametrize("name", FILES)
def test_recognised_from_the_file(name: str) -> None:
    assert recognised(READERS, look(SAMPLES / name)) is VERTEX


@pytest.mark.parametrize("name", FILES)
def test_thoughts_are_output_and_cached_tokens_are_input(name: str) -> None:
    rows = rows_of(VERTEX, SAMPLES / name)
    assert len(rows) == 12
    # prompt 1,300 of which 800 cached; 53 of the candidates + 200 thoughts; the export's total is 1,553
    assert rows[3] == UsageRow(
        started_us=NINE + 3 * 13_250_000,
        requests=1,
        model="gemini-2.5-flash",
        task_class="generateContent",
        context_tokens=1300,
        fresh_input_tokens=1300 - 800,
        cached_input_tokens=800,
        output_tokens=53 + 200,
        reasoning_tokens=200,
        duration_ms=1204,  # 1,203.6
        failed=0,
        request_id="98765432101234503",
    )


@pytest.mark.parametrize("name", FILES)
def test_input_and_output_add_up_to_the_exports_own_total(name: str) -> None:
    said = [json.loads(line)["full_response"] for line in (SAMPLES / "vertex.jsonl").read_text().splitlines()]
    for row, response in zip(rows_of(VERTEX, SAMPLES / name), said, strict=True):
        if "usageMetadata" in response:
            assert (row.context_tokens or 0) + (row.output_tokens or 0) == response["usageMetadata"]["totalTokenCount"]


@pytest.mark.parametrize("name", FILES)
def test_claude_on_google_cloud_counts_cached_tokens_beside_its_input(name: str) -> None:
    claude = rows_of(VERTEX, SAMPLES / name)[10]
    assert claude.model == "claude-sonnet-4-5"
    parts = (claude.fresh_input_tokens, claude.cached_input_tokens, claude.cache_write_tokens)
    assert (parts, claude.context_tokens, claude.output_tokens) == ((30, 900, 100), 30 + 900 + 100, 77)


@pytest.mark.parametrize("name", FILES)
def test_an_error_is_a_failed_request(name: str) -> None:
    rows = rows_of(VERTEX, SAMPLES / name)
    assert [row.failed for row in rows] == [0] * 11 + [1]
    assert rows[11].context_tokens is None


@pytest.mark.parametrize("name", FILES)
def test_no_text_comes_through_and_labels_tell_the_team(name: str) -> None:
    rows = rows_of(VERTEX, SAMPLES / name, owner_by="team")
    assert "SECRET" not in repr(rows)
    assert [row.owner for row in rows] == ["Team A"] * 6 + ["Team B"] * 6


def test_a_flat_table_of_usage_metadata_is_read(tmp_path: Path) -> None:
    names = "timestamp,model,promptTokenCount,candidatesTokenCount,cachedContentTokenCount,thoughtsTokenCount"
    path = written(tmp_path, "usage.csv", f"{names}\n2026-11-02T09:00:00Z,gemini-3-flash,1000,50,600,20\n")
    assert recognised(READERS, look(path)) is VERTEX
    (row,) = rows_of(VERTEX, path)
    assert (row.fresh_input_tokens, row.cached_input_tokens, row.output_tokens) == (400, 600, 70)


def test_a_table_with_json_columns_as_bigquery_types_them() -> None:
    setup = f"""CREATE TABLE log AS SELECT logging_time, model, api_method, request_id,
        CAST(full_response AS JSON) AS full_response, CAST(metadata AS JSON) AS metadata
        FROM '{SAMPLES / "vertex.parquet"}'"""
    assert typed_rows(VERTEX, setup, "log") == rows_of(VERTEX, SAMPLES / "vertex.parquet")
