"""A log's money as CSV: it adds up to what is shown, and no text runs as a formula."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from planner.decision.log_price import as_it_was, on_option
from planner.decision.log_reconcile import reconcile
from planner.decision.log_summary import summary
from planner.decision.showback_log import tokens_showback
from planner.report.usage_csv import price_csv, reconciliation_csv, showback_csv
from planner.units import MTOK, money
from planner.workload.usage_rows import NANO
from tests.builders import catalog, typed_api
from tests.usage_logs import log, row

FORMULA = "=cmd|' /C calc'!A0"


def read(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def total(rows: list[dict[str, str]], column: str) -> Decimal:
    return sum((Decimal(r[column]) for r in rows if r[column]), Decimal(0))


@given(st.lists(st.tuples(st.integers(0, 10**7), st.sampled_from("abcd"), st.integers(1, 9)), min_size=1, max_size=9))
def test_the_rows_of_a_priced_log_add_up_to_its_cost(rows: list[tuple[int, str, int]]) -> None:
    rollup = log(*(row(f"2026-0{month}-05", fresh=tokens, model=model) for tokens, model, month in rows))
    price = summary(on_option(rollup, catalog(), typed_api()))
    written = read(price_csv(price))
    assert price.usd is not None
    assert total(written, "ListCost (USD)") == money(price.usd)
    assert total(written, "x_FreshInputTokens") == price.tokens
    adjustments = [r for r in written if r["ChargeCategory"] == "Adjustment"]
    assert all(r["ChargeDescription"] == "Rounding" for r in adjustments)


def test_under_a_contract_the_bills_of_the_months_are_written() -> None:
    rollup = log(row("2026-10-01", hour=0, fresh=MTOK), row("2026-11-30", hour=23, fresh=MTOK))
    price = summary(on_option(rollup, catalog(), typed_api(commitment_usd_per_month=100)))
    written = read(price_csv(price))
    assert [(r["ChargePeriodStart"], r["ListCost (USD)"]) for r in written] == [
        ("2026-10-01T00:00:00Z", "100.00"),
        ("2026-11-01T00:00:00Z", "100.00"),
    ]


def test_names_of_a_log_do_not_run_as_formulas() -> None:
    rollup = log(row(fresh=MTOK, model=FORMULA, owner=FORMULA, cost_nano=NANO, currency="USD"))
    priced = on_option(rollup, catalog(), typed_api())
    for content, column in (
        (price_csv(summary(priced, by_owner=True)), "x_Model"),
        (price_csv(summary(priced, by_owner=True)), "x_Owner"),
        (reconciliation_csv(reconcile(priced)), "x_Model"),
        (showback_csv(tokens_showback(priced, "usage")), "x_Owner"),
    ):
        assert read(content)[0][column] == f"'{FORMULA}"


def test_a_reconciliation_says_both_amounts_and_the_difference() -> None:
    rollup = log(row(fresh=MTOK, cost_nano=2 * NANO, currency="USD"))
    (line,) = read(reconciliation_csv(reconcile(as_it_was(rollup, catalog()))))
    assert (line["BilledCost (USD)"], line["ListCost (USD)"], line["x_Difference (USD)"]) == ("2.00", "2.50", "-0.50")
    assert line["x_DifferencePercent"] == "-20.00"


def test_an_unknown_cost_is_an_empty_cell() -> None:
    (line,) = read(price_csv(summary(as_it_was(log(row(fresh=7, model="our-own")), catalog()))))
    assert (line["ListCost (USD)"], line["x_UnpricedTokens"]) == ("", "7")


def test_who_pays_adds_up_to_the_bill() -> None:
    rollup = log(*(row(fresh=n * 1000, owner=f"team-{n}") for n in range(1, 8)))
    found = tokens_showback(on_option(rollup, catalog(), typed_api()), "weighted", Decimal("1.00"))
    assert total(read(showback_csv(found)), "BilledCost (USD)") == Decimal("1.00")
