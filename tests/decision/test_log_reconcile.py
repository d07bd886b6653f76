"""The export's own cost against list prices: amounts, currencies, and the reasons one can see."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.decision.log_price import as_it_was, on_option
from planner.decision.log_reconcile import reconcile
from planner.decision.log_values import Reconciliation
from planner.units import MTOK
from planner.workload.usage_rows import NANO
from tests.builders import catalog, token_price, typed_api
from tests.usage_logs import log, row


def billed(usd: float, currency: str = "USD", **more: Any) -> dict[str, Any]:
    return {"cost_nano": round(usd * NANO), "currency": currency, **more}


def found(*rows: dict[str, Any]) -> Reconciliation:
    return reconcile(as_it_was(log(*rows), catalog()))


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**12)), min_size=1, max_size=8))
def test_billed_is_the_column_and_computed_is_the_price_whatever_the_rows(rows: list[tuple[int, int]]) -> None:
    rollup = log(*(row(fresh=tokens, cost_nano=nano, currency="USD") for tokens, nano in rows))
    priced = on_option(rollup, catalog(), typed_api(token_price("3", "15")))
    lines = reconcile(priced).lines
    assert sum(line.billed or 0 for line in lines) == pytest.approx(sum(nano for _, nano in rows) / NANO)
    assert sum(line.computed_usd or 0 for line in lines) == pytest.approx(float(priced.usd.sum()))


def test_the_list_price_agrees_with_itself() -> None:
    (line,) = found(row(fresh=MTOK, output=MTOK, **billed(12.5))).lines
    assert line.billed_usd == 12.5
    assert line.computed_usd == pytest.approx(12.5)
    assert line.difference_usd == pytest.approx(0)
    assert line.reasons == ()


def test_one_ratio_for_all_models_is_a_discount() -> None:
    rows = (row(fresh=MTOK, **billed(2.25)), row(fresh=MTOK, model="claude-haiku-4-5", **billed(0.9)))
    notes = found(*rows).notes
    assert notes == ("All 2 models are billed 10.0% below the list: that is a discount, not a price of one model.",)
    alone = found(rows[0]).notes
    assert "The one model here is billed 10.0% below the list" in alone[0]
    mixed = found(rows[0], row(fresh=MTOK, model="claude-haiku-4-5", **billed(1.0)))
    assert mixed.notes == ()
    assert [line.difference_fraction for line in mixed.lines] == [pytest.approx(0), pytest.approx(-0.1)]


def test_a_bill_without_cache_reads_is_recognised() -> None:
    # 1M fresh + 3M cached at gpt-4o's $2.50 and $1.25: $6.25; all as fresh: $10
    (line,) = found(row(fresh=MTOK, cached_input_tokens=3 * MTOK, **billed(10))).lines
    assert line.computed_usd == pytest.approx(6.25)
    assert "no prompt token is billed as a cache read" in line.reasons[0]


def test_tokens_and_money_of_two_exports_are_put_together() -> None:
    usage, cost = row(fresh=MTOK), row(hour=0, requests=None, **billed(2.5), fresh=0, output=0)
    (line,) = found(usage, cost).lines
    assert (line.currency, line.billed, line.rows_without_cost) == ("USD", 2.5, 0)
    assert line.computed_usd == pytest.approx(2.5)
    console = {"model": "Claude Haiku 4.5", **billed(1)}
    (by_name,) = found(row(fresh=MTOK, model="claude-haiku-4-5-20251001"), row(hour=0, requests=None, **console)).lines
    assert by_name.model == "anthropic/claude-haiku-4-5"
    assert by_name.difference_usd == pytest.approx(0)


def test_rows_without_a_cost_are_told() -> None:
    (line,) = found(row(fresh=MTOK, **billed(2.5)), row(fresh=MTOK, currency="USD")).lines
    assert line.rows_without_cost == 1
    assert "1 rows with tokens state no cost" in line.reasons[0]


def test_another_currency_is_turned_into_dollars_at_a_dated_rate_and_that_is_said() -> None:
    done = found(row("2026-10-05", fresh=MTOK, **billed(2.0, "EUR")))
    (line,) = done.lines
    assert line.billed == 2.0
    assert line.billed_usd is not None
    assert line.billed_usd != 2.0
    assert "EUR is turned into US dollars at" in done.notes[0]
    assert "ECB, 2026-10-" in done.notes[0]


def test_two_currencies_stand_side_by_side_and_one_without_a_rate_stands_apart() -> None:
    done = found(row(fresh=MTOK, **billed(2.5)), row(fresh=MTOK, **billed(9.0, "XDR")))
    assert {line.currency: line.billed for line in done.lines} == {"USD": 2.5, "XDR": 9.0}
    apart = next(line for line in done.lines if line.currency == "XDR")
    assert (apart.billed_usd, apart.difference_usd) == (None, None)
    assert any("XDR stands apart" in note for note in done.notes)


def test_a_cost_without_a_currency_is_not_taken_for_dollars() -> None:
    (line,) = found(row(fresh=MTOK, **billed(2.5, ""))).lines
    assert (line.billed, line.billed_usd) == (2.5, None)
    assert "does not say in which currency" in line.reasons[0]


def test_a_model_without_a_price_leaves_the_computed_side_open() -> None:
    (line,) = found(row(fresh=MTOK, model="our-own", **billed(2.5))).lines
    assert (line.computed_usd, line.unpriced_tokens) == (None, MTOK)
    assert "no tokens with a price" in line.reasons[0]


def test_a_bill_inside_the_bounds_of_an_open_long_context_price_is_explained() -> None:
    price = token_price("3", "15", long_context_threshold_tokens=200_000, long_input_multiplier=2)
    bucket = row(fresh=MTOK, output=0, requests=10, bucket_s=3600, **billed(4.5))
    (line,) = reconcile(on_option(log(bucket, thresholds=(200_000,)), catalog(), typed_api(price))).lines
    assert line.computed_usd == pytest.approx(3)
    assert line.computed_high_usd == pytest.approx(6)
    assert "within the bounds" in line.reasons[0]
