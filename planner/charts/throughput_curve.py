"""Time per output token against load: how far a deployment can be loaded before it misses the latency target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from planner.charts.frame import NOMINAL_WIDTH, Figure, layout, text_trace
from planner.charts.labels import Box, Point, dense, place, plain
from planner.charts.leaders import leader
from planner.charts.palette import BLUE, GREEN, INKS, LIGHT_BLUE, PURPLE, VERMILION, WIN_BAND, Ink, Theme
from planner.charts.rows import legend_point
from planner.charts.ticks import linear_axis
from planner.format import short

PLOT_HEIGHT = 320
LEFT = 62
BAND = "80% band"
TARGET = "Latency target"
ROOM = 1.15


class MeasuredPoint(NamedTuple):
    """A published or own measurement: load in the chart's unit, mean ms per token, and who measured what."""

    x: float
    tpot_ms: float
    words: str


class ThroughputCurve(NamedTuple):
    """What is drawn. Loads are of the whole deployment, in `unit`; times per output token in ms at `percentile`."""

    unit: str
    """`requests/s` or `output tokens/s`."""
    percentile: float
    target_tpot_ms: float
    modelled: tuple[Point, ...]
    fast: tuple[Point, ...] = ()
    """The modelled curve at the high end of the band."""
    slow: tuple[Point, ...] = ()
    """The modelled curve at the low end of the band."""
    calibrated: tuple[Point, ...] = ()
    measured: tuple[MeasuredPoint, ...] = ()
    operating: Point | None = None
    """Load at the peak and the time per token there."""
    largest: Point | None = None
    """The largest load that holds the target, TTFT included, and the time per token there."""


class _View(NamedTuple):
    """The part that is shown, from 0, and its size in pixels."""

    right: float
    top: float
    width: float = NOMINAL_WIDTH - LEFT - 14
    height: float = PLOT_HEIGHT

    def pixel(self, at: Point) -> Point:
        return (at[0] / self.right * self.width, at[1] / self.top * self.height)

    def value(self, at: Point) -> Point:
        return (at[0] / self.width * self.right, at[1] / self.height * self.top)

    @property
    def frame(self) -> Box:
        return Box(2, 3, self.width - 2, self.height - 3)


def throughput_curve_chart(curve: ThroughputCurve, *, theme: Theme = "light") -> Figure:
    """The modelled line with its band, the calibrated line, what was measured, the target, and the two points."""
    ink, view = INKS[theme], _view(curve)
    traces = [*_band(curve, view, theme), *_lines(curve, view, theme), *_measured(curve, ink)]
    figure = layout([t["name"] for t in traces if t.get("showlegend", True)], ink, PLOT_HEIGHT, LEFT)
    figure["xaxis"] = linear_axis(0.0, view.right, f"Load of the whole deployment, {curve.unit}", ink, _tick)
    words = f"Time per output token at P{curve.percentile:g}, ms"
    figure["yaxis"] = linear_axis(0.0, view.top, words, ink, _tick)
    return {"data": [*traces, *_notes(curve, view, ink)], "layout": figure}


def throughput_curve_alt(curve: ThroughputCurve) -> str:
    """The chart in words."""
    told = [f"Line chart of time per output token at P{curve.percentile:g} against {curve.unit}."]
    if curve.modelled:
        (x0, y0), (x1, y1) = curve.modelled[0], curve.modelled[-1]
        told.append(
            f"Modelled: {_ms(y0)} at {_load(x0, curve)}, {_ms(y1)} at {_load(x1, curve)}"
            f"{', with a band' if curve.slow else ''}."
        )
    if curve.calibrated:
        x, y = curve.calibrated[-1]
        told.append(f"Calibrated: {_ms(y)} at {_load(x, curve)}.")
    told.append(f"The target is {_ms(curve.target_tpot_ms)}.")
    if curve.operating:
        told.append(f"At the peak of {_load(curve.operating[0], curve)} it is {_ms(curve.operating[1])}.")
    if curve.largest:
        told.append(f"The most within the target is {_load(curve.largest[0], curve)}.")
    if curve.measured:
        told.append(f"{len(curve.measured)} measured points, means: {'; '.join(_told(curve))}.")
    return " ".join(told)


def _told(curve: ThroughputCurve, most: int = 4) -> list[str]:
    told = [f"{_ms(m.tpot_ms)} at {_load(m.x, curve)} ({m.words})" for m in curve.measured[:most]]
    more = len(curve.measured) - most
    return [*told, f"and {more} more"] if more > 0 else told


def _ms(value: float) -> str:
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def _load(value: float, curve: ThroughputCurve) -> str:
    return f"{short(value)} {curve.unit}"


def _tick(value: float) -> str:
    return short(value)


def _view(curve: ThroughputCurve) -> _View:
    """Room for both points, what was measured, and a target line with air above it."""
    marks = [p for p in (curve.operating, curve.largest) if p is not None]
    xs = [x for x, _ in marks] or [x for x, _ in (*curve.modelled, *curve.calibrated)]
    xs = [*xs, *(m.x for m in curve.measured)] or [1.0]
    first = [line[0][1] for line in (curve.slow, curve.modelled, curve.calibrated) if line]
    ys = [curve.target_tpot_ms, *(y for _, y in marks), *first, *(m.tpot_ms for m in curve.measured)]
    return _View(max(xs) * ROOM or 1.0, max(ys) * 1.3)


def _shown(line: Sequence[Point], view: _View) -> tuple[Point, ...]:
    """The line up to the edge of the view, its last point on the edge itself."""
    kept: list[Point] = []
    for x, y in line:
        if x > view.right or y > view.top:
            if kept:
                kept.append(_edge(kept[-1], (x, y), view))
            break
        kept.append((x, y))
    return tuple(kept)


def _edge(inside: Point, outside: Point, view: _View) -> Point:
    """Where a step of the line leaves the view."""
    (x0, y0), (x1, y1) = inside, outside
    across = (view.right - x0) / (x1 - x0) if x1 > view.right else 1.0
    up = (view.top - y0) / (y1 - y0) if y1 > view.top else 1.0
    part = min(across, up)
    return (x0 + (x1 - x0) * part, y0 + (y1 - y0) * part)


def _band(curve: ThroughputCurve, view: _View, theme: Theme) -> list[dict[str, Any]]:
    """A polygon between the two ends, within the view, and its legend entry."""
    fast, slow = _shown(curve.fast, view), _shown(curve.slow, view)
    if len(fast) < 2 or len(slow) < 2:
        return []
    corner = [(view.right, view.top)] if slow[-1][1] >= view.top * 0.999 and fast[-1][0] >= view.right * 0.999 else []
    around = [*fast, *corner, *reversed(slow)]
    polygon = {
        "type": "scatter",
        "mode": "lines",
        "x": [x for x, _ in around],
        "y": [y for _, y in around],
        "fill": "toself",
        "fillcolor": WIN_BAND[theme],
        "line": {"color": WIN_BAND[theme], "width": 0, "dash": "solid"},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return [polygon, legend_point(BAND, "square", WIN_BAND[theme], INKS[theme].muted)]


def _lines(curve: ThroughputCurve, view: _View, theme: Theme) -> list[dict[str, Any]]:
    percentile = f"P{curve.percentile:g}"
    blue = LIGHT_BLUE if theme == "dark" else BLUE
    lines = [
        _line(f"Modelled, {percentile}", _shown(curve.modelled, view), blue, "solid", curve),
        _line(f"Calibrated, {percentile}", _shown(curve.calibrated, view), GREEN, "longdash", curve),
        _line(TARGET, ((0.0, curve.target_tpot_ms), (view.right, curve.target_tpot_ms)), VERMILION, "dash", curve),
    ]
    return [line for line in lines if line["x"]]


def _line(name: str, points: Sequence[Point], color: str, dash: str, curve: ThroughputCurve) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [x for x, _ in points],
        "y": [y for _, y in points],
        "line": {"color": color, "width": 2.5, "dash": dash},
        "hovertemplate": f"%{{y:.1f}} ms at %{{x:,.3g}} {curve.unit}<extra>%{{fullData.name}}</extra>",
    }


def _measured(curve: ThroughputCurve, ink: Ink) -> list[dict[str, Any]]:
    if not curve.measured:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "Measured, means",
            "x": [m.x for m in curve.measured],
            "y": [m.tpot_ms for m in curve.measured],
            "marker": {"symbol": "square", "size": 9, "color": PURPLE, "line": {"color": ink.text, "width": 1}},
            "hovertext": [f"{plain(m.words)}: {_ms(m.tpot_ms)} at {_load(m.x, curve)}" for m in curve.measured],
            "hoverinfo": "text",
        }
    ]


def _notes(curve: ThroughputCurve, view: _View, ink: Ink) -> list[dict[str, Any]]:
    """The two points with their labels, where no line runs."""
    marks: list[tuple[Point, str, str]] = []
    if curve.operating:
        at = curve.operating
        marks.append((at, f"Peak {short(at[0])}: {_ms(at[1])}", "diamond"))
    if curve.largest:
        marks.append((curve.largest, f"Most within the target: {short(curve.largest[0])}", "circle"))
    lines, taken, traces = _obstacles(curve, view, view.pixel), list[Box](), list[dict[str, Any]]()
    for at, text, symbol in marks:
        spot = place(text, view.pixel(at), view.frame, lines, taken)
        taken.append(spot.box)
        label = view.value((spot.x, spot.y))
        traces += [*leader(at, label, view.pixel(at), spot, ink), _symbol(at, text, symbol, ink)]
        traces.append(text_trace(*label, text, f"middle {spot.side}", ink))
    return traces


def _symbol(at: Point, text: str, symbol: str, ink: Ink) -> dict[str, Any]:
    fill, rim = (ink.text, ink.halo) if symbol == "diamond" else (ink.halo, ink.text)
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [at[0]],
        "y": [at[1]],
        "marker": {"symbol": symbol, "size": 12, "color": fill, "line": {"color": rim, "width": 1.5}},
        "hovertext": [text],
        "hoverinfo": "text",
        "showlegend": False,
    }


def _obstacles(curve: ThroughputCurve, view: _View, pixel: Callable[[Point], Point]) -> Any:
    """Every pixel that a label should not cover."""
    target = ((0.0, curve.target_tpot_ms), (view.right, curve.target_tpot_ms))
    lines = [_shown(line, view) for line in (curve.modelled, curve.calibrated)]
    marks = [p for p in (curve.operating, curve.largest) if p] + [(m.x, m.tpot_ms) for m in curve.measured]
    around = [((pixel(m)[0] - 7, pixel(m)[1]), (pixel(m)[0] + 7, pixel(m)[1])) for m in marks]
    return np.concatenate([dense(map(pixel, line)) for line in (*lines, target)] + [dense(line) for line in around])
