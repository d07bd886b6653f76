"""What one thing costs from day to day, and what is announced: a step for every dated price, in US dollars."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from planner.catalog.history import Point, PriceHistory, Series
from planner.charts.frame import Figure, layout
from planner.charts.labels import plain
from planner.charts.palette import BLUE, DARK_ORANGE, GREEN, INKS, LIGHT_BLUE, ORANGE, PURPLE, VERMILION, Theme
from planner.charts.ticks import linear_axis
from planner.format import short
from planner.units import add_months

PLOT_HEIGHT = 240
LEFT = 78
COLORS: dict[Theme, tuple[str, ...]] = {
    "light": (BLUE, VERMILION, GREEN, PURPLE, DARK_ORANGE),
    "dark": (LIGHT_BLUE, VERMILION, GREEN, PURPLE, ORANGE),
}
SYMBOLS = ("circle", "square", "diamond")
MOST_TICKS = 7
MONTH_STEPS = (1, 3, 6, 12, 24, 60)
MARGIN_SHARE = 0.06
SHORTEST_DAYS = 60


class Span(NamedTuple):
    """First and last day of the chart."""

    low: dt.date
    high: dt.date

    def day(self, day: dt.date) -> float:
        """Days since the first one: the x of a day."""
        return float((day - self.low).days)


def price_history_chart(history: PriceHistory, *, theme: Theme = "light") -> Figure:
    """Stepped lines; announced prices are dashed, and a dotted line marks the day of asking."""
    ink, drawn = INKS[theme], drawn_series(history)
    span = _span(history)
    traces = [trace for place, series in enumerate(drawn) for trace in _traces(series, place, span, history, theme)]
    figure = layout([plain(series.name) for series in drawn], ink, PLOT_HEIGHT, LEFT)
    width = span.day(span.high)
    ticks = date_ticks(span.low, span.high)
    axis = linear_axis(0.0, width, "Day from which the price holds", ink, str)
    figure["xaxis"] = axis | {
        "tickvals": [span.day(day) for day in ticks],
        "ticktext": [_tick_text(day, ticks) for day in ticks],
    }
    top = max((point.value for series in drawn for point in series.points), default=1.0) * 1.12 or 1.0
    figure["yaxis"] = linear_axis(0.0, top, drawn[0].unit if drawn else "", ink, lambda v: f"${short(v)}")
    figure["shapes"] = [_today(span.day(history.on), ink.muted)]
    return {"data": traces, "layout": figure}


def price_history_alt(history: PriceHistory) -> str:
    """The chart in words."""
    told = [f"{series.name}: {', '.join(_words(point) for point in series.points)}" for series in drawn_series(history)]
    return (
        f"Stepped lines of what it cost from day to day, in {history.series[0].unit if history.series else 'USD'}. "
        f"{'. '.join(told)}. A dotted line marks {history.on}; what comes after it is announced."
    )


def drawn_series(history: PriceHistory) -> tuple[Series, ...]:
    """The series of the chart: cached input is left to the table where there are several."""
    first = history.series[:1]
    same_unit = tuple(series for series in history.series if series.unit == first[0].unit)
    return tuple(s for s in same_unit if not s.name.startswith("Cached")) or same_unit


def date_ticks(low: dt.date, high: dt.date) -> list[dt.date]:
    """First days of months, quarters or years between two days, at most MOST_TICKS of them."""
    months = (high.year - low.year) * 12 + high.month - low.month
    step = next((s for s in MONTH_STEPS if months / s <= MOST_TICKS - 1), MONTH_STEPS[-1])
    start = dt.date(low.year, 1, 1)
    days = (add_months(start, k) for k in range(0, months + 13 + step, step))
    return [day for day in days if low <= day <= high]


def _tick_text(day: dt.date, ticks: list[dt.date]) -> str:
    years_only = all(tick.month == 1 for tick in ticks) and len(ticks) > 1
    return str(day.year) if years_only else f"{day:%Y-%m}"


def _span(history: PriceHistory) -> Span:
    """Room before the first price and after the last one."""
    days = [point.starts_on for point in history.points if point.starts_on]
    low, high = min([*days, history.on]), max([*days, history.on])
    room = dt.timedelta(days=round(max((high - low).days, SHORTEST_DAYS) * MARGIN_SHARE) + 1)
    return Span(low - room, high + room)


def _traces(series: Series, place: int, span: Span, history: PriceHistory, theme: Theme) -> list[dict[str, Any]]:
    """The steps up to the first announced price solid, the rest dashed, and a mark at every price."""
    color = COLORS[theme][place % len(COLORS[theme])]
    known = [point for point in series.points if not point.announced]
    ahead = [point for point in series.points if point.announced]
    turn = min((_day(point, span) for point in ahead), default=span.high)
    found = []
    if known:
        found.append(_steps(known, turn, span, {"color": color, "dash": "solid", "width": 2.5}))
    if ahead:
        start = [Point(turn, known[-1].value, "", announced=True)] if known else []
        found.append(_steps([*start, *ahead], span.high, span, {"color": color, "dash": "dash", "width": 2.5}))
    return [*found, _marks(series, place, span, color, INKS[theme].halo)]


def _day(point: Point, span: Span) -> dt.date:
    """Day a price is drawn from; one without a first day from the left edge."""
    return point.starts_on or span.low


def _steps(points: list[Point], end: dt.date, span: Span, line: dict[str, Any]) -> dict[str, Any]:
    starts = [span.day(_day(point, span)) for point in points]
    ends = [*starts[1:], span.day(end)]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [x for pair in zip(starts, ends, strict=True) for x in pair],
        "y": [point.value for point in points for _ in range(2)],
        "line": line,
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _marks(series: Series, place: int, span: Span, color: str, rim: str) -> dict[str, Any]:
    symbol = SYMBOLS[place % len(SYMBOLS)]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": plain(series.name),
        "x": [span.day(_day(point, span)) for point in series.points],
        "y": [point.value for point in series.points],
        "marker": {"symbol": symbol, "size": 10, "color": color, "line": {"color": rim, "width": 1.5}},
        "hovertext": [plain(f"{series.name}: {_words(point)}") for point in series.points],
        "hoverinfo": "text",
    }


def _words(point: Point) -> str:
    when = f"from {point.starts_on}" if point.starts_on else "before any dated change"
    return f"{point.value:g} {when}{' (announced)' if point.announced else ''}"


def _today(x: float, color: str) -> dict[str, Any]:
    line = {"color": color, "width": 1.5, "dash": "dot"}
    ends = {"x0": x, "x1": x, "y0": 0, "y1": 1}
    return {"type": "line", "xref": "x", "yref": "paper", "layer": "below", "line": line, **ends}
