"""The server's counters while it is probed: read by a thread of its own, so that nobody waits for a slow page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import requests

from planner.capacity.measurement.outcome import Counters
from planner.probe.address import Address
from planner.probe.asking import Asking
from planner.probe.metrics import counters
from planner.probe.wires import Wires, tracked

EVERY_S = 0.5
SETTLING_EVERY_S = 0.05
SETTLING_S = 3.0
"""So long the counters are waited for after a run: while others use the server they never come to rest."""
TICK_S = 0.05


class Gauge:
    """Reads `/metrics` until it is closed."""

    def __init__(self, session: requests.Session, address: Address) -> None:
        self._wires = Wires()
        self._session = tracked(session, self._wires)
        self._asking = Asking(self._session, address)
        self._closed, self._hurry = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._readings: list[tuple[float, Counters]] = []
        self._peaks: Counters | None = None
        self._thread = threading.Thread(target=self._read, daemon=True, name="probe metrics")
        self._thread.start()

    def close(self) -> None:
        """Stop reading; the thread has ended when this returns."""
        self._closed.set()
        self._hurry.set()
        while self._thread.is_alive():
            self._wires.cut()
            self._thread.join(TICK_S)
        self._session.close()

    def peaks(self) -> Counters | None:
        """The most that was seen of each gauge since the last call; None = no reading."""
        with self._lock:
            seen, self._peaks = self._peaks, None
        return seen

    def settled(self, tick: Callable[[], str], least_tokens: float = 0.0) -> Counters | None:
        """The counters once they have come to rest, or after 3 s as they are then; None = they cannot be read.

        Counters that lag behind are waited for until they show `least_tokens` generated.
        """
        since = time.perf_counter()
        with self._lock:
            self._readings = []
        self._hurry.set()
        try:
            while time.perf_counter() - since < SETTLING_S and not tick():
                last = self._since(since)
                if len(last) > 1 and _at_rest(last[-2], last[-1], least_tokens):
                    break
                time.sleep(TICK_S / 2)
        finally:
            self._hurry.clear()
        return next(reversed(self._since(since)), None)

    def _since(self, since: float) -> list[Counters]:
        with self._lock:
            return [reading for asked_at, reading in self._readings if asked_at >= since]

    def _read(self) -> None:
        while not self._closed.is_set():
            asked_at = time.perf_counter()
            text = self._asking.text("/metrics")
            if text is not None:
                self._note(asked_at, counters(text))
            hurried = self._hurry.is_set()
            (self._closed if hurried else self._hurry).wait(SETTLING_EVERY_S if hurried else EVERY_S)

    def _note(self, asked_at: float, reading: Counters) -> None:
        with self._lock:
            self._readings = [*self._readings[-3:], (asked_at, reading)]
            self._peaks = _most(self._peaks, reading)


def _at_rest(earlier: Counters, later: Counters, least_tokens: float) -> bool:
    if later.generation_tokens is not None and later.generation_tokens < least_tokens:
        return False
    same = earlier.generation_tokens == later.generation_tokens and earlier.prompt_tokens == later.prompt_tokens
    return same and not later.running and not later.waiting


def _most(one: Counters | None, other: Counters) -> Counters:
    if one is None:
        return other
    return other._replace(
        running=_larger(one.running, other.running),
        waiting=_larger(one.waiting, other.waiting),
        kv_usage_fraction=_larger(one.kv_usage_fraction, other.kv_usage_fraction),
    )


def _larger(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)
