"""What a probe has used up, and whether it may go on: requests, tokens, seconds and dollars."""

from __future__ import annotations

import threading
import time

from planner.capacity.measurement.outcome import Outcome
from planner.domain.probe_task import ProbeTask
from planner.units import MTOK, SECONDS_PER_HOUR

BUDGET = "the budget"
"""What every reason of a spent budget begins with."""


class Spend:
    """Counted from the first request, warm-up and checks included. Safe to use from several threads."""

    def __init__(self, task: ProbeTask, usd_per_hour: float | None = None) -> None:
        self._task, self._limit = task, task.budget
        self._usd_per_hour = task.usd_per_hour if task.usd_per_hour is not None else usd_per_hour
        self._lock = threading.Lock()
        self._began: float | None = None
        self._in_flight = 0
        self.requests = 0
        self._input_tokens = 0
        self._output_tokens = 0

    @property
    def seconds(self) -> float:
        """Since the first request; 0 before it."""
        return 0.0 if self._began is None else time.perf_counter() - self._began

    @property
    def tokens(self) -> int:
        """Of the requests that ended."""
        return self._input_tokens + self._output_tokens

    @property
    def priced(self) -> bool:
        """Whether a price is known, so that dollars can be counted."""
        return self._usd_per_hour is not None or self._tokens_priced

    @property
    def _tokens_priced(self) -> bool:
        return self._task.input_usd_per_mtok is not None and self._task.output_usd_per_mtok is not None

    @property
    def usd(self) -> float | None:
        """Dollars so far, tokens and hours; None without a price."""
        return self._usd(self._input_tokens, self._output_tokens, self.seconds) if self.priced else None

    def _usd(self, input_tokens: float, output_tokens: float, seconds: float) -> float:
        usd = (self._usd_per_hour or 0.0) * seconds / SECONDS_PER_HOUR
        if self._tokens_priced:
            usd += input_tokens * (self._task.input_usd_per_mtok or 0.0) / MTOK
            usd += output_tokens * (self._task.output_usd_per_mtok or 0.0) / MTOK
        return usd

    def start(self) -> None:
        """The clock starts."""
        self._began = time.perf_counter()

    def begin(self) -> None:
        """A request is sent; it counts at its longest until it ended."""
        with self._lock:
            self._began = time.perf_counter() if self._began is None else self._began
            self.requests += 1
            self._in_flight += 1

    def end(self, outcome: Outcome) -> None:
        """A request ended with so many tokens, counted as it says, else as it was asked."""
        with self._lock:
            self._in_flight -= 1
            if outcome.error is None or outcome.chunks:
                self._input_tokens += outcome.input_tokens or self._task.input_tokens
            self._output_tokens += outcome.chunks if outcome.output_tokens is None else outcome.output_tokens

    def refused(self, requests: int = 1, seconds: float = 0.0) -> str:
        """Why `requests` more, which may take `seconds`, could go beyond the budget; empty when they cannot."""
        with self._lock:
            coming = requests + self._in_flight
            total = self.requests + requests
        input_tokens = self._input_tokens + coming * self._task.input_tokens
        output_tokens = self._output_tokens + coming * self._task.output_tokens
        if total > self._limit.requests:
            return f"{BUDGET} of {self._limit.requests:,} requests"
        if input_tokens + output_tokens > self._limit.tokens:
            return f"{BUDGET} of {self._limit.tokens:,} tokens"
        if self.seconds + seconds >= self._limit.seconds:
            return f"{BUDGET} of {self._limit.seconds:g} seconds"
        usd = self._usd(input_tokens, output_tokens, self.seconds + seconds)
        return f"{BUDGET} of {self._limit.usd:g} USD" if self._limit.usd is not None and usd > self._limit.usd else ""

    def over(self) -> str:
        """Which limit is reached by now, whatever is still in flight; empty when none is."""
        if self.seconds >= self._limit.seconds:
            return f"{BUDGET} of {self._limit.seconds:g} seconds"
        usd = self.usd
        over = self._limit.usd is not None and usd is not None and usd >= self._limit.usd
        return f"{BUDGET} of {self._limit.usd:g} USD" if over else ""
