"""The engine behind the server: slots, a queue, a prefix cache, and true counters of what it did."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.probe.fault_server.faults import Faults

BLOCK_TOKENS = 16


class Gone(Exception):
    """The server is being stopped."""


class Full(Exception):
    """The queue is full."""


class Engine:
    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.running = 0
        self.most_running = 0
        self.totals: Counter[str] = Counter()
        self.finished: Counter[str] = Counter()
        self.stopping = threading.Event()
        self._line: deque[object] = deque()
        self._changed = threading.Condition()
        self._blocks: set[int] = set()

    @property
    def waiting(self) -> int:
        return len(self._line)

    def pause(self, seconds: float) -> None:
        if self.stopping.wait(max(seconds, 0)):
            raise Gone

    def token_s(self) -> float:
        return self.faults.token_s * (1 + self.faults.slower_per_request * max(self.running - 1, 0))

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A place in service, first come first served."""
        me = object()
        with self._changed:
            if self._full():
                self.totals["rejections"] += 1
                raise Full
            self._line.append(me)
            try:
                while self._line[0] is not me or self.running >= self.faults.slots:
                    self._changed.wait(0.1)
                    if self.stopping.is_set():
                        raise Gone
            finally:
                self._line.remove(me)
                self._changed.notify_all()
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        try:
            yield
        finally:
            with self._changed:
                self.running -= 1
                self._changed.notify_all()

    def _full(self) -> bool:
        most = self.faults.most_queued
        return most is not None and self.running >= self.faults.slots and len(self._line) >= most

    def take_prompt(self, tokens: Sequence[int]) -> int:
        """Count a prompt in; how many of its tokens were in the prefix cache."""
        with self._changed:
            cached = self._cached(tokens)
            self.totals["prompt_tokens"] += len(tokens)
            self.totals["cache_queries"] += len(tokens)
            self.totals["cache_hits"] += cached
            self.totals["preemptions"] += self.faults.preemptions_per_request
            self.totals["generation_tokens"] += self.faults.other_tokens_per_request
            return cached

    def _cached(self, tokens: Sequence[int]) -> int:
        if self.faults.cache_hit_fraction is not None:
            return int(self.faults.cache_hit_fraction * len(tokens))
        if not self.faults.prefix_cache:
            return 0
        ends = range(BLOCK_TOKENS, len(tokens), BLOCK_TOKENS)
        blocks = [hash(tuple(tokens[:end])) for end in ends]
        hits = next((n for n, block in enumerate(blocks) if block not in self._blocks), len(blocks))
        self._blocks.update(blocks)
        return hits * BLOCK_TOKENS

    def generated(self, tokens: int) -> None:
        with self._changed:
            self.totals["generation_tokens"] += tokens

    def ended(self, reason: str) -> None:
        with self._changed:
            self.finished[reason] += 1

    def reset(self) -> None:
        """As a restarted engine: all counters from 0."""
        with self._changed:
            self.totals.clear()
            self.finished.clear()
