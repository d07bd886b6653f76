from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest

from planner.probe.address import address, session
from planner.probe.client import Line, Request
from planner.probe.load import CANCELLED, Limits, Load
from tests.probe.fault_server import Faults, FaultServer, fault_server

LIMITS = Limits(stall_s=5, first_s=5, request_s=20)
OUTPUT = 8


def request(server: FaultServer) -> Request:
    body = {"model": "tiny", "prompt": [4, 5], "max_tokens": OUTPUT, "stream": True, "ignore_eos": True}
    body |= {"stream_options": {"include_usage": True}}
    return Request(server.url + "/v1/completions", json.dumps(body).encode(), OUTPUT, 2)


@pytest.fixture
def lines(server: FaultServer) -> Iterator[list[Line]]:
    where = address(server.url, "loopback")
    made = [Line(session(where), 30) for _ in range(6)]
    yield made
    for line in made:
        line.close()


def nothing() -> str:
    return ""


def test_so_many_are_kept_in_flight_until_all_are_sent(server: FaultServer, lines: list[Line]) -> None:
    server.faults.slots = 100
    held = Load(lambda: request(server), LIMITS).hold(lines, 30, nothing)
    assert len(held.outcomes) == server.generations == 30
    assert server.engine.most_running == len(lines)
    assert all(outcome.completed and outcome.output_tokens == OUTPUT for outcome in held.outcomes)
    assert held.stopped == ""


def test_the_duration_ends_with_the_last_answer(server: FaultServer, lines: list[Line]) -> None:
    held = Load(lambda: request(server), LIMITS).hold(lines, 12, nothing)
    assert held.duration_s == max(outcome.ended_s for outcome in held.outcomes)
    for outcome in held.outcomes:
        assert outcome.first_s is not None
        assert outcome.last_s is not None
        assert 0 <= outcome.sent_s <= outcome.first_s <= outcome.last_s <= outcome.ended_s


def test_connections_are_kept_from_load_to_load(server: FaultServer, lines: list[Line]) -> None:
    for _ in range(3):
        Load(lambda: request(server), LIMITS).hold(lines, 12, nothing)
    assert len(server.connections) == len(lines)


def test_a_stalled_request_fails_and_the_others_go_on(server: FaultServer, lines: list[Line]) -> None:
    server.faults.stall_s, server.faults.every, server.faults.slots = 30, 5, 100
    limits = Limits(stall_s=0.3, first_s=5, request_s=20)
    held = Load(lambda: request(server), limits).hold(lines, 20, nothing)
    failed = [outcome for outcome in held.outcomes if outcome.error]
    assert [outcome.error for outcome in failed] == ["timeout"] * 4
    assert {outcome.detail for outcome in failed} == {"nothing more arrived for 0.3 s"}
    assert held.duration_s < 5


def test_a_request_may_wait_for_its_first_piece_longer_than_between_two(server: FaultServer, lines: list[Line]) -> None:
    server.faults.ttft_s = 0.6
    patient = Limits(stall_s=0.2, first_s=5, request_s=20)
    assert all(o.completed for o in Load(lambda: request(server), patient).hold(lines, 6, nothing).outcomes)
    hasty = Limits(stall_s=5, first_s=0.2, request_s=20)
    assert {o.error for o in Load(lambda: request(server), hasty).hold(lines, 6, nothing).outcomes} == {"timeout"}


def test_an_answer_that_takes_too_long_in_all_is_endless(server: FaultServer, lines: list[Line]) -> None:
    server.faults.token_s = 0.1
    limits = Limits(stall_s=5, first_s=5, request_s=0.4)
    held = Load(lambda: request(server), limits).hold(lines[:1], 1, nothing)
    assert [outcome.error for outcome in held.outcomes] == ["endless_answer"]


def test_a_load_that_is_stopped_ends_at_once_and_says_what_was_in_flight(
    server: FaultServer, lines: list[Line]
) -> None:
    server.faults.token_s = 5.0
    stop_at = time.perf_counter() + 0.3
    held = Load(lambda: request(server), LIMITS).hold(
        lines, 30, lambda: CANCELLED if time.perf_counter() > stop_at else ""
    )
    assert time.perf_counter() - stop_at < 1
    assert held.stopped == CANCELLED
    assert [(outcome.cut_off, outcome.error) for outcome in held.outcomes] == [(True, None)] * len(lines)


def test_a_load_is_stopped_while_the_server_has_not_even_answered(server: FaultServer, lines: list[Line]) -> None:
    server.faults.slots = 0  # everybody waits
    stop_at = time.perf_counter() + 0.3
    held = Load(lambda: request(server), LIMITS).hold(
        lines, 30, lambda: CANCELLED if time.perf_counter() > stop_at else ""
    )
    assert time.perf_counter() - stop_at < 1
    assert all(outcome.cut_off for outcome in held.outcomes)


def test_ctrl_c_ends_a_load_like_a_stop(server: FaultServer, lines: list[Line]) -> None:
    server.faults.token_s = 5.0
    asked = iter([False, False, False, True])

    def tick() -> str:
        if next(asked):
            raise KeyboardInterrupt
        return ""

    held = Load(lambda: request(server), LIMITS).hold(lines, 30, tick)
    assert (held.stopped, all(outcome.cut_off for outcome in held.outcomes)) == (CANCELLED, True)


def test_no_thread_is_left_when_a_load_ends_or_the_watcher_fails(server: FaultServer, lines: list[Line]) -> None:
    before = set(threading.enumerate())
    server.faults.token_s = 5.0

    def fails() -> str:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        Load(lambda: request(server), LIMITS).hold(lines, 30, fails)
    assert [thread.name for thread in set(threading.enumerate()) - before if thread.name.startswith("probe")] == []


def test_a_dead_server_is_not_asked_over_and_over() -> None:
    with fault_server(Faults()) as server:
        where, asked = address(server.url, "loopback"), request(server)
    dead = [Line(session(where), 30) for _ in range(2)]
    held = Load(lambda: asked, LIMITS).hold(dead, 1000, nothing)
    assert 8 <= len(held.outcomes) <= 9  # the other line may be at it when the eighth fails
    assert {outcome.error for outcome in held.outcomes} == {"unreachable"}
    assert held.stopped == "unreachable: Connection refused"


def test_a_full_server_is_asked_to_the_end(server: FaultServer, lines: list[Line]) -> None:
    server.faults.status = 429
    held = Load(lambda: request(server), LIMITS).hold(lines, 40, nothing)
    assert ([outcome.error for outcome in held.outcomes], held.stopped) == (["rate_limited"] * 40, "")


def test_at_the_end_of_the_budget_answers_under_way_are_read_to_their_end(
    server: FaultServer, lines: list[Line]
) -> None:
    allowed = iter([""] * 10)
    load = Load(lambda: request(server), LIMITS, may=lambda: next(allowed, "the budget of 10 requests"))
    held = load.hold(lines, 30, nothing)
    assert held.stopped == "the budget of 10 requests"
    assert [outcome.completed for outcome in held.outcomes] == [True] * 10


def test_open_loop_requests_leave_when_they_are_due_whatever_is_in_flight(
    server: FaultServer, lines: list[Line]
) -> None:
    server.faults.slots, server.faults.token_s = 100, 0.05  # an answer takes 0.4 s
    due = [0.1 * n for n in range(6)]
    held = Load(lambda: request(server), LIMITS).hold_rate(lines, due, nothing)
    sent = sorted(held.outcomes, key=lambda outcome: outcome.sent_s)
    assert [outcome.scheduled_s for outcome in sent] == due
    assert all(0 <= outcome.sent_s - due_s < 0.3 for outcome, due_s in zip(sent, due, strict=True))
    assert server.engine.most_running >= 3


def test_open_loop_requests_that_find_no_line_are_late_and_still_due_when_they_were(
    server: FaultServer, lines: list[Line]
) -> None:
    server.faults.token_s = 0.05
    held = Load(lambda: request(server), LIMITS).hold_rate(lines[:1], [0.0, 0.01], nothing)
    late = max(held.outcomes, key=lambda outcome: outcome.sent_s)
    assert late.scheduled_s == 0.01
    assert late.sent_s > 0.3


def test_an_open_load_is_stopped_before_its_next_request_is_due(server: FaultServer, lines: list[Line]) -> None:
    stop_at = time.perf_counter() + 0.2
    held = Load(lambda: request(server), LIMITS).hold_rate(
        lines, [0.0, 60.0], lambda: CANCELLED if time.perf_counter() > stop_at else ""
    )
    assert time.perf_counter() - stop_at < 1
    assert (len(held.outcomes), held.stopped) == (1, CANCELLED)
