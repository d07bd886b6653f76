"""What follows from all runs: levels, spread, status, target, flags of the whole."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.measurement.points import Refused, calibration_points
from planner.capacity.measurement.run import run_of
from planner.capacity.measurement.summary import finished, summarise
from planner.domain.measured_run import Flag, Run
from planner.domain.measurement import Declared, Measurement, ProbingClient, Summary
from tests.capacity.measurement.ideal import AT, asked, measurement, rate_run, seen, simulated

UNUSABLE = Flag(code="OTHER_TRAFFIC", severity="unusable", message="Somebody else used it.")
FLAT = {1: 10.0, 2: 20.0, 4: 40.0, 8: 80.0, 16: 81.0, 32: 80.0}


def summary(runs: list[Run], *, ttft: float | None = None, tpot: float | None = None, stopped: str = "") -> Summary:
    return summarise(runs, stopped=stopped, ttft_p95_ms=ttft, tpot_p95_ms=tpot)


def repeats(rates: dict[int, list[float]]) -> list[Run]:
    return [rate_run(load, rate, i + 1) for load, some in rates.items() for i, rate in enumerate(some)]


def codes(m: Measurement) -> set[str]:
    return {flag.code for flag in m.flags}


def test_a_level_is_the_median_of_its_repeats_with_its_range() -> None:
    """115.8, 138.5 and 128.4 at 4 in flight: median 128.4, spread (138.5 - 115.8) / 128.4 = 17.7 %."""
    found = summary(repeats({4: [115.8, 138.5, 128.4]}))
    (level,) = found.levels
    assert (level.repeats, level.output_tokens_per_s) == (3, 128.4)
    assert (level.least_output_tokens_per_s, level.most_output_tokens_per_s) == (115.8, 138.5)
    assert found.spread_fraction == pytest.approx(22.7 / 128.4)


def test_a_flat_top_is_ok_and_says_where_it_begins() -> None:
    found = summary(repeats({load: [rate, rate * 1.02] for load, rate in FLAT.items()}))
    assert found.status == "ok"
    assert found.knee is not None
    assert found.knee.low <= 8 <= found.knee.high
    assert found.reason == "Throughput stops rising near 8 requests in flight; repeats within 2%."
    assert "one run of each load" in summary(repeats({load: [rate] for load, rate in FLAT.items()})).reason


def test_rates_that_still_rise_are_a_lower_bound() -> None:
    m = measurement(repeats({1: [10], 2: [20], 4: [40]}))
    assert m.summary.status == "not_saturated"
    assert m.summary.knee is None
    assert "40 tokens/s, is a lower bound" in m.summary.reason
    assert codes(m) == {"NOT_SATURATED"}


@pytest.mark.parametrize(("fast", "status"), [(1.2, "ok"), (1.3, "noisy")])
def test_repeats_that_differ_by_more_than_a_quarter_are_noisy(fast: float, status: str) -> None:
    """Two of three repeats at the rate and one faster: spread = fast - 1."""
    rates = {load: [rate, rate, rate * (fast if load == 4 else 1)] for load, rate in FLAT.items()}
    m = measurement(repeats(rates))
    assert m.summary.status == status
    assert ("NOISY" in codes(m)) == (status == "noisy")


def test_a_measurement_that_was_stopped_is_partial() -> None:
    m = measurement(repeats({load: [rate] for load, rate in FLAT.items()}), stopped="Ctrl-C")
    assert m.summary.status == "partial"
    assert m.summary.reason == "It ended early: Ctrl-C."
    assert codes(m) == {"STOPPED"}


def test_without_a_usable_run_it_is_invalid_with_the_reason() -> None:
    assert summary([]).reason == "No run was made."
    found = summary([rate_run(1, 10, flags=(UNUSABLE,))])
    assert (found.status, found.levels, found.knee) == ("invalid", (), None)
    assert found.reason == "None of 1 runs can be used: Somebody else used it."


@given(st.lists(st.floats(1, 1e5), min_size=1, max_size=6), st.lists(st.floats(1, 1e9), min_size=1, max_size=6))
@settings(max_examples=30)
def test_unusable_runs_never_enter_a_figure(good: list[float], bad: list[float]) -> None:
    runs = [rate_run(2**i, rate) for i, rate in enumerate(good)]
    flagged = [rate_run(2**i, rate, 2, flags=(UNUSABLE,)) for i, rate in enumerate(bad)]
    assert summary([*runs, *flagged]) == summary(runs)


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(1, 1e5)), min_size=1, max_size=8), st.randoms())
@settings(max_examples=30)
def test_the_order_of_runs_changes_nothing(loads: list[tuple[int, float]], chance: random.Random) -> None:
    runs = [rate_run(load, rate, i + 1) for i, (load, rate) in enumerate(loads)]
    other = list(runs)
    chance.shuffle(other)
    assert summary(other, ttft=200, tpot=200) == summary(runs, ttft=200, tpot=200)
    assert measurement(other).flags == measurement(runs).flags


def test_rates_of_open_loops_are_no_level() -> None:
    assert summary([rate_run(1, 10, kind="open", request_rate_per_s=3.0)]).status == "invalid"


def test_stretches_of_live_traffic_at_like_loads_count_as_one() -> None:
    """3.9 and 4.2 are within a factor of 1.4 of each other; 8 is not."""
    runs = [rate_run(load, rate, kind="live") for load, rate in ((3.9, 40), (4.2, 44), (8.0, 70))]
    found = summary(runs)
    assert [(level.requests_in_flight, level.repeats) for level in found.levels] == [(pytest.approx(4.05), 2), (8, 1)]
    assert found.spread_fraction is None


def test_the_largest_load_within_the_target_ends_at_the_first_that_misses_it() -> None:
    """P95 of 100, 300 and 200 ms against 250 ms: the third is beyond one that misses."""
    runs = [rate_run(load, load * 10, ttft_ms=wait) for load, wait in ((1, 100), (2, 300), (4, 200))]
    at = summary(runs, ttft=250).at_target
    assert at is not None
    assert (at.requests_in_flight, at.output_tokens_per_s) == (1, 10)
    none = summary(runs, ttft=50).at_target
    assert none is not None
    assert none.requests_in_flight is None
    every = summary(runs, ttft=350, tpot=150).at_target
    assert every is not None
    assert every.requests_in_flight == 4
    assert summary(runs).at_target is None


def test_a_load_with_too_few_answers_for_a_p95_is_not_said_to_meet_a_target() -> None:
    runs = [run_of(asked(1), seen(simulated(1, 1, 12))), rate_run(2, 20)]
    at = summary(runs, ttft=250).at_target
    assert at is not None
    assert at.requests_in_flight == 2
    alone = summary(runs[:1], ttft=250).at_target
    assert alone is not None
    assert alone.requests_in_flight is None


def test_latencies_that_came_in_bursts_are_not_summarised() -> None:
    burst = Flag(code="BURST_DELIVERY", severity="doubt", message="Bursts.")
    (level,) = summary([rate_run(1, 10, flags=(burst,))]).levels
    assert (level.ttft_ms, level.tpot_ms, level.output_tokens_per_s) == (None, None, 10)


def test_what_holds_for_the_whole_is_told() -> None:
    longer = rate_run(4, 40, 2, output_tokens=5000, server={"generation_tokens": 5000})
    runs = [*repeats({load: [rate] for load, rate in FLAT.items()}), longer]
    m = measurement(runs, declared=Declared(gpu_id="cpu"), client=ProbingClient(same_host=True), origin="guidellm")
    assert codes(m) == {"CPU_SERVER", "SAME_HOST", "IMPORTED", "MIXED_SHAPES"}


def test_finishing_asks_the_guards_again_and_twice_changes_nothing() -> None:
    """A flag taken out of a document by hand comes back: 1,000 tokens were counted and 5,000 generated."""
    server = {"generation_tokens": 5000}
    m = measurement([rate_run(1, 10, server=server), *repeats({2: [20.0]})])
    assert [flag.code for flag in m.runs[0].flags] == ["OTHER_TRAFFIC"]
    assert [level.requests_in_flight for level in m.summary.levels] == [2]
    assert finished(m) == m


def test_flags_that_only_their_maker_can_know_are_kept_and_stale_ones_go() -> None:
    mixed = Flag(code="MIXED_SHAPES", severity="doubt", message="Chats and summaries.")
    stale = Flag(code="NOISY", severity="doubt", message="Repeats differ.")
    m = measurement(repeats({load: [rate] for load, rate in FLAT.items()}), flags=(mixed, stale))
    assert m.flags == (mixed,)
    assert m.started_at == AT


COUNTS = st.integers(0, 10**15)
RATES = st.floats(0, 1e9)


@st.composite
def any_run(draw: st.DrawFn) -> Run:
    """A run of any figures that a document can hold, whether or not they go together."""
    window = {"start_s": 0.0, "end_s": 1.0, "output_tokens_per_s": draw(RATES), "requests": 3}
    wait = {"n": 1, "mean": draw(RATES), "p50": draw(RATES), "p95": draw(st.none() | RATES)}
    return Run.model_validate(
        {
            "kind": draw(st.sampled_from(["closed", "open", "live"])),
            "requests_in_flight": draw(st.floats(1e-300, 1e6)),
            "repeat": draw(st.integers(1, 3)),
            "duration_s": draw(st.floats(1e-300, 1e7)),
            **{name: draw(COUNTS) for name in ("sent", "completed", "input_tokens", "output_tokens")},
            "cut_off": draw(st.sampled_from([0, 0, 5])),
            "errors": draw(st.sampled_from([(), ({"kind": "timeout", "count": 10**15},)])),
            "cached_input_tokens": draw(st.none() | COUNTS),
            "token_source": draw(st.sampled_from(["usage", "chunks", "server", "tool"])),
            "chunks": draw(st.none() | COUNTS),
            "output_tokens_per_s": draw(RATES),
            "steady": draw(st.sampled_from([None, window])),
            "ttft_ms": draw(st.sampled_from([None, wait])),
            "tpot_ms": draw(st.sampled_from([None, wait])),
            "short": draw(st.none() | COUNTS),
            "server": {"generation_tokens": draw(COUNTS), "cache_query_tokens": draw(COUNTS), "cache_hit_tokens": 9},
        }
    )


@given(st.lists(any_run(), max_size=6))
@settings(max_examples=100, deadline=None)
def test_whatever_a_document_holds_is_summarised_or_refused_in_words(runs: list[Run]) -> None:
    m = measurement(runs, target_ttft_p95_ms=100.0)
    assert finished(m) == m
    assert m.summary.reason
    said = points_or_why(m)
    assert said.endswith(("3f2a000000000000", "Probe again.", "Probe at the load of the plan."))


def points_or_why(m: Measurement) -> str:
    """The id that a plan would cite, else why it takes nothing."""
    try:
        held = calibration_points(m).measured_by
    except Refused as refused:
        return str(refused)
    return held.measurement_id if held else ""


def test_a_single_load_is_not_said_to_rise() -> None:
    found = summary([rate_run(1, 10)])
    assert found.status == "not_saturated"
    assert found.reason == (
        "Only one load was measured, 1 request in flight: whether more give a larger rate is not known. Its rate, "
        "10 tokens/s, is a lower bound."
    )


def test_why_it_ended_is_one_whole_sentence() -> None:
    assert summary([rate_run(1, 10)], stopped="cancelled").reason == "It ended early: cancelled."
    assert summary([rate_run(1, 10)], stopped="It died.").reason == "It ended early: It died."
