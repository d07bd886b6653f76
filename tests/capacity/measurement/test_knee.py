"""The bracket of the knee holds the places of an ideal server; real sweeps whose knee is known are read right."""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.measurement.knee import knee_of
from planner.capacity.measurement.summary import summarise
from planner.domain.measured_run import Run
from planner.domain.measurement import Knee, LevelSummary, Summary
from tests.capacity.measurement.ideal import always, ideal_run, rate_run

LEVEL_SETS = st.one_of(
    st.sampled_from([(1, 2, 4, 8, 16, 32), (1, 4, 16, 64), (1, 2, 3, 5, 8, 13, 21), (2, 8, 32), (4, 6, 9, 13, 20, 30)]),
    st.lists(st.integers(1, 40), min_size=2, max_size=6, unique=True).map(lambda levels: tuple(sorted(levels))),
)
NOISE = 0.1


def summary(runs: list[Run]) -> Summary:
    return summarise(runs, stopped="", ttft_p95_ms=None, tpot_p95_ms=None)


def probed(levels: tuple[int, ...], places: int, noise: random.Random | None = None, repeats: int = 1) -> Summary:
    """The knee of an ideal server; each run is slower or faster as a whole by up to NOISE."""
    runs = [simulated_run(level, places) for level in levels for _ in range(repeats)]
    return summary([scaled(run, 1 + noise.uniform(-NOISE, NOISE)) for run in runs] if noise else runs)


@cache
def simulated_run(level: int, places: int) -> Run:
    return ideal_run(level, places)


def scaled(run: Run, k: float) -> Run:
    """The same run with all its times k times as long (`test_times_scaled_by_k_scale_rates_by_1_over_k`)."""
    assert run.steady is not None
    assert run.ttft_ms is not None
    assert run.ttft_ms.mean is not None
    steady = run.steady.model_copy(update={"output_tokens_per_s": run.steady.output_tokens_per_s / k})
    return run.model_copy(
        update={"steady": steady, "ttft_ms": run.ttft_ms.model_copy(update={"mean": run.ttft_ms.mean * k})}
    )


@given(LEVEL_SETS, st.integers(1, 40))
@settings(max_examples=150, deadline=None)
def test_the_bracket_holds_the_places_of_an_ideal_server(levels: tuple[int, ...], places: int) -> None:
    knee = probed(levels, places).knee
    assert knee is None or knee.low <= places <= knee.high
    assert knee is None or knee.low <= knee.requests_in_flight <= knee.high


@given(LEVEL_SETS, st.integers(1, 40), st.integers(1, 3), st.randoms(use_true_random=False))
@settings(max_examples=250, deadline=None)
def test_it_does_so_although_runs_differ_by_ten_percent(
    levels: tuple[int, ...], places: int, repeats: int, noise: random.Random
) -> None:
    knee = probed(levels, places, noise, repeats).knee
    assert knee is None or knee.low <= places <= knee.high


@given(st.integers(1, 16), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_a_server_probed_to_four_times_its_places_and_beyond_has_a_knee(places: int, noise: random.Random) -> None:
    knee = probed((1, 2, 4, 8, 16, 32, 64), places, noise, repeats=3).knee
    assert knee is not None
    assert knee.high <= max(4 * places, 4)
    assert knee.low >= places / 4 or knee.low == 1
    assert places / 2 <= knee.requests_in_flight <= 2 * places


@given(st.integers(1, 6), st.integers(1, 3))
def test_a_server_that_is_never_full_has_none(doublings: int, more: int) -> None:
    levels = tuple(2**i for i in range(doublings + 1))
    found = probed(levels, levels[-1] * more)
    assert (found.knee, found.status) == (None, "not_saturated")
    assert "lower bound" in found.reason


@given(st.integers(1, 40), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_runs_changes_nothing(places: int, noise: random.Random) -> None:
    runs = [ideal_run(level, places, repeat, always) for level in (1, 2, 4, 8, 16, 32) for repeat in (1, 2)]
    other = list(runs)
    noise.shuffle(other)
    assert summary(other) == summary(runs)


def sweep(rates: Mapping[int, float], ttft_ms: Mapping[int, float] | None = None) -> Knee | None:
    waits: Mapping[int, float] = ttft_ms or dict.fromkeys(rates, 100.0)
    return summary([rate_run(load, rate, ttft_ms=waits[load]) for load, rate in rates.items()]).knee


EIGHT = {1: 29, 2: 45, 4: 110, 8: 200, 16: 214, 32: 203}
EIGHT_AGAIN = {1: 36, 2: 71, 4: 111, 8: 238, 16: 184, 32: 218, 64: 232}
THIRTY_TWO = {1: 32, 2: 75, 4: 142, 8: 235, 16: 372, 32: 537, 64: 564}
SIXTY_FOUR = {1: 41, 2: 87, 4: 108, 8: 153, 16: 368, 32: 484, 64: 570, 128: 760}
SIXTY_FOUR_WAITS = {1: 57, 2: 77, 4: 224, 8: 392, 16: 633, 32: 876, 64: 1081, 128: 5726}


@pytest.mark.parametrize(
    ("rates", "places", "low", "high"),
    [
        (EIGHT, 8, 4, 16),
        (EIGHT_AGAIN, 8, 4, 16),
        (THIRTY_TWO, 32, 16, 64),
    ],
)
def test_real_servers_of_known_places_are_read_right(rates: dict[int, float], places: int, low: int, high: int) -> None:
    """vLLM on a CPU with --max-num-seqs 8, 8 and 32; one run of each load, on a busy machine."""
    knee = sweep(rates)
    assert knee is not None
    assert (knee.low, knee.high) == (low, high)
    assert 0.85 * places <= knee.requests_in_flight <= 1.15 * places


def test_first_tokens_that_wait_five_times_as_long_are_evidence_too() -> None:
    """--max-num-seqs 64: at 128 the rate is still up by a third, but the first token takes 5.7 s after 1.1 s."""
    assert sweep(SIXTY_FOUR) is None
    knee = sweep(SIXTY_FOUR, SIXTY_FOUR_WAITS)
    assert knee is not None
    assert (knee.low, knee.high) == (64, 128)


def test_the_estimate_carries_the_rise_on_to_the_flat_part() -> None:
    """Rates 10 a request: 40 at 4; 90 from 16 on. 4 x 90 / 40 = 9 places."""
    knee = sweep({1: 10, 4: 40, 16: 90, 64: 90})
    assert knee is not None
    assert (knee.low, knee.high) == (4, 64)
    assert knee.requests_in_flight == pytest.approx(9, rel=0.03)
    assert knee.reason == "The rate rises from 40 at 4, then stays: 90 tokens/s at 64 in flight."


def test_a_server_with_one_place_is_flat_from_the_first_load() -> None:
    """llama.cpp's server, one at a time: 698, 682 and 702 tokens/s at 2, 4 and 8."""
    knee = sweep({2: 698, 4: 682, 8: 702})
    assert knee is not None
    assert (knee.low, knee.high) == (1, 4)
    assert "does not rise" in knee.reason


@st.composite
def any_levels(draw: st.DrawFn) -> list[LevelSummary]:
    loads = sorted(draw(st.lists(st.floats(0.01, 1e6), min_size=1, max_size=8, unique=True)))
    rate, wait = st.floats(0, 1e9), st.none() | st.floats(0, 1e9)
    return [
        LevelSummary(
            requests_in_flight=load,
            repeats=1,
            output_tokens_per_s=draw(rate),
            least_output_tokens_per_s=0,
            most_output_tokens_per_s=1e9,
            ttft_ms=draw(wait),
        )
        for load in loads
    ]


@given(any_levels(), st.none() | st.floats(0, 1e3))
def test_whatever_was_measured_the_estimate_lies_in_its_bracket(
    levels: list[LevelSummary], spread: float | None
) -> None:
    knee = knee_of(levels, spread)
    assert knee is None or knee.low <= knee.requests_in_flight <= knee.high
    assert knee is None or knee.high <= levels[-1].requests_in_flight


def test_one_load_has_no_knee() -> None:
    assert knee_of([], None) is None
    assert sweep({8: 100}) is None


def test_a_wider_spread_widens_the_bracket() -> None:
    levels = [
        LevelSummary(
            requests_in_flight=load,
            repeats=3,
            output_tokens_per_s=rate,
            least_output_tokens_per_s=rate,
            most_output_tokens_per_s=rate,
        )
        for load, rate in {1: 10.0, 2: 20.0, 4: 40.0, 8: 60.0, 16: 62.0, 32: 62.0}.items()
    ]
    narrow, wide = knee_of(levels, 0.05), knee_of(levels, 0.6)
    assert narrow is not None
    assert wide is not None
    assert (narrow.low, narrow.high) == (4, 16)
    assert wide.low < narrow.low
    assert wide.high >= narrow.high
