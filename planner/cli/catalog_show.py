"""`planner catalog show` and `history`: one row, where it is from, and what the thing has cost."""

from __future__ import annotations

import argparse
import datetime as dt
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import fields
from decimal import Decimal

from planner.catalog.catalog import Catalog, installed
from planner.catalog.history import Point, PriceHistory, price_history
from planner.catalog.library import LibraryModel
from planner.catalog.listing import BY_KEY, Entry
from planner.catalog.rows import SourcedRow
from planner.catalog.search import entries, spec_of
from planner.cli.inputs import OK, InputError, add_day, day_of
from planner.cli.text import WIDTH, table_text
from planner.domain.freshness import age_text
from planner.domain.nearest import did_you_mean

ROW_HELP = "row as the tables and the page name it: gpu_prices/ID, api_prices/ID, models/ID, api/PROVIDER/MODEL"
NAME_WIDTH = 32
NO_PRICES = "It has no price of its own. Rows of gpu_prices, api_prices and api/PROVIDER/MODEL have."


def add_show(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner catalog show`."""
    parser.add_argument("row", metavar="ROW", help=ROW_HELP)
    add_day(parser)
    parser.set_defaults(run=_show)


def add_history(parser: argparse.ArgumentParser) -> None:
    """Arguments of `planner catalog history`."""
    parser.add_argument("row", metavar="ROW", help=ROW_HELP)
    add_day(parser)
    parser.set_defaults(run=_history)


def _show(options: argparse.Namespace) -> int:
    on, catalog = day_of(options), installed()
    entry = _entry(catalog, options.row, on)
    print(entry.row_id)
    for name, value in _cells(entry):
        print(textwrap.fill(f"{name:<{NAME_WIDTH}} {value}", WIDTH, subsequent_indent=" " * (NAME_WIDTH + 1)))
    seen = getattr(entry.record, "as_of", "") or ""
    print(f"{'state':<{NAME_WIDTH}} {entry.state}, {age_text(seen, on)}")
    history = price_history(catalog.tables, entry.row_id, on)
    if history.points:
        print(f"\nHistory\n=======\n{_table(history)}")
    return OK


def _history(options: argparse.Namespace) -> int:
    on, catalog = day_of(options), installed()
    entry = _entry(catalog, options.row, on)
    print(_table(price_history(catalog.tables, entry.row_id, on)))
    return OK


def _entry(catalog: Catalog, identifier: str, on: dt.date) -> Entry:
    """The row of this id; InputError with the nearest ids when there is none."""
    spec = spec_of(identifier)
    if spec is None:
        raise InputError(_no_table(catalog, identifier, on))
    found = entries(catalog, spec, on)
    by_id = {entry.row_id: entry for entry in found}
    if identifier not in by_id:
        hint = did_you_mean(identifier, by_id, "`planner catalog list` lists them.")
        raise InputError(f"{identifier}: there is no such row. {hint}")
    return by_id[identifier]


def _no_table(catalog: Catalog, identifier: str, on: dt.date) -> str:
    """A bare id, as scenario files have it, is found in its table."""
    whole = [f"{key}/{identifier}" for key in BY_KEY]
    found = [row for key, row in zip(BY_KEY, whole, strict=True) if _has(catalog, key, row, on)] if identifier else []
    told = f"Did you mean {' or '.join(found)}?" if found else f"The tables are {', '.join((*BY_KEY, 'api'))}."
    return f"{identifier or 'An empty name'}: no table of that name. A row is TABLE/ID. {told}"


def _has(catalog: Catalog, key: str, row_id: str, on: dt.date) -> bool:
    return any(entry.row_id == row_id for entry in entries(catalog, BY_KEY[key], on))


def _cells(entry: Entry) -> Iterator[tuple[str, str]]:
    """Column and value of everything the row says; blanks are left out."""
    record = entry.record
    if isinstance(record, LibraryModel):
        yield from _said((f.name, getattr(record.price, f.name)) for f in fields(record.price))
        yield from _said((f.name, getattr(record, f.name)) for f in fields(record) if f.name not in ("price", "row_id"))
    else:
        own = [name for name in type(record).model_fields if name not in SourcedRow.model_fields]
        sources = [name for name in type(record).model_fields if name in SourcedRow.model_fields]
        yield from _said((name, getattr(record, name)) for name in (*own, *sources))


def _said(cells: Iterable[tuple[str, object]]) -> Iterator[tuple[str, str]]:
    for name, value in cells:
        if value is not None and value not in ("", ()):
            yield name, ", ".join(map(str, value)) if isinstance(value, tuple) else _value(value)


def _value(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _table(history: PriceHistory) -> str:
    """Every price of the thing by its first day."""
    rows = [
        (_day(point), series.name, f"{point.value:g}", series.unit, point.row_id)
        for series in history.series
        for point in series.points
    ]
    return table_text(("From", "Figure", "Value", "Unit", "Row"), rows) if rows else NO_PRICES


def _day(point: Point) -> str:
    if point.starts_on is None:
        return "before"
    return f"{point.starts_on}{', announced' if point.announced else ''}"
