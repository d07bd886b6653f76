"""Servers that die, stall, lie or never end, and people who stop: what was measured is kept, nothing runs on."""

from __future__ import annotations

import time
from typing import Literal

import pytest

from planner.domain.measurement import Measurement
from planner.probe.errors import ProbeError
from planner.probe.run import probe
from tests.probe.fault_server import FaultServer
from tests.probe.probing import (
    AFTER_ONE,
    BEFORE,
    CHECKS,
    OUTPUT,
    TASK,
    THREE,
    errors,
    flags,
    partial,
    probed,
    run_of,
    target,
    task,
)

pytestmark = pytest.mark.usefixtures("quick", "nothing_left_running")


def test_a_server_that_dies_leaves_what_was_measured_before(server: FaultServer) -> None:
    server.faults.die, server.faults.after = True, AFTER_ONE + 2 + 5
    measured = partial(probe(target(server), THREE, seed=1))
    first, second = measured.runs[:2]
    assert (first.completed, first.usable, any(run.usable for run in measured.runs[1:])) == (12, True, False)
    assert {"cut_stream", "unreachable"} >= set(errors(second)) > set()
    assert "the server" in measured.stopped


def test_a_server_that_dies_in_the_check_is_a_reason_and_no_measurement(server: FaultServer) -> None:
    server.faults.die = True
    with pytest.raises(ProbeError) as caught:
        probe(target(server), THREE)
    assert caught.value.kind in ("cut_stream", "unreachable")


def test_a_key_that_expires_stops_the_probe_after_a_few_requests(server: FaultServer) -> None:
    server.faults.status, server.faults.after = 401, AFTER_ONE
    measured = partial(probe(target(server), task(levels=(1, 2), most_in_flight=64, least_requests=500), seed=1))
    assert server.generations < AFTER_ONE + 600
    assert "unauthorised" in measured.stopped


def test_a_stall_fails_its_request_and_the_others_go_on(server: FaultServer) -> None:
    server.faults.stall_s, server.faults.after, server.faults.every = 30, BEFORE, 6
    began = time.monotonic()
    run = run_of(probe(target(server), task(stall_s=0.7), seed=1))
    assert (run.completed, errors(run), flags(run)["ERRORS"]) == (10, {"timeout": 2}, "unusable")
    assert time.monotonic() - began < 15


def test_a_server_that_never_stops_generating_is_stopped(server: FaultServer) -> None:
    server.faults.endless, server.faults.after, server.faults.token_s = True, BEFORE, 0.0
    began = time.monotonic()
    with pytest.raises(ProbeError, match="endless"):
        probe(target(server), TASK, seed=1)
    assert time.monotonic() - began < 10
    deadline = time.monotonic() + 5
    while server.engine.running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.engine.running == 0  # the server is not left generating for nobody


def test_an_answer_that_takes_too_long_as_a_whole_is_ended(server: FaultServer) -> None:
    server.faults.token_s = 0.02
    asked = task(output_tokens=400, request_s=0.6, requests_per_slot=1, least_requests=2)
    with pytest.raises(ProbeError) as caught:
        probe(target(server), asked, seed=1)
    assert caught.value.kind == "endless_answer"


def test_a_server_that_sends_on_after_the_end_holds_nobody_up(server: FaultServer) -> None:
    piece = 'data: {"choices": [{"index": 0, "text": "x", "finish_reason": null}]}\n\n'
    server.faults.raw_events = [piece] * OUTPUT + ["data: [DONE]\n\n"] + [": more\n\n" * 5000] * 2000
    server.faults.after, server.faults.token_s = CHECKS, 0.0
    began = time.monotonic()
    run = run_of(probe(target(server), task(stall_s=20, request_s=20), seed=1))
    assert (run.completed, time.monotonic() - began < 15) == (12, True)


@pytest.mark.parametrize("drip", ["headers", "comments"])
def test_a_server_that_is_never_silent_and_never_answers_stalls_all_the_same(
    server: FaultServer, drip: Literal["headers", "comments"]
) -> None:
    server.faults.drip, server.faults.after, server.faults.every = drip, BEFORE, 6
    run = run_of(probe(target(server), task(stall_s=0.7), seed=1))
    assert (run.completed, errors(run)) == (10, {"timeout": 2})


def test_events_without_end_that_hold_no_token_stall_as_well(server: FaultServer) -> None:
    server.faults.raw_events = ['data: {"choices": [], "usage": null}\n\n' * 500] * 100_000
    server.faults.after, server.faults.every, server.faults.token_s = BEFORE, 6, 0.0
    run = run_of(probe(target(server), task(stall_s=0.7), seed=1))
    assert (run.completed, errors(run)) == (10, {"timeout": 2})


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "\udcff\udcfe" * 500,
        "HTTP/1.1 200 OK\r\n" + "X-Header: y\r\n" * 20_000 + "\r\n",
        "HTTP/1.1 200 OK\r\nX: " + "y" * 200_000 + "\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\ndata: {}\n\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\ndata: {}\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-4\r\ndata: {}\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip at all",
        "HTTP/1.1 200 OK\r\nContent-Encoding: br, zstd, gzip, gzip, gzip\r\n\r\nnothing of it",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>sign in</html>",
        'HTTP/1.1 200 OK\r\n\r\n{"choices": [{"text": "all at once"}], "usage": {"completion_tokens": 8}}',
        "HTTP/1.1 600 What\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 418 Teapot\r\nContent-Length: 9999999999\r\nContent-Encoding: gzip\r\n\r\n\x1f\x08",
        "HTTP/1.1 503 Busy\r\nRetry-After: 99999999999999999999\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_answers_that_are_no_http_or_no_stream_fail_their_request_only(server: FaultServer, answer: str) -> None:
    run = run_of(probed(server, raw_answer=answer, after=BEFORE, every=6))
    assert (run.completed, sum(errors(run).values())) == (10, 2)
    assert flags(run)["ERRORS"] == "unusable"


def test_counters_that_hang_hold_up_no_run_and_no_end(server: FaultServer) -> None:
    def hanging(_: Measurement) -> None:
        server.faults.get_stall_s = {"/metrics": 60}

    began = time.monotonic()
    measured = probe(target(server), task(levels=(1, 2)), keep=hanging, seed=1)
    assert time.monotonic() - began < 15
    first, second = measured.runs
    assert (first.reconciled, second.reconciled, second.completed) == (True, None, 12)
