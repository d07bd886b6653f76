"""PRB-5: which loads to probe, and what that takes: requests, tokens, time and money, before the start."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

from planner.domain.probe_task import MAX_LEVEL, ProbeTask
from planner.units import MTOK, SECONDS_PER_HOUR

AROUND = (0.25, 0.5, 1.0, 2.0)
"""Parts of the operating point that are probed: the line of CAP-9 is needed on both sides of it."""
LEAST_LEVELS = 3
CHECKS = 1
"""Requests that look whether the server answers at all."""

SecondsOf = Callable[[int], float]
"""Predicted seconds of one request with that many in flight."""


class Needed(NamedTuple):
    """What a probe of some loads takes, warm-up waves and the first check included."""

    levels: tuple[int, ...]
    runs: int
    requests: int
    tokens: int
    seconds: float | None
    """None = not predicted."""
    usd: float | None
    """At the prices of the task; None = it has none, or they need seconds that are not predicted."""


class Planned(NamedTuple):
    """What a probe takes for the loads of its task, and at most: with all loads that it may add, to its budget."""

    levels: tuple[int, ...]
    runs: int
    requests: int
    tokens: int
    seconds: tuple[float, float] | None
    """What its loads need, whatever the budget, and at most."""
    usd: tuple[float, float] | None
    """As `seconds`."""
    most: Needed
    """Doubled up to the task's most, and no more than the budget."""
    over_budget: tuple[str, ...]
    """What the loads of the task need beyond the budget, in words; empty when it suffices."""


def probe_levels(operating: float, most: int) -> tuple[int, ...]:
    """1 request, then a quarter, half, once and twice the operating point, and at least three loads, up to `most`.

    Saturation is looked for beyond them while the rate still rises (`next_level`).
    """
    top = max(1, min(most, MAX_LEVEL))
    wanted = {1, *(round(part * max(operating, 1.0)) for part in AROUND)}
    levels = {min(max(level, 1), top) for level in wanted}
    while len(levels) < LEAST_LEVELS and max(levels) < top:
        levels.add(min(2 * max(levels), top))
    if len(levels) < min(LEAST_LEVELS, top):
        levels.add(max(math.isqrt(top), 2))
    return tuple(sorted(levels))


def next_level(task: ProbeTask, level: int) -> int | None:
    """The load to add while the rate still rises at `level`; None = it is the largest allowed."""
    further = min(2 * level, task.most_in_flight)
    return further if further > level else None


def planned(task: ProbeTask, seconds_of: SecondsOf | None) -> Planned:
    """Requests, tokens, seconds (least, most) and dollars (least, most) of a task."""
    own, most = _needed(task, task.levels, seconds_of), _needed(task, _all_levels(task), seconds_of)
    capped = _within(task, most)
    return Planned(
        levels=own.levels,
        runs=own.runs,
        requests=own.requests,
        tokens=own.tokens,
        seconds=_range(own.seconds, capped.seconds),
        usd=_range(own.usd, capped.usd),
        most=capped,
        over_budget=_over(task, own),
    )


def _all_levels(task: ProbeTask) -> tuple[int, ...]:
    levels = list(task.levels)
    while (further := next_level(task, levels[-1])) is not None:
        levels.append(further)
    return tuple(levels)


def _needed(task: ProbeTask, levels: Iterable[int], seconds_of: SecondsOf | None) -> Needed:
    every = tuple(levels)
    requests = CHECKS + sum(task.repeats * (task.requests_of(n) + n) for n in every) + _open_requests(task)
    seconds = None if seconds_of is None else _seconds(task, every, seconds_of)
    tokens = requests * (task.input_tokens + task.output_tokens)
    runs = task.repeats * len(every) + len(task.open_rates_per_s)
    return Needed(every, runs, requests, tokens, seconds, _usd(task, requests, seconds))


def _open_requests(task: ProbeTask) -> int:
    return sum(math.ceil(rate * task.open_seconds) for rate in task.open_rates_per_s)


def _seconds(task: ProbeTask, levels: tuple[int, ...], seconds_of: SecondsOf) -> float:
    """A warm-up wave and the waves of each run in turn, then the open-loop tests with their last answers."""
    waves = (task.repeats * (1 + math.ceil(task.requests_of(n) / n)) * seconds_of(n) for n in levels)
    tails = len(task.open_rates_per_s) * (task.open_seconds + seconds_of(levels[-1]))
    return CHECKS * seconds_of(1) + sum(waves) + tails


def _usd(task: ProbeTask, requests: int, seconds: float | None) -> float | None:
    """Price of the tokens, and of the server for as long as it takes."""
    if task.usd_per_hour is None and task.input_usd_per_mtok is None and task.output_usd_per_mtok is None:
        return None
    if task.usd_per_hour and seconds is None:
        return None
    a_request = (
        task.input_tokens * (task.input_usd_per_mtok or 0) + task.output_tokens * (task.output_usd_per_mtok or 0)
    ) / MTOK
    return requests * a_request + (task.usd_per_hour or 0) * (seconds or 0) / SECONDS_PER_HOUR


def _within(task: ProbeTask, most: Needed) -> Needed:
    """No more than the budget allows."""
    budget = task.budget
    return most._replace(
        requests=min(most.requests, budget.requests),
        tokens=min(most.tokens, budget.tokens),
        seconds=None if most.seconds is None else min(most.seconds, budget.seconds),
        usd=most.usd if most.usd is None or budget.usd is None else min(most.usd, budget.usd),
    )


def _range(least: float | None, most: float | None) -> tuple[float, float] | None:
    return None if least is None or most is None else (least, max(least, most))


def _over(task: ProbeTask, own: Needed) -> tuple[str, ...]:
    """Each part of the budget that the task's own loads do not fit in."""
    parts: tuple[tuple[str, float | None, float | None], ...] = (
        ("requests", own.requests, task.budget.requests),
        ("tokens", own.tokens, task.budget.tokens),
        ("seconds", own.seconds, task.budget.seconds),
        ("USD", own.usd, task.budget.usd),
    )
    return tuple(
        f"{need:,.6g} {what} are needed and the budget is {most:,.6g}"
        for what, need, most in parts
        if need is not None and most is not None and need > most
    )
