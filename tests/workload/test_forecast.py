"""The months after a log."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from planner.domain.usage import Trend, UsageProfile
from planner.workload.forecast import Forecast, first_month_to_mean, forecast, growth_of
from tests.samples_usage import usage_profile
from tests.workload.logs import DAY_US, bucket, profile_of_rows

DAYS_PER_MONTH = 365 / 12
REPEATS = 60


def grown(per_month: float, days: int = 84) -> UsageProfile:
    """A log that grows by the same share every day, one bucket a day."""
    daily = (1 + per_month) ** (1 / DAYS_PER_MONTH)
    rows = [bucket(day * DAY_US, 86_400, round(1e9 * daily**day)) for day in range(days)]
    return profile_of_rows(rows, "bucket")


def months_of(profile: UsageProfile, months: int) -> Forecast:
    found = forecast(profile, months)
    assert found is not None
    return found


def test_a_log_that_grows_by_5_per_cent_goes_on_as_it_would() -> None:
    # month 1 after the log is its days 84 to 114.4; its middle is day 84 + 15.2
    found = months_of(grown(0.05), 3)
    daily = 1.05 ** (1 / DAYS_PER_MONTH)
    for month in found.months:
        middle = 84 + (month.month - 0.5) * DAYS_PER_MONTH
        assert month.volume == pytest.approx(1e9 * daily ** (middle - 0.5) * DAYS_PER_MONTH, rel=1e-3)
    assert found.unit == "requests"


def test_the_scenario_gets_the_same_months() -> None:
    # the first month's volume as typed volume, and the trend as compound growth, give the forecast's months
    profile = grown(0.05)
    assert profile.trend is not None
    growth = growth_of(profile.trend)
    assert growth.shape == "compound"
    first = (profile.requests_per_day or 0) * first_month_to_mean(profile.trend) * DAYS_PER_MONTH
    for month in months_of(profile, 12).months:
        assert month.volume == pytest.approx(first * (1 + growth.per_month) ** (month.month - 1))


def test_the_band_widens_and_beyond_twice_the_log_it_is_only_a_direction() -> None:
    profile = usage_profile(
        window_s=60 * 86_400.0,
        trend=Trend(per_month=0.04, low_per_month=-0.01, high_per_month=0.09, periods=8, period="week", method="test"),
    )
    near, far = months_of(profile, 3), months_of(profile, 36)
    widths = [(m.high or 0) / (m.low or 1) for m in far.months]
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]
    assert (near.confidence, far.confidence) == ("medium", "low")
    assert "more than twice as long as the log" in far.note
    assert "more than twice" not in near.note


def test_beyond_the_length_of_the_log_the_trend_may_have_stopped() -> None:
    # two months of log and a sure 10 % a month: month 2 is the last one as long as the log; its volume stays possible
    sure = Trend(per_month=0.1, low_per_month=0.1, high_per_month=0.1, periods=8, period="week", method="test")
    found = months_of(usage_profile(window_s=2 * DAYS_PER_MONTH * 86_400, trend=sure), 12).months
    assert (found[1].low, found[1].high) == pytest.approx((found[1].volume, found[1].volume))
    for month in found[2:]:
        assert month.low == pytest.approx(found[1].volume)
        assert month.high == pytest.approx(month.volume)


def test_a_log_without_a_trend_is_carried_on_flat_and_says_so() -> None:
    found = months_of(usage_profile(trend=None), 12)
    assert {(m.volume, m.low, m.high) for m in found.months} == {(1000 / 7 * DAYS_PER_MONTH, None, None)}
    assert found.confidence == "low"
    assert "assumption" in found.note


def test_a_log_without_volume_has_no_forecast() -> None:
    assert forecast(usage_profile(requests_per_day=None), 12) is None


def test_the_band_holds_what_comes_about_as_often_as_it_says() -> None:
    # 26 weeks and the third month after them, growth of 3 % a month, noise of 10 % a week with a correlation of 0.5
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(REPEATS):
        errors = np.empty(44)
        errors[0] = rng.normal()
        for n in range(1, errors.size):
            errors[n] = 0.5 * errors[n - 1] + np.sqrt(0.75) * rng.normal()
        weeks = 1e6 * np.exp(0.1 * errors) * 1.03 ** (np.arange(44) * 7 / DAYS_PER_MONTH)
        days = np.repeat(weeks, 7) / 7
        rows = [bucket(day * DAY_US, 86_400, round(days[day])) for day in range(26 * 7)]
        month = months_of(profile_of_rows(rows, "bucket"), 3).months[-1]
        start = 26 * 7 + 2 * DAYS_PER_MONTH
        came = days[round(start) : round(start + DAYS_PER_MONTH)].sum()
        inside += (month.low or 0) <= came <= (month.high or 0)
    assert inside / REPEATS >= 0.7


def test_the_days_of_a_month_are_those_of_the_calendar() -> None:
    profile = usage_profile(trend=None, imported_on=dt.date(2026, 11, 21))
    found = forecast(profile, 1, "30d")
    assert found is not None
    assert found.months[0].volume == pytest.approx(1000 / 7 * 30)
