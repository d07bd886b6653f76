"""Each guard speaks when it should, as gravely as it should, and is silent otherwise."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.measurement.guards import GUARDS, More, Wanted, merged_flags, run_flags
from planner.capacity.measurement.outcome import Counters, Outcome
from planner.capacity.measurement.run import run_of
from planner.domain.measured_run import ErrorKind, Flag, FlagCode, Run, Severity
from tests.capacity.measurement.ideal import OUT, answer, asked, ideal_run, seen, simulated

N = 100
TOKENS = N * OUT


def steady_hundred(**more: Any) -> list[Outcome]:
    """A hundred answers, one after the other, of a second each."""
    return [answer(i, i + 0.1, i + 1.0, **more) for i in range(N)]


def counted(tokens: float, **more: Any) -> Counters:
    return Counters(generation_tokens=tokens, **more)


def severities(run: Run) -> dict[FlagCode, Severity]:
    return {flag.code: flag.severity for flag in run.flags}


def run_with(outcomes: list[Outcome], *, load: dict[str, Any] | None = None, **more: Any) -> Run:
    return run_of(asked(1, **(load or {})), seen(outcomes, **more))


def failing(count: int, kind: ErrorKind = "server_error") -> list[Outcome]:
    """`count` of a hundred answers replaced by failures."""
    failed = Outcome(0.0, 0.5, error=kind, detail="said so")
    return [*steady_hundred()[count:], *[failed] * count]


def test_a_good_run_has_no_flag() -> None:
    run = run_with(steady_hundred())
    assert run.flags == ()
    assert run.reconciled is True
    assert run.usable


@pytest.mark.parametrize(
    ("hits", "severity"), [(0, None), (100, None), (101, "doubt"), (500, "doubt"), (501, "unusable")]
)
@pytest.mark.parametrize("told_by", ["counters", "answers"])
def test_prefix_cache_hits_are_doubted_from_one_percent_and_refused_from_five(
    hits: int, severity: Severity | None, told_by: str
) -> None:
    """Of 10,000 prompt tokens."""
    every = steady_hundred()
    more: dict[str, Any] = {
        "before": counted(0, cache_query_tokens=0.0, cache_hit_tokens=0.0),
        "after": counted(TOKENS, cache_query_tokens=10_000.0, cache_hit_tokens=float(hits)),
    }
    if told_by == "answers":
        every, more = [*every[:-1], every[-1]._replace(cached_input_tokens=hits)], {}
    assert severities(run_with(every, **more)).get("PREFIX_CACHE") == severity


def test_the_prefix_cache_of_live_traffic_is_part_of_it() -> None:
    run = ideal_run(1, 1).model_copy(update={"kind": "live", "cached_input_tokens": 900})
    assert [(flag.code, flag.severity) for flag in run_flags(run) if flag.code == "PREFIX_CACHE"] == [
        ("PREFIX_CACHE", "note")
    ]


@pytest.mark.parametrize(("short", "full", "severity"), [(1, True, None), (2, True, "doubt"), (2, False, None)])
def test_short_answers_are_doubted_where_full_length_was_asked(
    short: int, full: bool, severity: Severity | None
) -> None:
    early = [answer(200 + i, 200.1 + i, 200.5 + i, output_tokens=4, chunks=4, finish="stop") for i in range(short)]
    run = run_with([*steady_hundred()[short:], *early], load={"full_length": full})
    assert run.short == short
    assert severities(run).get("SHORT_OUTPUT") == severity


@pytest.mark.parametrize(
    ("tokens", "severity"), [(100, None), (101, None), (103, "note"), (117, "doubt"), (500, "doubt")]
)
def test_prompts_of_another_length_than_asked_are_told(tokens: int, severity: Severity | None) -> None:
    """100 asked; a chat template adds 17, a wrong tokenizer makes five times as many."""
    assert severities(run_with(steady_hundred(input_tokens=tokens))).get("PROMPT_LENGTH") == severity


@pytest.mark.parametrize(("delivered", "severity"), [(10, None), (9, "doubt"), (4, "unusable")])
def test_answers_clipped_at_the_context_are_another_shape(delivered: int, severity: Severity | None) -> None:
    every = steady_hundred(output_tokens=delivered, chunks=delivered)
    assert severities(run_with(every, load={"full_length": False})).get("CONTEXT_LIMIT") == severity


def test_a_context_that_is_too_short_is_named() -> None:
    (said,) = [f for f in run_with(steady_hundred(), load={"max_model_len": 105}).flags if f.code == "CONTEXT_LIMIT"]
    assert "takes 105 tokens, and prompt and answer asked for 110" in said.message
    assert run_with(steady_hundred(), load={"max_model_len": 110}).flags == ()


@pytest.mark.parametrize(("failed", "severity"), [(0, None), (1, "note"), (2, "unusable"), (56, "unusable")])
def test_more_than_one_percent_of_failures_is_no_measurement(failed: int, severity: Severity | None) -> None:
    run = run_with(failing(failed))
    assert severities(run).get("ERRORS") == severity
    assert run.usable == (severity != "unusable")


@pytest.mark.parametrize(("refused", "severity"), [(1, "doubt"), (2, "unusable")])
def test_a_rate_limit_is_what_was_measured(refused: int, severity: Severity) -> None:
    assert severities(run_with(failing(refused, "rate_limited")))["RATE_LIMITED"] == severity
    assert "RATE_LIMITED" not in severities(run_with(failing(refused, "overloaded")))


def test_answers_without_a_token_are_nothing_to_measure() -> None:
    run = run_with(steady_hundred(output_tokens=0, chunks=0))
    assert severities(run)["ERRORS"] == "unusable"


@pytest.mark.parametrize(("generated", "severity"), [(TOKENS, "note"), (TOKENS + 50, "doubt"), (None, "doubt")])
def test_pieces_are_certain_only_where_the_server_counts_as_many(generated: int | None, severity: Severity) -> None:
    after = None if generated is None else counted(float(generated))
    run = run_with(steady_hundred(output_tokens=None), before=counted(0), after=after)
    assert run.token_source == "chunks"
    assert severities(run)["NO_USAGE"] == severity
    assert ("TOKENS_DIFFER" in severities(run)) == (generated == TOKENS + 50)
    assert "OTHER_TRAFFIC" not in severities(run)


@pytest.mark.parametrize(
    ("generated", "code", "severity"),
    [
        (TOKENS, None, None),
        (TOKENS + N, "TOKENS_DIFFER", "doubt"),
        (TOKENS + N + 1, "OTHER_TRAFFIC", "unusable"),
        (TOKENS - N, "TOKENS_DIFFER", "doubt"),
        (TOKENS - N - 1, "TOKENS_DIFFER", "unusable"),
    ],
)
def test_counts_that_differ_are_explained_or_refused(
    generated: int, code: FlagCode | None, severity: Severity | None
) -> None:
    """Up to one token an answer may be its end; more is somebody else; fewer are servers that share an address."""
    run = run_with(steady_hundred(), before=counted(0), after=counted(generated))
    assert run.reconciled is (generated == TOKENS)
    assert severities(run) == ({code: severity} if code else {})


@pytest.mark.parametrize(("generated", "others"), [(1010, False), (1110, False), (1111, True)])
def test_tokens_of_answers_that_did_not_end_do_not_break_the_books(generated: int, others: bool) -> None:
    """1,000 counted, 100 ends, one answer cut off within 10: up to 1,110 without anybody else."""
    cut = Outcome(99.5, 100.0, 99.6, 99.9, chunks=3, cut_off=True)
    run = run_with([*steady_hundred(), cut], before=counted(0), after=counted(generated))
    assert run.reconciled is None
    assert ("OTHER_TRAFFIC" in severities(run)) == others


def test_tokens_that_the_server_counted_are_certain() -> None:
    before, after = counted(0, requests_finished=0.0), counted(TOKENS, requests_finished=float(N))
    run = run_with(steady_hundred(output_tokens=None, chunks=3), before=before, after=after)
    assert (run.output_tokens, severities(run)) == (TOKENS, {"NO_USAGE": "note"})


def test_more_tokens_than_the_answers_can_hold_are_those_of_others() -> None:
    """A hundred answers of 10 and their ends are 1,100 tokens."""
    for generated, others in ((TOKENS + N, False), (TOKENS + N + 1, True)):
        run = run_with(steady_hundred(output_tokens=None), before=counted(0), after=counted(generated))
        assert ("OTHER_TRAFFIC" in severities(run)) == others


def test_requests_of_others_show_where_tokens_cannot_tell() -> None:
    after = counted(TOKENS + 500, requests_finished=N + 3.0)
    run = run_with(steady_hundred(output_tokens=None), before=counted(0, requests_finished=0.0), after=after)
    assert severities(run)["OTHER_TRAFFIC"] == "unusable"


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        ({"last": 0.1005}, {"BURST_DELIVERY"}),
        ({"last": 1.0}, set()),
        ({"last": 1.0, "chunks": 2}, {"BURST_DELIVERY"}),
        ({"last": 1.0, "chunks": 3}, set()),
    ],
)
def test_pieces_that_come_together_make_latencies_doubtful(more: dict[str, float], codes: set[str]) -> None:
    """0.5 ms over nine gaps are 0.06 ms a token; ten tokens in two pieces tell no time per token."""
    pieces = int(more.get("chunks", OUT))
    every = [answer(i, i + 0.1, i + more["last"], chunks=pieces) for i in range(N)]
    run = run_with(every)
    assert {flag.code for flag in run.flags if flag.code == "BURST_DELIVERY"} == codes
    assert run.usable


def test_reasoning_is_told() -> None:
    assert severities(run_with(steady_hundred(reasoning=True))) == {"REASONING": "note"}


def test_a_restart_during_a_run_is_refused() -> None:
    run = run_with(steady_hundred(), before=counted(500), after=counted(20))
    assert severities(run) == {"COUNTER_RESET": "unusable"}
    assert all(known.code != "NO_METRICS" for known in run_flags(run)), "read again from a document"


def test_missing_and_old_counters_are_told() -> None:
    assert severities(run_with(steady_hundred(), before=None, after=None)) == {"NO_METRICS": "note"}
    old = Counters(generation_tokens=0, old_names=True), Counters(generation_tokens=TOKENS, old_names=True)
    assert severities(run_with(steady_hundred(), before=old[0], after=old[1])) == {"OLD_METRICS": "note"}


@pytest.mark.parametrize(("put_back", "severity"), [(0, None), (1, "note"), (2, "doubt")])
def test_requests_put_back_for_want_of_memory_are_told(put_back: int, severity: Severity | None) -> None:
    before, after = counted(0, preemptions=0.0), counted(TOKENS, preemptions=float(put_back))
    assert severities(run_with(steady_hundred(), before=before, after=after)).get("PREEMPTED") == severity


@pytest.mark.parametrize(("gap_s", "bound"), [(0.05, False), (0.2, True)])
def test_a_client_that_cannot_hold_the_load_is_told(gap_s: float, bound: bool) -> None:
    """One second of answer and 0.2 s of pause: 1 / 1.2 = 0.83 in flight where 1 was asked."""
    every = [answer(i * (1 + gap_s), i * (1 + gap_s) + 0.1, i * (1 + gap_s) + 1) for i in range(N)]
    assert ("CLIENT_BOUND" in severities(run_with(every))) == bound


@pytest.mark.parametrize(("cpu_s", "bound"), [(4.0, False), (81.0, True)])
def test_a_client_that_is_busy_is_told(cpu_s: float, bound: bool) -> None:
    run = run_with(steady_hundred(), client_cpu_s=cpu_s)
    assert run.client_cpu_fraction == pytest.approx(cpu_s / 100)
    assert severities(run) == ({"CLIENT_BOUND": "doubt"} if bound else {})


def test_a_shared_machine_is_told() -> None:
    assert severities(run_with(steady_hundred(), same_host=True)) == {"SAME_HOST": "note"}


@pytest.mark.parametrize(("level", "requests", "few"), [(1, 9, True), (1, 10, False), (8, 15, True), (8, 16, False)])
def test_few_answers_are_told(level: int, requests: int, few: bool) -> None:
    run = run_of(asked(level), seen(simulated(level, 8, requests)))
    assert ("FEW_REQUESTS" in severities(run)) == few


def test_a_run_of_less_than_a_wave_stands_for_itself_and_says_so() -> None:
    run = run_of(asked(16), seen(simulated(16, 16, 15)))
    assert severities(run)["NO_STEADY_WINDOW"] == "doubt"
    assert run.rate_output_tokens_per_s == run.output_tokens_per_s


def test_a_run_that_was_stopped_keeps_its_steady_part_or_nothing() -> None:
    cut = Outcome(100, 100.5, 100.1, 100.4, chunks=3, cut_off=True)
    late = run_with([*steady_hundred(), cut], stopped="Ctrl-C")
    assert severities(late)["STOPPED"] == "doubt"
    early = run_of(asked(2), seen([answer(0, 0.1, 1), cut], stopped="Ctrl-C"))
    assert severities(early)["STOPPED"] == "unusable"
    assert severities(run_with(steady_hundred(), stopped="the budget is used up")) == {"STOPPED": "note"}


RUN_CODES = set(get_args(FlagCode)) - {"NOT_SATURATED", "NOISY", "CPU_SERVER", "MIXED_SHAPES", "IMPORTED"}


def test_there_is_one_guard_for_each_code_of_a_run() -> None:
    assert {guard.__name__.upper() for guard in GUARDS} == RUN_CODES


@given(st.lists(st.sampled_from(["done", "failed", "cut"]), max_size=20), st.integers(0, 300), st.booleans())
def test_no_message_is_longer_than_a_flag_can_hold(kinds: list[str], tokens: int, told: bool) -> None:
    every = [
        Outcome(
            i,
            i + 1.0,
            i + 0.1,
            i + 0.9,
            output_tokens=tokens if told else None,
            chunks=3,
            error="stream_error" if kind == "failed" else None,
            cut_off=kind == "cut",
            reasoning=True,
        )
        for i, kind in enumerate(kinds)
    ]
    run = run_of(asked(2), seen(every, after=counted(10.0**9, preemptions=9.0), stopped="x" * 500))
    assert all(0 < len(flag.message) <= 200 for flag in run.flags)
    assert Run.model_validate_json(run.model_dump_json()) == run


def test_of_two_flags_of_one_code_the_graver_stays() -> None:
    doubt, refused = (Flag(code="ERRORS", severity=s, message=s) for s in ("doubt", "unusable"))
    note = Flag(code="SAME_HOST", severity="note", message="n")
    assert merged_flags([doubt], [refused]) == (refused,)
    assert merged_flags([note, refused], [doubt]) == (note, refused)


def test_guards_asked_without_what_was_wanted_say_nothing_of_it() -> None:
    run = run_with(steady_hundred(output_tokens=3, chunks=3))
    assert run_flags(run) == ()
    assert {flag.code for flag in run_flags(run, Wanted(50, 10, 55, True), More(clipped=N))} == {
        "SHORT_OUTPUT",
        "PROMPT_LENGTH",
        "CONTEXT_LIMIT",
    }
