"""API-1 to API-3 and HST-1: what a request costs when it is paid per token."""

from __future__ import annotations

import math

import numpy as np

from planner.domain.prices import LongTier, RateCard, TokenPrices
from planner.units import MTOK, FloatArray


def tier_for(tiers: tuple[LongTier, ...], prompt_tokens: float) -> LongTier | None:
    """The highest tier whose threshold the prompt strictly exceeds; None below all of them."""
    return max((t for t in tiers if prompt_tokens > t.above_tokens), key=lambda t: t.above_tokens, default=None)


def rates_for(rates: RateCard, tiers: tuple[LongTier, ...], prompt_tokens: float) -> RateCard:
    """The card for a whole request (all units, not only the tokens above the threshold)."""
    tier = tier_for(tiers, prompt_tokens)
    return tier.rates if tier else rates


def _card_usd(card: RateCard, fresh: float, cached: float, write: float, generated: float) -> float:
    fresh_price = float(card.input_usd_per_mtok)
    cached_price = fresh_price if card.cached_input_usd_per_mtok is None else float(card.cached_input_usd_per_mtok)
    write_price = fresh_price if card.cache_write_usd_per_mtok is None else float(card.cache_write_usd_per_mtok)
    output_price = float(card.output_usd_per_mtok)
    return (fresh * fresh_price + cached * cached_price + write * write_price + generated * output_price) / MTOK


def request_usd(
    prices: TokenPrices,
    *,
    fresh: float,
    cached: float = 0.0,
    write: float = 0.0,
    generated: float,
    batch_fraction: float = 0.0,
) -> float:
    """API-1: USD for ONE request; volume multiplies this, so a month's tokens never reach a long-context tier.

    Prompt tokens are disjoint: `fresh` + `cached` + `write` is the prompt. `generated` holds reasoning tokens too.
    `batch_fraction` of requests go through the batch offer; callers block the option when there is none (API-3).
    """
    prompt = fresh + cached + write
    standard = _card_usd(rates_for(prices.rates, prices.long_tiers, prompt), fresh, cached, write, generated)
    if batch_fraction == 0 or prices.batch_rates is None:
        return standard
    batch = _card_usd(rates_for(prices.batch_rates, prices.batch_long_tiers, prompt), fresh, cached, write, generated)
    return standard * (1 - batch_fraction) + batch * batch_fraction


def cache_hit_probability(requests_per_s: FloatArray | float, ttl_s: float) -> FloatArray:
    """API-2: chance that a Poisson request finds its prefix still cached, sliding time to live."""
    return np.asarray(-np.expm1(-np.asarray(requests_per_s) * ttl_s))


def expected_prefix_usd(prefix_tokens: float, hit: float, read_usd_per_mtok: float, write_usd_per_mtok: float) -> float:
    """API-2: expected USD for the prefix of one request: read when it hits, written when it misses."""
    return prefix_tokens * (hit * read_usd_per_mtok + (1 - hit) * write_usd_per_mtok) / MTOK


def break_even_hit_probability(input_usd_per_mtok: float, read_usd_per_mtok: float, write_usd_per_mtok: float) -> float:
    """API-2: hit rate above which caching is cheaper than sending the prefix fresh; infinite when it never is."""
    write, read = write_usd_per_mtok / input_usd_per_mtok, read_usd_per_mtok / input_usd_per_mtok
    return (write - 1) / (write - read) if write > read else math.inf
