"""Names of models in logs: which offer each stands for, and what is said when it stands for none or for several."""

from __future__ import annotations

import pytest

from planner.catalog.log_names import LogModel, log_models, offers_like
from tests.builders import catalog


def found(name: str, target: str | None = None) -> LogModel:
    (model,) = log_models([name], catalog(), {} if target is None else {name: target})
    return model


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("gpt-4o", "openai/gpt-4o"),
        ("gpt-4o-2024-08-06", "openai/gpt-4o"),
        ("gpt-5.2-20251211", "openai/gpt-5.2"),
        ("GPT-4o", "openai/gpt-4o"),
        ("claude-sonnet-4-5-20250929", "anthropic/claude-sonnet-4-5"),
        ("Claude Haiku 4.5", "anthropic/claude-haiku-4-5"),
        ("openai/gpt-4o", "openai/gpt-4o"),
        ("openrouter/openai/gpt-4o", "openrouter/openai/gpt-4o"),
        ("vertex_ai/gemini-2.5-flash", "google/gemini-2.5-flash"),
        ("publishers/google/models/gemini-2.5-pro", "google/gemini-2.5-pro"),
        (
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        (
            "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
            "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        ("groq/llama-3.1-8b-instant", "groq/llama-3.1-8b-instant"),
    ],
)
def test_a_name_of_a_log_stands_for_an_offer(name: str, label: str) -> None:
    assert (found(name).label, found(name).reason) == (label, None)
    assert found(name).how


def test_every_offer_stands_for_itself() -> None:
    for provider in ("openai", "anthropic", "google", "groq", "aws"):
        for model in catalog().models(provider):
            assert found(f"{provider}/{model}").label == f"{provider}/{model}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gpt-4o-mini-xyz", "openai/gpt-4o-mini"),
        ("mistral-large-latest", "alias"),
        ("meta-llama/Llama-3.3-70B-Instruct", "providers, at their own prices"),
        ("our-own-model", "no model that the log's 'our-own-model' stands for"),
        ("unnamed", "does not name the model"),
        ("", "does not name the model"),
    ],
)
def test_a_name_that_is_not_one_offer_says_so_and_the_way_out(name: str, words: str) -> None:
    reason = found(name).reason
    assert reason is not None
    assert words in f"{reason.message} {reason.remedy}"
    assert "--model-map" in reason.remedy
    assert not found(name).label


def test_what_you_say_wins() -> None:
    assert found("gpt-4o", "azure/o1").label == "azure/o1"
    wrong = found("our-own-model", "openai/gpt-4p").reason
    assert wrong is not None
    assert "'openai/gpt-4p' for the log's model 'our-own-model'" in wrong.message
    assert "gpt-4o" in wrong.remedy
    nowhere = found("our-own-model", "opnai/gpt-4o").reason
    assert nowhere is not None


def test_offers_that_a_name_may_mean_are_every_one_that_fits_or_those_named_like_it() -> None:
    several = offers_like("llama-3.3-70b-instruct", catalog())
    assert len({offer.partition("/")[0] for offer in several}) > 1
    assert "openai/gpt-4o" in offers_like("gpt-4o", catalog())
    assert any(offer.endswith("/gpt-4o") for offer in offers_like("gpt-4oo", catalog()))
    assert offers_like("zzzzzz", catalog()) == ()
    for offer in (*several, *offers_like("gpt-4oo", catalog())):
        provider, _, model = offer.partition("/")
        assert model in catalog().models(provider)
