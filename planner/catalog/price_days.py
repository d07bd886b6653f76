"""The days from which an offer may have another price: between two of them one look-up holds for every day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from genai_prices.types import ModelInfo, StartDateConstraint

from planner.catalog import library_prices
from planner.catalog.price_terms import Offer
from planner.catalog.rows import ApiPriceRow, ContractedPriceRow
from planner.catalog.tables import Tables

_DAY = dt.timedelta(days=1)


def price_days(tables: Tables, offer: Offer, first: dt.date, last: dt.date) -> tuple[dt.date, ...]:
    """`first`, and each later day up to `last` from which the price in force may be another, ascending."""
    inside = {day for day in _edges(tables, offer) if first < day <= last}
    return (first, *sorted(inside))


def _variant_days(info: ModelInfo) -> Iterator[dt.date]:
    """Batch and tier prices begin on days of their own."""
    for variant in info.price_variants or ():
        if isinstance(variant.constraint, StartDateConstraint):
            yield variant.constraint.start_date


def _edges(tables: Tables, offer: Offer) -> Iterator[dt.date]:
    listed = library_prices.lookup(offer.provider, offer.model)
    if listed is not None:
        yield from library_prices.change_days(listed.info)
        yield from _variant_days(listed.info)
    rows: tuple[ApiPriceRow | ContractedPriceRow, ...] = (*tables.api_prices, *tables.contracted)
    for row in rows:
        if (row.provider, row.model) == (offer.provider, offer.model):
            yield row.effective_from
            if row.effective_to is not None and row.effective_to < dt.date.max:
                yield row.effective_to + _DAY
