"""Per-token prices of the library alone: exact names only, nothing guessed, every price with its source."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog import library_prices
from planner.catalog.library import price_on
from planner.catalog.prices import LIBRARY_DATE, Offer, PriceUnknown, find, models, providers
from planner.domain.facts import Reason
from tests.builders import ON
from tests.catalog.price_books import catalog_of

NOON = dt.datetime.combine(ON, dt.time(12), dt.UTC)
LIBRARY = catalog_of()
"""The price library without any row of ours."""


def refused(provider: str, model: str) -> Reason:
    with pytest.raises(PriceUnknown) as caught:
        LIBRARY.token_prices(provider, model, ON, 12)
    return caught.value.reason


def code_of(provider: str, model: str) -> str:
    """priced, or why not."""
    try:
        LIBRARY.token_prices(provider, model, ON, 1)
    except PriceUnknown as unknown:
        return unknown.reason.code
    return "priced"


def named() -> list[tuple[str, str]]:
    return [(provider, model) for provider in providers() for model in models(provider)]


# --- names


def test_an_unknown_provider_gets_the_nearest_names() -> None:
    reason = refused("opena", "gpt-6-luna")
    assert (reason.code, reason.field) == ("PROVIDER_UNKNOWN", "provider")
    assert "openai" in reason.remedy
    assert "type in the price" in reason.remedy


def test_an_unknown_model_gets_the_nearest_names_of_that_provider() -> None:
    reason = refused("groq", "openai/gpt-oss-12b")
    assert (reason.code, reason.field) == ("MODEL_UNKNOWN", "model")
    assert "openai/gpt-oss-120b" in reason.remedy


def test_a_name_that_is_only_matched_by_the_library_is_not_an_id() -> None:
    # the library matches any name that starts like a model; here only the exact id is one
    assert refused("google", "gemini-3.8-flash-whatever").code == "MODEL_UNKNOWN"
    with pytest.raises(PriceUnknown):
        find("google", "gemini-3.8-flash-whatever")


def test_every_listed_model_is_found_and_either_priced_or_refused_with_a_reason() -> None:
    assert all(find(provider, model).info.id == model for provider, model in named())
    assert {code_of(provider, model) for provider, model in named()} == {"priced", "PRICE_UNKNOWN"}


# --- charges


def test_a_charge_per_request_is_refused() -> None:
    charged = [(p, m) for p, m in named() if "requests_kcount" in vars(find(p, m).info.get_prices(NOON))]
    assert charged  # there are such models, so the refusal is worth having
    for provider, model in charged:
        reason = refused(provider, model)
        assert reason.code == "PRICE_UNKNOWN"
        assert "a charge per request" in reason.message


def test_citations_at_a_price_of_their_own_are_refused() -> None:
    charged = [(p, m) for p, m in named() if "output_citation_mtok" in vars(find(p, m).info.get_prices(NOON))]
    assert charged
    assert [(p, m) for p, m in charged if code_of(p, m) == "priced"] == []


def test_reasoning_at_a_price_of_its_own_is_priced() -> None:
    # OpenRouter: $2 in, $8 out, $3 of reasoning
    rates = LIBRARY.token_prices("openrouter", "perplexity/sonar-deep-research", ON, 1).periods[0].prices.rates
    assert (rates.output_usd_per_mtok, rates.reasoning_usd_per_mtok) == (Decimal(8), Decimal(3))


def test_a_one_hour_cache_write_has_its_own_price() -> None:
    # Anthropic: 1.25 and 2 times the input price
    rates = LIBRARY.token_prices("anthropic", "claude-haiku-4-5", ON, 1).periods[0].prices.rates
    assert rates.input_usd_per_mtok == 1
    assert rates.cache_write_rate("5m") == rates.input_usd_per_mtok * 5 / 4
    assert rates.cache_write_rate("1h") == rates.input_usd_per_mtok * 2


def test_a_model_without_token_prices_is_refused() -> None:
    reason = refused("groq", "whisper-large-v3")
    assert (reason.code, reason.field) == ("PRICE_UNKNOWN", "model")
    assert "no price for input and output tokens" in reason.message


def test_every_price_names_its_source_day_and_row() -> None:
    item = LIBRARY.token_prices("groq", "openai/gpt-oss-120b", ON, 12).source
    assert item.source_url.startswith("https://")
    assert item.as_of == LIBRARY_DATE.isoformat()
    assert (item.origin, item.unit) == ("published", "USD per 1M tokens")
    assert "genai-prices" in item.source
    assert item.row == "api/groq/openai/gpt-oss-120b"


@given(st.sampled_from(named()))
def test_the_catalog_page_and_an_answer_have_the_same_price(name: tuple[str, str]) -> None:
    listed = find(*name)
    shown = price_on(listed.info, ON)
    try:
        found = library_prices.day_price(listed, Offer(*name), ON)
    except PriceUnknown:
        return
    assert found is not None
    rates, batch = found.prices.rates, found.prices.batch_rates
    assert (shown.input_usd_per_mtok, shown.output_usd_per_mtok) == (
        rates.input_usd_per_mtok,
        rates.output_usd_per_mtok,
    )
    assert shown.cached_input_usd_per_mtok == rates.cached_input_usd_per_mtok
    assert shown.batch_input_usd_per_mtok == (batch.input_usd_per_mtok if batch else None)
