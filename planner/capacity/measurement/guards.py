"""PRB-2: everything that is wrong with a run. Each guard is one function, its thresholds stand beside it.

Most guards read the run alone, so that `planner.capacity.measurement.summary.finished` asks them again.
"""

from __future__ import annotations

from collections.abc import Iterable

from planner.capacity.measurement import guard_load as load
from planner.capacity.measurement import guard_tokens as tokens
from planner.capacity.measurement.guard_case import Case, Guard, More, Wanted
from planner.domain.measured_run import Flag, Run, Severity

__all__ = ["GUARDS", "More", "Wanted", "merged_flags", "run_flags"]

GUARDS: tuple[Guard, ...] = (
    load.errors,
    load.rate_limited,
    load.stopped,
    load.counter_reset,
    tokens.other_traffic,
    tokens.tokens_differ,
    tokens.prefix_cache,
    tokens.context_limit,
    tokens.short_output,
    tokens.prompt_length,
    tokens.no_usage,
    tokens.reasoning,
    load.burst_delivery,
    load.client_bound,
    load.few_requests,
    load.no_steady_window,
    load.preempted,
    load.no_metrics,
    load.old_metrics,
    load.same_host,
)
SEVERITIES: tuple[Severity, ...] = ("note", "doubt", "unusable")
"""Ascending."""
_NOTHING_WANTED, _NOTHING_MORE = Wanted(), More()


def run_flags(run: Run, wanted: Wanted = _NOTHING_WANTED, more: More = _NOTHING_MORE) -> tuple[Flag, ...]:
    """What every guard says of the run, in the order of GUARDS; flags that it carries already are not looked at."""
    case = Case(run, wanted, more)
    said = (guard(case) for guard in GUARDS)
    return tuple(flag for flag in said if flag is not None)


def merged_flags(kept: Iterable[Flag], found: Iterable[Flag]) -> tuple[Flag, ...]:
    """One flag of each code, the graver of the two; those kept first."""
    merged: dict[str, Flag] = {}
    for flag in (*kept, *found):
        other = merged.get(flag.code)
        if other is None or SEVERITIES.index(flag.severity) > SEVERITIES.index(other.severity):
            merged[flag.code] = flag
    return tuple(merged.values())
