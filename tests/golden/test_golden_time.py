"""Worked examples D5 (autoscaling), D8 and D9: hours and months, with exact answers."""

from __future__ import annotations

import numpy as np
import pytest

from planner.capacity.autoscale import autoscaled_replicas, cold_start_replica_hours, scale_ups
from planner.capacity.fleet import fleet_replicas
from planner.cost.timeline import (
    cheaper_months,
    cumulative_saving,
    npv_usd,
    payback_months,
    price_path,
    volume_path,
)
from planner.decision.hybrid import (
    MeritCosts,
    best_fleet,
    best_merit_fleet,
    hybrid_usd,
    optimal_slices,
    private_minimum,
    slice_hours,
    threshold_hours,
)
from planner.decision.switch import best_switch, switch_costs
from planner.units import CALENDARS

REL = 1e-9

# --- D5: a peak of 10 times the mean for one hour a day

DAY = np.array([14 / 23] * 23 + [10.0])
DAYS = CALENDARS["avg"].days_per_month


def test_d5_autoscaled() -> None:
    fleet = autoscaled_replicas(DAY, allowed_utilisation=1, min_replicas=1)
    assert float(fleet.sum()) == 33
    assert float(fleet.sum()) * 2 * DAYS == pytest.approx(2007.5, rel=REL)
    assert scale_ups(fleet) == 9  # from 1 to 10 once a day
    started = float(fleet.sum()) + cold_start_replica_hours(float(scale_ups(fleet)), 10)
    assert started * 2 * DAYS == pytest.approx(2098.75, rel=REL)


def test_d5_zero_volume() -> None:
    nothing = autoscaled_replicas(np.zeros(24), allowed_utilisation=1, min_replicas=0, spare=1)
    assert float(nothing.sum()) == 0


# --- D8: 24 months; volume +6 % a month, API price -25 % and GPU price -10 % a year, discount 10 %

MONTHS = 24
VOLUME_MTOK = 400 * volume_path("compound", MONTHS, per_month=0.06)
API_USD = VOLUME_MTOK * 6.60 * price_path(0.25, MONTHS)
REPLICAS = fleet_replicas(VOLUME_MTOK / 700)
SELF_USD = REPLICAS * 2190 * price_path(0.10, MONTHS) + 400
SETUP_API_USD, SETUP_SELF_USD = 500, 6000


def test_d8_months() -> None:
    assert VOLUME_MTOK[[0, 11, 23]].tolist() == pytest.approx([400, 759.319423334, 1527.89986463], rel=REL)
    assert API_USD[[0, 11, 23]].tolist() == pytest.approx([2640, 3849.82749233, 5809.95697293], rel=REL)
    assert REPLICAS.tolist() == [1] * 10 + [2] * 12 + [3] * 2
    assert SELF_USD[[0, 11, 23]].tolist() == pytest.approx([2590, 4376.76331778, 5768.63047901], rel=REL)
    assert cheaper_months(API_USD, SELF_USD) == [*range(1, 11), *range(16, 23), 24]


def test_d8_present_values() -> None:
    api, own = npv_usd(SETUP_API_USD, API_USD, 0.10), npv_usd(SETUP_SELF_USD, SELF_USD, 0.10)
    assert float(api) == pytest.approx(87033.5049582, rel=REL)
    assert float(own) == pytest.approx(84134.5839787, rel=REL)
    assert float(api - own) == pytest.approx(2898.92097953, rel=REL)


def test_d8_payback_is_reversed_once() -> None:
    cumulative = cumulative_saving(SETUP_API_USD, API_USD, SETUP_SELF_USD, SELF_USD)
    assert payback_months(cumulative) == (10, 19)
    assert cumulative[-1] == pytest.approx(3828.57865786, rel=REL)


def test_d8_switching_is_never_worse_than_either_option() -> None:
    costs = switch_costs(
        API_USD, SELF_USD, setup_api_usd=SETUP_API_USD, setup_self_usd=SETUP_SELF_USD, annual_rate=0.10
    )
    assert costs[[0, -1]].tolist() == pytest.approx([84134.5839787, 87033.5049582], rel=REL)
    assert best_switch(costs).npv_usd == pytest.approx(costs.min())


# --- D9: loads of 0.5, 2.4 and 4.7 replicas for 8, 12 and 4 hours a day; a replica $72 a day, the API $8 an hour of it

LOADS, HOURS = np.array([0.5, 2.4, 4.7]), np.array([8, 12, 4])
USED = slice_hours(LOADS, HOURS, 5)
PRICES = dict(variable_usd_per_replica_hour=0.0, overflow_usd_per_replica_hour=8.0)


def test_d9_screening() -> None:
    threshold = threshold_hours(3 * 24, **PRICES)
    assert threshold is not None
    assert threshold == pytest.approx(9, rel=REL)
    assert threshold / 24 == pytest.approx(0.375, rel=REL)
    assert USED.tolist() == pytest.approx([20, 16, 8.8, 4, 2.8], rel=REL)
    factors = [0.833333333333, 0.666666666667, 0.366666666667, 0.166666666667, 0.116666666667]
    assert (USED / 24).tolist() == pytest.approx(factors, rel=REL)
    assert optimal_slices(USED, threshold) == 2


def test_d9_costs() -> None:
    costs = hybrid_usd(USED, replica_usd=72, **PRICES)
    assert costs.tolist() == pytest.approx([412.8, 324.8, 268.8, 270.4, 310.4, 360], rel=REL)
    assert best_fleet(costs) == pytest.approx((2, 268.8), rel=REL)


def test_d9_fixed_cost_and_private_base() -> None:
    with_platform = hybrid_usd(USED, replica_usd=72, fixed_usd=200, **PRICES)
    assert with_platform[2] == pytest.approx(468.8, rel=REL)
    assert best_fleet(with_platform) == pytest.approx((0, 412.8), rel=REL)
    least = private_minimum(0.5, 1, spare=1)
    assert least == 2
    assert best_fleet(hybrid_usd(USED, replica_usd=72, **PRICES), least) == pytest.approx((2, 268.8), rel=REL)


def test_d9_by_the_merit_order() -> None:
    # half a replica of it is private: the same bill, with two replicas at least
    classes = np.stack([np.full(3, 0.5), LOADS - 0.5])
    costs = MeritCosts(72.0, np.array([0.0, 8.0]), np.zeros(2), np.array([True, False]))
    assert best_merit_fleet(classes, HOURS, costs, private_minimum(0.5, 1, 1)) == pytest.approx((2, 268.8), rel=REL)
