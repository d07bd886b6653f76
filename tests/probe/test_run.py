from __future__ import annotations

import threading
import time
from itertools import pairwise
from typing import Any

import pytest

from planner.domain.measured_run import Run
from planner.domain.measurement import Declared, Measurement
from planner.domain.probe_task import Budget, ProbeTask
from planner.probe.errors import ProbeError
from planner.probe.progress import Progress
from planner.probe.run import probe
from planner.probe.target import Target
from tests.probe.fault_server import FaultServer


def target(server: FaultServer, **fields: Any) -> Target:
    return Target(server.url, "tiny", policy="loopback", **fields)


def task(**fields: Any) -> ProbeTask:
    small = {"input_tokens": 32, "output_tokens": 8, "levels": (1, 4), "repeats": 2, "most_in_flight": 4}
    return ProbeTask.model_validate(small | fields)


def loads(measurement: Measurement) -> list[float]:
    return [run.requests_in_flight for run in measurement.runs]


def probe_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("probe")]


# The whole


def test_every_level_and_repeat_is_measured_and_every_token_is_accounted_for(server: FaultServer) -> None:
    server.faults.slots = 2
    measured = probe(target(server), task(levels=(1, 2, 4), repeats=3, most_in_flight=4), seed=3)
    assert loads(measured)[:3] == [1, 2, 4]
    assert sorted(loads(measured)) == [1, 1, 1, 2, 2, 2, 4, 4, 4]
    assert [run.order for run in measured.runs] == list(range(1, 10))
    assert all(run.reconciled and run.server and run.server.generation_tokens == run.sent * 8 for run in measured.runs)
    assert measured.stopped == ""
    assert probe_threads() == []


def test_what_the_server_and_its_owner_say_is_written_down(server: FaultServer) -> None:
    declared = Declared(gpu_id="cpu", usd_per_gpu_hour=2.0, note="on the desk")
    measured = probe(target(server, declared=declared), task(repeats=1), seed=1)
    assert (measured.server.engine, measured.server.served_model) == ("vllm", "tiny")
    assert measured.server.fingerprint == server.faults.system_fingerprint
    assert measured.declared == declared
    assert (measured.shape.prompt_kind, measured.shape.endpoint) == ("token_ids", "/v1/completions")
    assert measured.client.same_host is True
    assert "CPU_SERVER" in {flag.code for flag in measured.flags}


def test_levels_are_added_while_throughput_rises_and_not_once_it_stops(server: FaultServer) -> None:
    server.faults.slots = 4
    measured = probe(target(server), task(levels=(1, 2), repeats=1, most_in_flight=64), seed=1)
    knee = measured.summary.knee
    assert knee is not None
    assert knee.low <= 4 <= knee.high
    assert max(loads(measured)) < 64


def test_open_loop_rates_come_after_the_levels(server: FaultServer) -> None:
    asked = task(levels=(1,), repeats=1, most_in_flight=1, open_rates_per_s=(40.0, 20.0), open_seconds=1)
    measured = probe(target(server), asked, seed=1)
    assert [(run.kind, run.request_rate_per_s) for run in measured.runs] == [
        ("closed", None),
        ("open", 20.0),
        ("open", 40.0),
    ]
    slow, fast = measured.runs[1:]
    assert 0 < slow.requests_in_flight < fast.requests_in_flight
    assert (slow.reconciled, fast.reconciled) == (True, True)


# While it runs


def test_progress_is_told_twice_a_second_and_never_goes_back(server: FaultServer) -> None:
    server.faults.token_s = 0.02
    said: list[tuple[float, Progress]] = []
    kept: list[Measurement] = []
    asked = task(least_requests=6, repeats=2)
    measured = probe(target(server), asked, lambda p: said.append((time.perf_counter(), p)), keep=kept.append, seed=1)
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(said)]
    assert sorted(gaps)[len(gaps) * 9 // 10] <= 0.5  # a busy machine may hold up a few
    assert max(gaps) < 2
    shares = [progress.share for _, progress in said]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    assert [progress.runs_done for _, progress in said] == sorted(progress.runs_done for _, progress in said)
    assert all(progress.runs_planned == 4 for _, progress in said)
    assert said[0][1].so_far is None
    assert said[0][1].step == "looking at the server"
    assert any(progress.seconds_left is not None for _, progress in said)
    last = said[-1][1]
    assert last.so_far is not None
    assert last.requests_spent > 0
    assert last.tokens_spent >= last.requests_spent
    # after every run it is kept as far as it is
    assert [len(part.runs) for part in kept] == [1, 2, 3, 4]
    assert {part.measurement_id for part in [*kept, measured]} == {measured.measurement_id}


# Ending early


def test_ctrl_c_while_the_counters_settle_keeps_the_run_that_ended(server: FaultServer) -> None:
    def said(progress: Progress) -> None:
        if progress.requests_planned == 0 and server.generations >= 1 + 1 + 12:
            raise KeyboardInterrupt

    server.faults.get_stall_s = {"/metrics": 0.6}
    measured, _ = ends(server, task(levels=(1, 4)), said=said)
    assert (loads(measured), measured.stopped) == ([1], "cancelled")
    assert measured.runs[0].completed == 12


def ends(server: FaultServer, asked: ProbeTask, **limits: Any) -> tuple[Measurement, Run]:
    measured = probe(target(server), asked, seed=1, **limits)
    assert measured.summary.status == "partial"
    assert probe_threads() == []
    return measured, measured.runs[-1]


def test_a_cancelled_probe_keeps_what_it_measured_and_does_not_wait_for_answers(server: FaultServer) -> None:
    cancelled_at: list[float] = []

    def cancelled() -> bool:
        if server.generations > 20 and not cancelled_at:
            server.faults.token_s = 5.0  # everything in flight now takes long
            cancelled_at.append(time.perf_counter() + 0.3)
        return bool(cancelled_at) and time.perf_counter() > cancelled_at[0]

    measured, last = ends(server, task(levels=(1, 4)), cancelled=cancelled)
    assert time.perf_counter() - cancelled_at[0] < 3  # the next token would take 5 s
    assert measured.stopped == "cancelled"
    assert loads(measured) == [1, 4]
    assert measured.runs[0].usable
    assert 1 <= last.cut_off <= 4
    assert "STOPPED" in {flag.code for flag in last.flags}


def test_ctrl_c_is_a_cancel(server: FaultServer) -> None:
    def said(progress: Progress) -> None:
        if progress.runs_done == 1:
            raise KeyboardInterrupt

    server.faults.token_s = 0.02
    measured, _ = ends(server, task(levels=(1, 4)), said=said)
    assert measured.stopped == "cancelled"
    assert measured.runs[0].usable


def test_a_dying_server_ends_the_probe_and_what_was_measured_is_kept(server: FaultServer) -> None:
    server.faults.die, server.faults.after = True, 1 + (1 + 12) + 4 + 6
    measured, last = ends(server, task(levels=(1, 4, 8), most_in_flight=8))
    assert loads(measured) == [1, 4]
    assert measured.runs[0].usable
    assert not last.usable
    assert measured.stopped.startswith("the server did not answer any more at 4 in flight, repeat 1 of 2 (unreachable")


def test_a_server_that_goes_silent_is_not_waited_for_at_every_level(server: FaultServer) -> None:
    server.faults.stall_s, server.faults.after = 60, 1 + 1 + 12 + 4
    began = time.perf_counter()
    measured, last = ends(server, task(levels=(1, 4, 8, 16), most_in_flight=16, stall_s=0.3))
    assert time.perf_counter() - began < 15
    assert loads(measured) == [1, 4]
    assert [(error.kind, error.example) for error in last.errors] == [("timeout", "nothing more arrived for 0.3 s")]
    assert "timeout" in measured.stopped


def test_a_server_that_is_full_at_one_level_is_measured_below_it(server: FaultServer) -> None:
    server.faults.most_queued, server.faults.slots = 0, 2
    measured = probe(target(server), task(levels=(1, 2, 8), most_in_flight=8, least_requests=8), seed=1)
    assert measured.stopped == ""
    assert {run.requests_in_flight for run in measured.runs if run.usable} == {1, 2}
    assert max(loads(measured)) == 8


@pytest.mark.parametrize(
    ("budget", "runs", "stopped"),
    [
        # the look asks once; a level costs 1 + 12 or 4 + 16 requests
        (Budget(requests=1 + 13 + 19), [1], "the budget of 33 requests does not allow 4 in flight, repeat 1 of 2"),
        (Budget(requests=1 + 13 + 20), [1, 4], "the budget of 34 requests does not allow 1 in flight, repeat 2 of 2"),
        (Budget(requests=1 + 13 + 20, tokens=1000), [1], "the budget of 1,000 tokens does not allow 4 in flight"),
    ],
)
def test_a_run_that_could_go_beyond_the_budget_is_not_begun(
    server: FaultServer, budget: Budget, runs: list[float], stopped: str
) -> None:
    asked = task(budget=budget)
    if len(runs) == 2:
        asked = asked.model_copy(update={"levels": (1, 4)})
    measured, _ = ends(server, asked)
    assert loads(measured) == runs
    assert measured.stopped.startswith(stopped.partition(" does not allow")[0])
    assert server.generations <= budget.requests


def test_the_time_limit_ends_a_run_and_marks_it(server: FaultServer) -> None:
    server.faults.token_s = 0.05
    measured, last = ends(server, task(levels=(1,), most_in_flight=1, budget=Budget(seconds=2.5)))
    assert measured.stopped == "the budget of 2.5 seconds was used up"
    assert last.cut_off == 1
    assert 0 < last.completed < last.sent


def test_the_dollar_limit_is_kept(server: FaultServer) -> None:
    # a request of 32 + 8 tokens costs 32 x 10 + 8 x 100 USD/1M = 0.00112 USD; the look and a run of 1 + 12 are 14
    asked = task(input_usd_per_mtok=10.0, output_usd_per_mtok=100.0, budget=Budget(usd=0.02))
    spent: list[float | None] = []
    measured, _ = ends(server, asked, said=lambda progress: spent.append(progress.usd_spent))
    assert loads(measured) == [1]
    assert measured.stopped.startswith("the budget of 0.02 USD does not allow 4 in flight")
    assert max(usd for usd in spent if usd is not None) <= 0.02


def test_a_dollar_limit_without_a_price_is_refused_before_anything_is_sent(server: FaultServer) -> None:
    with pytest.raises(ProbeError, match="no price"):
        probe(target(server), task(budget=Budget(usd=1.0)))
    assert server.asked == []


def test_a_probe_of_which_nothing_was_measured_says_why(server: FaultServer) -> None:
    server.faults.status, server.faults.after = 503, 1
    with pytest.raises(ProbeError, match=r"Nothing was measured.*overloaded") as caught:
        probe(target(server), task())
    assert caught.value.kind == "overloaded"
    assert probe_threads() == []


def test_a_probe_cancelled_before_its_first_run_says_so(server: FaultServer) -> None:
    with pytest.raises(ProbeError, match="cancelled"):
        probe(target(server), task(), cancelled=lambda: True)
    assert probe_threads() == []


def test_a_callback_that_fails_leaves_no_thread(server: FaultServer) -> None:
    def said(progress: Progress) -> None:
        raise ArithmeticError

    server.faults.token_s = 0.05
    with pytest.raises(ArithmeticError):
        probe(target(server), task(), said)
    assert probe_threads() == []
