"""Per-token prices: dated, exact names only, nothing guessed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from planner.catalog import prices
from planner.catalog.prices import PriceUnknown, find, models, providers, token_prices
from planner.decision.resolve import resolve
from planner.domain.facts import BlockedFacts, PerTokenFacts, Reason
from tests.builders import ON, answer, catalog, listed, requests, scenario, token_price, typed_api, workload


def refused(provider: str, model: str) -> Reason:
    with pytest.raises(PriceUnknown) as caught:
        token_prices(provider, model, ON, 12)
    return caught.value.reason


# --- names


def test_an_alias_is_refused_and_dated_names_are_offered() -> None:
    reason = refused("mistral", "mistral-large-latest")
    assert (reason.code, reason.field) == ("ALIAS_REFUSED", "model")
    assert "changes without notice" in reason.message
    assert "mistral-large" in reason.remedy


def test_no_alias_is_ever_listed() -> None:
    assert [m for p in providers() for m in models(p) if m.endswith("-latest")] == []


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


def code_of(provider: str, model: str) -> str:
    """priced, or why not."""
    try:
        token_prices(provider, model, ON, 1)
    except PriceUnknown as unknown:
        return unknown.reason.code
    return "priced"


def test_every_listed_model_is_found_and_either_priced_or_refused_with_a_reason() -> None:
    named = [(provider, model) for provider in providers() for model in models(provider)]
    assert all(find(provider, model).info.id == model for provider, model in named)
    assert {code_of(provider, model) for provider, model in named} == {"priced", "PRICE_UNKNOWN"}


# --- time


def test_an_announced_price_appears_from_the_right_month() -> None:
    # $0.75 / $3.75 until 2026-12-31, then $1.50 / $7.50. Month 1 begins on 2026-11-21, month 3 on 2027-01-21.
    first, second = token_prices("google", "gemini-3.8-flash", ON, 12).periods
    assert (first.from_month, second.from_month) == (1, 3)
    assert (first.prices.rates.input_usd_per_mtok, first.prices.rates.output_usd_per_mtok) == (
        Decimal("0.75"),
        Decimal("3.75"),
    )
    assert (second.prices.rates.input_usd_per_mtok, second.prices.rates.output_usd_per_mtok) == (
        Decimal("1.5"),
        Decimal("7.5"),
    )


@pytest.mark.parametrize(
    ("on", "months_at_each_price"),
    [
        (dt.date(2026, 11, 21), [1, 3]),
        (dt.date(2026, 12, 1), [1, 2]),
        (dt.date(2026, 12, 31), [1, 2]),
        (dt.date(2027, 1, 1), [1]),
    ],
)
def test_the_month_of_a_change_follows_the_day_asked(on: dt.date, months_at_each_price: list[int]) -> None:
    found = token_prices("google", "gemini-3.8-flash", on, 12)
    assert [p.from_month for p in found.periods] == months_at_each_price


def test_a_change_beyond_the_horizon_is_not_there() -> None:
    assert len(token_prices("google", "gemini-3.8-flash", ON, 2).periods) == 1


def test_an_announced_change_is_said_and_billed() -> None:
    found = token_prices("google", "gemini-3.8-flash", ON, 12)
    (said,) = found.warnings
    assert all(words in said for words in ("announced", "2027-01-21", "$0.75", "$1.5"))
    option = answer(scenario(listed("google", "gemini-3.8-flash"))).option("hosted")
    # 1,000 requests a day x 365/12 days x (1,000 in + 1,000 out): $4.50 a 2M day first, $9.00 from month 3 on
    days = 365 / 12
    assert [m.tokens_usd for m in option.months[1:]] == pytest.approx([4.5 * days] * 2 + [9.0 * days] * 10)


def test_a_price_of_the_hour_is_the_mean_of_its_24_hours() -> None:
    # peak 01:00-04:00 and 06:00-10:00 UTC, 7 hours: input (7 x $1.32 + 17 x $0.66) / 24 = $0.8525,
    # output (7 x $3.96 + 17 x $1.98) / 24 = $2.5575, cache reads (7 x $0.044 + 17 x $0.022) / 24 = $0.02841667
    (period,) = token_prices("deepseek", "deepseek-v4-pro", ON, 12).periods
    rates = period.prices.rates
    assert rates.input_usd_per_mtok == (7 * Decimal("1.32") + 17 * Decimal("0.66")) / 24
    assert rates.output_usd_per_mtok == (7 * Decimal("3.96") + 17 * Decimal("1.98")) / 24
    assert rates.cached_input_usd_per_mtok == Decimal("0.02841667")


class NoClock(dt.datetime):
    """A datetime that cannot tell the time."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        raise AssertionError("a price was made to depend on the clock")

    utcnow = today = now


def test_prices_do_not_depend_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [("deepseek", "deepseek-v4-pro"), ("google", "gemini-3.8-flash"), ("anthropic", models("anthropic")[0])]
    before = [token_prices(provider, model, ON, 12) for provider, model in asked]
    token_prices.cache_clear()
    without = SimpleNamespace(datetime=NoClock, date=dt.date, time=dt.time, timedelta=dt.timedelta, UTC=dt.UTC)
    monkeypatch.setattr(prices, "dt", without)
    monkeypatch.setattr("genai_prices.types.datetime", NoClock)
    assert [token_prices(provider, model, ON, 12) for provider, model in asked] == before
    token_prices.cache_clear()


# --- what is not there


def batch_question(share: float, **price: Any) -> Any:
    option = typed_api(token_price(**price)) if price else listed("deepseek", "deepseek-v4-pro")
    return scenario(option, work=workload(requests(batch_fraction=share)))


def test_a_missing_batch_offer_blocks_and_is_never_priced_as_standard() -> None:
    (facts,) = resolve(batch_question(0.5), catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    (reason,) = facts.reasons
    assert (reason.code, reason.field) == ("BATCH_UNAVAILABLE", "workload.classes[chat].batch_fraction")
    assert "50%" in reason.message
    assert "Set batch_fraction to 0" in reason.remedy


def test_without_batch_requests_the_same_model_is_priced() -> None:
    (facts,) = resolve(batch_question(0), catalog(), ON).options
    assert isinstance(facts, PerTokenFacts)


def test_a_model_with_a_batch_offer_is_priced_in_batch() -> None:
    half = scenario(listed("google", "gemini-3.8-flash"), work=workload(requests(batch_fraction=1)), horizon_months=2)
    days = 365 / 12
    assert answer(half).option("hosted").usd_per_month == pytest.approx(4.5 / 2 * days)


def test_a_charge_per_request_is_refused() -> None:
    charged = [
        (p, m) for p in providers() for m in models(p) if "requests_kcount" in vars(find(p, m).info.get_prices(NOON))
    ]
    assert charged  # there are such models, so the refusal is worth having
    for provider, model in charged:
        reason = refused(provider, model)
        assert reason.code == "PRICE_UNKNOWN"
        assert "a charge per request" in reason.message


def test_reasoning_or_citations_at_a_price_of_their_own_are_refused() -> None:
    """Reasoning is billed as output here; where the list says otherwise, the answer would be wrong in silence."""
    own_price = ("output_reasoning_mtok", "output_citation_mtok")
    named = [(p, m) for p in providers() for m in models(p)]
    charged = [(p, m) for p, m in named if any(key in vars(find(p, m).info.get_prices(NOON)) for key in own_price)]
    assert charged
    assert [(p, m) for p, m in charged if code_of(p, m) == "priced"] == []


def test_a_model_without_token_prices_is_refused() -> None:
    reason = refused("groq", "whisper-large-v3")
    assert (reason.code, reason.field) == ("PRICE_UNKNOWN", "model")
    assert "no price for input and output tokens" in reason.message


def test_every_price_names_its_source_and_day() -> None:
    item = token_prices("groq", "openai/gpt-oss-120b", ON, 12).source
    assert item.source_url.startswith("https://")
    assert dt.date.fromisoformat(item.as_of) <= ON
    assert (item.origin, item.unit) == ("published", "USD per 1M tokens")
    assert "genai-prices" in item.source


NOON = dt.datetime.combine(ON, dt.time(12), dt.UTC)
