"""DEC-2 over a plane of two figures: a colour for each recommended option."""

from __future__ import annotations

from typing import Any

import numpy as np

from planner.charts.frame import Figure, layout, text_trace
from planner.charts.labels import plain, shorten
from planner.charts.palette import INKS, Ink, Style, Theme, styles
from planner.charts.ticks import log_axis
from planner.decision.driver_words import WORDS
from planner.decision.present_risk_tables import driver_label, driver_value
from planner.domain.result import Result
from planner.domain.risk import WinnerMap
from planner.units import FloatArray

PLOT_HEIGHT = 360
LEFT = 70
OPACITY = 0.6
SMALLEST_NAMED = 0.06
"""Share of the plane from which a region has its name written into it."""


def winner_map_chart(plane: WinnerMap, result: Result, *, theme: Theme = "light") -> Figure:
    """Both axes in equal ratios; the mark is the scenario as it is. `result` gives the options their names."""
    ink = INKS[theme]
    drawn = _styles(plane, result, theme)
    labels = {name: result.option(name).label for name in drawn}
    figure = layout([plain(shorten(labels[name], 40)) for name in drawn], ink, PLOT_HEIGHT, LEFT)
    figure["xaxis"] = _axis(plane.x, plane.x_driver, ink)
    figure["yaxis"] = _axis(plane.y, plane.y_driver, ink)
    squares = [_entry(labels[name], style.color) for name, style in drawn.items()]
    names = [t for name in drawn for t in _name(plane, name, labels[name], ink)]
    return {"data": [_heat(plane, drawn, labels), *squares, *names, *_today(plane, ink)], "layout": figure}


def winner_map_alt(plane: WinnerMap, result: Result) -> str:
    """The chart in words."""
    cells = np.array(plane.recommended)
    told = (
        f"{result.option(name).label} on {np.mean(cells == name):.0%} of the map" for name in np.unique(cells).tolist()
    )
    axes = f"{driver_label(plane.x_driver)} across, {driver_label(plane.y_driver)} up"
    return f"Map of the recommended option; {axes}, each from {_span(plane.x)} and {_span(plane.y)}. {'; '.join(told)}."


def _span(values: tuple[float, ...]) -> str:
    return f"{values[0]:.3g} to {values[-1]:.3g}"


def _styles(plane: WinnerMap, result: Result, theme: Theme) -> dict[str, Style]:
    """A colour for each option that wins somewhere, in the order of the options."""
    there = {name for row in plane.recommended for name in row}
    shown = [o for o in result.options if o.option_id in there]
    return {o.option_id: s for o, s in zip(shown, styles((o.kind for o in shown), theme), strict=True)}


def _edges(values: tuple[float, ...]) -> FloatArray:
    """Cell borders half a ratio around each value."""
    logs = np.log(values)
    half = (logs[1] - logs[0]) / 2 if len(logs) > 1 else 0.1
    return np.asarray(np.exp(np.append(logs - half, logs[-1] + half)))


def _heat(plane: WinnerMap, drawn: dict[str, Style], labels: dict[str, str]) -> dict[str, Any]:
    order, last = list(drawn), max(1, len(drawn))
    steps = [[(k + end) / last, style.color] for k, style in enumerate(drawn.values()) for end in (0, 1)]
    return {
        "type": "heatmap",
        "x": _edges(plane.x).tolist(),
        "y": _edges(plane.y).tolist(),
        "z": [[order.index(name) for name in row] for row in plane.recommended],
        "zmin": -0.5,
        "zmax": last - 0.5,
        "colorscale": steps,
        "showscale": False,
        "opacity": OPACITY,
        "hoverinfo": "text",
        "hovertext": [
            [_hover(plane, x, y, labels[name]) for x, name in zip(plane.x, row, strict=True)]
            for y, row in zip(plane.y, plane.recommended, strict=True)
        ],
    }


def _hover(plane: WinnerMap, x: float, y: float, label: str) -> str:
    places = (
        f"{WORDS[driver].label} {driver_value(value, WORDS[driver].unit)}"
        for driver, value in ((plane.x_driver, x), (plane.y_driver, y))
    )
    return f"{plain(label)}<br>{', '.join(places)}"


def _axis(values: tuple[float, ...], driver: str, ink: Ink) -> dict[str, Any]:
    borders = _edges(values)
    return log_axis(float(borders[0]), float(borders[-1]), driver_label(driver), ink, lambda v: f"{v:g}") | {
        "showgrid": False
    }


def _entry(label: str, color: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(shorten(label, 40)),
        "x": [None],
        "y": [None],
        "marker": {"symbol": "square", "size": 13, "color": color, "opacity": OPACITY, "line": {"width": 0}},
        "hoverinfo": "skip",
    }


def _name(plane: WinnerMap, name: str, label: str, ink: Ink) -> list[dict[str, Any]]:
    """The option's name in its region, at the cell that is nearest to the middle of it."""
    rows, columns = np.nonzero(np.array(plane.recommended) == name)
    if rows.size < SMALLEST_NAMED * len(plane.x) * len(plane.y):
        return []
    near = int(np.argmin(np.hypot((rows - rows.mean()) / len(plane.y), (columns - columns.mean()) / len(plane.x))))
    x, y = plane.x[int(columns[near])], plane.y[int(rows[near])]
    return [text_trace(x, y, plain(shorten(label, 34)), "middle center", ink)]


def _today(plane: WinnerMap, ink: Ink) -> list[dict[str, Any]]:
    if not (plane.x[0] <= 1 <= plane.x[-1] and plane.y[0] <= 1 <= plane.y[-1]):
        return []
    marker = {"symbol": "diamond", "size": 12, "color": ink.text, "line": {"color": ink.halo, "width": 1.5}}
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "The scenario as it is",
            "x": [1.0],
            "y": [1.0],
            "marker": marker,
            "hoverinfo": "name",
            "showlegend": False,
        },
        text_trace(1.06, 1.0, "today", "middle right", ink),
    ]
