"""What every chart has in common: margins, legend, fonts, and the size the layout is worked out for."""

from __future__ import annotations

import math
from typing import Any

from planner.charts.labels import text_width
from planner.charts.palette import Ink

Figure = dict[str, Any]

NOMINAL_WIDTH = 760
"""Pixels the labels are placed for; a wider page only gives them more room."""
FONT = "Planner Sans, Source Sans, sans-serif"
LEGEND_SIZE = 12
LEGEND_ROW = 21
LEGEND_SYMBOL = 46


def legend_columns(names: list[str], width: float) -> list[float]:
    """Left edges of the legend's columns, laid out as Plotly does: one line, or else columns of the widest entry."""
    entries = [text_width(name, LEGEND_SIZE) + LEGEND_SYMBOL for name in names]
    if sum(entries) <= width:
        return [sum(entries[:k]) for k in range(len(entries))]
    widest = max(entries)
    return [k * widest for k in range(max(1, int(width // widest)))]


def layout(names: list[str], ink: Ink, plot_height: int, left: int) -> dict[str, Any]:
    """Layout without its axes: fixed height, room for the legend above the plot."""
    margin = {"l": left, "r": 14, "t": 12, "b": 52}
    columns = legend_columns(names, NOMINAL_WIDTH - margin["l"] - margin["r"])
    margin["t"] += LEGEND_ROW * math.ceil(len(names) / max(1, len(columns)))
    return {
        "template": "none",
        "height": plot_height + margin["t"] + margin["b"],
        "margin": margin,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 12, "color": ink.text},
        "meta": {"halo": ink.halo},
        "hovermode": "closest",
        "hoverlabel": {"align": "left", "namelength": -1},
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "traceorder": "normal",
            "x": 0,
            "xanchor": "left",
            "y": 1.01,
            "yanchor": "bottom",
            "font": {"size": LEGEND_SIZE, "color": ink.text},
        },
        "shapes": [],
    }


def text_trace(x: float, y: float, text: str, position: str, ink: Ink) -> dict[str, Any]:
    """A label with a halo in the page's colour, so that a line behind it cannot cut it."""
    shadow = ", ".join([f"0 0 3px {ink.halo}"] * 4)
    return {
        "type": "scatter",
        "mode": "text",
        "x": [x],
        "y": [y],
        "text": [text],
        "textposition": position,
        "textfont": {"color": ink.text, "size": 12, "shadow": shadow},
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }
