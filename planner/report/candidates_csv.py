"""The candidates of a search as a table: one row each, a column for every field, units in the names."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

from planner.domain.capacity import Candidate, Found
from planner.report.csv import Cell, safe
from planner.units import money, round_significant

_MONEY = frozenset({"usd_per_month", "usd_per_month_low", "usd_per_month_high"})
_DIGITS = 6
HEADER = ("on", *Candidate.model_fields)


def candidates_csv(found: Found) -> bytes:
    """UTF-8 with a byte-order mark and CRLF, as spreadsheets expect; text that would run as a formula is defused."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for candidate in found.candidates:
        cells = (_cell(name, getattr(candidate, name)) for name in Candidate.model_fields)
        writer.writerow([found.on.isoformat(), *cells])
    return out.getvalue().encode("utf-8-sig")


def _cell(name: str, value: object) -> Cell:
    """Money to the cent, other figures to six digits, several texts in one cell, an unknown one blank."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() | Decimal():
            return value
        case float():
            return f"{money(value)}" if name in _MONEY else f"{round_significant(value, _DIGITS).normalize():f}"
        case tuple():
            return safe("; ".join(map(str, value)))
        case _:
            return safe(str(value))
