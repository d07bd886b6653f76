"""Price against speed of every deployment that was found: the front, the one chosen, and those over the target."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from planner.charts.frame import NOMINAL_WIDTH, Figure, layout, text_trace
from planner.charts.labels import Box, Point, dense, place, plain, shorten
from planner.charts.leaders import leader
from planner.charts.palette import BLUE, DARK_SKY, GREY, INKS, LIGHT_BLUE, SKY, VERMILION, Ink, Theme
from planner.charts.ticks import log_axis, money_log_axis
from planner.format import short, usd_small

PLOT_HEIGHT = 360
LEFT = 62
LABEL_LENGTH = 44
Role = Literal["front", "meets", "over"]
NAMES: dict[Role, str] = {
    "over": "Misses the target",
    "meets": "Meets the target",
    "front": "Front: none is both cheaper and faster",
}
"""In the order in which they are painted."""
ROOM = 1.25


class ParetoPoint(NamedTuple):
    """One deployment at one price."""

    usd_per_mtok: float
    tpot_ms: float
    label: str
    role: Role
    chosen: bool = False


def pareto_chart(
    points: Sequence[ParetoPoint], target_tpot_ms: float, percentile: float = 95, *, theme: Theme = "light"
) -> Figure:
    """A mark per deployment on two logarithmic axes, the front joined, the target dashed. Down and left is better."""
    ink = INKS[theme]
    drawn = [p for p in points if p.usd_per_mtok > 0 and p.tpot_ms > 0]
    view = _View(*_spans(drawn, target_tpot_ms))
    target = _target(view, target_tpot_ms)
    marks = [_marks(role, drawn, theme) for role in NAMES if any(p.role == role for p in drawn)]
    traces = [target, *_front(drawn, theme), *marks]
    figure = layout([t["name"] for t in traces if t.get("showlegend", True)], ink, PLOT_HEIGHT, LEFT)
    figure["xaxis"] = money_log_axis(*view.x, "GPU rent, USD per 1M tokens in and out, at the mean load", ink)
    figure["yaxis"] = log_axis(*view.y, f"Time per output token at P{percentile:g}, ms", ink, lambda v: f"{v:g}")
    return {"data": [*traces, *_chosen(drawn, view, target_tpot_ms, ink)], "layout": figure}


def pareto_alt(points: Sequence[ParetoPoint], target_tpot_ms: float) -> str:
    """The chart in words."""
    counts = {role: sum(p.role == role for p in points) for role in NAMES}
    front = sorted((p for p in points if p.role == "front"), key=lambda p: p.usd_per_mtok)
    told = "; ".join(_point(p) for p in front[:5])
    chosen = next((f" Chosen: {_point(p)}." for p in points if p.chosen), "")
    return (
        f"Scatter chart of GPU rent per million tokens against time per output token. Target {target_tpot_ms:g} ms. "
        f"{counts['front'] + counts['meets']} deployments meet it, {counts['over']} shown miss it. "
        f"Front, cheapest first: {told or 'empty'}.{chosen}"
    )


class _View(NamedTuple):
    """The part that is shown and its size in pixels; both axes logarithmic."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: float = NOMINAL_WIDTH - LEFT - 14
    height: float = PLOT_HEIGHT

    def pixel(self, at: Point) -> Point:
        parts = (math.log(v / low) / math.log(high / low) for v, (low, high) in zip(at, (self.x, self.y), strict=True))
        across, up = parts
        return (across * self.width, up * self.height)

    def value(self, at: Point) -> Point:
        (x0, x1), (y0, y1) = self.x, self.y
        return (x0 * (x1 / x0) ** (at[0] / self.width), y0 * (y1 / y0) ** (at[1] / self.height))


def _spans(points: Sequence[ParetoPoint], target: float) -> tuple[tuple[float, float], tuple[float, float]]:
    xs = [p.usd_per_mtok for p in points] or [0.1, 10.0]
    ys = [*(p.tpot_ms for p in points), target]
    low, high = min(ys) / ROOM, max(ys) * ROOM
    low, high = (low / 2, high * 2) if high / low < 4 else (low, high)
    return (min(xs) / ROOM, max(xs) * ROOM), (low, high)


def _point(p: ParetoPoint) -> str:
    return f"{p.label}, {usd_small(p.usd_per_mtok)} at {short(p.tpot_ms)} ms"


def _target(view: _View, target: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Latency target",
        "x": list(view.x),
        "y": [target, target],
        "line": {"color": VERMILION, "width": 2, "dash": "dash"},
        "hoverinfo": "skip",
    }


def _front(points: Sequence[ParetoPoint], theme: Theme) -> list[dict[str, Any]]:
    """A staircase through the front: between two of its points one pays for the faster one."""
    front = sorted((p.usd_per_mtok, p.tpot_ms) for p in points if p.role == "front")
    if len(front) < 2:
        return []
    steps = [front[0]]
    for (_, before), (x, y) in itertools.pairwise(front):
        steps += [(x, before), (x, y)]
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "x": [x for x, _ in steps],
            "y": [y for _, y in steps],
            "line": {"color": LIGHT_BLUE if theme == "dark" else BLUE, "width": 1.5, "dash": "solid"},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]


def _marks(role: Role, points: Sequence[ParetoPoint], theme: Theme) -> dict[str, Any]:
    ink = INKS[theme]
    fill: dict[Role, str] = {
        "front": LIGHT_BLUE if theme == "dark" else BLUE,
        "meets": SKY if theme == "dark" else DARK_SKY,
        "over": GREY,
    }
    shape: dict[Role, tuple[str, int]] = {"front": ("diamond", 10), "meets": ("circle", 7), "over": ("square", 6)}
    shown = [p for p in points if p.role == role]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": NAMES[role],
        "x": [p.usd_per_mtok for p in shown],
        "y": [p.tpot_ms for p in shown],
        "marker": {
            "symbol": shape[role][0],
            "size": shape[role][1],
            "color": fill[role],
            "line": {"color": ink.halo, "width": 0.5},
        },
        "hovertext": [plain(_point(p)) for p in shown],
        "hoverinfo": "text",
    }


def _chosen(points: Sequence[ParetoPoint], view: _View, target: float, ink: Ink) -> list[dict[str, Any]]:
    """A ring around the chosen one, with its name where little is in the way."""
    found = next((p for p in points if p.chosen), None)
    if found is None:
        return []
    at, text = (found.usd_per_mtok, found.tpot_ms), plain(shorten(found.label, LABEL_LENGTH))
    ring = {
        "type": "scatter",
        "mode": "markers",
        "x": [at[0]],
        "y": [at[1]],
        "marker": {"symbol": "circle", "size": 19, "color": "rgba(0,0,0,0)", "line": {"color": ink.text, "width": 2}},
        "hovertext": [f"Chosen: {plain(_point(found))}"],
        "hoverinfo": "text",
        "showlegend": False,
    }
    marks = [dense([(x - 5, y), (x + 5, y)]) for x, y in (view.pixel((p.usd_per_mtok, p.tpot_ms)) for p in points)]
    lines = np.concatenate([dense([view.pixel((x, target)) for x in view.x]), *marks])
    spot = place(text, view.pixel(at), Box(2, 3, view.width - 2, view.height - 3), lines, [])
    away = 6 if spot.side == "right" else -6
    end = view.value((spot.x + away, spot.y))
    return [*leader(at, end, view.pixel(at), spot, ink), ring, text_trace(*end, text, f"middle {spot.side}", ink)]
