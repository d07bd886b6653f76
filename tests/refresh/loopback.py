"""A real web server on this machine that answers as a test tells it to, and counts what it was asked and sent."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from planner.refresh.fetch import Door, Limits
from planner.refresh.snapshot import Source

QUICK = Limits(connect_s=2, silence_s=2, total_s=10, max_bytes=2_000_000, backoff_s=0.01)
CHUNK = b"x" * 65536
Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Looks up the answer by the path."""

    server: Loopback
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer, and note the question."""
        self.server.asked.append(self.path)
        answer = self.server.answers.get(urlsplit(self.path).path, status(404))
        self.close_connection = True
        with contextlib.suppress(ConnectionError):
            answer(self)

    def put(self, content: bytes) -> None:
        """Send bytes and count them."""
        self.wfile.write(content)
        self.wfile.flush()
        self.server.sent += len(content)

    def start(self, code: int = 200, /, **headers: str) -> None:
        """Status and headers."""
        self.send_response(code)
        self.send_header("Connection", "close")  # or a client may reuse what is about to close
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


class Loopback(ThreadingHTTPServer):
    """The server: answers by path, questions in order, bytes sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.sent = 0
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"

    def door(self, limits: Limits = QUICK) -> Door:
        """A door that leads here and nowhere else."""
        return Door(hosts=frozenset({self.url}), limits=limits)

    def source(self, source: Source, path: str = "", limits: Limits = QUICK) -> Source:
        """The same source, found here."""
        return dataclasses.replace(source, url=self.url + path, door=self.door(limits))


@contextmanager
def loopback() -> Iterator[Loopback]:
    """A server for the length of a test."""
    server = Loopback()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


def body(content: bytes, content_type: str = "application/json", **headers: str) -> Answer:
    """200 with this content."""

    def answer(handler: Handler) -> None:
        handler.start(Content_Type=content_type, Content_Length=str(len(content)), **headers)
        handler.put(content)

    return answer


def as_json(value: object) -> Answer:
    """200 with this value."""
    return body(json.dumps(value).encode())


def status(code: int, **headers: str) -> Answer:
    """Another status, with nothing."""
    return lambda handler: handler.start(code, **{"Content_Length": "0", **headers})


def html() -> Answer:
    """A sign-in page that calls itself JSON."""
    return body(b"\n<!DOCTYPE html><html><title>Sign in</title></html>")


def cut(content: bytes) -> Answer:
    """Promises all of it and sends half."""

    def answer(handler: Handler) -> None:
        handler.start(Content_Type="application/json", Content_Length=str(len(content)))
        handler.put(content[: len(content) // 2])

    return answer


def slow(pause_s: float) -> Answer:
    """One byte at a time, for ever."""

    def answer(handler: Handler) -> None:
        handler.start(Content_Type="application/json")
        while not handler.server.stopping.wait(pause_s):
            handler.put(b" ")

    return answer


def endless(total_bytes: int) -> Answer:
    """That much, without saying so before."""

    def answer(handler: Handler) -> None:
        handler.start(Content_Type="application/json")
        for _ in range(total_bytes // len(CHUNK)):
            handler.put(CHUNK)

    return answer


def in_turn(*answers: Answer) -> Answer:
    """One answer after the other; the last one from then on."""
    left = list(answers)
    return lambda handler: (left.pop(0) if len(left) > 1 else left[0])(handler)
