"""PRB-6: runs from live counters. Laws over any traffic and any moments, then traffic whose size is known."""

from __future__ import annotations

import datetime as dt
import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.measurement.counters import COUNTED
from planner.capacity.measurement.histogram import Histogram, latency, less, plus, quantile, variation
from planner.capacity.measurement.live import LEAST_COMPLETED, watched
from planner.capacity.measurement.outcome import Counters
from planner.capacity.measurement.points import shape_delivered
from planner.capacity.measurement.stretch import Scrape, joined, stretch_of
from planner.capacity.measurement.summary import finished
from planner.domain.measured_run import Run
from planner.domain.measurement import Measurement
from tests.capacity.measurement.live_traffic import Request, histogram, poisson, scrape, scrapes, slowing

BEGAN = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
REQUESTS = st.lists(
    st.builds(
        Request,
        at_s=st.floats(0, 60),
        input_tokens=st.integers(1, 2000),
        output_tokens=st.integers(1, 400),
        ttft_s=st.floats(0, 3),
        tpot_s=st.floats(0, 0.1),
        cached_tokens=st.just(0),
    ),
    max_size=30,
)
MOMENTS = st.lists(st.integers(0, 400), min_size=2, max_size=9, unique=True).map(lambda m: [t / 4 for t in sorted(m)])


def measurement(runs: tuple[Run, ...]) -> Measurement:
    return finished(
        Measurement(
            measurement_id="0123456789abcdef",
            origin="watch",
            program_version="0",
            started_at=BEGAN,
            finished_at=BEGAN + dt.timedelta(hours=1),
            runs=runs,
        )
    )


@settings(max_examples=60, deadline=None)
@given(REQUESTS, MOMENTS)
def test_the_sum_over_stretches_is_the_whole_however_it_is_split(requests: list[Request], moments: list[float]) -> None:
    readings = [scrape(requests, at_s) for at_s in moments]
    parts = [stretch_of(a, b) for a, b in pairwise(readings)]
    whole = stretch_of(readings[0], readings[-1])
    assert whole is not None
    summed = parts[0]
    for part in parts[1:]:
        assert summed is not None
        assert part is not None
        summed = joined(summed, part)
    assert summed is not None
    assert summed.seconds == pytest.approx(whole.seconds)
    assert summed.counted == pytest.approx(dict(whole.counted))
    assert {r: n for r, n in summed.ended.items() if n} == {r: n for r, n in whole.ended.items() if n}
    for name, added in whole.histograms.items():
        assert summed.histograms[name].counts == pytest.approx(added.counts)
        assert summed.histograms[name].total == pytest.approx(added.total, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(REQUESTS, MOMENTS, st.floats(0, 100))
def test_a_restart_never_yields_a_negative_figure_nor_a_run_across_it(
    requests: list[Request], moments: list[float], restart_s: float
) -> None:
    after = [r for r in requests if r.at_s > restart_s]
    readings = [scrape(after if at_s > restart_s else requests, at_s) for at_s in moments]
    found = watched(readings, BEGAN)
    for run in found.runs:
        figures = (run.output_tokens_per_s, run.input_tokens, run.output_tokens, run.completed, run.requests_in_flight)
        assert min(figures) >= 0
    served = scrape(requests, restart_s).counters.generation_tokens or 0
    later = scrape(after, moments[-1]).counters.generation_tokens or 0
    assert sum(run.output_tokens for run in found.runs) <= served + later


@given(st.lists(st.floats(0.0005, 20), min_size=1, max_size=80), st.floats(0.01, 0.99))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    counted = histogram("e2e", values)
    true = sorted(values)[math.ceil(share * len(values) - 1e-9) - 1]
    low = max((b for b in counted.bounds if b < true), default=0.0)
    high = min(b for b in counted.bounds if b >= true)
    told = quantile(counted, share)
    assert told is None if math.isinf(high) else low - 1e-9 <= (told or 0.0) <= high + 1e-9


@given(st.lists(st.floats(0, 20), max_size=40), st.lists(st.floats(0, 20), max_size=40))
def test_less_undoes_plus(first: list[float], second: list[float]) -> None:
    a, b = histogram("e2e", first), histogram("e2e", second)
    back = less(plus(a, b), a)
    assert back is not None
    assert back.counts == b.counts
    assert back.total == pytest.approx(b.total, abs=1e-9)


def test_a_histogram_that_lost_something_is_no_difference() -> None:
    full, empty = histogram("e2e", [0.4, 0.4]), histogram("e2e", [])
    assert less(empty, full) is None
    # Two answers of 0.4 s became two of 0.04 s and one of 3 s: no count fell, but the bucket of 0.3 to 0.5 s did.
    assert less(histogram("e2e", [0.04, 0.04, 3.0]), full) is None
    assert less(full, Histogram((1.0, math.inf), (0.0, 0.0), 0.0)) is None


def test_percentiles_are_straight_between_bounds_and_the_mean_is_exact() -> None:
    # 30 answers between 0.3 and 0.5 s, 10 between 0.5 and 1.0: the median is the 20th of the 30.
    counted = histogram("e2e", [0.4] * 30 + [0.8] * 10)
    told = latency(counted)
    assert told is not None
    assert told.n == 40
    assert told.mean == pytest.approx((30 * 0.4 + 10 * 0.8) / 40 * 1000)
    assert told.p50 == pytest.approx(300 + 200 * 20 / 30)
    assert told.p90 == pytest.approx(500 + 500 * 6 / 10)
    assert told.p95 == pytest.approx(500 + 500 * 8 / 10)
    assert told.p99 is None  # of 100 requests and more


def test_a_percentile_beyond_the_last_bound_is_not_told() -> None:
    told = latency(histogram("e2e", [99.0] * 40))
    assert told is not None
    assert told.mean == pytest.approx(99_000)
    assert (told.p50, told.p95) == (None, None)


def test_variation_is_that_of_the_lengths() -> None:
    assert variation(histogram("input", [])) is None
    # Half of 150, half of 1,500: in buckets of 100-200 and 1,000-2,000, mean 825, standard deviation about 691.
    assert variation(histogram("input", [150.0, 1500.0] * 10)) == pytest.approx(0.85, abs=0.02)
    assert (variation(histogram("input", [150.0] * 10)) or 1) < 0.2


def test_steady_traffic_gives_its_own_rate_load_and_latencies() -> None:
    # 10 requests/s x 64 tokens = 640 tokens/s; an answer takes 0.2 + 63 x 0.02 = 1.46 s, so 14.6 are in flight.
    requests = list(poisson(10, 300))
    readings = scrapes(requests, 300, 5, from_s=20)
    found = watched(readings, BEGAN)
    assert not found.flags
    assert len(found.runs) == 28  # 4 x 14.6 = 58 answers make a run: two stretches of 5 s
    time_s = sum(run.duration_s for run in found.runs)
    assert time_s == pytest.approx(280)
    gained = (readings[-1].counters.generation_tokens or 0) - (readings[0].counters.generation_tokens or 0)
    assert sum(run.output_tokens for run in found.runs) == gained
    assert gained / time_s == pytest.approx(640, rel=0.05)
    assert sum(run.requests_in_flight * run.duration_s for run in found.runs) / time_s == pytest.approx(14.6, rel=0.05)
    one = found.runs[0]
    assert one.started_at == BEGAN
    assert (one.kind, one.token_source, one.usable) == ("live", "server", True)
    assert one.ttft_ms is not None
    assert one.tpot_ms is not None
    assert one.e2e_ms is not None
    assert one.ttft_ms.mean == pytest.approx(200)
    assert one.tpot_ms.mean == pytest.approx(20)
    assert one.e2e_ms.mean == pytest.approx(1460)
    assert 80 <= (one.ttft_ms.p50 or 0) <= 250  # the bucket that 0.2 s is in
    assert [flag.code for run in found.runs for flag in run.flags] == []


def test_two_loads_are_told_apart_and_no_run_holds_both() -> None:
    requests = [*poisson(5, 100), *poisson(20, 100, seed=8, begin_s=100)]
    found = watched(scrapes(requests, 200, 5), BEGAN)
    loads = [run.requests_in_flight for run in found.runs]
    # 5/s x 1.46 s = 7.3 and 20/s x 1.46 s = 29.2; the stretch between them belongs to neither for long.
    low, high = [n for n in loads if n < 12], [n for n in loads if n > 20]
    assert len(low) >= 4
    assert len(high) >= 8
    assert len(loads) - len(low) - len(high) <= 1
    assert sum(low) / len(low) == pytest.approx(7.3, rel=0.2)
    assert sum(high) / len(high) == pytest.approx(29.2, rel=0.1)
    levels = measurement(found.runs).summary.levels
    assert levels[0].requests_in_flight < 10 < 25 < levels[-1].requests_in_flight


def test_a_server_that_slows_with_its_load_is_found_on_its_own_line() -> None:
    # An answer of 64 tokens takes 0.8 + 0.02 N s beside N others: N x 64 / (0.8 + 0.02 N) tokens/s.
    readings = slowing(rates_per_s=(3.0, 15.0, 30.0), each_s=120.0, every_s=5.0)
    found = watched(readings, BEGAN)
    levels = measurement(found.runs).summary.levels
    assert levels[-1].requests_in_flight > 10 * levels[0].requests_in_flight
    for level in levels:
        load = level.requests_in_flight
        assert level.output_tokens_per_s == pytest.approx(load * 64 / (0.8 + 0.02 * load), rel=0.1)


def test_a_restart_is_told_and_its_stretch_is_left_out() -> None:
    requests = list(poisson(10, 200))
    before = scrapes(requests, 100, 5, from_s=20)
    after = scrapes([r for r in requests if r.at_s > 103], 200, 5, from_s=110)
    found = watched([*before, *after], BEGAN)
    assert [flag.code for flag in found.flags if flag.severity == "doubt"] == ["COUNTER_RESET"]
    assert "once" in found.flags[0].message
    gap = (BEGAN + dt.timedelta(seconds=80), BEGAN + dt.timedelta(seconds=90))
    for run in found.runs:
        assert run.started_at is not None
        assert run.started_at >= gap[1] or run.started_at + dt.timedelta(seconds=run.duration_s) <= gap[0]


def test_a_restart_that_no_counter_shows_is_seen_by_when_the_counters_began() -> None:
    early, late = scrape([Request(0.0)], 2.0), scrape([Request(0.0), Request(1.0)], 5.0)
    assert stretch_of(early, late) is not None
    assert stretch_of(early._replace(born=1.0), late._replace(born=9.0)) is None


def test_mixed_lengths_are_doubted_with_their_figure() -> None:
    mixed = [r._replace(input_tokens=1500 if n % 2 else 60) for n, r in enumerate(poisson(10, 120))]
    found = watched(scrapes(mixed, 120, 5, from_s=20), BEGAN)
    assert found.runs
    for run in found.runs:
        flags = {flag.code: flag for flag in run.flags}
        assert flags["MIXED_SHAPES"].severity == "doubt"
        assert "prompts by" in flags["MIXED_SHAPES"].message
        assert run.usable


def test_cache_hits_are_taken_off_the_prompt_and_spoil_nothing() -> None:
    requests = [r._replace(cached_tokens=96) for r in poisson(10, 120)]
    found = watched(scrapes(requests, 120, 5, from_s=20), BEGAN)
    assert all(run.usable for run in found.runs)
    assert {flag.severity for run in found.runs for flag in run.flags if flag.code == "PREFIX_CACHE"} == {"note"}
    input_tokens, output_tokens = shape_delivered(measurement(found.runs))
    assert input_tokens == pytest.approx(128 - 96, rel=0.03)
    assert output_tokens == pytest.approx(64, rel=0.03)


def test_an_idle_server_adds_no_time_to_its_runs() -> None:
    # Ten bursts of 20 requests a minute apart, each over in 2 s.
    requests = [Request(1.0 + 60.0 * burst + 0.01 * n) for burst in range(10) for n in range(20)]
    found = watched(scrapes(requests, 600, 4), BEGAN)
    assert sum(run.duration_s for run in found.runs) <= 10 * 4
    assert sum(run.completed for run in found.runs) == 200


def test_too_few_answers_make_no_run() -> None:
    requests = [Request(float(n)) for n in range(LEAST_COMPLETED - 1)]
    assert watched(scrapes(requests, 30, 5), BEGAN).runs == ()
    assert watched([], BEGAN).runs == ()
    assert watched(scrapes(requests, 0, 5), BEGAN).runs == ()


def without(reading: Scrape, *names: str) -> Scrape:
    return reading._replace(histograms={k: h for k, h in reading.histograms.items() if k not in names})


def test_without_whole_answer_times_the_readings_tell_the_load() -> None:
    readings = [without(r, "e2e") for r in scrapes(list(poisson(10, 300)), 300, 1, from_s=20)]
    found = watched(readings, BEGAN)
    mean = sum(run.requests_in_flight * run.duration_s for run in found.runs) / sum(r.duration_s for r in found.runs)
    assert mean == pytest.approx(14.6, rel=0.05)


def test_without_times_per_token_of_requests_the_mean_gap_stands_for_them() -> None:
    readings = [without(r, "tpot") for r in scrapes(list(poisson(10, 120)), 120, 5, from_s=20)]
    run = watched(readings, BEGAN).runs[0]
    assert run.tpot_ms is not None
    assert run.tpot_ms.mean == pytest.approx(20)
    assert (run.tpot_ms.p50, run.tpot_ms.p95) == (None, None)


def test_failed_requests_and_stops_are_counted_apart() -> None:
    reasons = ("length", "stop", "abort", "error")
    requests = [r._replace(reason=reasons[n % 4]) for n, r in enumerate(poisson(10, 60))]
    run = watched([scrape(requests, 0.0), scrape(requests, 70.0)], BEGAN).runs[0]
    count = len(requests)
    assert run.finished is not None
    assert run.finished.length + run.finished.stop + run.finished.other + run.errors[0].count == count
    assert run.completed == count - run.errors[0].count
    assert not run.usable  # a quarter failed


def test_older_names_and_a_drifting_load_are_flagged() -> None:
    requests = list(poisson(10, 60))
    one, two = scrape(requests, 0.5), scrape(requests, 4.5)
    old = [r._replace(counters=r.counters._replace(old_names=True)) for r in (one, two)]
    flags = {flag.code: flag.severity for flag in watched(old, BEGAN).runs[0].flags}
    # At 0.5 s hardly an answer was under way, so that more tokens were generated after it than answers ended with.
    assert flags == {"OLD_METRICS": "note", "NO_STEADY_WINDOW": "doubt"}


def test_every_counter_of_a_run_is_a_difference() -> None:
    names = {name: 100.0 * n for n, name in enumerate(COUNTED, start=1)}
    early = scrape(list(poisson(10, 60)), 20.0)
    base = early.counters._asdict() | names
    late = scrape(list(poisson(10, 60)), 60.0)
    more = late.counters._asdict() | {name: value + 7 for name, value in names.items()}
    run = watched([early._replace(counters=Counters(**base)), late._replace(counters=Counters(**more))], BEGAN).runs[0]
    assert run.server is not None
    assert {getattr(run.server, name) for name in COUNTED} == {7}
    assert run.output_tokens == 7


@pytest.mark.parametrize("every_s", [0.25, 1.0, 2.0])
def test_answers_that_end_in_waves_are_one_steady_load(every_s: float) -> None:
    """32 at a time, each wave after the last one's end and 0.3 s: 2,048 tokens in 1.76 s, 1,164 tokens/s."""
    wave_s = Request(0).end_s + 0.3
    requests = [Request(wave * wave_s) for wave in range(30) for _ in range(32)]
    readings = [scrape(requests, n * every_s) for n in range(int(25 * wave_s / every_s))]
    runs = watched(readings, BEGAN).runs
    assert runs
    assert sum(run.duration_s for run in runs) > 0.8 * readings[-1].at_s
    for run in runs:
        assert run.output_tokens_per_s == pytest.approx(2048 / wave_s, rel=0.2)
        assert run.requests_in_flight == pytest.approx(32, rel=0.35)
