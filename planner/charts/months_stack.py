"""The bill of every month by part, and the one-off cost apart from them.

Upright bars: the one chart here that the SVG of the report cannot draw.
"""

from __future__ import annotations

from typing import Any

from planner.charts.frame import Figure, layout, text_trace
from planner.charts.months import month_axis, month_ticks
from planner.charts.palette import INKS, PARTS, Ink, Theme
from planner.charts.ticks import money_axis
from planner.decision.present_costs import used_parts
from planner.domain.result import MonthCost, OptionResult
from planner.format import usd

PLOT_HEIGHT = 300
LEFT = 78
ONE_OFF_AT = -1.0


def months_stack_chart(option: OptionResult, *, theme: Theme = "light") -> Figure:
    """A stacked bar per month; the one-off cost is a bar of its own, left of month 1."""
    ink = INKS[theme]
    regular = [m for m in option.months if m.month > 0]
    one_off = sum(m.total_usd for m in option.months if m.month == 0)
    bars = [_bars(label, field, regular, ink) for label, field in used_parts(option)]
    once = (
        [_bar("One-off, before month 1", [ONE_OFF_AT], [one_off], ["one-off"], PARTS["One-off"], ink)]
        if one_off
        else []
    )
    figure = layout([b["name"] for b in (*bars, *once)], ink, PLOT_HEIGHT, LEFT)
    figure["barmode"] = "stack"
    figure["xaxis"] = _month_axis(len(regular), bool(once), ink)
    top = max([one_off, *(m.total_usd for m in regular)], default=0.0) * 1.05 or 1.0
    figure["yaxis"] = money_axis(0.0, top, "USD per month", ink)
    nothing = [] if bars or once else [text_trace(len(regular) / 2, top / 2, "Nothing is paid", "middle center", ink)]
    return {"data": [*bars, *once, *nothing], "layout": figure}


def months_stack_alt(option: OptionResult) -> str:
    """The chart in words."""
    regular = [m for m in option.months if m.month > 0]
    if not regular:
        return f"No bars: {option.label} is not priced."
    first, last = regular[0], regular[-1]
    ends = "; ".join(f"month {m.month}: {usd(m.total_usd)}, of which {_told(option, m)}" for m in (first, last))
    return (
        f"Stacked bars of the cost of {option.label} in each of {len(regular)} months. {ends}. "
        f"One-off cost before month 1, apart: {usd(option.one_off_usd or 0)}."
    )


def _told(option: OptionResult, month: MonthCost) -> str:
    parts = [f"{name.lower()} {usd(getattr(month, field))}" for name, field in used_parts(option)]
    return ", ".join(parts) or "nothing"


def _bars(name: str, field: str, months: list[MonthCost], ink: Ink) -> dict[str, Any]:
    at = [float(m.month) for m in months]
    return _bar(name, at, [getattr(m, field) for m in months], [f"month {m.month}" for m in months], PARTS[name], ink)


def _bar(name: str, x: list[float], y: list[float], when: list[str], color: str, ink: Ink) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "v",
        "name": name,
        "x": x,
        "y": y,
        "width": 0.86,
        "marker": {"color": color, "line": {"color": ink.halo, "width": 0.5}},
        "hovertext": [f"{w}: {usd(v)}" for w, v in zip(when, y, strict=True)],
        "hoverinfo": "text+name",
    }


def _month_axis(months: int, one_off: bool, ink: Ink) -> dict[str, Any]:
    low = ONE_OFF_AT - 0.7 if one_off else 0.4
    ticks = sorted({1.0, *month_ticks(months)})
    axis = month_axis(low, months + 0.7, [ONE_OFF_AT, *ticks] if one_off else ticks, ink) | {"showgrid": False}
    return axis | {"ticktext": ["once" if t == ONE_OFF_AT else f"{t:g}" for t in axis["tickvals"]]}
