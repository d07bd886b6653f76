"""What the hybrid costs with every possible number of own replicas, from all per token to enough for the peak."""

from __future__ import annotations

from typing import Any

from planner.charts.frame import NOMINAL_WIDTH, Figure, layout, text_trace
from planner.charts.labels import text_width
from planner.charts.palette import INKS, PER_TOKEN, SELF_HOST, Ink, Theme
from planner.charts.ticks import linear_axis, money_axis
from planner.decision.hybrid_view import FleetCost, HybridView
from planner.decision.present_hybrid import units
from planner.format import percent, short, usd

PLOT_HEIGHT = 300
LEFT = 78
MOST_MARKERS = 40


def fleet_cost_chart(view: HybridView, *, theme: Theme = "light") -> Figure:
    """Levelised USD a month over the own replicas, kept for the whole horizon; the lowest, and the two pure ways."""
    ink, fleets, size = INKS[theme], view.fleets, view.slice_replicas
    replicas = [float(f.slices * size) for f in fleets]
    curve = _curve(replicas, fleets, SELF_HOST[theme][0])
    pure = _pure(view, theme)
    right = max(replicas[-1], float(view.pure_own_replicas), 1.0)
    figure = layout([t["name"] for t in (curve, *pure)], ink, PLOT_HEIGHT, LEFT)
    figure["xaxis"] = linear_axis(-0.04 * right, right * 1.04, "Own replicas, kept over the whole horizon", ink, _whole)
    top = max([f.usd_per_month for f in fleets] + [view.pure_own_usd])
    figure["yaxis"] = money_axis(0.0, top * 1.12 or 1.0, "USD per month, levelised", ink)
    return {"data": [curve, *pure, *_lowest(view, right, ink)], "layout": figure}


def fleet_cost_alt(view: HybridView) -> str:
    """The chart in words."""
    lowest = cheapest(view)
    api = "" if view.pure_api_usd is None else f"All per token: {usd(view.pure_api_usd)} a month. "
    return (
        f"Cost of the hybrid against its own replicas. {api}Lowest: {usd(lowest.usd_per_month)} with "
        f"{units(view, lowest.slices)}, {percent(lowest.in_house_fraction)} of the work in house. "
        f"All self-hosted, {view.pure_own_replicas} with spares: {usd(view.pure_own_usd)}."
    )


def cheapest(view: HybridView) -> FleetCost:
    """The lowest point of the curve; ties go to the smaller fleet."""
    return min(view.fleets, key=lambda f: (f.usd_per_month, f.slices))


def _whole(value: float) -> str:
    return short(value) if value == int(value) else ""


def _curve(replicas: list[float], fleets: tuple[FleetCost, ...], color: str) -> dict[str, Any]:
    told = [
        f"{short(n)} own replicas: {usd(f.usd_per_month)} a month, {percent(f.in_house_fraction)} in house"
        for n, f in zip(replicas, fleets, strict=True)
    ]
    trace = {
        "type": "scatter",
        "mode": "lines+markers" if len(fleets) <= MOST_MARKERS else "lines",
        "name": "Hybrid",
        "x": replicas,
        "y": [f.usd_per_month for f in fleets],
        "line": {"color": color, "dash": "solid", "width": 2.5},
        "hovertext": told,
        "hoverinfo": "text",
    }
    marker = {"symbol": "circle", "size": 6, "color": color, "line": {"color": color, "width": 1}}
    return trace | ({"marker": marker} if len(fleets) <= MOST_MARKERS else {})


def _pure(view: HybridView, theme: Theme) -> list[dict[str, Any]]:
    """All per token at 0 replicas, and everything self-hosted with its spares."""
    own = (float(view.pure_own_replicas), view.pure_own_usd)
    traces = [_point("All self-hosted, with spares", own, "square", SELF_HOST[theme][1], theme)]
    if view.pure_api_usd is not None:
        traces.insert(0, _point("All per token", (0.0, view.pure_api_usd), "square", PER_TOKEN[theme][0], theme))
    return traces


def _point(name: str, at: tuple[float, float], symbol: str, color: str, theme: Theme) -> dict[str, Any]:
    marker = {"symbol": symbol, "size": 12, "color": color, "line": {"color": INKS[theme].halo, "width": 1}}
    trace = {"type": "scatter", "mode": "markers", "name": name, "x": [at[0]], "y": [at[1]], "marker": marker}
    return trace | {"hovertext": [f"{name}: {usd(at[1])} a month"], "hoverinfo": "text"}


def _lowest(view: HybridView, right: float, ink: Ink) -> list[dict[str, Any]]:
    found = cheapest(view)
    x, y = float(found.slices * view.slice_replicas), found.usd_per_month
    text = f"Lowest: {units(view, found.slices)}, {usd(y)}"
    width = NOMINAL_WIDTH - LEFT - 14
    side = "left" if x / right * width + text_width(text) + 30 > width else "right"
    marker = {"symbol": "diamond", "size": 12, "color": ink.text, "line": {"color": ink.halo, "width": 1.5}}
    point = {"type": "scatter", "mode": "markers", "name": text, "x": [x], "y": [y], "marker": marker}
    top = max([f.usd_per_month for f in view.fleets] + [view.pure_own_usd])
    return [
        point | {"showlegend": False, "hovertext": [f"{text} a month"], "hoverinfo": "text"},
        text_trace(x, max(y - top * 0.07, top * 0.03), f"  {text}  ", f"middle {side}", ink),
    ]
