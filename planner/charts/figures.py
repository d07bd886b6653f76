"""The charts of the report, drawn for paper from the same definitions as the web page's."""

from __future__ import annotations

from typing import NamedTuple

from planner.charts.break_even import break_even_alt, break_even_chart
from planner.charts.cost_stack import cost_stack_alt, cost_stack_chart
from planner.charts.svg import render_svg
from planner.domain.result import Result


class PaperFigure(NamedTuple):
    """A vector drawing with its words."""

    svg: str
    alt: str
    caption: str


def report_figures(result: Result) -> tuple[PaperFigure, ...]:
    """Break-even chart and cost stack, as far as there is something to draw."""
    figures = []
    if result.curves:
        svg = render_svg(break_even_chart(result))
        figures.append(PaperFigure(svg, break_even_alt(result), "Cost a month against volume"))
    if any(option.months for option in result.options):
        svg = render_svg(cost_stack_chart(result))
        figures.append(PaperFigure(svg, cost_stack_alt(result), "Average month by component"))
    return tuple(figures)
