"""Axes with explicit ticks, so that browser and PDF show the very same ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from planner.charts.palette import Ink
from planner.format import short, shown, shown_unit, usd_short

STEPS = (1, 2, 2.5, 5, 10)


def linear_ticks(low: float, high: float, about: int = 6) -> list[float]:
    """Round values from `low` to `high`, about that many."""
    raw = (high - low) / about
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(s * size for s in STEPS if s * size >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten, with 2 and 5 between them when the axis is short, with 3 when it is middling."""
    decades = math.log10(high / low)
    between = (1, 2, 5) if decades <= 2.5 else (1, 3) if decades <= 4 else (1,)
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = (float(f"{m}e{e}") for e in exponents for m in between)
    return [v for v in values if low * (1 - 1e-9) <= v <= high * (1 + 1e-9)]


def volume(value: float) -> str:
    """Tick of a volume axis: `500M`."""
    return short(value)


def log_axis(low: float, high: float, title: str, ink: Ink, write: Callable[[float], str]) -> dict[str, Any]:
    """A logarithmic axis from `low` to `high`, given as values."""
    return _axis("log", [math.log10(low), math.log10(high)], log_ticks(low, high), title, ink, write)


def linear_axis(low: float, high: float, title: str, ink: Ink, write: Callable[[float], str]) -> dict[str, Any]:
    """A linear axis."""
    return _axis("linear", [low, high], linear_ticks(low, high), title, ink, write)


def money_axis(low: float, high: float, title: str, ink: Ink) -> dict[str, Any]:
    """A linear axis of US dollars: its ticks are round in the currency shown, and so is its title."""
    ticks = linear_ticks(low * _per_usd(), high * _per_usd())
    return _money("linear", [low, high], ticks, title, ink)


def money_log_axis(low: float, high: float, title: str, ink: Ink) -> dict[str, Any]:
    """The same with a logarithmic scale."""
    ticks = log_ticks(low * _per_usd(), high * _per_usd())
    return _money("log", [math.log10(low), math.log10(high)], ticks, title, ink)


def _money(kind: str, span: list[float], ticks: list[float], title: str, ink: Ink) -> dict[str, Any]:
    axis = _axis(kind, span, ticks, shown_unit(title), ink, usd_short)
    return axis | {"tickvals": [tick / _per_usd() for tick in ticks]}


def _per_usd() -> float:
    return float(shown().units_per_usd)


def money_hover(values: Iterable[float], words: str) -> dict[str, Any]:
    """A hover text with `{money}` for the US dollars of each point, put together by the browser in the currency shown.

    A text per point would be most of the work of a redraw.
    """
    sign, rate = shown().symbol, _per_usd()
    if rate == 1:
        return {"hovertemplate": words.format(money=f"{sign}%{{y:,.0f}}")}
    amounts = [value * rate for value in values]
    return {"hovertemplate": words.format(money=f"{sign}%{{customdata:,.0f}}"), "customdata": amounts}


def label_axis(labels: list[str], ink: Ink) -> dict[str, Any]:
    """Rows from top to bottom, each with its (already neutralised) label; row k is at k."""
    rows = [float(k) for k in range(len(labels))]
    axis = _axis("linear", [len(labels) - 0.5, -0.5], rows, "", ink, str)
    return axis | {"ticktext": labels, "showgrid": False}


def _axis(
    kind: str, span: list[float], values: list[float], title: str, ink: Ink, write: Callable[[float], str]
) -> dict[str, Any]:
    return {
        "type": kind,
        "range": span,
        "tickmode": "array",
        "tickvals": values,
        "ticktext": [write(v) for v in values],
        "tickfont": {"color": ink.muted, "size": 12},
        "title": {"text": title, "font": {"color": ink.text, "size": 13}},
        "showgrid": True,
        "gridcolor": ink.grid,
        "linecolor": ink.muted,
        "showline": True,
        "zeroline": False,
    }
