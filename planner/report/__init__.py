"""Exports of a result: PDF, CSV and JSON. They format; they do not price."""

from planner.report.csv import render_csv
from planner.report.pdf import Figure, render_pdf

__all__ = ["Figure", "render_csv", "render_pdf"]
