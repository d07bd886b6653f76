"""One call, exported under every convention, gives one canonical row.

The call: a prompt of 10,000 tokens, 8,000 of them read from a cache; 700 tokens generated, 300 of them reasoning.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planner.usage.relation import Choices
from planner.workload.readers.anthropic import ANTHROPIC_USAGE_API, ANTHROPIC_USAGE_CSV
from planner.workload.readers.base import Reader
from planner.workload.readers.helicone import HELICONE
from planner.workload.readers.langfuse import LANGFUSE
from planner.workload.readers.litellm import LITELLM
from planner.workload.readers.openai_usage import OPENAI_USAGE_API, OPENAI_USAGE_CSV
from planner.workload.readers.plain import PLAIN, mapped_reader
from planner.workload.usage_rows import UsageRow
from tests.workload.readers.rows_of import SAMPLES, read, rejects_of, rows_of, written

Export = Callable[[Path], UsageRow]
FRESH, CACHED, OUTPUT, REASONING = 2_000, 8_000, 700, 300
PROMPT = FRESH + CACHED


def one(reader: Reader, path: Path) -> UsageRow:
    (row,) = rows_of(reader, path)
    return row


def tokens(row: UsageRow) -> tuple[int | None, int | None, int | None]:
    return row.fresh_input_tokens, row.cached_input_tokens, row.output_tokens


def openai_csv(tmp_path: Path) -> UsageRow:
    header = "start_time,end_time,num_model_requests,model,input_tokens,output_tokens,input_cached_tokens"
    row = f"1790812800,1790812860,1.0,gpt-5.5,{PROMPT}.0,{OUTPUT}.0,{CACHED}.0"
    return one(OPENAI_USAGE_CSV, written(tmp_path, "a.csv", f"{header}\n{row}\n"))


def openai_api(tmp_path: Path) -> UsageRow:
    result = {"input_tokens": PROMPT, "input_cached_tokens": CACHED, "output_tokens": OUTPUT, "num_model_requests": 1}
    bucket = {"start_time": 1790812800, "end_time": 1790812860, "results": [{**result, "model": "gpt-5.5"}]}
    return one(OPENAI_USAGE_API, written(tmp_path, "a.json", json.dumps({"object": "page", "data": [bucket]})))


def anthropic_csv(tmp_path: Path) -> UsageRow:
    header = (
        "usage_date_utc,model_version,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,"
        "usage_input_tokens_cache_read,usage_output_tokens"
    )
    return one(
        ANTHROPIC_USAGE_CSV,
        written(tmp_path, "a.csv", f"{header}\n2026-10-01,claude-opus-5,{FRESH},0,{CACHED},{OUTPUT}\n"),
    )


def anthropic_api(tmp_path: Path) -> UsageRow:
    result = {"uncached_input_tokens": FRESH, "cache_read_input_tokens": CACHED, "output_tokens": OUTPUT}
    ends = {"starting_at": "2026-10-01T00:00:00Z", "ending_at": "2026-10-02T00:00:00Z"}
    page = {"data": [{**ends, "results": [{**result, "model": "claude-opus-5"}]}], "has_more": False}
    return one(ANTHROPIC_USAGE_API, written(tmp_path, "a.json", json.dumps(page)))


def litellm_of_openai(tmp_path: Path) -> UsageRow:
    details = {"completion_tokens_details": {"reasoning_tokens": REASONING}}
    return _litellm(tmp_path, {"prompt_tokens_details": {"cached_tokens": CACHED}, **details})


def litellm_of_anthropic(tmp_path: Path) -> UsageRow:
    return _litellm(tmp_path, {"cache_read_input_tokens": CACHED, "cache_creation_input_tokens": 0})


def _litellm(tmp_path: Path, values: dict[str, Any]) -> UsageRow:
    header = "request_id,call_type,api_key,spend,prompt_tokens,completion_tokens,startTime,endTime,model,metadata"
    metadata = json.dumps({"additional_usage_values": values}).replace('"', '""')
    row = f'r,acompletion,k,0.1,{PROMPT},{OUTPUT},2026-10-01 09:00:00,2026-10-01 09:00:05,m,"{metadata}"'
    return one(LITELLM, written(tmp_path, "a.csv", f"{header}\n{row}\n"))


def _langfuse(tmp_path: Path, usage: dict[str, int]) -> UsageRow:
    header = "id,trace_id,type,start_time,end_time,provided_model_name,usage_details"
    said = json.dumps(usage).replace('"', '""')
    row = f'o,t,GENERATION,2026-10-01 09:00:00.000000,2026-10-01 09:00:05.000000,m,"{said}"'
    return one(LANGFUSE, written(tmp_path, "a.csv", f"{header}\n{row}\n"))


def langfuse_apart(tmp_path: Path) -> UsageRow:
    return _langfuse(
        tmp_path,
        {
            "input": FRESH,
            "input_cached_tokens": CACHED,
            "output": OUTPUT - REASONING,
            "output_reasoning_tokens": REASONING,
            "total": PROMPT + OUTPUT,
        },
    )


def langfuse_within(tmp_path: Path) -> UsageRow:
    return _langfuse(
        tmp_path,
        {
            "input": PROMPT,
            "cache_read_input_tokens": CACHED,
            "output": OUTPUT,
            "output_reasoning_tokens": REASONING,
            "total": PROMPT + OUTPUT,
        },
    )


def helicone(tmp_path: Path) -> UsageRow:
    row = {
        "request_id": "q",
        "response_id": "r",
        "response_status": 200,
        "request_created_at": "2026-10-01T09:00:00.000Z",
        "request_model": "m",
        "delay_ms": 5000,
        "prompt_tokens": FRESH,
        "prompt_cache_read_tokens": CACHED,
        "completion_tokens": OUTPUT - REASONING,
        "reasoning_tokens": REASONING,
    }
    return one(HELICONE, written(tmp_path, "a.jsonl", json.dumps(row) + "\n"))


def plain(tmp_path: Path) -> UsageRow:
    header = "timestamp,model,input_tokens,cached_input_tokens,output_tokens"
    return one(PLAIN, written(tmp_path, "a.csv", f"{header}\n2026-10-01T09:00:00Z,m,{PROMPT},{CACHED},{OUTPUT}\n"))


def mapped_outside(tmp_path: Path) -> UsageRow:
    header = "when,model,in,read,out"
    path = written(tmp_path, "a.csv", f"{header}\n2026-10-01T09:00:00Z,m,{FRESH},{CACHED},{OUTPUT}\n")
    names = {"timestamp": "when", "input_tokens": "in", "cached_input_tokens": "read", "output_tokens": "out"}
    return one(mapped_reader(names, cached_inside_input=False), path)


EXPORTS: list[Export] = [
    openai_csv,
    openai_api,
    anthropic_csv,
    anthropic_api,
    litellm_of_openai,
    litellm_of_anthropic,
    langfuse_apart,
    langfuse_within,
    helicone,
    plain,
    mapped_outside,
]


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.__name__)
def test_one_call_is_the_same_row_whichever_convention_it_was_exported_under(export: Export, tmp_path: Path) -> None:
    row = export(tmp_path)
    assert tokens(row) == (2_000, 8_000, 700)
    assert (row.cache_write_tokens or 0) == 0


@pytest.mark.parametrize("export", [litellm_of_openai, langfuse_apart, langfuse_within, helicone])
def test_reasoning_is_a_part_of_the_output_where_it_is_told(export: Export, tmp_path: Path) -> None:
    row = export(tmp_path)
    assert (row.reasoning_tokens, row.output_tokens) == (300, 700)


@pytest.mark.parametrize(
    "export",
    [litellm_of_openai, litellm_of_anthropic, langfuse_apart, langfuse_within, helicone, plain, mapped_outside],
)
def test_the_whole_prompt_decides_the_long_context_price_of_a_request(export: Export, tmp_path: Path) -> None:
    assert export(tmp_path).context_tokens == 10_000


def test_written_tokens_lie_inside_openais_input_too(tmp_path: Path) -> None:
    """100,000 in = 60,000 cached + 8,000 written + 32,000 fresh: the first row of the sample."""
    row = rows_of(OPENAI_USAGE_CSV, SAMPLES / "openai_usage_csv.csv")[0]
    assert (row.fresh_input_tokens, row.cached_input_tokens, row.cache_write_tokens) == (32_000, 60_000, 8_000)


def test_litellm_counts_reads_and_both_kinds_of_writes_in_the_prompt() -> None:
    """4,000 = 500 fresh + 3,000 read + 500 written, 200 of them for an hour."""
    row = rows_of(LITELLM, SAMPLES / "litellm.csv")[0]
    assert tokens(row) == (500, 3_000, 500)
    assert (row.cache_write_tokens, row.cache_write_1h_tokens) == (300, 200)


def test_tokens_that_cannot_lie_inside_are_a_reject_and_not_a_negative_number(tmp_path: Path) -> None:
    """Anthropic's convention under a plain table's: 2,000 in with 8,000 cached."""
    header = "timestamp,model,input_tokens,cached_input_tokens,output_tokens"
    path = written(tmp_path, "a.csv", f"{header}\n2026-10-01T09:00:00Z,m,2000,8000,700\n")
    assert rejects_of(PLAIN, path) == ["cached tokens exceed the input"]
    outside = mapped_reader({"input_tokens": "input_tokens"}, cached_inside_input=False)
    assert [tokens(row) for row in read(outside, path, Choices()) if isinstance(row, UsageRow)] == [(2_000, 8_000, 700)]


def test_what_an_export_does_not_say_stays_unknown(tmp_path: Path) -> None:
    row = rows_of(HELICONE, SAMPLES / "helicone.csv")[0]
    assert (row.cached_input_tokens, row.reasoning_tokens) == (None, None)
    assert rows_of(ANTHROPIC_USAGE_CSV, SAMPLES / "anthropic_usage_csv.csv")[0].requests is None
