"""Cash paid and received for machines, and what they are worth in the books."""

from __future__ import annotations

from typing import Any

from planner.charts.frame import Figure, layout
from planner.charts.months import month_axis, month_ticks
from planner.charts.palette import BLUE, GREEN, INKS, LIGHT_BLUE, VERMILION, Theme
from planner.charts.ticks import money_axis
from planner.domain.result import CashFlow, OptionResult
from planner.format import usd

PLOT_HEIGHT = 260
LEFT = 78


def cash_book_chart(option: OptionResult, *, theme: Theme = "light") -> Figure:
    """Stems: purchases below zero, resale above; a line: the book value at the end of each month."""
    ink, flows = INKS[theme], option.cash
    book = _book(flows, LIGHT_BLUE if theme == "dark" else BLUE)
    paid = _stems(
        [(f.month, -f.purchase_usd) for f in flows if f.purchase_usd], "Paid for machines", VERMILION, "circle"
    )
    sold = _stems([(f.month, f.resale_usd) for f in flows if f.resale_usd], "Received for them", GREEN, "diamond")
    zero = _line([0.0, float(flows[-1].month)], [0.0, 0.0], {"color": ink.muted, "dash": "dot", "width": 1.5})
    traces = [zero, book, *paid, *sold]
    figure = layout([t["name"] for t in traces if t.get("showlegend", True)], ink, PLOT_HEIGHT, LEFT)
    values = [v for t in traces for v in t["y"]]
    room = (max(values) - min(values)) * 0.08 or 1.0
    figure["xaxis"] = month_axis(-0.6, flows[-1].month + 0.6, [0.0, *month_ticks(flows[-1].month)], ink)
    figure["yaxis"] = money_axis(min(values) - room, max(values) + room, "USD", ink)
    return {"data": traces, "layout": figure}


def cash_book_alt(option: OptionResult) -> str:
    """The chart in words."""
    paid = "; ".join(f"{usd(f.purchase_usd)} in month {f.month}" for f in option.cash if f.purchase_usd)
    sold = "; ".join(f"{usd(f.resale_usd)} in month {f.month}" for f in option.cash if f.resale_usd)
    return (
        f"Cash and book value of the machines of {option.label} by month. Paid: {paid or 'nothing'}. "
        f"Received: {sold or 'nothing'}. Book value: {usd(option.cash[0].book_value_usd)} at first, "
        f"{usd(option.cash[-1].book_value_usd)} at the end."
    )


def _book(flows: tuple[CashFlow, ...], color: str) -> dict[str, Any]:
    line = _line(
        [float(f.month) for f in flows],
        [f.book_value_usd for f in flows],
        {"color": color, "dash": "solid", "width": 2.5},
    )
    told = [
        f"month {f.month}: book value {usd(f.book_value_usd)}, depreciation {usd(f.depreciation_usd)}" for f in flows
    ]
    return line | {"name": "Book value", "hovertext": told, "hoverinfo": "text", "showlegend": True}


def _line(x: list[float], y: list[float], line: dict[str, Any]) -> dict[str, Any]:
    trace = {"type": "scatter", "mode": "lines", "name": "", "x": x, "y": y, "line": line}
    return trace | {"hoverinfo": "skip", "showlegend": False}


def _stems(points: list[tuple[int, float]], name: str, color: str, symbol: str) -> list[dict[str, Any]]:
    """A thin line from zero to each point, and the points as one trace with a legend entry."""
    if not points:
        return []
    stems = [_line([float(m)] * 2, [0.0, v], {"color": color, "dash": "solid", "width": 2}) for m, v in points]
    marker = {"symbol": symbol, "size": 11, "color": color, "line": {"color": color, "width": 1}}
    heads = {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [float(m) for m, _ in points],
        "y": [v for _, v in points],
        "marker": marker,
        "hovertext": [f"month {m}: {usd(abs(v))}" for m, v in points],
        "hoverinfo": "text+name",
    }
    return [*stems, heads]
