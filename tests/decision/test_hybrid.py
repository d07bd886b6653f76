"""HYB-1 to HYB-5, against brute force on random loads and prices."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from planner.decision.hybrid import (
    MeritCosts,
    best_fleet,
    best_merit_fleet,
    cascade_break_even,
    cascade_usd,
    hybrid_usd,
    merit_order,
    merit_order_usd,
    optimal_slices,
    private_minimum,
    screening,
    slice_hours,
    threshold_hours,
    usd_per_success,
)
from planner.units import FloatArray

CASES = 2000


def random_load(rng: np.random.Generator) -> tuple[FloatArray, FloatArray, int]:
    """Loads, hours, and slices enough for the peak."""
    periods = int(rng.integers(1, 30))
    load, hours = rng.uniform(0, rng.uniform(0.1, 15), periods), rng.uniform(0.1, 30, periods)
    return load, hours, int(np.ceil(load.max())) + int(rng.integers(0, 3))


# --- HYB-1


def test_slices_against_the_hour_by_hour_bill() -> None:
    rng, mismatches = np.random.default_rng(1), 0
    for _ in range(CASES):
        load, hours, slices = random_load(rng)
        fixed, own, variable, overflow = rng.uniform(0, [300, 200, 3, 12])
        up = rng.uniform(0.5, 1)
        costs = hybrid_usd(
            slice_hours(load, hours, slices),
            replica_usd=own,
            variable_usd_per_replica_hour=variable,
            overflow_usd_per_replica_hour=overflow,
            fixed_usd=fixed,
            availability=up,
        )
        brute = []
        for n in range(slices + 1):
            served = up * sum(h * min(a, n) for a, h in zip(load, hours, strict=True))
            rest = float(load @ hours) - served
            brute.append(fixed * (n > 0) + own * n + variable * served + overflow * rest)
        assert costs.tolist() == pytest.approx(brute, rel=1e-9)
        mismatches += best_fleet(costs).replicas != int(np.argmin(brute))
    assert mismatches == 0


def test_the_screening_rule_is_the_optimum() -> None:
    rng, mismatches = np.random.default_rng(2), 0
    for _ in range(CASES):
        load, hours, slices = random_load(rng)
        own, variable, overflow = rng.uniform(0, [200, 6, 8])
        used = slice_hours(load, hours, slices)
        prices = dict(variable_usd_per_replica_hour=variable, overflow_usd_per_replica_hour=overflow)
        rule = optimal_slices(used, threshold_hours(own, **prices))
        mismatches += rule != best_fleet(hybrid_usd(used, replica_usd=own, **prices)).replicas
    assert mismatches == 0


@given(load=st.lists(st.floats(0, 12), min_size=1, max_size=30))
def test_slices_hold_the_work_and_never_rise(load: list[float]) -> None:
    used = slice_hours(np.array(load), np.ones(len(load)), 12)
    assert used.sum() == pytest.approx(sum(load))
    assert (np.diff(used) <= 1e-9).all()
    assert used.max() <= len(load)


def test_ties_go_to_the_api() -> None:
    used = np.array([20.0, 9.0, 4.0])
    assert optimal_slices(used, 9) == 1
    prices = dict(variable_usd_per_replica_hour=0, overflow_usd_per_replica_hour=8)
    assert best_fleet(hybrid_usd(used, replica_usd=72, **prices)) == (1, 72 + 13 * 8)
    assert threshold_hours(72, variable_usd_per_replica_hour=8, overflow_usd_per_replica_hour=8) is None
    assert optimal_slices(used, None) == 0


def test_costs_of_draws() -> None:
    used, price = np.array([[10.0, 4.0], [8.0, 0.0]]), np.array([3.0, 5.0])
    together = hybrid_usd(
        used, replica_usd=price, variable_usd_per_replica_hour=1, overflow_usd_per_replica_hour=np.array([2.0, 4.0])
    )
    assert together.tolist() == [[28, 3 + 10 + 8, 6 + 14], [32, 5 + 8, 10 + 8]]
    loads = np.array([[0.5, 2.0], [1.0, 0.0]])
    assert slice_hours(loads, np.array([1, 10]), 2).tolist() == [[10.5, 10], [1, 0]]


def test_a_minimum_fleet_is_kept() -> None:
    assert best_fleet(np.array([1.0, 5.0, 4.0, 6.0]), minimum=1) == (2, 4)
    assert best_fleet(np.array([1.0, 5.0, 4.0, 6.0])) == (0, 1)


# --- HYB-3


@pytest.mark.parametrize(
    ("load", "eta", "spare", "replicas"), [(0.5, 1, 1, 2), (0, 1, 1, 0), (2.1, 0.7, 0, 3), (2.2, 0.7, 2, 6)]
)
def test_private_work_sets_the_minimum(load: float, eta: float, spare: int, replicas: int) -> None:
    assert private_minimum(load, eta, spare) == replicas


# --- HYB-2


def best_of_all_allocations(loads: list[int], values: FloatArray, capacity: int, private: NDArray[np.bool_]) -> float:
    """Largest value of public work served in one hour, private work served in full; every whole allocation tried."""
    best = -np.inf
    for served in itertools.product(*(range(load + 1) for load in loads)):
        if sum(served) <= capacity and all(s == a for s, a, p in zip(served, loads, private, strict=True) if p):
            best = max(best, float(np.array(served) @ np.where(private, 0.0, values)))
    return best


def test_the_merit_order_is_the_best_allocation() -> None:
    rng, mismatches = np.random.default_rng(3), 0
    for _ in range(CASES):
        loads, values = rng.integers(0, 4, 4), np.round(rng.uniform(-2, 8, 4), 1)
        private = rng.random(4) < 0.25
        capacity = int(rng.integers(loads[private].sum(), 12))
        served = merit_order(loads[:, np.newaxis].astype(float), values, capacity, private)[:, 0]
        assert (served >= 0).all()
        assert (served <= loads).all()
        assert served.sum() <= capacity + 1e-12
        assert (served[private] == loads[private]).all()
        found = float(served @ np.where(private, 0.0, values))
        best = best_of_all_allocations(loads.tolist(), values, capacity, private)
        mismatches += found != pytest.approx(best, abs=1e-12)
    assert mismatches == 0


def test_merit_order_worked() -> None:
    # capacity 3: the private 1 first, then the dearest class, then a part of the next
    loads = np.array([[1.5, 0.0], [1.0, 1.0], [1.0, 0.5]])
    served = merit_order(loads, np.array([2.0, 0.0, 5.0]), 3.0, np.array([False, True, False]))
    assert served.tolist() == [[1.0, 0.0], [1.0, 1.0], [1.0, 0.5]]
    by_hour = merit_order(loads, np.array([2.0, 0.0, -1.0]), np.array([2.0, 9.0]), np.array([False, True, False]))
    assert by_hour.tolist() == [[1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]


def test_the_best_merit_fleet_is_the_best_of_all_fleets() -> None:
    rng, mismatches, sizes = np.random.default_rng(4), 0, set()
    for _ in range(CASES // 4):
        classes, periods = int(rng.integers(1, 5)), int(rng.integers(1, 12))
        loads, hours = rng.uniform(0, 4, (classes, periods)), rng.uniform(0.5, 20, periods)
        private = rng.random(classes) < 0.2
        api, variable = np.where(private, 0, rng.uniform(0, 8, classes)), rng.uniform(0, 2, classes)
        costs = MeritCosts(rng.uniform(0, 200), api, variable, private, rng.choice([0, 100]))
        least = private_minimum(float(loads[private].sum(axis=0).max()), 1, 0)
        fleets = range(least, int(np.ceil(loads.sum(axis=0).max())) + 3)
        usd = [merit_order_usd(n, loads, hours, costs) for n in fleets]
        found = best_merit_fleet(loads, hours, costs, least)
        mismatches += found.replicas != least + int(np.argmin(usd)) or found.usd != min(usd)
        assert (np.diff(usd[1:], 2) >= -1e-7).all()  # convex from one replica on
        sizes.add(found.replicas)
    assert mismatches == 0
    assert len(sizes) > 5


def test_one_class_is_hyb_1() -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        load, hours, slices = random_load(rng)
        costs = MeritCosts(50.0, np.array([6.0]), np.array([0.5]), np.array([False]), 80.0)
        by_slices = best_fleet(
            hybrid_usd(
                slice_hours(load, hours, slices),
                replica_usd=50,
                variable_usd_per_replica_hour=0.5,
                overflow_usd_per_replica_hour=6,
                fixed_usd=80,
            )
        )
        by_classes = best_merit_fleet(load[np.newaxis], hours, costs)
        assert by_classes.replicas == by_slices.replicas
        assert by_classes.usd == pytest.approx(by_slices.usd)


# --- HYB-5


@given(own=st.floats(0.01, 10), api=st.floats(0.01, 10), share=st.floats(0, 1))
def test_a_cascade_pays_below_its_break_even_share(own: float, api: float, share: float) -> None:
    limit = cascade_break_even(own, api)
    if limit is None:
        assert cascade_usd(own, api, share) >= api
    else:
        assert cascade_usd(own, api, limit) == pytest.approx(api)
        assert (cascade_usd(own, api, share) < api) == (share < limit) or share == pytest.approx(limit)


def test_cascade_worked() -> None:
    assert cascade_break_even(0.2, 1.0) == pytest.approx(0.8)
    assert cascade_usd(0.2, 1.0, np.array([0.3, 0.9])).tolist() == pytest.approx([0.5, 1.1])
    assert cascade_break_even(1.0, 1.0) is None
    assert cascade_break_even(0.2, 0) is None


def test_failures_are_paid_too() -> None:
    assert usd_per_success(0.6, 0.8) == pytest.approx(0.75)
    assert usd_per_success(0.6, 0) is None


# --- HYB-1, several technologies


def test_screening_curves_are_the_lower_envelope() -> None:
    rng, mismatches = np.random.default_rng(6), 0
    for _ in range(CASES):
        technologies = [(float(f), float(v)) for f, v in rng.uniform(0, [500, 5], (int(rng.integers(1, 7)), 2))]
        envelope = screening(technologies, 730)
        assert (envelope[0].from_hours, envelope[-1].to_hours) == (0, 730)
        assert all(a.to_hours == b.from_hours for a, b in itertools.pairwise(envelope))
        for part in envelope:
            for used in (part.from_hours, (part.from_hours + part.to_hours) / 2, part.to_hours):
                bills = [fixed + variable * used for fixed, variable in technologies]
                mismatches += bills[part.technology] > min(bills) * (1 + 1e-12)
    assert mismatches == 0


def test_screening_worked() -> None:
    # the API $8/h, own $72 and nothing more: 9 h. A dear machine at $100 is never the cheapest
    assert screening([(0, 8), (72, 0), (100, 0)], 24) == [(0, 0, 9), (1, 9, 24)]
    assert screening([(0, 8), (24, 4), (72, 1)], 24) == [(0, 0, 6), (1, 6, 16), (2, 16, 24)]
    assert screening([(0, 8), (720, 0)], 24) == [(0, 0, 24)]
    assert screening([(5, 1), (5, 1)], 24) == [(0, 0, 24)]
