"""Every prompt length above which some price is another: an import counts them, so that any offer can be priced."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from genai_prices.data import providers as bundled
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from planner.catalog.tables import Tables

_RATES = (
    "input_mtok",
    "output_mtok",
    "cache_read_mtok",
    "cache_write_mtok",
    "cache_write_1h_mtok",
    "output_reasoning_mtok",
)


def price_thresholds(tables: Tables) -> tuple[int, ...]:
    """Prompt tokens, ascending: of the price library on any day, and of our own dated rows."""
    own = {row.long_above_tokens for row in tables.api_prices if row.long_above_tokens is not None}
    return tuple(sorted(own | _library()))


@lru_cache(1)
def _library() -> frozenset[int]:
    return frozenset(
        tier.start
        for provider in bundled
        for info in provider.models
        for price in _prices(info)
        for name in _RATES
        if isinstance(value := getattr(price, name), TieredPrices)
        for tier in value.tiers
    )


def _prices(info: ModelInfo) -> Iterator[ModelPrice]:
    if isinstance(info.prices, ModelPrice):
        yield info.prices
    else:
        yield from (entry.prices for entry in info.prices)
    yield from (variant.prices for variant in info.price_variants or ())
