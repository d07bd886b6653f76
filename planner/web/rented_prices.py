"""The catalog's rental prices that fit a GPU and a term: what is on offer, by tier, and where an option starts."""

from __future__ import annotations

from planner.catalog.gpu_offers import (
    contract_in_force,
    current,
    in_tier,
    on_terms,
    price_in_force,
    spread,
    starting_offer,
)
from planner.catalog.rows import GpuPriceRow, PriceTerm, ProviderTier
from planner.decision.resolve_price import row_terms
from planner.domain.options import RentedOption
from planner.format import plural
from planner.web.option_switch import Changes
from planner.web.state import catalog, today

TIERS: tuple[ProviderTier | None, ...] = (None, "marketplace", "neocloud", "hyperscaler")
TERM_WORDS: dict[PriceTerm, str] = {
    "on_demand": "on demand",
    "spot": "spot",
    "reserved_1y": "reserved for 1 year",
    "reserved_3y": "reserved for 3 years",
    "capacity_block": "capacity block",
}


def fitting_rows(option: RentedOption, tier: ProviderTier | None = None) -> list[GpuPriceRow]:
    """Today's prices of the option's GPU on its term, one for each offer, cheapest first."""
    rows = on_terms(catalog().tables.gpu_prices, option.gpu_id, row_terms(option))
    return list(in_tier(current(rows, today()), tier))


def starting_price_id(gpu_id: str) -> str | None:
    """The middle neocloud offer of a GPU on demand, or else the middle hyperscaler's; None: marketplaces alone."""
    row = starting_offer(catalog().tables.gpu_prices, gpu_id, "on_demand", today())
    return None if row is None else row.price_id


def row_of(option: RentedOption) -> GpuPriceRow | None:
    """The row that the option names."""
    return catalog().tables.gpu_price_by_id.get(option.price_id or "")


def row_today(option: RentedOption) -> GpuPriceRow | None:
    """The price in force today of the offer that the option names."""
    named = row_of(option)
    return named and price_in_force(named, catalog().tables.gpu_prices, today())


def usd_today(row: GpuPriceRow) -> float:
    """What a GPU-hour of an offer costs here today: the contracted price where there is one, else the list price."""
    contract = contract_in_force(row, catalog().tables, today())
    return (contract and contract.usd_per_gpu_hour) or row.usd_per_gpu_hour


def with_price(option: RentedOption, **changes: object) -> Changes:
    """The changes, and the row that fits them: the same provider's when it has one, else where an option starts."""
    changed, before = option.model_copy(update=changes), row_of(option)
    offered = fitting_rows(changed)
    if option.price is not None or (before is not None and before.offer in {row.offer for row in offered}):
        return dict(changes)
    same = [row for row in offered if before and row.provider == before.provider and row.term != "capacity_block"]
    start = starting_offer(catalog().tables.gpu_prices, changed.gpu_id, row_terms(changed)[0], today())
    chosen = next(iter(same), start)
    return {**changes, "price_id": None if chosen is None else chosen.price_id}


def rental_usd_per_gpu_hour(gpu_id: str, option: RentedOption | None = None) -> float | None:
    """On-demand price of a GPU: typed in the option, of its row, of its provider, or else of where an option starts."""
    if option is not None and option.price is not None:
        return float(option.price.usd_per_gpu_hour)
    before = option and row_today(option)
    if before and before.gpu_id == gpu_id and before.term == "on_demand":
        return usd_today(before)
    rows = current(on_terms(catalog().tables.gpu_prices, gpu_id, ("on_demand",)), today())
    same = [row for row in rows if before and row.provider == before.provider]
    found = next(iter(same), starting_offer(rows, gpu_id, "on_demand", today()))
    return None if found is None else usd_today(found)


def tier_label(option: RentedOption, tier: ProviderTier | None) -> str:
    """A tier with how far its prices lie apart: the range first, as a narrow box cuts what follows."""
    found = spread(_compared(option, tier))
    told = f"{found.low:.2f} to {found.high:.2f} USD/h, {plural(found.offers, 'offer')}" if found else "no offer"
    return f"{tier or 'all providers'}: {told}"


def spread_sentence(option: RentedOption, tier: ProviderTier | None) -> str:
    """How far the prices of this GPU lie apart on this term, and where the option's own stands."""
    gpu = catalog().tables.gpu_by_id.get(option.gpu_id)
    row, term = row_today(option), TERM_WORDS[row_terms(option)[0]]
    what = f"{gpu.name if gpu else option.gpu_id} {term}{f', {tier}' if tier else ''}"
    own = f"; this one {row.usd_per_gpu_hour:.2f}, {row.provider}, {row.as_of}" if row else ""
    return f"{what}: {_spread_words(_compared(option, tier))}{own}."


def start_sentence(option: RentedOption) -> str:
    """That the option is where a new one starts, and why there; empty when its owner chose another offer."""
    row, terms = row_today(option), row_terms(option)
    start = starting_offer(catalog().tables.gpu_prices, option.gpu_id, terms[0], today())
    if row is not None and start is not None and row.offer == start.offer:
        why = "" if start.provider_tier == "neocloud" else ", as no neocloud lists it"
        return (
            f"A new option starts here, at the middle {start.provider_tier} by price{why}, each provider counted once "
            "with its cheapest offer: choose the one you would book."
        )
    if row is None and fitting_rows(option):
        return "Only marketplaces or capacity blocks are listed: choose one, or type in a price."
    return ""


def price_label(price_id: str | None) -> str:
    """An offer in one line: what it costs, on which term, where, in which tier, since when.

    The term is first: a block that is paid ahead is no on-demand price, and a narrow box cuts the end.
    """
    row = catalog().tables.gpu_price_by_id.get(price_id or "")
    if row is None:
        return price_id or "no price chosen"
    term = "" if row.term == "on_demand" else f"{TERM_WORDS[row.term]}, "
    contract = contract_in_force(row, catalog().tables, today())
    ours = f", contracted {contract.usd_per_gpu_hour:.2f}" if contract and contract.usd_per_gpu_hour else ""
    return f"${row.usd_per_gpu_hour:.2f}/h {term}{row.provider} {row.instance} ({row.provider_tier}, {row.as_of}{ours})"


def _compared(option: RentedOption, tier: ProviderTier | None) -> list[GpuPriceRow]:
    """Offers on the very term: a capacity block is no on-demand price."""
    return [row for row in fitting_rows(option, tier) if row.term == row_terms(option)[0]]


def _spread_words(rows: list[GpuPriceRow]) -> str:
    found = spread(rows)
    if found is None:
        return "no offer"
    if found.offers == 1:
        return f"1 offer, {found.median:.2f} USD/h"
    return f"{found.offers} offers, {found.low:.2f} to {found.high:.2f} USD/h, median {found.median:.2f}"
