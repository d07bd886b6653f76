"""What imported logs cost, request by request in decimals, against the price of their rollups."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from planner.catalog.catalog import installed
from planner.catalog.price_terms import PriceUnknown
from planner.catalog.price_thresholds import price_thresholds
from planner.decision.log_price import as_it_was
from planner.decision.log_summary import summary
from tests import plain_usage as plain
from tests.usage.logs import Row, csv_text, imported, write

MODELS = {
    "gpt-4o": ("openai", "gpt-4o"),
    "claude-opus-4-6": ("anthropic", "claude-opus-4-6"),
    "claude-sonnet-4-5": ("anthropic", "claude-sonnet-4-5"),
    "gemini-2.5-pro": ("google", "gemini-2.5-pro"),
    "azure/gpt-4o": ("azure", "gpt-4o"),
    "nobody-knows": None,
}
"""Name in the log -> whose list price it pays. claude-opus-4-6 has another price from 2026-03-13 on."""


def one_price(row: dict[str, Any]) -> Decimal | None:
    """USD of one request by hand; None where there is no price."""
    day = dt.datetime.fromisoformat(row["timestamp"]).astimezone(dt.UTC).date()
    tier, named = row["service_tier"], MODELS[row["model"]]
    if named is None:
        return None
    try:
        service: Any = "standard" if tier == "batch" else tier
        prices = installed().token_prices(*named, day, 1, service_tier=service).periods[0].prices
    except PriceUnknown:
        return None
    card, tiers = (
        (prices.batch_rates, prices.batch_long_tiers) if tier == "batch" else (prices.rates, prices.long_tiers)
    )
    if card is None:
        return None
    for long in sorted(tiers, key=lambda t: t.above_tokens):
        card = long.rates if row["input_tokens"] > long.above_tokens else card
    fresh = card.input_usd_per_mtok
    cached, write, write_1h = row["cached_input_tokens"], row["cache_write_tokens"], row["cache_write_1h_tokens"]
    usd = (row["input_tokens"] - cached - write - write_1h) * fresh + row["output_tokens"] * card.output_usd_per_mtok
    for tokens, rate in (
        (cached, card.cached_input_usd_per_mtok),
        (write, card.cache_write_usd_per_mtok),
        (write_1h, card.cache_write_1h_usd_per_mtok),
    ):
        usd += tokens * (fresh if rate is None else rate)
    if card.reasoning_usd_per_mtok is not None:
        usd += row["reasoning_tokens"] * (card.reasoning_usd_per_mtok - card.output_usd_per_mtok)
    return Decimal(usd) / 10**6


@pytest.mark.parametrize("seed", range(8))
def test_a_log_costs_what_its_requests_cost_one_by_one(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    limits = price_thresholds(installed().tables)
    start = plain.us(dt.datetime(2026, 2, 27, tzinfo=dt.UTC))
    cells: list[Row] = []
    for _ in range(150):
        at = start + dice.randint(0, 40 * plain.DAY)
        at = at // plain.DAY * plain.DAY - dice.choice([0, 1]) if dice.random() < 0.3 else at
        prompt = dice.choice([0, 1, dice.randint(0, 300_000), *limits, *(limit + 1 for limit in limits)])
        cached, written = dice.choice([0, prompt // 2]), dice.choice([0, prompt // 4])
        model = dice.choice(list(MODELS))
        cells.append(
            {
                "timestamp": (plain.EPOCH + dt.timedelta(microseconds=at)).isoformat(),
                "model": model,
                "input_tokens": prompt,
                "cached_input_tokens": cached,
                "cache_write_tokens": written,
                "cache_write_1h_tokens": dice.choice([0, prompt // 8]) if model.startswith("claude") else 0,
                "output_tokens": dice.choice([0, 1, dice.randint(0, 5000)]),
                "reasoning_tokens": 0,
                "service_tier": dice.choice(["standard", "standard", "batch", "priority"]),
                "team": dice.choice(["a", "=b", ""]),
            }
        )
    path = write(tmp_path / "log.csv", csv_text(cells))
    found = imported(tmp_path / "kept", path, thresholds=limits, owner_by="team")
    price = summary(as_it_was(found.rollup, installed()), by_owner=True)
    told = [(row, one_price(row)) for row in cells]
    assert price.exact
    assert price.usd == pytest.approx(float(sum(usd for _, usd in told if usd is not None)))
    unpriced = sum(row["input_tokens"] + row["output_tokens"] for row, usd in told if usd is None)
    assert price.unpriced_tokens == unpriced
    by_line: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for row, usd in told:
        month = dt.datetime.fromisoformat(row["timestamp"]).astimezone(dt.UTC).strftime("%Y-%m")
        by_line[month, row["model"], row["team"]] += usd or 0
    assert {(line.month, line.model, line.owner): line.usd or 0.0 for line in price.lines} == {
        key: pytest.approx(float(usd)) for key, usd in by_line.items()
    }
