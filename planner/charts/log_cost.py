"""What a month at a log's rate costs on every option, part by part, below the log as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from planner.charts.frame import Figure, layout, text_trace
from planner.charts.labels import plain, text_width
from planner.charts.palette import INKS, PARTS, Ink, Theme
from planner.charts.rows import row_label
from planner.charts.ticks import label_axis, money_axis
from planner.decision.log_options import TOKENS, OnOption, usd_per_month
from planner.decision.log_values import LogPrice
from planner.decision.present_log_options import AS_IT_WAS, amount
from planner.decision.present_tables import NOT_KNOWN

LEFT = 200
ROW = 46
NARROW_PLOT = 300
"""Pixels of the plot that the room at the right is worked out for."""
OPEN = "Tokens, price open"
"""What longer prompts may cost on top."""
OPEN_FILL = "rgba(213,94,0,0.35)"
FILLS = {**PARTS, OPEN: OPEN_FILL}


class _Row(NamedTuple):
    """A bar: its label, its parts, and the figure beside it."""

    label: str
    parts: dict[str, float]
    text: str

    @property
    def total(self) -> float:
        return sum(self.parts.values())


def log_cost_chart(
    price: LogPrice, options: Sequence[OnOption], days_per_month: float, *, theme: Theme = "light"
) -> Figure:
    """One stacked bar per option, USD a month."""
    ink, rows = INKS[theme], _rows(price, options, days_per_month)
    names = [name for name in FILLS if any(row.parts.get(name) for row in rows)]
    figure = layout(names, ink, ROW * len(rows) + 20, LEFT)
    figure["barmode"] = "stack"
    figure["xaxis"] = money_axis(0.0, _right_end(rows), "USD per month at the log's rate", ink)
    figure["yaxis"] = label_axis([row_label(row.label) for row in rows], ink)
    notes = [text_trace(row.total, float(k), f" {row.text}", "middle right", ink) for k, row in enumerate(rows)]
    return {"data": [*(_bars(name, rows, ink) for name in names), *notes], "layout": figure}


def log_cost_alt(price: LogPrice, options: Sequence[OnOption], days_per_month: float) -> str:
    """The chart in words."""
    told = "; ".join(f"{row.label}: {row.text}" for row in _rows(price, options, days_per_month))
    return f"Stacked bars of what a month at the rate of the log costs. {told}."


def _rows(price: LogPrice, options: Sequence[OnOption], days_per_month: float) -> list[_Row]:
    return [_as_it_was(price, days_per_month), *map(_row, options)]


def _as_it_was(price: LogPrice, days_per_month: float) -> _Row:
    month = usd_per_month(price, days_per_month)
    if month is None or price.usd is None or price.usd_high is None:
        return _Row(AS_IT_WAS, {}, NOT_KNOWN)
    more = (price.usd_high - price.usd) / price.days * days_per_month
    part = " for a part" if not price.whole else ""
    return _Row(f"{AS_IT_WAS}, tokens alone", {TOKENS: month, OPEN: more}, f"{amount(month, more)}{part}")


def _row(one: OnOption) -> _Row:
    if one.usd_per_month is None:
        return _Row(one.label, {}, NOT_KNOWN)
    part = "" if one.whole else " for a part"
    parts = {**dict(one.parts_usd_per_month), OPEN: one.open_usd_per_month}
    return _Row(one.label, parts, f"{amount(one.usd_per_month, one.open_usd_per_month)}{part}")


def _bars(name: str, rows: Sequence[_Row], ink: Ink) -> dict[str, Any]:
    values = [row.parts.get(name, 0.0) for row in rows]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": values,
        "y": [float(k) for k in range(len(rows))],
        "width": 0.58,
        "marker": {"color": FILLS[name], "line": {"color": ink.halo, "width": 0.5}},
        "hovertext": [
            f"{plain(row.label)}: {amount(value, 0.0)} a month" for row, value in zip(rows, values, strict=True)
        ],
        "hoverinfo": "text+name",
    }


def _right_end(rows: Sequence[_Row]) -> float:
    """The longest bar and room for its figure, on a narrow page too."""
    longest = max(row.total for row in rows)
    widest = min(max(text_width(row.text) for row in rows) + 24, NARROW_PLOT / 2)
    return longest * (1 + widest / (NARROW_PLOT - widest)) or 1.0
