"""PRB-4: the usable repeats of each load, brought together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from planner.domain.measured_run import Percentiles, Run
from planner.domain.measurement import AtTarget, LevelSummary

MOST_SPREAD = 1e3
LEAST = 1e-3
"""Requests in flight and tokens a second below which nothing was going on."""
LIVE_BINS_PER_DOUBLING = 2
"""Stretches of live traffic whose mean loads lie within a factor of 1.4 count as one load."""


def used_runs(runs: Iterable[Run]) -> list[Run]:
    """Runs that levels and points rest on: usable ones of held loads, else of the loads found in live traffic; never
    those of a rate."""
    usable = [run for run in runs if run.usable and run.completed and run.output_tokens and _is_load(run)]
    held = [run for run in usable if run.kind == "closed"]
    return held or [run for run in usable if run.kind == "live"]


def loads_of(runs: Iterable[Run]) -> list[list[Run]]:
    """Used runs by load, ascending; those of live traffic in bins. Their order does not matter."""
    groups: dict[float, list[Run]] = {}
    for run in used_runs(runs):
        groups.setdefault(_load(run), []).append(run)
    return [sorted(groups[load], key=_rank) for load in sorted(groups)]


def load_of(runs: Sequence[Run]) -> float:
    """Requests in flight of the runs of one load."""
    return float(np.median([run.requests_in_flight for run in runs]))


def level_of(runs: Sequence[Run]) -> LevelSummary:
    """Medians over the repeats of one load. Latencies of answers that came in bursts are left out."""
    rates = [run.rate_output_tokens_per_s for run in runs]
    timed = [run for run in runs if not any(flag.code == "BURST_DELIVERY" for flag in run.flags)]
    return LevelSummary(
        requests_in_flight=load_of(runs),
        repeats=len(runs),
        output_tokens_per_s=float(np.median(rates)),
        least_output_tokens_per_s=min(rates),
        most_output_tokens_per_s=max(rates),
        ttft_ms=_median(timed, lambda run: run.ttft_ms, "mean"),
        tpot_ms=_median(timed, lambda run: run.tpot_ms, "mean"),
        ttft_p95_ms=_median(timed, lambda run: run.ttft_ms, "p95"),
        tpot_p95_ms=_median(timed, lambda run: run.tpot_ms, "p95"),
    )


def spread_of(levels: Iterable[LevelSummary]) -> float | None:
    """Largest (most - least) / median over the repeats of a load; None where no load has two."""
    found = [
        (level.most_output_tokens_per_s - level.least_output_tokens_per_s) / level.output_tokens_per_s
        for level in levels
        if level.repeats > 1 and level.output_tokens_per_s > 0
    ]
    return min(max(found), MOST_SPREAD) if found else None


def at_target(levels: Sequence[LevelSummary], ttft_p95_ms: float | None, tpot_p95_ms: float | None) -> AtTarget | None:
    """The largest load below the first that misses a target; loads with too few answers for a P95 say nothing."""
    if ttft_p95_ms is None and tpot_p95_ms is None:
        return None
    best: LevelSummary | None = None
    for level in levels:
        pairs = ((ttft_p95_ms, level.ttft_p95_ms), (tpot_p95_ms, level.tpot_p95_ms))
        seen = [(most, found) for most, found in pairs if most is not None]
        if any(found is not None and found > most for most, found in seen):
            break
        best = level if all(found is not None for _, found in seen) else best
    return AtTarget(
        ttft_p95_ms=ttft_p95_ms,
        tpot_p95_ms=tpot_p95_ms,
        requests_in_flight=best.requests_in_flight if best else None,
        output_tokens_per_s=best.output_tokens_per_s if best else None,
    )


def _is_load(run: Run) -> bool:
    return run.requests_in_flight >= LEAST and run.rate_output_tokens_per_s >= LEAST


def _load(run: Run) -> float:
    if run.kind == "live":
        return round(math.log2(run.requests_in_flight) * LIVE_BINS_PER_DOUBLING)
    return run.requests_in_flight


def _rank(run: Run) -> tuple[float, int, int]:
    return run.requests_in_flight, run.repeat, run.order


def _median(runs: Sequence[Run], latency: Callable[[Run], Percentiles | None], name: str) -> float | None:
    """Median over the runs that have this figure."""
    seen = [latency(run) for run in runs]
    values = [getattr(found, name) for found in seen if found is not None]
    told = [value for value in values if value is not None]
    return float(np.median(told)) if told else None
