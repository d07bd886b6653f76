"""What other sources say of 58 well-known prices: held against the price in force here, differences explained."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from planner.catalog.price_terms import differs
from planner.catalog.prices import PriceUnknown
from planner.catalog.rows import ApiCheckRow
from tests.builders import catalog, tables

SEEN_ON = dt.date(2026, 11, 20)
WITHOUT_TOKEN_PRICE = {("groq", "whisper-large-v3")}
"""Sold per hour of audio."""
BESIDE_THE_58 = {("fireworks", "llama-v3p1-8b-instruct")}
WELL_KNOWN = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("openai", "gpt-4.1"),
    ("openai", "gpt-4.1-mini"),
    ("openai", "gpt-5"),
    ("openai", "gpt-5-mini"),
    ("openai", "gpt-5.4"),
    ("openai", "gpt-5.6-sol"),
    ("openai", "gpt-5.6-luna"),
    ("openai", "gpt-6-sol"),
    ("openai", "gpt-6-luna"),
    ("anthropic", "claude-sonnet-4-0"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-haiku-4-5"),
    ("anthropic", "claude-opus-4-1"),
    ("anthropic", "claude-opus-4-5"),
    ("anthropic", "claude-sonnet-5-5"),
    ("anthropic", "claude-opus-5-5"),
    ("anthropic", "claude-haiku-5-5"),
    ("google", "gemini-2.5-pro"),
    ("google", "gemini-2.5-flash"),
    ("google", "gemini-3.1-pro-preview"),
    ("google", "gemini-3.8-flash"),
    ("mistral", "mistral-large-2512"),
    ("mistral", "mistral-large"),
    ("mistral", "mistral-large-4"),
    ("deepseek", "deepseek-chat"),
    ("deepseek", "deepseek-v3.2"),
    ("deepseek", "deepseek-v4-pro"),
    ("together", "meta-llama/Llama-3.3-70B-Instruct-Turbo"),
    ("together", "meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo"),
    ("together", "meta-llama/Meta-Llama-3.1-405B-Instruct-Turbo"),
    ("together", "meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo"),
    ("groq", "llama-3.3-70b-versatile"),
    ("groq", "llama-3.1-8b-instant"),
    ("groq", "openai/gpt-oss-120b"),
    ("groq", "openai/gpt-oss-20b"),
    ("groq", "qwen/qwen3-32b"),
    ("fireworks", "llama-v3p3-70b-instruct"),
    ("fireworks", "gpt-oss-120b"),
    ("aws", "meta.llama3-3-70b-instruct-v1:0"),
    ("aws", "meta.llama3-1-70b-instruct-v1:0"),
    ("aws", "meta.llama3-1-8b-instruct-v1:0"),
    ("aws", "meta.llama3-1-405b-instruct-v1:0"),
    ("aws", "meta.llama4-scout-17b-instruct-v1:0"),
    ("aws", "mistral.mistral-large-2407-v1:0"),
    ("azure", "Llama-3.3-70B-Instruct"),
    ("deepinfra", "meta-llama/Llama-3.3-70B-Instruct"),
    ("novita", "meta-llama/llama-3.3-70b-instruct"),
    ("openrouter", "meta-llama/llama-3.3-70b-instruct"),
    ("openrouter", "meta-llama/llama-3.1-8b-instruct"),
    ("openrouter", "qwen/qwen-2.5-72b-instruct"),
    ("together", "Qwen/Qwen2.5-72B-Instruct-Turbo"),
    ("deepinfra", "Qwen/Qwen2.5-72B-Instruct"),
    ("openrouter", "qwen/qwen3-235b-a22b-2507"),
    ("fireworks", "deepseek-v3-0324"),
    ("openrouter", "deepseek/deepseek-chat-v3-0324"),
    ("groq", "whisper-large-v3"),
]


@pytest.mark.parametrize("check", tables().api_checks, ids=lambda check: check.check_id)
def test_a_check_agrees_exactly_when_it_is_within_five_per_cent(check: ApiCheckRow) -> None:
    rates = catalog().token_prices(check.provider, check.model, SEEN_ON, 1).periods[0].prices.rates
    assert (check.finding == "agrees") != differs(check, rates)


@pytest.mark.parametrize("check", tables().api_checks, ids=lambda check: check.check_id)
def test_every_difference_is_explained_in_words_and_shown(check: ApiCheckRow) -> None:
    shown = catalog().token_prices(check.provider, check.model, SEEN_ON, 1).checks
    assert (check in shown) == (check.finding != "agrees")
    assert len(check.explanation) > (40 if check.finding != "agrees" else 10)


def test_all_well_known_prices_are_accounted_for() -> None:
    assert len(set(WELL_KNOWN)) == len(WELL_KNOWN) == 58
    checked = {(check.provider, check.model) for check in tables().api_checks}
    assert checked == (set(WELL_KNOWN) - WITHOUT_TOKEN_PRICE) | BESIDE_THE_58
    for provider, model in WITHOUT_TOKEN_PRICE:
        with pytest.raises(PriceUnknown, match="no price for input and output tokens"):
            catalog().token_prices(provider, model, SEEN_ON, 1)


def test_every_source_is_there() -> None:
    by_source = Counter(check.checked_by for check in tables().api_checks)
    assert set(by_source) == {"litellm 1.109.1", "tokencost 0.1.26", "models.dev 2026-07-02", "llm-prices 2026-08-05"}
    assert min(by_source.values()) >= 19


def test_a_difference_of_the_hour_is_explained_as_one() -> None:
    check = next(c for c in tables().api_checks if c.finding == "time of day")
    assert (check.provider, check.model) == ("deepseek", "deepseek-v4-pro")
    assert any(
        "depends on the hour" in w for w in catalog().token_prices(check.provider, check.model, SEEN_ON, 1).warnings
    )


def test_rows_of_ours_name_models_and_hosts_that_resolve() -> None:
    for row in tables().api_prices:
        found = catalog().token_prices(
            row.provider, row.model, SEEN_ON, 1, region=row.region, service_tier=row.service_tier
        )
        assert found.source.row == f"api_prices/{row.price_id}"
    assert len(tables().api_prices) >= 60


def test_retirements_are_of_models_that_are_listed() -> None:
    assert [r for r in tables().retirements if r.model not in catalog().models(r.provider)] == []
    heard = {(r.provider, r.model): r.retires_on for r in tables().retirements}
    own = {(p.provider, p.model): p.retires_on for p in tables().api_prices if p.retires_on and not p.region}
    assert own.items() <= heard.items()
