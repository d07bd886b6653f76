"""Money saved against the reference up to each month, and when the extra cost is repaid."""

from __future__ import annotations

from typing import Any

from planner.charts.frame import NOMINAL_WIDTH, Figure, layout, text_trace
from planner.charts.labels import text_width
from planner.charts.months import month_axis, month_ticks
from planner.charts.palette import BLUE, INKS, LIGHT_BLUE, Ink, Theme
from planner.charts.ticks import money_axis
from planner.domain.result import Comparison
from planner.format import usd

PLOT_HEIGHT = 260
LEFT = 78


def cumulative_chart(found: Comparison, *, theme: Theme = "light") -> Figure:
    """A line over the months, not discounted: below zero the option has cost more so far."""
    ink, values = INKS[theme], found.cumulative_usd
    last = float(len(values) - 1)
    line = {"color": LIGHT_BLUE if theme == "dark" else BLUE, "dash": "solid", "width": 2.5}
    saved = _line("Saved so far, against the reference", [float(k) for k in range(len(values))], list(values), line)
    saved |= {"hovertext": [f"month {k}: {usd(v)}" for k, v in enumerate(values)], "hoverinfo": "text"}
    zero = _line("", [0.0, last], [0.0, 0.0], {"color": ink.muted, "dash": "dot", "width": 1.5})
    zero |= {"showlegend": False, "hoverinfo": "skip"}
    figure = layout([saved["name"]], ink, PLOT_HEIGHT, LEFT)
    low, high = min(0.0, *values), max(0.0, *values)
    room = (high - low) * 0.08 or 1.0
    figure["xaxis"] = month_axis(0.0, max(last, 1.0), [0.0, *month_ticks(int(last))], ink)
    figure["yaxis"] = money_axis(low - room, high + room, "USD saved so far, not discounted", ink)
    return {"data": [zero, saved, *_marks(found, ink)], "layout": figure}


def cumulative_alt(found: Comparison) -> str:
    """The chart in words."""
    first, stays = found.payback_first_month, found.payback_permanent_month
    told = (
        "The extra cost is never repaid."
        if first is None
        else f"Repaid first in month {first}; {'never for good' if stays is None else f'for good from month {stays}'}."
    )
    end = len(found.cumulative_usd) - 1
    word = "saved" if found.cumulative_usd[-1] >= 0 else "lost"
    return (
        f"Line of money saved against the reference, month by month, not discounted. It starts at "
        f"{usd(found.cumulative_usd[0])} and ends at {usd(abs(found.cumulative_usd[-1]))} {word} in month {end}. {told}"
    )


def _line(name: str, x: list[float], y: list[float], line: dict[str, Any]) -> dict[str, Any]:
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "line": line}


def _marks(found: Comparison, ink: Ink) -> list[dict[str, Any]]:
    """Payback months: an open circle where it may be lost again, a diamond where it stays."""
    first, stays = found.payback_first_month, found.payback_permanent_month
    traces = []
    if first is not None and first != stays:
        traces += _mark(found, first, f"First repaid: month {first}", "circle", ink)
    if stays is not None:
        traces += _mark(found, stays, f"Repaid for good: month {stays}", "diamond", ink)
    return traces


def _mark(found: Comparison, month: int, text: str, symbol: str, ink: Ink) -> list[dict[str, Any]]:
    y, width = found.cumulative_usd[month], NOMINAL_WIDTH - LEFT - 14
    place = month / max(len(found.cumulative_usd) - 1, 1) * width
    side = "left" if place + text_width(text) + 20 > width else "right"
    fill, rim = (ink.text, ink.halo) if symbol == "diamond" else (ink.halo, ink.text)
    marker = {"symbol": symbol, "size": 11, "color": fill, "line": {"color": rim, "width": 1.5}}
    point = {"type": "scatter", "mode": "markers", "x": [float(month)], "y": [y], "marker": marker, "name": text}
    return [
        point | {"showlegend": False, "hovertext": [f"{text}, {usd(y)}"], "hoverinfo": "text"},
        text_trace(float(month), y, f"  {text}  ", f"middle {side}", ink),
    ]
