"""Guards of failures and of the server's counters, provoked on a real socket: a run that is not sound says so."""

from __future__ import annotations

import threading

import pytest
import requests

from planner.probe.run import probe
from tests.probe.fault_server import FaultServer
from tests.probe.probing import (
    BEFORE,
    CHECKS,
    OUTPUT,
    TASK,
    errors,
    flags,
    probed,
    run_of,
    target,
    task,
)

pytestmark = pytest.mark.usefixtures("quick")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"error_event": 503}, "overloaded"),
        ({"error_event": 429}, "rate_limited"),
        ({"error_event": 500}, "stream_error"),
        ({"status": 503}, "overloaded"),
        ({"status": 500}, "server_error"),
        ({"status": 429}, "rate_limited"),
        ({"status": 401}, "unauthorised"),
        ({"status": 403}, "unauthorised"),
        ({"status": 404}, "not_found"),
        ({"status": 307}, "other"),
        ({"no_done": True}, "cut_stream"),
        ({"cut": True}, "cut_stream"),
        ({"empty": True}, "empty_answer"),
        ({"garbage": True}, "unreadable"),
        ({"endless": True}, "endless_answer"),
    ],
)
def test_a_third_of_failed_requests_is_classed_and_makes_a_run_unusable(
    server: FaultServer, fault: dict[str, object], kind: str
) -> None:
    measured = probed(server, after=BEFORE, every=3, **fault)
    run = run_of(measured)
    assert (run.completed, errors(run)) == (8, {kind: 4})
    assert flags(run)["ERRORS"] == "unusable"
    assert run.output_tokens == 8 * OUTPUT
    assert measured.summary.status == "invalid"
    assert not run.usable


def test_a_rate_limit_says_that_the_limit_was_measured(server: FaultServer) -> None:
    run = run_of(probed(server, status=429, retry_after="1", after=BEFORE, every=3))
    assert flags(run)["RATE_LIMITED"] == "unusable"


def test_a_single_failure_among_many_is_noted_and_the_run_still_counts(server: FaultServer) -> None:
    server.faults.token_s, server.faults.cut = 0.0005, True
    server.faults.after, server.faults.every = BEFORE, 150
    run = run_of(probe(target(server), task(least_requests=150), seed=1))
    assert (run.completed, errors(run)) == (149, {"cut_stream": 1})
    assert (flags(run)["ERRORS"], run.usable) == ("note", True)


def test_refused_requests_of_a_full_queue_are_failures_and_no_throughput(server: FaultServer) -> None:
    server.faults.slots, server.faults.most_queued = 1, 0
    run = run_of(probe(target(server), task(levels=(4,), most_in_flight=4, least_requests=40), seed=1))
    assert run.server is not None
    assert run.server.rejections == errors(run)["overloaded"]
    assert (flags(run)["ERRORS"], run.usable) == ("unusable", False)


def test_of_many_levels_the_first_without_an_answer_is_the_last_of_its_round(server: FaultServer) -> None:
    server.faults.status, server.faults.after = 503, CHECKS + 1 + 12
    measured = probe(target(server), task(levels=(1, 2, 4), most_in_flight=8), seed=1)
    assert [(run.requests_in_flight, run.completed > 0, run.usable) for run in measured.runs] == [
        (1, True, True),
        (2, False, False),
    ]


def test_tokens_of_somebody_else_make_a_run_unusable(server: FaultServer) -> None:
    run = run_of(probed(server, other_tokens_per_request=50))
    assert flags(run)["OTHER_TRAFFIC"] == "unusable"
    assert run.reconciled is False


@pytest.mark.parametrize(("at", "code"), [(BEFORE + 11, "COUNTER_RESET"), (BEFORE + 5, "TOKENS_DIFFER")])
def test_a_restart_in_the_middle_of_a_run_makes_it_unusable(server: FaultServer, at: int, code: str) -> None:
    run = run_of(probed(server, counters_reset_at=at))
    assert flags(run)[code] == "unusable"  # early in a run, the new count has passed the old one by its end


def test_old_names_of_counters_are_read_and_noted(server: FaultServer) -> None:
    run = run_of(probed(server, metrics="old"))
    assert (flags(run)["OLD_METRICS"], run.reconciled) == ("note", True)


def test_without_counters_nothing_is_reconciled_and_the_run_says_so(server: FaultServer) -> None:
    measured = probed(server, metrics="none")
    run = run_of(measured)
    assert (flags(run)["NO_METRICS"], run.reconciled, run.server) == ("note", None, None)
    assert (measured.server.metrics, run.output_tokens) == ("none", 12 * OUTPUT)


def test_requests_that_were_put_back_are_in_doubt(server: FaultServer) -> None:
    run = run_of(probed(server, preemptions_per_request=1))
    assert (flags(run)["PREEMPTED"], run.server and run.server.preemptions) == ("doubt", 12)


def test_counters_that_fail_during_the_run_leave_it_without_them(server: FaultServer) -> None:
    server.faults.token_s = 0.005

    def broken(_: object) -> None:
        server.faults.get_status = {"/metrics": 500}

    run = run_of(probe(target(server), TASK, broken, seed=1))
    assert (run.completed, run.reconciled) == (12, None)


def test_the_most_that_waited_and_ran_is_seen(server: FaultServer) -> None:
    server.faults.slots, server.faults.ttft_s = 2, 0.3
    asked = task(levels=(6,), most_in_flight=6, requests_per_slot=1, least_requests=6, stall_s=5)
    run = run_of(probe(target(server), asked, seed=1))
    assert run.server is not None
    assert run.server.running_max == 2
    assert run.server.waiting_max is not None
    assert 1 <= run.server.waiting_max <= 4


def test_another_client_at_the_same_server_is_noticed(server: FaultServer) -> None:
    body = {"model": "tiny", "prompt": "of somebody else", "max_tokens": 40}
    ended = threading.Event()

    def others() -> None:
        while not ended.is_set():
            requests.post(f"{server.url}/v1/completions", json=body, timeout=10)

    other = threading.Thread(target=others)
    other.start()
    try:
        run = run_of(probed(server))
    finally:
        ended.set()
        other.join()
    assert (flags(run)["OTHER_TRAFFIC"], run.usable) == ("unusable", False)
