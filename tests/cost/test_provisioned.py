"""API-6: units by counting up, and their bill; the full example is D3 of the golden tests."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.cost.provisioned import (
    break_even_requests_per_month,
    equivalent_tokens_per_minute,
    provisioned_units,
    provisioned_usd_per_month,
)

counts = st.integers(0, 10_000)


def units(tpm: float, cap: float = 3000, least: int = 15, step: int = 5) -> int:
    found = provisioned_units(tpm, tokens_per_minute_per_unit=cap, min_units=least, unit_increment=step)
    return int(found)


@given(rpm=counts, fresh=counts, cached=counts, generated=counts, weight=st.floats(0, 10), share=st.floats(0, 1))
def test_cached_tokens_weigh_between_nothing_and_fresh_ones(
    rpm: int, fresh: int, cached: int, generated: int, weight: float, share: float
) -> None:
    def tpm(fresh: int, cached: int, share: float = 0.0) -> float:
        found = equivalent_tokens_per_minute(rpm, fresh, cached, generated, output_weight=weight, cached_weight=share)
        return float(found)

    assert tpm(fresh, cached) == tpm(fresh, 0)
    assert tpm(fresh, cached) <= tpm(fresh, cached, share) * (1 + 1e-12)
    assert tpm(fresh, cached, share) <= tpm(fresh, cached, 1.0) * (1 + 1e-12)
    assert tpm(fresh, cached, 1.0) == pytest.approx(tpm(fresh + cached, 0))


@given(tpm=st.integers(0, 2_000_000), cap=st.integers(100, 5000), steps=st.integers(0, 5), step=st.integers(1, 50))
def test_units_are_the_first_size_on_sale_that_carries_the_load(tpm: int, cap: int, steps: int, step: int) -> None:
    least = steps * step
    size = least
    while size * cap < tpm:
        size += step
    assert units(tpm, cap, least, step) == size


def test_units_worked_by_hand() -> None:
    # 120 x (800 + 4 x 150) = 168,000 a minute; / 3,000 = 56 units, in fives 60
    tpm = equivalent_tokens_per_minute(120, 800, 400, 150, output_weight=4)
    assert (float(tpm), units(float(tpm))) == (168_000, 60)
    assert [units(rate) for rate in (0, 45_000, 45_001, 60_000)] == [15, 15, 20, 20]


def test_noise_does_not_buy_a_step() -> None:
    assert units(0.1 * 3 * 100_000, cap=0.3 * 1000, least=0, step=10) == 100  # 30,000.000000000004 / 300 is 100


def test_units_broadcast() -> None:
    demand = np.array([[0.0, 168_000.0]])
    found = provisioned_units(demand, tokens_per_minute_per_unit=3000, min_units=15, unit_increment=5)
    assert found.tolist() == [[15, 60]]


def test_units_are_billed_for_every_hour() -> None:
    assert float(provisioned_usd_per_month(60, 1, 730)) == 43_800
    assert provisioned_usd_per_month(np.array([15, 60]), 0.5, 720).tolist() == [15 * 360, 60 * 360]


@given(fixed=st.floats(0, 1e7), per_request=st.floats(1e-7, 10))
def test_at_break_even_the_two_bills_agree(fixed: float, per_request: float) -> None:
    requests = break_even_requests_per_month(fixed, per_request)
    assert requests is not None
    assert requests * per_request == pytest.approx(fixed)


def test_a_free_request_never_breaks_even() -> None:
    assert break_even_requests_per_month(15_600, 0) is None
    assert break_even_requests_per_month(15_600, 0.003) == pytest.approx(5_200_000)
