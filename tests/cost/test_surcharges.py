"""RNT-4 and OPS-4: storage, pulls and egress, each a product of what it counts."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.cost.surcharges import model_pull_usd, storage_usd_per_month, token_egress_usd
from planner.units import GB_BYTES, money

amount = st.floats(0, 1e4)


@given(gb=amount, price=st.floats(0, 1), tokens=st.floats(0, 1e12), width=st.floats(0, 100))
def test_tokens_cost_what_a_pull_of_their_bytes_costs(gb: float, price: float, tokens: float, width: float) -> None:
    assert float(token_egress_usd(tokens, width, price)) == pytest.approx(
        float(model_pull_usd(tokens * width / GB_BYTES, price))
    )
    assert float(storage_usd_per_month(gb, price, 1)) == pytest.approx(float(model_pull_usd(gb, price)))


def test_storage_worked_by_hand() -> None:
    # 141.1 GB x $0.08 x 3 copies = $33.86
    assert money(float(storage_usd_per_month(141.1, 0.08, 3))) == Decimal("33.86")
    assert storage_usd_per_month(100.0, 0.08, np.array([0, 2])) == pytest.approx([0, 16])


def test_pull_of_a_70b_model_worked_by_hand() -> None:
    assert str(money(float(model_pull_usd(141.1, 0.09)))) == "12.70"


def test_a_billion_tokens_are_five_gigabytes() -> None:
    assert float(token_egress_usd(1e9, 5, 0.09)) == pytest.approx(0.45)
    assert token_egress_usd(np.array([0, 2e9]), 5, 0.09) == pytest.approx([0, 0.9])
