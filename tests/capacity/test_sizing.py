"""Rate at the latency target, and replicas: monotone laws, closed form against chain, impossible targets."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.special import betaincinv, gammaincinv

from planner.capacity.negative_binomial import in_service_caps
from planner.capacity.queue import Target, at_rate, service_table, table_of
from planner.capacity.service_curve import ServiceCurve, capacity_per_s, tpot_s
from planner.capacity.sizing import exact_rate, max_rate, replicas_for
from tests.capacity.test_queue import CURVES

TARGETS = st.builds(Target, st.floats(0.05, 30), st.floats(0.005, 1), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
EXAMPLE = ServiceCurve(0.473, 0.00488, 128, 0.03, 62)


@given(CURVES, TARGETS)
def test_the_closed_form_is_the_chain(curve: ServiceCurve, target: Target) -> None:
    exact = exact_rate(curve, target)
    assert float(max_rate(curve, target)) == pytest.approx(exact.rate_per_s, rel=1e-4)


@given(CURVES, TARGETS)
def test_at_the_largest_rate_both_percentiles_hold_and_above_it_one_does_not(
    curve: ServiceCurve, target: Target
) -> None:
    rate = float(max_rate(curve, target))
    assume(rate > 0)
    q, capacity = float(target.quantile), float(capacity_per_s(curve))
    kept = at_rate(curve, rate * (1 - 1e-4), target)
    assert kept.tpot_s <= target.tpot_s * (1 + 1e-6)
    assert kept.ttft_s <= target.ttft_s * (1 + 1e-6)
    assert kept.share_in_target >= q - 1e-6
    missed = at_rate(curve, min(rate * (1 + 1e-4), capacity * (1 - 1e-12)), target)
    assert missed.tpot_s > target.tpot_s * (1 - 1e-6) or missed.ttft_s > target.ttft_s * (1 - 1e-3)


@given(CURVES, TARGETS, st.floats(1, 3), st.floats(1, 3))
def test_a_tighter_target_never_allows_more(curve: ServiceCurve, target: Target, ttft: float, tpot: float) -> None:
    looser = Target(target.ttft_s * ttft, target.tpot_s * tpot, target.quantile)
    assert max_rate(curve, target) <= max_rate(curve, looser) * (1 + 1e-4)


@given(CURVES, TARGETS)
def test_a_higher_percentile_never_allows_more(curve: ServiceCurve, target: Target) -> None:
    rates = max_rate(curve, Target(target.ttft_s, target.tpot_s, np.array([0.5, 0.9, 0.95, 0.99, 0.999])))
    assert np.all(np.diff(rates) <= 1e-4 * rates[:-1])


@given(CURVES, TARGETS, st.floats(1, 2))
def test_a_slower_replica_never_allows_more(curve: ServiceCurve, target: Target, slower: float) -> None:
    slow = curve._replace(a_s=curve.a_s * slower, b_s=curve.b_s * slower, ttft_s=curve.ttft_s * slower)
    slow = slow._replace(ttft_slope_s=curve.ttft_slope_s * slower)
    assert max_rate(slow, target) <= max_rate(curve, target) * (1 + 1e-4)


@given(CURVES, TARGETS)
def test_no_rate_reaches_the_capacity(curve: ServiceCurve, target: Target) -> None:
    assert max_rate(curve, target) < capacity_per_s(curve)


@given(st.floats(0.5, 50), st.floats(1e-3, 0.2), st.integers(1, 60), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_far_from_the_queue_the_rate_is_the_inverse_of_the_negative_binomial_law(
    a: float, b: float, cap: int, q: float
) -> None:
    """P95 TPOT at n_cap in service: lambda = betaincinv(n_cap, a / b + 2, 1 - q) / b."""
    curve = ServiceCurve(a, b, 5000, 0.0, 101)
    target = Target(100.0, float(tpot_s(curve, cap)) * (1 + 1e-6), q)
    assert in_service_caps(curve, target)[0] == cap
    expected = betaincinv(cap, a / b + 2, 1 - q) / b
    assume(expected < 0.9 * float(capacity_per_s(curve)))
    assert float(max_rate(curve, target)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("b", [0.0, 1e-12, 1e-7])
def test_without_a_slope_the_law_is_poissons(b: float) -> None:
    """TTFT 1 + 0.1 N of 2 s: 10 in service, an arrival finds 9 or fewer, lambda a = gammaincinv(10, 0.05) = 5.43."""
    curve = ServiceCurve(4.0, b, 500, 1.0, 1, 0.1)
    expected = float(gammaincinv(10, 0.05)) / 4.0
    assert float(max_rate(curve, Target(2.0, 1.0))) == pytest.approx(expected, rel=1e-4)
    assert expected * 4 == pytest.approx(5.43, abs=0.01)


def test_a_worked_example_of_one_replica() -> None:
    """T = 0.473 + 0.00488 N, 62 tokens, P95 TPOT 15 ms: 61 x 0.015 = 0.915 >= 0.473 - 0.03 + 0.00488 n, n_cap = 96.

    About 77 in flight on average leave room for 96: 88 requests/s, three quarters of the capacity of 116.6.
    """
    found = exact_rate(EXAMPLE, Target(0.5, 0.015))
    assert in_service_caps(EXAMPLE, Target(0.5, 0.015))[0] == 96
    assert found.limit == "tpot"
    assert found.rate_per_s == pytest.approx(88.7, abs=0.5)
    assert float(found.operating.tpot_s) <= 0.015
    assert float(capacity_per_s(EXAMPLE)) == pytest.approx(116.6, abs=0.1)


def test_when_all_slots_hold_the_token_target_the_queue_is_the_limit() -> None:
    found = exact_rate(EXAMPLE, Target(0.5, 0.1))
    assert found.limit == "ttft"
    assert found.rate_per_s / float(capacity_per_s(EXAMPLE)) == pytest.approx(0.96, abs=0.02)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(2.0, 0.005), r"TPOT of 5 ms: the best reachable is 7\.34 ms"),
        (Target(0.02, 0.05), r"TTFT of 20 ms: the best reachable is 30 ms"),
        (Target(0.02, 0.005), r"TTFT of 20 ms: .*; TPOT of 5 ms"),
    ],
)
def test_an_impossible_target_says_what_can_be_reached(target: Target, words: str) -> None:
    """One request alone: TTFT 30 ms, TPOT (0.473 + 0.00488 - 0.03) / 61 = 7.34 ms."""
    found = exact_rate(EXAMPLE, target)
    assert (found.rate_per_s, found.limit) == (0.0, "impossible")
    assert float(max_rate(EXAMPLE, target)) == 0
    assert re.search(words, found.best)


def test_a_replica_that_cannot_hold_one_request_has_no_rate() -> None:
    assert max_rate(EXAMPLE._replace(max_in_service=0.0), Target(2.0, 0.1)) == 0


def test_a_token_target_that_all_slots_hold_does_not_bind() -> None:
    """n_cap far above the slots: 20 ms and 200 ms per token give the same rate."""
    rates = [float(max_rate(EXAMPLE, Target(1.0, tpot))) for tpot in (0.02, 0.2)]
    assert rates[0] == pytest.approx(rates[1])


def test_a_table_with_a_knee_is_sized_as_it_is() -> None:
    """Beyond 32 in service every request takes 20 s: the target of 50 ms over 99 tokens holds up to 32 only."""
    n = np.arange(1, 129)
    bent = service_table(np.where(n <= 32, 2.0, 20.0), 0.1, 100)
    flat = service_table(np.full(32, 2.0), 0.1, 100)
    found, free = exact_rate(bent, Target(5.0, 0.05)), exact_rate(flat, Target(5.0, 0.05))
    assert found.limit == "tpot"
    assert 0 < found.rate_per_s < free.rate_per_s


@given(CURVES, TARGETS, st.floats(0, 1e4), st.floats(1, 3), st.floats(1, 2))
def test_replicas_never_fall_when_load_rises_or_the_target_tightens(
    curve: ServiceCurve, target: Target, peak: float, more: float, tighter: float
) -> None:
    tight = Target(target.ttft_s / tighter, target.tpot_s / tighter, target.quantile)
    rates = [float(max_rate(curve, t)) for t in (target, tight)]
    assume(abs(rates[1] / rates[0] - 1) > 1e-4 if rates[0] else True)
    needed = replicas_for(
        np.array([peak, peak * more, peak]), np.array([rates[0], rates[0], rates[1]]), spare_replicas=1
    )
    assert needed[1] >= needed[0]
    assert needed[2] >= needed[0]


def test_replicas_of_a_peak_with_spares_nodes_and_regions() -> None:
    """500/s at 88.7/s each: 5.64, so 6. One spare: 7. In nodes of 4: 8. Two regions: 2 x ceil(2.82) = 6. Each region
    alone must carry it when the other is lost: 2 x 6 = 12, and no spare is added."""
    assert replicas_for(500, 88.7) == 6
    assert replicas_for(500, 88.7, spare_replicas=1) == 7
    assert replicas_for(500, 88.7, spare_replicas=1, replica_step=4) == 8
    assert replicas_for(500, 88.7, regions=2) == 6
    assert replicas_for(500, 88.7, regions=2, survive_region_loss=True, spare_replicas=1) == 12


def test_no_number_of_replicas_holds_an_impossible_target() -> None:
    assert np.isinf(replicas_for(5, 0.0))


def test_five_thousand_deployments_are_sized_at_once() -> None:
    """Every one as the chain says, and hundreds of times faster than one by one."""
    rng = np.random.default_rng(0)
    a = 10 ** rng.uniform(-1, 2, 5000)
    curve = ServiceCurve(
        a,
        a * 10 ** rng.uniform(-4, 0, 5000),
        rng.integers(1, 1024, 5000).astype(float),
        a * rng.uniform(0.01, 0.3, 5000),
        rng.integers(50, 1000, 5000).astype(float),
    )
    target = Target(2.0, 0.04)
    began = time.process_time()
    rates = max_rate(curve, target)
    together = time.process_time() - began
    picked = [int(i) for i in range(0, 5000, 250)]
    began = time.process_time()
    each = [
        exact_rate(table_of(ServiceCurve(*(float(np.broadcast_to(f, 5000)[i]) for f in curve))), target) for i in picked
    ]
    alone = time.process_time() - began
    assert rates[picked] == pytest.approx([sized.rate_per_s for sized in each], rel=1e-4)
    assert together / 5000 < alone / len(picked) / 20
