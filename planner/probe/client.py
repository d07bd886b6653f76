"""One request: sent, read piece by piece as it streams, and what was seen of it. No text of it is kept."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

import requests
import urllib3

from planner.capacity.measurement.outcome import Outcome
from planner.domain.measured_run import ErrorKind
from planner.probe.body import Body
from planner.probe.failure import CONNECT_S, failure, plain, refused, seconds_of, stream_kind
from planner.probe.sse import Events, Unreadable, Usage, plain_piece, said
from planner.probe.wires import Wires, tracked

PIECES_AFTER_DONE = 4
ENDLESS_TIMES, ENDLESS_MORE = 1.5, 64
"""An answer of more pieces than 1.5 x the tokens asked + 64 does not end where it was told to."""
MOST_TEMPLATE_TOKENS = 100_000
"""A server may put so much before a prompt; the prompt itself has at most a token a byte."""


class Verdict(NamedTuple):
    """Why a request was ended from outside."""

    kind: ErrorKind | None
    """None: cut off with the run; neither completed nor failed."""
    detail: str = ""


class Request(NamedTuple):
    """What is sent."""

    url: str
    body: bytes
    output_tokens: int
    """Asked for; an answer that goes far beyond it is endless."""
    input_tokens: int | None = None
    """What the prompt holds if the answer does not say."""
    scheduled_s: float | None = None


class Line:
    """One connection kept alive to the server, used for one request at a time.

    Another thread may look at how long a request takes (`sent_at`, `piece_at`, on the clock of `time.perf_counter`) and
    end it (`end`).
    """

    def __init__(self, session: requests.Session, most_s: float) -> None:
        self._wires = Wires()
        self._session = tracked(session, self._wires)
        self._most_s = most_s
        self._lock = threading.Lock()
        self._verdict: Verdict | None = None
        self.sent_at: float | None = None
        self.piece_at: float | None = None
        self.pieces = 0
        """Of all its requests so far."""
        self.retry_after_s: float | None = None
        """What the last refusal said."""

    def end(self, verdict: Verdict, sent_at: float | None = None) -> None:
        """End the request that was sent at `sent_at`; without it whatever is under way, and all that is sent later."""
        with self._lock:
            if sent_at is not None and sent_at != self.sent_at:
                return
            self._verdict = self._verdict or verdict
            self._wires.cut()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def ask(self, request: Request, started_at: float) -> Outcome:
        """Send one request and read its answer to the end; times count from `started_at`. Never raises."""
        self.piece_at = None
        self.sent_at = sent_at = time.perf_counter()
        seen = _Seen(request, sent_at - started_at)
        try:
            if self._verdict is None:
                self._converse(request, seen, started_at)
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
            AttributeError,
        ) as problem:
            seen.fail(*failure(problem))
        with self._lock:
            self.sent_at, verdict = None, self._verdict
            self._verdict = verdict if verdict is not None and verdict.kind is None else None
        return seen.outcome(time.perf_counter() - started_at, verdict)

    def _converse(self, request: Request, seen: _Seen, started_at: float) -> None:
        answer = self._session.post(
            request.url,
            data=request.body,
            headers={"Content-Type": "application/json"},
            stream=True,
            allow_redirects=False,
            timeout=(CONNECT_S, self._most_s),
        )
        kept = False
        try:
            if answer.status_code != 200:
                self.retry_after_s = seconds_of(answer.headers.get("Retry-After", ""))
                seen.fail(*refused(answer))
                return
            body = Body(answer)
            self._read(body, request, seen, started_at)
            kept = seen.done and not seen.error and _at_end(body) and body.release()
        finally:
            if not kept:
                answer.close()

    def _read(self, body: Body, request: Request, seen: _Seen, started_at: float) -> None:
        events = Events()
        most = most_pieces(request)
        while True:
            data = body.read()
            now = time.perf_counter()
            for event in events.feed(data) if data else events.rest():
                if seen.take(event, now - started_at):
                    self.piece_at = now
                    self.pieces += 1
                if seen.done:
                    return
            if not data:
                return
            if seen.chunks > most:
                seen.fail("endless_answer", f"{seen.chunks} pieces where {request.output_tokens} tokens were asked")
                return


class _Seen:
    """What is seen of one answer while it comes."""

    def __init__(self, request: Request, sent_s: float) -> None:
        self._request, self._sent_s = request, sent_s
        self._first_s: float | None = None
        self._last_s: float | None = None
        self._usage = Usage()
        self._finish: str | None = None
        self._fingerprint = ""
        self._reasoning = False
        self.chunks = 0
        self.error: ErrorKind | None = None
        self._detail = ""
        self.done = False
        self._ended_s: float | None = None

    def fail(self, kind: ErrorKind, detail: str) -> None:
        """The request failed; the first reason counts."""
        if self.error is None:
            self.error, self._detail, self.done = kind, plain(detail), True

    def take(self, event: bytes, now_s: float) -> bool:
        """One event; whether it carried tokens."""
        if self.chunks and plain_piece(event):
            self.chunks += 1
            self._last_s = now_s
            return True
        if event == b"[DONE]":
            self.done, self._ended_s = True, now_s
            return False
        try:
            what = said(event)
        except Unreadable as problem:
            self.fail("unreadable", str(problem))
            return False
        if what.error is not None:
            self.fail(stream_kind(what), f"error in the stream: {what.error}")
            return False
        if what.piece:
            self.chunks += 1
            self._first_s = now_s if self._first_s is None else self._first_s
        if what.piece or what.finish:
            self._last_s = now_s
        self._reasoning = self._reasoning or what.reasoning
        self._finish = what.finish or self._finish
        self._usage = what.usage or self._usage
        self._fingerprint = what.fingerprint or self._fingerprint
        return what.piece

    def outcome(self, ended_s: float, verdict: Verdict | None) -> Outcome:
        """The request as it ended."""
        cut_off = not self._whole and verdict is not None and verdict.kind is None
        if verdict is not None and verdict.kind is not None and not self._whole:
            self.error, self._detail = verdict.kind, verdict.detail
        if not cut_off and self.error is None:
            self._judge()
        return Outcome(
            sent_s=self._sent_s,
            ended_s=ended_s if self._ended_s is None else self._ended_s,
            first_s=self._first_s,
            last_s=None if self._first_s is None else self._last_s,
            input_tokens=self._request.input_tokens if self._usage.input_tokens is None else self._usage.input_tokens,
            cached_input_tokens=self._usage.cached_input_tokens,
            output_tokens=self._usage.output_tokens,
            chunks=self.chunks,
            reasoning=self._reasoning,
            finish=self._finish,
            error=None if cut_off else self.error,
            detail="" if cut_off else self._detail,
            cut_off=cut_off,
            scheduled_s=self._request.scheduled_s,
            fingerprint=self._fingerprint,
        )

    @property
    def _whole(self) -> bool:
        return self.done and self.error is None

    def _judge(self) -> None:
        """Whether an answer that no error ended is one."""
        if not self.done:
            self.fail("cut_stream", f"the stream ended after {self.chunks} pieces without [DONE]")
        elif self._first_s is None or self._usage.output_tokens == 0:
            self.fail("empty_answer", "the answer has no tokens")
        elif (self._usage.output_tokens or 0) > most_pieces(self._request):
            said = f"the answer says it has {self._usage.output_tokens:.6g} tokens"
            self.fail("unreadable", f"{said} where {self._request.output_tokens:,} were asked")
        elif (self._usage.input_tokens or 0) > len(self._request.body) + MOST_TEMPLATE_TOKENS:
            said = f"the answer says its prompt has {self._usage.input_tokens:.6g} tokens"
            self.fail("unreadable", f"{said}, more than were sent")


def most_pieces(request: Request) -> float:
    """Tokens beyond which an answer does not end where it was told to."""
    return ENDLESS_TIMES * request.output_tokens + ENDLESS_MORE


def _at_end(body: Body) -> bool:
    """Whether the answer ends with [DONE], so that its connection can be kept; one that sends on is not waited for."""
    try:
        return any(not body.read() for _ in range(PIECES_AFTER_DONE))
    except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError):
        return False
