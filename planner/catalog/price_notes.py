"""What a reader should know beside a price: changes, contracts, retirement, age."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import pairwise

from planner.catalog.library_prices import LIBRARY_DATE, ListedModel, change_days, depends_on_the_hour
from planner.catalog.price_terms import Offer, PriceSource, in_out
from planner.domain.prices import PricePeriod, TokenPrices
from planner.units import add_months

EXTRA_RATES = (
    ("cached_input_usd_per_mtok", "cached input"),
    ("cache_write_usd_per_mtok", "cache writes"),
    ("reasoning_usd_per_mtok", "reasoning"),
)
"""Rates that are replaced by another one where there are none."""


def change_notes(periods: Sequence[PricePeriod], sources: Sequence[PriceSource], on: dt.date) -> Iterator[str]:
    """Prices that change within the horizon, a contract that begins or ends among them."""
    for (before, was), (after, now) in pairwise(zip(periods, sources, strict=True)):
        words = f"{in_out(before.prices.rates)} to {in_out(after.prices.rates)} per 1M tokens in / out"
        day = add_months(on, after.from_month - 1)
        if was.contract is now.contract:
            yield f"An announced price change is in force by {day}: {words}."
        elif now.contract is not None:
            yield f"The contracted price {now.contract.contract_id} is in force by {day}: {words}."
        else:
            yield f"The contracted price is over by {day}; the list price follows: {words}."


def contract_notes(periods: Sequence[PricePeriod], sources: Sequence[PriceSource]) -> Iterator[str]:
    """That a contract is used, beside what the list says."""
    for period, source in zip(periods, sources, strict=True):
        if source.contract is not None:
            listed = in_out(source.list_prices.rates) if source.list_prices else "no price"
            yield (
                f"Contracted price {source.contract.contract_id} of {source.contract.owner}: "
                f"{in_out(period.prices.rates)} per 1M tokens in / out, where the list says {listed}."
            )


def library_notes(listed: ListedModel, on: dt.date) -> Iterator[str]:
    """What the price library's entry leaves open."""
    if listed.info.deprecated:
        yield f"{listed.info.id} is marked deprecated by {listed.provider.name}."
    if depends_on_the_hour(listed.info):
        yield "Its price depends on the hour: the mean over the 24 hours of a day (UTC) is used, as for an even load."
    if on < LIBRARY_DATE:
        yield f"The price list is of {LIBRARY_DATE}: a price without dated history may have differed on {on}."


def overruled_note(listed: ListedModel, since: dt.date, until: dt.date) -> Iterator[str]:
    """A change that the library lists later than the row that is used instead of it."""
    later = [day for day in change_days(listed.info) if since < day <= until]
    if later:
        yield (
            f"The price list has a change on {later[0]} that is not used: a row of the catalog from {since} "
            "replaces it. Add a newer row to follow it."
        )


def lost_note(listed: TokenPrices, used: TokenPrices, context_tokens: int | None) -> Iterator[str]:
    """Prices that the library has and the row used instead of it has not: those tokens pay the ordinary rate."""
    kept = {tier.above_tokens for tier in used.long_tiers}
    lost = [words for name, words in EXTRA_RATES if getattr(listed.rates, name) and getattr(used.rates, name) is None]
    lost += [
        f"prompts above {tier.above_tokens:,} tokens"
        for tier in listed.long_tiers
        if tier.above_tokens not in kept and (context_tokens is None or tier.above_tokens < context_tokens)
    ]
    if lost:
        yield (
            f"The price list has another price for {' and for '.join(lost)}; the row of the catalog that replaces it "
            "has none, so they are billed at its ordinary rates."
        )


def free_note(periods: Sequence[PricePeriod]) -> Iterator[str]:
    """A price of 0 is said, for it is rarely the whole price."""
    if any(p.prices.rates.input_usd_per_mtok == 0 and p.prices.rates.output_usd_per_mtok == 0 for p in periods):
        yield "The price list says $0: expect rate limits, or a trial; check before relying on it."


def retirement_note(offer: Offer, retires_on: dt.date | None, on: dt.date, months: int) -> Iterator[str]:
    """That the model is gone, or goes within the horizon."""
    if retires_on is None:
        return
    name = f"{offer.model} at {offer.provider}"
    if retires_on <= on:
        yield (
            f"RETIRED: {name} retired on {retires_on} and cannot be bought any more; its last known price is used. "
            "Choose another model or host before you rely on this."
        )
    elif retires_on < add_months(on, months):
        month = next(k for k in range(1, months + 1) if retires_on < add_months(on, k))
        yield (
            f"{name} retires on {retires_on} (month {month} of the horizon); later months are priced as if it went on. "
            "Plan the move to another model."
        )
