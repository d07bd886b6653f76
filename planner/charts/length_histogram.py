"""How long requests are: requests in each band of tokens, on an axis of equal ratios."""

from __future__ import annotations

from typing import Any, Literal

from planner.charts.frame import Figure, layout, text_trace
from planner.charts.palette import BLUE, INKS, LIGHT_BLUE, VERMILION, Ink, Theme
from planner.charts.ticks import linear_axis, log_axis
from planner.domain.usage import TokenLengths
from planner.format import count, percent, short

Side = Literal["input", "output"]
PLOT_HEIGHT = 220
LEFT = 54
ROOM = 1.18
LEAST_TOKENS = 0.7
"""Where a band that begins at 0 is drawn from: an axis of ratios has no 0."""
COLORS: dict[Theme, dict[Side, str]] = {
    "light": {"input": BLUE, "output": VERMILION},
    "dark": {"input": LIGHT_BLUE, "output": VERMILION},
}


def length_histogram_chart(lengths: TokenLengths, side: Side, *, theme: Theme = "light") -> Figure:
    """A filled staircase with the median and the 95th percentile marked."""
    ink, shares = INKS[theme], _shares(lengths)
    low = max(float(lengths.histogram[0][0]), LEAST_TOKENS)
    high = max(float(lengths.histogram[-1][1] + 1), low * 2)
    top = max(shares) * ROOM
    steps = _steps(lengths, shares, side, theme)
    figure = layout([steps["name"]], ink, PLOT_HEIGHT, LEFT)
    figure["xaxis"] = log_axis(low, high, f"{side.capitalize()} tokens per request", ink, short)
    figure["yaxis"] = linear_axis(0.0, top, "Share of requests", ink, percent)
    marks = [("P50", lengths.p50_tokens), ("P95", lengths.p95_tokens)]
    shown = [(name, tokens) for name, tokens in marks if low <= tokens <= high]
    figure["shapes"] = [_mark(tokens, ink) for _, tokens in shown]
    labels = [
        text_trace(tokens, top * (0.97 - 0.09 * place), f" {name} {short(tokens)} ", _side(tokens, low, high), ink)
        for place, (name, tokens) in enumerate(shown)
    ]
    return {"data": [steps, *labels], "layout": figure}


def length_histogram_alt(lengths: TokenLengths, side: Side) -> str:
    """The chart in words."""
    return (
        f"Histogram of {side} tokens per request over {count(lengths.requests)} requests: mean "
        f"{short(lengths.mean_tokens)}, half are up to {short(lengths.p50_tokens)}, 95% up to "
        f"{short(lengths.p95_tokens)}, the longest has {short(lengths.max_tokens)}."
    )


def _shares(lengths: TokenLengths) -> list[float]:
    whole = sum(requests for *_, requests in lengths.histogram) or 1
    return [requests / whole for *_, requests in lengths.histogram]


def _steps(lengths: TokenLengths, shares: list[float], side: Side, theme: Theme) -> dict[str, Any]:
    x: list[float] = []
    y: list[float] = []
    told: list[str] = []
    for (low, up_to, requests), share in zip(lengths.histogram, shares, strict=True):
        x += [max(float(low), LEAST_TOKENS), float(up_to + 1)]
        y += [share] * 2
        told += [f"{count(low)} to {count(up_to)} tokens: {count(requests)} requests, {share:.1%}"] * 2
    color = COLORS[theme][side]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"Requests by {side} tokens",
        "x": [x[0], *x, x[-1]],
        "y": [0.0, *y, 0.0],
        "line": {"color": color, "width": 1.5, "dash": "solid"},
        "fill": "tozeroy",
        "fillcolor": _faint(color),
        "hovertext": [told[0], *told, told[-1]],
        "hoverinfo": "text",
    }


def _faint(color: str) -> str:
    red, green, blue = (int(color[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.3)"


def _mark(tokens: float, ink: Ink) -> dict[str, Any]:
    line = {"color": ink.text, "width": 1.5, "dash": "dot"}
    return {"type": "line", "xref": "x", "yref": "paper", "x0": tokens, "x1": tokens, "y0": 0, "y1": 1, "line": line}


def _side(tokens: float, low: float, high: float) -> str:
    """Labels stand to the left of their line in the right half of the axis."""
    return "middle left" if tokens * tokens > low * high else "middle right"
