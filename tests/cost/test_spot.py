"""RNT-3 against a simulated machine and a scan of rates; the full example is D6 of the golden tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.cost.spot import (
    break_even_interruptions_per_hour,
    interruptions_per_hour,
    spot_availability,
    spot_usd_per_hour,
)

price = st.floats(0.1, 10)
rate = st.floats(0, 2)
span = st.floats(0, 5)
RATES = np.geomspace(1e-6, 1e3, 400)


@given(share=st.floats(0, 0.999), hours=st.sampled_from([720.0, 730.0]))
def test_the_rate_gives_the_monthly_share_back(share: float, hours: float) -> None:
    per_hour = float(interruptions_per_hour(share, hours))
    assert 1 - math.exp(-per_hour * hours) == pytest.approx(share, abs=1e-12)


def test_rate_worked_by_hand() -> None:
    # -ln(0.8) / 730 = 0.2231436 / 730: one interruption in 3,271 hours
    assert float(interruptions_per_hour(0.2, 730)) == pytest.approx(0.22314355131421 / 730)
    assert float(interruptions_per_hour(0, 730)) == 0


@given(spot=price, fallback=price, per_hour=st.floats(0.01, 2), outage=span, share=st.floats(0, 1))
def test_one_cycle_added_up(spot: float, fallback: float, per_hour: float, outage: float, share: float) -> None:
    up = 1 / per_hour
    cycle_usd = spot * (up + share * outage) + fallback * outage
    usd = float(spot_usd_per_hour(spot, fallback, per_hour, outage, share * outage))
    assert usd == pytest.approx(cycle_usd / (up + outage))
    assert float(spot_availability(per_hour, outage)) == pytest.approx(up / (up + outage))


def test_a_simulated_machine_costs_what_the_formula_says() -> None:
    rng = np.random.default_rng(7)
    up = rng.exponential(1 / 0.05, 200_000)
    hours = up.sum() + 0.5 * up.size
    usd = (1.0 * (up.sum() + 0.25 * up.size) + 2.5 * 0.5 * up.size) / hours
    assert usd == pytest.approx(float(spot_usd_per_hour(1.0, 2.5, 0.05, 0.5, 0.25)), rel=1e-3)
    assert up.sum() / hours == pytest.approx(float(spot_availability(0.05, 0.5)), rel=1e-3)


@given(spot=price, fallback=price, outage=span)
def test_undisturbed_spot_costs_its_price(spot: float, fallback: float, outage: float) -> None:
    assert float(spot_usd_per_hour(spot, fallback, 0.0, outage, outage)) == spot
    assert float(spot_availability(0.0, outage)) == 1


@given(spot=price, fallback=price, per_hour=rate, more=rate, outage=span)
def test_with_a_dearer_fallback_more_interruptions_never_save(
    spot: float, fallback: float, per_hour: float, more: float, outage: float
) -> None:
    assume(fallback >= spot)
    few, many = spot_usd_per_hour(spot, fallback, np.array([per_hour, per_hour + more]), outage, outage / 2)
    assert many >= few - 1e-12
    assert spot - 1e-12 <= few


@given(spot=price, on_demand=price, fallback=st.one_of(st.none(), st.floats(0, 10)), outage=span, share=st.floats(0, 1))
def test_spot_is_cheaper_exactly_below_the_break_even_rate(
    spot: float, on_demand: float, fallback: float | None, outage: float, share: float
) -> None:
    found = break_even_interruptions_per_hour(spot, on_demand, outage, share * outage, fallback)
    usd = spot_usd_per_hour(spot, on_demand if fallback is None else fallback, RATES, outage, share * outage)
    if spot >= on_demand:
        assert found == 0
        return
    if found is None:
        assert np.all(usd <= on_demand * (1 + 1e-9))
        return
    assert np.all(usd[found * (1 + 1e-6) < RATES] >= on_demand * (1 - 1e-9))
    assert np.all(usd[found * (1 - 1e-6) > RATES] <= on_demand * (1 + 1e-9))


def test_break_even_worked_by_hand() -> None:
    # ($2.50 - $1.00) / ($1.00 x 0.25 h paid) = 6 an hour
    assert break_even_interruptions_per_hour(1, 2.5, 0.5, 0.25) == pytest.approx(6)
    # a fallback at $4.00 loses another $1.50 x 0.5 h: 1.50 / (0.25 + 0.75)
    assert break_even_interruptions_per_hour(1, 2.5, 0.5, 0.25, 4.0) == pytest.approx(1.5)
    assert break_even_interruptions_per_hour(1, 2.5, 0.5, 0) is None  # nothing paid while out, fallback on demand
    assert break_even_interruptions_per_hour(2.5, 2.5, 0.5, 0.25) == 0
