"""Prices that are well formed and still cannot be right: more than ten times off the same thing elsewhere.

A hand-typed price per 1K tokens, or of a whole node, passes every check of a single cell; beside others it stands out.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from planner.catalog import library_prices
from planner.catalog.price_terms import Offer, PriceUnknown
from planner.catalog.rows import ApiPriceRow, GpuPriceRow
from planner.catalog.tables import Tables

TOO_FAR = 10.0
"""A price this many times above or below the others is told."""
FEWEST = 3
"""Others that make a median worth comparing with."""


def odd_prices(tables: Tables, on: dt.date) -> tuple[str, ...]:
    """A sentence for each price that is more than ten times off, and each contract for a model nobody lists."""
    return (*_odd_api_prices(tables.api_prices, on), *_odd_gpu_prices(tables.gpu_prices), *_unlisted(tables))


def _unlisted(tables: Tables) -> Iterator[str]:
    ours = {(row.provider, row.model) for row in tables.api_prices}
    for row in tables.contracted:
        subject = (row.provider, row.model)
        if row.provider and subject not in ours and library_prices.lookup(*subject) is None:
            yield (
                f"contracted_prices/{row.contract_id}: there is no list price of {row.model!r} at {row.provider!r}; "
                "is the id right?"
            )


def _odd_api_prices(rows: Sequence[ApiPriceRow], on: dt.date) -> Iterator[str]:
    by_model: dict[str, list[ApiPriceRow]] = defaultdict(list)
    for row in rows:
        by_model[row.model_id].append(row)
    for row in rows:
        others = [o for o in by_model[row.model_id] if row.model_id and o is not row]
        for name in ("input_usd_per_mtok", "output_usd_per_mtok"):
            price = float(getattr(row, name))
            listed = _in_library(row, name, on)
            said = [("the price library's", listed)] if listed else []
            if len(others) >= FEWEST:
                said.append(
                    (f"the median of {row.model_id}", statistics.median(float(getattr(o, name)) for o in others))
                )
            yield from (f"api_prices/{row.price_id}: {name} {text}" for text in _told(price, said))


def _in_library(row: ApiPriceRow, name: str, on: dt.date) -> float:
    """The same rate in the price library; 0 when it has none."""
    listed = library_prices.lookup(row.provider, row.model)
    try:
        found = listed and library_prices.day_price(listed, Offer(row.provider, row.model), on)
    except PriceUnknown:
        return 0.0
    return float(getattr(found.prices.rates, name)) if found else 0.0


def _odd_gpu_prices(rows: Sequence[GpuPriceRow]) -> Iterator[str]:
    by_gpu: dict[str, list[GpuPriceRow]] = defaultdict(list)
    for row in rows:
        by_gpu[row.gpu_id].append(row)
    for row in rows:
        others = [o.usd_per_gpu_hour for o in by_gpu[row.gpu_id] if o is not row]
        if len(others) >= FEWEST:
            said = [(f"the median of {row.gpu_id}", statistics.median(others))]
            for text in _told(row.usd_per_gpu_hour, said):
                yield f"gpu_prices/{row.price_id}: usd_per_gpu_hour {text}"


def _told(price: float, others: Iterable[tuple[str, float]]) -> Iterator[str]:
    for name, other in others:
        if price and other and not 1 / TOO_FAR <= price / other <= TOO_FAR:
            way = "above" if price > other else "below"
            factor = max(price / other, other / price)
            yield f"{price:g} is {factor:,.0f} times {way} {name} {other:g}; is the unit right?"
