"""TIME-6, against the definition spelled out month by month."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.cost.timeline import monthly_rate, npv_usd
from planner.decision.switch import best_switch, switch_costs

bills = st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e5)), min_size=1, max_size=36)
setups = st.floats(0, 1e5)


@given(bills=bills, setup_api=setups, setup_self=setups, rate=st.floats(0, 1))
def test_every_switch_month_by_hand(
    bills: list[tuple[float, float]], setup_api: float, setup_self: float, rate: float
) -> None:
    api, own = np.array(bills).T
    i, months = float(monthly_rate(rate)), len(bills)
    costs = switch_costs(api, own, setup_api_usd=setup_api, setup_self_usd=setup_self, annual_rate=rate)
    by_hand = []
    for k in range(1, months + 2):  # months + 1 stands for never
        total = setup_api if k > 1 else 0.0
        total += setup_self / (1 + i) ** (k - 1) if k <= months else 0.0
        total += sum((api[m - 1] if m < k else own[m - 1]) / (1 + i) ** m for m in range(1, months + 1))
        by_hand.append(total)
    assert costs.tolist() == pytest.approx(by_hand, rel=1e-9, abs=1e-6)
    best = best_switch(costs)
    assert best.npv_usd == pytest.approx(min(by_hand), rel=1e-8, abs=1e-6)
    assert best.npv_usd == costs[-1 if best.month is None else best.month - 1]


def test_the_ends_are_the_two_pure_options() -> None:
    api, own = np.array([300.0, 310, 320]), np.array([200.0, 190, 180])
    costs = switch_costs(api, own, setup_api_usd=50, setup_self_usd=400, annual_rate=0.1)
    assert costs[0] == pytest.approx(float(npv_usd(400, own, 0.1)))
    assert costs[-1] == pytest.approx(float(npv_usd(50, api, 0.1)))


def test_switch_worked() -> None:
    # the volume grows: months cost 10, 20, 30, 40 by API and 25 at home; setup 12. From month 3 on: 30 + 12 + 50 = 92
    api = np.array([10.0, 20, 30, 40])
    costs = switch_costs(api, np.full(4, 25.0), setup_api_usd=0, setup_self_usd=12, annual_rate=0)
    assert costs.tolist() == [112, 97, 92, 97, 100]
    assert best_switch(costs) == (3, 92)
    dear = switch_costs(api, np.full(4, 25.0), setup_api_usd=0, setup_self_usd=21, annual_rate=0)
    assert best_switch(dear) == (None, 100)


def test_ties_stay_with_the_api() -> None:
    same = switch_costs(np.ones(3), np.ones(3), setup_api_usd=0, setup_self_usd=0, annual_rate=0.1)
    assert best_switch(same).month is None
    assert best_switch(np.array([5.0, 3.0, 3.0, 4.0])) == (3, 3)


def test_draws_lead() -> None:
    api = np.array([[10.0, 20, 30], [5, 5, 5]])
    together = switch_costs(api, np.full(3, 9.0), setup_api_usd=1, setup_self_usd=2, annual_rate=np.array([0.1, 0.2]))
    for row, bill, rate in zip(together, api, (0.1, 0.2), strict=True):
        alone = switch_costs(bill, np.full(3, 9.0), setup_api_usd=1, setup_self_usd=2, annual_rate=rate)
        assert row.tolist() == pytest.approx(alone.tolist())
