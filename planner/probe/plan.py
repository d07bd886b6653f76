"""Which runs a probe makes, in which order: first all levels upwards, then the other repeats in shuffled order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from planner.domain.probe_task import ProbeTask


class Step(NamedTuple):
    """One run to be made."""

    level: int
    """closed: requests in flight; open: connections at most."""
    repeat: int = 1
    rate_per_s: float | None = None
    """open: requests a second; None = closed."""

    def words(self, task: ProbeTask) -> str:
        """For people, e.g. `16 in flight, repeat 2 of 3`."""
        if self.rate_per_s is not None:
            return f"{self.rate_per_s:g} requests/s for {task.open_seconds:g} s"
        return f"{self.level} in flight, repeat {self.repeat} of {task.repeats}"

    def requests(self, task: ProbeTask) -> int:
        """Requests of the run and its warm-up wave."""
        if self.rate_per_s is not None:
            return round(self.rate_per_s * task.open_seconds)
        return task.requests_of(self.level) + self.level


OPEN_LINES = 512
"""Open loop: most requests in flight; beyond it they are sent late, and latency counts from when they were due."""


def first_round(task: ProbeTask) -> list[Step]:
    """Every level once, ascending."""
    return [Step(level) for level in task.levels]


def later_rounds(task: ProbeTask, levels: Sequence[int], chance: random.Random) -> list[Step]:
    """The other repeats of all levels that were held, each round in an order of its own."""
    rounds = [[Step(level, repeat) for level in levels] for repeat in range(2, task.repeats + 1)]
    for steps in rounds:
        chance.shuffle(steps)
    return [step for steps in rounds for step in steps]


def open_rounds(task: ProbeTask) -> list[Step]:
    """The open-loop rates, ascending."""
    return [Step(OPEN_LINES, rate_per_s=rate) for rate in sorted(task.open_rates_per_s)]


def arrivals_s(rate_per_s: float, seconds: float, chance: random.Random) -> list[float]:
    """Moments of a Poisson process of that rate within so many seconds; at least one."""
    moments: list[float] = []
    at = chance.expovariate(rate_per_s)
    while at < seconds:
        moments.append(at)
        at += chance.expovariate(rate_per_s)
    return moments or [0.0]
