"""What charts with one row per thing have in common: row labels, thick lines, room for figures at the right."""

from __future__ import annotations

from typing import Any

from planner.charts.labels import plain, shorten

LEFT = 190
ROW = 46
LINE_LENGTH = 28


def row_label(label: str) -> str:
    """A label on at most two lines, broken between words where it can be."""
    if len(label) <= LINE_LENGTH:
        return plain(label)
    cut = label.rfind(" ", 0, LINE_LENGTH + 1)
    cut = cut if cut > LINE_LENGTH // 2 else LINE_LENGTH
    return f"{plain(label[:cut])}<br>{plain(shorten(label[cut:].strip(), LINE_LENGTH))}"


def thick(xs: tuple[float, float], row: float, color: str, width: float, hover: str) -> dict[str, Any]:
    """A horizontal bar from one value to another."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(xs),
        "y": [row, row],
        "line": {"color": color, "width": width, "dash": "solid"},
        "hovertext": [hover, hover],
        "hoverinfo": "text",
        "showlegend": False,
    }


def point(x: float, row: float, symbol: str, fill: str, rim: str, hover: str) -> dict[str, Any]:
    """A mark on a row."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x],
        "y": [row],
        "marker": {"symbol": symbol, "size": 11, "color": fill, "line": {"color": rim, "width": 1.5}},
        "hovertext": [hover],
        "hoverinfo": "text",
        "showlegend": False,
    }


def legend_line(name: str, color: str, width: float) -> dict[str, Any]:
    """A legend entry of a bar."""
    line = {"color": color, "width": width, "dash": "solid"}
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [None],
        "y": [None],
        "line": line,
        "hoverinfo": "skip",
    }


def legend_point(name: str, symbol: str, fill: str, rim: str) -> dict[str, Any]:
    """A legend entry of a mark."""
    marker = {"symbol": symbol, "size": 11, "color": fill, "line": {"color": rim, "width": 1.5}}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [None],
        "y": [None],
        "marker": marker,
        "hoverinfo": "skip",
    }


def vertical(x: float, color: str, dash: str) -> dict[str, Any]:
    """A line over the whole height."""
    ends = {"xref": "x", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1}
    return {"type": "line", "line": {"color": color, "width": 1.5, "dash": dash}, "layer": "above", **ends}
