"""UNC-3: how far each figure alone moves the difference between two options."""

from __future__ import annotations

from typing import Any

from planner.charts.frame import NOMINAL_WIDTH, Figure, layout, text_trace
from planner.charts.labels import text_width
from planner.charts.palette import INKS, LIGHT_BLUE, ORANGE, Ink, Theme
from planner.charts.rows import LEFT, ROW, legend_line, row_label, thick, vertical
from planner.charts.ticks import label_axis, money_axis
from planner.decision.present_risk_tables import driver_value, tornado_title
from planner.domain.risk import Risk, TornadoBar
from planner.format import usd

WIDTH = 9
APART = 0.13
AT_P10, AT_P90, AT_P50 = "the figure at its P10", "at its P90", "everything at P50"
CHANGES = "flips"


def tornado_chart(risk: Risk, *, theme: Theme = "light") -> Figure:
    """Two bars per figure from the difference at P50, as steps may move it the same way at both ends; USD of NPV."""
    ink = INKS[theme]
    bars = [t for k, bar in enumerate(risk.tornado) for t in _bars(k, bar, ink)]
    figure = layout([AT_P10, AT_P90, AT_P50], ink, ROW * len(risk.tornado) + 20, LEFT)
    figure["xaxis"] = _axis(risk, ink)
    figure["yaxis"] = label_axis([_label(bar) for bar in risk.tornado], ink)
    figure["shapes"] = [vertical(0.0, ink.text, "solid")]
    if risk.tornado:
        figure["shapes"] += [vertical(risk.tornado[0].delta_p50_usd, ink.muted, "dot")]
    legend = [legend_line(AT_P10, LIGHT_BLUE, WIDTH), legend_line(AT_P90, ORANGE, WIDTH), _dotted(ink)]
    return {"data": [*legend, *bars], "layout": figure}


def tornado_alt(risk: Risk) -> str:
    """The chart in words."""
    told = (
        f"{bar.label}: {usd(bar.delta_p10_usd)} at P10, {usd(bar.delta_p90_usd)} at P90"
        f"{', the winner changes' if bar.sign_changes else ''}"
        for bar in risk.tornado
    )
    return f"Bars of {tornado_title(risk)}, the others at P50. {'; '.join(told)}."


def _label(bar: TornadoBar) -> str:
    ends = "" if bar.at is None else f" ({driver_value(bar.at[0], bar.unit)} to {driver_value(bar.at[2], bar.unit)})"
    return row_label(f"{bar.label}{ends}")


def _bars(row: int, bar: TornadoBar, ink: Ink) -> list[dict[str, Any]]:
    middle = bar.delta_p50_usd
    low = thick((middle, bar.delta_p10_usd), row - APART, LIGHT_BLUE, WIDTH, _hover(bar, "P10", bar.delta_p10_usd))
    high = thick((middle, bar.delta_p90_usd), row + APART, ORANGE, WIDTH, _hover(bar, "P90", bar.delta_p90_usd))
    end = max(bar.delta_p10_usd, middle, bar.delta_p90_usd)
    note = [text_trace(end, float(row), f" {CHANGES}", "middle right", ink)] if bar.sign_changes else []
    return [low, high, *note]


def _hover(bar: TornadoBar, rung: str, delta: float) -> str:
    return f"{bar.label} at {rung}: {usd(delta)}; all at P50: {usd(bar.delta_p50_usd)}"


def _dotted(ink: Ink) -> dict[str, Any]:
    line = {"color": ink.muted, "width": 1.5, "dash": "dot"}
    return legend_line(AT_P50, ink.muted, 1.5) | {"line": line}


def _axis(risk: Risk, ink: Ink) -> dict[str, Any]:
    """All ends and 0, with room for a note at the right."""
    ends = [v for b in risk.tornado for v in (b.delta_p10_usd, b.delta_p50_usd, b.delta_p90_usd)]
    low, high = min(0.0, *ends, 0.0), max(0.0, *ends, 0.0)
    span = (high - low) or 1.0
    note = (text_width(CHANGES) + 16) / (NOMINAL_WIDTH - LEFT - 14) if any(b.sign_changes for b in risk.tornado) else 0
    return money_axis(low - 0.04 * span, low + 1.04 * span / (1 - note), "Difference of NPV, USD", ink)
