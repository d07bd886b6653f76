"""Pricing every request at once: the money of one request at a time, and of the price library's own loop."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from genai_prices import Usage
from genai_prices.data import providers as bundled
from hypothesis import given
from hypothesis import strategies as st

from planner.cost.api import request_usd
from planner.decision.log_requests import ALONE, BLOCK, price_requests
from planner.domain.prices import LongTier, RateCard, TokenPrices
from planner.units import money
from tests.builders import catalog

MOST = 400_000
RATES = st.decimals(0, 100, places=4)
MAYBE = st.one_of(st.none(), RATES)
ON = dt.date(2026, 11, 9)
NOON = dt.datetime(2026, 11, 9, 12, 30, tzinfo=dt.UTC)
REAL = (
    ("openai", "gpt-4o"),
    ("openai", "gpt-5"),
    ("anthropic", "claude-haiku-4-5"),
    ("google", "gemini-2.5-pro"),
    ("google", "gemini-2.5-flash"),
    ("x-ai", "grok-4.20"),
)
"""Prices with and without caches and long-context tiers, that the catalog takes from the library unchanged."""


@st.composite
def cards(draw: st.DrawFn) -> RateCard:
    return RateCard(
        input_usd_per_mtok=draw(RATES),
        output_usd_per_mtok=draw(RATES),
        cached_input_usd_per_mtok=draw(MAYBE),
        cache_write_usd_per_mtok=draw(MAYBE),
        cache_write_1h_usd_per_mtok=draw(RATES),
        reasoning_usd_per_mtok=draw(MAYBE),
    )


def tiers(limits: list[int]) -> st.SearchStrategy[tuple[LongTier, ...]]:
    return st.tuples(*(st.builds(LongTier, above_tokens=st.just(limit), rates=cards()) for limit in sorted(limits)))


@st.composite
def prices(draw: st.DrawFn) -> TokenPrices:
    limits = draw(st.lists(st.sampled_from([0, 1000, 128_000, 200_000]), unique=True, max_size=2))
    return TokenPrices(
        rates=draw(cards()),
        long_tiers=draw(tiers(limits)),
        batch_rates=draw(cards()),
        batch_long_tiers=draw(tiers(limits[:1])),
    )


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    tokens = st.one_of(st.integers(0, MOST), st.sampled_from([0, 1, 1000, 1001, 128_000, 200_000, 200_001]))
    output = draw(tokens)
    written = {draw(st.sampled_from(["write", "write_1h"])): draw(tokens)}
    return {
        "fresh": draw(tokens),
        "cached": draw(tokens),
        "write": 0,
        "write_1h": 0,
        **written,
        "output": output,
        "reasoning": draw(st.integers(0, output)),
        "batch": draw(st.booleans()),
    }


def one(price: TokenPrices, request: dict[str, Any]) -> float:
    hour = request["write_1h"] > 0
    return request_usd(
        price,
        fresh=request["fresh"],
        cached=request["cached"],
        write=request["write_1h"] if hour else request["write"],
        generated=request["output"],
        reasoning=request["reasoning"],
        batch_fraction=float(request["batch"]),
        cache_life="1h" if hour else "5m",
    )


@given(data=st.data(), listed=st.lists(prices(), min_size=1, max_size=4))
def test_every_request_costs_what_it_costs_alone(data: st.DataObject, listed: list[TokenPrices]) -> None:
    found = data.draw(st.lists(st.tuples(st.integers(0, len(listed) - 1), requests()), max_size=12))
    columns = {name: np.array([r[name] for _, r in found], dtype=np.int64) for name in ("fresh", "cached", "write")}
    rest = {name: np.array([r[name] for _, r in found], dtype=np.int64) for name in ("write_1h", "output", "reasoning")}
    batch = np.array([r["batch"] for _, r in found], dtype=np.bool_)
    usd = price_requests(listed, np.array([p for p, _ in found], dtype=np.int64), **columns, **rest, batch=batch)
    assert usd.tolist() == pytest.approx([one(listed[p], r) for p, r in found], rel=1e-12, abs=1e-15)


def test_both_cache_lives_in_one_request() -> None:
    rates = RateCard.model_validate(
        {
            "input_usd_per_mtok": 3,
            "output_usd_per_mtok": 15,
            "cached_input_usd_per_mtok": "0.3",
            "cache_write_usd_per_mtok": "3.75",
            "cache_write_1h_usd_per_mtok": 6,
        }
    )
    count = [np.array([n]) for n in (1000, 2000, 400, 100, 50)]
    usd = price_requests([TokenPrices(rates=rates)], np.zeros(1, dtype=np.int64), *count)
    assert usd[0] == pytest.approx((1000 * 3 + 2000 * 0.3 + 400 * 3.75 + 100 * 6 + 50 * 15) / 1e6, rel=1e-12)


def test_many_requests_on_all_cores_cost_what_they_cost_in_parts() -> None:
    rng = np.random.default_rng(7)
    size = ALONE + BLOCK + 17
    listed = [catalog().token_prices(*name, ON, 1).periods[0].prices for name in REAL]
    price_of = rng.integers(0, len(listed), size)
    fresh, cached, output = rng.integers(0, 300_000, size), rng.integers(0, 9000, size), rng.integers(0, 900, size)
    whole = price_requests(listed, price_of, fresh, cached, None, None, output)
    for part in (slice(0, 100), slice(size - 100, size), slice(ALONE // 2, ALONE // 2 + 100)):
        alone = price_requests(listed, price_of[part], fresh[part], cached[part], None, None, output[part])
        assert whole[part].tolist() == alone.tolist()


def test_what_has_no_price_is_refused() -> None:
    bare = TokenPrices(rates=RateCard.model_validate({"input_usd_per_mtok": 1, "output_usd_per_mtok": 2}))
    five = bare.model_copy(update={"rates": bare.rates.model_copy(update={"cache_write_usd_per_mtok": Decimal(1)})})
    place, count = np.zeros(2, dtype=np.int64), np.array([5, 5])
    with pytest.raises(ValueError, match="1 batch requests have no batch price"):
        price_requests([bare], place, count, batch=np.array([True, False]))
    with pytest.raises(ValueError, match="one-hour cache writes have no price"):
        price_requests([five], place, count, write_1h=np.array([0, 1]))
    usd = price_requests([bare], place, count, write_1h=np.array([0, 2]))
    assert usd.tolist() == pytest.approx([5e-6, 7e-6])


@pytest.mark.parametrize(("provider", "model"), REAL)
def test_the_price_librarys_own_loop_gives_the_same_total_to_the_cent(provider: str, model: str) -> None:
    rng = np.random.default_rng(11)
    fresh, cached, output = (rng.integers(0, most, 1000) for most in (280_000, 20_000, 4000))
    entry = next(p for p in bundled if p.id == provider)
    info = next(m for m in entry.models if m.id == model)
    loop = Decimal(0)
    for f, c, o in zip(fresh.tolist(), cached.tolist(), output.tolist(), strict=True):
        usage = Usage(input_tokens=f + c, cache_read_tokens=c, output_tokens=o)
        loop += info.calc_price(usage, entry, genai_request_timestamp=NOON).total_price
    listed = catalog().token_prices(provider, model, ON, 1).periods[0].prices
    usd = price_requests([listed], np.zeros(1000, dtype=np.int64), fresh, cached, None, None, output)
    assert money(float(usd.sum())) == money(loop)
