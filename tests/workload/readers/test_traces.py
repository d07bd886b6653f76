"""Public traces: times without a calendar begin on a Monday, seven digits of seconds, failures, blocks."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb
import pytest

from planner.usage.look import look
from planner.workload.readers import READERS
from planner.workload.readers.base import recognised
from planner.workload.readers.opened import MONDAY_S
from planner.workload.readers.plain import PLAIN
from planner.workload.readers.servegen import SERVEGEN
from planner.workload.readers.traces import AZURE_TRACE, BURSTGPT, MOONCAKE
from planner.workload.usage_rows import UsageRow
from tests.workload.readers.rows_of import SAMPLES, rows_of, total, written

SHIPPED = Path(__file__).parents[3] / "data" / "traces"
MONDAY_US = MONDAY_S * 1_000_000
FILES = {
    "azure_trace.csv": AZURE_TRACE,
    "servegen.parquet": SERVEGEN,
    "mooncake.jsonl": MOONCAKE,
    "burstgpt.csv": BURSTGPT,
}


@pytest.mark.parametrize("name", FILES)
def test_recognised_from_the_file(name: str) -> None:
    assert recognised(READERS, look(SAMPLES / name)) is FILES[name]


def test_a_trace_without_a_calendar_begins_on_a_monday_and_says_so() -> None:
    assert dt.datetime.fromtimestamp(MONDAY_S, dt.UTC).strftime("%A %H:%M") == "Monday 00:00"
    assert [r.about.reader_id for r in READERS if not r.about.has_calendar] == ["servegen", "mooncake", "burstgpt"]


def test_azure_keeps_microseconds_of_seven_digits() -> None:
    first = rows_of(AZURE_TRACE, SAMPLES / "azure_trace.csv")[0]
    assert (SAMPLES / "azure_trace.csv").read_text().splitlines()[1] == "2023-11-16 18:15:46.6805900,374,44"
    moment = dt.datetime(2023, 11, 16, 18, 15, 46, 680_590, dt.UTC)
    assert first == UsageRow(
        started_us=(moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1),
        requests=1,
        model="unnamed",
        context_tokens=374,
        fresh_input_tokens=374,
        output_tokens=44,
    )


def test_the_csv_and_the_shipped_parquet_say_the_same() -> None:
    shipped = SHIPPED / "azure2023_conv.parquet"
    assert recognised(READERS, look(shipped)) is PLAIN
    csv, parquet = rows_of(AZURE_TRACE, SAMPLES / "azure_trace.csv"), rows_of(PLAIN, shipped)[:30]
    columns = ("started_us", "requests", "fresh_input_tokens", "output_tokens")
    assert [[getattr(row, c) for c in columns] for row in csv] == [
        [getattr(row, c) for c in columns] for row in parquet
    ]


def test_a_time_with_an_offset_is_read_as_it_stands(tmp_path: Path) -> None:
    text = "TIMESTAMP,ContextTokens,GeneratedTokens\n2024-05-12 01:00:00.5+01:00,100,10\n"
    (row,) = rows_of(AZURE_TRACE, written(tmp_path, "week.csv", text))
    assert row.started_us == int(dt.datetime(2024, 5, 12, tzinfo=dt.UTC).timestamp() * 1_000_000) + 500_000


def test_servegen_windows_are_rates_times_ten_minutes() -> None:
    rows = rows_of(SERVEGEN, SAMPLES / "servegen.parquet", owner_by="project")
    with duckdb.connect() as connection:
        rates = connection.execute(f"SELECT rate_rps FROM '{SAMPLES / 'servegen.parquet'}' ORDER BY window_start_s")
        requests = [round(rate * 600) for (rate,) in rates.fetchall()]
    assert [row.requests for row in rows] == requests
    assert [row.started_us for row in rows] == [MONDAY_US + n * 600_000_000 for n in range(14 * 144)]
    assert {(row.bucket_s, row.model, row.owner) for row in rows} == {(600, "m-large", "132")}
    assert {(row.fresh_input_tokens, row.output_tokens) for row in rows} == {(None, None)}


def test_servegens_tenant_is_far_burstier_than_a_platform() -> None:
    requests = [row.requests or 0 for row in rows_of(SERVEGEN, SAMPLES / "servegen.parquet")]
    hours = [sum(requests[n : n + 6]) for n in range(0, len(requests), 6)]
    assert max(hours) / (sum(hours) / len(hours)) == pytest.approx(57.3, abs=0.05)


def test_servegens_own_chunk_reads_once_it_has_a_header(tmp_path: Path) -> None:
    text = "window_start_s,rate_rps,iat_cv,pattern,param1,param2\n0,0.5,1.1,Gamma,1,2\n600,1e-3,1,Weibull,1,2\n"
    path = written(tmp_path, "chunk-0-trace.csv", text)
    assert recognised(READERS, look(path)) is SERVEGEN
    assert [row.requests for row in rows_of(SERVEGEN, path)] == [300, 1]


def test_burstgpt_counts_seconds_from_midnight_of_an_unknown_day() -> None:
    rows = rows_of(BURSTGPT, SAMPLES / "burstgpt.csv")
    assert rows[1] == UsageRow(
        started_us=MONDAY_US + 2 * 86_400_000_000 + 41_500_000,
        requests=1,
        model="ChatGPT",
        task_class="API log",
        context_tokens=137,
        fresh_input_tokens=137,
        output_tokens=29,
        duration_ms=2250,
        failed=0,
    )
    assert [n for n, row in enumerate(rows) if row.failed] == [4, 13]


def test_burstgpt_of_the_first_release_has_no_sessions(tmp_path: Path) -> None:
    text = (
        "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,ChatGPT,472,18,490,Conversation log\n"
    )
    path = written(tmp_path, "BurstGPT_1.csv", text)
    assert recognised(READERS, look(path)) is BURSTGPT
    (row,) = rows_of(BURSTGPT, path)
    assert (row.started_us, row.output_tokens, row.duration_ms) == (MONDAY_US + 5_000_000, 18, None)


def test_mooncake_counts_milliseconds_from_its_beginning() -> None:
    rows = rows_of(MOONCAKE, SAMPLES / "mooncake.jsonl")
    assert [row.started_us for row in rows[:4]] == [MONDAY_US] * 3 + [MONDAY_US + 3_000_000]
    lines = [json.loads(line) for line in (SAMPLES / "mooncake.jsonl").read_text().splitlines()]
    assert total(rows, "fresh_input_tokens") == sum(line["input_length"] for line in lines)
    assert total(rows, "output_tokens") == sum(line["output_length"] for line in lines)
    assert MOONCAKE.blocks == ("hash_ids", 512)
