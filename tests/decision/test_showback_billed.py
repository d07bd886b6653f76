"""Who pays what the export bills, and the export's own cost against the list in one sentence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.decision.log_price import as_it_was
from planner.decision.log_reconcile import reconcile
from planner.decision.present_reconciled import reconciled_sentence
from planner.decision.showback_billed import NotBilled, billed_showback
from planner.decision.showback_log import NoOwners
from planner.workload.usage_rows import NANO
from tests.builders import catalog
from tests.usage_logs import log, row


def billed(owner: str, usd: float, **more: Any) -> dict[str, Any]:
    """1M fresh tokens of gpt-4o, 2.50 USD at list."""
    return row(fresh=1_000_000, owner=owner, cost_nano=round(usd * NANO), currency="USD", **more)


def test_each_owner_pays_its_own_rows_whatever_the_list_says() -> None:
    found = billed_showback(as_it_was(log(billed("a", 1.25), billed("a", 0.75), billed("b", 3)), catalog()), "usage")
    assert {r.owner: r.total_usd for r in found.rows} == {"a": Decimal("2.00"), "b": Decimal("3.00")}
    assert found.bill_usd == Decimal("5.00")


@given(costs=st.lists(st.integers(0, 10**12), min_size=1, max_size=8))
def test_the_rows_are_the_bill_to_the_cent(costs: list[int]) -> None:
    rows = [row(fresh=10, owner=f"o{k % 3}", cost_nano=cost, currency="USD") for k, cost in enumerate(costs)]
    found = billed_showback(as_it_was(log(*rows), catalog()), "weighted")
    assert found.total("total_usd") == found.bill_usd


def test_a_cost_of_a_part_is_not_taken_for_the_whole() -> None:
    with pytest.raises(NotBilled, match="bill that you know"):
        billed_showback(as_it_was(log(billed("a", 1), row(fresh=10, owner="b", currency="USD")), catalog()), "usage")


def test_without_owners_nobody_pays() -> None:
    with pytest.raises(NoOwners):
        billed_showback(as_it_was(log(billed("", 1)), catalog()), "usage")


def test_the_difference_is_told_with_its_side_and_share() -> None:
    """Billed 2.00 for what the list has at 2.50: 0.50 less, 20%. Another 7 USD are of a model without a price."""
    found = reconcile(as_it_was(log(billed("", 2), billed("", 7, model="ours")), catalog()))
    assert reconciled_sentence(found) == (
        "The export says $2.00; list prices say $2.50. That is $0.50 less than the list (\N{MINUS SIGN}20.0%). Another "
        "$7.00 is billed for what has no price here."
    )


def test_amounts_that_agree_are_not_called_less_by_nothing() -> None:
    found = reconcile(as_it_was(log(billed("a", 2.5), billed("b", 2.5)), catalog()))
    assert "$5.00; list prices say $5.00. The two agree (0.0%)." in reconciled_sentence(found)


def test_without_a_price_the_difference_is_not_known() -> None:
    found = reconcile(as_it_was(log(billed("", 7, model="ours")), catalog()))
    assert "not known" in reconciled_sentence(found)
    assert "0.00" not in reconciled_sentence(found)
