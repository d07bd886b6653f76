"""The cost of a log from its rollup: the money of its requests, to the cent, and what has no price."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.price_terms import Offer
from planner.cost.api import request_usd
from planner.decision.log_price import EmptyLog, as_it_was, on_offer, on_option
from planner.decision.log_summary import lines, summary
from planner.decision.resolve_per_token import typed_token_prices
from planner.domain.typed import TypedTokenPrice
from planner.units import MTOK
from tests.builders import catalog, token_price, typed_api
from tests.usage_logs import log, row

LONG = token_price(
    "3", "15", cached_input_usd_per_mtok="0.3", cache_write_usd_per_mtok="3.75", cache_write_1h_usd_per_mtok="6",
    batch_discount_fraction=0.5, long_context_threshold_tokens=200_000, long_input_multiplier=2,
    long_output_multiplier=1.5,
)  # fmt: skip
LIMIT = 200_000
PLAIN = token_price("3", "15")


def priced(rollup: Any, price: TypedTokenPrice = PLAIN, **more: Any) -> Any:
    return summary(on_option(rollup, catalog(), typed_api(price, **more)))


@st.composite
def request(draw: st.DrawFn) -> dict[str, Any]:
    tokens = st.integers(0, 300_000)
    found = {
        "fresh_input_tokens": draw(tokens),
        "cached_input_tokens": draw(tokens),
        "cache_write_tokens": draw(st.integers(0, 50_000)),
        "output_tokens": draw(st.integers(0, 5000)),
    }
    prompt = found["fresh_input_tokens"] + found["cached_input_tokens"] + found["cache_write_tokens"]
    minute, tier = draw(st.integers(0, 2)), draw(st.sampled_from(["standard", "batch"]))
    return {**row(hour=minute), **found, "context_band": int(prompt > LIMIT), "service_tier": tier}


def rolled_up(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the rollup's text does: sums by minute and keys."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for found in requests:
        groups.setdefault((found["minute_us"], found["service_tier"], found["context_band"]), []).append(found)
    summed = ("requests", "fresh_input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens")
    return [
        {**group[0], "usage_rows": len(group), **{name: sum(r[name] for r in group) for name in summed}}
        for group in groups.values()
    ]


@given(st.lists(request(), min_size=1, max_size=20))
def test_a_rollup_costs_what_its_requests_cost(requests: list[dict[str, Any]]) -> None:
    prices = typed_token_prices(LONG)
    alone = sum(
        request_usd(
            prices,
            fresh=r["fresh_input_tokens"],
            cached=r["cached_input_tokens"],
            write=r["cache_write_tokens"],
            generated=r["output_tokens"],
            batch_fraction=float(r["service_tier"] == "batch"),
        )
        for r in requests
    )
    found = priced(log(*rolled_up(requests), thresholds=(128_000, LIMIT)[1:]), LONG)
    assert found.exact
    assert found.whole
    assert found.usd == pytest.approx(alone, rel=1e-9, abs=1e-12)


@given(st.lists(request(), min_size=1, max_size=12), st.integers(0, 11))
def test_a_log_costs_what_its_parts_cost_and_its_lines_add_up(requests: list[dict[str, Any]], cut: int) -> None:
    whole, *parts = (
        priced(log(*rolled_up(part), thresholds=(LIMIT,)), LONG).usd if part else 0.0
        for part in (requests, requests[:cut], requests[cut:])
    )
    assert whole == pytest.approx(sum(parts), rel=1e-9, abs=1e-12)
    found = on_option(log(*rolled_up(requests), thresholds=(LIMIT,)), catalog(), typed_api(LONG))
    assert sum(line.usd or 0 for line in lines(found)) == pytest.approx(whole, rel=1e-9, abs=1e-12)


def test_each_kind_of_token_has_its_price() -> None:
    found = priced(
        log(
            row(fresh=1000, output=200, cached_input_tokens=5000, cache_write_tokens=300, cache_write_1h_tokens=100),
            row(fresh=1000, output=200, service_tier="batch"),
        ),
        LONG.model_copy(update={"long_context_threshold_tokens": None}),
    )
    standard = 1000 * 3 + 5000 * 0.3 + 300 * 3.75 + 100 * 6 + 200 * 15
    batch = (1000 * 3 + 200 * 15) / 2
    assert found.usd == pytest.approx((standard + batch) / MTOK)


def test_each_model_pays_its_own_list_price() -> None:
    rollup = log(
        row(fresh=MTOK, output=MTOK, model="gpt-4o-2024-08-06"), row(fresh=MTOK, output=MTOK, model="claude-haiku-4-5")
    )
    found = summary(as_it_was(rollup, catalog()))
    assert found.usd == pytest.approx((2.5 + 10) + (1 + 5))
    assert [(p.model, p.offer) for p in found.prices] == [
        ("claude-haiku-4-5", "claude-haiku-4-5 at anthropic"),
        ("gpt-4o-2024-08-06", "gpt-4o at openai"),
    ]
    assert all(p.source and p.rates for p in found.prices)


def test_the_price_in_force_on_the_day_is_paid() -> None:
    # anthropic/claude-opus-4-6 lost its long-context tier on 2026-03-13
    days = ("2026-03-12", "2026-03-13")
    rollup = log(
        *(row(day, fresh=300_000, context_band=1, model="claude-opus-4-6") for day in days), thresholds=(LIMIT,)
    )
    usd = summary(as_it_was(rollup, catalog())).usd
    before, after = (
        request_usd(
            catalog().token_prices("anthropic", "claude-opus-4-6", dt.date.fromisoformat(day), 1).periods[0].prices,
            fresh=300_000,
            generated=0,
        )
        for day in days
    )
    assert before == 2 * after
    assert usd == pytest.approx(before + after)
    one_day = summary(as_it_was(rollup, catalog(), on=dt.date(2026, 3, 13)))
    assert one_day.usd == pytest.approx(2 * after)
    assert one_day.priced_on == "2026-03-13"


def test_an_unknown_model_leaves_its_part_without_a_price_and_says_the_way_out() -> None:
    rollup = log(row(fresh=MTOK, output=0, model="gpt-4o"), row(fresh=700, output=50, model="gpt-4o-mini-xyz"))
    found = summary(as_it_was(rollup, catalog()))
    assert found.usd == pytest.approx(2.5)
    assert (found.unpriced_tokens, found.whole) == (750, False)
    (part,) = found.unpriced
    assert (part.model, part.requests, part.input_tokens, part.output_tokens) == ("gpt-4o-mini-xyz", 1, 700, 50)
    assert "openai/gpt-4o-mini" in part.reason.remedy
    mapped = summary(as_it_was(rollup, catalog(), mapping={"gpt-4o-mini-xyz": "openai/gpt-4o-mini"}))
    assert mapped.whole
    assert mapped.usd == pytest.approx(2.5 + (700 * 0.15 + 50 * 0.6) / MTOK)


def test_nothing_with_a_price_costs_nothing_known() -> None:
    found = summary(as_it_was(log(row(fresh=700, model="our-own")), catalog()))
    assert (found.usd, found.usd_high, found.unpriced_tokens) == (None, None, 700)


def test_batch_without_a_batch_price_is_said() -> None:
    found = priced(log(row(fresh=MTOK), row(fresh=500, service_tier="batch")))
    assert found.usd == pytest.approx(3)
    assert [part.reason.code for part in found.unpriced] == ["BATCH_UNAVAILABLE"]


def test_one_hour_writes_need_their_price_where_writes_have_one() -> None:
    five = token_price(cache_write_usd_per_mtok="3.75")
    rollup = log(row(fresh=MTOK, cache_write_1h_tokens=500), row(fresh=MTOK))
    assert "one hour" in priced(rollup, five).unpriced[0].reason.message
    assert priced(rollup, PLAIN).usd == pytest.approx(2 * 3 + 500 * 3 / MTOK)  # where no write has a price: fresh input


def test_a_threshold_that_the_import_did_not_count_blocks_with_the_way_out() -> None:
    long = row(fresh=250_000, context_band=0)
    (part,) = priced(log(long), LONG).unpriced
    assert "200,000 tokens, which this import did not count" in part.reason.message
    assert "--threshold 200000" in part.reason.remedy


def test_a_threshold_is_settled_by_neighbours_and_by_short_rows() -> None:
    # between 128,000 and 272,000 a prompt may be on either side of 200,000; elsewhere it is known
    counted = (128_000, 272_000)
    short, huge = row(fresh=100_000), row(fresh=400_000, context_band=2)
    found = priced(log(short, huge, thresholds=counted), LONG)
    assert found.usd == pytest.approx((100_000 * 3 + 400_000 * 6) / MTOK)
    unsure = row(fresh=400_000, requests=2, usage_rows=2, context_band=1)
    assert priced(log(short, huge, unsure, thresholds=counted), LONG).unpriced_tokens == 400_000
    settled = row(fresh=190_000, context_band=1)  # the whole row is not above 200,000
    assert priced(log(settled, thresholds=counted), LONG).usd == pytest.approx(190_000 * 3 / MTOK)


def test_a_part_of_the_requests_is_not_the_requests() -> None:
    counted, silent = row(fresh=1000, requests=7, bucket_s=3600), row(fresh=1000, requests=None, bucket_s=3600)
    rollup = log(counted, silent, row(fresh=1, requests=2, bucket_s=3600, model="gpt-4o-mini"))
    assert {line.model: line.requests for line in summary(as_it_was(rollup, catalog())).lines} == {
        "gpt-4o": None,
        "gpt-4o-mini": 2,
    }
    unknown = log({**counted, "model": "nobody-knows"}, {**silent, "model": "nobody-knows"})
    assert [part.requests for part in summary(as_it_was(unknown, catalog())).unpriced] == [None]


def test_long_requests_of_another_export_say_nothing_of_a_bucket() -> None:
    bucket = row(fresh=MTOK, output=1000, requests=100, bucket_s=3600)
    single = row(fresh=LIMIT + 1, output=0, context_band=1)
    assert not priced(log(bucket, single, thresholds=(LIMIT,)), LONG).exact


def test_a_bucket_that_does_not_say_lengths_has_two_bounds() -> None:
    bucket = row(fresh=MTOK, output=1000, requests=100, bucket_s=3600)
    found = priced(log(bucket, thresholds=(LIMIT,)), LONG)
    assert found.usd == pytest.approx((MTOK * 3 + 1000 * 15) / MTOK)
    assert found.usd_high == pytest.approx((MTOK * 6 + 1000 * 22.5) / MTOK)
    assert not found.exact
    assert any("lies between" in note for note in found.notes)
    small = row(fresh=LIMIT, output=1000, requests=100, bucket_s=3600)
    assert priced(log(small, thresholds=(LIMIT,)), LONG).exact
    said = row(fresh=MTOK, output=0, requests=100, bucket_s=3600, context_band=1)
    both = priced(log(bucket, said, thresholds=(LIMIT,)), LONG)  # this export names bands
    assert both.exact
    assert both.usd == pytest.approx((MTOK * 3 + 1000 * 15 + MTOK * 6) / MTOK)


@given(st.integers(1, 400_000), st.floats(0.5, 2))
def test_another_tokenizer_moves_the_threshold_with_the_tokens(prompt: int, ratio: float) -> None:
    limit = int(np.floor(LIMIT / ratio))
    rollup = log(row(fresh=prompt, context_band=int(prompt > limit)), thresholds=(limit,))
    found = priced(rollup, LONG, input_token_ratio=ratio)
    expected = request_usd(typed_token_prices(LONG), fresh=prompt * ratio, generated=0)
    if abs(prompt * ratio - LIMIT) > 1:
        assert found.usd == pytest.approx(expected)


def test_output_in_another_tokenizer() -> None:
    found = priced(log(row(fresh=1000, output=1000)), PLAIN, input_token_ratio=1.2, output_token_ratio=0.9)
    assert found.usd == pytest.approx((1200 * 3 + 900 * 15) / MTOK)


def test_a_price_of_its_own_for_reasoning_needs_reasoning_counted() -> None:
    price = token_price("1", "10", reasoning_usd_per_mtok="4")
    assert priced(log(row(output=1000, reasoning_tokens=400)), price).usd == pytest.approx((600 * 10 + 400 * 4) / MTOK)
    assert "reasoning" in priced(log(row(output=1000)), price).unpriced[0].reason.message


def test_a_commitment_is_a_months_and_a_part_of_a_month_is_billed_as_such() -> None:
    # $100 of tokens in one of 31 days: $3,100 in a month, above the commitment of 3,000 at 10 % off
    rollup = log(row("2026-10-05", hour=0, fresh=0, output=0), row("2026-10-05", hour=23, fresh=33_333_333, output=0))
    option = {"commitment_usd_per_month": 6200, "commitment_discount_fraction": 0.1}
    found = priced(rollup, token_price("3", "15"), **option)
    (bill,) = found.bills
    assert bill.days == 1
    assert bill.list_usd == pytest.approx(100, abs=1e-5)
    assert found.usd == pytest.approx(6200 / 31)
    assert any("in part" in note for note in found.notes)


def test_an_offer_of_the_catalog_takes_the_whole_log() -> None:
    day = "2026-11-02"
    rollup = log(
        row(day, fresh=MTOK, model="a", service_tier="flex"), row(day, fresh=MTOK, model="b", service_tier="batch")
    )
    found = summary(on_offer(rollup, catalog(), Offer("anthropic", "claude-haiku-4-5")))
    assert found.usd == pytest.approx(1 + 0.5)


def test_lines_by_owner_add_up_to_lines() -> None:
    rollup = log(*(row(fresh=n * 1000, owner=f"team-{n % 3}", model=f"gpt-{4 + n % 2}o") for n in range(1, 9)))
    found = on_option(rollup, catalog(), typed_api())
    by_owner, by_model = lines(found, by_owner=True), lines(found)
    assert len(by_owner) == 6
    assert sum(line.usd or 0 for line in by_owner) == pytest.approx(sum(line.usd or 0 for line in by_model))
    assert {line.owner for line in by_owner} == {"team-0", "team-1", "team-2"}


def test_an_empty_log_is_refused() -> None:
    with pytest.raises(EmptyLog, match="no rows"):
        as_it_was(log(), catalog())


def test_what_the_log_does_not_say_is_told() -> None:
    silent = log(row(fresh=1000, output=None, cached_input_tokens=None))
    notes = priced(silent).notes
    assert any("1 of 1 rows of the log state no output tokens" in note for note in notes)
    assert any("priced as fresh, an upper" in note for note in notes)


def test_names_out_of_a_log_may_be_anything() -> None:
    strange: dict[str, Any] = {
        "model": "a\x00\x1b[31m" + "b" * 9000,
        "owner": "\x07" * 5000,
        "service_tier": "\x1f" * 300,
    }
    found = summary(as_it_was(log(row(fresh=10, **strange)), catalog()), by_owner=True)
    assert found.unpriced_tokens == 10
    assert found.model_dump_json()
