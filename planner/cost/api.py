"""API-1 to API-3 and HST-1: what a request costs when it is paid per token."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from planner.domain.prices import CacheLife, LongTier, RateCard, TokenPrices
from planner.units import MTOK, FloatArray


def tier_for(tiers: tuple[LongTier, ...], prompt_tokens: float) -> LongTier | None:
    """The highest tier whose threshold the prompt strictly exceeds; None below all of them."""
    return max((t for t in tiers if prompt_tokens > t.above_tokens), key=lambda t: t.above_tokens, default=None)


def rates_for(rates: RateCard, tiers: tuple[LongTier, ...], prompt_tokens: float) -> RateCard:
    """The card for a whole request (all units, not only the tokens above the threshold)."""
    tier = tier_for(tiers, prompt_tokens)
    return tier.rates if tier else rates


class _Tokens(NamedTuple):
    """Tokens of one request. The three prompt parts are disjoint; reasoning is a part of generated."""

    fresh: float
    cached: float
    write: float
    generated: float
    reasoning: float


def _card_usd(card: RateCard, tokens: _Tokens, life: CacheLife) -> float:
    fresh_price, output_price = float(card.input_usd_per_mtok), float(card.output_usd_per_mtok)
    write_rate = card.cache_write_rate(life)
    cached_price = fresh_price if card.cached_input_usd_per_mtok is None else float(card.cached_input_usd_per_mtok)
    write_price = fresh_price if write_rate is None else float(write_rate)
    prompt = tokens.fresh * fresh_price + tokens.cached * cached_price + tokens.write * write_price
    usd = prompt + tokens.generated * output_price
    if card.reasoning_usd_per_mtok is not None:
        usd += tokens.reasoning * (float(card.reasoning_usd_per_mtok) - output_price)
    return usd / MTOK


def request_usd(
    prices: TokenPrices,
    *,
    fresh: float,
    cached: float = 0.0,
    write: float = 0.0,
    generated: float,
    reasoning: float = 0.0,
    batch_fraction: float = 0.0,
    cache_life: CacheLife = "5m",
) -> float:
    """API-1: USD for ONE request; volume multiplies this, so a month's tokens never reach a long-context tier.

    Prompt tokens are disjoint: `fresh` + `cached` + `write` is the prompt. `generated` holds reasoning tokens too;
    `reasoning` says how many of them, for a model that has a price of its own for them. `batch_fraction` of requests
    go through the batch offer; callers block the option when there is none (API-3), or no such cache life (API-2).
    """
    prompt, tokens = fresh + cached + write, _Tokens(fresh, cached, write, generated, reasoning)
    standard = _card_usd(rates_for(prices.rates, prices.long_tiers, prompt), tokens, cache_life)
    if batch_fraction == 0 or prices.batch_rates is None:
        return standard
    batch = _card_usd(rates_for(prices.batch_rates, prices.batch_long_tiers, prompt), tokens, cache_life)
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
