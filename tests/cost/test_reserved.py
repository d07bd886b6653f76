"""RNT-2: reserving against a bill added up hour by hour, and terms laid end to end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.cost.rented import rental_usd
from planner.cost.reserved import liability_usd, reservation_worth, reserved_usd_per_month, upfront_and_monthly

fraction = st.floats(0, 1)
months = st.integers(1, 60)


@given(replicas=st.integers(0, 50), gpus=st.integers(1, 16), price=st.floats(0, 20), discount=fraction)
def test_a_reservation_is_rental_less_the_discount(replicas: int, gpus: int, price: float, discount: float) -> None:
    listed = float(rental_usd(replicas, gpus, price, 730.0))
    assert float(reserved_usd_per_month(replicas, gpus, price, discount, 730.0)) == pytest.approx(
        (1 - discount) * listed, rel=1e-12
    )


def test_reserved_month_worked_by_hand() -> None:
    # 3 replicas x 2 GPUs x $2.00 x (1 - 0.35) x 730 h = $5,694, busy or idle
    assert float(reserved_usd_per_month(3, 2, 2.0, 0.35, 730)) == pytest.approx(5694)
    assert reserved_usd_per_month(np.array([0, 3]), 2, 2.0, 0.35, 730) == pytest.approx([0, 5694])


@given(loads=st.lists(st.integers(0, 6), min_size=1, max_size=48), eighths=st.integers(0, 8))
def test_the_levels_worth_reserving_give_the_cheapest_fleet(loads: list[int], eighths: int) -> None:
    discount, hours = eighths / 8, len(loads)
    levels = range(1, 7)
    hours_at_or_above = np.array([sum(load >= level for load in loads) for level in levels], dtype=np.float64)

    def bill(reserved: int) -> float:
        """On demand costs 1 an hour; what the reservation does not cover is rented."""
        return reserved * (1 - discount) * hours + sum(max(load - reserved, 0) for load in loads)

    worth = reservation_worth(hours_at_or_above, discount, hours)
    assert worth.tolist() == sorted(worth.tolist(), reverse=True)
    reserve = int(worth.sum())
    assert bill(reserve) == min(bill(n) for n in range(7))
    assert all(bill(n) > bill(reserve) for n in range(reserve))  # a tie stays on demand


def test_worth_worked_by_hand() -> None:
    # at 40 % off a level must be busy for more than 0.6 x 730 = 438 hours
    assert reservation_worth(np.array([730.0, 438.1, 438.0, 10.0]), 0.4, 730).tolist() == [True, True, False, False]


@given(term=months, horizon=st.integers(0, 120), usd=st.floats(0, 1e6))
def test_liability_by_walking_through_the_months(term: int, horizon: int, usd: float) -> None:
    contracted = 0
    while contracted < horizon:
        contracted += term
    assert float(liability_usd(term, horizon, usd)) == pytest.approx((contracted - horizon) * usd)


def test_liability_worked_by_hand() -> None:
    # three terms of 12 months cover 30 months; 6 x $1,000 are still owed
    assert float(liability_usd(12, 30, 1000)) == 6000
    assert float(liability_usd(36, 24, 1000)) == 12_000
    assert float(liability_usd(12, 36, 1000)) == 0
    assert liability_usd(12, 30, np.array([1000.0, 10.0])).tolist() == [6000, 60]


@given(total=st.floats(0, 1e7), share=fraction, term=months)
def test_upfront_and_monthly_add_up_to_the_term(total: float, share: float, term: int) -> None:
    upfront, monthly = upfront_and_monthly(total, share, term)
    assert float(upfront + term * monthly) == pytest.approx(total)
    assert float(upfront) == pytest.approx(share * total)
    assert min(float(upfront), float(monthly)) >= 0


def test_upfront_worked_by_hand() -> None:
    upfront, monthly = upfront_and_monthly(24_000, 0.5, 12)  # $12,000 now, $12,000 / 12 a month
    assert (float(upfront), float(monthly)) == (12_000, 1000)
