"""What an import counts: every prompt length at which a price of the catalog changes."""

from __future__ import annotations

import datetime as dt

from planner.catalog.price_terms import PriceUnknown
from planner.catalog.price_thresholds import price_thresholds
from tests.builders import catalog, tables

ON = dt.date(2026, 11, 21)


def test_every_price_in_force_has_its_thresholds_among_them() -> None:
    counted = price_thresholds(tables())
    assert counted == tuple(sorted(set(counted)))
    found = set()
    for provider in ("anthropic", "aws", "google", "openai", "openrouter", "x-ai"):
        for model in catalog().models(provider):
            try:
                prices = catalog().token_prices(provider, model, ON, 1).periods[0].prices
            except PriceUnknown:
                continue
            found |= {tier.above_tokens for tier in (*prices.long_tiers, *prices.batch_long_tiers)}
    assert {128_000, 200_000, 272_000} <= found <= set(counted)
