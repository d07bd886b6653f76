"""What a probe measured: throughput or a latency over requests in flight, with the spread of repeats, as it grows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from planner.charts.frame import NOMINAL_WIDTH, Figure, layout, text_trace
from planner.charts.labels import Point, text_width
from planner.charts.palette import BLUE, GREEN, INKS, LIGHT_BLUE, PURPLE, VERMILION, WIN_BAND, Ink, Theme
from planner.charts.probe_values import TITLES, UNITS, LevelMark, ProbeCurve, Shown, level_words, point_words
from planner.charts.rows import legend_point, vertical
from planner.charts.ticks import linear_axis, log_axis
from planner.format import plural, short

LOAD = "Requests in flight on one replica"
MEASURED, ONE_RUN, NOT_USED = "Measured, median of the repeats", "One run", "Run that is not used"
PREDICTED, FITTED, KNEE = "Predicted before", "Line through the measurement", "Knee lies here"
NOTHING = "The first run is not over yet"
PLOT_HEIGHT, LEFT = 300, 66
ROOM, SIDE_ROOM = 1.22, 1.3
CAP = 1.05
"""Half the width of a spread bar's ends, as a ratio of loads."""
TICK_GAP = 8.0
_WIDTH = NOMINAL_WIDTH - LEFT - 14


class _View(NamedTuple):
    left: float
    right: float
    bottom: float
    top: float
    log: bool

    def inside(self, at: Point) -> bool:
        return self.left <= at[0] <= self.right and self.bottom <= at[1] <= self.top

    def height(self, part: float) -> float:
        """The value at a share of the plot's height."""
        if self.log:
            return float(self.bottom * (self.top / self.bottom) ** part)
        return self.bottom + (self.top - self.bottom) * part

    def share(self, value: float) -> float:
        """The share of the plot's height that a value stands at."""
        if self.log:
            return math.log(value / self.bottom) / math.log(self.top / self.bottom)
        return (value - self.bottom) / (self.top - self.bottom)


def probe_curve_chart(curve: ProbeCurve, *, theme: Theme = "light") -> Figure:
    """Runs as dots, medians with the spread of their repeats, the knee shaded, and what was predicted beside it."""
    ink, view = INKS[theme], _view(curve)
    traces = [*_knee_entry(curve, theme, ink), *_lines(curve, view), *_runs(curve, ink), *_medians(curve, theme)]
    figure = layout([t["name"] for t in traces if t.get("showlegend", True)], ink, PLOT_HEIGHT, LEFT)
    figure["xaxis"] = log_axis(view.left, view.right, LOAD, ink, short) | _load_ticks(curve)
    axis = log_axis if view.log else linear_axis
    figure["yaxis"] = axis(view.bottom, view.top, TITLES[curve.shown], ink, short)
    figure["shapes"] = _shapes(curve, view, theme, ink)
    return {"data": [*traces, *_labels(curve, view, ink), *_nothing(curve, view, ink)], "layout": figure}


def _view(curve: ProbeCurve) -> _View:
    """Room for every load that is measured or to come, and for every value; latencies on an axis of equal ratios."""
    loads = [*(d.load for d in curve.runs), *(m.load for m in curve.levels), *curve.planned] or [1.0, 64.0]
    values = [*(d.value for d in curve.runs), *(m.most for m in curve.levels), *(m.least for m in curve.levels)]
    near = [y for x, y in (*curve.predicted, *curve.fitted) if min(loads) <= x <= max(loads)]
    values = [v for v in (*values, *near) if v > 0] or [1.0]
    left, right = min(loads) / SIDE_ROOM, max(loads) * SIDE_ROOM
    if curve.shown == "throughput":
        return _View(left, right, 0.0, max(values) * ROOM, log=False)
    values += [curve.target_ms] if curve.target_ms else []
    low, high = min(values) / 1.3, max(values)
    high = max(high * (high / low) ** (ROOM - 1), low * 4)
    return _View(left, right, low, high, log=True)


def _load_ticks(curve: ProbeCurve) -> dict[str, Any]:
    """Ticks at the loads themselves, as many as have room."""
    loads = sorted({*(d.load for d in curve.runs), *(m.load for m in curve.levels), *curve.planned})
    if not loads:
        return {}
    span = math.log(max(loads) / min(loads) * SIDE_ROOM**2)
    kept: list[float] = []
    for load in loads:
        before = kept[-1] if kept else None
        room = (text_width(_load(load)) + text_width(_load(before))) / 2 + TICK_GAP if before else 0.0
        if before is None or math.log(load / before) / span * _WIDTH >= room:
            kept.append(load)
    return {"tickvals": kept, "ticktext": [_load(load) for load in kept]}


def _load(load: float) -> str:
    return f"{load:,.0f}" if load >= 100 or load == int(load) else f"{load:.3g}"


def _measured_color(theme: Theme) -> str:
    return LIGHT_BLUE if theme == "dark" else BLUE


def _medians(curve: ProbeCurve, theme: Theme) -> list[dict[str, Any]]:
    """The line through the medians, and a bar from least to most at each load that was repeated."""
    if not curve.levels:
        return []
    color = _measured_color(theme)
    bars = [_bar(level, color) for level in curve.levels if level.repeats > 1]
    words = [f"{level_words(level, curve.shown)}, {plural(level.repeats, 'repeat')}" for level in curve.levels]
    return [
        *bars,
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": MEASURED,
            "x": [level.load for level in curve.levels],
            "y": [level.median for level in curve.levels],
            "line": {"color": color, "width": 2.5, "dash": "solid"},
            "marker": {"symbol": "circle", "size": 9, "color": color, "line": {"color": color, "width": 1}},
            "hovertext": words,
            "hoverinfo": "text",
        },
    ]


def _bar(level: LevelMark, color: str) -> dict[str, Any]:
    left, right = level.load / CAP, level.load * CAP
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [left, right, level.load, level.load, left, right],
        "y": [level.least, level.least, level.least, level.most, level.most, level.most],
        "line": {"color": color, "width": 1.5, "dash": "solid"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _runs(curve: ProbeCurve, ink: Ink) -> list[dict[str, Any]]:
    kinds = ((True, ONE_RUN, "circle", ink.halo), (False, NOT_USED, "square", "rgba(0,0,0,0)"))
    found = []
    for used, name, symbol, fill in kinds:
        dots = [dot for dot in curve.runs if dot.used is used]
        marker = {"symbol": symbol, "size": 6, "color": fill, "line": {"color": ink.muted, "width": 1.2}}
        trace = {"type": "scatter", "mode": "markers", "name": name, "marker": marker, "hoverinfo": "text"}
        words = [dot.words or point_words((dot.load, dot.value), curve.shown) for dot in dots]
        if dots:
            found.append(trace | {"x": [d.load for d in dots], "y": [d.value for d in dots], "hovertext": words})
    return found


def _lines(curve: ProbeCurve, view: _View) -> list[dict[str, Any]]:
    """What was predicted, and the line that was fitted, as far as they lie within the view."""
    lines = ((PREDICTED, curve.predicted, PURPLE, "dash"), (FITTED, curve.fitted, GREEN, "longdash"))
    within = ((name, _within(points, view), color, dash) for name, points, color, dash in lines)
    return [_line(name, points, color, dash, curve.shown) for name, points, color, dash in within if len(points) > 1]


def _within(points: Sequence[Point], view: _View) -> list[Point]:
    return [point for point in points if view.inside(point)]


def _line(name: str, points: Sequence[Point], color: str, dash: str, shown: Shown) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "line": {"color": color, "width": 2, "dash": dash},
        "hovertemplate": f"%{{y:,.4g}} {UNITS[shown]} at %{{x:,.3g}} in flight<extra>{name}</extra>",
    }


def _knee_entry(curve: ProbeCurve, theme: Theme, ink: Ink) -> list[dict[str, Any]]:
    return [legend_point(KNEE, "square", WIN_BAND[theme], ink.muted)] if curve.knee else []


def _shapes(curve: ProbeCurve, view: _View, theme: Theme, ink: Ink) -> list[dict[str, Any]]:
    shapes = []
    if knee := curve.knee:
        low, high = max(knee.low / CAP, view.left), min(knee.high * CAP, view.right)
        ends = {"xref": "x", "yref": "paper", "x0": low, "x1": high, "y0": 0, "y1": 1}
        paint = {"fillcolor": WIN_BAND[theme], "line": {"width": 0}}
        shapes.append({"type": "rect", "layer": "below", **ends, **paint})
    if curve.at_target:
        shapes.append(vertical(curve.at_target, VERMILION, "dash"))
    return shapes


def _labels(curve: ProbeCurve, view: _View, ink: Ink) -> list[dict[str, Any]]:
    """The knee and the latency target by name, one below the other at the top, and a latency's own target line."""
    marks: list[tuple[float, str]] = []
    if curve.knee:
        marks.append((curve.knee.at, f"Knee near {curve.knee.at:.3g}"))
    if curve.at_target:
        marks.append((curve.at_target, f"Target held up to {curve.at_target:.4g}"))
    labels = [
        text_trace(x, view.height(0.96 - 0.08 * row), f" {text} ", _side(x, view), ink)
        for row, (x, text) in enumerate(marks)
    ]
    return [*labels, *_target_line(curve, view, ink)]


def _side(x: float, view: _View) -> str:
    """Labels stand to the left of their place in the right half of the axis."""
    return "middle left" if x * x > view.left * view.right else "middle right"


def _nothing(curve: ProbeCurve, view: _View, ink: Ink) -> list[dict[str, Any]]:
    """Why the plot is empty. Plotly takes no figure without data either."""
    if curve.runs or curve.levels:
        return []
    return [text_trace(math.sqrt(view.left * view.right), view.height(0.93), NOTHING, "middle center", ink)]


def _target_line(curve: ProbeCurve, view: _View, ink: Ink) -> list[dict[str, Any]]:
    if curve.target_ms is None:
        return []
    ends = ((view.left, curve.target_ms), (view.right, curve.target_ms))
    line = _line("Target", ends, VERMILION, "dot", curve.shown) | {"showlegend": False}
    above = view.height(view.share(curve.target_ms) + 0.045)
    return [line, text_trace(view.left, above, f"Target at P95: {short(curve.target_ms)} ms", "middle right", ink)]
