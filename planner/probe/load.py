"""Holding a load on a server: closed loop (so many in flight) and open loop (so many a second).

The thread that calls stays free to watch: it ends requests that stall or take too long, tells how far the load is, and
ends all of it at once when asked to. When `hold` returns, no thread of it is running.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from planner.capacity.measurement.outcome import Outcome
from planner.domain.measured_run import ErrorKind
from planner.probe.client import Line, Request, Verdict

TICK_S = 0.05
PAUSE_AFTER_ERROR_S = 0.1
FULL: frozenset[ErrorKind] = frozenset({"rate_limited", "overloaded"})
"""Failures of a server that is up and has too much to do."""
LEAST_HOPELESS, MOST_HOPELESS = 8, 256
"""So many other failures in a row, or twice the load, end a run: a dead server is not hammered."""
CANCELLED = "cancelled"
CUT = Verdict(None)


class Limits(NamedTuple):
    """How long a request may take."""

    stall_s: float
    """Between two pieces."""
    first_s: float
    """From sending to the first piece: longer than `stall_s` where requests are known to queue."""
    request_s: float


class Held(NamedTuple):
    """What came of a load."""

    outcomes: tuple[Outcome, ...]
    duration_s: float
    client_cpu_s: float
    stopped: str
    """Why it was ended early; empty = it was not."""


class Load:
    """One load on a server, while it is held."""

    def __init__(
        self,
        make: Callable[[], Request],
        limits: Limits,
        *,
        may: Callable[[], str] = lambda: "",
        begun: Callable[[], None] = lambda: None,
        ended: Callable[[Outcome], None] = lambda outcome: None,
    ) -> None:
        self._make, self._limits = make, limits
        self._may, self._begun, self._ended = may, begun, ended
        self._lock = threading.Lock()
        self._left = 0
        self._outcomes: list[Outcome] = []
        self._cpu_s = 0.0
        self._failed = 0
        self._stop = threading.Event()
        self._reason = ""
        self._lines: Sequence[Line] = ()
        self._pieces_before = 0
        self.started_at = 0.0
        self.planned = 0

    # what is seen from outside

    @property
    def done(self) -> int:
        """Requests that ended."""
        return len(self._outcomes)

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        return sum(line.sent_at is not None for line in self._lines)

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """Of the requests that ended."""
        with self._lock:
            return tuple(self._outcomes)

    @property
    def rate_pieces_per_s(self) -> float | None:
        """Pieces of answer a second so far; about tokens/s."""
        elapsed = time.perf_counter() - self.started_at
        pieces = sum(line.pieces for line in self._lines) - self._pieces_before
        return pieces / elapsed if pieces and elapsed > 0 else None

    def stop(self, reason: str) -> None:
        """No further request; those in flight are cut off."""
        if not self._stop.is_set():
            self._reason = reason
            self._stop.set()

    # closed loop

    def hold(self, lines: Sequence[Line], requests: int, tick: Callable[[], str]) -> Held:
        """Keep one request in flight on every line until `requests` were sent. `tick` says why to stop, else empty."""
        self._left = self.planned = requests
        return self._run(lines, [partial(self._closed, line) for line in lines], tick)

    def _closed(self, line: Line) -> None:
        while self._take():
            self._one(line, None)

    def _take(self) -> bool:
        with self._lock:
            if self._stop.is_set() or self._left <= 0:
                return False
            refused = self._may()
            if not refused:
                self._left -= 1
                self._begun()
        if refused:
            self._end_of_budget(refused)
        return not refused

    def _end_of_budget(self, refused: str) -> None:
        """Nothing more is sent; what is in flight is paid for, and read to its end."""
        self._left = 0
        self._reason = self._reason or refused

    # open loop

    def hold_rate(self, lines: Sequence[Line], due_s: Sequence[float], tick: Callable[[], str]) -> Held:
        """Send a request at each moment of `due_s`, whatever is still in flight, as far as there are lines."""
        self.planned = self._left = len(due_s)
        waiting: queue.SimpleQueue[float | None] = queue.SimpleQueue()
        jobs = [partial(self._dispatch, due_s, waiting, len(lines))]
        jobs += [partial(self._open, line, waiting) for line in lines]
        return self._run(lines, jobs, tick)

    def _dispatch(self, due_s: Sequence[float], waiting: queue.SimpleQueue[float | None], workers: int) -> None:
        for due in due_s:
            if self._stop.wait(max(0.0, self.started_at + due - time.perf_counter())) or not self._take():
                break
            waiting.put(due)
        for _ in range(workers):
            waiting.put(None)

    def _open(self, line: Line, waiting: queue.SimpleQueue[float | None]) -> None:
        while (due := waiting.get()) is not None:
            self._one(line, due)

    # both

    def _one(self, line: Line, due_s: float | None) -> None:
        request = self._make()
        outcome = line.ask(request if due_s is None else request._replace(scheduled_s=due_s), self.started_at)
        self._ended(outcome)
        with self._lock:
            self._outcomes.append(outcome)
            if outcome.error not in FULL:
                self._failed = self._failed + 1 if outcome.error else 0
            hopeless = self._failed >= min(max(LEAST_HOPELESS, 2 * len(self._lines)), MOST_HOPELESS)
        if hopeless:
            self.stop(f"{outcome.error}: {outcome.detail}")
        if outcome.error:
            self._stop.wait(PAUSE_AFTER_ERROR_S)

    def _run(self, lines: Sequence[Line], jobs: Sequence[Callable[[], None]], tick: Callable[[], str]) -> Held:
        self._lines = lines
        self._pieces_before = sum(line.pieces for line in lines)
        threads = [threading.Thread(target=self._counted, args=(job,), daemon=True, name="probe") for job in jobs]
        self.started_at = time.perf_counter()
        try:
            for thread in threads:
                thread.start()
            self._watch(threads, tick)
        except KeyboardInterrupt:
            self.stop(CANCELLED)
        finally:
            self._finish(threads)
        elapsed = max(time.perf_counter() - self.started_at, 1e-6)
        last = max((o.ended_s for o in self._outcomes), default=elapsed)
        return Held(tuple(self._outcomes), max(min(last, elapsed), 1e-6), self._cpu_s, self._reason)

    def _counted(self, job: Callable[[], None]) -> None:
        try:
            job()
        finally:
            with self._lock:
                self._cpu_s += time.thread_time()

    def _watch(self, threads: Sequence[threading.Thread], tick: Callable[[], str]) -> None:
        alive = list(threads)
        while alive and not self._stop.is_set():
            alive[0].join(TICK_S)
            alive = [thread for thread in alive if thread.is_alive()]
            self._expire()
            if reason := tick():
                self.stop(reason)

    def _finish(self, threads: Sequence[threading.Thread]) -> None:
        self._stop.set()
        while any(thread.is_alive() for thread in threads):
            for line in self._lines:
                line.end(CUT)
            for thread in threads:
                if thread.ident is not None:
                    thread.join(TICK_S / len(threads))

    def _expire(self) -> None:
        """End the requests that stall or take too long."""
        now = time.perf_counter()
        for line in self._lines:
            sent_at, piece_at = line.sent_at, line.piece_at
            if sent_at is not None and (verdict := _overdue(sent_at, piece_at, now, self._limits)):
                line.end(verdict, sent_at)


def _overdue(sent_at: float, piece_at: float | None, now: float, limits: Limits) -> Verdict | None:
    if now - sent_at > limits.request_s:
        if piece_at is None or piece_at < sent_at:
            return Verdict("timeout", f"no piece of answer within {limits.request_s:g} s")
        return Verdict("endless_answer", f"still answering after {limits.request_s:g} s")
    if piece_at is None or piece_at < sent_at:
        late = now - sent_at > limits.first_s
        return Verdict("timeout", f"no piece of answer within {limits.first_s:g} s") if late else None
    late = now - piece_at > limits.stall_s
    return Verdict("timeout", f"nothing more arrived for {limits.stall_s:g} s") if late else None
