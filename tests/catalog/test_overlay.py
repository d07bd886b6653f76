"""Dated rows over the price library, contracts over both: which price is in force, and what is said beside it."""

from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from planner.catalog.catalog import DATA_DIR, Catalog, load
from planner.catalog.dated import in_force
from planner.catalog.prices import PriceUnknown
from planner.catalog.rows import ApiPriceRow
from planner.decision.evaluate import decide
from planner.decision.resolve import resolve
from planner.domain.facts import BlockedFacts, PerTokenFacts, Reason
from planner.domain.prices import RateCard
from tests.builders import ON, catalog, listed, requests, scenario, workload
from tests.catalog.price_books import catalog_of, check, contract, price, retirement

DAYS = 365 / 12


def rates(found: Catalog, on: dt.date = ON, model: str = "small", provider: str = "acme", **offer: Any) -> RateCard:
    return found.token_prices(provider, model, on, 1, **offer).periods[0].prices.rates


def pair(card: RateCard) -> tuple[object, object]:
    """Input and output price."""
    return card.input_usd_per_mtok, card.output_usd_per_mtok


def refused(found: Catalog, months: int = 1, on: dt.date = ON, **offer: Any) -> Reason:
    with pytest.raises(PriceUnknown) as caught:
        found.token_prices("acme", "small", on, months, **offer)
    return caught.value.reason


def facts(found: Catalog, on: dt.date = ON, work: Any = None, months: int = 12, **option: Any) -> PerTokenFacts:
    question = scenario(listed("acme", "small", **option), work=work, horizon_months=months)
    (resolved,) = resolve(question, found, on).options
    assert isinstance(resolved, PerTokenFacts)
    return resolved


# --- which row is in force


def test_a_row_in_force_wins_over_the_library() -> None:
    own = price(provider="groq", model="openai/gpt-oss-120b", input_usd="0.11", output_usd="0.44")
    assert pair(rates(catalog(), provider="groq", model="openai/gpt-oss-120b")) == (Decimal("0.15"), Decimal("0.6"))
    assert pair(rates(catalog_of(own), provider="groq", model="openai/gpt-oss-120b")) == (
        Decimal("0.11"),
        Decimal("0.44"),
    )


def test_before_it_begins_and_after_it_ends_the_library_is_used() -> None:
    own = price(
        provider="groq",
        model="openai/gpt-oss-120b",
        input_usd="0.11",
        output_usd="0.44",
        effective_from="2026-11-20",
        effective_to="2026-11-30",
        as_of="2026-11-20",
    )
    seen = [
        rates(
            catalog_of(own), on=dt.date(2026, 11, day), provider="groq", model="openai/gpt-oss-120b"
        ).input_usd_per_mtok
        for day in (19, 20, 30)
    ]
    after = rates(catalog_of(own), on=dt.date(2026, 12, 1), provider="groq", model="openai/gpt-oss-120b")
    assert seen == [Decimal("0.15"), Decimal("0.11"), Decimal("0.11")]
    assert after.input_usd_per_mtok == Decimal("0.15")


def test_the_newest_start_counts_then_the_row_seen_last() -> None:
    old, new = price("old", "1", "2"), price("new", "3", "4", effective_from="2026-06-01", as_of="2026-06-01")
    seen_again = price("again", "3.5", "4", effective_from="2026-06-01", as_of="2026-07-01")
    for rows in ((old, new, seen_again), (seen_again, new, old)):
        assert pair(rates(catalog_of(*rows), on=dt.date(2026, 5, 31))) == (1, 2)
        assert pair(rates(catalog_of(*rows))) == (Decimal("3.5"), 4)


def test_a_price_that_ended_is_not_carried_on_nor_is_the_one_before_it() -> None:
    rows = (price("old"), price("last", "3", "4", effective_from="2026-06-01", effective_to="2026-12-31"))
    found = catalog_of(*rows)
    assert pair(rates(found)) == (3, 4)
    reason = refused(found, months=12)  # month 3 begins on 2027-01-21
    assert (reason.code, reason.field) == ("PRICE_UNKNOWN", "model")
    assert "no price on 2027-01-21 (month 3 of the horizon)" in reason.message
    assert "from 2026-06-01 to 2026-12-31" in reason.remedy
    question = scenario(listed("acme", "small"), horizon_months=12)
    (blocked,) = resolve(question, found, ON).options
    assert isinstance(blocked, BlockedFacts)
    assert decide(question, resolve(question, found, ON)).options[0].tco_usd is None


def test_before_its_first_day_a_model_has_no_price() -> None:
    reason = refused(catalog_of(price(effective_from="2026-11-20")), on=dt.date(2026, 11, 19))
    assert reason.code == "PRICE_UNKNOWN"
    assert "from 2026-11-20" in reason.remedy


def test_an_announced_row_takes_effect_in_its_month_and_is_said() -> None:
    # month 1 from 2026-11-21 at $1 / $2; month 4 begins on 2027-02-21 at $2 / $4
    announced = price("later", "2", "4", effective_from="2027-02-01", as_of="2026-11-01")
    found = facts(catalog_of(price(), announced))
    assert [(p.from_month, pair(p.prices.rates)) for p in found.periods] == [(1, (1, 2)), (4, (2, 4))]
    assert any(
        "announced price change" in w and "2027-02-21" in w and "$1 / $2 to $2 / $4" in w for w in found.warnings
    )
    assert {e.row for e in found.evidence} == {"api_prices/row", "api_prices/later"}
    assert [e.note for e in found.evidence if e.row == "api_prices/later"] == ["announced: in force from month 4"] * 2


def test_a_change_of_the_library_that_a_row_replaces_is_said() -> None:
    # the library doubles this price on 2027-01-01; a row of ours is in force before and after
    own = price(provider="google", model="gemini-3.8-flash", as_of="2026-11-01", effective_from="2026-11-01")
    said, _ = catalog_of(own).token_prices("google", "gemini-3.8-flash", ON, 12).warnings
    assert "2027-01-01" in said
    assert "Add a newer row" in said


def test_prices_of_the_library_that_a_row_leaves_out_are_said() -> None:
    # the library has cached input, cache writes and a price above 272,000 tokens
    def said(**more: Any) -> str:
        own = price(provider="openai", model="gpt-5.6-sol", effective_from="2026-11-01", as_of="2026-11-01", **more)
        return " ".join(catalog_of(own).token_prices("openai", "gpt-5.6-sol", ON, 1).warnings)

    assert "another price for cached input and for cache writes and for prompts above 272,000 tokens" in said()
    assert "cache writes and for prompts" in said(cached_input_usd_per_mtok="0.1")
    whole = {"cached_input_usd_per_mtok": "0.1", "cache_write_5m_usd_per_mtok": "1"}
    long = {"long_above_tokens": 272_000, "long_input_multiplier": 2, "long_output_multiplier": 1.5}
    assert "another price" not in said(**whole, **long)
    assert "another price" not in said(**whole, context_tokens=272_000)  # no prompt is longer


rows_of_a_thing = st.lists(
    st.builds(
        lambda start, length, seen, usd: price(
            f"row-{start}-{seen}",
            str(usd),
            str(usd),
            effective_from=dt.date(2026, 1, 1) + dt.timedelta(start),
            effective_to=None if length is None else dt.date(2026, 1, 1) + dt.timedelta(start + length),
            as_of=(dt.date(2026, 6, 1) + dt.timedelta(seen)).isoformat(),
        ),
        st.integers(0, 40),
        st.none() | st.integers(0, 20),
        st.integers(0, 3),
        st.integers(1, 9),
    ),
    max_size=6,
    unique_by=lambda row: (row.effective_from, row.as_of),
)


@given(rows=rows_of_a_thing, day=st.integers(-2, 70))
def test_one_price_is_in_force_whatever_the_order_of_the_rows(rows: list[Any], day: int) -> None:
    on = dt.date(2026, 1, 1) + dt.timedelta(day)
    found = in_force(rows, on)
    assert found == in_force(rows[::-1], on)
    begun = [row for row in rows if row.effective_from <= on]
    if found is None:
        assert not begun or max(row.effective_from for row in begun) < on
        return
    assert found.effective_from <= on
    assert found.effective_to is None or on <= found.effective_to
    assert not [row for row in begun if (row.effective_from, row.as_of) > (found.effective_from, found.as_of)]


def test_a_row_that_an_installation_adds_counts_from_its_day_on(tmp_path: Path) -> None:
    row = {"price_id": "own-deal", "provider": "groq", "provider_name": "Groq", "model": "openai/gpt-oss-120b"}
    row |= {"input_usd_per_mtok": "0.10", "output_usd_per_mtok": "0.40", "service_tier": "standard"}
    row |= {"effective_from": "2026-11-21", "as_of": "2026-11-21", "origin": "published", "confidence": "high"}
    row |= {"source": "the price page", "source_url": "https://groq.com/pricing"}
    header = list(ApiPriceRow.model_fields)
    with (tmp_path / ApiPriceRow.FILE).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerow(row)
    found = load(local_dir=tmp_path)
    assert pair(rates(found, provider="groq", model="openai/gpt-oss-120b")) == (Decimal("0.1"), Decimal("0.4"))
    day_before = rates(found, on=dt.date(2026, 11, 20), provider="groq", model="openai/gpt-oss-120b")
    assert pair(day_before) == (Decimal("0.15"), Decimal("0.6"))


# --- rate cards


def test_every_column_of_a_row_becomes_a_rate() -> None:
    # batch: input and output are halved, so cache and reasoning rates are too; long: input x 2, output x 1.5
    row = price(
        cached_input_usd_per_mtok="0.1",
        cache_write_5m_usd_per_mtok="1.25",
        cache_write_1h_usd_per_mtok="2",
        reasoning_usd_per_mtok="3",
        batch_input_usd_per_mtok="0.5",
        batch_output_usd_per_mtok="1",
        long_above_tokens=200_000,
        long_input_multiplier=2,
        long_output_multiplier=1.5,
        context_tokens=300_000,
    )
    found = catalog_of(row).token_prices("acme", "small", ON, 1)
    prices = found.periods[0].prices
    assert prices.rates == card("1", "2", "0.1", "1.25", "2", "3")
    assert prices.batch_rates == card("0.5", "1", "0.05", "0.625", "1", "1.5")
    assert [(t.above_tokens, t.rates) for t in prices.long_tiers] == [
        (200_000, card("2", "3", "0.2", "2.5", "4", "4.5"))
    ]
    assert [t.rates for t in prices.batch_long_tiers] == [card("1", "1.5", "0.1", "1.25", "2", "2.25")]
    assert (found.context_tokens, found.has_batch) == (300_000, True)


def card(*usd: str) -> RateCard:
    names = ("input", "output", "cached_input", "cache_write", "cache_write_1h", "reasoning")
    return RateCard.model_validate({f"{n}_usd_per_mtok": v for n, v in zip(names, usd, strict=True)})


def test_a_blank_context_is_the_librarys() -> None:
    own = price(provider="groq", model="openai/gpt-oss-120b")
    assert catalog_of(own).token_prices("groq", "openai/gpt-oss-120b", ON, 1).context_tokens == 131_072


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"effective_from": "2062-01-01"}, "check the year"),
        ({"effective_from": "1026-01-01"}, "check the year"),
        ({"cache_write_5m_usd_per_mtok": "2", "cache_write_1h_usd_per_mtok": "1.25"}, "columns swapped"),
        ({"input_usd_per_mtok": "9", "output_usd_per_mtok": "2"}, "columns swapped"),
        ({"model": "small-latest"}, "alias"),
        ({"batch_input_usd_per_mtok": "0.5"}, "both batch prices"),
    ],
)
def test_a_row_that_cannot_be_is_refused(wrong: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ApiPriceRow.model_validate(price().model_dump() | wrong)


# --- names


def test_providers_and_models_of_rows_and_contracts_are_listed_with_those_of_the_library() -> None:
    deal = contract(provider="private-host", model="tuned", input_usd_per_mtok="1", output_usd_per_mtok="2")
    found = catalog_of(price(), price("b", model="large"), contracted=(deal,))
    assert {"acme", "private-host", "openai"} <= set(found.providers())
    assert found.models("acme") == ("large", "small")
    assert found.models("private-host") == ("tuned",)
    assert found.models("nobody") == ()
    assert list(found.providers()) == sorted(set(found.providers()))


def test_the_shipped_hosts_are_listed() -> None:
    assert {"deepinfra", "nebius", "sambanova", "vertex-ai"} <= set(catalog().providers())
    assert "llama-v3p3-70b-instruct" in catalog().models("fireworks")
    assert "Llama-3.3-70B-Instruct" in catalog().models("azure")
    assert "meta.llama3-1-405b-instruct-v1:0" in catalog().models("aws")


def test_a_name_that_neither_has_gets_the_nearest_of_both() -> None:
    with pytest.raises(PriceUnknown) as caught:
        catalog_of(price()).token_prices("acme", "smal", ON, 1)
    assert (caught.value.reason.code, "small" in caught.value.reason.remedy) == ("MODEL_UNKNOWN", True)


# --- regions and tiers


def test_regions_and_tiers_are_used_only_when_chosen() -> None:
    found = catalog_of(
        price(),
        price("eu", "1.2", "2.4", region="eu"),
        price("flex", "0.5", "1", service_tier="flex"),
        price("eu-fast", "5", "6", region="eu", service_tier="priority"),
    )
    assert pair(rates(found)) == (1, 2)
    assert pair(rates(found, region="eu")) == (Decimal("1.2"), Decimal("2.4"))
    assert pair(rates(found, service_tier="flex")) == (Decimal("0.5"), 1)
    assert pair(rates(found, region="eu", service_tier="priority")) == (5, 6)
    assert pair(facts(found, region="eu").periods[0].prices.rates) == (Decimal("1.2"), Decimal("2.4"))


def test_an_offer_that_is_not_there_is_refused_with_those_that_are() -> None:
    found = catalog_of(price(), price("eu", "1.2", "2.4", region="eu"))
    far = refused(found, region="asia")
    assert (far.code, far.field) == ("PRICE_UNKNOWN", "region")
    assert "small at acme (eu)" in far.remedy
    assert refused(found, service_tier="flex").field == "service_tier"
    only_abroad = catalog_of(price(region="eu"))
    assert refused(only_abroad).field == "model"


def test_a_tier_of_the_library_is_used_when_it_has_one() -> None:
    # OpenAI's flex is half, priority double, of $1.25 / $10
    assert pair(rates(catalog(), provider="openai", model="gpt-5", service_tier="flex")) == (Decimal("0.625"), 5)
    assert pair(rates(catalog(), provider="openai", model="gpt-5", service_tier="priority")) == (Decimal("2.5"), 20)
    with pytest.raises(PriceUnknown):
        catalog().token_prices("groq", "openai/gpt-oss-120b", ON, 1, service_tier="flex")
    with pytest.raises(PriceUnknown):
        catalog().token_prices("openai", "gpt-5", ON, 1, region="eu")


# --- contracts


def test_a_contracted_price_wins_and_says_list_contracted_and_effective() -> None:
    deal = contract(input_usd_per_mtok="0.8", output_usd_per_mtok="1.5")
    found = facts(catalog_of(price(), contracted=(deal,)))
    assert pair(found.periods[0].prices.rates) == (Decimal("0.8"), Decimal("1.5"))
    first = found.evidence[0]
    assert (first.label, first.value, first.row) == ("small at acme, input", "0.8", "contracted_prices/deal")
    assert first.source == "contract deal, Procurement"
    words = ("List unit price: 1", "contracted unit price: 0.8", "effective unit price", "Procurement", "quote 17")
    assert all(word in first.note for word in words)
    assert any("$0.8 / $1.5" in w and "the list says $1 / $2" in w for w in found.warnings)


def test_what_a_contract_does_not_state_keeps_its_share_of_the_list() -> None:
    # input 0.8 of the list's 1: cached 0.1 -> 0.08, write 1.25 -> 1; batch 0.5 -> 0.4; output 1 of 2: batch 1 -> 0.5
    row = price(
        cached_input_usd_per_mtok="0.1",
        cache_write_5m_usd_per_mtok="1.25",
        batch_input_usd_per_mtok="0.5",
        batch_output_usd_per_mtok="1",
    )
    deal = contract(input_usd_per_mtok="0.8", output_usd_per_mtok="1")
    prices = catalog_of(row, contracted=(deal,)).token_prices("acme", "small", ON, 1).periods[0].prices
    assert prices.rates.cached_input_usd_per_mtok == Decimal("0.08")
    assert prices.rates.cache_write_usd_per_mtok == 1
    assert prices.batch_rates is not None
    assert pair(prices.batch_rates) == (Decimal("0.4"), Decimal("0.5"))
    own = contract(input_usd_per_mtok="0.8", output_usd_per_mtok="1", cached_input_usd_per_mtok="0.02")
    assert rates(catalog_of(row, contracted=(own,))).cached_input_usd_per_mtok == Decimal("0.02")
    work = workload(requests(cached_input_tokens=500))
    notes = {e.label: e.note for e in facts(catalog_of(row, contracted=(deal,)), work=work).evidence}
    assert "contracted unit price: the list's share" in notes["small at acme, cached input"]
    assert "List unit price: 0.1" in notes["small at acme, cached input"]


def test_a_contract_over_the_library_and_one_that_nothing_lists() -> None:
    deal = contract(provider="groq", model="openai/gpt-oss-120b", input_usd_per_mtok="0.075", output_usd_per_mtok="0.3")
    found = catalog_of(contracted=(deal,)).token_prices("groq", "openai/gpt-oss-120b", ON, 1).periods[0].prices
    assert pair(found.rates) == (Decimal("0.075"), Decimal("0.3"))
    assert found.rates.cached_input_usd_per_mtok == Decimal("0.0375")
    alone = contract(model="tuned", input_usd_per_mtok="1", output_usd_per_mtok="2")
    only = catalog_of(contracted=(alone,)).token_prices("acme", "tuned", ON, 1)
    assert pair(only.periods[0].prices.rates) == (1, 2)
    assert "the list says no price" in only.warnings[0]


def test_a_contract_ends_in_its_month_and_a_blank_one_goes_back_to_the_list() -> None:
    # the contract ends on 2027-01-15: months 1 and 2 (from 2026-12-21), then the list
    deal = contract(input_usd_per_mtok="0.5", output_usd_per_mtok="1", effective_to="2027-01-15")
    found = catalog_of(price(), contracted=(deal,)).token_prices("acme", "small", ON, 12)
    assert [(p.from_month, pair(p.prices.rates)) for p in found.periods] == [(1, (Decimal("0.5"), 1)), (3, (1, 2))]
    assert any("contracted price is over by 2027-01-21" in w for w in found.warnings)
    back = contract("over", effective_from="2026-11-01", as_of="2026-11-01")
    ended = contract(input_usd_per_mtok="0.5", output_usd_per_mtok="1")
    assert pair(rates(catalog_of(price(), contracted=(ended, back)))) == (1, 2)


def test_a_contract_is_not_used_for_a_region_and_that_is_said() -> None:
    deal = contract(input_usd_per_mtok="0.5", output_usd_per_mtok="1")
    found = catalog_of(price(), price("eu", "1.2", "2.4", region="eu"), contracted=(deal,))
    abroad = found.token_prices("acme", "small", ON, 1, region="eu")
    assert pair(abroad.periods[0].prices.rates) == (Decimal("1.2"), Decimal("2.4"))
    assert any("not used for a region" in w for w in abroad.warnings)


# --- retirement


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-11-21", "RETIRED: small at acme retired on 2026-11-21"),
        ("2026-11-22", "(month 1 of the horizon)"),
        ("2026-12-20", "(month 1 of the horizon)"),
        ("2026-12-21", "(month 2 of the horizon)"),
        ("2027-11-20", "(month 12 of the horizon)"),
    ],
)
def test_a_retirement_within_the_horizon_is_said_with_its_month(day: str, said: str) -> None:
    found = facts(catalog_of(price(), retirements=(retirement(day),)))
    assert [said in w for w in found.warnings].count(True) == 1
    assert found.warnings[0].startswith("RETIRED") == (day <= ON.isoformat())


def test_a_retirement_after_the_horizon_is_only_carried_along() -> None:
    found = catalog_of(price(), retirements=(retirement("2027-11-21"),)).token_prices("acme", "small", ON, 12)
    assert (found.retires_on, found.warnings) == (dt.date(2027, 11, 21), ())


def test_the_last_word_on_a_retirement_counts() -> None:
    heard = (retirement("2027-01-01"), retirement("2027-06-01", as_of="2026-05-01"))
    assert catalog_of(price(), retirements=heard).token_prices("acme", "small", ON, 1).retires_on == dt.date(2027, 6, 1)
    own = price(retires_on="2027-03-01", as_of="2026-09-01", effective_from="2026-09-01")
    assert catalog_of(own, retirements=heard).token_prices("acme", "small", ON, 1).retires_on == dt.date(2027, 3, 1)
    assert catalog_of(price()).token_prices("acme", "small", ON, 1).retires_on is None


def test_shipped_models_of_the_library_warn_too() -> None:
    soon = catalog().token_prices("openai", "gpt-5", ON, 12)
    assert soon.retires_on == dt.date(2026, 12, 11)
    assert any("retires on 2026-12-11 (month 1 of the horizon)" in w for w in soon.warnings)
    gone = catalog().token_prices("together", "meta-llama/Meta-Llama-3.1-70B-Instruct-Turbo", ON, 12)
    assert any(w.startswith("RETIRED") and "2026-02-25" in w for w in gone.warnings)


# --- second opinions


def test_sources_more_than_five_per_cent_apart_both_show() -> None:
    found = facts(catalog_of(price(), checks=(check("1.06", "2"),)))
    theirs = [e for e in found.evidence if e.row == "api_price_checks/check"]
    assert {e.unit for e in theirs} == {"not used; USD per 1M tokens"}
    assert [(e.value, e.note) for e in theirs] == [
        ("1.06", "undecided: Nobody dates it."),
        ("2", "undecided: Nobody dates it."),
    ]
    (said,) = (w for w in found.warnings if "Sources differ" in w)
    assert all(
        word in said for word in ("$1 / $2", "$1.06 / $2", "another list", "Acme", "Undecided", "Nobody dates it.")
    )
    assert pair(found.periods[0].prices.rates) == (1, 2)


@pytest.mark.parametrize(("theirs", "shown"), [(("1.05", "2.1"), 0), (("0.95", "1.9"), 0), (("1", "2.11"), 1)])
def test_within_five_per_cent_nothing_is_said(theirs: tuple[str, str], shown: int) -> None:
    found = catalog_of(price(), checks=(check(*theirs),)).token_prices("acme", "small", ON, 1)
    assert len(found.checks) == shown


def test_a_contract_is_not_what_other_sources_are_compared_with() -> None:
    deal = contract(input_usd_per_mtok="0.5", output_usd_per_mtok="1")
    agreeing = catalog_of(price(), contracted=(deal,), checks=(check("1", "2"),))
    assert agreeing.token_prices("acme", "small", ON, 1).checks == ()


def test_only_the_newest_word_of_each_source_counts() -> None:
    then = check("9", "9", as_of="2025-01-01")
    now = check("1", "2", check_id="now", as_of="2026-10-01")
    assert catalog_of(price(), checks=(now, then)).token_prices("acme", "small", ON, 1).checks == ()


# --- cache lives and reasoning in the answer


def test_one_hour_writes_cost_their_own_price_and_are_refused_without_one() -> None:
    # 1,000 requests a day x (500 fresh x $1 + 500 written x $2 + 1,000 out x $2) / 1M = $3.50 a day
    row = price(cache_write_5m_usd_per_mtok="1.25", cache_write_1h_usd_per_mtok="2")
    work = workload(requests(fresh=500, cache_write_tokens=500))
    for life, per_day in (("5m", 3.125), ("1h", 3.5)):
        question = scenario(listed("acme", "small", cache_write_ttl=life), work=work)
        result = decide(question, resolve(question, catalog_of(row), ON)).option("hosted")
        assert result.usd_per_month == pytest.approx(per_day * DAYS)
    question = scenario(listed("acme", "small", cache_write_ttl="1h"), work=work)
    (blocked,) = resolve(question, catalog_of(price(cache_write_5m_usd_per_mtok="1.25")), ON).options
    assert isinstance(blocked, BlockedFacts)
    assert [(r.code, r.field) for r in blocked.reasons] == [("PRICE_UNKNOWN", "options[hosted].cache_write_ttl")]
    assert "5m" in blocked.reasons[0].remedy


def test_a_cache_life_that_writes_nothing_needs_no_price() -> None:
    assert facts(catalog_of(price()), cache_write_ttl="1h").periods


def test_reasoning_at_a_price_of_its_own() -> None:
    # 1,000 a day x (1,000 in x $1 + 1,000 out x $2 + 500 reasoning x $0.50) / 1M = $3.25 a day; as output: $4
    work = workload(requests(reasoning_tokens=500))
    for own, per_day in (({"reasoning_usd_per_mtok": "0.5"}, 3.25), ({}, 4.0)):
        question = scenario(listed("acme", "small"), work=work)
        found = resolve(question, catalog_of(price(**own)), ON)
        assert decide(question, found).option("hosted").usd_per_month == pytest.approx(per_day * DAYS)
        named = [e.label for e in found.options[0].evidence]
        assert ("small at acme, reasoning" in named) == bool(own)


def test_every_rate_of_the_shipped_catalog_names_its_row() -> None:
    for provider, model in (("deepinfra", "openai/gpt-oss-120b"), ("openai", "gpt-6-luna")):
        question = scenario(listed(provider, model))
        (found,) = resolve(question, catalog(), ON).options
        ours = [e.row for e in found.evidence if not e.row.startswith("api_price_checks/")]
        wanted = (
            "api_prices/deepinfra-gpt-oss-120b-2026-11-20" if provider == "deepinfra" else f"api/{provider}/{model}"
        )
        assert ours == [wanted] * len(ours)
        assert ours


def test_the_shipped_folder_named_as_the_installations_own_adds_nothing() -> None:
    again = load(local_dir=DATA_DIR)
    assert len(again.tables.api_prices) == len(catalog().tables.api_prices)
    assert again.version == catalog().version
