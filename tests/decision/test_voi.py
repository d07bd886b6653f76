from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from planner.decision.voi import (
    evpi,
    evpi_normal,
    evppi,
    evsi_from_draws,
    evsi_normal,
    expected_regret,
    percentiles,
    probe_cost_usd,
    win_probability,
)
from planner.units import FloatArray

UNHURRIED = settings(deadline=None)
COSTS = st.integers(1, 4).flatmap(
    lambda options: st.integers(1, 120).flatmap(
        lambda draws: arrays(np.float64, (options, draws), elements=st.integers(-50, 50).map(float))
    )
)
means = st.floats(-1e5, 1e5)
spreads = st.floats(1, 1e5)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Costs of two or three options driven by one driver and by noise, the driver, and a reading of it."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size, options = draw(st.sampled_from([200, 1000, 3333])), draw(st.integers(2, 3))
    driver = rng.lognormal(0, 0.5, size)
    slopes, levels = rng.normal(0, 5, (options, 1)), rng.normal(0, 5, (options, 1))
    costs = levels + slopes * driver + rng.normal(0, draw(st.sampled_from([0.0, 1.0, 10.0])), (options, size))
    return costs, driver, driver * rng.lognormal(0, draw(st.sampled_from([0.0, 0.1, 1.0])), size)


# --- chances and regret


@given(costs=COSTS)
def test_chances_add_up_and_regret_is_not_negative(costs: FloatArray) -> None:
    chance = win_probability(costs)
    assert np.sum(chance.probability) == pytest.approx(1)
    p = chance.probability
    np.testing.assert_allclose(chance.standard_error, np.sqrt(p * (1 - p) / costs.shape[1]))
    assert np.all(expected_regret(costs) >= 0)


@given(costs=COSTS)
def test_equal_weights_change_nothing_but_the_error(costs: FloatArray) -> None:
    even = np.full(costs.shape[1], 1 / costs.shape[1])
    np.testing.assert_allclose(win_probability(costs, even).probability, win_probability(costs).probability)
    assert not np.any(win_probability(costs, even).standard_error)
    np.testing.assert_allclose(expected_regret(costs, even), expected_regret(costs), atol=1e-12)


@given(costs=COSTS)
def test_evpi_is_the_difference_of_the_two_minima(costs: FloatArray) -> None:
    plain = float(np.min(np.mean(costs, axis=1)) - np.mean(np.min(costs, axis=0)))
    assert evpi(costs) >= 0
    assert evpi(costs) == pytest.approx(plain, abs=1e-9)


@given(costs=COSTS)
def test_nothing_to_learn_when_one_option_is_always_cheapest(costs: FloatArray) -> None:
    assert evpi(np.concatenate([costs, np.min(costs, axis=0, keepdims=True) - 1])) == 0


def test_the_first_row_wins_a_tie() -> None:
    costs = np.array([[1.0, 2, 3, 4], [1, 2, 3, 3]])
    assert win_probability(costs).probability.tolist() == [0.75, 0.25]
    assert win_probability(costs).standard_error[0] == pytest.approx((0.75 * 0.25 / 4) ** 0.5)


def test_worked_by_hand() -> None:
    # worlds 0.3, 0.5 and 0.2: the second option costs 10, 6 and 4 against 8
    costs, weights = np.array([[8.0, 8, 8], [10, 6, 4]]), np.array([0.3, 0.5, 0.2])
    np.testing.assert_allclose(win_probability(costs, weights).probability, [0.3, 0.7])
    np.testing.assert_allclose(expected_regret(costs, weights), [0.5 * 2 + 0.2 * 4, 0.3 * 2])
    assert evpi(costs, weights) == pytest.approx(0.6)


def test_percentiles_worked() -> None:
    values = np.array([[4.0, 1, 3, 2], [8, 2, 6, 4]])
    # linear: P10 of 1..4 is 1 + 0.3, P50 2.5, P90 3.7
    np.testing.assert_allclose(percentiles(values), [[1.3, 2.6], [2.5, 5], [3.7, 7.4]])
    weighted = percentiles(np.array([10260.0, 5880, 3690]), weights=np.array([0.3, 0.5, 0.2]))
    assert weighted.tolist() == [3690, 5880, 10260]  # 0.2, 0.7, 1


# --- what knowing more is worth


@UNHURRIED
@given(world=worlds())
def test_more_knowledge_is_never_worth_less(world: tuple[FloatArray, FloatArray, FloatArray]) -> None:
    costs, driver, reading = world
    perfect, of_driver, of_reading = evpi(costs), evppi(costs, driver), evsi_from_draws(costs, driver, reading)
    noise = 1e-9 * float(np.max(np.abs(costs)))
    assert 0 <= of_reading <= of_driver + noise
    assert of_driver <= perfect + noise


@UNHURRIED
@given(world=worlds())
def test_an_exact_reading_is_worth_what_the_driver_is(world: tuple[FloatArray, FloatArray, FloatArray]) -> None:
    costs, driver, _ = world
    noise = 1e-9 * float(np.max(np.abs(costs)))
    assert evsi_from_draws(costs, driver, 3 * driver + 1) == pytest.approx(evppi(costs, driver), abs=noise)


def test_a_driver_of_few_values_is_binned_by_value() -> None:
    # costs known from the driver alone: knowing it is knowing all
    driver = np.array([1.0, 2, 1, 3, 3, 2, 1])
    costs = np.stack([np.full(7, 4.0), 2 * driver])
    assert evppi(costs, driver, bins=3) == pytest.approx(evpi(costs))
    assert evppi(costs, np.ones(7)) == 0  # certain: nothing to learn


def test_bins_are_equal() -> None:
    # 10 draws in 3 bins by rank: 4, 3 and 3
    driver = np.array([9.0, 0, 8, 1, 7, 2, 6, 3, 5, 4])
    costs = np.stack([driver, np.full(10, 1.8)])
    # means 1.5, 5 and 8 against 1.8: 1.5 for four draws, 1.8 for six
    assert evppi(costs, driver, bins=3) == pytest.approx(1.8 - (4 * 1.5 + 6 * 1.8) / 10)


def test_a_driver_that_does_not_matter_is_worth_little() -> None:
    rng = np.random.default_rng(4)
    costs = np.stack([rng.normal(0, 1, 100_000), rng.normal(0.5, 1, 100_000)])
    assert evppi(costs, rng.random(100_000)) < 1e-3
    assert evpi(costs) > 0.3


# --- closed forms


@given(mean=means, sd=spreads, noise=st.floats(0, 1e5))
def test_a_noisy_reading_is_worth_no_more_than_certainty(mean: float, sd: float, noise: float) -> None:
    assert 0 <= evsi_normal(mean, sd, noise) <= evpi_normal(mean, sd) * (1 + 1e-12)


@given(mean=means, sd=spreads, noise=st.floats(0, 1e5), more=st.floats(1, 10))
def test_more_noise_is_worth_less_and_either_sign_the_same(mean: float, sd: float, noise: float, more: float) -> None:
    assert evsi_normal(mean, sd, noise * more) <= evsi_normal(mean, sd, noise) * (1 + 1e-12)
    assert evsi_normal(-mean, sd, noise) == evsi_normal(mean, sd, noise)


@given(mean=means, sd=spreads)
def test_without_noise_it_is_certainty(mean: float, sd: float) -> None:
    exact = evpi_normal(mean, sd)
    assert evsi_normal(mean, sd, 0) == pytest.approx(exact)
    assert evsi_normal(mean, sd, 1e-6 * sd) == pytest.approx(exact, rel=1e-6, abs=1e-6)


def test_limits() -> None:
    assert evpi_normal(100, 0) == 0
    assert evsi_normal(100, 0, 0) == 0
    assert evsi_normal(100, 0, 5) == 0
    assert evpi_normal(0, 1) == pytest.approx((2 * np.pi) ** -0.5)
    assert evpi_normal(1e6, 1) == 0  # beyond doubt
    assert evsi_normal(np.zeros(3), np.ones((2, 1)), 0.0).shape == (2, 3)


def test_closed_forms_against_simulation() -> None:
    rng = np.random.default_rng(5)
    size, far = 100_000, 0
    for _ in range(200):
        sd, noise = rng.uniform(0.1, 3), rng.uniform(0, 3)
        mean = (
            rng.uniform(-2.5, 2.5) * sd**2 / np.hypot(sd, noise)
        )  # further off, a change of mind is too rare to count
        true = rng.normal(mean, sd, size)
        reading = true + rng.normal(0, noise, size)
        believed = (mean * noise**2 + reading * sd**2) / (noise**2 + sd**2)
        for gain, closed in (
            (np.maximum(true, 0) - max(mean, 0), evpi_normal(mean, sd)),
            (np.where(believed > 0, true, 0) - max(mean, 0) - (true - mean) * (mean > 0), evsi_normal(mean, sd, noise)),
        ):
            error = float(np.std(gain)) / size**0.5
            far += abs(float(np.mean(gain)) - float(closed)) > 3 * error + 1e-12
    assert far <= 4  # of 400, with 3 standard errors: 1.1 expected


def test_draws_against_the_closed_form() -> None:
    rng = np.random.default_rng(6)
    size = 200_000
    for mean, sd, noise in ((0.4, 1, 0.3), (0.0, 2, 2), (-1, 1, 0.5), (2, 1, 1)):
        true = rng.normal(mean, sd, size)
        costs = np.stack([np.zeros(size), true])
        tolerance = 4 * sd / size**0.5 + 0.002 * sd  # sampling, and bins that straddle zero
        assert evpi(costs) == pytest.approx(float(evpi_normal(mean, sd)), abs=tolerance)
        assert evppi(costs, true) == pytest.approx(float(evpi_normal(mean, sd)), abs=tolerance)
        reading = true + rng.normal(0, noise, size)
        assert evsi_from_draws(costs, true, reading) == pytest.approx(
            float(evsi_normal(mean, sd, noise)), abs=tolerance
        )


def test_probe_cost_worked() -> None:
    assert probe_cost_usd(4, 6, 8, 100) == 824  # 24 + 800
