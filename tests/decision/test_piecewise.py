"""The general algorithm of BE-2 against brute force: sizes, bills and jumps are worked out again here, another way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from planner.decision import breakeven
from planner.decision.breakeven import Line, Solution, Staircase
from planner.decision.piecewise import Crossing, Curve, crossed, win_intervals
from planner.units import FloatArray
from tests.cost_curves import CURVES, grown, jumps, plain_usd, tried
from tests.plain_curves import LineCurve, ProvisionedCurve, StairCurve, TierCurve

ONE = np.ones(1)
UNHURRIED = settings(deadline=None)


def stairs_of(old: Staircase) -> StairCurve:
    return StairCurve(
        unit=old.unit,
        need=ONE / old.kappa,
        weights=ONE,
        min_replicas=old.min_replicas,
        spare_replicas=old.spare_replicas,
        replica_step=old.replica_step,
        fixed=old.fixed,
        slope=old.slope,
    )


def said(found: Solution, x: FloatArray) -> NDArray[np.bool_]:
    starts, ends = np.array(found.intervals, dtype=np.float64).reshape(-1, 2).T
    return np.asarray(np.any((x[:, None] > starts) & (x[:, None] <= ends), axis=1))


# --- one month, whole numbers: exact, and 4,000 of them


def random_cases(rng: np.random.Generator, cases: int) -> Iterator[tuple[Line, Staircase]]:
    for _ in range(cases):
        kappa, unit, slope = int(rng.integers(1, 21)), int(rng.integers(0, 100)), int(rng.choice([0, 0, 1, 5]))
        saved = int(rng.choice([1, 2, 5, 60, -1, -2, -30]))  # what a full replica saves over the line, nearly
        line_slope = max(slope + (unit + saved) / kappa, 0)
        least, spare, step = rng.integers([0, 0, 1], [7, 4, 9]).tolist()
        stairs = Staircase(int(rng.integers(0, 300)), unit, kappa, least, spare, step, slope)
        yield Line(int(rng.integers(0, 300)), line_slope), stairs


def ahead_on(line: Line, stairs: Staircase, serving: int) -> Callable[[float], float]:
    """Line minus staircase with so many serving replicas."""
    rented = -(-(serving + stairs.spare_replicas) // stairs.replica_step) * stairs.replica_step
    level = stairs.fixed + stairs.unit * rented
    return lambda x: line.fixed - level + (line.slope - stairs.slope) * x


def bisected(difference: Callable[[float], float], low: float, high: float) -> float:
    positive = difference(high) > 0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if (difference(middle) > 0) == positive else (middle, high)
    return high


def brute(line: Line, stairs: Staircase, segments: int) -> list[tuple[float, float]]:
    """Winning intervals up to the end of the given segment: signs beside every jump, halving in between."""
    first = max(stairs.min_replicas, 1)
    intervals: list[tuple[float, float]] = []
    for serving in range(first, segments + 1):
        low = 0.0 if serving == first else (serving - 1) * stairs.kappa
        high = serving * stairs.kappa
        difference = ahead_on(line, stairs, serving)
        after, before = (0.0 if abs(d) < 1e-9 else d for d in (difference(low), difference(high)))
        if max(after, before) <= 0:
            continue
        start = low if after >= 0 else bisected(difference, low, high)
        end = high if before >= 0 else bisected(lambda x, d=difference: -d(x), low, high)  # type: ignore[misc]
        if intervals and start <= intervals[-1][1] + 1e-9:
            intervals[-1] = (intervals[-1][0], end)
        else:
            intervals.append((start, end))
    return intervals


def test_four_thousand_staircases_against_brute_force() -> None:
    segments, tested, several = 80, 0, 0
    for line, stairs in random_cases(np.random.default_rng(1), 4000):
        end = segments * stairs.kappa
        found = win_intervals(LineCurve(*line), stairs_of(stairs))
        listed = [(a, min(b, end)) for a, b in found.intervals if a < end * (1 - 1e-9)]
        expected = brute(line, stairs, segments)
        assert len(listed) == len(expected), (line, stairs)
        np.testing.assert_allclose(listed, expected, rtol=1e-9, atol=1e-9, err_msg=f"{line} {stairs}")
        tested, several = tested + bool(expected), several + (len(expected) > 1)
    assert tested > 1000
    assert several > 500


def test_agrees_with_the_closed_form() -> None:
    robust = 0
    for line, stairs in random_cases(np.random.default_rng(2), 1000):
        old, new = breakeven.win_intervals(line, stairs), win_intervals(LineCurve(*line), stairs_of(stairs))
        assert new.exact == old.exact
        assert new.robust == (None if old.robust is None else pytest.approx(old.robust, rel=1e-9)), (line, stairs)
        assert len(new.intervals) == len(old.intervals)
        np.testing.assert_allclose(new.intervals, old.intervals, rtol=1e-9, atol=1e-9)
        robust += new.robust is not None
    assert robust > 300


def test_worked_example_with_every_crossing() -> None:
    # $72 a node of 10M against $9 per 1M: 8, 16 and 24 fill it for what the line charges; 10, 20 and 30 start another
    found = crossed(LineCurve(0, 9), StairCurve(72, ONE / 10, ONE))
    np.testing.assert_allclose(found.solution.intervals, [(8, 10), (16, 20), (24, 30), (32, np.inf)])
    assert found.solution.robust == pytest.approx(32)
    assert found.solution.exact
    kinds = ["continuous", "jump", "continuous", "jump", "continuous", "jump", "continuous"]
    assert [c.kind for c in found.crossings] == kinds
    assert [c.own_wins_above for c in found.crossings] == [True, False] * 3 + [True]
    assert [c.x for c in found.crossings] == pytest.approx([8, 10, 16, 20, 24, 30, 32])


def test_ties_go_to_the_other_side() -> None:
    assert win_intervals(LineCurve(5, 3), LineCurve(5, 3)).intervals == ()
    assert win_intervals(LineCurve(5, 3), LineCurve(5, 3)).exact
    assert win_intervals(LineCurve(5, 3), LineCurve(4, 3)) == Solution(((0.0, math.inf),), 0.0, exact=True)
    assert win_intervals(LineCurve(0, 3), LineCurve(6, 1)).robust == pytest.approx(3)


# --- any two curves, with jumps known beforehand


@settings(deadline=None, max_examples=400)
@given(other=CURVES, own=CURVES)
def test_intervals_are_what_a_grid_and_the_sides_of_every_jump_say(other: Curve, own: Curve) -> None:
    found = win_intervals(other, own, limit=5000)
    end = 150.0 if found.exact else 20.0  # 5,000 breakpoints reach further than that
    x = tried(other, own, end)
    a, b = plain_usd(other, x), plain_usd(own, x)
    clear = np.abs(a - b) > 1e-9 * np.maximum(a, b)
    wrong = x[clear & (said(found, x) != (b < a))]
    assert wrong.tolist() == []


@UNHURRIED
@given(other=CURVES, own=CURVES)
def test_above_robust_own_never_loses_and_just_below_it_does_not_win(other: Curve, own: Curve) -> None:
    found = win_intervals(other, own, limit=5000)
    if found.robust is None:
        return
    assert found.intervals[-1] == (found.robust, math.inf)
    above = found.robust * (1 + 1e-6) + np.concatenate([np.linspace(1e-6, 100, 200), [1e3, 1e5]])
    assert np.all(plain_usd(own, above) <= plain_usd(other, above) * (1 + 1e-9))
    if found.robust > 0:
        below = np.array([found.robust * (1 - 1e-7)])
        assert plain_usd(own, below) >= plain_usd(other, below) * (1 - 1e-5)


@UNHURRIED
@given(other=CURVES, own=CURVES)
def test_intervals_ascend_and_every_end_is_a_crossing(other: Curve, own: Curve) -> None:
    found = crossed(other, own, limit=5000)
    intervals = found.solution.intervals
    assert all(start < end for start, end in intervals)
    assert all(before[1] < after[0] for before, after in pairwise(intervals))
    if found.solution.exact:
        ends = [x for pair in intervals for x in pair if 0 < x < math.inf]
        assert [c.x for c in found.crossings] == ends


@UNHURRIED
@given(other=CURVES, own=CURVES)
def test_costs_agree_at_a_continuous_crossing_and_not_across_a_jump(other: Curve, own: Curve) -> None:
    found = crossed(other, own, limit=5000)
    edges = np.array([*jumps(other, 150), *jumps(own, 150)])
    for crossing in found.crossings[:50]:
        near_edge = np.any(np.abs(edges - crossing.x) < 1e-6 * crossing.x)
        if crossing.kind == "continuous" and not near_edge:
            x = np.array([crossing.x])
            assert plain_usd(own, x) == pytest.approx(plain_usd(other, x), rel=1e-9)
        if crossing.kind == "jump" and crossing.x < 150:
            assert near_edge


@UNHURRIED
@given(other=CURVES, own=CURVES)
def test_swapped_sides_win_what_the_other_does_not(other: Curve, own: Curve) -> None:
    one, two = win_intervals(other, own, limit=5000), win_intervals(own, other, limit=5000)
    if one.exact and two.exact:
        x = np.random.default_rng(3).uniform(0, 150, 300)
        a, b = other.usd(x), own.usd(x)
        clear = np.abs(a - b) > 1e-9 * np.maximum(a, b)
        np.testing.assert_array_equal(said(one, x)[clear], ~said(two, x)[clear])
        assert one.robust is None or two.robust is None


# --- worked


def test_a_slab_tier_is_won_above_its_threshold_only() -> None:
    # all units at $10 up to 100, at $6 above: 100 costs 1,000, just above it 600; a flat $800 wins from 80 to 100 and
    # again from 800 / 6 = 133.3
    found = crossed(TierCurve(np.array([0.0, 100]), np.array([10.0, 6]), ONE, ONE, slab=True), LineCurve(800, 0))
    np.testing.assert_allclose(found.solution.intervals, [(80, 100), (400 / 3, np.inf)])
    assert found.crossings[1] == Crossing(100.0, "jump", own_wins_above=False)


def test_a_tie_at_a_kink_ends_the_interval_there() -> None:
    # half a cent a unit up to 100, then $1: 0.50 at 100
    bill = TierCurve(np.array([0.0, 100]), np.array([0.005, 1]), ONE, ONE)
    found = crossed(LineCurve(0.5, 0), bill)
    np.testing.assert_allclose(found.solution.intervals, [(0, 100)])
    assert [c.kind for c in found.crossings] == ["continuous"]


@pytest.mark.parametrize("apart", [3e-10, 2e-9, 5e-9])
def test_jumps_that_all_but_coincide_are_one(apart: float) -> None:
    # the second month weighs little, so that the first jump takes more than half of the lead and the second the rest
    line, weights = LineCurve(0, 9.9), np.array([1, 0.1])
    together = win_intervals(line, StairCurve(72, np.array([0.1, 0.1]), weights))
    nearly = win_intervals(line, StairCurve(72, np.array([0.1 * (1 + apart), 0.1]), weights))
    np.testing.assert_allclose(together.intervals, [(8, 10), (16, 20), (24, 30), (32, np.inf)])
    np.testing.assert_allclose(nearly.intervals, together.intervals, rtol=1e-8)


def test_graduated_tiers_have_no_jump() -> None:
    # 1,000 for the first 100, then $6 each: 1,300 at 150
    found = crossed(TierCurve(np.array([0.0, 100]), np.array([10.0, 6]), ONE, ONE), LineCurve(1300, 0))
    np.testing.assert_allclose(found.solution.intervals, [(150, np.inf)])
    assert [c.kind for c in found.crossings] == ["continuous"]


def test_a_commitment_is_paid_first() -> None:
    # max(500, 0.8 x 10 x): flat up to 62.5; $600 beats it from 75, $400 always
    bill = TierCurve(np.array([0.0]), np.array([10.0]), ONE, ONE, commitment_usd=500, discount_fraction=0.2)
    assert win_intervals(bill, LineCurve(600, 0)).first == pytest.approx(75)
    assert win_intervals(bill, LineCurve(400, 0)).robust == 0


def test_provisioned_units_worked() -> None:
    # 15 units at least, then 5 at a time, 10 of volume each: $150 up to 150, $200 up to 200; $1.1 a token: 136.4
    units = ProvisionedCurve(10, ONE / 10, ONE, min_units=15, increment=5)
    np.testing.assert_allclose(units.usd(np.array([1.0, 150, 151, 200])), [150, 150, 200, 200])
    np.testing.assert_allclose(
        win_intervals(LineCurve(0, 1.1), units).intervals[:3], [(150 / 1.1, 150), (200 / 1.1, 200), (250 / 1.1, 250)]
    )


def test_two_months_of_growth_worked() -> None:
    # 10 a replica, volume x then 2 x, $70 a replica, $9 a unit, 27 x in both months. Up to 5 both months need one
    # replica: 140 / 27 = 5.19 is too late. (5, 10]: 1 + 2 replicas, 210 / 27 = 7.78. (10, 15]: 2 + 3, 350 / 27 = 12.96.
    # (15, 20]: 2 + 4, 420 / 27 = 15.56. (20, 25]: 3 + 5, 560 / 27 = 20.74. (25, 30]: 630 / 27 = 23.3, and so on.
    found = win_intervals(LineCurve(0, 27), StairCurve(70, np.array([0.1, 0.2]), np.ones(2)))
    expected = [(210 / 27, 10), (350 / 27, 15), (420 / 27, 20), (560 / 27, np.inf)]
    np.testing.assert_allclose(found.intervals, expected)


def test_a_list_that_is_cut_still_has_the_robust_break_even() -> None:
    # 10 x 7.2001 - 72 = 0.001 earned by a full replica against 1,000: a million steps
    line, stairs = LineCurve(0, 7.2001), StairCurve(72, ONE / 10, ONE, fixed=1000)
    found = win_intervals(line, stairs)
    assert not found.exact
    assert found.robust == pytest.approx(10 * (1000 + 72) / 0.001, rel=1e-5)


def test_a_list_cut_above_the_robust_break_even_lacks_nothing() -> None:
    growth = 1.06 ** np.arange(36)
    line, stairs = LineCurve(0, 7.3 * float(growth.sum())), StairCurve(72, growth / 10, np.ones(36))
    whole_list = win_intervals(line, stairs)
    assert whole_list.robust is not None
    up_to_robust = round(stairs.count(0, whole_list.robust))
    cut = win_intervals(line, stairs, limit=up_to_robust + 200)
    assert (whole_list.exact, cut.exact) == (True, False)
    assert len(cut.intervals) == len(whole_list.intervals)
    np.testing.assert_allclose(cut.intervals, whole_list.intervals)
    assert win_intervals(line, stairs, limit=200).robust in (None, pytest.approx(whole_list.robust))


def test_a_cut_list_without_a_robust_break_even_says_so() -> None:
    # half a node ahead with the same slope: won in the upper half of every node, for ever
    found = win_intervals(LineCurve(35, 7), StairCurve(70, ONE / 10, ONE), limit=100)
    assert (found.robust, found.exact) == (None, False)
    np.testing.assert_allclose(found.intervals[:2], [(5, 10), (15, 20)])
    assert 40 < len(found.intervals) <= 100


def test_equal_final_slopes_that_offsets_decide() -> None:
    # never more than 70 x (x / 10 + 1) against 100 + 7 x
    assert win_intervals(LineCurve(100, 7), StairCurve(70, ONE / 10, ONE)) == Solution(((0.0, math.inf),), 0.0, True)
    assert win_intervals(LineCurve(0, 7), StairCurve(70, ONE / 10, ONE)) == Solution((), None, exact=True)


@UNHURRIED
@given(own=grown(), unit=st.sampled_from([1e-6, 24, 30.4375, 1e6]))
def test_the_unit_of_volume_does_not_matter(own: StairCurve, unit: float) -> None:
    slope = 1.3 * own.asymptote().slope
    found = win_intervals(LineCurve(0, slope), own)
    scaled = StairCurve(
        own.unit,
        own.need / unit,
        own.weights,
        own.min_replicas,
        own.spare_replicas,
        own.replica_step,
        own.fixed,
    )
    other = win_intervals(LineCurve(0, slope / unit), scaled)
    assert len(other.intervals) == len(found.intervals)
    np.testing.assert_allclose(other.intervals, np.array(found.intervals) * unit, rtol=1e-9)
