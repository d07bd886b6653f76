"""What a thing cost from which day on: its dated rows, and what the price library knows of past and coming changes.

Rows are never edited, so the history of a price is the rows that agree in everything but their dates.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from planner.catalog import library_prices
from planner.catalog.dated import in_force, order, starts_on
from planner.catalog.library import LIBRARY_TABLE, LibraryPrice, price_on
from planner.catalog.rows import (
    ApiPriceRow,
    ContractedPriceRow,
    DefaultRow,
    GpuPriceRow,
    Row,
    ServerPriceRow,
)
from planner.catalog.tables import Tables

State = Literal["in force", "announced", "replaced", "ended", "overruled"]
"""overruled: a figure of the price library that a dated row of ours stands in for."""
DATES = ("effective_from", "as_of")
"""Columns that say when; what is left of a row's THING says what."""
USD_PER_MTOK, USD_PER_GPU_HOUR, USD_PER_SERVER = "USD per 1M tokens", "USD per GPU-hour", "USD per server"


class Point(NamedTuple):
    """A price from a day on."""

    starts_on: dt.date | None
    """None: the source gives no first day."""
    value: float
    row_id: str
    announced: bool
    """It is not in force yet."""


class Series(NamedTuple):
    """The prices of one kind from one source, oldest first."""

    name: str
    unit: str
    points: tuple[Point, ...]


class PriceHistory(NamedTuple):
    """Everything known of the price of one thing."""

    on: dt.date
    series: tuple[Series, ...]

    @property
    def points(self) -> tuple[Point, ...]:
        """All points of all series."""
        return tuple(point for series in self.series for point in series.points)

    @property
    def dated(self) -> bool:
        """Whether there is a change to draw: a series with two prices, one of which says from when."""
        return any(len(s.points) > 1 and any(p.starts_on for p in s.points) for s in self.series)


def row_id(row: Row) -> str:
    """`table/id`: how evidence and links name a row."""
    return f"{row.FILE.removesuffix('.csv')}/{getattr(row, row.KEY)}"


def thing(row: Row) -> tuple[object, ...]:
    """What a row is about, whatever the day; rows of one thing follow each other in time."""
    parts = tuple(column for column in row.THING if column not in DATES)
    return (row.FILE, *(getattr(row, column) for column in parts)) if parts else (row_id(row),)


def states(rows: Sequence[Row], on: dt.date) -> dict[str, State]:
    """State of every row of a table on a day, by row id."""
    groups: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(thing(row), []).append(row)
    found: dict[str, State] = {}
    for group in groups.values():
        current = in_force(group, on)
        found |= {row_id(row): _state(row, current, on) for row in group}
    return found


def _state(row: Row, current: Row | None, on: dt.date) -> State:
    if row is current:
        return "in force"
    if starts_on(row) > on:
        return "announced"
    last_day = getattr(row, "effective_to", None)
    return "ended" if last_day is not None and last_day < on else "replaced"


def price_history(tables: Tables, identifier: str, on: dt.date) -> PriceHistory:
    """The history of the thing that a row id names; no series when the row has no price or there is no such row."""
    table, _, rest = identifier.partition("/")
    if table == LIBRARY_TABLE:
        provider, _, model = rest.partition("/")
        return PriceHistory(on, (*_overlay(tables, provider, model, on), *_library(provider, model, on)))
    rows = _rows_of(tables, table)
    row = next((r for r in rows if row_id(r) == identifier), None)
    if row is None:
        return PriceHistory(on, ())
    dated = _dated([r for r in rows if thing(r) == thing(row)], on)
    if isinstance(row, ApiPriceRow):
        return PriceHistory(on, (*dated, *_library(row.provider, row.model, on)))
    return PriceHistory(on, dated)


def _rows_of(tables: Tables, table: str) -> tuple[Row, ...]:
    found: dict[str, tuple[Row, ...]] = {
        "gpu_prices": tables.gpu_prices,
        "server_prices": tables.server_prices,
        "api_prices": tables.api_prices,
        "contracted_prices": tables.contracted,
        "defaults": tables.defaults,
    }
    return found.get(table, ())


def _figures(row: Row) -> tuple[tuple[str, str, Decimal | float | None], ...]:
    """Name, unit and value of the prices of a row."""
    match row:
        case GpuPriceRow():
            return (("GPU rental", USD_PER_GPU_HOUR, row.usd_per_gpu_hour),)
        case ServerPriceRow():
            return (("Server", USD_PER_SERVER, row.usd_per_server),)
        case DefaultRow():
            return ((row.parameter, row.unit, row.value),)
        case ApiPriceRow():
            return _token_figures(row, "dated rows")
        case ContractedPriceRow():
            gpu = ("Contracted GPU rental", USD_PER_GPU_HOUR, row.usd_per_gpu_hour)
            return (*_token_figures(row, "contracted"), gpu)
    return ()


def _token_figures(
    price: ApiPriceRow | ContractedPriceRow | LibraryPrice, source: str
) -> tuple[tuple[str, str, Decimal | None], ...]:
    return (
        (f"Input, {source}", USD_PER_MTOK, price.input_usd_per_mtok),
        (f"Cached input, {source}", USD_PER_MTOK, price.cached_input_usd_per_mtok),
        (f"Output, {source}", USD_PER_MTOK, price.output_usd_per_mtok),
    )


def _dated(rows: Sequence[Row], on: dt.date) -> tuple[Series, ...]:
    """One series per figure of the rows of one thing."""
    collected: dict[tuple[str, str], list[Point]] = {}
    for row in sorted(rows, key=order):
        for name, unit, value in _figures(row):
            if value is not None:
                point = Point(starts_on(row), float(value), row_id(row), starts_on(row) > on)
                collected.setdefault((name, unit), []).append(point)
    return tuple(Series(name, unit, tuple(points)) for (name, unit), points in collected.items())


def _overlay(tables: Tables, provider: str, model: str, on: dt.date) -> tuple[Series, ...]:
    """Dated rows of a model of the library: its standard offer, or else whatever offer there is."""
    rows = [row for row in tables.api_prices if (row.provider, row.model) == (provider, model)]
    standard = [row for row in rows if row.service_tier == "standard" and not row.region]
    return _dated(standard or rows, on)


def _library(provider: str, model: str, on: dt.date) -> tuple[Series, ...]:
    """What the price library has: the price before its first dated change, then one point per change."""
    listed = library_prices.lookup(provider, model)
    if listed is None:
        return ()
    days, info = library_prices.change_days(listed.info), listed.info
    starts: list[dt.date | None] = [None, *days]
    first = days[0] - dt.timedelta(days=1) if days else on
    found = [price_on(info, first), *(price_on(info, day) for day in days)]
    identifier = f"{LIBRARY_TABLE}/{provider}/{model}"
    names = [name for name, _, _ in _token_figures(found[0], "price library")]
    series = []
    for place, name in enumerate(names):
        values = [_token_figures(price, "")[place][2] for price in found]
        points = tuple(
            Point(start, float(value), identifier, start is not None and start > on)
            for start, value in zip(starts, values, strict=True)
            if value is not None
        )
        if points:
            series.append(Series(name, USD_PER_MTOK, points))
    return tuple(series)
