"""What sources of GPU prices share: the offers that the catalog knows, and a new dated row of one of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from math import floor

from planner.catalog.catalog import Catalog
from planner.catalog.gpu_offers import current
from planner.catalog.history import row_id
from planner.catalog.rows import GpuPriceRow
from planner.domain.base import as_of_date
from planner.refresh.diff import offer_of
from planner.refresh.snapshot import InForce, Offer, RowMaker, dated_ids

FOUR_DECIMALS = Decimal("0.0001")
HOURS_PER_YEAR = 8760
"""What providers divide the price of a term by."""
YEARS = {"reserved_1y": 1, "reserved_3y": 3}
LEAST_SHARE = 0.8
"""A list with less than this share of the offers that we know there is refused when there was no look before."""


def known_offers(catalog: Catalog, on: dt.date, ours: Callable[[GpuPriceRow], bool]) -> tuple[GpuPriceRow, ...]:
    """The price in force of every offer that this source should know."""
    return tuple(row for row in current(catalog.tables.gpu_prices, on) if ours(row))


def newest(catalog: Catalog, ours: Callable[[GpuPriceRow], bool]) -> dt.date | None:
    """The newest day of the prices that this source should know."""
    return max((as_of_date(row.as_of) for row in catalog.tables.gpu_prices if ours(row)), default=None)


def as_in_force(rows: Iterable[GpuPriceRow]) -> dict[Offer, InForce]:
    """The rows by offer."""
    return {offer_of(row): InForce(row, row_id(row)) for row in rows}


def least(known: Sequence[GpuPriceRow]) -> dict[str, int]:
    """How many offers a list must have to be believed at first."""
    return {"offers": floor(LEAST_SHARE * len(known))}


def repriced(
    found: Sequence[tuple[GpuPriceRow, Decimal, str]],
    source: str,
    source_url: str,
    on: dt.date,
    maker: RowMaker,
) -> tuple[GpuPriceRow, ...]:
    """A row of this day for each offer: its price for one GPU for one hour, to four decimals, and a note."""
    ids = dated_ids((_name(old) for old, _, _ in found), on)
    made = []
    for (old, price, note), price_id in zip(found, ids, strict=True):
        values: Mapping[str, object] = old.model_dump() | {
            "price_id": price_id,
            "usd_per_gpu_hour": float(price.quantize(FOUR_DECIMALS, ROUND_HALF_UP)),
            "as_of": on.isoformat(),
            "origin": "published",
            "confidence": "high",
            "source": source,
            "source_url": source_url,
            "note": note,
        }
        made.append(maker.make(GpuPriceRow, _name(old), values, on))
    return tuple(row for row in made if row is not None)


def _name(row: GpuPriceRow) -> str:
    count = f"{row.gpus_per_instance}x-" if row.gpus_per_instance > 1 else ""
    return "-".join(filter(None, (row.provider, row.gpu_id, count + row.instance, row.term, row.region)))
