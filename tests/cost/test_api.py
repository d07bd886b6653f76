"""API-1: what one request costs, worked by hand, and the whole price library against its own arithmetic."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.prices import ListedPrices, PriceUnknown, find, models
from planner.cost.api import break_even_hit_probability, expected_prefix_usd, rates_for, request_usd
from planner.decision.resolve import typed_token_prices
from planner.domain.prices import LongTier, RateCard, TokenPrices
from tests.builders import ON, token_price
from tests.catalog.price_books import catalog_of

AT = dt.datetime.combine(ON, dt.time(12, 30), dt.UTC)
SAMPLE = ("openai", "anthropic", "google", "groq", "mistral", "deepseek", "fireworks", "aws", "together")


def card(input_usd: str, output_usd: str, cached: str | None = None, write: str | None = None) -> RateCard:
    return RateCard(
        input_usd_per_mtok=Decimal(input_usd),
        output_usd_per_mtok=Decimal(output_usd),
        cached_input_usd_per_mtok=None if cached is None else Decimal(cached),
        cache_write_usd_per_mtok=None if write is None else Decimal(write),
    )


TIERED = TokenPrices(
    rates=card("2", "10", "0.2"),
    long_tiers=(
        LongTier(above_tokens=200_000, rates=card("4", "15", "0.4")),
        LongTier(above_tokens=500_000, rates=card("8", "30", "0.8")),
    ),
    batch_rates=card("1", "5", "0.1"),
    batch_long_tiers=(LongTier(above_tokens=200_000, rates=card("2", "7.5", "0.2")),),
)


@pytest.mark.parametrize(
    ("prompt", "input_usd"), [(200_000, 2), (200_001, 4), (500_000, 4), (500_001, 8), (0, 2), (200_000.5, 4)]
)
def test_the_threshold_is_strict_and_the_highest_tier_passed_wins(prompt: float, input_usd: int) -> None:
    assert rates_for(TIERED.rates, TIERED.long_tiers, prompt).input_usd_per_mtok == input_usd


def test_a_tier_prices_the_whole_request_not_the_part_above() -> None:
    # 200,001 x $4 + 1,000 x $15, per 1M = $0.815004; the part above alone would give $0.410004
    assert request_usd(TIERED, fresh=200_001, generated=1000) == pytest.approx((200_001 * 4 + 1000 * 15) / 1e6)


def test_cached_and_written_tokens_count_towards_the_threshold() -> None:
    # 10,000 + 190,001 = 200,001 > 200,000: 10,000 x $4 + 190,001 x $0.40 + 500 x $15
    usd = request_usd(TIERED, fresh=10_000, cached=190_001, generated=500)
    assert usd == pytest.approx((10_000 * 4 + 190_001 * 0.4 + 500 * 15) / 1e6)
    usd = request_usd(TIERED, fresh=10_000, write=190_001, generated=500)
    assert usd == pytest.approx((200_001 * 4 + 500 * 15) / 1e6)


def test_output_does_not_count_towards_the_threshold() -> None:
    assert request_usd(TIERED, fresh=200_000, generated=100_000) == pytest.approx((200_000 * 2 + 100_000 * 10) / 1e6)


def test_batch_share() -> None:
    # standard $0.007, batch $0.0035; a quarter in batch: 0.75 x 0.007 + 0.25 x 0.0035
    standard = (1000 * 2 + 500 * 10) / 1e6
    assert request_usd(TIERED, fresh=1000, generated=500) == pytest.approx(standard)
    quarter = request_usd(TIERED, fresh=1000, generated=500, batch_fraction=0.25)
    assert quarter == pytest.approx(0.75 * standard + 0.25 * standard / 2)


def test_batch_has_its_own_long_tier() -> None:
    usd = request_usd(TIERED, fresh=300_000, generated=500, batch_fraction=1)
    assert usd == pytest.approx((300_000 * 2 + 500 * 7.5) / 1e6)


def test_a_missing_cache_price_is_billed_as_input() -> None:
    prices = TokenPrices(rates=card("2", "10"))
    assert request_usd(prices, fresh=0, cached=1000, write=500, generated=0) == pytest.approx(1500 * 2 / 1e6)


def test_a_cache_price_of_zero_is_not_a_missing_one() -> None:
    prices = TokenPrices(rates=card("2", "10", "0", "0"))
    assert request_usd(prices, fresh=0, cached=1000, write=500, generated=0) == 0


def test_typed_multipliers_and_discount_stack() -> None:
    # long: input x 2, output x 1.5; batch: half of that. 300,000 x $6 + 1,000 x $22.50 = $1.8225; batch $0.91125
    prices = typed_token_prices(
        token_price(
            long_context_threshold_tokens=200_000,
            long_input_multiplier=2,
            long_output_multiplier=1.5,
            batch_discount_fraction=0.5,
        )
    )
    assert request_usd(prices, fresh=300_000, generated=1000) == pytest.approx(1.8225)
    assert request_usd(prices, fresh=300_000, generated=1000, batch_fraction=1) == pytest.approx(0.91125)


def test_a_month_never_reaches_a_long_tier() -> None:
    # 1,000 requests of 1,000 tokens are not one prompt of 1,000,000
    assert 1000 * request_usd(TIERED, fresh=1000, generated=0) == pytest.approx(2.00)


tokens = st.floats(0, 1e6)


@given(fresh=tokens, cached=tokens, write=tokens, generated=tokens, more=tokens, batch=st.floats(0, 1))
def test_more_tokens_never_cost_less(
    fresh: float, cached: float, write: float, generated: float, more: float, batch: float
) -> None:
    def usd(**extra: float) -> float:
        counts = {"fresh": fresh, "cached": cached, "write": write, "generated": generated}
        counts |= {name: counts[name] + value for name, value in extra.items()}
        return request_usd(
            TIERED,
            fresh=counts["fresh"],
            cached=counts["cached"],
            write=counts["write"],
            generated=counts["generated"],
            batch_fraction=batch,
        )

    least = usd() * (1 - 1e-12)
    assert all(usd(**{name: more}) >= least for name in ("fresh", "cached", "write", "generated"))


@given(hit=st.floats(0, 1))
def test_the_expected_prefix_price_lies_between_a_hit_and_a_miss(hit: float) -> None:
    usd = expected_prefix_usd(1000, hit, 0.3, 3.75)
    assert 1000 * 0.3 / 1e6 - 1e-15 <= usd <= 1000 * 3.75 / 1e6 + 1e-15


def test_at_the_break_even_hit_rate_caching_costs_what_sending_costs() -> None:
    hit = break_even_hit_probability(3, 0.3, 3.75)
    assert expected_prefix_usd(1000, hit, 0.3, 3.75) == pytest.approx(1000 * 3 / 1e6)
    assert break_even_hit_probability(3, 3, 3) == float("inf")  # reading costs what writing costs: it never pays


def test_reasoning_is_billed_as_output_unless_it_has_a_price() -> None:
    # 1,000 in x $2 + 700 out x $10 + 300 reasoning: x $10 as output, x $3 at its own price
    own = TokenPrices(rates=card("2", "10").model_copy(update={"reasoning_usd_per_mtok": Decimal(3)}))
    as_output = request_usd(TokenPrices(rates=card("2", "10")), fresh=1000, generated=1000, reasoning=300)
    assert as_output == pytest.approx((1000 * 2 + 1000 * 10) / 1e6)
    assert request_usd(own, fresh=1000, generated=1000, reasoning=300) == pytest.approx(
        (1000 * 2 + 700 * 10 + 300 * 3) / 1e6
    )
    assert request_usd(own, fresh=1000, generated=1000) == as_output  # no token of it is reasoning


def test_written_caches_cost_what_their_life_costs() -> None:
    # 500 fresh x $2 + 500 written: x $2.50 for 5 minutes, x $4 for an hour
    rates = card("2", "10", write="2.5").model_copy(update={"cache_write_1h_usd_per_mtok": Decimal(4)})
    prices = TokenPrices(rates=rates)
    assert request_usd(prices, fresh=500, write=500, generated=0) == pytest.approx((500 * 2 + 500 * 2.5) / 1e6)
    hour = request_usd(prices, fresh=500, write=500, generated=0, cache_life="1h")
    assert hour == pytest.approx((500 * 2 + 500 * 4) / 1e6)


def test_typed_reasoning_and_one_hour_writes_are_scaled_with_the_rest() -> None:
    # batch at half: reasoning $6 -> $3, one-hour write $5 -> $2.50
    price = token_price(reasoning_usd_per_mtok="6", cache_write_1h_usd_per_mtok="5", batch_discount_fraction=0.5)
    batch = typed_token_prices(price).batch_rates
    assert batch is not None
    assert (batch.reasoning_usd_per_mtok, batch.cache_write_1h_usd_per_mtok) == (Decimal(3), Decimal("2.5"))


# --- the price library

LIBRARY = catalog_of()


def token_prices(provider: str, model: str, on: dt.date, months: int) -> ListedPrices:
    """The library's prices without any row of ours."""
    return LIBRARY.token_prices(provider, model, on, months)


def library_usd(provider: str, model: str, usage: Usage, at: dt.datetime, context: dict[str, str] | None) -> float:
    """The library's own total; by id where the library does not match a model by its own id."""
    listed = find(provider, model)
    try:
        found = calc_price(usage, model, provider_id=provider, genai_request_timestamp=at, price_context=context)
    except LookupError:
        found = listed.info.calc_price(usage, listed.provider, genai_request_timestamp=at, price_context=context)
    assert found.model.id == model
    return float(found.total_price)


def priced_models() -> list[tuple[str, str]]:
    found = []
    for provider in SAMPLE:
        for model in models(provider):
            try:
                token_prices(provider, model, ON, 1)
            except PriceUnknown:
                continue
            found.append((provider, model))
    return found


def hours_of_the_day() -> list[dt.datetime]:
    return [dt.datetime.combine(ON, dt.time(hour, 30), dt.UTC) for hour in range(24)]


def depends_on_the_hour(provider: str, model: str) -> bool:
    info = find(provider, model).info
    return any(info.get_prices(hour) != info.get_prices(AT) for hour in hours_of_the_day())


def counts(rng: random.Random) -> tuple[int, int, int, int]:
    """Fresh, cached, written and generated tokens: none, a few, or enough for every long-context tier."""
    fresh, cached, write, generated = (
        rng.choice([0, rng.randrange(1, 3000), rng.randrange(1, 400_000)]) for _ in "1234"
    )
    return fresh, cached, write, generated


def as_usage(fresh: int, cached: int, write: int, generated: int) -> Usage:
    """The library's input tokens hold the cached ones; ours are disjoint."""
    return Usage(
        input_tokens=fresh + cached + write, cache_read_tokens=cached, cache_write_tokens=write, output_tokens=generated
    )


@pytest.mark.parametrize("provider", SAMPLE)
def test_our_resolved_prices_give_the_library_total(provider: str) -> None:
    rng, compared = random.Random(provider), 0
    for model in [m for p, m in priced_models() if p == provider and not depends_on_the_hour(p, m)]:
        prices = token_prices(provider, model, ON, 1).periods[0].prices
        for _ in range(4):
            fresh, cached, write, generated = counts(rng)
            expected = library_usd(provider, model, as_usage(fresh, cached, write, generated), AT, None)
            ours = request_usd(prices, fresh=fresh, cached=cached, write=write, generated=generated)
            assert ours == pytest.approx(expected, rel=1e-9, abs=1e-15), (model, fresh, cached, write, generated)
            compared += 1
    assert compared >= 12


def test_our_batch_prices_give_the_library_total() -> None:
    rng, compared = random.Random("batch"), 0
    for provider, model in priced_models():
        prices = token_prices(provider, model, ON, 1).periods[0].prices
        if prices.batch_rates is None or depends_on_the_hour(provider, model):
            continue
        fresh, cached, write, generated = counts(rng)
        usage = as_usage(fresh, cached, write, generated)
        expected = library_usd(provider, model, usage, AT, {"processing": "batch"})
        ours = request_usd(prices, fresh=fresh, cached=cached, write=write, generated=generated, batch_fraction=1)
        assert ours == pytest.approx(expected, rel=1e-9, abs=1e-15), (provider, model)
        compared += 1
    assert compared > 50


def test_a_price_of_the_hour_is_the_mean_over_the_day() -> None:
    compared = 0
    for provider, model in priced_models():
        if depends_on_the_hour(provider, model):
            usage = as_usage(700, 300, 0, 500)
            day = [library_usd(provider, model, usage, hour, None) for hour in hours_of_the_day()]
            prices = token_prices(provider, model, ON, 1).periods[0].prices
            ours = request_usd(prices, fresh=700, cached=300, generated=500)
            assert ours == pytest.approx(sum(day) / 24, rel=1e-6), model  # rates are kept to 8 decimals
            compared += 1
    assert compared >= 2


def test_the_sample_is_broad() -> None:
    assert len(priced_models()) > 400
