"""SCA-1, SCA-2 and BAT-1, against hour-by-hour loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.autoscale import (
    autoscaled_replica_hours,
    autoscaled_replicas,
    batch_fill,
    scale_ups,
    scheduled_hours,
)
from planner.capacity.fleet import fleet_replicas
from planner.units import CALENDARS, FloatArray, ceil_tol

loads = st.lists(st.floats(0, 60).map(lambda x: round(x, 3)), min_size=2, max_size=48).map(np.array)
etas = st.floats(0.1, 1)


@given(
    load=loads,
    eta=etas,
    least=st.integers(0, 8),
    most=st.integers(8, 80),
    step=st.integers(1, 8),
    lead=st.integers(0, 60),
)
def test_sca_1_as_written(load: FloatArray, eta: float, least: int, most: int, step: int, lead: int) -> None:
    fleet = autoscaled_replicas(
        load, allowed_utilisation=eta, min_replicas=least, max_replicas=most, step=step, lead_hours=lead
    )
    for h in range(load.size):
        ahead = max(load[(h + k) % load.size] for k in range(lead + 1))
        rented_least = step * -(-least // step)  # whole nodes
        assert fleet[h] == min(max(step * ceil_tol(ahead / (eta * step)), rented_least), most)


@given(load=st.floats(0, 100), eta=etas, least=st.integers(0, 5), spare=st.integers(0, 3), step=st.integers(1, 8))
def test_a_flat_load_gets_the_standing_fleet(load: float, eta: float, least: int, spare: int, step: int) -> None:
    following = autoscaled_replicas(
        np.full(24, load), allowed_utilisation=eta, min_replicas=least, step=step, spare=spare, lead_hours=2
    )
    standing = fleet_replicas(load / eta, min_replicas=least, spare_replicas=spare, replica_step=step)
    assert (following == standing).all()
    assert scale_ups(following) == 0


def test_autoscaling_worked() -> None:
    load = np.array([0.0, 1.2, 3.5, 0.4])
    assert autoscaled_replicas(load, allowed_utilisation=0.5, min_replicas=0).tolist() == [0, 3, 7, 1]
    assert autoscaled_replicas(load, allowed_utilisation=0.5, min_replicas=0, spare=1).tolist() == [0, 4, 8, 2]
    assert autoscaled_replicas(load, allowed_utilisation=0.5, min_replicas=2, max_replicas=5).tolist() == [2, 3, 5, 2]
    assert autoscaled_replicas(load, allowed_utilisation=0.5, min_replicas=0, step=4).tolist() == [0, 4, 8, 4]
    # started an hour ahead; the last hour is followed by the first
    assert autoscaled_replicas(load, allowed_utilisation=0.5, min_replicas=0, lead_hours=1).tolist() == [3, 7, 7, 1]


def test_draws_lead_and_hours_trail() -> None:
    load, eta = np.outer([1.0, 2.0, 5.0], [1.0, 0.2, 0.6, 0.0]), np.array([[0.5], [0.7], [1.0]])
    together = autoscaled_replicas(load, allowed_utilisation=eta, min_replicas=1, lead_hours=1)
    alone = [
        autoscaled_replicas(row, allowed_utilisation=float(u), min_replicas=1, lead_hours=1).tolist()
        for row, u in zip(load, eta.ravel(), strict=True)
    ]
    assert together.tolist() == alone
    assert scale_ups(together).shape == (3,)


@given(load=loads, least=st.integers(0, 5))
def test_its_sum_is_the_replica_hours(load: FloatArray, least: int) -> None:
    fleet = autoscaled_replicas(load, allowed_utilisation=0.7, min_replicas=least)
    hours = autoscaled_replica_hours(load, np.ones(load.size), allowed_utilisation=0.7, min_replicas=least)
    assert float(fleet.sum()) == hours


def test_scale_ups_worked() -> None:
    assert scale_ups(np.array([1, 3, 2, 5, 0])) == 2 + 3 + 1  # and from the last hour to the first
    assert scale_ups(np.array([[4, 4], [0, 7]])).tolist() == [0, 7]


@given(replicas=st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_what_starts_also_stops(replicas: list[int]) -> None:
    fleet = np.array(replicas)
    assert scale_ups(fleet) == scale_ups(fleet[::-1])
    assert scale_ups(fleet) >= fleet.max() - fleet.min()


def test_office_hours() -> None:
    hours = scheduled_hours(5, 12, CALENDARS["avg"].hours_per_month)
    assert hours == pytest.approx(260)  # 5 x 12 x 52 / 12
    assert 1 - hours / 730 == pytest.approx(0.644, abs=5e-4)
    assert scheduled_hours(5, 12, CALENDARS["30d"].hours_per_month) == pytest.approx(260 * 720 / 730)


def test_batch_fill_worked() -> None:
    # 4 replicas at 0.5 may do 2: idle 1.5 + 0 + 2 = 3.5 replica-hours, 10 of which 3.5 fit
    load, fleet = np.array([0.5, 3.0, 0.0]), np.array([4, 4, 4])
    one = batch_fill(load, fleet, 10, allowed_utilisation=0.5)
    assert (float(one.in_house), float(one.rest)) == (3.5, 6.5)
    both = batch_fill(np.stack([load, load]), fleet, np.array([10.0, 1.0]), allowed_utilisation=0.5)
    assert [part.tolist() for part in both] == [[3.5, 1], [6.5, 0]]


@given(load=loads, n=st.integers(0, 40), work=st.floats(0, 1e4), eta=etas)
def test_batch_work_is_all_done_and_no_replica_is_overfilled(load: FloatArray, n: int, work: float, eta: float) -> None:
    fill = batch_fill(load, np.full(load.size, n), work, allowed_utilisation=eta)
    assert float(fill.in_house + fill.rest) == pytest.approx(work)
    assert min(fill.in_house, fill.rest) >= 0
    assert fill.in_house <= sum(max(0.0, n * eta - a) for a in load) * (1 + 1e-12)
