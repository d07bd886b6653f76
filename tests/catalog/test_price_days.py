"""The days on which prices may change: between two of them every day has the same price."""

from __future__ import annotations

import datetime as dt

from planner.catalog.price_days import price_days
from planner.catalog.price_terms import Offer, PriceUnknown
from planner.domain.prices import TokenPrices
from tests.builders import catalog, tables

FIRST, LAST = dt.date(2026, 2, 1), dt.date(2027, 1, 31)
OFFERS = (
    Offer("anthropic", "claude-sonnet-4-5"),
    Offer("anthropic", "claude-opus-4-6"),
    Offer("deepseek", "deepseek-v4-flash"),
    Offer("openai", "gpt-5.6-sol"),
    Offer("openai", "gpt-4o"),
    Offer("aws", "deepseek.v3.2"),
    Offer("mistral", "mistral-large-4"),
    Offer("google", "gemini-3.6-flash"),
)
"""With dated rows, with changes of the library, with both, and with none."""


def price(offer: Offer, day: dt.date) -> TokenPrices | None:
    try:
        return catalog().token_prices(offer.provider, offer.model, day, 1).periods[0].prices
    except PriceUnknown:
        return None


def test_every_day_has_the_price_of_the_day_before_it_in_the_list() -> None:
    changes = 0
    for offer in OFFERS:
        days = price_days(tables(), offer, FIRST, LAST)
        changes += len(days) - 1
        assert days == tuple(sorted({FIRST, *days}))
        for number in range((LAST - FIRST).days + 1):
            day = FIRST + dt.timedelta(days=number)
            assert price(offer, day) == price(offer, max(d for d in days if d <= day)), (offer, day)
    assert changes >= 7


def test_the_days_are_few() -> None:
    assert len(price_days(tables(), Offer("openai", "gpt-4o"), FIRST, LAST)) <= 4
    assert price_days(tables(), Offer("nobody", "nothing"), FIRST, LAST) == (FIRST,)
