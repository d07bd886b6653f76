"""Rate cards of many prices as flat arrays, so that a log is priced by looking up a card per row, never by a loop.

A price has two offers (standard, batch) and, in each, one card for every long-context level: level k holds for prompts
strictly above k of the price's thresholds. A missing rate is what `cost.api` takes for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from planner.cost.api import rates_for
from planner.domain.prices import RateCard, TokenPrices
from planner.units import MTOK, FloatArray
from planner.workload.rollup import IntArray

KINDS = ("fresh", "cached", "write", "write_1h", "output", "reasoning")
"""Tokens with a rate of their own; that of reasoning is what it costs above output, of which it is a part."""
OFFERS = 2
NEVER = np.iinfo(np.int64).max
"""A threshold that no prompt is above."""


@dataclass(frozen=True)
class RateTable:
    """Cards of several prices; card of price p, offer o (0 standard, 1 batch) and level k: (2 p + o) x levels + k."""

    usd_per_token: FloatArray
    """Shape (kinds, cards)."""
    thresholds: IntArray
    """Shape (prices, levels - 1), ascending; NEVER where a price has fewer."""
    has_batch: tuple[bool, ...]
    """Whether each price has a batch offer; where it has none, its batch cards are the standard ones."""

    @property
    def levels(self) -> int:
        """Cards of one offer."""
        return int(self.thresholds.shape[1]) + 1

    def uses(self, kind: str) -> bool:
        """Whether any card asks something for this kind."""
        return bool(self.usd_per_token[KINDS.index(kind)].any())


def thresholds_of(prices: TokenPrices) -> tuple[int, ...]:
    """Prompt tokens above which another card holds, of standard and batch together, ascending."""
    return tuple(sorted({tier.above_tokens for tier in (*prices.long_tiers, *prices.batch_long_tiers)}))


def rate_table(prices: Sequence[TokenPrices]) -> RateTable:
    """The cards of these prices, in their order."""
    limits = [thresholds_of(found) for found in prices]
    width = max((len(found) for found in limits), default=0)
    thresholds = np.full((len(prices), width), NEVER, dtype=np.int64)
    cards: list[tuple[float, ...]] = []
    for row, (found, above) in enumerate(zip(prices, limits, strict=True)):
        thresholds[row, : len(above)] = above
        lengths = (0, *(limit + 1 for limit in above), *[above[-1] + 1 if above else 0] * (width - len(above)))
        cards += _cards(found, lengths)
    rates = np.array(cards, dtype=np.float64).reshape(-1, len(KINDS)).T / MTOK
    return RateTable(np.ascontiguousarray(rates), thresholds, tuple(p.batch_rates is not None for p in prices))


def _cards(prices: TokenPrices, lengths: Sequence[int]) -> list[tuple[float, ...]]:
    standard = [_rates(rates_for(prices.rates, prices.long_tiers, length)) for length in lengths]
    if prices.batch_rates is None:
        return [*standard, *standard]
    return [*standard, *(_rates(rates_for(prices.batch_rates, prices.batch_long_tiers, n)) for n in lengths)]


def _rates(card: RateCard) -> tuple[float, ...]:
    fresh, output = float(card.input_usd_per_mtok), float(card.output_usd_per_mtok)
    prompt = (card.cached_input_usd_per_mtok, card.cache_write_usd_per_mtok, card.cache_write_1h_usd_per_mtok)
    reasoning = card.reasoning_usd_per_mtok
    above_output = 0.0 if reasoning is None else float(reasoning) - output
    return (fresh, *(fresh if rate is None else float(rate) for rate in prompt), output, above_output)
