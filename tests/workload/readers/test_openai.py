"""OpenAI's usage and costs: pages of the API and the dashboard's CSV."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner.usage.look import look, seen
from planner.usage.reading import csv_source
from planner.usage.relation import Choices, relation
from planner.workload import texts
from planner.workload.readers.base import BadRow
from planner.workload.readers.openai_cost import OPENAI_COST_API, OPENAI_COST_CSV, LineItem, line_item
from planner.workload.readers.openai_usage import OPENAI_USAGE_API, OPENAI_USAGE_CSV
from planner.workload.usage_rows import NANO, PROMPT, SUMS, UsageRow
from tests.workload.readers.rows_of import SAMPLES, Duck, read, rejects_of, rows_of, total, written

USAGE = SAMPLES / "openai_usage_csv.csv"
HEADER = (
    "start_time,end_time,num_model_requests,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens"
)


def test_the_dashboards_csv_and_the_pages_of_the_api_give_the_same_rows() -> None:
    table = rows_of(OPENAI_USAGE_CSV, USAGE)
    assert len(table) == 8
    for name in ("openai_usage_api.json", "openai_usage_api.lines.jsonl"):
        assert rows_of(OPENAI_USAGE_API, SAMPLES / name) == table


def test_buckets_without_usage_are_no_rows_and_no_rejects() -> None:
    """Eight days of which four have usage: the others are lines with times alone."""
    assert len(USAGE.read_text().splitlines()) == 1 + 8 + 4
    assert rejects_of(OPENAI_USAGE_CSV, USAGE) == []


def test_several_rows_of_a_bucket_are_summed_by_the_rollup() -> None:
    """2 October: 40 + 10 + 5 requests, of 100,000 + 31,422 + 50,000 prompt tokens; the batch is told apart."""
    with Duck() as duck:
        source, columns = csv_source(seen(USAGE), "bad")
        made = relation(OPENAI_USAGE_CSV, columns, source, Choices())
        good = f"(SELECT {', '.join(made.filled)} FROM ({made.select}) AS t WHERE reject = 0) AS u"
        rolled = texts.rollup(good, (), made.has)
        first = "SUM(requests_sum), " + " + ".join(f"SUM({name}_sum)" for name in PROMPT)
        query = f"SELECT service_tier_key, {first} FROM ({rolled}) AS r WHERE minute_us = 1790899200000000 GROUP BY 1"
        assert sorted(duck.rows(query)) == [("batch", 5, 50_000), ("standard", 50, 131_422)]


def test_a_row_has_the_length_of_its_bucket_and_its_requests() -> None:
    row = rows_of(OPENAI_USAGE_CSV, USAGE)[0]
    assert (row.started_us, row.bucket_s, row.requests) == (1_790_899_200_000_000, 86_400, 40)


@pytest.mark.parametrize(
    ("batch", "said", "tier"),
    [
        ("False", "default", "standard"),
        ("", "", "standard"),
        ("False", "auto", "standard"),
        ("True", "default", "batch"),
        ("true", "", "batch"),
        ("False", "flex", "flex"),
        ("False", "Priority", "priority"),
        ("False", "scale", "scale"),
    ],
)
def test_batch_and_tier_are_one_and_an_unknown_tier_keeps_its_name(
    tmp_path: Path, batch: str, said: str, tier: str
) -> None:
    path = written(tmp_path, "a.csv", f"{HEADER}\n1790812800,1790812860,1.0,m,{batch},{said},10.0,1.0,0.0\n")
    assert rows_of(OPENAI_USAGE_CSV, path)[0].service_tier == tier
    flag = {"True": True, "true": True, "False": False, "": None}[batch]
    result = {"input_tokens": 10, "output_tokens": 1, "num_model_requests": 1, "model": "m", "batch": flag}
    bucket = {"start_time": 1790812800, "end_time": 1790812860, "results": [{**result, "service_tier": said or None}]}
    assert (
        rows_of(OPENAI_USAGE_API, written(tmp_path, "a.json", json.dumps({"data": [bucket]})))[0].service_tier == tier
    )


def test_an_export_that_is_not_grouped_by_model_is_rejected_because_no_price_is_known(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", f"{HEADER}\n1790812800,1790812860,1.0,,,,10.0,1.0,0.0\n")
    assert rejects_of(OPENAI_USAGE_CSV, path) == ["no model"]


def test_a_minute_of_real_form_with_one_wrong_cell_is_one_reject(tmp_path: Path) -> None:
    good = "1790812800,1790812860,3.0,m,False,default,4212.0,1673.0,1280.0"
    bad = "1790812860,1790812920,x,m,False,default,1.0,1.0,0.0"
    path = written(tmp_path, "a.csv", f"{HEADER}\n{good}\n{bad}\n")
    assert [row.bucket_s for row in rows_of(OPENAI_USAGE_CSV, path)] == [60]
    assert rejects_of(OPENAI_USAGE_CSV, path) == ["num_model_requests is not a whole number"]


def test_pages_that_stop_before_the_end_say_so(tmp_path: Path) -> None:
    page = json.loads((SAMPLES / "openai_usage_api.json").read_text())[0]
    assert page["has_more"] is True
    found = read(OPENAI_USAGE_API, written(tmp_path, "a.json", json.dumps(page)), Choices())
    assert isinstance(found[-1], BadRow)
    assert "has_more" in found[-1].reason
    assert len(found) == 7 + 1


def test_a_broken_result_is_one_reject_with_its_place_and_the_others_are_kept(tmp_path: Path) -> None:
    good = {"input_tokens": 10, "output_tokens": 1, "num_model_requests": 1, "model": "m"}
    buckets = [
        {"start_time": 1790812800, "end_time": 1790812860, "results": [good, {**good, "output_tokens": "many"}, good]},
        {"start_time": 1790812860, "end_time": 1790812860, "results": [good]},
    ]
    found = read(OPENAI_USAGE_API, written(tmp_path, "a.json", json.dumps({"data": buckets})), Choices())
    assert [type(row) for row in found] == [UsageRow, BadRow, UsageRow, BadRow]
    assert [row for row in found if isinstance(row, BadRow)] == [
        BadRow("'many' is not a whole number", "bucket of 1790812800, result 2"),
        BadRow("start_time and end_time do not name a period", "bucket of 1790812860"),
    ]


def test_embeddings_generate_nothing_and_results_without_tokens_are_left_out(tmp_path: Path) -> None:
    results = [
        {"object": "organization.usage.embeddings.result", "input_tokens": 9, "num_model_requests": 1, "model": "e"},
        {"object": "organization.usage.images.result", "images": 3, "num_model_requests": 1, "model": "i"},
    ]
    page = {"data": [{"start_time": 1790812800, "end_time": 1790812860, "results": results}]}
    path = written(tmp_path, "a.json", json.dumps(page))
    assert OPENAI_USAGE_API.fits(look(path))
    (row,) = rows_of(OPENAI_USAGE_API, path)
    assert (row.task_class, row.fresh_input_tokens, row.output_tokens) == ("embedding", 9, 0)


@pytest.mark.parametrize(
    ("kind", "owners"), [("project", {"proj_a", "proj_b"}), ("key", {"key_1", "key_2"}), ("user", {"user-1", "user-2"})]
)
def test_results_can_be_charged_to_a_project_a_key_or_a_user(kind: Any, owners: set[str]) -> None:
    assert {row.owner for row in rows_of(OPENAI_USAGE_API, SAMPLES / "openai_usage_api.json", kind)} == owners


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("gpt-6-astra, input_tokens", ("gpt-6-astra", "fresh_input_tokens", "standard")),
        ("gpt-6-astra, output_tokens", ("gpt-6-astra", "output_tokens", "standard")),
        ("gpt-5.5-2026-04-23, cached input", ("gpt-5.5-2026-04-23", "cached_input_tokens", "standard")),
        ("gpt-5.5-2026-04-23, cache writes", ("gpt-5.5-2026-04-23", "cache_write_tokens", "standard")),
        ("priority | gpt-5.6-sol, output, long context", ("gpt-5.6-sol", "output_tokens", "priority")),
        ("gpt-image-2.5-flare image, output", ("gpt-image-2.5-flare image", "output_tokens", "standard")),
        ("web search tool calls", ("web search tool calls", "", "standard")),
        ("whisper-1, audio", ("whisper-1, audio", "", "standard")),
        ("", ("", "", "standard")),
    ],
)
def test_a_line_item_names_model_kind_and_tier(tmp_path: Path, text: str, item: tuple[str, str, str]) -> None:
    assert line_item(text) == LineItem(*item)
    header = "start_time,end_time,amount_value,amount_currency,quantity,quantity_unit,line_item"
    path = written(tmp_path, "a.csv", f'{header}\n1790812800,1790899200,0.25,usd,1200,tokens,"{text}"\n')
    (row,) = read(OPENAI_COST_CSV, path, Choices())
    if item[1]:
        assert isinstance(row, UsageRow)
        assert (row.model, row.service_tier, getattr(row, item[1])) == (item[0], item[2], 1200)
        assert (
            total([row], "requests") + sum(getattr(row, name) or 0 for name in SUMS if name.endswith("tokens")) == 1200
        )
    else:
        assert row == UsageRow(
            1_790_812_800_000_000, 86_400, model=item[0] or None, cost_nano=NANO // 4, currency="USD"
        )


def test_costs_of_the_csv_and_of_the_api_are_the_same_money_and_the_same_tokens() -> None:
    """Three days: 0.16 + 0.03 + 0.05 + 0.6 + 0.3 + 0.27, 0.108 + 0.12, 0.16 + 0.555 = 2.353 dollars."""
    table = rows_of(OPENAI_COST_CSV, SAMPLES / "openai_cost_csv.csv")
    assert table == rows_of(OPENAI_COST_API, SAMPLES / "openai_cost_api.json")
    assert total(table, "cost_nano") == 2_353_000_000
    assert {row.currency for row in table} == {"USD"}
    assert total(table, "cached_input_tokens") == 60_000
    assert all(row.requests is None for row in table)


def test_an_ungrouped_cost_is_money_of_no_model_and_is_kept(tmp_path: Path) -> None:
    header = (SAMPLES / "openai_cost_csv.csv").read_text().splitlines()[0]
    row = "1788134400,1788220800,2026-08-31T00:00:00,2026-09-01T00:00:00,0.003400000000000000000000,usd" + "," * 11
    (found,) = rows_of(OPENAI_COST_CSV, written(tmp_path, "a.csv", f"{header}\n{row}\n"))
    assert (found.model, found.cost_nano, found.fresh_input_tokens) == (None, 3_400_000, None)


def test_an_amount_that_is_none_is_a_reject(tmp_path: Path) -> None:
    bucket = {
        "start_time": 1790812800,
        "end_time": 1790899200,
        "results": [{"object": "organization.costs.result", "amount": {"value": "much", "currency": "usd"}}],
    }
    found = read(OPENAI_COST_API, written(tmp_path, "a.json", json.dumps({"data": [bucket]})), Choices())
    assert found == [BadRow("'much' is not an amount of money", "bucket of 1790812800, result 1")]


def test_costs_among_usage_are_told_and_not_counted(tmp_path: Path) -> None:
    usage = {"input_tokens": 10, "output_tokens": 1, "num_model_requests": 1, "model": "m"}
    cost = {"object": "organization.costs.result", "amount": {"value": 1, "currency": "usd"}}
    bucket = {"start_time": 1790812800, "end_time": 1790899200, "results": [usage, cost]}
    found = read(OPENAI_USAGE_API, written(tmp_path, "a.json", json.dumps({"data": [bucket]})), Choices())
    assert [type(row) for row in found] == [UsageRow, BadRow]
