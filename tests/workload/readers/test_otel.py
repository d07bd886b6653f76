"""OpenTelemetry GenAI spans: one row per call of a model, whichever way the spans were written down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner.usage.look import look
from planner.workload.readers import READERS
from planner.workload.readers.base import BadRow, recognised
from planner.workload.readers.otel import OTEL_TABLE
from planner.workload.readers.otlp import OTLP
from planner.workload.usage_rows import UsageRow
from tests.workload.readers.rows_of import SAMPLES, rejects_of, rows_of, total, written

NINE = 1_793_610_000_000_000
"""2026-11-02 09:00 UTC, microseconds."""
FILES = {
    "otel.jsonl": "otel",
    "otel.json": "otel",
    "otel_table.parquet": "otel_table",
    "otel_table.jsonl": "otel_table",
}


@pytest.mark.parametrize("name", FILES)
def test_recognised_from_the_file(name: str) -> None:
    found = recognised(READERS, look(SAMPLES / name))
    assert found is not None
    assert found.about.reader_id == FILES[name]


def test_input_holds_cached_and_written_tokens() -> None:
    first, second, *_ = rows_of(OTLP, SAMPLES / "otel.jsonl")
    trace = "a" * 32
    # 1,200 = 176 fresh + 1,024 read; 1,900.4 ms
    assert first == UsageRow(
        started_us=NINE + 100_000,
        requests=1,
        model="gpt-5.2-2026-08-01",
        task_class="chat",
        context_tokens=1200,
        fresh_input_tokens=1200 - 1024,
        cached_input_tokens=1024,
        output_tokens=180,
        reasoning_tokens=60,
        duration_ms=1900,
        failed=0,
        request_id=f"{trace}:{2:016x}",
    )
    # 2,200 = 536 fresh + 1,152 read + 512 written
    assert second.fresh_input_tokens == 2200 - 1152 - 512
    assert (second.cached_input_tokens, second.cache_write_tokens, second.service_tier) == (1152, 512, "priority")


def test_agents_tools_and_other_spans_are_no_usage_and_no_reject() -> None:
    # of 12 spans: an agent, a tool and a health check are left out, and the outer one of two nested chats
    rows = rows_of(OTLP, SAMPLES / "otel.jsonl")
    assert rejects_of(OTLP, SAMPLES / "otel.jsonl") == []
    assert [row.task_class for row in rows] == [
        *("chat", "chat", "embeddings", "chat", "", "chat", "generate_content", "text_completion"),
    ]
    assert total(rows, "context_tokens") == 1200 + 2200 + 640 + 310 + 5000 + 800 + 70
    assert total(rows, "output_tokens") == 180 + 240 + 45 + 300 + 90 + 12


def test_a_failed_call_is_counted_and_its_tokens_are_unknown() -> None:
    (failed,) = [row for row in rows_of(OTLP, SAMPLES / "otel.jsonl") if row.failed]
    assert (failed.requests, failed.context_tokens, failed.output_tokens) == (1, None, None)


def test_names_of_before_are_read() -> None:
    (old,) = [row for row in rows_of(OTLP, SAMPLES / "otel.jsonl") if row.model == "gpt-4o-mini"]
    assert (old.fresh_input_tokens, old.output_tokens, old.duration_ms) == (310, 45, 700)


@pytest.mark.parametrize("name", ["otel_table.parquet", "otel_table.jsonl"])
def test_the_table_says_what_the_documents_say(name: str) -> None:
    nested = f"{16:016x}"  # the table cannot see that a span encloses another
    table = [row for row in rows_of(OTEL_TABLE, SAMPLES / name) if not str(row.request_id).endswith(nested)]
    without_ids = [row._replace(request_id=None) for row in table]
    assert without_ids == [row._replace(request_id=None) for row in rows_of(OTLP, SAMPLES / "otel.jsonl")]


def test_owners_come_from_the_span_or_its_resource() -> None:
    teams = [row.owner for row in rows_of(OTLP, SAMPLES / "otel.jsonl", owner_by="team")]
    assert teams == ["Team A"] * 5 + ["Team B"] * 3
    assert teams == [
        r.owner for r in rows_of(OTEL_TABLE, SAMPLES / "otel_table.jsonl", "team") if r.started_us != _OUTER
    ]
    users = [row.owner for row in rows_of(OTLP, SAMPLES / "otel.jsonl", owner_by="user")]
    assert users == ["", "", "", "", "user-1", "user-2", "", ""]


_OUTER = NINE + 75 * 60_000_000
"""10:15:00.000, the start of the span that encloses another."""


@pytest.mark.parametrize("name", FILES)
def test_no_message_comes_through(name: str) -> None:
    reader = OTLP if FILES[name] == "otel" else OTEL_TABLE
    assert "SECRET" not in repr(rows_of(reader, SAMPLES / name))


def test_a_span_without_a_start_is_a_reject_with_its_id() -> None:
    span: dict[str, Any] = {"spanId": "ab12", "attributes": [_attribute("gen_ai.operation.name", "chat")]}
    (bad,) = OTLP.rows(iter([_document([span])]), None)
    assert bad == BadRow("no start time", "span ab12")
    span["startTimeUnixNano"] = "1793610000000000000"
    span["attributes"].append({"key": "gen_ai.usage.input_tokens", "value": {"stringValue": "many"}})
    (bad,) = OTLP.rows(iter([_document([span])]), None)
    assert bad == BadRow("'many' is not a whole number", "span ab12")


def test_cached_tokens_beside_input_are_a_reject_not_a_negative_price(tmp_path: Path) -> None:
    names = "start_time,gen_ai.operation.name,gen_ai.request.model,gen_ai.usage.input_tokens,gen_ai.usage.output_tokens"
    text = f"{names},gen_ai.usage.cache_read.input_tokens\n2026-11-02T09:00:00Z,chat,claude-sonnet-5,30,8,900\n"
    path = written(tmp_path, "spans.csv", text)
    assert recognised(READERS, look(path)) is OTEL_TABLE
    assert rejects_of(OTEL_TABLE, path) == ["cached tokens exceed the input"]


def test_a_key_that_only_comes_late_is_still_read(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in (SAMPLES / "otel_table.jsonl").read_text().splitlines()]
    text = "".join(json.dumps(line) + "\n" for line in [lines[5]] * 2000 + [lines[3]])
    last = rows_of(OTEL_TABLE, written(tmp_path, "spans.jsonl", text))[-1]
    assert (last.cached_input_tokens, last.cache_write_tokens) == (1152, 512)


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _document(spans: list[dict[str, Any]]) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
