"""What a probe of a few loads says elsewhere, how far off that is, and what it must not be asked."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.calibration import errors, factor_errors, figure, report, sweeps
from planner.capacity.calibration import (
    BELOW_2X,
    BELOW_4X,
    BEYOND_2X,
    BEYOND_4X,
    INSIDE,
    ONE_POINT,
    OTHER_SHAPE,
    TWO_POINTS,
    ErrorFigure,
    ProbePoint,
    calibrate,
    calibrated,
    interior_errors,
    is_saturated,
)
from planner.capacity.queue import Target
from planner.capacity.sizing import max_rate
from tests.builders import tables

A, B = 2.0, 0.05


def point(
    n: float, rate: float | None = None, *, ttft_ms: float | None = None, shape: tuple[int, int] = (1000, 200)
) -> ProbePoint:
    """A point on T = 2 + 0.05 N unless a rate is given."""
    on_line = n * shape[1] / (A + B * n)
    return ProbePoint(
        concurrency=n,
        output_tokens_per_s=on_line if rate is None else rate,
        input_tokens=shape[0],
        output_tokens=shape[1],
        ttft_ms=ttft_ms,
    )


PROBE = [point(n, ttft_ms=100 + 10 * n) for n in (1, 8, 64)]


@given(st.floats(0.01, 50), st.floats(0.0, 1), st.lists(st.integers(1, 1000), min_size=3, max_size=6, unique=True))
def test_points_on_a_line_are_given_back_exactly(a: float, b: float, loads: list[int]) -> None:
    points = [point(n, n * 200 / (a + b * n)) for n in loads]
    fit = calibrate(points).shapes[0]
    assert fit.fit_error == pytest.approx(0, abs=1e-6)
    assert fit.left_out_error == pytest.approx(0, abs=1e-5)
    for at in points:
        assert float(fit.output_tokens_per_s(at.concurrency)) == pytest.approx(at.output_tokens_per_s, rel=1e-5)


@given(st.permutations(PROBE))
def test_the_order_of_the_points_does_not_matter(points: list[ProbePoint]) -> None:
    assert calibrate(points).shapes == calibrate(PROBE).shapes


@given(st.floats(0.2, 5), st.lists(st.floats(10, 1e5), min_size=1, max_size=7))
def test_a_model_that_is_off_by_one_factor_is_put_right(factor: float, modelled: list[float]) -> None:
    points = [point(i + 1, said * factor) for i, said in enumerate(modelled)]
    found = calibrate(points, modelled)
    assert found.factor == pytest.approx(factor)
    assert found.factor_low == pytest.approx(factor)
    assert found.factor_high == pytest.approx(factor)


def test_the_factor_is_the_median_of_log_ratios_with_its_spread() -> None:
    """Ratios 0.8, 0.9 and 1.5: the middle one is the factor."""
    found = calibrate([point(1, 80), point(2, 90), point(4, 150)], [100, 100, 100])
    assert found.factor == pytest.approx(0.9)
    assert found.factor_low == pytest.approx(0.8)
    assert found.factor_high == pytest.approx(1.5)


def test_an_inner_point_left_out_is_predicted_by_the_others() -> None:
    """The line through (1, 2.05) and (64, 5.2) says 2.4 at 8, where 3.0 is: 25 % too high a rate."""
    n = np.array([1.0, 8.0, 64.0])
    rate = n / np.array([2.05, 3.0, 5.2])
    assert interior_errors(n, rate).tolist() == [pytest.approx(3.0 / 2.4 - 1)]


def test_inside_a_probed_shape_the_line_answers() -> None:
    """T(32) = 2 + 0.05 x 32 = 3.6 s: 32 x 200 / 3.6 = 1,778 tokens/s, whatever the model says."""
    found = calibrated(
        calibrate(PROBE), concurrency=32, input_tokens=1050, output_tokens=195, modelled_output_tokens_per_s=9.0
    )
    assert found is not None
    assert found.output_tokens_per_s == pytest.approx(32 * 200 / 3.6)
    assert found.error == INSIDE
    assert found.warnings == ()
    assert "1 to 64 in flight" in found.how


@pytest.mark.parametrize(
    ("concurrency", "error", "words"),
    [
        (100, BEYOND_2X, r"4.2% off in the median, 16% at P90"),
        (256, BEYOND_4X, r"8.2% off in the median, 32% at P90"),
        (300, None, "how far off is not known"),
        (0.5, INSIDE, "below the least probed, 1"),
    ],
)
def test_a_load_beyond_the_probe_is_flagged(concurrency: float, error: ErrorFigure | None, words: str) -> None:
    found = calibrated(calibrate(PROBE), concurrency=concurrency, input_tokens=1000, output_tokens=200)
    assert found is not None
    assert found.error == error
    assert len(found.warnings) == 1
    assert words in found.warnings[0]


def test_another_shape_takes_the_model_times_the_factor() -> None:
    rates = [p.output_tokens_per_s for p in PROBE]
    calibration = calibrate(PROBE, [rate / 0.8 for rate in rates])
    found = calibrated(
        calibration, concurrency=32, input_tokens=4000, output_tokens=200, modelled_output_tokens_per_s=1000
    )
    assert found is not None
    assert found.output_tokens_per_s == pytest.approx(800)
    assert found.error == OTHER_SHAPE
    assert "3 points" in found.how


def test_another_shape_without_a_model_is_unknown_and_never_0() -> None:
    assert calibrated(calibrate(PROBE), concurrency=8, input_tokens=4000, output_tokens=200) is None
    with_model = calibrate(PROBE, [100, 100, 100])
    assert calibrated(with_model, concurrency=8, input_tokens=4000, output_tokens=200) is None


def test_two_points_are_too_few_and_say_so() -> None:
    calibration = calibrate(PROBE[:2], [100, 100])
    assert calibration.shapes[0].left_out_error is None
    assert any("2 probed points: at least 3" in warning for warning in calibration.warnings)
    inside = calibrated(calibration, concurrency=4, input_tokens=1000, output_tokens=200)
    other = calibrated(
        calibration, concurrency=4, input_tokens=9000, output_tokens=200, modelled_output_tokens_per_s=100
    )
    for found in (inside, other):
        assert found is not None
        assert any("at least 3" in warning for warning in found.warnings)


def test_a_probe_that_never_saturates_says_so() -> None:
    assert any("saturation was not reached at 64" in warning for warning in calibrate(PROBE).warnings)
    full = [*PROBE, point(128, PROBE[-1].output_tokens_per_s * 1.02)]
    assert calibrate(full).shapes[0].saturated
    assert calibrate(full).warnings == ()


def test_saturation_is_a_tenth_of_the_share() -> None:
    """Twice the load: 1.05 times the rate is ln 1.05 / ln 2 = 0.07 of it, 1.2 times is 0.26."""
    assert is_saturated(np.array([64.0, 128.0]), np.array([1000.0, 1050.0]))
    assert not is_saturated(np.array([64.0, 128.0]), np.array([1000.0, 1200.0]))
    assert not is_saturated(np.array([64.0]), np.array([1000.0]))


def test_one_noisy_point_does_not_hide_saturation() -> None:
    """From 16 to 32 in flight ln(210 / 190) / ln 2 = 0.14 of its share, from 8 to 32 ln(210 / 200) / ln 4 = 0.04."""
    assert is_saturated(np.array([8.0, 16.0, 32.0]), np.array([200.0, 190.0, 210.0]))
    assert not is_saturated(np.array([16.0, 32.0]), np.array([190.0, 210.0]))


def test_a_probed_shape_becomes_a_curve_for_sizing() -> None:
    curve = calibrate(PROBE).shapes[0].curve()
    assert curve is not None
    assert curve.a_s == pytest.approx(A)
    assert curve.b_s == pytest.approx(B)
    assert curve.ttft_s == pytest.approx(0.1)
    assert curve.ttft_slope_s == pytest.approx(0.01)
    assert curve.max_in_service == 64
    assert float(max_rate(curve, Target(1.0, 0.02))) > 0


def test_without_ttft_there_is_nothing_to_size_with() -> None:
    assert calibrate([point(n) for n in (1, 8, 64)]).shapes[0].curve() is None


def test_shapes_are_fitted_each_for_itself() -> None:
    other = [point(n, n * 100, shape=(4000, 200)) for n in (1, 8, 64)]
    found = calibrate([*PROBE, *other]).shapes
    assert [(s.input_tokens, s.points) for s in found] == [(1000, 3), (4000, 3)]
    assert found[1].a_s == pytest.approx(2.0)
    assert found[1].b_s == pytest.approx(0.0, abs=1e-9)


def test_bad_input_is_refused_with_the_way_out() -> None:
    with pytest.raises(ValueError, match=r"at least one probed point"):
        calibrate([])
    with pytest.raises(ValueError, match=r"2 modelled figures for 3 probed points"):
        calibrate(PROBE, [1.0, 2.0])
    with pytest.raises(ValidationError, match=r"greater than 0"):
        point(0)


def test_the_error_figures_shown_are_those_of_the_published_sweeps() -> None:
    found = errors(tables())
    assert len(sweeps(tables())) > 100
    for said, error in (
        (INSIDE, found.interior),
        (BEYOND_2X, found.beyond_2x),
        (BEYOND_4X, found.beyond_4x),
        (BELOW_2X, found.below_2x),
        (BELOW_4X, found.below_4x),
        (TWO_POINTS, found.two_points),
        (ONE_POINT, found.one_point),
    ):
        measured = figure(error)
        assert said.median == pytest.approx(measured.median, abs=0.003)
        assert said.p90 == pytest.approx(measured.p90, abs=0.01)


def test_three_points_are_enough_inside_the_probed_range() -> None:
    median, p90 = figure(errors(tables()).three_points)
    assert median < 0.02
    assert p90 < 0.12


def test_the_report_shows_every_test() -> None:
    assert len([line for line in report() if line.startswith("| ")]) == 9
    assert not math.isnan(figure(errors(tables()).interior).median)


def test_one_factor_puts_a_model_right_that_is_off_by_one_factor_everywhere() -> None:
    measured = np.array([row.output_tokens_per_s for row in tables().measured])
    off = factor_errors(tables(), measured / 0.7)
    assert len(off) > 100
    assert np.max(off) == pytest.approx(0, abs=1e-9)
    assert np.median(factor_errors(tables(), np.full(len(measured), 1000.0))) > 0.2
