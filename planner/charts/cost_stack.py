"""What an average month of each option is made of."""

from __future__ import annotations

import math
from typing import Any

from planner.charts.frame import NOMINAL_WIDTH, Figure, layout, text_trace
from planner.charts.labels import plain, shorten, text_width
from planner.charts.palette import INKS, PARTS, Ink, Theme
from planner.charts.ticks import label_axis, money_axis
from planner.decision.present import mean_components
from planner.domain.result import OptionResult, Result
from planner.format import usd

LEFT = 200
ROW = 46
LINE_LENGTH = 30


def cost_stack_chart(result: Result, *, theme: Theme = "light") -> Figure:
    """One stacked bar per option, in USD a month; one-off cost is spread over the horizon."""
    ink = INKS[theme]
    stacks = [dict(mean_components(o)) if o.status != "blocked" else {} for o in result.options]
    names = [name for name in PARTS if any(name in stack for stack in stacks)]
    bars = [_bars(name, stacks, PARTS[name], ink) for name in names]
    figure = layout(names, ink, ROW * len(stacks) + 20, LEFT)
    figure["barmode"] = "stack"
    figure["xaxis"] = money_axis(0.0, _longest(result), "USD per month, one-off cost spread evenly", ink)
    figure["yaxis"] = label_axis([_two_lines(o.label) for o in result.options], ink)
    notes = [_note(k, o, ink) for k, o in enumerate(result.options)]
    return {"data": [*bars, *notes], "layout": figure}


def cost_stack_alt(result: Result) -> str:
    """The chart in words."""
    told = (f"{o.label}: {_told(o)}" for o in result.options)
    return f"Stacked bars of the cost of an average month by part. {'; '.join(told)}."


def _told(option: OptionResult) -> str:
    if option.tco_usd_per_month is None:
        return "not priced"
    parts = ", ".join(f"{name.lower()} {usd(value)}" for name, value in mean_components(option) if value)
    return f"{usd(option.tco_usd_per_month)} a month ({parts})"


def _bars(name: str, stacks: list[dict[str, float]], color: str, ink: Ink) -> dict[str, Any]:
    values = [stack.get(name, 0.0) for stack in stacks]
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": values,
        "y": [float(k) for k in range(len(stacks))],
        "width": 0.58,
        "marker": {"color": color, "line": {"color": ink.halo, "width": 0.5}},
        "hovertext": [f"{usd(v)} a month" for v in values],
        "hoverinfo": "text+name",
    }


def _longest(result: Result) -> float:
    """Right end of the axis: the longest bar and room for its figure."""
    costs = [o.tco_usd_per_month or 0.0 for o in result.options]
    widest = max(text_width(usd(c)) for c in costs) + 24
    return max(costs) * (1 + widest / (NOMINAL_WIDTH - LEFT - 14 - widest)) or 1.0


def _two_lines(label: str) -> str:
    """A label on at most two lines, broken between words where it can be."""
    if len(label) <= LINE_LENGTH:
        return plain(label)
    cut = label.rfind(" ", 0, LINE_LENGTH + 1)
    cut = cut if cut > LINE_LENGTH // 2 else LINE_LENGTH
    return f"{plain(label[:cut])}<br>{plain(shorten(label[cut:].strip(), LINE_LENGTH))}"


def _note(row: int, option: OptionResult, ink: Ink) -> dict[str, Any]:
    text = usd(option.tco_usd_per_month) if option.tco_usd_per_month is not None else _blocked(option)
    total = math.fsum(value for _, value in mean_components(option))
    return text_trace(total, float(row), f" {text}", "middle right", ink)


def _blocked(option: OptionResult) -> str:
    return f"not priced: {', '.join(dict.fromkeys(r.code for r in option.reasons))}"
