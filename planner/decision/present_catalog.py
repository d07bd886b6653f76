"""The lists of the catalog as tables: every row with its source, date, age, badges and a link to all about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from planner.catalog.gpu_offers import spread
from planner.catalog.history import USD_PER_GPU_HOUR
from planner.catalog.library import LibraryModel
from planner.catalog.listing import Entry
from planner.catalog.rows import GpuPriceRow, MeasuredRow, Row
from planner.decision.catalog_columns import COLUMNS, Shown, cell, price
from planner.decision.present_tables import AGE, NONE, ROW, Column, Table
from planner.domain.freshness import age_text
from planner.format import plural

TAIL = (Column("As of"), Column(AGE), Column("Badges"), Column("Origin"), Column("Source"), Column(ROW))
STATE_WORDS = {"overruled": "a dated row is used instead"}


def list_rows(title: str, key: str, found: Sequence[Entry], on: dt.date) -> Table:
    """The rows of a list, each with its source, date, age and badges."""
    shown = COLUMNS[key]
    columns = (*(column.column for column in shown), *TAIL)
    return Table(title, columns, tuple(_list_row(shown, entry, on) for entry in found))


def _list_row(shown: tuple[Shown, ...], entry: Entry, on: dt.date) -> tuple[str, ...]:
    record = entry.record
    return (
        *(cell(column.read(record)) for column in shown),
        entry.as_of or NONE,
        age_text(entry.as_of, on),
        badges(entry, on) or NONE,
        origin_of(record),
        getattr(record, "source_url", "") or getattr(record, "source", "") or NONE,
        entry.row_id,
    )


def origin_of(record: Row | LibraryModel) -> str:
    """measured, published, modelled or assumed."""
    if isinstance(record, MeasuredRow):
        return "modelled" if record.derived else "published"
    return str(getattr(record, "origin", "") or NONE)


def badges(entry: Entry, on: dt.date) -> str:
    """What to look out for beside its age, in words: another row is in force, the model is retired."""
    found: list[str] = [] if entry.state == "in force" else [STATE_WORDS.get(entry.state, entry.state)]
    if entry.retires_on is not None:
        days = (entry.retires_on - on).days
        found.append(
            f"retires {entry.retires_on}, in {plural(days, 'day')}" if days > 0 else f"retired {entry.retires_on}"
        )
    elif entry.deprecated:
        found.append("marked deprecated, no day known")
    return "; ".join(found)


def spread_sentence(found: Sequence[Entry]) -> str:
    """How far the offers of one GPU lie apart; empty unless they are all of one GPU."""
    rows = [entry.record for entry in found if isinstance(entry.record, GpuPriceRow)]
    apart = spread(rows)
    if apart is None or len({row.gpu_id for row in rows}) > 1:
        return ""
    low, middle, high = (price(Decimal(repr(value))) for value in (apart.low, apart.median, apart.high))
    return (
        f"{plural(apart.offers, 'offer')} of {rows[0].gpu_id}: {low} to {high} {USD_PER_GPU_HOUR}, median {middle}. "
        "No one of them is the price of this GPU: tier, term and region set it."
    )
