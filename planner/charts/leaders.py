"""A thin line between a mark and its label, where the label had to stand away from it."""

from __future__ import annotations

from typing import Any

from planner.charts.labels import Point, Spot
from planner.charts.palette import Ink

FROM = 26
"""Pixels up or down from which the two are joined."""


def leader(mark: Point, label: Point, at: Point, spot: Spot, ink: Ink) -> list[dict[str, Any]]:
    """The line in values of the axes; `at` and `spot` are the same two ends in pixels; no line when they are near."""
    if abs(spot.y - at[1]) < FROM:
        return []
    line = {"color": ink.muted, "width": 1, "dash": "solid"}
    trace = {"type": "scatter", "mode": "lines", "x": [mark[0], label[0]], "y": [mark[1], label[1]], "line": line}
    return [trace | {"hoverinfo": "skip", "showlegend": False}]
