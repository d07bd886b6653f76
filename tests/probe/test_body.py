from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.probe.address import address, session
from planner.probe.body import Chunks
from planner.probe.client import Line, Request
from planner.probe.sse import Unreadable
from tests.probe.fault_server import Faults, fault_server


def chunked(parts: list[bytes]) -> bytes:
    return b"".join(b"%X\r\n%b\r\n" % (len(part), part) for part in parts if part) + b"0\r\n\r\n"


@given(st.lists(st.binary(max_size=40), max_size=6), st.lists(st.integers(1, 30), max_size=30))
def test_however_it_arrives_the_content_is_the_same(parts: list[bytes], sizes: list[int]) -> None:
    data = chunked(parts)
    chunks, content, at = Chunks(), b"", 0
    for size in [*sizes, len(data)]:
        content += chunks.feed(data[at : at + size])
        at += size
    assert content == b"".join(parts)
    assert chunks.ended


def test_what_arrives_together_is_given_together() -> None:
    chunks = Chunks()
    assert chunks.feed(chunked([b"data: 1\n\n", b"data: 2\n\n"])) == b"data: 1\n\ndata: 2\n\n"
    assert (chunks.ended, chunks.reusable) == (True, True)


@pytest.mark.parametrize("after", [b"", b"Trailer: x\r\n\r\n", b"\r\nHTTP/1.1 200 OK"])
def test_a_connection_with_anything_else_after_the_end_is_not_kept(after: bytes) -> None:
    chunks = Chunks()
    chunks.feed(b"1\r\nx\r\n0\r\n" + after)
    assert (chunks.ended, chunks.reusable) == (True, False)


@pytest.mark.parametrize("data", [b"zz\r\n", b"\r\n", b"-5\r\nabc", b"FFFFFFFFFF\r\n", b"x" * 2000])
def test_what_is_not_chunked_is_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        Chunks().feed(data)


@pytest.mark.parametrize("form", [{}, {"gzip": True}, {"http10": True}, {"whole_body": True}])
def test_every_form_of_a_body_is_read_to_its_end_and_asked_again(form: dict[str, bool]) -> None:
    with fault_server(Faults(**form)) as server:  # type: ignore[arg-type]
        body = {
            "model": "tiny",
            "prompt": [4],
            "max_tokens": 9,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        line = Line(session(address(server.url, "loopback")), 30)
        request = Request(server.url + "/v1/completions", json.dumps(body).encode(), 9)
        outcomes = [line.ask(request, time.perf_counter()) for _ in range(3)]
        assert [(o.error, o.output_tokens, o.chunks) for o in outcomes] == [(None, 9, 9)] * 3
        connections = len(server.connections)
        line.close()
    assert connections == 1 or "http10" in form
