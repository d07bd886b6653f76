"""BE-3: put the required figure back, and both sides cost the same."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.decision.requirements import (
    affordable_replicas,
    bisect_all,
    required_api_usd_per_mtok,
    required_gpu_usd_per_hour,
    required_mtok_per_replica,
    required_replica_usd,
    required_staff_usd,
    required_utilisation,
)

saved = st.floats(0.01, 100)
volumes = st.floats(0.1, 1e5)
fixed = st.floats(0, 1e5)
prices = st.floats(0.1, 1e4)
counts = st.integers(1, 200)


def same(a: float, b: float) -> bool:
    return a == pytest.approx(b, rel=1e-9, abs=1e-6)


@given(m=saved, volume=volumes, f=fixed, n=counts)
def test_at_the_required_replica_price_nothing_is_saved(m: float, volume: float, f: float, n: int) -> None:
    price = required_replica_usd(m, volume, f, n)
    if price is None:
        assert m * volume < f  # not even free replicas
    else:
        assert price >= 0
        assert same(m * volume, f + price * n)


@given(m=saved, volume=volumes, f=fixed, n=counts, gpus=st.integers(1, 8))
def test_a_gpu_costs_its_share_of_the_replica(m: float, volume: float, f: float, n: int, gpus: int) -> None:
    replica, gpu = required_replica_usd(m, volume, f, n), required_gpu_usd_per_hour(m, volume, f, n, gpus, 730)
    assert (replica is None) == (gpu is None)
    if gpu is not None and replica is not None:
        assert same(gpu * gpus * 730, replica)


@given(volume=volumes, f=fixed, price=prices, n=counts, own=st.floats(0, 5))
def test_at_the_required_api_price_both_cost_the_same(
    volume: float, f: float, price: float, n: int, own: float
) -> None:
    api = required_api_usd_per_mtok(volume, f, price, n, own)
    assert api is not None
    assert same(api * volume, f + price * n + own * volume)


@given(m=saved, kappa=volumes, f=fixed, price=prices, n=counts)
def test_at_the_required_utilisation_nothing_is_saved(m: float, kappa: float, f: float, price: float, n: int) -> None:
    share = required_utilisation(m, kappa, f, price, n)
    if share is None:
        assert m * kappa * n < f + price * n  # even full replicas lose
    else:
        assert 0 <= share <= 1
        assert same(m * kappa * n * share, f + price * n)


@given(m=saved, volume=volumes, f=fixed, price=prices, step=st.sampled_from([1, 2, 8]))
def test_one_step_more_than_affordable_is_too_dear(m: float, volume: float, f: float, price: float, step: int) -> None:
    n = affordable_replicas(m, volume, f, price, step)
    assert n % step == 0
    assert m * volume < f + price * (n + step) * (1 + 1e-8)
    assert n == 0 or m * volume >= (f + price * n) * (1 - 1e-8)


@given(
    m=saved,
    volume=volumes,
    f=fixed,
    price=prices,
    least=st.integers(0, 4),
    spare=st.integers(0, 3),
    step=st.sampled_from([1, 2, 8]),
)
def test_the_required_throughput_is_the_smallest_that_reaches_it(
    m: float, volume: float, f: float, price: float, least: int, spare: int, step: int
) -> None:
    def loses(kappa: float) -> bool:
        serving = max(math.ceil(volume / kappa - 1e-9 * volume / kappa), least, 1)
        return f + price * math.ceil((serving + spare) / step) * step > m * volume * (1 + 1e-8)

    kappa = required_mtok_per_replica(m, volume, f, price, min_replicas=least, spare_replicas=spare, replica_step=step)
    if kappa is None:
        assert f + price * math.ceil((max(least, 1) + spare) / step) * step > m * volume * (1 - 1e-8)
    else:
        assert not loses(kappa)
        assume(abs(m * volume - f - price * step * round((m * volume - f) / price / step)) > 1e-6 * m * volume)
        assert loses(kappa * (1 - 1e-6))


@given(m=saved, volume=volumes, rest=fixed, price=prices, n=counts)
def test_at_the_required_staff_cost_nothing_is_saved(
    m: float, volume: float, rest: float, price: float, n: int
) -> None:
    staff = required_staff_usd(m, volume, rest, price, n)
    if staff is None:
        assert m * volume < price * n + rest
    else:
        assert same(m * volume, price * n + rest + staff)


def test_worked() -> None:
    # 100M tokens at $6, 4 replicas at $72 and $100 of people: 600 against 388
    assert required_replica_usd(6, 100, 100, 4) == 125  # (600 - 100) / 4
    assert required_gpu_usd_per_hour(6, 100, 100, 4, 2, 25) == 2.5  # 125 / (2 x 25)
    assert required_api_usd_per_mtok(100, 100, 72, 4, 0.5) == pytest.approx(4.38)  # 388 / 100 + 0.50
    assert required_utilisation(6, 30, 100, 72, 4) == pytest.approx(388 / 720)
    assert affordable_replicas(6, 100, 100, 72) == 6  # 500 / 72 = 6.9
    assert affordable_replicas(6, 100, 100, 72, 4) == 4
    assert required_mtok_per_replica(6, 100, 100, 72) == pytest.approx(100 / 6)
    assert required_mtok_per_replica(6, 100, 100, 72, spare_replicas=1) == 20  # one of the six stands by
    assert required_staff_usd(6, 100, 0, 72, 4) == 312  # 600 - 288


def test_impossible_is_none() -> None:
    assert required_replica_usd(6, 100, 700, 4) is None
    assert required_replica_usd(6, 100, 0, 0) is None
    assert required_gpu_usd_per_hour(6, 100, 700, 4, 1, 730) is None
    assert required_api_usd_per_mtok(0, 100, 72, 4) is None
    assert required_api_usd_per_mtok(10, -500, 72, 1) is None
    assert required_utilisation(6, 10, 100, 72, 4) is None  # 388 / 240
    assert required_utilisation(-1, 10, 100, 72, 4) is None
    assert affordable_replicas(1, 100, 200, 72) == 0
    assert required_mtok_per_replica(6, 100, 550, 72) is None
    assert required_mtok_per_replica(6, 100, 100, 72, min_replicas=7) is None
    assert required_staff_usd(6, 10, 0, 72, 4) is None


def test_float_noise_loses_no_replica() -> None:
    assert affordable_replicas(0.7, 1, 0, 0.1) == 7  # 0.7 / 0.1 is 6.999...


@given(roots=st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True))
def test_every_root_is_found(roots: list[int]) -> None:
    at = sorted(r / 10 + 0.0123 for r in roots)
    found = bisect_all(lambda x: math.prod(x - r for r in at), 0, 10)
    np.testing.assert_allclose(found, at, atol=1e-10)


def test_scan_worked() -> None:
    assert bisect_all(lambda x: x * x + 1, -5, 5) == ()
    assert bisect_all(lambda x: x, 0, 1) == (0.0,)  # on the first point
    assert bisect_all(lambda x: x - 1, 0, 1) == (1.0,)
    assert bisect_all(lambda x: x - 0.5, 0, 1, points=3) == (0.5,)  # on a point: once
    np.testing.assert_allclose(bisect_all(lambda x: 1.0 if x > 0.3 else -1.0, 0, 1), [0.3], atol=1e-10)  # across a jump
    np.testing.assert_allclose(bisect_all(lambda x: 1e-200 * (x - 0.3), 0, 1), [0.3], atol=1e-10)
