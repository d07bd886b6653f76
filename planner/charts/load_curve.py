"""The load-duration curve of a measured log: for which share of its hours demand was at each level or above."""

from __future__ import annotations

from typing import Any

from planner.charts.frame import Figure, layout, text_trace
from planner.charts.palette import BLUE, INKS, LIGHT_BLUE, WIN_BAND, Ink, Theme
from planner.charts.ticks import linear_axis
from planner.domain.usage import UsageProfile
from planner.format import percent

PLOT_HEIGHT = 240
LEFT = 54
ROOM = 1.08


def load_curve_chart(profile: UsageProfile, *, theme: Theme = "light") -> Figure:
    """A staircase from the busiest hour down, filled, and the mean hour as a dotted line."""
    ink = INKS[theme]
    curve = _curve(profile, theme)
    top = max([*curve["y"], 1.0]) * ROOM
    figure = layout([curve["name"]], ink, PLOT_HEIGHT, LEFT)
    figure["xaxis"] = linear_axis(0.0, 1.0, "Share of the hours at that load or above", ink, percent)
    figure["yaxis"] = linear_axis(0.0, top, "Times the mean hour", ink, lambda value: f"{value:g}")
    figure["shapes"] = [_mean(ink)]
    return {"data": [curve, text_trace(1.0, 1.0 + top * 0.04, "mean hour ", "middle left", ink)], "layout": figure}


def load_curve_alt(profile: UsageProfile) -> str:
    """The chart in words."""
    points = profile.load_duration
    above = max((p.hours_fraction for p in points if p.load_to_mean > 1), default=0.0)
    return (
        f"Load-duration curve: the busiest hour is {points[0].load_to_mean:.2f} times the mean hour, the quietest "
        f"{points[-1].load_to_mean:.2f} times. Demand is above the mean for {percent(above)} of the hours."
    )


def _curve(profile: UsageProfile, theme: Theme) -> dict[str, Any]:
    x, y, before = [], [], 0.0
    for point in profile.load_duration:
        x += [before, point.hours_fraction]
        y += [point.load_to_mean] * 2
        before = point.hours_fraction
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Demand by hour, busiest first",
        "x": x,
        "y": y,
        "line": {"color": LIGHT_BLUE if theme == "dark" else BLUE, "width": 2.5, "dash": "solid"},
        "fill": "tozeroy",
        "fillcolor": WIN_BAND[theme],
        "hovertemplate": "%{y:.2f} times the mean or more for %{x:.1%} of the hours<extra></extra>",
    }


def _mean(ink: Ink) -> dict[str, Any]:
    line = {"color": ink.text, "width": 1.5, "dash": "dot"}
    return {"type": "line", "xref": "paper", "yref": "y", "x0": 0, "x1": 1, "y0": 1, "y1": 1, "line": line}
