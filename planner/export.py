"""The files a reviewer takes away: the report as PDF, with the page's own charts, and the table as CSV."""

from __future__ import annotations

import datetime as dt

from planner.charts.figures import report_figures
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.report.csv import render_csv
from planner.report.pdf import Figure, render_pdf


def pdf(scenario: Scenario, result: Result, when: dt.datetime) -> bytes:
    """The PDF report; `when` is the time printed on it and must know its zone."""
    figures = [Figure(drawing.svg, drawing.alt, drawing.caption) for drawing in report_figures(result)]
    return render_pdf(scenario, result, figures, when=when)


def csv(scenario: Scenario, result: Result) -> bytes:
    """One tidy table, a row per option, month and component."""
    return render_csv(scenario, result)
