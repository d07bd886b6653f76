"""Azure OpenAI metrics: minutes by deployment, the metrics of one minute side by side."""

from __future__ import annotations

import json
from typing import Any

from planner.usage.look import look
from planner.workload.readers import READERS
from planner.workload.readers.azure_metrics import AZURE_METRICS, AZURE_METRICS_TABLE
from planner.workload.readers.base import BadRow, recognised
from planner.workload.usage_rows import UsageRow
from tests.workload.readers.rows_of import SAMPLES, rows_of, total

NINE = 1_793_610_000_000_000
MINUTE = 60_000_000
JSON, CSV = SAMPLES / "azure_metrics.json", SAMPLES / "azure_metrics_table.csv"


def test_recognised_from_the_file() -> None:
    assert recognised(READERS, look(JSON)) is AZURE_METRICS
    assert recognised(READERS, look(CSV)) is AZURE_METRICS_TABLE


def test_one_row_per_minute_and_deployment() -> None:
    rows = rows_of(AZURE_METRICS, JSON, owner_by="project")
    assert rows[0] == UsageRow(
        started_us=NINE,
        bucket_s=60,
        requests=9,
        model="gpt-4.1",
        owner="chat-prod",
        context_tokens=0,
        fresh_input_tokens=12_000,
        output_tokens=2_400,
        failed=0,
    )
    # 5 minutes of two deployments, of which one minute each has no value
    assert len(rows) == 5 * 2 - 2
    assert total(rows, "fresh_input_tokens") == 12_000 + 15_500 + 900 + 300 + 100 + 500
    assert total(rows, "output_tokens") == 2_400 + 3_100 + 45 + 60 + 25 + 80


def test_status_codes_add_up_and_tell_the_failed_ones() -> None:
    (busy,) = [row for row in rows_of(AZURE_METRICS, JSON) if row.fresh_input_tokens == 15_500]
    assert (busy.started_us, busy.requests, busy.failed) == (NINE + 2 * MINUTE, 12 + 2, 2)


def test_cached_tokens_are_not_told() -> None:
    assert AZURE_METRICS.about.cached_inside_input is None
    assert {row.cached_input_tokens for row in rows_of(AZURE_METRICS, JSON)} == {None}


def test_the_same_count_under_two_names_counts_once() -> None:
    document = json.loads(JSON.read_text())
    again = json.loads(JSON.read_text())["value"]
    for metric, name in zip(again, ("InputTokens", "OutputTokens", "ModelRequests"), strict=True):
        metric["name"]["value"] = name
        for series in metric["timeseries"]:
            series["metadatavalues"] = [m for m in series["metadatavalues"] if m["name"]["value"] != "statuscode"]
    document["value"] += again
    assert list(AZURE_METRICS.rows(iter([document]), None)) == rows_of(AZURE_METRICS, JSON)


def test_metrics_asked_for_one_by_one_add_up_to_the_same() -> None:
    document = json.loads(JSON.read_text())
    parts = [{**document, "value": [metric]} for metric in document["value"]]
    rows = [row for row in AZURE_METRICS.rows(iter(parts), None) if isinstance(row, UsageRow)]
    whole = rows_of(AZURE_METRICS, JSON)
    for name in ("requests", "fresh_input_tokens", "output_tokens", "failed"):
        assert total(rows, name) == total(whole, name)


def test_the_interval_is_the_length_of_the_bucket() -> None:
    document: dict[str, Any] = json.loads(JSON.read_text())
    for interval, seconds in (("PT1H", 3600), ("P1D", 86_400), ("PT5M", 300), ("", 60)):
        rows = list(AZURE_METRICS.rows(iter([{**document, "interval": interval}]), None))
        assert {row.bucket_s for row in rows if isinstance(row, UsageRow)} == {seconds}


def test_a_value_that_is_no_count_is_a_reject() -> None:
    document = json.loads(JSON.read_text())
    document["value"][0]["timeseries"][0]["data"][0]["total"] = 0.5
    bad = [row for row in AZURE_METRICS.rows(iter([document]), None) if isinstance(row, BadRow)]
    assert bad == [BadRow("'0.5' is not a whole number", "processedprompttokens 2026-11-02T09:00:00Z")]


def test_the_table_of_log_analytics_has_one_metric_a_row() -> None:
    rows = rows_of(AZURE_METRICS_TABLE, CSV)
    assert len(rows) == 4 * 3  # TokenTransaction is the sum of two others
    assert {(row.bucket_s, row.model) for row in rows} == {(60, "AOAI-SAMPLE")}
    sums = [total(rows, name) for name in ("fresh_input_tokens", "output_tokens", "requests")]
    assert sums == [12_300 + 100 + 15_500 + 500, 2_460 + 25 + 3_100 + 80, 12 + 1 + 14 + 4]
