"""From the naive figure of an option to its whole cost, one bar per step."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from planner.charts.frame import Figure, layout, text_trace
from planner.charts.labels import text_width
from planner.charts.palette import BLUE, GREEN, INKS, SKY, VERMILION, Ink, Theme
from planner.charts.ticks import label_axis, money_axis
from planner.decision.cost_view import NAIVE, Step
from planner.decision.present_costs import STEP_WORDS, waterfall_sentence
from planner.format import MINUS, usd

LEFT = 166
ROW = 30
NARROW_WIDTH = 250
"""Pixels of the plot that the room at the right is worked out for."""
HIDDEN = "rgba(0,0,0,0)"


class Bar(NamedTuple):
    """A bar from `start` to `end`."""

    label: str
    kind: str
    start: float
    end: float
    text: str


KINDS = {"Naive figure": SKY, "Adds": VERMILION, "Saves": GREEN, "Whole cost": BLUE}
"""Fills; what a bar is can be read from its sign and name too."""


def waterfall_chart(steps: Sequence[Step], *, theme: Theme = "light") -> Figure:
    """Bars in USD a month, average of the horizon; each starts where the one before ends."""
    return bars_chart(_bars(steps), KINDS, "USD a month, average", " a month", theme=theme)


def bars_chart(
    bars: Sequence[Bar], fills: Mapping[str, str], axis: str, unit: str, *, theme: Theme = "light"
) -> Figure:
    """Floating bars from top to bottom on an axis of US dollars, filled by their kind; `unit` ends what is told."""
    ink = INKS[theme]
    kinds = [kind for kind in fills if any(b.kind == kind for b in bars)]
    figure = layout(kinds, ink, ROW * len(bars) + 16, LEFT)
    figure["barmode"] = "stack"
    figure["xaxis"] = money_axis(0.0, _right_end(bars), axis, ink)
    figure["yaxis"] = label_axis([b.label for b in bars], ink)
    told = [f"{b.label}: {b.text}{unit}" for b in bars]
    floats = _trace("", [min(b.start, b.end) for b in bars], HIDDEN, HIDDEN, told) | {"showlegend": False}
    filled = [
        _trace(k, [abs(b.end - b.start) if b.kind == k else 0.0 for b in bars], fills[k], ink.halo, told) for k in kinds
    ]
    longest = max(max(b.start, b.end) for b in bars)
    notes = [_note(row, bar, longest, ink) for row, bar in enumerate(bars)]
    return {"data": [floats, *filled, *notes], "layout": figure}


def waterfall_alt(steps: Sequence[Step]) -> str:
    """The chart in words."""
    told = "; ".join(f"{b.label} {b.text}" for b in _bars(steps))
    return f"Waterfall of the average month. {waterfall_sentence(steps)} {told}."


def _bars(steps: Sequence[Step]) -> list[Bar]:
    bars, so_far = [], 0.0
    for number, step in enumerate(steps):
        end = so_far + step.usd_per_month
        naive = number == 0 and step.key in NAIVE
        kind = "Naive figure" if naive else "Adds" if step.usd_per_month >= 0 else "Saves"
        sign = "" if number == 0 else "+" if step.usd_per_month >= 0 else MINUS
        text = f"{sign}{usd(abs(step.usd_per_month))}"
        bars.append(Bar(STEP_WORDS[step.key][0], kind, so_far, end, text))
        so_far = end
    total = math.fsum(s.usd_per_month for s in steps)
    return [*bars, Bar("Average month", "Whole cost", 0.0, total, usd(total))]


def _trace(name: str, values: list[float], color: str, rim: str, told: list[str]) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "x": values,
        "y": [float(k) for k in range(len(values))],
        "width": 0.66,
        "marker": {"color": color, "line": {"color": rim, "width": 0.5}},
        "hovertext": told,
        "hoverinfo": "text" if name else "skip",
    }


def _right_end(bars: Sequence[Bar]) -> float:
    """Right end of the axis: the longest bar and room for its figure, on a narrow page too."""
    longest = max((max(b.start, b.end) for b in bars), default=0.0)
    widest = max(text_width(b.text) for b in bars) + 28
    return longest * (1 + widest / (NARROW_WIDTH - widest)) or 1.0


def _note(row: int, bar: Bar, longest: float, ink: Ink) -> dict[str, Any]:
    """The figure of a bar, on the side where there is more room."""
    low, high = sorted((bar.start, bar.end))
    if low > longest / 2:
        return text_trace(low, float(row), f"{bar.text} ", "middle left", ink)
    return text_trace(high, float(row), f" {bar.text}", "middle right", ink)
