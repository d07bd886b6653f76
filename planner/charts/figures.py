"""The charts of the report, drawn for paper from the same definitions as the web page's."""

from __future__ import annotations

from typing import NamedTuple

from planner.charts.break_even import break_even_alt, break_even_chart
from planner.charts.cost_stack import cost_stack_alt, cost_stack_chart
from planner.charts.risk_band import risk_band_alt, risk_band_chart
from planner.charts.svg import render_svg
from planner.charts.tornado import tornado_alt, tornado_chart
from planner.charts.waterfall import waterfall_alt, waterfall_chart
from planner.decision.cost_steps import Step
from planner.domain.result import Result
from planner.domain.risk import Risk


class PaperFigure(NamedTuple):
    """A vector drawing with its words."""

    svg: str
    alt: str
    caption: str


def report_figures(result: Result, risk: Risk, own: tuple[str, tuple[Step, ...]] | None) -> tuple[PaperFigure, ...]:
    """Break-even, cost stack, the steps of an own fleet (its name and steps) and risk, as far as there is anything."""
    figures = []
    if result.curves:
        svg = render_svg(break_even_chart(result))
        figures.append(PaperFigure(svg, break_even_alt(result), "Cost a month against volume"))
    if any(option.months for option in result.options):
        svg = render_svg(cost_stack_chart(result))
        figures.append(PaperFigure(svg, cost_stack_alt(result), "Average month by component"))
    if own is not None:
        svg = render_svg(waterfall_chart(own[1]))
        figures.append(PaperFigure(svg, waterfall_alt(own[1]), f"From the naive figure to the loaded one: {own[0]}"))
    if risk.status == "known":
        figures.append(PaperFigure(render_svg(risk_band_chart(risk)), risk_band_alt(risk), "What each option may cost"))
    if risk.tornado:
        figures.append(PaperFigure(render_svg(tornado_chart(risk)), tornado_alt(risk), "What moves the difference"))
    return tuple(figures)
