"""Charts as plain, fully explicit Plotly dictionaries, and the same charts as SVG. They draw; they do not price."""

from planner.charts.break_even import break_even_alt, break_even_chart
from planner.charts.cost_stack import cost_stack_alt, cost_stack_chart
from planner.charts.svg import Unsupported, render_svg

__all__ = [
    "Unsupported",
    "break_even_alt",
    "break_even_chart",
    "cost_stack_alt",
    "cost_stack_chart",
    "render_svg",
]
