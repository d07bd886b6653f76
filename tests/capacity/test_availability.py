"""CAP-5 (regions), CAP-6 and CAP-8."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.availability import (
    MAX_SPARES,
    availability_of,
    region_replicas,
    spares_for,
    tensor_parallel_tokens_per_s,
)
from planner.units import ceil_tol


def binomial_tail(k: int, n: int, up: Fraction) -> Fraction:
    """CAP-6 as written, exactly."""
    return sum((math.comb(n, j) * up**j * (1 - up) ** (n - j) for j in range(k, n + 1)), start=Fraction(0))


@given(k=st.integers(0, 30), more=st.integers(0, 15), percent=st.integers(0, 1000))
def test_availability_against_exact_fractions(k: int, more: int, percent: int) -> None:
    up = Fraction(percent, 1000)
    exact = float(binomial_tail(k, k + more, up))
    assert availability_of(k, k + more, float(up)) == pytest.approx(exact, rel=1e-11, abs=1e-300)


def test_availability_worked() -> None:
    # 2 of 3, each up 90 %: 3 x 0.9^2 x 0.1 + 0.9^3 = 0.972
    assert availability_of(2, 3, 0.9) == pytest.approx(0.972)
    assert availability_of(3, 2, 0.9) == 0
    assert availability_of(0, 0, 0.9) == 1


def test_thousands_of_replicas_do_not_underflow() -> None:
    assert availability_of(10_000, 10_000, 0.9) == pytest.approx(math.exp(10_000 * math.log(0.9)), abs=1e-300)
    assert availability_of(5000, 6000, 0.9) == pytest.approx(1)  # mean 5,400, deviation 23
    assert availability_of(5400, 6000, 0.9) == pytest.approx(0.5, abs=0.02)
    assert availability_of(500, 555, 0.9) == pytest.approx(float(binomial_tail(500, 555, Fraction(9, 10))), rel=1e-11)


@given(k=st.integers(0, 60), up=st.floats(0.5, 1), target=st.floats(0.5, 0.99999))
def test_spares_are_the_fewest_that_reach_the_target(k: int, up: float, target: float) -> None:
    spares = int(spares_for(k, up, target))
    assert availability_of(k, k + spares, up) >= target - 1e-11
    assert spares == 0 or availability_of(k, k + spares - 1, up) < target


def test_spares_of_many_fleets_are_the_spares_of_each() -> None:
    needed = np.array([[1, 2, 8], [8, 40, 0]])
    together = spares_for(needed, 0.95, 0.999)
    assert together.tolist() == [[float(spares_for(int(k), 0.95, 0.999)) for k in row] for row in needed]
    assert together[1, 2] == 0


def test_spares_worked() -> None:
    assert spares_for(1, 0.99, 0.9999) == 1  # 1 - 0.01^2, reached exactly
    assert spares_for(1, 0.99, 0.99991) == 2
    assert availability_of(1, 5, 0.8) < 0.99968  # by float noise only: 1 - 0.2^5
    assert spares_for(1, 0.8, 0.99968) == 4
    assert spares_for(4, 1.0, 1.0) == 0


@pytest.mark.parametrize(("up", "target"), [(0.99, 1.1), (0.0, 0.5), (0.001, 0.9)])
def test_a_target_out_of_reach_is_said(up: float, target: float) -> None:
    with pytest.raises(ValueError, match=f"{MAX_SPARES} spares do not bring 3 replicas"):
        spares_for(3, up, target)


def test_regions_worked() -> None:
    # 10 replicas of work at 0.8: 12.5 in all; three regions hold ceil(4.17) = 5 each, two of three ceil(6.25) = 7
    assert region_replicas(10, 0.8, 3, survive_loss=False) == 15
    assert region_replicas(10, 0.8, 3, survive_loss=True) == 21
    assert region_replicas(10, 0.8, 1, survive_loss=False) == 13
    assert region_replicas(np.array([0, 10]), 0.8, 2, survive_loss=True).tolist() == [0, 26]
    with pytest.raises(ValueError, match="add a region"):
        region_replicas(10, 0.8, 1, survive_loss=True)


@given(load=st.floats(0, 1e4).map(lambda x: round(x, 3)), eta=st.floats(0.1, 1), regions=st.integers(2, 12))
def test_the_regions_left_carry_the_load(load: float, eta: float, regions: int) -> None:
    fleet = float(region_replicas(load, eta, regions, survive_loss=True))
    each = fleet / regions
    assert each == int(each)
    assert each * (regions - 1) * eta >= load * (1 - 1e-8) - 1e-8
    assert each == 0 or (each - 1) * (regions - 1) * eta < load
    assert float(ceil_tol(load / eta)) <= float(region_replicas(load, eta, regions, survive_loss=False)) <= fleet


def test_tensor_parallel_rate() -> None:
    rates = tensor_parallel_tokens_per_s(1000, np.array([1, 2, 4]), np.array([1, 0.9, 0.8]))
    assert rates.tolist() == pytest.approx([1000, 1800, 3200])
