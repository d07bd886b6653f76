"""BE-2 against brute force: the closed form is held to exact fractions on a dense grid and on every edge."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from planner.decision.breakeven import ENUMERATION_LIMIT, Line, Staircase, linear_break_even, win_intervals

Volumes = NDArray[np.int64]
"""Whole multiples of 1 / PER_UNIT: with whole prices every cost is a whole number too, so ties are exact."""
PER_UNIT = 7 * 10**6
LAST_SEGMENT = 60
UNHURRIED = settings(deadline=None)
"""A list that is cut holds 100,000 intervals and may take a while."""

whole = st.integers
LINES = st.builds(Line, fixed=whole(0, 300), slope=whole(0, 20))
STAIRS = st.builds(
    Staircase,
    fixed=whole(0, 300),
    unit=whole(0, 100),
    kappa=whole(1, 20),
    min_replicas=whole(0, 6),
    spare_replicas=whole(0, 3),
    replica_step=whole(1, 8),
    slope=st.sampled_from([0, 0, 1, 5]),
)


def ahead(line: Line, stairs: Staircase, volumes: Volumes) -> Volumes:
    """Line minus staircase at positive volumes, exact, without the functions under test; times PER_UNIT."""
    kappa, step = int(stairs.kappa) * PER_UNIT, stairs.replica_step
    serving = np.maximum(stairs.min_replicas, -(-volumes // kappa))
    rented = -(-(serving + stairs.spare_replicas) // step) * step
    of_stairs = (int(stairs.fixed) + int(stairs.unit) * rented) * PER_UNIT + int(stairs.slope) * volumes
    return cast(Volumes, int(line.fixed) * PER_UNIT + int(line.slope) * volumes - of_stairs)


def stairs_win(line: Line, stairs: Staircase, volumes: Volumes) -> NDArray[np.bool_]:
    return ahead(line, stairs, volumes) > 0


@st.composite
def winning(draw: st.DrawFn) -> tuple[Line, Staircase]:
    """A full replica saves something, often very little, so that there are windows before the robust break-even."""
    stairs = draw(STAIRS)
    saved = draw(st.sampled_from([1, 1, 2, 5, 100]))
    kappa = int(stairs.kappa)
    return Line(draw(whole(0, 300)), stairs.slope + (int(stairs.unit) + saved + kappa - 1) // kappa), stairs


@st.composite
def losing(draw: st.DrawFn) -> tuple[Line, Staircase]:
    """A full replica costs more than the line charges for what it serves."""
    stairs = draw(STAIRS)._replace(unit=draw(whole(1, 100)))
    most = int(stairs.slope) + (int(stairs.unit) - 1) // int(stairs.kappa)
    return Line(draw(whole(0, 300)), draw(whole(0, most))), stairs


def gain(line: Line, stairs: Staircase) -> float:
    """What a full replica saves over the line."""
    return (line.slope - stairs.slope) * stairs.kappa - stairs.unit


def grid(stairs: Staircase) -> Volumes:
    """Volumes inside every segment, every edge itself, and just beside every edge."""
    kappa = int(stairs.kappa) * PER_UNIT
    inside = np.arange(1, LAST_SEGMENT * 7 + 1, dtype=np.int64) * (kappa // 7)
    edges = np.arange(1, LAST_SEGMENT, dtype=np.int64) * kappa
    return np.concatenate([inside, edges + 7, edges - 7])


def said(intervals: tuple[tuple[float, float], ...], volumes: Volumes) -> NDArray[np.bool_]:
    """Which volumes lie in one of the (open, closed] intervals."""
    at = volumes[:, None] / PER_UNIT
    starts, ends = np.array(intervals, dtype=np.float64).reshape(-1, 2).T
    return cast(NDArray[np.bool_], np.any((at > starts) & (at <= ends), axis=1))


def clear(intervals: tuple[tuple[float, float], ...], volumes: Volumes) -> Volumes:
    """The volumes that are not within float noise of an end."""
    ends = np.array(intervals, dtype=np.float64).reshape(1, -1)
    return volumes[np.all(np.abs(volumes[:, None] / PER_UNIT - ends) > 1e-9, axis=1)]


@UNHURRIED
@given(line=LINES, stairs=STAIRS)
@example(line=Line(0, 9), stairs=Staircase(0, 72, 10))
@example(line=Line(0, 9), stairs=Staircase(0, 72, 10, min_replicas=3, spare_replicas=2, replica_step=4))
@example(line=Line(200, 9), stairs=Staircase(0, 72, 10))  # the line starts far behind
@example(line=Line(200, 5), stairs=Staircase(0, 72, 10))  # ahead at first, never for good
@example(line=Line(0, 0), stairs=Staircase(0, 72, 10))
@example(line=Line(10, 0), stairs=Staircase(0, 3, 10))
@example(line=Line(0, 5), stairs=Staircase(7, 0, 10))  # free GPUs
@example(line=Line(5, 0), stairs=Staircase(0, 0, 10))  # both sides free, one of them without fixed cost
def test_intervals_are_what_brute_force_finds(line: Line, stairs: Staircase) -> None:
    intervals = win_intervals(line, stairs).intervals[: 2 * LAST_SEGMENT]
    volumes = clear(intervals, grid(stairs))
    wrong = volumes[said(intervals, volumes) != stairs_win(line, stairs, volumes)] / PER_UNIT
    assert wrong.tolist() == []


@UNHURRIED
@given(line=LINES, stairs=STAIRS)
def test_both_totals_agree_at_every_continuous_crossing(line: Line, stairs: Staircase) -> None:
    for start, _ in win_intervals(line, stairs).intervals[:200]:
        serving = max(math.ceil(start / stairs.kappa - 1e-9), stairs.first_segment())
        if start > 0 and not math.isclose(start, (serving - 1) * stairs.kappa):
            of_stairs = float(stairs.level(serving)) + stairs.slope * start
            assert of_stairs == pytest.approx(line.fixed + line.slope * start, rel=1e-9)


@UNHURRIED
@given(pair=winning())
@example(pair=(Line(0, 9), Staircase(0, 72, 10)))
def test_a_closed_end_is_won_and_just_above_it_another_replica_loses(pair: tuple[Line, Staircase]) -> None:
    line, stairs = pair
    ends = [end for _, end in win_intervals(line, stairs).intervals if math.isfinite(end)][:200]
    assert np.mod(ends, stairs.kappa) == pytest.approx(0)  # where the next replica starts
    edges = np.round(np.array(ends) * PER_UNIT).astype(np.int64)
    assert stairs_win(line, stairs, edges).all()
    assert not stairs_win(line, stairs, edges + 1).any()


@UNHURRIED
@given(line=LINES, stairs=STAIRS)
def test_intervals_ascend_and_are_disjoint(line: Line, stairs: Staircase) -> None:
    found = win_intervals(line, stairs)
    assert all(start < end for start, end in found.intervals)
    assert all(before[1] < after[0] for before, after in pairwise(found.intervals))
    assert found.first == (found.intervals[0][0] if found.intervals else None)


@UNHURRIED
@given(pair=winning(), far=whole(1, 10**6))
def test_above_the_robust_break_even_self_hosting_never_loses(pair: tuple[Line, Staircase], far: int) -> None:
    line, stairs = pair
    found = win_intervals(line, stairs)
    assert found.robust is not None
    assert found.intervals[-1] == (found.robust, math.inf)
    start = math.ceil(found.robust * PER_UNIT) + 1
    edge = (start // PER_UNIT // int(stairs.kappa) + far) * int(stairs.kappa) * PER_UNIT
    tried = np.array([start, start + far, edge, edge + 1, *grid(stairs).tolist()])  # just above an edge is the worst
    assert (ahead(line, stairs, tried[tried >= start]) >= 0).all()


@UNHURRIED
@given(pair=winning())
def test_robust_is_the_least_such_volume(pair: tuple[Line, Staircase]) -> None:
    line, stairs = pair
    found = win_intervals(line, stairs)
    assert found.robust is not None
    if found.robust * PER_UNIT < 2:
        return  # cheaper from the start: there is no volume below
    just_below = np.array([math.floor(found.robust * PER_UNIT) - 1])
    assert not stairs_win(line, stairs, just_below).any()


@UNHURRIED
@given(pair=losing(), tested=whole(1, 10**6))
def test_without_a_robust_break_even_it_loses_above_any_volume(pair: tuple[Line, Staircase], tested: int) -> None:
    line, stairs = pair
    assert win_intervals(line, stairs).robust is None
    beyond = tested + math.ceil(300 / -gain(line, stairs)) + 1  # no head start is larger than 300
    just_above_an_edge = np.array([beyond * int(stairs.kappa) * PER_UNIT + 1])
    assert not stairs_win(line, stairs, just_above_an_edge).any()


@pytest.mark.parametrize(
    ("line", "stairs"),
    [
        (Line(5, 0), Staircase(0, 0, 10)),  # nothing costs anything by use, but the line has a fixed cost
        (Line(100, 7), Staircase(0, 70, 10)),  # a full replica costs what the line charges; 100 > 70 of a new one
        (Line(300, 7), Staircase(0, 70, 10, spare_replicas=1, replica_step=2)),
    ],
)
def test_a_head_start_that_no_step_uses_up_wins_for_good(line: Line, stairs: Staircase) -> None:
    assert gain(line, stairs) == 0
    assert stairs_win(line, stairs, grid(stairs)).all()
    found = win_intervals(line, stairs)
    assert (found.intervals, found.robust) == (((0.0, math.inf),), 0.0)


def test_a_head_start_that_each_step_uses_up_wins_before_each_step_and_never_for_good() -> None:
    found = win_intervals(Line(35, 7), Staircase(0, 70, 10))  # half a node: won in the upper half of every node
    assert found.robust is None
    np.testing.assert_allclose(found.intervals[:2], [(5, 10), (15, 20)])
    assert not found.exact


@UNHURRIED
@given(line=LINES, stairs=STAIRS, unit=st.sampled_from([1e-6, 0.001, 24, 30.4375, 1e6]))
def test_the_unit_of_volume_does_not_matter(line: Line, stairs: Staircase, unit: float) -> None:
    found = win_intervals(line, stairs)
    other = win_intervals(
        line._replace(slope=line.slope / unit), stairs._replace(kappa=stairs.kappa * unit, slope=stairs.slope / unit)
    )
    assert len(other.intervals) == len(found.intervals)
    np.testing.assert_allclose(other.intervals, np.array(found.intervals) * unit, rtol=1e-9)
    assert other.robust == (None if found.robust is None else pytest.approx(found.robust * unit, rel=1e-9))


@UNHURRIED
@given(line=LINES, stairs=STAIRS, rate=st.sampled_from([2.0**-20, 0.125, 2.0**20]))
def test_the_currency_does_not_matter(line: Line, stairs: Staircase, rate: float) -> None:
    # powers of two: exact in floats, so that a tie stays a tie
    found = win_intervals(line, stairs)
    other = win_intervals(
        Line(line.fixed * rate, line.slope * rate),
        stairs._replace(fixed=stairs.fixed * rate, unit=stairs.unit * rate, slope=stairs.slope * rate),
    )
    np.testing.assert_allclose(other.intervals, found.intervals, rtol=1e-9, atol=1e-9)


@UNHURRIED
@given(line=LINES, stairs=STAIRS, both=whole(1, 50))
def test_a_price_per_token_on_both_sides_cancels(line: Line, stairs: Staircase, both: int) -> None:
    with_it = win_intervals(line._replace(slope=line.slope + both), stairs._replace(slope=stairs.slope + both))
    assert with_it == win_intervals(line, stairs)


@UNHURRIED
@given(pair=winning(), cheaper=st.floats(0, 1))
def test_a_cheaper_replica_never_moves_the_break_evens_up(pair: tuple[Line, Staircase], cheaper: float) -> None:
    line, stairs = pair
    before, after = win_intervals(line, stairs), win_intervals(line, stairs._replace(unit=stairs.unit * cheaper))
    assert before.first is not None
    assert before.robust is not None
    assert after.first is not None
    assert after.robust is not None
    assert after.first <= before.first * (1 + 1e-9)
    assert after.robust <= before.robust * (1 + 1e-9)


def test_a_list_that_is_cut_still_has_the_exact_robust_break_even() -> None:
    # gain 10 x 7.2001 - 72 = 0.001 per replica against 1,000 to earn back: a million steps
    line, stairs = Line(0, 7.2001), Staircase(1000, 72, 10)
    found = win_intervals(line, stairs)
    assert not found.exact
    assert found.robust == pytest.approx(10 * (1000 + 72) / 0.001, rel=1e-5)
    assert len(found.intervals) <= ENUMERATION_LIMIT + 1


def test_linear_break_even_worked() -> None:
    assert linear_break_even(72, 9) == 8  # $72 / ($9 per 1M)
    assert linear_break_even(72, 0) is None
    assert linear_break_even(72, -1) is None
    assert linear_break_even(-10, 5) == -2  # cheaper from the start


def test_worked_spare_node() -> None:
    # D1 with one spare node: 72 x 2 / 9 = 16 > 10, so not in the first; 72 x (j + 1) / 9 = 8 j + 8 < 10 j from j = 5
    found = win_intervals(Line(0, 9), Staircase(0, 72, 10, spare_replicas=1))
    np.testing.assert_allclose(found.intervals[0], (48, 50))
    assert found.first == pytest.approx(48)
    assert found.robust == pytest.approx(72)  # 8 j + 8 <= 10 (j - 1) from j = 9: segment 8 is won from 8 x 8 + 8
