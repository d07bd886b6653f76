"""The straight line of service times: fitted to points, read as rates and as requests in flight."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import nnls

from planner.capacity.service_curve import (
    ServiceCurve,
    capacity_per_s,
    curve_from_points,
    in_flight,
    prefill_s,
    relative_line,
    requests_per_s,
    service_s,
    tpot_s,
)
from tests.builders import tables

SECONDS = st.floats(0.01, 100)
SLOPES = st.one_of(st.just(0.0), st.floats(1e-5, 1))
POINTS = st.lists(st.tuples(st.floats(1, 1024), st.floats(0.001, 1000)), min_size=2, max_size=8)


@given(POINTS)
def test_the_fitted_line_is_the_optimum_of_non_negative_least_squares(points: list[tuple[float, float]]) -> None:
    n, y = (np.array(column) for column in zip(*points, strict=True))
    line = relative_line(n, y)
    system = np.c_[1 / y, n / y]
    best, _ = nnls(system, np.ones(len(n)))
    found = np.array([line.intercept[0], line.slope[0]])
    assert np.all(found >= 0)
    assert np.sum((system @ found - 1) ** 2) <= np.sum((system @ best - 1) ** 2) + 1e-9


@given(SECONDS, SLOPES, st.floats(0, 50))
def test_points_on_a_line_give_the_line_back(a: float, b: float, ttft_share: float) -> None:
    n = np.array([1.0, 4.0, 16.0, 64.0])
    curve = curve_from_points(n, n * 200 / (a + b * n), 200, max_in_service=64, ttft_s=a * ttft_share / 100)
    assert curve.a_s == pytest.approx(a, rel=1e-6)
    assert curve.b_s == pytest.approx(b, rel=1e-6, abs=1e-9 * a)
    assert curve.ttft_s == pytest.approx(a * ttft_share / 100)


def test_many_deployments_are_fitted_in_one_call_as_each_alone() -> None:
    rng = np.random.default_rng(4)
    n = np.array([1.0, 8.0, 64.0])
    rates = rng.uniform(50, 5000, (3, 40))
    together = relative_line(n, n[:, np.newaxis] / rates)
    alone = [relative_line(n, n / rates[:, i]) for i in range(40)]
    assert together.intercept == pytest.approx([line.intercept[0] for line in alone])
    assert together.slope == pytest.approx([line.slope[0] for line in alone])


def test_points_that_are_missing_or_wait_in_a_queue_are_left_out() -> None:
    """T = 1 + 0.1 N up to 16 in service; 64 in flight wait and still give the rate of 16: 16 x 10 / 2.6."""
    n = np.array([1.0, 4.0, 16.0, 32.0, 64.0])
    rate = np.minimum(n, 16) * 10 / (1 + 0.1 * np.minimum(n, 16))
    rate[3] = np.nan
    curve = curve_from_points(n, rate, 10, max_in_service=16)
    assert curve.a_s == pytest.approx(1)
    assert curve.b_s == pytest.approx(0.1)


def test_no_point_at_all_is_unknown_and_never_0() -> None:
    line = relative_line(np.array([1.0, 2.0]), np.array([np.nan, np.nan]))
    assert np.isnan(line.intercept[0])
    assert np.isnan(line.slope[0])


@given(SECONDS, SLOPES, st.floats(0, 1), st.floats(0, 1), st.floats(1, 500))
def test_the_parts_of_a_request_add_up(a: float, b: float, first: float, slope: float, n: float) -> None:
    curve = ServiceCurve(a, b, 512, a * first, 100, b * slope)
    assert prefill_s(curve, n) + 99 * tpot_s(curve, n) == pytest.approx(service_s(curve, n))


@given(SECONDS, SLOPES)
def test_time_per_token_and_rate_rise_with_the_load(a: float, b: float) -> None:
    curve = ServiceCurve(a, b, 256, 0.1 * a, 300, 0.1 * b)
    n = np.arange(1, 300)
    assert np.all(np.diff(tpot_s(curve, n)) >= -1e-12)
    assert np.all(np.diff(requests_per_s(curve, n)) >= -1e-12)
    assert np.max(requests_per_s(curve, n)) == pytest.approx(capacity_per_s(curve))


@given(SECONDS, SLOPES, st.floats(0.001, 0.999))
def test_requests_in_flight_obey_littles_law(a: float, b: float, share: float) -> None:
    curve = ServiceCurve(a, b, 256, 0.0, 300)
    rate = share * float(capacity_per_s(curve))
    n = float(in_flight(rate, curve))
    assert n == pytest.approx(rate * float(service_s(curve, n)))
    assert np.isinf(in_flight(capacity_per_s(curve), curve))


def test_a_measured_line_fitted_to_the_probed_points_keeps_ttft_within_the_request() -> None:
    """TTFT 0.2 + 0.05 N is steeper than T = 1 + 0.01 N: no token may take less than no time."""
    n = np.array([1.0, 2.0, 4.0])
    curve = curve_from_points(n, n * 10 / (1 + 0.01 * n), 10, max_in_service=4, ttft_s=0.2 + 0.05 * n)
    assert curve.ttft_slope_s == pytest.approx(0.01)
    assert np.all(tpot_s(curve, n) >= 0)


def test_one_output_token_has_no_time_per_token() -> None:
    assert tpot_s(ServiceCurve(1, 0.1, 8, 0.5, 1), 4) == 0


def test_published_open_loop_stages_below_saturation_predict_the_next_one() -> None:
    """Llama 3.1 8B on one H100, vLLM 0.11, up to 128 in service; end-to-end means of the stages at 1, 31, 61 and 91/s.

    N = rate x time (Little) gives T = 0.474 + 0.00487 N from the first three. At 91.4/s 93 were in flight: T(93) =
    0.93 s, measured 1.02, 9 % too little; from the rate alone 0.474 / (1 - 91.4 x 0.00487) = 0.85 s, 17 % too little.
    At saturation the line promises 128 / (0.474 + 0.623) = 117/s where 101 to 103 were measured, 14 % too many: a probe
    must reach saturation.
    """
    rows = [tables().measured_by_id[name] for name in ("m2629", "m2630", "m2631", "m2632", "m2635")]
    e2e = [float(re.findall(r"e2e mean ([\d.]+) ms", row.note)[0]) / 1000 for row in rows]
    rate = [row.output_tokens_per_s / row.output_tokens for row in rows]
    n = np.array(rate[:3]) * np.array(e2e[:3])
    curve = curve_from_points(n, np.array(rate[:3]) * 62.4, 62.4, max_in_service=128)
    assert curve.a_s == pytest.approx(0.474, abs=0.002)
    assert curve.b_s == pytest.approx(0.00487, abs=0.0001)
    assert float(service_s(curve, rate[3] * e2e[3])[0]) / e2e[3] == pytest.approx(0.91, abs=0.01)
    assert float(in_flight(rate[3], curve)[0]) / rate[3] / e2e[3] == pytest.approx(0.83, abs=0.01)
    assert 1.1 < float(capacity_per_s(curve)[0]) / rate[4] < 1.2
