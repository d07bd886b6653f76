"""The HTTP side: paths, headers, streams, and the ways in which an answer goes wrong on the wire."""

from __future__ import annotations

import dataclasses
import gzip
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from tests.probe.fault_server.engine import Engine, Full, Gone
from tests.probe.fault_server.faults import Faults
from tests.probe.fault_server.job import DONE, Job, Refused, error, job, pieces, whole
from tests.probe.fault_server.metrics import exposition

ROOT = Path(__file__).resolve().parents[3]


class Request(NamedTuple):
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class FaultServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, faults: Faults, tls: tuple[Path, Path] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults = faults
        self.engine = Engine(faults)
        self.tls: ssl.SSLContext | None = None
        if tls is not None:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*tls)
        self.asked: list[Request] = []
        self.generations = 0
        self.connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.server_port}"

    @property
    def prompts(self) -> list[Any]:
        """What was asked, in order: prompts or messages."""
        return [r.body.get("prompt", r.body.get("messages")) for r in self.asked if r.method == "POST"]

    def next_number(self) -> int:
        with self._lock:
            self.generations += 1
            return self.generations

    def die(self) -> None:
        """As a killed process: no more listening, every connection cut."""
        self.engine.stopping.set()
        threading.Thread(target=self.shutdown, daemon=True).start()
        self.socket.close()
        for connection in list(self.connections):
            cut(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that go away are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    server: FaultServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60

    def setup(self) -> None:
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()
        self.server.connections.add(self.connection)
        if self.faults.http10:
            self.protocol_version = "HTTP/1.0"

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.close()  # the server closes only the plain socket, which this one has replaced

    @property
    def faults(self) -> Faults:
        return self.server.faults

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def do_GET(self) -> None:
        self._answering({})

    def do_POST(self) -> None:
        self._answering(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

    def _answering(self, body: dict[str, Any]) -> None:
        self.server.asked.append(Request(self.command, self.path, dict(self.headers), body))
        try:
            if not self._barred():
                self._get() if self.command == "GET" else self._generate(body)
        except (Gone, OSError):
            self.close_connection = True
            cut(self.connection)

    def _barred(self) -> bool:
        if self.faults.redirect is not None:
            self._send(302, b"", Location=self.faults.redirect)
        elif self.faults.api_key and self.path.startswith("/v1"):
            if self.headers.get("Authorization") == f"Bearer {self.faults.api_key}":
                return False
            self._send(401, b'{"error":"Unauthorized"}')
        else:
            return False
        return True

    def _get(self) -> None:
        self.server.engine.pause(self.faults.get_stall_s.get(self.path, 0))
        if self.path in self.faults.get_status or self.path in self.faults.get_body:
            body = self.faults.get_body.get(self.path, "as the test wants").encode("utf-8", "surrogateescape")
            self._send(self.faults.get_status.get(self.path, 200), body)
        elif (body_or_none := self._said()) is None:
            self._send(404, b'{"detail":"Not Found"}')
        else:
            self._send(200, body_or_none)

    def _said(self) -> bytes | None:
        """What it says under a path of its own."""
        vllm = self.faults.engine == "vllm"
        if self.path == "/v1/models":
            return json.dumps({"object": "list", "data": [self._model()]}).encode()
        if self.path == "/version" and vllm:
            return json.dumps({"version": self.faults.version}).encode()
        if self.path == "/health" and vllm:
            return b""
        if self.path == "/metrics" and self.faults.metrics != "none":
            return exposition(self.server.engine).encode()
        return None

    def _model(self) -> dict[str, Any]:
        about: dict[str, Any] = {"id": self.faults.model, "object": "model", "created": 1795214552}
        if self.faults.engine != "vllm":
            return about | {"owned_by": "me"}
        root = f"/models/{self.faults.model}"
        return about | {"owned_by": "vllm", "root": root, "max_model_len": self.faults.max_model_len}

    def _generate(self, body: dict[str, Any]) -> None:
        known = {"/v1/completions": self.faults.completions, "/v1/chat/completions": self.faults.chat}
        if not known.get(self.path):
            self._send(404, b'{"detail":"Not Found"}')
            return
        number = self.server.next_number()
        if self.faults.counters_reset_at == number:
            self.server.engine.reset()
        if self.faults.status is not None and self.faults.hits(number):
            extra = {"Retry_After": self.faults.retry_after} if self.faults.retry_after else {}
            self._send(self.faults.status, error(self.faults.status, self.faults.message), **extra)
            return
        try:
            asked = job(body, self.path.endswith("/chat/completions"), number, self.faults)
            with self.server.engine.slot():
                self._serve(asked)
        except Refused as refused:
            self._send(refused.status, error(refused.status, str(refused)))
        except Full:
            self._fail_as_a_stream(503) if body.get("stream") else self._send(503, error(503, "queue is full"))

    def _serve(self, asked: Job) -> None:
        engine = self.server.engine
        cached = engine.take_prompt(asked.prompt)
        if asked.hit and self.faults.raw_answer is not None:
            self.wfile.write(self.faults.raw_answer.encode("utf-8", "surrogateescape"))
            raise Gone
        if asked.hit and self.faults.drip == "headers":
            self._drip(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")
        if asked.hit and self.faults.error_event is not None:
            self._fail_as_a_stream(self.faults.error_event)
        elif asked.stream:
            self._stream(asked, cached)
        else:
            engine.pause(self.faults.ttft_s + asked.output_tokens * engine.token_s())
            engine.generated(asked.output_tokens)
            engine.ended(asked.finish)
            self._send(200, whole(asked, cached, self.faults))

    def _fail_as_a_stream(self, code: int) -> None:
        self._start_stream()
        self._event(b"data: " + error(code, self.faults.message) + b"\n\n")
        self._event(DONE)
        self._end_stream()

    def _stream(self, asked: Job, cached: int) -> None:
        """The answer token by token, unless the fault of this request says otherwise."""
        engine, faults = self.server.engine, self.faults
        held = bytearray()
        hold = faults.burst or faults.whole_body
        if not hold:
            self._start_stream()
        due, done, ended = time.perf_counter() + faults.ttft_s, 0, False
        try:
            for tokens, event in self._events(asked, cached):
                due += tokens * engine.token_s() if done else 0
                engine.pause(due - time.perf_counter())
                engine.generated(tokens)
                if event == DONE:
                    engine.ended(asked.finish)
                    ended = True
                if hold:
                    held += event
                else:
                    self._event(event)
                if asked.hit and done * 2 < asked.output_tokens <= (done + tokens) * 2:
                    self._half_way()
                done += tokens
            if faults.whole_body:
                self._send(200, bytes(held), Content_Type="text/event-stream")
                return
            if hold:
                self._start_stream()
                self._event(bytes(held))
            self._end_stream()
        finally:
            if not ended:
                engine.ended("abort")

    def _events(self, asked: Job, cached: int) -> Iterator[tuple[int, bytes]]:
        faults = self.faults
        if asked.hit and faults.raw_events is not None:
            for event in faults.raw_events:
                yield 1, event.encode("utf-8", "surrogateescape")
        elif asked.hit and faults.endless:
            for _ in range(10**9):
                yield from (p for p in pieces(asked._replace(output_tokens=1000), cached, faults) if p[0])
        else:
            yield from pieces(asked, cached, faults)

    def _half_way(self) -> None:
        faults = self.faults
        if faults.die:
            self.server.die()
        if faults.die or faults.cut:
            raise Gone
        if faults.stall_s is not None:
            self.server.engine.pause(faults.stall_s)
        if faults.drip == "comments":
            self._drip(b"", b"4\r\n: x\n\r\n")
        if faults.garbage:
            self._event(b'data: {"choices": [{"text": \n\ndata: not JSON at all\n\n')
        if faults.huge_line_bytes is not None:
            self._event(b'data: {"choices": [{"text": "' + b"x" * faults.huge_line_bytes + b'"}]}\n\n')

    def _drip(self, first: bytes, then: bytes) -> None:
        self.wfile.write(first)
        while True:
            self.wfile.write(then)
            self.server.engine.pause(0.01)

    def _start_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        if self.faults.http10:
            self.close_connection = True
        else:
            self.send_header("Transfer-Encoding", "chunked")
        if self.faults.gzip:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()

    def _event(self, event: bytes) -> None:
        content = gzip.compress(event) if self.faults.gzip else event
        self.wfile.write(content if self.faults.http10 else b"%x\r\n%b\r\n" % (len(content), content))

    def _end_stream(self) -> None:
        if not self.faults.http10:
            self.wfile.write(b"0\r\n\r\n")

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        """A whole answer; header names with `_` for `-`."""
        content = gzip.compress(body) if self.faults.gzip else body
        self.send_response(status)
        told = {
            "Content_Type": "application/json",
            "Content_Length": str(len(content)),
            "Set_Cookie": "crumb=1",
        } | headers
        if self.faults.gzip:
            told["Content_Encoding"] = "gzip"
        for name, value in told.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)


def cut(connection: socket.socket) -> None:
    """Break a connection off."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def fault_server(faults: Faults | None = None, tls: tuple[Path, Path] | None = None) -> Iterator[FaultServer]:
    """A server for the length of a test; `tls` is its certificate and key."""
    server = FaultServer(faults or Faults(), tls)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.engine.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()
        for connection in list(server.connections):
            cut(connection)


@contextmanager
def separate_fault_server(faults: Faults | None = None) -> Iterator[str]:
    """The same in a process of its own, whose time is not the client's; its address."""
    told = json.dumps(dataclasses.asdict(faults or Faults()))
    command = [sys.executable, "-m", "tests.probe.fault_server", told]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()
            process.wait(10)
