"""How many hours of a month the load is at or above each level, cut into slices: which of them to own."""

from __future__ import annotations

from typing import Any

from planner.charts.frame import Figure, layout, text_trace
from planner.charts.palette import BLUE, INKS, ORANGE, Ink, Theme
from planner.charts.ticks import linear_axis
from planner.decision.hybrid_view import HybridView, Slice
from planner.decision.present_hybrid import slice_word, units
from planner.format import plural, short

PLOT_HEIGHT = 320
LEFT = 62
MOST_BARS = 80
"""Slices that are drawn one by one; thinner ones would run together."""


def load_duration_chart(view: HybridView, *, theme: Theme = "light") -> Figure:
    """Bars: hours that each slice works, owned or bought by the token; a line: the load-duration curve."""
    ink = INKS[theme]
    bars = _bars(view, ink) if len(view.slices) <= MOST_BARS else []
    curve = _curve(view, ink)
    top = max(float(view.levels[0]), float(view.slices[-1].number if bars else 0), 1.0)
    best = _best(view, top * 0.04, ink) if view.best_slices else []
    figure = layout([t["name"] for t in (*bars, curve)], ink, PLOT_HEIGHT, LEFT)
    figure["barmode"] = "stack"
    across = f"Hours of the month at that load or above, of {view.hours_per_month:g}"
    figure["xaxis"] = linear_axis(0.0, view.hours_per_month, across, ink, short)
    figure["yaxis"] = linear_axis(0.0, top * 1.08, _load_title(view), ink, short)
    threshold = _threshold(view)
    figure["shapes"] = [_vertical(threshold, ink)] if threshold else []
    label = [_label(threshold, top, view, ink)] if threshold else []
    return {"data": [*bars, curve, *best, *label], "layout": figure}


def load_duration_alt(view: HybridView) -> str:
    """The chart in words."""
    noun = slice_word(view)
    told = "; ".join(f"{noun} {s.number} works {short(s.hours)} hours" for s in view.slices[:8])
    more = f" and {len(view.slices) - 8} more with fewer hours" if len(view.slices) > 8 else ""
    threshold = _threshold(view)
    rule = f" A {noun} is worth its price above {short(threshold)} hours." if threshold else ""
    return (
        f"Load-duration curve of month 1, {'from the hourly profile' if view.profile_typed else 'assumed profile'}: "
        f"highest load {short(view.levels[0])} of a slice of {plural(view.slice_replicas, 'replica')}. "
        f"{told}{more}.{rule} The cheapest hybrid runs {units(view, view.best_slices)}."
    )


def _load_title(view: HybridView) -> str:
    return "Load, in replicas" if view.slice_replicas == 1 else f"Load, in slices of {view.slice_replicas} replicas"


def _threshold(view: HybridView) -> float | None:
    """Hours of use from which a slice earns its price, when one class stands for all and it lies on the chart."""
    hours = view.classes[0].threshold_hours if len(view.classes) == 1 else None
    return hours if hours is not None and hours < view.hours_per_month else None


def _bars(view: HybridView, ink: Ink) -> list[dict[str, Any]]:
    kinds = (("Run in house", BLUE, True), ("By the token", ORANGE, False))
    traces = [
        _bar(name, color, [s for s in view.slices if s.owned is owned], slice_word(view), ink)
        for name, color, owned in kinds
    ]
    return [trace for trace in traces if trace["x"]]


def _bar(name: str, color: str, slices: list[Slice], noun: str, ink: Ink) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": [s.hours for s in slices],
        "y": [s.number - 0.5 for s in slices],
        "width": 0.94,
        "marker": {"color": color, "line": {"color": ink.halo, "width": 0.5}},
        "hovertext": [f"{noun} {s.number}: works {short(s.hours)} hours a month" for s in slices],
        "hoverinfo": "text+name",
    }


def _curve(view: HybridView, ink: Ink) -> dict[str, Any]:
    """The staircase of loads, highest first, ending at the whole month."""
    x, y = [0.0], [float(view.levels[0])]
    for level, following, hours in zip(
        view.levels, [*view.levels[1:], view.levels[-1]], view.at_least_hours, strict=True
    ):
        x += [float(hours)] * 2
        y += [float(level), float(following)]
    line = {"color": ink.text, "dash": "solid", "width": 2}
    trace = {"type": "scatter", "mode": "lines", "name": "Load-duration curve", "x": x, "y": y, "line": line}
    return trace | {"hovertemplate": "%{y:.3g} or more for %{x:.0f} hours<extra></extra>"}


def _best(view: HybridView, room: float, ink: Ink) -> list[dict[str, Any]]:
    height, right = float(view.best_slices), view.hours_per_month
    line = {"color": ink.text, "dash": "dash", "width": 1.5}
    trace = {"type": "scatter", "mode": "lines", "name": "", "x": [0.0, right], "y": [height, height], "line": line}
    text = f"Cheapest: run {units(view, view.best_slices)}"
    return [
        trace | {"hoverinfo": "skip", "showlegend": False},
        text_trace(right, height + room, f"{text} ", "middle left", ink),
    ]


def _vertical(x: float, ink: Ink) -> dict[str, Any]:
    line = {"color": ink.text, "width": 1.5, "dash": "dot"}
    shape = {"type": "line", "xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1}
    return shape | {"line": line, "layer": "above"}


def _label(threshold: float, top: float, view: HybridView, ink: Ink) -> dict[str, Any]:
    side = "right" if threshold < view.hours_per_month * 0.55 else "left"
    return text_trace(threshold, top * 0.97, f" Earns its price above {short(threshold)} h ", f"middle {side}", ink)
