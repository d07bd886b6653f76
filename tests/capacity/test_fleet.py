"""CAP-0, 1, 2, 3 and 5 worked by hand, and the laws of whole replicas."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.autoscale import autoscaled_replica_hours, cold_start_replica_hours
from planner.capacity.fleet import (
    ReplicaRate,
    fleet_replicas,
    mean_load,
    offered_load,
    replica_need,
    replica_seconds,
    residence_s,
)
from planner.units import ceil_tol
from planner.workload.demand import class_arrays
from tests.builders import requests, workload


def rate(**more: float) -> ReplicaRate:
    """2,500 prompt and 700 output tokens/s, TTFT 0.8 s, TPOT 40 ms, 28,144 tokens of KV cache, 75 % allowed."""
    fields = {
        "s_per_input": 1 / 2500,
        "s_per_output": 1 / 700,
        "ttft_s": 0.8,
        "tpot_s": 0.04,
        "kv_cache_tokens": 28_144,
        "allowed_utilisation": 0.75,
    }
    return ReplicaRate(**{**fields, **more})  # type: ignore[arg-type]  # kv_cache_tokens is whole


def test_ceil_forgives_float_noise() -> None:
    assert math.ceil(2.1 / 0.3) == 8  # 7.000000000000001
    assert int(ceil_tol(2.1 / 0.3)) == 7
    assert int(ceil_tol(1.1 / 0.1)) == 11
    assert int(ceil_tol(11.001)) == 12


def test_ceil_is_right_for_every_ratio_of_tenths() -> None:
    ratios = [(a, b) for a in range(1, 125) for b in range(1, 125)]
    wrong = [(a, b) for a, b in ratios if int(ceil_tol((a / 10) / (b / 10))) != -(-a // b)]
    assert wrong == []


@given(value=st.floats(0, 1e9))
def test_ceil_is_never_more_than_noise_below(value: float) -> None:
    up = float(ceil_tol(value))
    assert up == int(up)
    assert value - 1e-9 * max(1, value) <= up < value + 1


def test_work_of_a_request() -> None:
    # 1,500 / 2,500 + 300 / 700 = 0.6 + 0.428571 = 1.028571 replica-seconds; 5 a second keep 5.142857 replicas busy
    seconds = replica_seconds(1500, 300, 1 / 2500, 1 / 700)
    assert float(seconds) == pytest.approx(1500 / 2500 + 300 / 700)
    assert float(offered_load(5, seconds)) == pytest.approx(36 / 7)


def test_residence_leaves_the_first_token_to_ttft() -> None:
    assert float(residence_s(0.8, 0.04, 300)) == pytest.approx(0.8 + 299 * 0.04)
    assert float(residence_s(0.8, 0.04, 1)) == 0.8
    assert float(residence_s(0.8, 0.04, 0)) == 0.8


def test_need_worked() -> None:
    # work: 5/s x 1.028571 / 0.75 = 6.857143; memory: 5/s x 12.76 s = 63.8 in flight / 15 that fit = 4.253333
    work = workload(requests(5 * 86_400, 1500, 300))
    need = replica_need(class_arrays(work), 1.0, rate(), peak_to_mean=work.peak_ratio)
    assert need.work == pytest.approx(36 / 7 / 0.75)
    assert need.memory == pytest.approx(63.8 / 15)
    assert need.larger == need.work


def test_need_at_the_peak() -> None:
    # 5/s at the peak is 1/s in the mean at a peak factor of 5: the same need, a fifth of the mean load
    work = workload(requests(86_400, 1500, 300), peak_to_mean=5)
    need = replica_need(class_arrays(work), 1.0, rate(), peak_to_mean=work.peak_ratio)
    assert need.work == pytest.approx(36 / 7 / 0.75)
    assert mean_load(class_arrays(work), 1.0, rate()) == pytest.approx(36 / 7 / 5)


def test_memory_can_bind() -> None:
    work = workload(requests(5 * 86_400, 1500, 300))
    need = replica_need(class_arrays(work), 1.0, rate(kv_cache_tokens=3_700), peak_to_mean=work.peak_ratio)
    assert need.memory == pytest.approx(63.8 / 2)  # floor(3,700 / 1,800) = 2
    assert need.larger == need.memory


def test_prefix_cache_hits_save_work_but_no_memory() -> None:
    # 1,000 of 1,500 prompt tokens are cached, half of them hit here: 1,000 to compute, 1,800 in memory all the same
    work = workload(requests(5 * 86_400, 500, 300, cached_input_tokens=1000))
    need = replica_need(class_arrays(work), 0.5, rate(), peak_to_mean=work.peak_ratio)
    assert need.work == pytest.approx(5 * (1000 / 2500 + 300 / 700) / 0.75)
    assert need.memory == pytest.approx(63.8 / 15)


def test_classes_add_up() -> None:
    both = workload(requests(86_400, 1500, 300), requests(2 * 86_400, 100, 50, class_id="short"))
    one, two = workload(both.classes[0]), workload(both.classes[1])
    needs = [replica_need(class_arrays(w), 1.0, rate(), peak_to_mean=w.peak_ratio) for w in (both, one, two)]
    assert needs[0].work == pytest.approx(needs[1].work + needs[2].work)
    assert needs[0].memory == pytest.approx(needs[1].memory + needs[2].memory)


@pytest.mark.parametrize(
    ("need", "least", "spare", "step", "replicas"),
    [
        (6.857, 1, 1, 1, 8),  # ceil 7, one spare
        (6.857, 1, 1, 4, 8),  # already two nodes of four
        (6.857, 1, 2, 4, 12),  # 9 replicas take three nodes
        (2.1 / 0.3, 1, 0, 1, 7),  # float noise buys no GPU
        (0.2, 1, 0, 1, 1),
        (0.2, 3, 0, 1, 3),
        (0.0, 1, 1, 1, 2),  # a standing fleet stands, spare included
        (0.0, 0, 1, 1, 0),  # scale to zero needs no spare
        (1e-6, 0, 1, 1, 2),
    ],
)
def test_fleet_worked(need: float, least: int, spare: int, step: int, replicas: int) -> None:
    fleet = fleet_replicas(need, min_replicas=least, spare_replicas=spare, replica_step=step)
    assert int(fleet) == replicas


@given(
    need=st.floats(0, 1e6),
    more=st.floats(0, 1e6),
    least=st.integers(0, 50),
    spare=st.integers(0, 10),
    step=st.integers(1, 16),
)
def test_replicas_never_fall_when_the_need_rises(need: float, more: float, least: int, spare: int, step: int) -> None:
    fleet = fleet_replicas(np.array([need, need + more]), min_replicas=least, spare_replicas=spare, replica_step=step)
    assert fleet[0] <= fleet[1]
    assert (fleet % step == 0).all()
    assert fleet[0] >= need * (1 - 1e-9) - 1e-9


def test_a_fleet_of_many_volumes_is_the_fleet_of_each() -> None:
    needs = np.linspace(0, 40, 401)
    together = fleet_replicas(needs, min_replicas=2, spare_replicas=1, replica_step=4)
    alone = [int(fleet_replicas(n, min_replicas=2, spare_replicas=1, replica_step=4)) for n in needs]
    assert together.tolist() == alone


def test_autoscaling_worked() -> None:
    # 23 h at 0.61 replicas and one at 10: 23 x 1 + 1 x 10; at 50 % allowed, 23 x 2 + 1 x 20
    load, hours = np.array([14 / 23, 10.0]), np.array([23.0, 1.0])
    assert autoscaled_replica_hours(load, hours) == 33
    assert autoscaled_replica_hours(load, hours, allowed_utilisation=0.5) == 23 * 2 + 20
    assert autoscaled_replica_hours(load, hours, min_replicas=3) == 23 * 3 + 10
    assert cold_start_replica_hours(9, 10) == 9 * 10 / 60


@given(load=st.lists(st.floats(0, 100), min_size=24, max_size=24), least=st.integers(0, 5))
def test_following_the_load_never_takes_more_than_standing_at_the_peak(load: list[float], least: int) -> None:
    hours = np.ones(24)
    following = autoscaled_replica_hours(np.array(load), hours, min_replicas=least)
    standing = 24 * float(fleet_replicas(max(load), min_replicas=least))
    assert sum(load) * (1 - 1e-9) - 1e-6 <= following <= standing
