"""The week, the week to plan with, and the load-duration curve."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.domain.usage import LoadPoint
from planner.workload.hours import EPOCH_HOUR, MOST_POINTS, Hours, equal_groups, load_curve
from planner.workload.profile import HOURS_PER_WEEK
from planner.workload.week import planning_week, week

MONDAY = HOURS_PER_WEEK - EPOCH_HOUR
"""Hours from 1970-01-01 to the first Monday."""
LOADS = st.lists(
    st.one_of(st.just(0), st.integers(0, 10), st.integers(0, 10**6)), min_size=24, max_size=24 * 40
).filter(any)


def hours_of(loads: list[int], first: int = MONDAY) -> Hours:
    return Hours(first, np.asarray(loads, dtype=np.float64))


def area(points: tuple[LoadPoint, ...]) -> float:
    shares = np.diff([0.0, *(p.hours_fraction for p in points)])
    return float(sum(p.load_to_mean * share for p, share in zip(points, shares, strict=True)))


@given(LOADS, st.integers(0, 10**6))
def test_a_planning_week_has_the_mean_of_the_log_and_its_busiest_hour(loads: list[int], first: int) -> None:
    found = planning_week(hours_of(loads, first))
    if found:
        assert np.mean(found) == pytest.approx(1)
        assert max(found) == hours_of(loads).peak_to_mean == max(loads) * len(loads) / sum(loads)
        assert min(found) >= 0
        assert len(found) % 24 == 0
    else:
        assert max(loads) * len(loads) / sum(loads) > 366 * 24 / 2


@given(LOADS, st.floats(1e-3, 1e3))
def test_the_volume_leaves_every_shape_as_it_is(loads: list[int], scale: float) -> None:
    few, many = hours_of(loads), Hours(MONDAY, np.asarray(loads) * scale)
    assert planning_week(many) == pytest.approx(planning_week(few))
    assert [p.load_to_mean for p in load_curve(many)] == pytest.approx([p.load_to_mean for p in load_curve(few)])


@given(LOADS)
def test_the_load_duration_curve_falls_and_keeps_its_area_and_its_ends(loads: list[int]) -> None:
    points = load_curve(hours_of(loads))
    assert len(points) == min(len(loads), MOST_POINTS)
    assert area(points) == pytest.approx(1)
    levels, shares = [p.load_to_mean for p in points], [p.hours_fraction for p in points]
    mean = sum(loads) / len(loads)
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(levels))
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    assert (levels[0], levels[-1]) == pytest.approx((max(loads) / mean, min(loads) / mean))


@given(st.integers(1, 10**9), st.integers(24, 24 * 30))
def test_a_constant_log_is_flat_everywhere(load: int, hours: int) -> None:
    flat = hours_of([load] * hours)
    seen = [hour for hour in week(flat)[0] if hour is not None]
    for found in (planning_week(flat), [p.load_to_mean for p in load_curve(flat)], seen):
        assert list(found) == pytest.approx([1.0] * len(found))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=60), st.integers(1, 90))
def test_equal_groups_keep_the_mean(levels: list[float], groups: int) -> None:
    found = equal_groups(np.asarray(levels), groups)
    assert found.size == groups
    assert found.mean() == pytest.approx(np.mean(levels), abs=1e-9)


def test_the_order_of_the_week_is_kept_and_its_levels_are_those_of_all_hours() -> None:
    # Two weeks, one busy hour on Wednesday 10:00: 100 in the first week, 40 in the second, 1 in each of the others.
    # The mean week has (100 + 40) / 2 = 70 there; the planning week has the busiest hour, 100, over the mean hour.
    loads = [1] * (2 * HOURS_PER_WEEK)
    wednesday = 2 * 24 + 10
    loads[wednesday], loads[HOURS_PER_WEEK + wednesday] = 100, 40
    mean = (334 + 140) / 336
    found, seen = week(hours_of(loads))
    assert found[wednesday] == pytest.approx(70 / mean)
    assert set(seen) == {2}
    planned = planning_week(hours_of(loads))
    assert int(np.argmax(planned)) == wednesday
    assert planned[wednesday] == pytest.approx(100 / mean)
    assert sorted(planned)[0] == pytest.approx((168 - 100 / mean) / 167), "167 equal hours hold what is left"


def test_hours_that_a_log_has_not_seen_are_not_zero_but_unknown() -> None:
    found, seen = week(hours_of([3] * 30))
    assert found[:30] == (1.0,) * 30
    assert found[30:] == (None,) * 138
    assert seen == (1,) * 30 + (0,) * 138


def test_a_log_of_two_days_plans_with_a_day() -> None:
    # 14:00 has 5 on the first day and 3 on the second, all else 1: mean (46 + 8) / 48
    loads = [1] * 48
    loads[14], loads[38] = 5, 3
    planned = planning_week(hours_of(loads))
    assert len(planned) == 24
    assert int(np.argmax(planned)) == 14
    assert max(planned) == pytest.approx(5 / (54 / 48))


def test_a_log_that_starts_inside_an_hour_still_is_a_week() -> None:
    # 167 whole hours: the hour that was cut at both ends takes the place of the same hour of other days
    loads = [1 + (hour % 24) for hour in range(167)]
    assert len(planning_week(hours_of(loads, MONDAY + 11))) == HOURS_PER_WEEK


def test_less_than_a_day_says_nothing_of_the_day() -> None:
    assert week(hours_of([1] * 23)) == ((), ())
    assert planning_week(hours_of([1] * 23)) == ()


def test_one_hour_that_outweighs_a_week_takes_more_weeks() -> None:
    # everything in one of 336 hours: peak 336, so four weeks, in which that hour is two hours at 336: 2 x 336 / 672 = 1
    loads = [0] * 336
    loads[100] = 7
    planned = planning_week(hours_of(loads))
    assert len(planned) == 4 * HOURS_PER_WEEK
    assert sorted(planned)[-3:] == pytest.approx([0, 336, 336])


def test_monday_comes_first() -> None:
    assert hours_of([0] * 24).of_week[0] == 0
    assert Hours(0, np.ones(24)).of_week[0] == 3 * 24, "1970-01-01 was a Thursday"
