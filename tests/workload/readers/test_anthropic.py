"""Anthropic's usage and costs: reports of the Admin API and the Console's CSV."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.usage.relation import Choices
from planner.workload.readers.anthropic import ANTHROPIC_USAGE_API, ANTHROPIC_USAGE_CSV
from planner.workload.readers.anthropic_cost import ANTHROPIC_COST_API, ANTHROPIC_COST_CSV
from planner.workload.readers.base import BadRow
from planner.workload.readers.sql import text_literal
from planner.workload.readers.tiers import band, band_sql, tier, tier_sql
from planner.workload.usage_rows import SUMS
from tests.workload.readers.rows_of import SAMPLES, Duck, read, rows_of, total, written

USAGE = SAMPLES / "anthropic_usage_csv.csv"


def test_the_consoles_csv_and_the_report_of_the_api_give_the_same_rows() -> None:
    """The API tells no speed apart: the fast call is left out of its sample."""
    table = [row for row in rows_of(ANTHROPIC_USAGE_CSV, USAGE) if row.service_tier != "fast"]
    assert len(table) == 9
    assert rows_of(ANTHROPIC_USAGE_API, SAMPLES / "anthropic_usage_api.json") == table


def test_uncached_input_reads_and_both_writes_are_told_apart() -> None:
    row = next(r for r in rows_of(ANTHROPIC_USAGE_CSV, USAGE) if r.model == "claude-sonnet-5")
    assert (row.fresh_input_tokens, row.cached_input_tokens, row.output_tokens) == (109_911, 12_000, 34_988)
    assert (row.cache_write_tokens, row.cache_write_1h_tokens) == (2_528, 7_000)


def test_an_older_header_with_one_column_of_cache_writes_is_read_too() -> None:
    """Ten days: 20 x (0 + 1 + ... + 9) = 900 written, 300 x 45 = 13,500 read."""
    rows = rows_of(ANTHROPIC_USAGE_CSV, SAMPLES / "anthropic_usage_csv.older.csv")
    assert (total(rows, "cache_write_tokens"), total(rows, "cached_input_tokens")) == (900, 13_500)
    assert {row.cache_write_1h_tokens for row in rows} == {None}
    assert {row.context_tokens for row in rows} == {None}


@pytest.mark.parametrize(
    ("name", "bucket_s"),
    [("anthropic_usage_csv.csv", 86_400), ("anthropic_usage_csv.hours.csv", 3_600)],
)
def test_a_month_is_by_the_day_and_a_day_by_the_hour(name: str, bucket_s: int) -> None:
    assert {row.bucket_s for row in rows_of(ANTHROPIC_USAGE_CSV, SAMPLES / name)} == {bucket_s}


def test_an_hour_is_by_the_minute_but_for_its_row_on_the_hour_which_may_be_an_hour() -> None:
    rows = rows_of(ANTHROPIC_USAGE_CSV, SAMPLES / "anthropic_usage_csv.minutes.csv")
    assert [row.bucket_s for row in rows] == [3_600] + [60] * 9


def test_bands_decide_the_price_of_long_prompts() -> None:
    rows = rows_of(ANTHROPIC_USAGE_CSV, USAGE)
    assert [row.context_tokens for row in rows if row.fresh_input_tokens in (43, 120)] == [0, 200_001]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("≤ 200k", 0),
        ("0-200k", 0),
        ("<= 200K", 0),
        ("> 200k", 200_001),
        ("200k-1M", 200_001),
        ("", None),
        ("not_available", None),
    ],
)
def test_a_band_is_the_same_in_python_and_in_sql(text: str, tokens: int | None) -> None:
    assert band(text) == tokens
    with Duck() as duck:
        assert duck.rows("SELECT " + band_sql(text_literal(text))) == [(tokens,)]


@pytest.mark.parametrize("text", ["", "standard", "message", "default", "Batch", "priority", "flex_discount"])
def test_a_tier_is_the_same_in_python_and_in_sql(text: str) -> None:
    with Duck() as duck:
        assert duck.rows("SELECT " + tier_sql(text_literal(text))) == [(tier(text),)]


def test_a_faster_speed_is_a_tier_of_its_own_so_that_no_ordinary_price_is_taken_for_it() -> None:
    assert [r.model for r in rows_of(ANTHROPIC_USAGE_CSV, USAGE) if r.service_tier == "fast"] == ["claude-opus-5"]


def test_amounts_of_the_cost_report_are_cents_as_text(tmp_path: Path) -> None:
    """123.78912 cents are 1.2378912 dollars."""
    result = {"amount": "123.78912", "currency": "USD", "model": "claude-opus-5", "context_window": "0-200k"}
    ends = {"starting_at": "2025-08-01T00:00:00Z", "ending_at": "2025-08-02T00:00:00Z"}
    page = {"data": [{**ends, "results": [result]}], "has_more": False}
    (row,) = rows_of(ANTHROPIC_COST_API, written(tmp_path, "a.json", json.dumps(page)))
    assert (row.cost_nano, row.currency, row.bucket_s) == (1_237_891_200, "USD", 86_400)


def test_the_report_and_the_consoles_csv_are_the_same_money_to_the_cent_of_each_row() -> None:
    """The report has exact amounts, and the web searches (2 cents) that the CSV of tokens has not."""
    report = rows_of(ANTHROPIC_COST_API, SAMPLES / "anthropic_cost_api.json")
    table = rows_of(ANTHROPIC_COST_CSV, SAMPLES / "anthropic_cost_csv.csv")
    assert len(report) == len(table) + 1
    gap = total(report, "cost_nano") - 20_000_000 - total(table, "cost_nano")
    assert abs(gap) <= len(table) * 5_000_000
    assert {row.model for row in table} == {"Claude Opus 5", "Claude Haiku 4.5", "Claude Sonnet 5"}


@pytest.mark.parametrize("name", ["anthropic_cost_csv.csv", "anthropic_cost_csv.older.csv"])
def test_costs_are_money_alone(name: str) -> None:
    for row in rows_of(ANTHROPIC_COST_CSV, SAMPLES / name):
        assert [getattr(row, column) for column in SUMS if column != "cost_nano"] == [None] * (len(SUMS) - 1)
        assert row.currency == "USD"


def test_the_bill_of_one_day_is_what_its_tokens_cost() -> None:
    """1 October, one model up to 200k: 43 x 5 + 302,527 x 6.25 + 3,301,672 x 0.50 + 32,676 x 25 dollars per million."""
    rows = [r for r in rows_of(ANTHROPIC_COST_API, SAMPLES / "anthropic_cost_api.json") if r.model == "claude-opus-5"]
    day = [r for r in rows if r.context_tokens == 0 and r.started_us == 1_790_812_800_000_000]
    exact = 43 * 5_000 + 302_527 * 6_250 + 3_301_672 * 500 + 32_676 * 25_000
    assert abs(total(day, "cost_nano") - exact) <= 4 * 100


def test_costs_among_usage_are_told_and_not_counted(tmp_path: Path) -> None:
    usage = {"uncached_input_tokens": 1, "output_tokens": 1, "model": "m"}
    ends = {"starting_at": "2025-08-01T00:00:00Z", "ending_at": "2025-08-02T00:00:00Z"}
    page = {"data": [{**ends, "results": [usage, {"amount": "1.0", "currency": "USD"}]}]}
    found = read(ANTHROPIC_USAGE_API, written(tmp_path, "a.json", json.dumps(page)), Choices())
    assert isinstance(found[1], BadRow)


def test_a_workspace_is_the_team_that_usage_is_charged_to() -> None:
    found = rows_of(ANTHROPIC_USAGE_CSV, USAGE, "team")
    assert {row.owner for row in found} == {"Default", "Team A"}
