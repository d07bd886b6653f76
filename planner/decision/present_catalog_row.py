"""One row of the catalog as tables: its fields, its price history, and the rows it names."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from decimal import Decimal
from typing import NamedTuple

from planner.catalog.history import USD_PER_GPU_HOUR, USD_PER_MTOK, PriceHistory
from planner.catalog.library import LIBRARY_TABLE, LibraryModel
from planner.catalog.listing import Entry
from planner.catalog.rows import (
    DefaultRow,
    NamedRow,
    Row,
    SourcedRow,
)
from planner.decision.catalog_columns import cell, price
from planner.decision.present_catalog import badges
from planner.decision.present_tables import NONE, ROW, Column, Table
from planner.domain.freshness import age_text
from planner.format import MINUS
from planner.units import round_half_up

UNITS = (
    ("usd_per_mtok", USD_PER_MTOK),
    ("usd_per_gpu_hour", USD_PER_GPU_HOUR),
    ("usd_per_server", "USD per server"),
    ("usd_per_month", "USD a month"),
    ("usd_per_year", "USD a year"),
    ("gb_per_s", "GB/s"),
    ("tokens_per_s", "tokens/s"),
    ("tflops", "TFLOP/s"),
    ("tops", "TOP/s"),
    ("bytes_per_token_16bit", "bytes per token"),
    ("bits_per_weight", "bits"),
    ("mib_reported", "MiB"),
    ("gb_label", "GB"),
    ("_gib", "GiB"),
    ("_gb", "GB"),
    ("_kw", "kW"),
    ("_w", "W"),
    ("_ms", "ms"),
    ("_tokens", "tokens"),
    ("_params", "parameters"),
    ("_multiplier", "times"),
    ("_fraction", "of 1"),
    ("mau_limit", "users a month"),
)
"""End of a column's name -> unit of its figures."""


def detail_rows(entry: Entry, on: dt.date) -> Table:
    """Every field of one row with its unit and meaning."""
    columns = (Column("Field"), Column("Value"), Column("Unit"), Column("Meaning"))
    record = entry.record
    given = _library_fields(record) if isinstance(record, LibraryModel) else _row_fields(record)
    told = (
        ("age", age_text(entry.as_of, on), "", f"On {on}, since the date of the figure."),
        ("badges", badges(entry, on) or NONE, "", "Replaced by a newer row, announced, retired."),
    )
    return Table("All fields", columns, (*given, *told))


def _row_fields(row: Row) -> tuple[tuple[str, str, str, str], ...]:
    """Its own fields first, then those that every table has: origin, date, source."""
    known = type(row).model_fields
    names = sorted(known, key=lambda name: name in SourcedRow.model_fields)
    return tuple(
        (name, cell(value := getattr(row, name)), _unit(row, name, value), known[name].description or "")
        for name in names
    )


def _library_fields(model: LibraryModel) -> tuple[tuple[str, str, str, str], ...]:
    plain = [(f.name, getattr(model, f.name)) for f in fields(model) if f.name != "price"]
    priced = [(f.name, getattr(model.price, f.name)) for f in fields(model.price)]
    meanings = {
        "row_id": "How answers and links name this price.",
        "changes_on": "Days from which another price holds, past and announced.",
        "long_above_tokens": "Prompts above this pay another price, whole.",
        "comments": "What the price library notes.",
    }
    return tuple(
        (name, cell(v), _unit(model, name, v), meanings.get(name, "")) for name, v in (*plain[:5], *priced, *plain[5:])
    )


def _unit(record: object, name: str, value: object) -> str:
    if value is None or isinstance(value, str | bool):
        return ""
    if isinstance(record, DefaultRow) and name == "value":
        return record.unit
    return next((unit for end, unit in UNITS if name.endswith(end)), "")


def history_rows(history: PriceHistory) -> Table:
    """Every dated price of the same thing, newest first."""
    columns = (
        Column("Holds from"),
        Column("What"),
        Column("Price", align="right"),
        Column("Unit"),
        Column("Change", "%", "right"),
        Column("State"),
        Column(ROW),
    )
    rows = [
        (point.starts_on or dt.date.min, series.name, point, before, series.unit)
        for series in history.series
        for before, point in zip((None, *series.points), series.points, strict=False)
    ]
    ranked = sorted(rows, key=lambda row: row[0], reverse=True)
    return Table(
        "Price history",
        columns,
        tuple(
            (
                str(point.starts_on) if point.starts_on else "no first day given",
                name,
                price(Decimal(repr(point.value))),
                unit,
                NONE if before is None or not before.value else percent_change(point.value / before.value - 1),
                "announced" if point.announced else "known",
                point.row_id,
            )
            for _, name, point, before, unit in ranked
        ),
    )


def percent_change(fraction: float) -> str:
    """`+40.0`, `−12.5`, `0.0`: per cent, one decimal."""
    value = round_half_up(fraction * 100, 1)
    return f"{'+' if value > 0 else MINUS if value < 0 else ''}{abs(value):,}"


class Related(NamedTuple):
    """Another row that a row points to."""

    label: str
    row_id: str


def related(entry: Entry) -> tuple[Related, ...]:
    """Rows of other tables that this one names."""
    record = entry.record
    if isinstance(record, LibraryModel):
        return ()
    found = [
        Related(f"{column}: {value}", f"{target.removesuffix('.csv')}/{value}")
        for column, target in type(record).REFERENCES.items()
        if (value := getattr(record, column))
    ]
    if isinstance(record, NamedRow) and record.api:
        found.append(Related(f"price: {record.api}", f"{LIBRARY_TABLE}/{record.api}"))
    return tuple(found)
