"""What each option costs a month over the draws: P10 to P90 as a bar, P50 as a mark."""

from __future__ import annotations

from typing import Any

from planner.charts.frame import Figure, layout
from planner.charts.labels import plain, shorten
from planner.charts.palette import INKS, Ink, Style, Theme, styles
from planner.charts.rows import LEFT, LINE_LENGTH, ROW, legend_line, legend_point, point, thick
from planner.charts.ticks import label_axis, money_axis, money_log_axis
from planner.decision.present_risk_tables import chance, draws_text
from planner.domain.risk import OptionRisk, Risk
from planner.format import usd

WIDTH = 12
TITLE = "USD per month"
BAND, MIDDLE = "P10 to P90: 8 draws of 10", "P50: half of the draws"


def risk_band_chart(risk: Risk, *, theme: Theme = "light") -> Figure:
    """A row per eligible option, the likeliest winner on top; USD a month, logarithmic where all are above 0."""
    ink = INKS[theme]
    ranked = _ranked(risk)
    drawn = dict(zip((o.option_id for o in risk.options), styles((o.kind for o in risk.options), theme), strict=True))
    rows = [t for k, o in enumerate(ranked) for t in _row(k, o, drawn[o.option_id], ink)]
    figure = layout([BAND, MIDDLE], ink, ROW * len(ranked) + 20, LEFT)
    figure["xaxis"] = _axis(risk, ink)
    figure["yaxis"] = label_axis([_label(o) for o in ranked], ink)
    legend = [legend_line(BAND, ink.muted, WIDTH), legend_point(MIDDLE, "diamond", ink.text, ink.halo)]
    return {"data": [*legend, *rows], "layout": figure}


def risk_band_alt(risk: Risk) -> str:
    """The chart in words."""
    told = (
        f"{o.label}: {usd(o.levelised.p10_usd)} to {usd(o.levelised.p90_usd)}, P50 {usd(o.levelised.p50_usd)}, "
        f"cheapest in {chance(o.win_probability)}"
        for o in _ranked(risk)
    )
    return f"Bands of cost per month, P10 to P90 of {draws_text(risk)}. {'; '.join(told)}."


def _ranked(risk: Risk) -> list[OptionRisk]:
    return sorted(risk.options, key=lambda o: (-o.win_probability, o.npv.p50_usd))


def _label(option: OptionRisk) -> str:
    return f"{plain(shorten(option.label, LINE_LENGTH))}<br>cheapest in {chance(option.win_probability)}"


def _row(row: int, option: OptionRisk, style: Style, ink: Ink) -> list[dict[str, Any]]:
    spread = option.levelised
    hover = f"P10 {usd(spread.p10_usd)}, P50 {usd(spread.p50_usd)}, P90 {usd(spread.p90_usd)} a month"
    return [
        thick((spread.p10_usd, spread.p90_usd), row, style.color, WIDTH, hover),
        point(spread.p50_usd, row, "diamond", ink.text, ink.halo, hover),
    ]


def _axis(risk: Risk, ink: Ink) -> dict[str, Any]:
    """From the lowest P10 to the highest P90."""
    low, high = min(o.levelised.p10_usd for o in risk.options), max(o.levelised.p90_usd for o in risk.options)
    if low <= 0:
        return money_axis(low, (high if high > low else low + 1) * 1.05, TITLE, ink)
    return money_log_axis(low / 1.25, high * 1.25, TITLE, ink)
