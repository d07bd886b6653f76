"""Growth and its interval: exact on a line, and as wide as noise that remembers itself asks for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit

from planner.domain.usage import Trend
from planner.units import FloatArray
from planner.workload.figures import UsageFigures
from planner.workload.log import Log
from planner.workload.trend import fitted, trend
from tests.workload.logs import DAY_US, bucket, figures_of

REPEATS = 400


def days_log(volumes: list[int]) -> Log:
    """A log of one bucket a day."""
    found: UsageFigures = figures_of([bucket(day * DAY_US, 86_400, n, n) for day, n in enumerate(volumes)], "bucket")
    return Log(found, bucketed=True)


def trend_of(volumes: list[int]) -> Trend:
    found = trend(days_log(volumes))
    assert found is not None
    return found


def noise(rng: np.random.Generator, periods: int, correlation: float) -> FloatArray:
    """First-order autoregressive, standard deviation 1."""
    found = np.empty(periods)
    found[0] = rng.normal()
    for n in range(1, periods):
        found[n] = correlation * found[n - 1] + np.sqrt(1 - correlation**2) * rng.normal()
    return found


def coverage(periods: int, correlation: float, *, weekdays: bool = False) -> float:
    """How often the 80 % interval holds the true slope (0)."""
    rng = np.random.default_rng(periods * 100 + round(correlation * 10))
    inside = 0
    for _ in range(REPEATS):
        line = fitted(noise(rng, periods, correlation), weekdays=weekdays)
        inside += bool(abs(line.slope) <= stdtrit(line.freedom, 0.9) * line.slope_error)
    return inside / REPEATS


@pytest.mark.parametrize(("periods", "weekdays"), [(4, False), (8, False), (26, False), (14, True), (27, True)])
def test_the_interval_holds_the_truth_as_often_as_it_says(periods: int, weekdays: bool) -> None:
    # 400 draws: one standard error of a share of 0.8 is 0.02
    assert 0.78 <= coverage(periods, 0, weekdays=weekdays) <= 0.95
    assert coverage(periods, 0.3, weekdays=weekdays) >= 0.76
    assert coverage(periods, 0.6, weekdays=weekdays) >= 0.68


def test_errors_taken_as_independent_would_promise_too_much() -> None:
    # what the correction is for: with a correlation of 0.6 the usual interval of 80 % holds the truth half the time
    rng = np.random.default_rng(1)
    usual, ours = 0, 0
    for _ in range(REPEATS):
        logs = noise(rng, 26, 0.6)
        line = fitted(logs)
        place = np.arange(26) - 12.5
        left = logs - logs.mean() - line.slope * place
        error = np.sqrt(left @ left / 24 / (place @ place))
        usual += bool(abs(line.slope) <= stdtrit(24, 0.9) * error)
        ours += bool(abs(line.slope) <= stdtrit(24, 0.9) * line.slope_error)
    assert usual / REPEATS < 0.55
    assert ours / REPEATS > 0.75


@given(st.floats(-0.1, 0.1), st.integers(4, 60))
def test_a_straight_line_is_found_with_no_doubt(slope: float, periods: int) -> None:
    line = fitted(np.asarray(3 + slope * np.arange(periods), dtype=np.float64))
    assert line.slope == pytest.approx(slope, abs=1e-12)
    assert line.slope_error == pytest.approx(0, abs=1e-9)


@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_the_unit_of_volume_does_not_matter(scale: float, seed: int) -> None:
    logs = np.random.default_rng(seed).normal(size=10)
    one, other = fitted(logs), fitted(np.asarray(logs + np.log(scale), dtype=np.float64))
    assert other.slope == pytest.approx(one.slope, abs=1e-9)
    assert other.slope_error == pytest.approx(one.slope_error, rel=1e-6)


def test_growth_of_ten_per_cent_a_week_by_hand() -> None:
    # 1.1 ^ (365 / 12 / 7) - 1 = 0.5131 a month; the mean of 4 weeks 1, 1.1, 1.21, 1.331 is 1.16025, the line ends at
    # 1.331 x 1.1^0.5 = 1.3960, so 1.2032 times the mean
    volumes = [round(70_000_000 * 1.1**week) for week in range(4) for _ in range(7)]
    found = trend_of(volumes)
    assert (found.period, found.periods) == ("week", 4)
    assert found.per_month == pytest.approx(1.1 ** (365 / 12 / 7) - 1, rel=1e-6)
    assert found.end_to_mean == pytest.approx(1.1**3.5 / ((1 + 1.1 + 1.21 + 1.331) / 4), rel=1e-6)
    assert found.low_per_month == pytest.approx(found.high_per_month, rel=1e-4)


def test_the_weekend_is_no_decline_in_a_fortnight() -> None:
    # Thursday to Wednesday twice, weekends at a tenth: without weekdays told apart the slope would not be 0
    week = [100, 100, 10, 10, 100, 100, 100]
    found = trend_of([n * 10_000 for n in week + week])
    assert (found.period, found.periods) == ("day", 14)
    assert found.per_month == pytest.approx(0, abs=1e-9)


def test_noise_widens_the_interval() -> None:
    rng = np.random.default_rng(3)
    calm = trend_of([round(1e6 * np.exp(0.01 * rng.normal())) for _ in range(56)])
    wild = trend_of([round(1e6 * np.exp(0.5 * rng.normal())) for _ in range(56)])
    assert wild.high_per_month - wild.low_per_month > 10 * (calm.high_per_month - calm.low_per_month)
    assert wild.spread_fraction > 10 * calm.spread_fraction
    assert wild.low_per_month < wild.per_month < wild.high_per_month


@pytest.mark.parametrize("volumes", [[5] * 13, [5, 5, 5, 0] * 4])
def test_a_short_log_or_a_day_without_demand_has_no_trend(volumes: list[int]) -> None:
    assert trend(days_log(volumes)) is None
