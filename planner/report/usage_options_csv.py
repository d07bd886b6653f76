"""A log on every option as CSV for finance: a month at the log's rate, part by part, US dollars to the cent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from decimal import Decimal

from planner.decision.log_options import OnOption
from planner.decision.present_tables import COMPONENTS
from planner.report.csv import Cell, safe
from planner.units import money

PARTS = tuple(name for name, _ in COMPONENTS)
HEADER = (
    "BillingCurrency",
    "x_Option",
    "x_Kind",
    *(f"x_{name.replace('-', '')}PerMonth (USD)" for name in PARTS),
    "x_Rounding (USD)",
    "x_TotalPerMonth (USD)",
    "x_TotalPerMonthUpperBound (USD)",
    "x_UnpricedTokens",
    "x_Notes",
)


def options_csv(options: Iterable[OnOption]) -> bytes:
    """A row for each option; empty cells are not known. The parts and the rounding add up to the total."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for one in options:
        writer.writerow([safe(cell) for cell in _row(one)])
    return out.getvalue().encode("utf-8-sig")


def _row(one: OnOption) -> tuple[Cell, ...]:
    total = one.usd_per_month
    unpriced: Cell = "" if one.price is None else one.price.unpriced_tokens
    notes = " ".join((*one.why, *one.notes))
    if total is None:
        return ("USD", one.label, one.kind, *[""] * (len(PARTS) + 3), unpriced, notes)
    parts = [*_parts(one)]
    rest = money(total) - sum(parts)
    return ("USD", one.label, one.kind, *parts, rest, money(total), money(total + one.open_usd_per_month), unpriced,
            notes)  # fmt: skip


def _parts(one: OnOption) -> Iterator[Decimal]:
    known = dict(one.parts_usd_per_month)
    return (money(known.get(name, 0.0)) for name in PARTS)
