"""The ten traps of the price library, one section each: how an answer could have gone wrong, and does not."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from genai_prices import Usage, calc_price, data_snapshot
from genai_prices.data_snapshot import DataSnapshot, get_snapshot, set_custom_snapshot

from planner.catalog import library_prices
from planner.catalog.catalog import Catalog
from planner.catalog.prices import LIBRARY_DATE, ListedPrices, PriceUnknown, find, models, providers
from planner.cost.api import request_usd
from planner.decision.evaluate import decide
from planner.decision.resolve import resolve
from planner.domain.facts import BlockedFacts, PerTokenFacts
from tests.builders import ON, answer, catalog, listed, requests, scenario, token_price, typed_api, workload
from tests.catalog.price_books import catalog_of

ROOT = Path(__file__).resolve().parents[2]
DAYS = 365 / 12
ASKED = (("deepseek", "deepseek-v4-pro"), ("google", "gemini-3.8-flash"), ("anthropic", "claude-opus-5-5"))


def found(provider: str, model: str, months: int = 12, on: dt.date = ON) -> ListedPrices:
    return catalog().token_prices(provider, model, on, months)


# --- 1. a long-context tier is a cliff per request, and a month of tokens is not one request


def test_a_month_of_short_requests_never_pays_the_long_rate() -> None:
    # Gemini 2.5 Pro: 50,000 requests of 2,000 tokens are $125.00 of input; as one request of 100M they would be $250.00
    prices = found("google", "gemini-2.5-pro").periods[0].prices
    assert 50_000 * request_usd(prices, fresh=2_000, generated=0) == pytest.approx(125.0)
    assert request_usd(prices, fresh=100e6, generated=0) == pytest.approx(250.0)
    option = listed("google", "gemini-2.5-pro")
    question = scenario(option, work=workload(requests(per_day=50_000 / DAYS, fresh=2_000, output=0)))
    assert answer(question).option("hosted").usd_per_month == pytest.approx(125.0)


def test_the_cliff_is_where_the_list_puts_it() -> None:
    # 200,000 x $1.25 + 1,000 x $10 = $0.26; one token more: 200,001 x $2.50 + 1,000 x $15 = $0.5150025
    prices = found("google", "gemini-2.5-pro").periods[0].prices
    assert request_usd(prices, fresh=200_000, generated=1_000) == pytest.approx(0.26)
    assert request_usd(prices, fresh=200_001, generated=1_000) == pytest.approx(0.5150025)


# --- 2. without a time the library prices by the clock


def test_a_price_of_the_hour_is_the_mean_of_its_24_hours() -> None:
    # peak 01:00-04:00 and 06:00-10:00 UTC, 7 hours: input (7 x $1.32 + 17 x $0.66) / 24 = $0.8525,
    # output (7 x $3.96 + 17 x $1.98) / 24 = $2.5575, cache reads (7 x $0.044 + 17 x $0.022) / 24 = $0.02841667
    listed_prices = found("deepseek", "deepseek-v4-pro")
    (period,) = listed_prices.periods
    rates = period.prices.rates
    assert rates.input_usd_per_mtok == (7 * Decimal("1.32") + 17 * Decimal("0.66")) / 24
    assert rates.output_usd_per_mtok == (7 * Decimal("3.96") + 17 * Decimal("1.98")) / 24
    assert rates.cached_input_usd_per_mtok == Decimal("0.02841667")
    assert any("depends on the hour" in said for said in listed_prices.warnings)


class NoClock(dt.datetime):
    """A datetime that cannot tell the time."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        raise AssertionError("a price was made to depend on the clock")

    utcnow = today = now


def test_prices_do_not_depend_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [found(provider, model) for provider, model in ASKED]
    without = SimpleNamespace(datetime=NoClock, date=dt.date, time=dt.time, timedelta=dt.timedelta, UTC=dt.UTC)
    monkeypatch.setattr(library_prices, "dt", without)
    monkeypatch.setattr("genai_prices.types.datetime", NoClock)
    afresh = Catalog(catalog().tables, "afresh")
    assert [afresh.token_prices(provider, model, ON, 12) for provider, model in ASKED] == before


# --- 3. a price that is announced holds from its month on


def test_an_announced_price_appears_from_the_right_month() -> None:
    # $0.75 / $3.75 until 2026-12-31, then $1.50 / $7.50. Month 1 begins on 2026-11-21, month 3 on 2027-01-21.
    first, second = found("google", "gemini-3.8-flash").periods
    assert (first.from_month, second.from_month) == (1, 3)
    assert first.prices.rates.input_usd_per_mtok == Decimal("0.75")
    assert first.prices.rates.output_usd_per_mtok == Decimal("3.75")
    assert second.prices.rates.input_usd_per_mtok == Decimal("1.5")
    assert second.prices.rates.output_usd_per_mtok == Decimal("7.5")


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
    assert [p.from_month for p in found("google", "gemini-3.8-flash", on=on).periods] == months_at_each_price


def test_a_change_beyond_the_horizon_is_not_there() -> None:
    assert len(found("google", "gemini-3.8-flash", months=2).periods) == 1


def test_an_announced_change_is_said_and_billed() -> None:
    (said,) = found("google", "gemini-3.8-flash").warnings
    assert all(words in said for words in ("announced", "2027-01-21", "$0.75", "$1.5"))
    option = answer(scenario(listed("google", "gemini-3.8-flash"))).option("hosted")
    # 1,000 requests a day x 365/12 days x (1,000 in + 1,000 out): $4.50 a 2M day first, $9.00 from month 3 on
    assert [m.tokens_usd for m in option.months[1:]] == pytest.approx([4.5 * DAYS] * 2 + [9.0 * DAYS] * 10)


# --- 4. an alias resolves to whatever it once was


def test_an_alias_is_refused_and_dated_names_are_offered() -> None:
    # the library itself resolves mistral-large-latest to Large 2 at $2 / $6
    assert calc_price(Usage(input_tokens=10**6), "mistral-large-latest", provider_id="mistral").total_price == 2
    with pytest.raises(PriceUnknown) as caught:
        found("mistral", "mistral-large-latest")
    reason = caught.value.reason
    assert (reason.code, reason.field) == ("ALIAS_REFUSED", "model")
    assert "changes without notice" in reason.message
    assert "mistral-large" in reason.remedy


def test_no_alias_is_ever_listed() -> None:
    assert [m for p in providers() for m in models(p) if m.endswith("-latest")] == []
    assert [m for p in catalog().providers() for m in catalog().models(p) if m.endswith("-latest")] == []


# --- 5. where there is no batch offer the library gives the standard price in silence


def batch_question(share: float, **price: Any) -> Any:
    option = typed_api(token_price(**price)) if price else listed("deepseek", "deepseek-v4-pro")
    return scenario(option, work=workload(requests(batch_fraction=share)))


def test_a_missing_batch_offer_blocks_and_is_never_priced_as_standard() -> None:
    info = find("deepseek", "deepseek-v4-pro").info
    noon = dt.datetime.combine(ON, dt.time(12), dt.UTC)
    assert info.get_prices(noon, {"processing": "batch"}) == info.get_prices(noon)  # the trap
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
    assert answer(half).option("hosted").usd_per_month == pytest.approx(4.5 / 2 * DAYS)


# --- 6. Claude Sonnet 4.5 still has the tier above 200,000 tokens, which ended on 2026-04-30


def test_the_retired_tier_of_sonnet_4_5_is_gone_since_its_beta_ended() -> None:
    assert catalog_of().token_prices("anthropic", "claude-sonnet-4-5", ON, 1).periods[0].prices.long_tiers  # the trap
    now = found("anthropic", "claude-sonnet-4-5")
    assert [p.prices.long_tiers for p in now.periods] == [()]
    assert now.source.row == "api_prices/anthropic-claude-sonnet-4-5-2026-04-30"
    before = found("anthropic", "claude-sonnet-4-5", months=1, on=dt.date(2026, 4, 29))
    assert [t.above_tokens for t in before.periods[0].prices.long_tiers] == [200_000]


def test_its_other_rates_are_those_of_the_library() -> None:
    ours = found("anthropic", "claude-sonnet-4-5").periods[0].prices
    library = catalog_of().token_prices("anthropic", "claude-sonnet-4-5", ON, 1).periods[0].prices
    assert (ours.rates, ours.batch_rates) == (library.rates, library.batch_rates)


def test_a_longer_request_to_it_is_refused() -> None:
    question = scenario(listed("anthropic", "claude-sonnet-4-5"), work=workload(requests(fresh=250_000)))
    (facts,) = resolve(question, catalog(), ON).options
    assert isinstance(facts, BlockedFacts)
    assert [r.code for r in facts.reasons] == ["CONTEXT"]


# --- 7. the bundled snapshot says it is of today


def test_the_date_of_a_price_is_pinned_and_not_the_snapshots_own() -> None:
    assert get_snapshot().timestamp.date() > LIBRARY_DATE  # the trap: it is the moment of its first use
    assert found("google", "gemini-2.5-pro").source.as_of == LIBRARY_DATE.isoformat()


def test_the_pinned_date_is_the_newest_change_that_was_not_a_future_one() -> None:
    assert library_prices.newest_change(ON) == LIBRARY_DATE


# --- 8 to 10. updates are process-wide, may bring older data, and may fail


@pytest.fixture
def poorer() -> Iterator[DataSnapshot]:
    """A process whose snapshot was replaced by one with a single provider, as an update may do."""
    snapshot = DataSnapshot(providers=[p for p in get_snapshot().providers if p.id == "groq"], from_auto_update=True)
    set_custom_snapshot(snapshot)
    yield snapshot
    set_custom_snapshot(None)


def test_a_replaced_snapshot_changes_no_price_of_ours(poorer: DataSnapshot) -> None:
    assert get_snapshot() is poorer
    library_prices._providers.cache_clear()
    library_prices._by_id.cache_clear()
    afresh = Catalog(catalog().tables, "afresh")
    assert [afresh.token_prices(p, m, ON, 12) for p, m in ASKED] == [found(p, m) for p, m in ASKED]
    assert afresh.providers() == catalog().providers()


def test_prices_are_frozen_into_the_facts() -> None:
    question = scenario(listed("google", "gemini-2.5-pro"))
    facts = resolve(question, catalog(), ON)
    before = decide(question, facts)
    set_custom_snapshot(DataSnapshot(providers=[], from_auto_update=True))
    try:
        assert decide(question, facts) == before
    finally:
        set_custom_snapshot(None)


def imports(path: Path) -> set[str]:
    """Modules and names that a file imports, as dotted names."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_only_the_refresh_command_may_name_the_librarys_updates() -> None:
    updates = ("genai_prices.update_prices", "genai_prices.UpdatePrices", "genai_prices.data_snapshot")
    offenders = {
        str(path.relative_to(ROOT))
        for path in [*(ROOT / "planner").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
        if path.relative_to(ROOT).parts[:2] != ("planner", "refresh")
        for name in imports(path)
        if name.startswith(updates)
    }
    assert offenders == set()


def test_no_background_update_is_ever_running_here() -> None:
    assert catalog().providers()
    assert data_snapshot._custom_snapshot is None
