"""FOCUS billing rows: tokens by the words of the meter, in the unit of the row, with their cost."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from planner.usage.look import look
from planner.workload.readers import READERS
from planner.workload.readers.base import recognised
from planner.workload.readers.focus import FOCUS
from planner.workload.usage_rows import NANO, UsageRow
from tests.workload.readers.rows_of import SAMPLES, rejects_of, rows_of, total, typed_rows, written

FILE = SAMPLES / "focus.csv"
SECOND_US = 1_793_577_600_000_000
"""2026-11-02 0:00 UTC."""
HEAD = (
    "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,BilledCost,BillingCurrency,ConsumedQuantity,ConsumedUnit,SkuMeter"
)


def test_recognised_from_the_file() -> None:
    assert recognised(READERS, look(FILE)) is FOCUS


def test_a_charge_is_a_bucket_of_its_period() -> None:
    rows = rows_of(FOCUS, FILE, owner_by="team")
    assert rows[2] == UsageRow(
        started_us=SECOND_US,
        bucket_s=86_400,
        model="solora-saturn-4.8",
        owner="Team A",
        context_tokens=0,
        cached_input_tokens=50_000_000,
        cost_nano=25 * NANO,
        currency="USD",
    )
    assert {row.requests for row in rows} == {None}


def test_tokens_are_counted_in_the_unit_of_the_row() -> None:
    rows = [row for row in rows_of(FOCUS, FILE) if row.model == "Claude4.5Sonnet"]
    # 1,234.567 and 40 (batch), 200.5, 5,000 and 100 thousands
    assert total(rows, "fresh_input_tokens") == 1_234_567 + 40_000
    assert total(rows, "output_tokens") == 200_500
    assert (total(rows, "cached_input_tokens"), total(rows, "cache_write_1h_tokens")) == (5_000_000, 100_000)
    assert [row.service_tier for row in rows] == ["standard"] * 4 + ["batch"]


def test_a_unit_without_the_word_counts_when_the_meter_says_tokens() -> None:
    rows = [row for row in rows_of(FOCUS, FILE) if row.model == "gpt 4.1"]
    counts = [(r.fresh_input_tokens, r.cached_input_tokens, r.output_tokens) for r in rows]
    assert counts == [(2_500_000, None, None), (None, 4_000_000, None), (None, None, 750_000)]


def test_the_cost_is_the_effective_one_and_adds_up_to_the_bill_of_tokens() -> None:
    rows = rows_of(FOCUS, FILE)
    with FILE.open(newline="") as file:
        charges = [r for r in csv.DictReader(file) if "oken" in r["ConsumedUnit"] + r["SkuMeter"]]
    bill = sum(Decimal(charge["EffectiveCost"]) for charge in charges if "Mystery" not in charge["SkuMeter"])
    assert total(rows, "cost_nano") == bill * NANO


def test_taxes_credits_and_storage_are_no_usage_and_a_mute_meter_is_a_reject() -> None:
    assert len(rows_of(FOCUS, FILE)) == 20 - 3 - 1
    assert rejects_of(FOCUS, FILE) == ["SkuMeter says neither input nor output"]


@pytest.mark.parametrize(
    ("meter", "column", "model"),
    [
        ("USE1-Claude4.6Opus-input-tokens-cross-region-global", "fresh_input_tokens", "Claude4.6Opus"),
        (
            "USW2-Claude4.5Haiku-cache-read-input-token-count-cross-region-global",
            "cached_input_tokens",
            "Claude4.5Haiku",
        ),
        ("USE1-Claude4Sonnet-cache-write-input-token-count", "cache_write_tokens", "Claude4Sonnet"),
        ("USE1-Claude4Sonnet-cache-write-input-token-count-1-hour", "cache_write_1h_tokens", "Claude4Sonnet"),
        ("EUC1-Nova2.0Lite-output-tokens-batch", "output_tokens", "Nova2.0Lite"),
        ("gpt-4o-0806-Outp-glbl Tokens", "output_tokens", "gpt-4o-0806"),
        ("gpt 4.1 mini cached Inp regnl Tokens", "cached_input_tokens", "gpt 4.1 mini"),
        ("Uncached Input Tokens", "fresh_input_tokens", "unnamed"),
        ("GPT-6 completion tokens", "output_tokens", "GPT-6"),
    ],
)
def test_the_words_of_meters_in_use(tmp_path: Path, meter: str, column: str, model: str) -> None:
    charge = f"2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,Usage,0.5,EUR,7,1K tokens,{meter}"
    (row,) = rows_of(FOCUS, written(tmp_path, "focus.csv", f"{HEAD}\n{charge}\n"))
    counts = (
        "fresh_input_tokens",
        "cached_input_tokens",
        "cache_write_tokens",
        "cache_write_1h_tokens",
        "output_tokens",
    )
    assert {name: getattr(row, name) for name in counts} == {**dict.fromkeys(counts), column: 7000}
    assert (row.model, row.bucket_s, row.cost_nano, row.currency) == (model, 3600, NANO // 2, "EUR")


@pytest.mark.parametrize(
    ("unit", "tokens"),
    [
        ("Tokens", 7),
        ("1K Tokens", 7000),
        ("1000 tokens", 7000),
        ("1M tokens", 7_000_000),
        ("1,000,000 Tokens", 7_000_000),
    ],
)
def test_units(tmp_path: Path, unit: str, tokens: int) -> None:
    charge = f'2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,Usage,0.5,EUR,7,"{unit}",Input Tokens'
    (row,) = rows_of(FOCUS, written(tmp_path, "focus.csv", f"{HEAD}\n{charge}\n"))
    assert row.fresh_input_tokens == tokens


@pytest.mark.parametrize("unit", ["GB-Hours", "Token-Hours", "Requests", "1K Characters", ""])
def test_other_units_are_no_usage(tmp_path: Path, unit: str) -> None:
    charge = f"2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,Usage,0.5,EUR,7,{unit},Input Tokens"
    path = written(tmp_path, "focus.csv", f"{HEAD}\n{charge}\n")
    assert rows_of(FOCUS, path) == []
    assert rejects_of(FOCUS, path) == []


def test_a_typed_table_with_map_columns_says_the_same() -> None:
    setup = f"""CREATE TABLE focus AS SELECT * REPLACE (
        CAST(ChargePeriodStart AS TIMESTAMP) AS ChargePeriodStart,
        CAST(ChargePeriodEnd AS TIMESTAMP) AS ChargePeriodEnd,
        CAST(ConsumedQuantity AS DOUBLE) AS ConsumedQuantity, CAST(EffectiveCost AS DECIMAL(18, 9)) AS EffectiveCost,
        CAST(CAST(SkuPriceDetails AS JSON) AS MAP(VARCHAR, VARCHAR)) AS SkuPriceDetails)
        FROM read_csv('{FILE}', all_varchar=true)"""
    assert typed_rows(FOCUS, setup, "focus") == rows_of(FOCUS, FILE)
