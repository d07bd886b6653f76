"""One log as every part of its profile sees it: its span, its grain, and its demand minute by minute."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from planner.units import FloatArray
from planner.workload.figures import UsageFigures
from planner.workload.rollup import IntArray
from planner.workload.usage_rows import US_PER_MINUTE, US_PER_S, Grain

SECONDS_PER_MINUTE = 60
STRADDLE = 20
"""A window this many times as long as a bucket may cut buckets: at most a twentieth of its demand moves."""
MOST_SLACK_S = 3600
LEAST_SLACK_S = 300
SLACK_GAPS = 3
"""A log of requests covers its edges up to this many mean gaps: Poisson arrivals stay away longer in 5 % of cases."""

Demand = Literal["requests", "tokens"]


@dataclass(frozen=True)
class Log:
    """A measured log. Times are microseconds since 1970 UTC."""

    figures: UsageFigures
    bucketed: bool

    @property
    def grain(self) -> Grain:
        """request, or bucket when any part of the log is bucketed."""
        return "bucket" if self.bucketed else "request"

    @cached_property
    def bucket_s(self) -> int:
        """Longest bucket, seconds; 0 for single requests."""
        return int(self.figures.rollup.bucket_s.max(initial=0))

    @property
    def start_us(self) -> int:
        """Start of the first request or bucket."""
        return self.figures.first_us

    @cached_property
    def end_us(self) -> int:
        """Start of the last request, or end of the last bucket."""
        rollup = self.figures.rollup
        last = rollup.minute_us == self.figures.last_us - self.figures.last_us % US_PER_MINUTE
        of_the_last = int(rollup.bucket_s[last].max(initial=0))
        ends = rollup.minute_us + rollup.bucket_s * US_PER_S
        longest = int(ends[rollup.bucket_s > 0].max(initial=0))
        return max(self.figures.last_us + of_the_last * US_PER_S, longest)

    @property
    def window_s(self) -> float:
        """From the first to the last, seconds."""
        return (self.end_us - self.start_us) / US_PER_S

    @cached_property
    def slack_us(self) -> int:
        """How far before its first and after its last request a log is taken to reach: 0 for buckets, which say it."""
        if self.bucketed:
            return 0
        rows = int(self.figures.rollup.usage_rows.sum())
        gap_s = self.window_s / (rows - 1) if rows > 1 else 0.0
        return int(min(max(SLACK_GAPS * gap_s, LEAST_SLACK_S), MOST_SLACK_S) * US_PER_S)

    def fits(self, width_s: int) -> bool:
        """Whether a window of this width says nothing finer than the log's buckets do."""
        whole_minutes = width_s % SECONDS_PER_MINUTE == 0
        longest = self.bucket_s
        return whole_minutes and (longest == 0 or width_s % longest == 0 or width_s >= STRADDLE * longest)

    def knows_all(self, name: str) -> bool:
        """Whether every usage row says it."""
        rollup = self.figures.rollup
        return bool((rollup.known[name] == rollup.usage_rows).all())

    def knows(self, name: str) -> bool:
        """Whether any usage row says it."""
        return bool(self.figures.rollup.known[name].any())

    @cached_property
    def demand(self) -> Demand | None:
        """What demand is counted in: requests where each row counts them, else tokens; None when there are neither."""
        if self.knows_all("requests"):
            return "requests"
        return "tokens" if self.knows("fresh_input_tokens") or self.knows("output_tokens") else None

    @cached_property
    def load(self) -> IntArray:
        """Demand of each row of the rollup, shape (rows,)."""
        rollup = self.figures.rollup
        if self.demand == "requests":
            return rollup.sums["requests"]
        return np.asarray(rollup.prompt_tokens + rollup.sums["output_tokens"])

    def windows(self, width_s: int, values: IntArray, *, slack: bool = False) -> FloatArray:
        """Sums of `values` (rows,) over each whole window from the first request on; shape (windows,).

        The last, partial window is left out; with `slack` it counts when the log reaches its end but for its slack.
        """
        rollup, width_us = self.figures.rollup, width_s * US_PER_S
        origin = self.start_us - self.start_us % US_PER_MINUTE
        whole = (self.end_us + (self.slack_us if slack else 0) - self.start_us) // width_us
        place = (rollup.minute_us - origin) // width_us
        inside = place < whole
        return np.asarray(np.bincount(place[inside], values[inside], max(whole, 0)), dtype=np.float64)
