"""Bedrock's invocation log: cached tokens beside the input, names of models out of ARNs, no bodies."""

from __future__ import annotations

import json

import pytest

from planner.usage.look import look
from planner.workload.readers import READERS
from planner.workload.readers.base import BadRow, Reader, recognised
from planner.workload.readers.bedrock import BEDROCK, BEDROCK_WRAPPED, model_name
from planner.workload.usage_rows import UsageRow
from tests.workload.readers.rows_of import SAMPLES, rows_of, total

EIGHT = 1_793_606_400_000_000
"""2026-11-02 08:00 UTC, microseconds."""
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
FILES: dict[str, Reader] = {
    "bedrock.jsonl.gz": BEDROCK,
    "bedrock.json": BEDROCK,
    "bedrock_cloudwatch.json": BEDROCK_WRAPPED,
}


@pytest.mark.parametrize("name", FILES)
def test_recognised_from_the_file(name: str) -> None:
    assert recognised(READERS, look(SAMPLES / name)) is FILES[name]


@pytest.mark.parametrize("name", FILES)
def test_cached_tokens_lie_outside_the_input(name: str) -> None:
    rows = rows_of(FILES[name], SAMPLES / name)
    assert len(rows) == 12
    assert rows[2] == UsageRow(
        started_us=EIGHT + 2 * 47_000_000,
        requests=1,
        model=SONNET,
        task_class="ConverseStream",
        context_tokens=120 + 1000 + 0,
        fresh_input_tokens=120,
        cached_input_tokens=1000,
        cache_write_tokens=0,
        output_tokens=22,
        failed=0,
        request_id=f"00000000-0000-4000-8000-{2:012d}",
    )
    assert total(rows, "fresh_input_tokens") == sum(100 + 10 * n for n in range(11))
    assert total(rows, "cached_input_tokens") == 5 * 1000
    assert total(rows, "cache_write_tokens") == 1000


@pytest.mark.parametrize("name", FILES)
def test_an_error_is_a_failed_request_of_unknown_size(name: str) -> None:
    last = rows_of(FILES[name], SAMPLES / name)[-1]
    assert (last.failed, last.requests, last.context_tokens, last.output_tokens) == (1, 1, None, None)


@pytest.mark.parametrize("name", FILES)
def test_models_are_named_without_arn_and_geography(name: str) -> None:
    names = [row.model for row in rows_of(FILES[name], SAMPLES / name)][:6]
    nova = "amazon.nova-lite-v1:0"
    assert names == [SONNET, SONNET, SONNET, nova, nova, "application-inference-profile/a1b2c3d4e5f6"]


def test_the_walk_and_the_query_name_models_alike() -> None:
    assert model_name("arn:aws:bedrock:eu-west-1::foundation-model/meta.llama3-70b-instruct-v1:0") == (
        "meta.llama3-70b-instruct-v1:0"
    )
    assert model_name("global.anthropic.claude-opus-4-5-20251101-v1:0") == "anthropic.claude-opus-4-5-20251101-v1:0"
    assert model_name("usable.model-v1") == "usable.model-v1"


@pytest.mark.parametrize("name", FILES)
def test_bodies_are_never_read(name: str) -> None:
    assert "SECRET" not in repr(rows_of(FILES[name], SAMPLES / name, owner_by="team"))


@pytest.mark.parametrize("name", FILES)
def test_requests_are_charged_by_their_metadata(name: str) -> None:
    owners = [row.owner for row in rows_of(FILES[name], SAMPLES / name, owner_by="team")]
    assert owners == ["Team A"] * 6 + ["Team B"] * 6


def test_events_of_other_schemas_are_no_usage() -> None:
    record = json.loads((SAMPLES / "bedrock.json").read_text())[0]
    event = {"events": [{"message": "START RequestId"}, {"message": json.dumps(record)}]}
    (row,) = BEDROCK_WRAPPED.rows(iter([event]), None)
    assert isinstance(row, UsageRow)
    assert row.output_tokens == 20


def test_a_record_without_a_time_is_a_reject() -> None:
    record = {"schemaType": "ModelInvocationLog", "requestId": "r-1", "modelId": SONNET}
    assert list(BEDROCK_WRAPPED.rows(iter([{"message": json.dumps(record)}]), None)) == [
        BadRow("no timestamp", "record r-1")
    ]
