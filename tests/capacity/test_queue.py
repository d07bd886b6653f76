"""One replica under random arrivals: laws of the chain, known special cases, and a simulation token by token."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from planner.capacity.queue import (
    Target,
    at_rate,
    service_table,
    stationary,
    table_of,
    target_of,
)
from planner.capacity.service_curve import ServiceCurve, capacity_per_s
from planner.domain.workload import LatencyTarget
from planner.units import FloatArray

TARGET = Target(2.0, 0.05)
CURVES = st.builds(
    lambda a, b, most, first, slope, tokens: ServiceCurve(a, b, most, a * first, tokens, b * slope),
    st.floats(0.05, 50),
    st.one_of(st.just(0.0), st.floats(1e-4, 0.5)),
    st.integers(1, 200),
    st.floats(0, 0.9),
    st.floats(0, 0.9),
    st.integers(2, 1000),
)


@given(CURVES, st.floats(0.01, 0.97))
def test_chances_add_up_and_little_holds(curve: ServiceCurve, share: float) -> None:
    rate = share * float(capacity_per_s(curve))
    law = stationary(rate, table_of(curve))
    found = at_rate(curve, rate, TARGET)
    assert float(np.sum(law.below) + law.waits) == pytest.approx(1)
    assert found.mean_in_flight == pytest.approx(rate * float(found.e2e_mean_s))
    waiting = float(found.mean_in_flight - found.mean_in_service)
    assert waiting == pytest.approx(rate * float(found.wait_mean_s), abs=1e-9)
    rest = float(found.e2e_mean_s - found.ttft_mean_s)
    assert rest == pytest.approx(float(found.tpot_mean_s) * (float(curve.output_tokens) - 1), abs=1e-9)


@given(CURVES, st.floats(0.01, 0.95), st.floats(1.0, 1.04))
def test_everything_worsens_as_the_rate_rises(curve: ServiceCurve, share: float, more: float) -> None:
    rate = share * float(capacity_per_s(curve))
    found = at_rate(curve, np.array([rate, rate * more]), TARGET)
    for name in ("mean_in_flight", "tpot_mean_s", "tpot_s", "wait_s", "ttft_s", "e2e_s", "wait_probability"):
        first, second = getattr(found, name)
        assert second >= first - 1e-9 * abs(first), name
    assert found.share_in_target[1] <= found.share_in_target[0] + 1e-9


@given(CURVES, st.floats(0.05, 0.95))
def test_below_saturation_the_mean_in_flight_is_the_closed_form(curve: ServiceCurve, share: float) -> None:
    """Without a queue the mean is lambda (a + b) / (1 - lambda b)."""
    rate = share * float(capacity_per_s(curve))
    found = at_rate(curve, rate, TARGET)
    assume(float(found.wait_probability) < 1e-9)
    a, b = float(curve.a_s), float(curve.b_s)
    assert found.mean_in_flight == pytest.approx(rate * (a + b) / (1 - rate * b), rel=1e-5)


def test_one_slot_is_the_classic_single_server_queue() -> None:
    """M/M/1 at rho = 0.5, one second of service: 1 in the system, P(wait) 0.5, mean wait rho / (mu - lambda) = 1 s;
    P95 of the wait is ln(0.5 / 0.05) / (1 - 0.5) = 4.605 s."""
    found = at_rate(ServiceCurve(1.0, 0.0, 1, 0.2, 11), 0.5, TARGET)
    assert found.mean_in_flight == pytest.approx(1.0)
    assert found.wait_probability == pytest.approx(0.5)
    assert found.wait_mean_s == pytest.approx(1.0)
    assert found.wait_s == pytest.approx(math.log(10) / 0.5)
    assert found.ttft_s == pytest.approx(0.2 + math.log(10) / 0.5)


def test_constant_service_beside_many_is_the_erlang_c_formula() -> None:
    """M/M/4 at 3 Erlang: C = (3^4 / 4! x 4 / (4 - 3)) / (1 + 3 + 4.5 + 4.5 + 13.5) = 13.5 / 26.5 = 0.509."""
    found = at_rate(ServiceCurve(1.0, 0.0, 4, 0.0, 11), 3.0, TARGET)
    assert found.wait_probability == pytest.approx(13.5 / 26.5)


def test_an_idle_replica_serves_one_request_alone() -> None:
    found = at_rate(ServiceCurve(2.0, 0.1, 8, 0.5, 101), 0.0, TARGET)
    assert found.tpot_s == pytest.approx((2.0 - 0.5 + 0.1) / 100)
    assert found.ttft_s == pytest.approx(0.5)
    assert found.mean_in_flight == pytest.approx(0.0, abs=1e-9)
    assert found.goodput_per_s == 0


def test_from_the_capacity_on_the_queue_has_no_end() -> None:
    curve = ServiceCurve(1.0, 0.1, 10, 0.2, 11)
    found = at_rate(curve, np.array([1.0, 5.0, 7.0]), TARGET)
    assert np.isinf(found.ttft_s[1:]).all()
    assert found.share_in_target[1:].tolist() == [0.0, 0.0]
    assert found.utilisation.tolist() == pytest.approx([0.2, 1.0, 1.4])
    assert found.output_tokens_per_s.tolist() == pytest.approx([11, 55, 55])


def test_a_table_of_any_shape_is_levelled_so_that_more_load_is_never_faster() -> None:
    table = service_table([1.0, 0.9, 1.5], [0.3, 0.2, 0.4], 11)
    assert table.service_s.tolist() == pytest.approx([1.0, 1.0, 1.5])
    assert table.prefill_s.tolist() == pytest.approx([0.3, 0.3, 0.4])
    assert np.all(np.diff(table.tpot_s) >= 0)


@pytest.mark.parametrize("seconds", [[1.0, 0.0], [1.0, np.nan], [-1.0]])
def test_service_times_that_are_no_times_are_refused(seconds: list[float]) -> None:
    with pytest.raises(ValueError, match=r"positive seconds"):
        service_table(seconds, 0.0, 10)


def test_a_replica_that_cannot_hold_one_request_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0 requests in service"):
        table_of(ServiceCurve(1.0, 0.1, 0.5, 0.2, 11))


def test_the_scenarios_target_is_in_seconds_and_shares() -> None:
    slo = LatencyTarget(ttft_slo_ms=500, tpot_slo_ms=40, slo_percentile=99)
    assert target_of(slo) == Target(0.5, 0.04, 0.99)


class Run(NamedTuple):
    """What a simulation saw: mean in flight, P95 TPOT of requests in service, share that waited."""

    mean_in_flight: float
    tpot_p95_s: float
    waited: float


class Batch:
    """A continuous batch: every step gives each request in service one token and takes (a + b n) / tokens seconds."""

    def __init__(self, curve: ServiceCurve, rate: float, seed: int) -> None:
        self.a, self.b, self.slots = float(curve.a_s), float(curve.b_s), int(curve.max_in_service)
        self.tokens = float(curve.output_tokens) - 1
        self.rate, self.random = rate, np.random.default_rng(seed)
        self.left: FloatArray = np.zeros(0)
        self.clock, self.next_arrival = 0.0, self.random.exponential(1 / rate)
        self.queue: list[float] = []
        self.waited: list[bool] = []

    def admit(self) -> None:
        while self.next_arrival <= self.clock:
            self.queue.append(self.next_arrival)
            self.next_arrival += self.random.exponential(1 / self.rate)
        new = min(len(self.queue), self.slots - len(self.left))
        spread = math.sqrt(math.log(1.25))
        lengths = self.tokens * np.exp(self.random.normal(-spread * spread / 2, spread, new))
        self.left = np.append(self.left, np.maximum(np.round(lengths), 1))
        self.waited += [self.clock - at > self.step_s for at in self.queue[:new]]
        del self.queue[:new]

    @property
    def step_s(self) -> float:
        return (self.a + self.b * self.slots) / self.tokens

    def step(self) -> tuple[int, int, float]:
        """Requests in service, in the system, and seconds of one step."""
        if not len(self.left):
            self.clock = max(self.clock, self.next_arrival)
        self.admit()
        served = len(self.left)
        seconds = (self.a + self.b * served) / self.tokens
        self.clock += seconds
        self.left = self.left[self.left > 1] - 1
        return served, served + len(self.queue), seconds


def simulate(curve: ServiceCurve, rate: float, seconds: float) -> Run:
    batch, steps = Batch(curve, rate, seed=3), []
    while batch.clock < seconds:
        began = batch.clock
        step = batch.step()
        if began > 50:
            steps.append(step)
    served, system, length = np.array(steps).T
    crowd = served * length
    order = np.argsort(served)
    at = np.searchsorted(np.cumsum(crowd[order]), 0.95 * crowd.sum())
    tpot = (batch.a + batch.b * served[order][at]) / batch.tokens
    return Run(float((system * length).sum() / length.sum()), float(tpot), float(np.mean(batch.waited)))


@pytest.mark.parametrize(
    ("curve", "rate", "seconds"),
    [
        (ServiceCurve(0.473, 0.00488, 128, 0.0, 63), 40.0, 600),
        (ServiceCurve(0.473, 0.00488, 128, 0.0, 63), 70.0, 900),
        pytest.param(ServiceCurve(0.473, 0.00488, 128, 0.0, 63), 100.0, 1500, marks=pytest.mark.slow),
        pytest.param(ServiceCurve(5.0, 0.08, 64, 0.0, 301), 5.0, 6000, marks=pytest.mark.slow),
    ],
)
def test_a_simulation_token_by_token_agrees(curve: ServiceCurve, rate: float, seconds: float) -> None:
    """Poisson arrivals, lengths spread by half of their mean, 34 to 86 % of the capacity."""
    run, chain = simulate(curve, rate, seconds), at_rate(curve, rate, TARGET)
    assert run.mean_in_flight == pytest.approx(float(chain.mean_in_flight), rel=0.02)
    assert run.tpot_p95_s == pytest.approx(float(chain.tpot_s), rel=0.02)
    assert run.waited == pytest.approx(float(chain.wait_probability), abs=0.01)
