"""The screening curve: what a slice costs against its hours of use, owned or by the token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.charts.frame import Figure, layout, text_trace
from planner.charts.labels import plain, shorten
from planner.charts.palette import INKS, PER_TOKEN, PER_TOKEN_DASHES, SELF_HOST, Ink, Theme
from planner.charts.ticks import linear_axis, money_axis, money_hover
from planner.decision.hybrid_view import ClassValue, HybridView
from planner.decision.present_hybrid import slice_word
from planner.format import short, usd, usd_small

PLOT_HEIGHT = 300
LEFT = 78
MOST_CLASSES = 3
NAME_LENGTH = 34
HOVER = "%{{x:.0f}} hours: {money}<extra>%{{fullData.name}}</extra>"


def screening_chart(view: HybridView, *, theme: Theme = "light") -> Figure:
    """One line for owning a slice, one for each class bought by the token: the lower one is the way to serve."""
    ink, month = INKS[theme], view.hours_per_month
    top = _top(view)
    own = _line(
        f"Own {slice_word(view)}",
        [0.0, month],
        [_own_usd(view, 0.0), _own_usd(view, month)],
        SELF_HOST[theme][0],
        "solid",
    )
    bought = [_bought(c, k, view, theme) for k, c in enumerate(view.classes[:MOST_CLASSES])]
    points = _points(view, theme) if len(view.classes) == 1 else []
    crossings = [trace for c in view.classes[:MOST_CLASSES] if _on_chart(c, view) for trace in _crossing(c, view, ink)]
    figure = layout([t["name"] for t in (own, *bought, *points)], ink, PLOT_HEIGHT, LEFT)
    figure["xaxis"] = linear_axis(0.0, month, f"Hours of use of a {slice_word(view)} in the month", ink, short)
    figure["yaxis"] = money_axis(0.0, top, f"USD per {slice_word(view)} and month", ink)
    return {"data": [own, *bought, *points, *crossings], "layout": figure}


def screening_alt(view: HybridView) -> str:
    """The chart in words."""
    told = "; ".join(
        f"{c.label} by the token {usd_small(c.api_usd_per_hour)} an hour, {_crosses(c, view)}"
        for c in view.classes[:MOST_CLASSES]
    )
    return (
        f"Cost of a {slice_word(view)} against its hours of use in a month of {view.hours_per_month:g} hours. "
        f"Owned: {usd(view.slice_usd)} a month whatever its use, electricity of its work apart. {told}."
    )


def _crosses(value: ClassValue, view: HybridView) -> str:
    if value.threshold_hours is None:
        return "never dearer than owning"
    beyond = ", more than the month has" if value.threshold_hours > view.hours_per_month else ""
    return f"dearer than owning above {short(value.threshold_hours)} hours{beyond}"


def _own_usd(view: HybridView, hours: float) -> float:
    """A slice's price over the share of time it is up, and the work itself; the same for every class."""
    return view.slice_usd / view.availability + view.classes[0].own_usd_per_hour * hours


def _top(view: HybridView) -> float:
    """Upper end of the axis: both ends of the own line, and as much of the steepest other one as shows the crossing."""
    steepest = max(c.api_usd_per_hour for c in view.classes[:MOST_CLASSES]) * view.hours_per_month
    own = max(_own_usd(view, 0.0), _own_usd(view, view.hours_per_month))
    return max(own * 1.15, min(steepest * 1.03, own * 2.2)) or 1.0


def _line(name: str, x: list[float], y: list[float], color: str, dash: str) -> dict[str, Any]:
    line = {"color": color, "dash": dash, "width": 2.5}
    trace = {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "line": line}
    return trace | money_hover(y, HOVER)


def _bought(value: ClassValue, place: int, view: HybridView, theme: Theme) -> dict[str, Any]:
    """A token line, with a point at the edge of the plot so that it is not drawn far outside."""
    name = "By the token" if len(view.classes) == 1 else f"{value.label} by the token"
    rate, end = value.api_usd_per_hour, view.hours_per_month
    edge = min(end, _top(view) / rate) if rate > 0 else end
    colors = PER_TOKEN[theme]
    dash = PER_TOKEN_DASHES[place % len(PER_TOKEN_DASHES)]
    return _line(plain(shorten(name, NAME_LENGTH)), [0.0, edge], [0.0, rate * edge], colors[place % len(colors)], dash)


def _on_chart(value: ClassValue, view: HybridView) -> bool:
    return value.threshold_hours is not None and 0 < value.threshold_hours < view.hours_per_month


def _crossing(value: ClassValue, view: HybridView, ink: Ink) -> list[dict[str, Any]]:
    hours = value.threshold_hours or 0.0
    y = _own_usd(view, hours)
    marker = {"symbol": "diamond", "size": 11, "color": ink.text, "line": {"color": ink.halo, "width": 1.5}}
    text = f"own above {short(hours)} h"
    point = {"type": "scatter", "mode": "markers", "x": [hours], "y": [y], "marker": marker, "name": text}
    side = "right" if hours < view.hours_per_month * 0.7 else "left"
    return [
        point | {"showlegend": False, "hovertext": [f"{text}: {usd(y)}"], "hoverinfo": "text"},
        text_trace(hours, y - _top(view) * 0.05, f"  {text}  ", f"middle {side}", ink),
    ]


def _points(view: HybridView, theme: Theme) -> list[dict[str, Any]]:
    """Each slice at its hours of use, on the line by which it is served."""
    noun = slice_word(view)
    ink, rate, top = INKS[theme], view.classes[0].api_usd_per_hour, _top(view)

    def own(hours: float) -> float:
        return _own_usd(view, hours)

    def bought(hours: float) -> float:
        return min(rate * hours, top)

    ways: tuple[tuple[str, bool, str, Callable[[float], float]], ...] = (
        (f"{noun.capitalize()}s run in house", True, SELF_HOST[theme][0], own),
        (f"{noun.capitalize()}s left to tokens", False, PER_TOKEN[theme][0], bought),
    )
    traces = []
    for name, owned, color, usd_at in ways:
        slices = [s for s in view.slices if s.owned is owned]
        marker = {"symbol": "circle", "size": 9, "color": color, "line": {"color": ink.halo, "width": 1}}
        trace: dict[str, Any] = {"type": "scatter", "mode": "markers", "name": name, "marker": marker}
        trace |= {"x": [s.hours for s in slices], "y": [usd_at(s.hours) for s in slices], "hoverinfo": "text+name"}
        trace |= {"hovertext": [f"{noun} {s.number}: {short(s.hours)} hours" for s in slices]}
        traces += [trace] if slices else []
    return traces
