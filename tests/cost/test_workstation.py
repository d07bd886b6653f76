"""WKS-1: one machine per developer, energy of used hours, waiting time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.cost.workstation import waiting_usd_per_month, workstation_usd_per_month, workstations
from planner.units import CEIL_TOLERANCE

usd = st.floats(0, 1e4)


@given(developers=st.integers(0, 100), load=st.floats(0, 100))
def test_machines_are_the_fewest_that_give_everyone_one_and_carry_the_load(developers: int, load: float) -> None:
    count = int(workstations(developers, load))
    assert count >= developers
    assert count >= load - CEIL_TOLERANCE * max(1, load)
    assert count == developers or count - 1 < load


def test_nothing_is_pooled() -> None:
    assert workstations(np.array([10, 10, 0]), np.array([0.1, 12.3, 0.0])).tolist() == [10, 13, 0]
    assert int(workstations(1, 2.1 / 0.3)) == 7  # 7.000000000000001 in floats


@given(count=st.integers(0, 50), annuity=usd, allocated=st.floats(0, 1), hours=st.floats(0, 730), support=usd)
def test_parts_add_up_and_machines_that_exist_cost_energy_only(
    count: int, annuity: float, allocated: float, hours: float, support: float
) -> None:
    def bill(annuity: float, kw: float, support: float) -> float:
        return float(workstation_usd_per_month(count, annuity, allocated, kw, hours, 0.2, support))

    parts = bill(annuity, 0, 0) + bill(0, 0.4, 0) + bill(0, 0, support)
    assert bill(annuity, 0.4, support) == pytest.approx(parts)
    existing = float(workstation_usd_per_month(count, annuity, 0, 0.4, hours, 0.2, 0))
    assert existing == pytest.approx(count * 0.4 * hours * 0.2)


def test_workstations_worked_by_hand() -> None:
    # 10 x (0.5 x $80 + 0.4 kW x 100 h x $0.25 + $5) = 10 x (40 + 10 + 5)
    assert float(workstation_usd_per_month(10, 80, 0.5, 0.4, 100, 0.25, 5)) == pytest.approx(550)
    assert workstation_usd_per_month(np.array([0, 10]), 80, 0.5, 0.4, 100, 0.25, 5) == pytest.approx([0, 550])


def test_waiting_worked_by_hand() -> None:
    # 20,000 requests x 9 s = 50 hours x $100
    assert float(waiting_usd_per_month(20_000, 9, 100)) == pytest.approx(5000)
    assert waiting_usd_per_month(20_000, np.array([0, 18]), 100) == pytest.approx([0, 10_000])
