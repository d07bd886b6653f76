"""The catalog as lists that can be searched: one entry per row, with everything it says as one text.

Building the entries of a table reads all of it; a search over them is a few milliseconds. Keep them while the catalog's
version and the day are the same.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from planner.catalog.catalog import Catalog
from planner.catalog.history import State, row_id, states
from planner.catalog.library import LIBRARY_TABLE, LibraryModel, library_models
from planner.catalog.listing import BY_KEY, Entry, Facet, Sort, TableSpec
from planner.catalog.rows import ApiPriceRow, Row
from planner.domain.base import as_of_date
from planner.domain.freshness import is_stale

PAST: tuple[State, ...] = ("replaced", "ended", "overruled")
"""States of figures that answers no longer use."""


class Query(NamedTuple):
    """What a reader asks of a list; what is empty asks nothing."""

    words: str = ""
    wanted: Mapping[str, Collection[str]] = {}
    """Facet name -> accepted values."""
    stale_only: bool = False
    retiring_only: bool = False
    current_only: bool = False
    """Leave out rows that a newer one has replaced, or that have ended."""


def spec_of(identifier: str) -> TableSpec | None:
    """The table that a row id belongs to; None when there is no such table."""
    table = identifier.partition("/")[0]
    return BY_KEY.get("api_prices" if table == LIBRARY_TABLE else table)


def entries(catalog: Catalog, spec: TableSpec, on: dt.date) -> tuple[Entry, ...]:
    """Every row of a table as it stands on the day `on`; the API prices include the models of the price library."""
    rows = spec.rows(catalog.tables)
    state_of = states(rows, on)
    listed = tuple(_entry(row, state_of[row_id(row)], catalog, on) for row in rows)
    return (*listed, *_library_entries(catalog, listed, on)) if spec.key == "api_prices" else listed


def matching(found: Sequence[Entry], query: Query, spec: TableSpec, on: dt.date) -> tuple[Entry, ...]:
    """The entries in which every word occurs and that pass every filter, in their order."""
    words = query.words.lower().split()
    facets = [(facet.of, frozenset(query.wanted.get(facet.name, ()))) for facet in spec.facets]
    facets = [(of, wanted) for of, wanted in facets if wanted]
    return tuple(
        entry
        for entry in found
        if all(word in entry.text for word in words)
        and all(of(entry) in wanted for of, wanted in facets)
        and not (query.stale_only and not is_stale(entry.as_of, on))
        and not (query.retiring_only and not entry.retiring)
        and not (query.current_only and entry.state in PAST)
    )


def ordered(found: Sequence[Entry], sort: Sort) -> tuple[Entry, ...]:
    """Sorted, equals in their order, what is not known last."""

    def key(entry: Entry) -> tuple[bool, Any]:
        value = sort.of(entry)
        return (True, 0) if value is None else (False, value.lower() if isinstance(value, str) else value)

    return tuple(sorted(found, key=key))


def facet_values(found: Sequence[Entry], facet: Facet) -> tuple[str, ...]:
    """What there is to choose from, in alphabetical order; blanks are left out."""
    return tuple(sorted({value for entry in found if (value := facet.of(entry))}, key=str.lower))


def _entry(row: Row, state: State, catalog: Catalog, on: dt.date) -> Entry:
    seen = getattr(row, "as_of", None)
    leaves: dt.date | None = getattr(row, "retires_on", None)
    if isinstance(row, ApiPriceRow):
        leaves = catalog.prices.retires_on(row.provider, row.model, on)
    return Entry(
        row_id=row_id(row),
        record=row,
        seen_on=as_of_date(seen) if seen else None,
        state=state,
        retires_on=leaves,
        deprecated=False,
        text=_searchable(row_id(row), state, *(getattr(row, name) for name in type(row).model_fields)),
    )


def _library_entries(catalog: Catalog, ours: Sequence[Entry], on: dt.date) -> tuple[Entry, ...]:
    """The models of the price library; where a usual offer of ours is in force, that one is used instead."""
    used = {
        (row.provider, row.model)
        for row in (entry.record for entry in ours if entry.state == "in force")
        if isinstance(row, ApiPriceRow) and row.service_tier == "standard" and not row.region
    }
    return tuple(
        Entry(
            row_id=model.row_id,
            record=model,
            seen_on=as_of_date(model.as_of),
            state="overruled" if (model.provider, model.model) in used else "in force",
            retires_on=catalog.prices.retires_on(model.provider, model.model, on),
            deprecated=model.deprecated,
            text=_searchable("price library", *_library_values(model)),
        )
        for model in library_models(on)
    )


def _library_values(model: LibraryModel) -> tuple[object, ...]:
    given = (getattr(model, f.name) for f in fields(model) if f.name != "price")
    return (*given, *(getattr(model.price, f.name) for f in fields(model.price)))


def _searchable(*values: object) -> str:
    return "\n".join(str(value) for value in values if value is not None and value != "").lower()
