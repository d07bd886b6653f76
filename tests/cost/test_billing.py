"""API-4, 5 and 7: laws of tiers and commitments, then bills worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.cost.billing import committed_usd, graduated_usd, rate_limit_shares, slab_usd
from planner.units import FloatArray

ABOVE = np.array([1000.0, 10_000.0])
DISCOUNT = np.array([0.1, 0.2])

spend = st.floats(0, 1e6)
fraction = st.floats(0, 1)


@st.composite
def tiers(draw: st.DrawFn, *, rising: bool = False) -> tuple[FloatArray, FloatArray]:
    above = sorted(draw(st.sets(st.integers(0, 100_000), max_size=5)))
    discounts = draw(st.lists(fraction, min_size=len(above), max_size=len(above)))
    return np.array(above, dtype=np.float64), np.array(sorted(discounts) if rising else discounts, dtype=np.float64)


def graduated_by_hand(list_usd: float, above: FloatArray, discount: FloatArray) -> float:
    """Pay tier after tier, each at its own rate."""
    edges = [0.0, *above.tolist(), math.inf]
    rates = [0.0, *discount.tolist()]
    bill = 0.0
    for rate, low, high in zip(rates, edges[:-1], edges[1:], strict=True):
        bill += (1 - rate) * max(0.0, min(list_usd, high) - low)
    return bill


def slab_by_hand(list_usd: float, above: FloatArray, discount: FloatArray) -> float:
    rate = 0.0
    for threshold, candidate in zip(above.tolist(), discount.tolist(), strict=True):
        rate = candidate if list_usd > threshold else rate
    return (1 - rate) * list_usd


@given(list_usd=spend, tier=tiers())
def test_both_modes_agree_with_a_bill_added_up_tier_by_tier(
    list_usd: float, tier: tuple[FloatArray, FloatArray]
) -> None:
    assert float(graduated_usd(list_usd, *tier)) == pytest.approx(graduated_by_hand(list_usd, *tier), abs=1e-6)
    assert float(slab_usd(list_usd, *tier)) == pytest.approx(slab_by_hand(list_usd, *tier), abs=1e-9)


@given(list_usd=spend, more=spend, tier=tiers())
def test_a_graduated_bill_never_falls_and_never_grows_faster_than_list(
    list_usd: float, more: float, tier: tuple[FloatArray, FloatArray]
) -> None:
    rise = float(graduated_usd(list_usd + more, *tier) - graduated_usd(list_usd, *tier))
    assert -1e-6 <= rise <= more + 1e-6


@given(tier=tiers(rising=True))
def test_a_slab_bill_falls_just_above_every_threshold_that_raises_the_discount(
    tier: tuple[FloatArray, FloatArray],
) -> None:
    above, discount = tier
    drop = slab_usd(above, above, discount) - slab_usd(np.nextafter(above, np.inf), above, discount)
    expected = above * np.diff(discount, prepend=0.0)
    assert drop == pytest.approx(expected, abs=1e-6)


@given(list_usd=spend, tier=tiers(rising=True))
def test_with_rising_discounts_slab_is_never_dearer_than_graduated(
    list_usd: float, tier: tuple[FloatArray, FloatArray]
) -> None:
    assert float(slab_usd(list_usd, *tier)) <= float(graduated_usd(list_usd, *tier)) + 1e-6 <= list_usd + 2e-6


def test_graduated_and_slab_bills_worked_by_hand() -> None:
    spends = np.array([0, 1000, 5000, 10_000, 20_000])
    graduated = [0, 1000, 1000 + 0.9 * 4000, 1000 + 0.9 * 9000, 1000 + 0.9 * 9000 + 0.8 * 10_000]
    assert graduated_usd(spends, ABOVE, DISCOUNT) == pytest.approx(graduated)
    assert slab_usd(spends, ABOVE, DISCOUNT) == pytest.approx([0, 1000, 0.9 * 5000, 0.9 * 10_000, 0.8 * 20_000])


def test_slab_has_a_price_inversion_where_graduated_has_none() -> None:
    below, above = 10_000.0, 10_001.0  # slab: 0.9 x $10,000 = $9,000, then 0.8 x $10,001 = $8,000.80
    assert float(slab_usd(below, ABOVE, DISCOUNT) - slab_usd(above, ABOVE, DISCOUNT)) == pytest.approx(9000 - 8000.8)
    assert float(graduated_usd(above, ABOVE, DISCOUNT) - graduated_usd(below, ABOVE, DISCOUNT)) == pytest.approx(0.8)


def test_without_tiers_the_bill_is_the_list() -> None:
    none = np.array([])
    assert float(graduated_usd(123.0, none, none)) == float(slab_usd(123.0, none, none)) == 123


def test_spend_of_any_shape_keeps_its_shape() -> None:
    spends = np.full((2, 3), 5000.0)
    assert graduated_usd(spends, ABOVE, DISCOUNT).shape == slab_usd(spends, ABOVE, DISCOUNT).shape == (2, 3)


@given(list_usd=spend, more=spend, commitment=spend, discount=fraction)
def test_a_commitment_is_a_floor_under_a_bill_that_never_falls(
    list_usd: float, more: float, commitment: float, discount: float
) -> None:
    bill = float(committed_usd(list_usd, commitment, discount))
    assert bill >= commitment
    assert bill >= (1 - discount) * list_usd
    assert bill in (commitment, (1 - discount) * list_usd)
    assert float(committed_usd(list_usd + more, commitment, discount)) >= bill


def test_commitment_worked_by_hand() -> None:
    # $8,000 committed at 20 % off: it is met from $10,000 of list usage on
    assert committed_usd(np.array([0, 9000, 10_000, 15_000]), 8000, 0.2).tolist() == [8000, 8000, 8000, 12_000]


def test_rate_limit_shares_worked_by_hand() -> None:
    # 120 requests a minute of 1,500 tokens against 100 requests and 450,000 tokens a minute
    assert rate_limit_shares(120, 120 * 1500, 100, 450_000) == (1.2, 0.4)
    assert rate_limit_shares(120, 180_000, None, 180_000) == (None, 1)
    assert rate_limit_shares(120, 180_000, 240, None) == (0.5, None)
    assert rate_limit_shares(0, 0, 100, 1000) == (0, 0)
