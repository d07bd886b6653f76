"""Options of a log as CSV: parts and rounding add up to the total, and what is not known is empty."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from planner.decision.log_options import OnOption
from planner.report.usage_options_csv import PARTS, options_csv

AMOUNT = st.floats(0, 1e7)


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@given(tokens=AMOUNT, gpus=AMOUNT, people=AMOUNT, more=AMOUNT)
def test_parts_and_rounding_are_the_total(tokens: float, gpus: float, people: float, more: float) -> None:
    parts = (("Tokens", tokens), ("GPUs", gpus), ("People", people))
    (row,) = read(options_csv([OnOption("a", "A", "api", None, parts, more)]))
    amounts = [Decimal(row[f"x_{name.replace('-', '')}PerMonth (USD)"]) for name in PARTS]
    assert sum(amounts) + Decimal(row["x_Rounding (USD)"]) == Decimal(row["x_TotalPerMonth (USD)"])
    assert Decimal(row["x_TotalPerMonthUpperBound (USD)"]) >= Decimal(row["x_TotalPerMonth (USD)"])


def test_an_option_without_a_price_has_empty_cells_and_its_reason() -> None:
    (row,) = read(options_csv([OnOption("a", "=A1", "rented", why=("Not known. Type it in.",))]))
    assert row["x_TotalPerMonth (USD)"] == ""
    assert row["x_GPUsPerMonth (USD)"] == ""
    assert row["x_Notes"] == "Not known. Type it in."
    assert row["x_Option"] == "'=A1", "no text runs as a formula"
