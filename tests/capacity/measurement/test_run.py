"""The figures of one run: rates, the steady window, latencies, counters."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.measurement.counters import difference
from planner.capacity.measurement.outcome import Counters, Outcome
from planner.capacity.measurement.run import Asked, percentiles, run_of
from planner.capacity.measurement.steady import Delivery, delivered_tokens, in_flight_mean
from planner.domain.measured_run import Run
from tests.capacity.measurement.ideal import OUT, answer, asked, ideal_run, seen, simulated

TIMES = st.floats(0, 1000, allow_subnormal=False)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    """A completed, failed or cut-off request of any times in order."""
    sent, wait, rest = draw(TIMES), draw(TIMES), draw(TIMES)
    kind = draw(st.sampled_from(["done", "done", "done", "failed", "cut"]))
    tokens = draw(st.integers(0, 500))
    told = draw(st.booleans())
    return Outcome(
        sent,
        sent + wait + rest,
        sent + wait,
        sent + wait + rest,
        input_tokens=draw(st.integers(1, 1000)) if told else None,
        output_tokens=tokens if told else None,
        chunks=draw(st.integers(0, 500)),
        error="timeout" if kind == "failed" else None,
        cut_off=kind == "cut",
    )


RUNS = st.lists(outcomes(), min_size=1, max_size=30)


def rates(run: Run) -> tuple[float, float | None]:
    return run.output_tokens_per_s, run.steady.output_tokens_per_s if run.steady else None


@given(RUNS, st.integers(1, 8))
def test_rate_times_duration_is_the_tokens(every: list[Outcome], level: int) -> None:
    run = run_of(asked(level), seen(every)._replace(duration_s=max(o.ended_s for o in every) + 1))
    assert run.output_tokens_per_s * run.duration_s == pytest.approx(run.output_tokens)
    assert run.sent == run.completed + run.cut_off + sum(error.count for error in run.errors)


@given(RUNS, st.integers(1, 8), outcomes())
def test_a_failed_request_never_raises_a_rate(every: list[Outcome], level: int, other: Outcome) -> None:
    failed = other._replace(error="server_error", cut_off=False)
    length = max(o.ended_s for o in [*every, failed]) + 1
    without = run_of(asked(level), seen(every)._replace(duration_s=length))
    assert rates(run_of(asked(level), seen([*every, failed])._replace(duration_s=length))) == rates(without)


@given(RUNS, st.integers(1, 8), st.randoms())
def test_the_order_of_outcomes_changes_nothing(every: list[Outcome], level: int, random: object) -> None:
    other = list(every)
    random.shuffle(other)  # type: ignore[attr-defined]  # a random.Random
    length = max(o.ended_s for o in every) + 1
    first, second = (run_of(asked(level), seen(some)._replace(duration_s=length)) for some in (every, other))
    assert first.model_dump_json() == second.model_dump_json()


@given(st.integers(1, 6), st.integers(1, 8), st.sampled_from([0.25, 0.5, 2.0, 8.0]))
def test_times_scaled_by_k_scale_rates_by_1_over_k(level: int, places: int, k: float) -> None:
    every = simulated(level, places, 24)
    slower = [
        o._replace(sent_s=o.sent_s * k, ended_s=o.ended_s * k, first_s=(o.first_s or 0) * k, last_s=(o.last_s or 0) * k)
        for o in every
    ]
    plain, scaled = run_of(asked(level), seen(every)), run_of(asked(level), seen(slower))
    assert scaled.output_tokens_per_s == pytest.approx(plain.output_tokens_per_s / k)
    assert scaled.rate_output_tokens_per_s == pytest.approx(plain.rate_output_tokens_per_s / k)
    assert plain.ttft_ms is not None
    assert scaled.ttft_ms is not None
    assert scaled.ttft_ms.p50 == pytest.approx(plain.ttft_ms.p50 * k if plain.ttft_ms.p50 else None)


@given(st.integers(1, 40), st.integers(1, 40))
def test_the_steady_rate_of_an_ideal_server_is_that_of_its_places(level: int, places: int) -> None:
    """min(load, places) requests of 10 tokens a second, whatever the ramp and the drain."""
    run = ideal_run(level, places)
    assert run.steady is not None
    assert run.steady.output_tokens_per_s == pytest.approx(min(level, places) * OUT, rel=0.06)
    assert run.output_tokens_per_s <= min(level, places) * OUT * (1 + 1e-9)


@pytest.mark.parametrize(("level", "places"), [(4, 8), (16, 16), (16, 8), (64, 8)])
@pytest.mark.parametrize(("differ", "most_off"), [(0.0, 0.01), (0.3, 0.02)])
def test_the_steady_rate_has_no_bias_of_ramp_and_drain(level: int, places: int, differ: float, most_off: float) -> None:
    """Mean rate of fifty runs of four waves, with answers of one length or up to 30 % shorter and longer."""
    chance = random.Random(7)
    runs = [
        run_of(asked(level), seen(simulated(level, places, 4 * level, lambda _: 1 + chance.uniform(-differ, differ))))
        for _ in range(50)
    ]
    steady = sum(run.rate_output_tokens_per_s for run in runs) / len(runs)
    assert all(run.steady for run in runs)
    assert steady == pytest.approx(OUT * min(level, places), rel=most_off)


def test_the_rate_of_a_whole_run_is_too_low_by_its_drain() -> None:
    chance = random.Random(7)
    run = run_of(asked(16), seen(simulated(16, 16, 64, lambda _: 1 + chance.uniform(-0.3, 0.3))))
    assert run.output_tokens_per_s < 0.92 * OUT * 16


def test_a_steady_window_by_hand() -> None:
    """Two in flight from 1 s on; the first answer ends at 3 s; the last moment with two is 5 s.

    Of the second (10 tokens over 2-4 s) half arrives from 3 to 5 s, of the third (4-5 s) all, of the fourth (5-7 s)
    nothing: 15 in 2 s. Two answers, a wave, ended in it. Whole run: 40 in 7 s.
    """
    every = [answer(0, 1, 3), answer(1, 2, 4), answer(3, 4, 5), answer(4, 5, 7)]
    run = run_of(asked(2), seen(every))
    assert run.steady is not None
    assert (run.steady.start_s, run.steady.end_s, run.steady.requests) == (3, 5, 2)
    assert run.steady.output_tokens_per_s == pytest.approx(15 / 2)
    assert run.output_tokens_per_s == pytest.approx(40 / 7)
    assert run.mean_in_flight == pytest.approx((3 + 3 + 2 + 3) / 7)


def test_an_answer_counts_by_the_part_of_its_time_in_the_window() -> None:
    """30 tokens over 2-8 s are 5 a second: 15 of them from 5 to 9 s. One piece at 6 s arrives whole."""
    assert delivered_tokens([Delivery(2, 8, 30)], 5, 9) == pytest.approx(15)
    assert delivered_tokens([Delivery(6, 6, 7)], 5, 9) == pytest.approx(7)
    assert delivered_tokens([Delivery(6, 6, 7)], 6, 9) == 0
    assert delivered_tokens([], 0, 1) == 0


def test_less_than_a_wave_is_no_steady_part() -> None:
    run = run_of(asked(4), seen([answer(0, 0.1, 1) for _ in range(3)]))
    assert run.steady is None
    single = run_of(asked(4), seen([answer(0, 0.1, 1 + i) for i in range(4)]))
    assert single.steady is None


def test_what_had_arrived_of_answers_that_were_cut_off_counts_in_the_window() -> None:
    """One at a time, 10 tokens a second; the third is cut off half-way with 5 pieces: 10 + 5 tokens from 1 to 2.5 s."""
    cut = Outcome(2, 2.5, 2.0, 2.5, chunks=5, cut_off=True)
    run = run_of(asked(1), seen([answer(0, 0, 1), answer(1, 1, 2), cut]))
    assert run.cut_off == 1
    assert run.output_tokens == 20
    assert run.steady is not None
    assert run.steady.output_tokens_per_s == pytest.approx(15 / 1.5)


def test_latencies_of_one_answer_by_hand() -> None:
    """Sent at 1.0, first piece at 1.2, last of 10 tokens at 2.1: TTFT 200 ms, E2E 1100 ms, TPOT 900 / 9 = 100 ms."""
    run = run_of(asked(1), seen([answer(1.0, 1.2, 2.1)]))
    assert run.ttft_ms is not None
    assert run.tpot_ms is not None
    assert run.e2e_ms is not None
    assert run.ttft_ms.p50 == pytest.approx(200)
    assert run.e2e_ms.p50 == pytest.approx(1100)
    assert run.tpot_ms.p50 == pytest.approx(100)
    assert run.ttft_ms.p90 is None


def test_in_an_open_loop_latencies_count_from_when_a_request_was_due() -> None:
    """Due at 0.5 and sent at 1.0: the half second counts too."""
    load = asked(1, kind="open", request_rate_per_s=2.0)
    run = run_of(load, seen([answer(1.0, 1.2, 2.1, scheduled_s=0.5)]))
    assert run.ttft_ms is not None
    assert run.ttft_ms.p50 == pytest.approx(700)
    assert run.steady is None


@pytest.mark.parametrize(("n", "told"), [(1, "p50"), (9, "p50"), (10, "p90"), (20, "p95"), (99, "p95"), (100, "p99")])
def test_a_percentile_is_told_from_enough_requests_only(n: int, told: str) -> None:
    found = percentiles(range(n))
    assert found is not None
    names = ["p50", "p90", "p95", "p99"]
    assert [name for name in names if getattr(found, name) is not None] == names[: names.index(told) + 1]


@given(st.lists(st.floats(0, 1e6), min_size=100, max_size=150))
def test_percentiles_ascend_between_least_and_most(values: list[float]) -> None:
    found = percentiles(values)
    assert found is not None
    ranked = [min(values), found.p50, found.p90, found.p95, found.p99, max(values)]
    assert all(a is not None and b is not None and a <= b + 1e-6 for a, b in pairwise(ranked))


def test_no_value_has_no_percentiles() -> None:
    assert percentiles([]) is None


def test_tokens_are_counted_by_pieces_where_answers_do_not_say() -> None:
    run = run_of(asked(1), seen([answer(0, 0.1, 1), answer(1, 1.1, 2, output_tokens=None, chunks=8)]))
    assert (run.output_tokens, run.token_source) == (18, "chunks")


def test_the_server_counts_where_answers_do_not_say_and_nobody_else_is_there() -> None:
    """Two answers in 4 and 5 pieces, 18 tokens by the counter: 2 a piece; the second has 10 over 0.9 s."""
    every = [
        answer(0, 0.1, 1, output_tokens=None, chunks=4),
        answer(1, 1.1, 2, output_tokens=None, chunks=5),
    ]
    before, after = Counters(7, 5, requests_finished=1), Counters(7, 23, requests_finished=3)
    run = run_of(asked(1), seen(every, before=before, after=after))
    assert (run.output_tokens, run.token_source, run.reconciled) == (18, "server", None)
    assert run.tpot_ms is not None
    assert run.tpot_ms.mean == pytest.approx(900 / 9)  # the first wave has no latencies
    others = run_of(asked(1), seen(every, before=before, after=after._replace(requests_finished=4)))
    assert (others.output_tokens, others.token_source) == (9, "chunks")


def test_answers_in_pieces_of_several_tokens_are_not_called_short() -> None:
    """Ten tokens in three pieces; only one that the model ended itself may be short."""
    bundled = answer(0, 0.1, 1, output_tokens=None, chunks=3)
    run = run_of(asked(1), seen([bundled, bundled._replace(finish="stop")]))
    assert run.short == 1
    assert "CONTEXT_LIMIT" not in {flag.code for flag in run.flags}


def test_a_run_without_an_answer_is_a_run_all_the_same() -> None:
    failed = Outcome(0, 1, error="unauthorised", detail="401 \x00 said\nno")
    run = run_of(asked(1), seen([failed, failed._replace(error="timeout"), failed]))
    assert (run.completed, run.output_tokens, run.usable) == (0, 0, False)
    assert [(error.kind, error.count, error.example) for error in run.errors] == [
        ("unauthorised", 2, "401 said no"),
        ("timeout", 1, "401 said no"),
    ]
    assert not run_of(asked(1), seen([])).usable


@given(st.lists(st.floats(0, 1e12), min_size=4, max_size=4))
def test_counters_that_rise_give_their_difference(values: list[float]) -> None:
    low, more, hits, further = values
    before = Counters(generation_tokens=low, cache_hit_tokens=hits)
    after = Counters(generation_tokens=low + more, cache_hit_tokens=hits + further, preemptions=3)
    delta, reset = difference(before, after)
    assert delta is not None
    assert delta.generation_tokens == round(after.generation_tokens - low if after.generation_tokens else 0)
    assert delta.preemptions is None
    assert not reset


def test_a_counter_that_went_back_tells_nothing_but_that() -> None:
    before = Counters(generation_tokens=100, prompt_tokens=100)
    delta, reset = difference(before, Counters(generation_tokens=20, prompt_tokens=500))
    assert (delta, reset) == (None, True)
    peaks = Counters(running=8, waiting=2, kv_usage_fraction=0.5)
    found, _ = difference(None, None, peaks)
    assert found is not None
    assert (found.running_max, found.waiting_max, found.kv_usage_max_fraction) == (8, 2, 0.5)
    assert difference(None, None) == (None, False)


def test_the_mean_in_flight_of_no_time_is_unknown() -> None:
    assert in_flight_mean([answer(0, 1, 2)], 1, 1) is None
    assert math.isclose(in_flight_mean([answer(0, 1, 2), answer(1, 1, 3)], 0, 2) or 0, 1.5)


def test_a_load_of_part_of_a_request_is_taken_as_it_is() -> None:
    load: Asked = asked(2.5, kind="open", request_rate_per_s=1.0)
    assert run_of(load, seen([answer(0, 0.1, 1)])).requests_in_flight == 2.5


@pytest.mark.parametrize("count", [-5, 10**20])
def test_a_count_that_no_answer_can_have_is_not_taken(count: int) -> None:
    run = run_of(asked(1), seen([answer(0, 0.1, 1, output_tokens=count, input_tokens=count)]))
    assert (run.output_tokens, run.input_tokens, run.token_source) == (10, 100, "chunks")


def test_the_first_wave_of_a_held_load_has_no_latencies() -> None:
    """Two requests sent at one moment wait for each other, 3 s to the first token; those sent later wait 1 s."""
    first = [answer(0, 3, 4), answer(0, 3, 4)]
    later = [answer(4, 5, 6), answer(4, 5, 6), answer(6, 7, 8), answer(6, 7, 8)]
    run = run_of(asked(2), seen([*first, *later]))
    assert run.ttft_ms is not None
    assert run.ttft_ms.n == 4
    assert run.ttft_ms.mean == pytest.approx(1000)
    assert run.completed == 6


def test_without_a_steady_part_every_latency_counts() -> None:
    run = run_of(asked(2), seen([answer(0, 3, 4)]))
    assert run.steady is None
    assert run.ttft_ms is not None
    assert run.ttft_ms.n == 1
    assert run.ttft_ms.mean == pytest.approx(3000)
