from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.measurement.outcome import Outcome
from planner.domain.measured_run import ErrorKind
from planner.probe.address import address, session
from planner.probe.client import Line, Request, Verdict
from planner.probe.failure import DETAIL_CHARACTERS, plain
from tests.probe.fault_server import Faults, FaultServer, fault_server

OUTPUT = 6


@pytest.fixture
def line(server: FaultServer) -> Iterator[Line]:
    made = Line(session(address(server.url, "loopback")), 30)
    yield made
    made.close()


def request(server: FaultServer, *, chat: bool = False) -> Request:
    body: dict[str, object] = {"model": "tiny", "max_tokens": OUTPUT, "stream": True, "ignore_eos": True}
    body |= {"stream_options": {"include_usage": True}}
    body |= {"messages": [{"role": "user", "content": "a b"}]} if chat else {"prompt": [4, 5, 6]}
    path = "/v1/chat/completions" if chat else "/v1/completions"
    return Request(server.url + path, json.dumps(body).encode(), OUTPUT, 3)


def asked(server: FaultServer, line: Line, **kind: bool) -> Outcome:
    return line.ask(request(server, **kind), time.perf_counter())


@pytest.mark.parametrize("chat", [False, True])
def test_an_answer_is_counted_by_its_usage_and_by_its_pieces(server: FaultServer, line: Line, chat: bool) -> None:
    outcome = asked(server, line, chat=chat)
    assert (outcome.output_tokens, outcome.chunks, outcome.finish) == (OUTPUT, OUTPUT, "length")
    assert outcome.input_tokens == (2 + server.faults.template_tokens if chat else 3)
    assert outcome.fingerprint == server.faults.system_fingerprint
    assert line.pieces == OUTPUT


def test_without_usage_the_prompt_is_as_long_as_was_known_and_the_answer_unknown(
    server: FaultServer, line: Line
) -> None:
    server.faults.usage = False
    outcome = asked(server, line)
    assert (outcome.input_tokens, outcome.output_tokens, outcome.chunks) == (3, None, OUTPUT)


def test_times_are_those_of_the_server(server: FaultServer, line: Line) -> None:
    server.faults.ttft_s, server.faults.token_s = 0.2, 0.05
    outcome = asked(server, line)
    assert outcome.first_s is not None
    assert outcome.last_s is not None
    assert 0.2 <= outcome.first_s - outcome.sent_s < 1  # the server's time, and room for a busy machine
    assert 0.05 * (OUTPUT - 1) * 0.5 <= outcome.last_s - outcome.first_s < 1


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "bad_request"),
        (401, "unauthorised"),
        (403, "unauthorised"),
        (404, "not_found"),
        (422, "bad_request"),
        (429, "rate_limited"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "overloaded"),
        (504, "timeout"),
        (204, "other"),
        (307, "other"),
    ],
)
def test_each_status_is_classed(server: FaultServer, line: Line, status: int, kind: ErrorKind) -> None:
    server.faults.status = status
    outcome = asked(server, line)
    assert outcome.error == kind
    assert outcome.detail.startswith(f"HTTP {status}: ")


def test_after_a_failure_the_same_line_asks_again(server: FaultServer, line: Line) -> None:
    server.faults.cut, server.faults.every = True, 2
    assert [asked(server, line).error for _ in range(4)] == [None, "cut_stream", None, "cut_stream"]


def test_a_refusal_says_when_to_come_back(server: FaultServer, line: Line) -> None:
    server.faults.status, server.faults.retry_after = 429, "7"
    asked(server, line)
    assert line.retry_after_s == 7.0


def test_a_request_is_ended_from_outside_with_the_reason_given(server: FaultServer, line: Line) -> None:
    server.faults.token_s = 10.0
    threading.Timer(0.2, lambda: line.end(Verdict("timeout", "too slow"), line.sent_at)).start()
    began = time.perf_counter()
    outcome = asked(server, line)
    assert time.perf_counter() - began < 1
    assert (outcome.error, outcome.detail, outcome.cut_off, outcome.chunks) == ("timeout", "too slow", False, 1)


def test_a_verdict_on_a_request_that_is_over_does_not_hit_the_next(server: FaultServer, line: Line) -> None:
    asked(server, line)
    line.end(Verdict("timeout", "too late"), sent_at=1.0)
    assert asked(server, line).completed


def test_a_line_that_was_cut_off_sends_nothing_more(server: FaultServer, line: Line) -> None:
    line.end(Verdict(None))
    assert [asked(server, line).cut_off for _ in range(2)] == [True, True]
    assert server.asked == []


def test_nobody_listening_is_unreachable() -> None:
    with fault_server(Faults()) as server:
        gone = request(server)
        line = Line(session(address(server.url, "loopback")), 30)
    outcome = line.ask(gone, time.perf_counter())
    assert (outcome.error, outcome.detail) == ("unreachable", "Connection refused")


@given(st.text(max_size=400))
def test_the_words_of_a_server_fit_in_one_printable_line(text: str) -> None:
    line = plain(text)
    assert len(line) <= DETAIL_CHARACTERS
    assert line.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-s3cret-0123456789.",
        "Authorization: Bearer s3cret-token refused",
        "{'msg': 'Field required', 'input': {'prompt': 's3cret'}}",
        "hf_s3cretABCDEF is not allowed",
    ],
)
def test_the_words_of_a_server_hold_neither_keys_nor_prompts(text: str) -> None:
    assert "s3cret" not in plain(text)
