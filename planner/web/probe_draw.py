"""A measurement, whole or as far as it has come, as what its charts draw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import median

from planner.charts.labels import Point
from planner.charts.probe_values import KneeMark, LevelMark, ProbeCurve, RunDot, Shown
from planner.domain.measured_run import Run
from planner.domain.measurement import Measurement
from planner.format import short

ON_THE_CURVE = ("closed", "live")
"""Open-loop runs are at a rate that was sent, not at a load that was held: they are in the table alone."""
WORDS: dict[Shown, str] = {"throughput": "Throughput", "ttft": "Time to first token", "tpot": "Time per token"}


def curve_of(
    measurement: Measurement | None,
    shown: Shown,
    *,
    planned: Iterable[float] = (),
    predicted: Iterable[Point] = (),
    fitted: Iterable[Point] = (),
) -> ProbeCurve:
    """One panel; None = nothing has been measured yet. `predicted` and `fitted` are in the unit of `shown`."""
    found = ProbeCurve(shown, planned=tuple(planned), predicted=tuple(predicted), fitted=tuple(fitted))
    if measurement is None:
        return found
    summary, at = measurement.summary, measurement.summary.at_target
    runs = [run for run in measurement.runs if run.kind in ON_THE_CURVE]
    return found._replace(
        levels=_marks(runs, shown),
        runs=tuple(dot for run in runs if (dot := _dot(run, shown)) is not None),
        knee=KneeMark(summary.knee.requests_in_flight, summary.knee.low, summary.knee.high) if summary.knee else None,
        at_target=at.requests_in_flight if at else None,
        target_ms=_target_ms(measurement, shown),
        lower_bound=summary.status == "not_saturated",
    )


def _target_ms(measurement: Measurement, shown: Shown) -> float | None:
    if shown == "throughput":
        return None
    return measurement.target_ttft_p95_ms if shown == "ttft" else measurement.target_tpot_p95_ms


def value_of(run: Run, shown: Shown) -> float | None:
    """What a run has to say of it; None = nothing."""
    if shown == "throughput":
        return run.rate_output_tokens_per_s if run.completed else None
    times = run.ttft_ms if shown == "ttft" else run.tpot_ms
    return None if times is None else times.mean


def _marks(runs: Iterable[Run], shown: Shown) -> tuple[LevelMark, ...]:
    by_load: dict[float, list[float]] = defaultdict(list)
    for run in runs:
        value = value_of(run, shown)
        if run.usable and value is not None:
            by_load[run.requests_in_flight].append(value)
    return tuple(
        LevelMark(load, median(values), min(values), max(values), len(values))
        for load, values in sorted(by_load.items())
    )


def _dot(run: Run, shown: Shown) -> RunDot | None:
    value = value_of(run, shown)
    if value is None:
        return None
    words = f"{run.requests_in_flight:g} in flight, repeat {run.repeat}: {short(value)}"
    return RunDot(run.requests_in_flight, value, run.usable, words if run.usable else f"{words}; not used")
