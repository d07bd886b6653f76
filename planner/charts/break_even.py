"""What each option costs at every volume, and where running it yourself is cheaper."""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple

import numpy as np

from planner.charts.frame import NOMINAL_WIDTH, Figure, layout, text_trace
from planner.charts.labels import Box, Point, Spot, dense, place, plain, shorten
from planner.charts.palette import INKS, WIN_BAND, Ink, Style, Theme, styles
from planner.charts.ticks import log_axis, money_hover, money_log_axis, volume
from planner.decision.present import break_even_sentences
from planner.domain.result import BreakEven, CurveSeries, Result
from planner.format import plural, short, tokens_per_day, usd
from planner.units import FloatArray

PLOT_HEIGHT = 380
LEFT = 78
NAME_LENGTH = 44
MAX_BANDS = 300
LEADER_FROM = 26
"""Pixels between a marker and its label from which a thin line joins them."""

HOVER = "%{{x:,.0f}} tokens/day<br>{money} a month<extra>%{{fullData.name}}</extra>"


class View(NamedTuple):
    """The part of the plane that is shown, in tokens a day and USD a month, and its size in pixels."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: float = NOMINAL_WIDTH - LEFT - 14
    height: float = PLOT_HEIGHT

    def pixel(self, x: float, y: float) -> Point:
        """Pixels right of the left and above the lower edge."""
        return (_part(x, self.x) * self.width, _part(y, self.y) * self.height)

    def value(self, point: Point) -> Point:
        """The volume and cost at a pixel."""
        return (_whole(point[0] / self.width, self.x), _whole(point[1] / self.height, self.y))

    @property
    def frame(self) -> Box:
        """The area a label may cover."""
        return Box(2, 3, self.width - 2, self.height - 3)


class Mark(NamedTuple):
    """A volume worth a label."""

    x: float
    y: float
    text: str
    symbol: Literal["diamond", "circle", ""]


def _part(value: float, span: tuple[float, float]) -> float:
    return math.log(value / span[0]) / math.log(span[1] / span[0])


def _whole(part: float, span: tuple[float, float]) -> float:
    return float(f"{span[0] * (span[1] / span[0]) ** part:.8g}")


def break_even_chart(result: Result, *, theme: Theme = "light") -> Figure:
    """Cost against volume, log-log: a line per option, the headline pair's winning ranges, today, the break-evens."""
    ink, view = INKS[theme], _view(result)
    pair = result.break_evens[0] if result.break_evens else None
    drawn = styles((c.kind for c in result.curves), theme)
    lines = [_line(c, s) for c, s in zip(result.curves, drawn, strict=True)]
    bands = _bands(pair, view, theme) if pair else []
    legend = [_band_entry(theme)] if bands else []
    marks = _marks(result, pair, view)
    figure = layout([t["name"] for t in (*lines, *legend)], ink, PLOT_HEIGHT, LEFT)
    figure["xaxis"] = log_axis(*view.x, "Tokens per day, input and output, at this mix", ink, volume)
    months = plural(result.horizon_months, "month")
    figure["yaxis"] = money_log_axis(*view.y, f"USD per month, levelised over {months}", ink)
    figure["shapes"] = [*bands, *(_vertical(m.x, ink) for m in marks if not m.symbol)]
    notes = _notes(result, marks, view, ink) if lines else [_nothing(view, ink)]
    return {"data": [*lines, *legend, *notes], "layout": figure}


def break_even_alt(result: Result) -> str:
    """The chart in words."""
    names = ", ".join(c.label for c in result.curves) or "no option"
    today = tokens_per_day(result.demand.tokens_per_day)
    about = " ".join(break_even_sentences(result))
    return f"Line chart of cost per month against tokens per day for {names}. {_asked(result)} {today}. {about}"


def _asked(result: Result) -> str:
    """What the marked volume is."""
    factor = result.demand.volume_multiplier
    return "Today" if factor == 1 else f"{factor:g} x the workload:"


def _view(result: Result) -> View:
    xs = [x for c in result.curves for x in c.tokens_per_day if x > 0]
    ys = [y for c in result.curves for x, y in zip(c.tokens_per_day, c.usd_per_month, strict=True) if x > 0 and y > 0]
    if not xs or not ys or min(xs) == max(xs):
        return View((1e6, 1e9), (10.0, 1e5))
    return View((min(xs), max(xs)), (min(ys) / 1.6, max(ys) * 1.6))


def _line(curve: CurveSeries, style: Style) -> dict[str, Any]:
    shown = [(x, y) for x, y in zip(curve.tokens_per_day, curve.usd_per_month, strict=True) if x > 0 and y > 0]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": plain(shorten(curve.label, NAME_LENGTH)),
        "x": [x for x, _ in shown],
        "y": [y for _, y in shown],
        "line": {"color": style.color, "dash": style.dash, "width": 2.5},
        **money_hover([y for _, y in shown], HOVER),
    }


def _bands(pair: BreakEven, view: View, theme: Theme) -> list[dict[str, Any]]:
    shapes = []
    for interval in pair.intervals[:MAX_BANDS]:
        low = max(interval.above_tokens_per_day, view.x[0])
        high = min(interval.up_to_tokens_per_day or view.x[1], view.x[1])
        if low < high:
            fill = {"fillcolor": WIN_BAND[theme], "line": {"width": 0}, "layer": "below"}
            shapes.append(_shape("rect", low, high) | fill)
    return shapes


def _shape(kind: str, low: float, high: float) -> dict[str, Any]:
    return {"type": kind, "xref": "x", "yref": "paper", "x0": low, "x1": high, "y0": 0, "y1": 1}


def _vertical(x: float, ink: Ink) -> dict[str, Any]:
    return _shape("line", x, x) | {"line": {"color": ink.text, "width": 1.5, "dash": "dot"}, "layer": "above"}


def _band_entry(theme: Theme) -> dict[str, Any]:
    edge = {"color": INKS[theme].muted, "width": 0.5}
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "Self-hosted is cheaper (headline pair)",
        "x": [None],
        "y": [None],
        "marker": {"symbol": "square", "size": 13, "color": WIN_BAND[theme], "line": edge},
        "hoverinfo": "skip",
    }


def _marks(result: Result, pair: BreakEven | None, view: View) -> list[Mark]:
    marks = []
    if pair and pair.robust_tokens_per_day:
        marks.append(_crossing(result, pair, pair.robust_tokens_per_day, "Cheaper for good above", "diamond"))
    if pair and pair.first_tokens_per_day and pair.first_tokens_per_day != pair.robust_tokens_per_day:
        marks.append(_crossing(result, pair, pair.first_tokens_per_day, "First cheaper above", "circle"))
    today = result.demand.tokens_per_day
    marks.append(Mark(today, view.y[1], f"{_asked(result)} {short(today)}/day", ""))
    return [m for m in marks if view.x[0] <= m.x <= view.x[1] and view.y[0] <= m.y <= view.y[1]]


def _crossing(result: Result, pair: BreakEven, x: float, words: str, symbol: Literal["diamond", "circle"]) -> Mark:
    curve = next((c for c in result.curves if c.option_id == pair.per_token_id), None)
    y = float(np.interp(x, curve.tokens_per_day, curve.usd_per_month)) if curve else 0.0
    return Mark(x, y, f"{words} {short(x)}/day", symbol)


def _notes(result: Result, marks: list[Mark], view: View, ink: Ink) -> list[dict[str, Any]]:
    obstacles = _obstacles(result, marks, view)
    taken: list[Box] = []
    traces: list[dict[str, Any]] = []
    for mark in marks:
        at = view.pixel(mark.x, mark.y) if mark.symbol else (view.pixel(mark.x, mark.y)[0], view.height - 12)
        spot = place(mark.text, at, view.frame, obstacles, taken)
        taken.append(spot.box)
        traces += [*_leader(mark, at, spot, view, ink), *_symbol(mark, ink), _label(mark, spot, view, ink)]
    return traces


def _obstacles(result: Result, marks: list[Mark], view: View) -> FloatArray:
    """Every pixel that a label should not cover."""
    curves = [
        [view.pixel(x, y) for x, y in zip(c.tokens_per_day, c.usd_per_month, strict=True) if x > 0 and y > 0]
        for c in result.curves
    ]
    verticals = [
        [(view.pixel(m.x, m.y)[0], 0.0), (view.pixel(m.x, m.y)[0], view.height)] for m in marks if not m.symbol
    ]
    around = [[(x - 7, y), (x + 7, y)] for x, y in (view.pixel(m.x, m.y) for m in marks if m.symbol)]
    return np.concatenate([dense(line) for line in (*curves, *verticals, *around)])


def _label(mark: Mark, spot: Spot, view: View, ink: Ink) -> dict[str, Any]:
    x, y = view.value((spot.x, spot.y))
    return text_trace(x, y, mark.text, f"middle {spot.side}", ink)


def _symbol(mark: Mark, ink: Ink) -> list[dict[str, Any]]:
    if not mark.symbol:
        return []
    fill, rim = (ink.text, ink.halo) if mark.symbol == "diamond" else (ink.halo, ink.text)
    marker = {"symbol": mark.symbol, "size": 11, "color": fill, "line": {"color": rim, "width": 1.5}}
    trace = {"type": "scatter", "mode": "markers", "x": [mark.x], "y": [mark.y], "marker": marker, "name": mark.text}
    return [trace | {"showlegend": False, "hovertext": [f"{mark.text}, {usd(mark.y)} a month"], "hoverinfo": "text"}]


def _leader(mark: Mark, at: Point, spot: Spot, view: View, ink: Ink) -> list[dict[str, Any]]:
    if not mark.symbol or abs(spot.y - at[1]) < LEADER_FROM:
        return []
    x, y = view.value((spot.x, spot.y))
    line = {"color": ink.muted, "width": 1, "dash": "solid"}
    trace = {"type": "scatter", "mode": "lines", "x": [mark.x, x], "y": [mark.y, y], "line": line}
    return [trace | {"hoverinfo": "skip", "showlegend": False}]


def _nothing(view: View, ink: Ink) -> dict[str, Any]:
    x, y = view.value((view.width / 2, view.height / 2))
    return text_trace(x, y, "No line to draw: no option can be priced, or there are no requests", "middle center", ink)
