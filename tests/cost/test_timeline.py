"""TIME-1 to TIME-5 and BE-4: laws first, then figures by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.cost.timeline import (
    IRR_LIMITS,
    cheaper_months,
    cumulative_saving,
    discount_factors,
    efficiency_path,
    irr_per_year,
    month_index,
    monthly_rate,
    npv_usd,
    payback_months,
    price_path,
    volume_path,
)
from planner.domain.timeline import GrowthShape
from planner.units import FloatArray

rates = st.floats(-0.9, 5)
usd = st.floats(-1e6, 1e6)
flows = st.lists(usd, min_size=1, max_size=60).map(np.array)


# --- volumes and prices by month


@pytest.mark.parametrize(
    ("shape", "factors"),
    [
        ("constant", [1, 1, 1, 1]),
        ("linear", [1, 1.5, 2, 2.5]),
        ("compound", [1, 1.5, 2.25, 3.375]),
        ("s_curve", [0.8 * 4, 0.5 * 4, 0.2 * 4, 4 / 17]),  # 4 / (1 + 4^(m - 2)) falls: steepness -ln 4
        ("launch", [0.1, 0.1, 1, 1]),
    ],
)
def test_volume_shapes_worked(shape: GrowthShape, factors: list[float]) -> None:
    path = volume_path(
        shape, 4, per_month=0.5, ceiling=4, steepness=-np.log(4), midpoint_month=2, launch_month=3, before=0.1
    )
    assert path == pytest.approx(factors)


def test_a_falling_volume_stops_at_nothing() -> None:
    assert volume_path("linear", 4, per_month=-0.4).tolist() == pytest.approx([1, 0.6, 0.2, 0])


def test_an_s_curve_stays_finite_and_ends_at_its_ceiling() -> None:
    path = volume_path("s_curve", 120, ceiling=7, steepness=50, midpoint_month=60)
    assert (path[0], path[59], path[-1]) == pytest.approx((0, 3.5, 7))


def test_draws_lead_and_months_trail() -> None:
    draws = np.array([[0.0], [0.1], [0.2]])
    assert volume_path("compound", 6, per_month=draws).shape == (3, 1, 6)
    curve = volume_path("s_curve", 6, ceiling=np.ones(5), steepness=0.3, midpoint_month=np.ones((3, 1)))
    assert curve.shape == (3, 5, 6)
    assert volume_path("launch", 6, launch_month=np.array([1, 3]), before=np.array([0.5, 0.25])).tolist() == [
        [1] * 6,
        [0.25, 0.25, 1, 1, 1, 1],
    ]
    for path in (price_path, discount_factors, lambda x, months: efficiency_path(x, 12, months)):
        together = path(draws, 6)
        assert together.shape == (3, 1, 6)
        assert together[1, 0].tolist() == pytest.approx(path(0.1, 6).tolist(), rel=1e-15)


@given(decline=st.floats(-3, 0.99))
def test_a_year_of_decline_is_the_yearly_decline(decline: float) -> None:
    path = price_path(decline, 25)
    assert path[[0, 12, 24]].tolist() == pytest.approx([1, 1 - decline, (1 - decline) ** 2])
    assert (np.diff(path) <= 0).all() if decline >= 0 else (np.diff(path) > -1e-12).all()


def test_a_refresh_counts_from_the_month_after_its_term() -> None:
    path = efficiency_path(0.5, 12, 36)
    assert path[[0, 11, 12, 23, 24, 35]].tolist() == pytest.approx([1, 1, 1.5, 1.5, 2.25, 2.25])


# --- discounting


@given(rate=rates)
def test_twelve_months_of_the_monthly_rate_make_the_year(rate: float) -> None:
    assert (1 + monthly_rate(rate)) ** 12 == pytest.approx(1 + rate)
    assert discount_factors(rate, 12)[-1] == pytest.approx(1 / (1 + rate))


@given(one_off=usd, monthly=flows, rate=rates)
def test_npv_is_the_sum_of_discounted_flows(one_off: float, monthly: FloatArray, rate: float) -> None:
    i = float(monthly_rate(rate))
    by_hand = one_off + sum(c / (1 + i) ** m for m, c in enumerate(monthly.tolist(), start=1))
    scale = abs(one_off) + float(np.abs(monthly) @ discount_factors(rate, monthly.size))
    assert float(npv_usd(one_off, monthly, rate)) == pytest.approx(by_hand, rel=1e-9, abs=1e-9 * scale)
    assert float(npv_usd(one_off, monthly, 0)) == pytest.approx(one_off + monthly.sum(), abs=1e-6)


def test_npv_of_draws() -> None:
    found = npv_usd(np.array([0.0, 10.0]), np.ones((2, 12)), np.array([0.0, 0.0]))
    assert found.tolist() == pytest.approx([12, 22])


# --- payback


def test_payback_reversed_and_regained() -> None:
    # month 0: -5; then +3 +3 (repaid in month 2), -4 (lost again), +2 +2 (regained in month 5), +1
    cumulative = cumulative_saving(0, np.array([3, 3, 0, 2, 2, 1]), 5, np.array([0, 0, 4, 0, 0, 0]))
    assert cumulative.tolist() == [-5, -2, 1, -3, -1, 1, 2]
    assert payback_months(cumulative) == (2, 5)
    assert payback_months(cumulative[:5]) == (2, None)
    assert payback_months(cumulative[:2]) == (None, None)


def test_payback_forgives_float_noise() -> None:
    cumulative = cumulative_saving(0, np.full(8, 0.1), 0.8, np.zeros(8))
    assert -1e-15 < cumulative[-1] < 0  # -0.8 and 0.1 eight times
    assert payback_months(cumulative) == (8, 8)


def test_no_setup_to_repay_is_repaid_in_month_1() -> None:
    assert payback_months(cumulative_saving(9, np.ones(2), 0, np.zeros(2))) == (1, 1)


@given(start=st.integers(-50, 50), savings=st.lists(st.integers(-20, 20), min_size=1, max_size=40))
def test_payback_against_its_definition(start: int, savings: list[int]) -> None:
    cumulative = cumulative_saving(start, np.array(savings), 0, np.zeros(len(savings)))
    repaid = [m for m in range(1, len(savings) + 1) if cumulative[m] >= 0]
    stays = [m for m in range(1, len(savings) + 1) if (cumulative[m:] >= 0).all()]
    assert payback_months(cumulative) == (min(repaid, default=None), min(stays, default=None))


def test_cumulative_saving_of_draws() -> None:
    found = cumulative_saving(np.array([1.0, 2.0]), np.ones((2, 3)), 5, np.zeros(3))
    assert found.tolist() == [[-4, -3, -2, -1], [-3, -2, -1, 0]]


def test_ties_are_the_apis_month() -> None:
    assert cheaper_months(np.array([2, 3, 0.3, 5]), np.array([2, 2, 0.1 + 0.1 + 0.1 - 1e-16, 6])) == [2]


# --- internal rate of return


def test_irr_worked() -> None:
    year = np.zeros(13)
    year[[0, 12]] = -100, 110
    assert irr_per_year(year) == pytest.approx([0.1])
    year[12] = 100
    assert irr_per_year(year) == pytest.approx([0], abs=1e-12)
    assert irr_per_year(np.full(13, 100.0)) == []
    assert irr_per_year(np.zeros(13)) == []


def test_irr_has_every_root() -> None:
    # (1 + r) = 1.1 and 1.5 a year: -(x - 1.1)(x - 1.5) = -x^2 + 2.6 x - 1.65
    two_years = np.zeros(25)
    two_years[[0, 12, 24]] = -1, 2.6, -1.65
    assert irr_per_year(two_years) == pytest.approx([0.1, 0.5])
    assert irr_per_year(-two_years) == pytest.approx([0.1, 0.5])


@given(growth=st.lists(st.floats(0.05, 20), min_size=1, max_size=3))
def test_irr_finds_the_roots_that_were_put_in(growth: list[float]) -> None:
    roots = sorted(growth)
    assume(all(b / a > 1.02 for a, b in itertools.pairwise(roots)))
    flows_usd = np.zeros(12 * len(roots) + 1)
    flows_usd[::12] = np.poly(roots)
    assert irr_per_year(flows_usd) == pytest.approx([g - 1 for g in roots], rel=1e-6, abs=1e-6)


@given(start=usd, monthly=flows)
def test_npv_at_each_irr_is_zero_and_no_other_sign_change_is_missed(start: float, monthly: FloatArray) -> None:
    found = irr_per_year(np.concatenate([[start], monthly]))
    assert found == sorted(found)
    assert all(IRR_LIMITS[0] <= rate <= IRR_LIMITS[1] for rate in found)
    for rate in found:
        scale = abs(start) + float(np.abs(monthly) @ discount_factors(rate, monthly.size))
        assert abs(float(npv_usd(start, monthly, rate))) <= 1e-9 * scale
    ends = [float(npv_usd(start, monthly, rate)) for rate in IRR_LIMITS]
    if all(abs(end) > 1e-6 for end in ends):
        assert (len(found) % 2 == 1) == (ends[0] * ends[1] < 0)


@given(saving=st.floats(1, 1e4), months=st.integers(2, 60), price=st.floats(1, 1e4))
def test_an_investment_with_one_sign_change_has_at_most_one_rate(saving: float, months: int, price: float) -> None:
    found = irr_per_year(np.array([-price, *[saving] * months]))
    assert len(found) <= 1
    if found:
        assert (found[0] > -1e-9) == (saving * months >= price * (1 - 1e-9))


def test_months_count_from_one() -> None:
    assert month_index(3).tolist() == [1, 2, 3]
