"""What each model and service tier of a log pays on each of its days: a price, or the reason why there is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from planner.catalog.catalog import Catalog
from planner.catalog.log_names import LogModel
from planner.catalog.price_days import price_days
from planner.catalog.price_terms import Offer, PriceUnknown
from planner.decision.log_time import LogTime
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.prices import ServiceTier, TokenPrices
from planner.workload.rollup import IntArray

BATCH = "batch"
TIERS: dict[str, ServiceTier] = {
    "": "standard",
    "default": "standard",
    "flex": "flex",
    "priority": "priority",
    "standard": "standard",
    "turbo": "turbo",
}
"""Service tier of a log -> offer of the catalog; batch is a price of the standard offer."""


class Quote(NamedTuple):
    """A price, or why there is none."""

    offer: str
    prices: TokenPrices | None
    reason: Reason | None = None
    batch: bool = False
    """Whether these are the batch prices of the offer."""
    source: Evidence | None = None
    warnings: tuple[str, ...] = ()


Stretch = tuple[int, Quote]
"""First day (counted from the log's first) and what holds from then on."""


@dataclass(frozen=True)
class Quotes:
    """The quotes of a log; `place[model, tier, day]` is where its quote stands."""

    quotes: tuple[Quote, ...]
    place: IntArray

    def days_of(self, model: int, quote: int) -> tuple[int, int] | None:
        """First and last day of a quote for a model, counted from the log's first; None when it is not used."""
        used = np.flatnonzero((self.place[model] == quote).any(axis=0))
        return (int(used[0]), int(used[-1])) if used.size else None


def quotes_for(
    models: int, tiers: Sequence[str], time: LogTime, stretches: Callable[[int, str], Sequence[Stretch]]
) -> Quotes:
    """Asks `stretches(model, tier)` for every pair, tiers in lower case, and lays the answers out day by day."""
    days = (time.last_on - time.first_on).days + 1
    place = np.zeros((models, max(len(tiers), 1), days), dtype=np.int64)
    places: dict[Quote, int] = {}
    for model in range(models):
        for tier, name in enumerate(tiers):
            for start, quote in stretches(model, name.strip().lower()):
                place[model, tier, start:] = places.setdefault(quote, len(places))
    return Quotes(tuple(places), place)


def listed_stretches(
    catalog: Catalog, offer: Offer, tier: str, time: LogTime, on: dt.date | None
) -> tuple[Stretch, ...]:
    """The catalog's price of an offer on the days of a log, or on the one day `on` for all of them."""
    if tier != BATCH and tier not in TIERS:
        return ((0, Quote(str(offer), None, _no_tier(tier))),)
    asked = offer if tier == BATCH else offer._replace(service_tier=TIERS[tier])
    if on is not None:
        return ((0, _listed(catalog, asked, tier, on)),)
    found: list[Stretch] = []
    for day in price_days(catalog.tables, asked, time.first_on, time.last_on):
        quote = _listed(catalog, asked, tier, day)
        if not found or _other(quote, found[-1][1]):
            found.append(((day - time.first_on).days, quote))
    return tuple(found)


def _other(quote: Quote, before: Quote) -> bool:
    """Whether something that is paid, or its source, is not as before."""
    return (quote.prices, quote.reason, quote.source) != (before.prices, before.reason, before.source)


def known_stretch(label: str, prices: TokenPrices, tier: str, source: Evidence | None = None) -> tuple[Stretch, ...]:
    """One price for all days, such as one that is typed in."""
    return ((0, _effective(Quote(label, prices, batch=tier == BATCH, source=source))),)


def unknown_stretch(model: LogModel) -> tuple[Stretch, ...]:
    """No offer for a name."""
    return ((0, Quote("", None, model.reason)),)


def _listed(catalog: Catalog, offer: Offer, tier: str, day: dt.date) -> Quote:
    try:
        found = catalog.token_prices(
            offer.provider, offer.model, day, 1, region=offer.region, service_tier=offer.service_tier
        )
    except PriceUnknown as unknown:
        return Quote(str(offer), None, _no_price(unknown.reason))
    source = found.sources[0].evidence
    return _effective(Quote(str(offer), found.periods[0].prices, None, tier == BATCH, source, found.warnings))


def _effective(quote: Quote) -> Quote:
    """The rates that are paid, alone. API-3: a missing batch offer is said, never priced as standard in silence."""
    prices = quote.prices
    if prices is None:
        return quote
    if not quote.batch:
        return quote._replace(prices=TokenPrices(rates=prices.rates, long_tiers=prices.long_tiers))
    if prices.batch_rates is not None:
        return quote._replace(prices=TokenPrices(rates=prices.batch_rates, long_tiers=prices.batch_long_tiers))
    reason = Reason(
        code="BATCH_UNAVAILABLE",
        message=f"The log has batch requests; on their days there is no batch price for {quote.offer}.",
        field="model",
        remedy=(
            "Choose an offer with batch prices, type in a price with its batch discount, or price the whole log at the "
            "prices of one day that has them: --on DATE."
        ),
    )
    return quote._replace(prices=None, reason=reason)


def _no_price(reason: Reason) -> Reason:
    return reason.model_copy(
        update={
            "message": reason.message.replace(" (month 1 of the horizon)", ""),
            "remedy": f"{reason.remedy} Or price the whole log at the prices of one day: --on DATE.",
        }
    )


def _no_tier(tier: str) -> Reason:
    return Reason(
        code="PRICE_UNKNOWN",
        message=f"The log has a service tier {tier[:80]!r} that the catalog has no prices for.",
        field="service_tier",
        remedy=f"There are {', '.join(sorted({*TIERS.values(), BATCH}))}; map the column of the import to one of them.",
    )
