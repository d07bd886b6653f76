"""Rental offers of GPUs through time: the price in force on a day, contracts, tiers, and how far prices lie apart.

An offer (`GpuPriceRow.offer`) is what one provider rents out on one term; its rows are its prices through time. All
prices are USD for one GPU for one hour.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from planner.catalog import dated
from planner.catalog.rows import ContractedPriceRow, GpuPriceRow, PriceTerm, ProviderTier
from planner.catalog.tables import Tables

STARTING_TIERS: tuple[ProviderTier, ...] = ("neocloud", "hyperscaler")
"""Tiers that a price may be taken from unasked: what a marketplace lists is its cheapest machine of one day."""

SERVERLESS = "serverless"
"""Instance of a price per second of use, listed on demand."""

ONE_DAY = dt.timedelta(days=1)


class Spread(NamedTuple):
    """How far the offers of one thing lie apart."""

    offers: int
    low: float
    median: float
    high: float


def in_force(rows: Sequence[GpuPriceRow], on: dt.date) -> GpuPriceRow:
    """Of the prices of one offer the newest that is known on `on`; the earliest when all of them are later."""
    return dated.in_force(rows, on) or min(reversed(rows), key=dated.order)


def price_in_force(row: GpuPriceRow, rows: Iterable[GpuPriceRow], on: dt.date) -> GpuPriceRow:
    """The price on `on` of the offer that `row` belongs to."""
    return in_force([other for other in rows if other.offer == row.offer], on)


def current(rows: Iterable[GpuPriceRow], on: dt.date) -> tuple[GpuPriceRow, ...]:
    """One price for each offer, the one in force on `on`, cheapest first."""
    offers: dict[tuple[object, ...], list[GpuPriceRow]] = {}
    for row in rows:
        offers.setdefault(row.offer, []).append(row)
    return tuple(sorted((in_force(group, on) for group in offers.values()), key=_price))


def history(row: GpuPriceRow, rows: Iterable[GpuPriceRow]) -> tuple[GpuPriceRow, ...]:
    """All prices of the offer that `row` belongs to, oldest first."""
    return tuple(sorted((other for other in rows if other.offer == row.offer), key=dated.order))


def on_terms(rows: Iterable[GpuPriceRow], gpu_id: str, terms: Sequence[PriceTerm]) -> tuple[GpuPriceRow, ...]:
    """Prices of one GPU on any of these terms, of any day."""
    return tuple(row for row in rows if row.gpu_id == gpu_id and row.term in terms)


def in_tier(rows: Iterable[GpuPriceRow], tier: ProviderTier | None) -> tuple[GpuPriceRow, ...]:
    """Prices of one tier of providers; of all tiers when None."""
    return tuple(row for row in rows if tier is None or row.provider_tier == tier)


def spread(rows: Iterable[GpuPriceRow]) -> Spread | None:
    """Number, least, median and most of some prices; None when there are none."""
    prices = sorted(map(_price, rows))
    return Spread(len(prices), prices[0], statistics.median(prices), prices[-1]) if prices else None


def middle(rows: Sequence[GpuPriceRow]) -> GpuPriceRow | None:
    """The offer in the middle by price; the dearer of the two in the middle of an even number, so as not to flatter."""
    ranked = sorted(rows, key=lambda row: (row.usd_per_gpu_hour, row.price_id))
    return ranked[len(ranked) // 2] if ranked else None


def starting_offer(rows: Iterable[GpuPriceRow], gpu_id: str, term: PriceTerm, on: dt.date) -> GpuPriceRow | None:
    """Where an option starts whose owner has not chosen: the middle neocloud, or else the middle hyperscaler.

    Each provider counts once, with its cheapest offer: one that lists many machines does not move the middle. Never the
    cheapest: the same GPU differs eight times in price, and the cheapest is a marketplace's machine of one
    day. Never a capacity block, which is paid ahead, nor a serverless price: it leaves out CPU and memory, and such
    machines may be taken away. None when nothing else is offered.
    """
    offered = [row for row in current(on_terms(rows, gpu_id, (term,)), on) if row.instance != SERVERLESS]
    found = (middle(_one_each(in_tier(offered, tier))) for tier in STARTING_TIERS)
    return next((row for row in found if row is not None), None)


def _one_each(rows: Iterable[GpuPriceRow]) -> tuple[GpuPriceRow, ...]:
    """The cheapest offer of each provider."""
    first: dict[str, GpuPriceRow] = {}
    for row in sorted(rows, key=_price):
        first.setdefault(row.provider, row)
    return tuple(first.values())


def contract_in_force(row: GpuPriceRow, tables: Tables, on: dt.date) -> ContractedPriceRow | None:
    """The contract for the offer that `row` belongs to, on `on`; None when there is none or it is back to the list.

    As for prices per token, the newest that has begun counts, and it ends an older one for good.
    """
    return _priced(_contracts(row, tables), on)


def contract_change(row: GpuPriceRow, tables: Tables, on: dt.date, until: dt.date) -> dt.date | None:
    """First day after `on` and before `until` with another contract for the offer of `row`, or with none any more."""
    ours = _contracts(row, tables)
    days = {day for c in ours for day in (c.effective_from, c.effective_to and c.effective_to + ONE_DAY) if day}
    now = _priced(ours, on)
    return next((day for day in sorted(days) if on < day < until and _priced(ours, day) is not now), None)


def _contracts(row: GpuPriceRow, tables: Tables) -> list[ContractedPriceRow]:
    return [c for c in tables.contracted if c.gpu_price_id and _offer_of(c, tables) == row.offer]


def _priced(contracts: Iterable[ContractedPriceRow], on: dt.date) -> ContractedPriceRow | None:
    found = dated.in_force(contracts, on)
    return found if found is not None and found.usd_per_gpu_hour is not None else None


def _offer_of(contract: ContractedPriceRow, tables: Tables) -> tuple[object, ...]:
    return tables.gpu_price_by_id[contract.gpu_price_id].offer


def _price(row: GpuPriceRow) -> float:
    return row.usd_per_gpu_hour
