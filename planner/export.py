"""The files a reviewer takes away: the report as PDF, with the page's own charts, and the table as CSV.

Both are in the scenario's own currency, whatever the page shows that asks for them.
"""

from __future__ import annotations

import datetime as dt

from planner.charts.figures import report_figures
from planner.decision.cost_steps import Step
from planner.decision.cost_view import waterfall
from planner.decision.risk import assess
from planner.domain.currency import written_in
from planner.domain.facts import Facts
from planner.domain.options import SELF_HOST_KINDS
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.report.csv import render_csv
from planner.report.pdf import Figure, render_pdf


def pdf(scenario: Scenario, facts: Facts, result: Result, when: dt.datetime) -> bytes:
    """The PDF report, risk included; `when` is the time printed on it and must know its zone."""
    risk = assess(scenario, facts)
    with written_in(scenario.currency):
        drawings = report_figures(result, risk, _own_steps(scenario, facts, result))
        figures = [Figure(drawing.svg, drawing.alt, drawing.caption) for drawing in drawings]
        return render_pdf(scenario, result, figures, risk=risk, when=when)


def _own_steps(scenario: Scenario, facts: Facts, result: Result) -> tuple[str, tuple[Step, ...]] | None:
    """The cheapest own fleet with its way from the naive figure to the loaded one; None without a fleet."""
    own = [o for o in result.options if o.kind in SELF_HOST_KINDS and o.npv_usd is not None]
    best = min(own, key=lambda o: (o.npv_usd, o.option_id), default=None)
    return None if best is None else (best.label, waterfall(scenario, facts, best.option_id))


def csv(scenario: Scenario, result: Result) -> bytes:
    """One tidy table, a row per option, month and component."""
    return render_csv(scenario, result)
