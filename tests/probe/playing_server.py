"""A server that plays traffic of known size on `/metrics`, and writes down everything that it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from planner.capacity.measurement.stretch import Scrape
from tests.capacity.measurement.live_traffic import Request, scrape, vllm_text

MODEL = "org/model-8b"
Page = Callable[[float, int], str | int]
"""Text of a page, or the status that it is refused with, by seconds since the start and how often it was asked."""


class Playing:
    """What the server shows, and what it was asked."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.requests = requests
        self.began = time.perf_counter()
        self.asked: list[tuple[str, str, str]] = []
        self.read: list[Scrape] = []
        self.url = ""
        self.pages: dict[str, Page] = {
            "/metrics": self.metrics,
            "/version": lambda at_s, n: '{"version": "0.32.0"}',
            "/v1/models": lambda at_s, n: (
                f'{{"data": [{{"id": "{MODEL}", "owned_by": "vllm", "max_model_len": 2048}}]}}'
            ),
        }

    def metrics(self, at_s: float, n: int) -> str | int:
        """The traffic so far; what was shown is kept."""
        self.read.append(scrape(self.requests, at_s))
        return vllm_text(self.read[-1], MODEL)

    def answer(self, method: str, path: str, key: str) -> str | int:
        self.asked.append((method, path, key))
        page = self.pages.get(path)
        count = sum(asked[1] == path for asked in self.asked)
        return 404 if page is None or method != "GET" else page(time.perf_counter() - self.began, count)


@contextmanager
def playing(requests: Sequence[Request]) -> Iterator[Playing]:
    """The server while it runs."""
    state = Playing(requests)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            said = state.answer(self.command, self.path, self.headers.get("Authorization", ""))
            body = said.encode() if isinstance(said, str) else b"{}"
            self.send_response(200 if isinstance(said, str) else said)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name is that of the standard library

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
