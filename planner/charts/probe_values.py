"""What a chart of a probe is drawn from, and the same in words."""

from __future__ import annotations

from typing import Literal, NamedTuple

from planner.charts.labels import Point
from planner.format import plural, short

Shown = Literal["throughput", "ttft", "tpot"]
"""Output tokens/s; mean time to first token in ms; mean time per output token in ms."""
TITLES: dict[Shown, str] = {
    "throughput": "Output tokens/s of one replica",
    "ttft": "Mean time to first token, ms",
    "tpot": "Mean time per output token, ms",
}
UNITS: dict[Shown, str] = {"throughput": "output tokens/s", "ttft": "ms", "tpot": "ms"}


class LevelMark(NamedTuple):
    """All usable repeats of one load: median, least and most, in the unit of what is shown."""

    load: float
    median: float
    least: float
    most: float
    repeats: int


class RunDot(NamedTuple):
    """One run: its load, its value, and whether figures rest on it."""

    load: float
    value: float
    used: bool
    words: str = ""


class KneeMark(NamedTuple):
    """Where throughput stops rising: the best estimate and the loads that it certainly lies between."""

    at: float
    low: float
    high: float


class ProbeCurve(NamedTuple):
    """What is drawn. Loads are requests in flight on one replica; values in the unit of `shown`."""

    shown: Shown
    levels: tuple[LevelMark, ...] = ()
    runs: tuple[RunDot, ...] = ()
    planned: tuple[float, ...] = ()
    """Loads that are still to come: the axis has room for them from the start."""
    predicted: tuple[Point, ...] = ()
    fitted: tuple[Point, ...] = ()
    knee: KneeMark | None = None
    at_target: float | None = None
    """The largest probed load within the latency target."""
    target_ms: float | None = None
    """P95 target of the latency that is shown; the marks are means."""
    lower_bound: bool = False
    """Throughput was still rising at the largest load."""


def probe_curve_alt(curve: ProbeCurve) -> str:
    """The chart in words."""
    told = [f"Chart of {TITLES[curve.shown][0].lower()}{TITLES[curve.shown][1:]} against requests in flight."]
    told += (
        [f"Measured: {'; '.join(level_words(level, curve.shown) for level in curve.levels)}."] if curve.levels else []
    )
    if not curve.levels:
        told.append("Nothing is measured yet.")
    unused = sum(not run.used for run in curve.runs)
    told += [f"{plural(unused, 'run')} not used."] if unused else []
    if curve.predicted:
        (first, last) = curve.predicted[0], curve.predicted[-1]
        told.append(f"Predicted before: {point_words(first, curve.shown)}, {point_words(last, curve.shown)}.")
    if curve.knee:
        told.append(f"The knee is near {curve.knee.at:.3g}, between {curve.knee.low:.4g} and {curve.knee.high:.4g}.")
    if curve.lower_bound:
        told.append("Throughput still rises at the largest load: it is a lower bound.")
    told += [f"The latency target holds up to {curve.at_target:.4g} in flight."] if curve.at_target else []
    told += [f"The target at P95 is {_written(curve.target_ms, curve.shown)}."] if curve.target_ms else []
    return " ".join(told)


def level_words(level: LevelMark, shown: Shown) -> str:
    """One load, with the spread of its repeats."""
    spread = f" ({short(level.least)} to {short(level.most)})" if level.repeats > 1 else ""
    return f"{point_words((level.load, level.median), shown)}{spread}"


def point_words(point: Point, shown: Shown) -> str:
    """A value and its load."""
    return f"{_written(point[1], shown)} at {point[0]:.4g} in flight"


def _written(value: float, shown: Shown) -> str:
    return f"{short(value)} {UNITS[shown]}"
