"""The candidates as a table: every field, money to the cent, nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from planner.catalog.catalog import load
from planner.decision.candidates import find
from planner.domain.capacity import Candidate, CapacityRequest, Found
from planner.report.candidates_csv import candidates_csv

ASKED = CapacityRequest(
    peak_requests_per_s=5, input_tokens=1500, output_tokens=300, model_ids=("llama-3.1-8b",), format_ids=("fp8",)
)
FOUND = find(ASKED, load().tables, dt.date(2026, 11, 21))


def rows(found: Found) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(candidates_csv(found).decode("utf-8-sig"), newline="")))


def test_every_candidate_and_every_field_is_there() -> None:
    table = rows(FOUND)
    assert [row["price_id"] for row in table] == [item.price_id for item in FOUND.candidates]
    assert list(table[0]) == ["on", *Candidate.model_fields]


def test_figures_are_those_of_the_search() -> None:
    for row, item in zip(rows(FOUND), FOUND.candidates, strict=True):
        assert float(row["usd_per_month"]) == pytest.approx(item.usd_per_month, abs=0.005)
        assert float(row["tpot_ms"]) == pytest.approx(item.tpot_ms, rel=1e-5)
        assert row["replicas"] == str(item.replicas)
        assert row["pareto"] == ("yes" if item.pareto else "no")


def test_an_unknown_figure_is_blank_and_never_0() -> None:
    unknown = FOUND.candidates[0].model_copy(update={"usd_per_month_high": None})
    assert rows(FOUND.model_copy(update={"candidates": (unknown,)}))[0]["usd_per_month_high"] == ""


def test_a_name_that_looks_like_a_formula_is_defused() -> None:
    hostile = FOUND.candidates[0].model_copy(update={"provider": "=HYPERLINK(1)", "why": ("+1", "fine")})
    row = rows(FOUND.model_copy(update={"candidates": (hostile,)}))[0]
    assert row["provider"] == "'=HYPERLINK(1)"
    assert row["why"] == "'+1; fine"
