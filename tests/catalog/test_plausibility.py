"""Prices that are well formed and cannot be right are told, with the price they are held against."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import pytest

from planner.catalog.catalog import load
from planner.catalog.plausibility import odd_prices
from planner.catalog.rows import ApiPriceRow, ContractedPriceRow, GpuPriceRow

ON = dt.date(2026, 11, 21)
TABLES = load().tables


def with_api(row: ApiPriceRow) -> tuple[str, ...]:
    return odd_prices(dataclasses.replace(TABLES, api_prices=(*TABLES.api_prices, row)), ON)


def with_gpu(row: GpuPriceRow) -> tuple[str, ...]:
    return odd_prices(dataclasses.replace(TABLES, gpu_prices=(*TABLES.gpu_prices, row)), ON)


def gpt_4o(**changes: object) -> ApiPriceRow:
    """GPT-4o at 2.50 / 10, which the price library has too."""
    given = {
        "price_id": "openai-gpt-4o-2026-11-21",
        "provider": "openai",
        "provider_name": "OpenAI",
        "model": "gpt-4o",
        "input_usd_per_mtok": "2.5",
        "output_usd_per_mtok": "10",
        "effective_from": "2026-11-21",
        "as_of": "2026-11-21",
        "origin": "published",
        "confidence": "high",
        "source": "price page",
        "source_url": "https://openai.com/api/pricing/",
    }
    return ApiPriceRow.model_validate(given | changes)


def test_no_shipped_price_is_more_than_ten_times_off() -> None:
    assert odd_prices(TABLES, ON) == ()


def test_a_price_per_1k_tokens_is_held_against_the_price_library() -> None:
    assert with_api(gpt_4o()) == ()
    row = "api_prices/openai-gpt-4o-2026-11-21"
    less = "is 1,000 times below the price library's"
    assert with_api(gpt_4o(input_usd_per_mtok="0.0025", output_usd_per_mtok="0.01")) == (
        f"{row}: input_usd_per_mtok 0.0025 {less} 2.5; is the unit right?",
        f"{row}: output_usd_per_mtok 0.01 {less} 10; is the unit right?",
    )


def test_a_price_is_held_against_the_same_model_at_other_hosts() -> None:
    hosts = [row for row in TABLES.api_prices if row.model_id == "llama-3.3-70b"]
    assert len(hosts) > 3
    dear = gpt_4o(
        provider="somebody", model="llama", model_id="llama-3.3-70b", input_usd_per_mtok="90", output_usd_per_mtok="90"
    )
    (said,) = [text for text in with_api(dear) if "input" in text]
    assert "times above the median of llama-3.3-70b" in said


@pytest.mark.parametrize(("factor", "told"), [(1, 0), (8, 0), (12, 1)])
def test_the_price_of_a_node_is_held_against_other_offers_of_the_gpu(factor: float, told: int) -> None:
    prices = sorted(row.usd_per_gpu_hour for row in TABLES.gpu_prices if row.gpu_id == "h100-sxm")
    median = prices[len(prices) // 2]
    first = next(row for row in TABLES.gpu_prices if row.gpu_id == "h100-sxm")
    assert len(with_gpu(first.model_copy(update={"price_id": "x", "usd_per_gpu_hour": factor * median}))) == told


def test_a_free_model_is_not_told() -> None:
    assert with_api(gpt_4o(input_usd_per_mtok=Decimal(0), output_usd_per_mtok=Decimal(0))) == ()


@pytest.mark.parametrize(("model", "told"), [("gpt-4o", 0), ("gpt-4o-mistyped", 1)])
def test_a_contract_for_a_model_nobody_lists_is_told(model: str, told: int) -> None:
    contract = ContractedPriceRow.model_validate(
        {
            "contract_id": "ours",
            "provider": "openai",
            "model": model,
            "input_usd_per_mtok": "2",
            "output_usd_per_mtok": "8",
            "owner": "Finance",
            "reason": "quote 17",
            "effective_from": "2026-11-01",
            "as_of": "2026-11-01",
        }
    )
    said = odd_prices(dataclasses.replace(TABLES, contracted=(contract,)), ON)
    assert len(said) == told
    assert all("there is no list price of 'gpt-4o-mistyped' at 'openai'" in text for text in said)
