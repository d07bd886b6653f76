from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.decision.piecewise import Curve
from tests.cost_curves import CURVES, plain_usd, tried
from tests.plain_curves import LineCurve, ProvisionedCurve, StairCurve, TierCurve

ONE = np.ones(1)
UNHURRIED = settings(deadline=None)
whole = st.integers


@UNHURRIED
@given(curve=CURVES)
def test_costs_are_those_worked_out_plainly(curve: Curve) -> None:
    x = tried(curve, LineCurve(0, 0), 150)
    np.testing.assert_allclose(curve.usd(x), plain_usd(curve, x), rtol=1e-12, atol=1e-12)


@UNHURRIED
@given(curve=CURVES)
def test_curves_are_straight_between_their_breakpoints(curve: Curve) -> None:
    points = np.unique(np.concatenate([[0], curve.breakpoints(0, 80), [80]]))
    points = points[np.r_[True, np.diff(points) > 1e-6]]
    left, step = points[:-1], np.diff(points) / 4
    a, b, c = (curve.usd(left + k * step) for k in (1, 2, 3))
    np.testing.assert_allclose(a + c, 2 * b, rtol=1e-9)


@UNHURRIED
@given(curve=CURVES, low=whole(0, 60), width=whole(0, 60))
def test_breakpoints_lie_in_their_range_and_are_no_more_than_counted(curve: Curve, low: int, width: int) -> None:
    found, everything = curve.breakpoints(low, low + width), curve.breakpoints(0, 200)
    assert np.all((found > low) & (found <= low + width))
    assert found.size <= curve.count(low, low + width)
    np.testing.assert_allclose(np.sort(found), np.sort(everything[(everything > low) & (everything <= low + width)]))


@UNHURRIED
@given(curve=CURVES, far=st.floats(1e-9, 1e5))
def test_asymptotes_hold(curve: Curve, far: float) -> None:
    bound = curve.asymptote()
    x = np.array([bound.from_x * (1 + 1e-6) + far])
    cost, slack = float(curve.usd(x)[0]), 1e-8 * (1 + abs(float(curve.usd(x)[0])))
    assert bound.slope * x[0] + bound.low - slack <= cost <= bound.slope * x[0] + bound.high + slack


def test_at_a_jump_the_old_level_still_applies() -> None:
    slab = TierCurve(np.array([0.0, 100]), np.array([10.0, 6]), ONE, ONE, slab=True)
    np.testing.assert_allclose(slab.usd(np.array([100, 100.001])), [1000, 600.006])
    np.testing.assert_allclose(StairCurve(72, ONE / 10, ONE).usd(np.array([10, 10.001])), [72, 144])
    np.testing.assert_allclose(ProvisionedCurve(72, ONE / 10, ONE).usd(np.array([10, 10.001])), [72, 144])
