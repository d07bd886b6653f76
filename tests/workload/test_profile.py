"""Hourly profiles: mean 1, the typed peak, and the load-duration curve."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.workload.profile import HOURS_PER_WEEK, generated_profile, load_duration, normalised


@given(peak=st.one_of(st.floats(1, 1000), st.sampled_from([1.0, 84.0, 84.5, 168.0, 1000.0])))
def test_a_generated_profile_has_mean_1_and_the_typed_peak(peak: float) -> None:
    profile = generated_profile(peak)
    assert profile.max() == peak
    assert profile.mean() == pytest.approx(1, rel=1e-12)
    assert profile.min() >= 0
    weeks = profile.size / HOURS_PER_WEEK
    assert weeks == int(weeks)
    assert profile.size >= 2 * peak
    assert weeks == 1 or profile.size - HOURS_PER_WEEK < 2 * peak


def test_a_flat_demand_is_a_flat_profile() -> None:
    assert generated_profile(1).tolist() == pytest.approx([1.0] * 168)


def test_the_heaviest_hours_are_the_working_week() -> None:
    profile = generated_profile(4)
    busiest = {int(h) for h in np.argsort(-profile)[:35]}
    assert int(np.argmax(profile)) == 14  # Monday 14:00
    assert busiest == {day * 24 + hour for day in range(5) for hour in range(11, 18)}
    weekdays, weekend = profile[:120].reshape(5, 24), profile[120:].reshape(2, 24)
    assert (weekend.max(axis=0) < weekdays.min(axis=0)).all()


@given(low=st.floats(1, 100), more=st.floats(0.01, 50))
def test_a_higher_peak_leaves_less_for_the_quiet_hours(low: float, more: float) -> None:
    one, other = np.sort(generated_profile(low)), np.sort(generated_profile(low + more))
    if one.size == other.size:
        assert one[0] >= other[0]
        assert (np.cumsum(one) >= np.cumsum(other) - 1e-9).all()  # Lorenz curve


@given(weights=st.lists(st.floats(0.001, 1e6), min_size=1, max_size=200))
def test_normalised_weights_keep_their_proportions(weights: list[float]) -> None:
    profile = normalised(tuple(weights))
    assert profile.mean() == pytest.approx(1)
    assert profile / profile[0] == pytest.approx(np.array(weights) / weights[0])


def test_normalised_each_row_by_itself() -> None:
    assert normalised([[1, 3], [0, 10]]).tolist() == [[0.5, 1.5], [0, 2]]


def test_load_duration_worked() -> None:
    levels, hours = load_duration(np.array([0.5, 4.7, 2.4]), np.array([8, 4, 12]))
    assert (levels.tolist(), hours.tolist()) == ([4.7, 2.4, 0.5], [4, 16, 24])
    levels, hours = load_duration(np.array([1, 3, 2]))
    assert (levels.tolist(), hours.tolist()) == ([3, 2, 1], [1, 2, 3])


@given(loads=st.lists(st.floats(0, 50), min_size=1, max_size=40))
def test_the_area_under_the_curve_is_the_work(loads: list[float]) -> None:
    levels, hours = load_duration(np.array(loads))
    assert np.diff(np.concatenate([[0], hours])) @ levels == pytest.approx(sum(loads))
    assert all(hours[levels >= level].max() == np.sum(np.array(loads) >= level) for level in loads)
