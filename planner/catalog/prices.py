"""The one door to per-token prices: the library, our dated rows over it, contracts over both, and retirement days.

On every day a contracted price in force wins, then a row of `api_prices.csv` in force, then the price library. A month
without any price is refused: a price that ended is never carried on.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TypeVar

from planner.catalog import contracted_prices, library_prices, overlay_prices, price_notes
from planner.catalog.dated import in_force
from planner.catalog.library_prices import LIBRARY_DATE, ListedModel, find, library_version, models, providers
from planner.catalog.price_terms import (
    DayPrice,
    ListedPrices,
    Offer,
    PriceSource,
    PriceUnknown,
    differs,
)
from planner.catalog.rows import ApiCheckRow, Row
from planner.catalog.tables import Tables
from planner.domain.base import as_of_date
from planner.domain.facts import Reason
from planner.domain.prices import PricePeriod
from planner.units import add_months

__all__ = [
    "LIBRARY_DATE",
    "ListedModel",
    "ListedPrices",
    "Offer",
    "PriceBook",
    "PriceSource",
    "PriceUnknown",
    "find",
    "library_version",
    "models",
    "providers",
]

R = TypeVar("R", bound=Row)
Named = tuple[str, str]
"""Provider and model."""


class PriceBook:
    """Every per-token price of one set of tables, found by name; answers are kept."""

    def __init__(self, tables: Tables) -> None:
        self._overlay = overlay_prices.by_offer(tables.api_prices)
        self._contracts = _by(tables.contracted, lambda row: (row.provider, row.model))
        self._retirements = _by(tables.retirements, lambda row: (row.provider, row.model))
        self._checks = _by(tables.api_checks, lambda row: (row.provider, row.model))
        names = {(o.provider, o.model) for o in self._overlay} | {n for n in self._contracts if n[0]}
        self._models = {
            provider: tuple(sorted({*models(provider), *(m for p, m in names if p == provider)}))
            for provider in sorted({*providers(), *(p for p, _ in names)})
        }
        self.token_prices = lru_cache(1024)(self._token_prices)

    def providers(self) -> tuple[str, ...]:
        """Provider ids, sorted."""
        return tuple(self._models)

    def models(self, provider: str) -> tuple[str, ...]:
        """Model ids of one provider, aliases left out; none for a provider that is not known."""
        return self._models.get(provider, ())

    def offers(self, provider: str, model: str) -> tuple[Offer, ...]:
        """Offers in a region or service tier that our own rows price, beside the usual one."""
        return tuple(sorted(o for o in self._overlay if (o.provider, o.model) == (provider, model) and not o.usual))

    def retires_on(self, provider: str, model: str, on: dt.date) -> dt.date | None:
        """First day without the model there, as last heard; None when no such day is known."""
        heard = [(as_of_date(r.as_of), r.retires_on) for r in self._retirements.get((provider, model), ())]
        row = in_force(self._overlay.get(Offer(provider, model), ()), on)
        if row is not None and row.retires_on is not None:
            heard.append((as_of_date(row.as_of), row.retires_on))
        newest = max((seen for seen, _ in heard), default=None)
        return min((day for seen, day in heard if seen == newest), default=None)

    def _token_prices(self, offer: Offer, on: dt.date, months: int) -> ListedPrices:
        """Prices of an offer in each month from `on`, announced changes included. Raises PriceUnknown."""
        if offer.model not in self._models.get(offer.provider, ()):
            raise library_prices.unknown(offer.provider, offer.model, self._models)
        periods: list[PricePeriod] = []
        sources: list[PriceSource] = []
        contexts: list[int] = []
        for month in range(1, months + 1):
            found = self._on(offer, add_months(on, month - 1), month)
            contexts += [] if found.context_tokens is None else [found.context_tokens]
            if not periods or periods[-1].prices != found.prices:
                periods.append(PricePeriod(from_month=month, prices=found.prices))
                sources.append(found.source)
        retires_on = self.retires_on(offer.provider, offer.model, on)
        return ListedPrices(
            periods=tuple(periods),
            sources=tuple(sources),
            warnings=tuple(self._notes(offer, periods, sources, on, months)),
            context_tokens=min(contexts, default=None),
            has_batch=all(p.prices.batch_rates is not None for p in periods),
            retires_on=retires_on,
            checks=self._differing(offer, periods[0], sources[0]),
        )

    def _on(self, offer: Offer, day: dt.date, month: int) -> DayPrice:
        """The price in force on a day; PriceUnknown when there is none."""
        contract = in_force(self._contracts.get((offer.provider, offer.model), ()), day)
        if contract is None or contract.input_usd_per_mtok is None or not offer.usual:
            found = self._listed(offer, day)
        else:
            found = contracted_prices.day_price(contract, self._list_if_any(offer, day), offer)
        if found is None:
            raise self._no_price(offer, day, month)
        return found

    def _list_if_any(self, offer: Offer, day: dt.date) -> DayPrice | None:
        try:
            return self._listed(offer, day)
        except PriceUnknown:
            return None

    def _listed(self, offer: Offer, day: dt.date) -> DayPrice | None:
        """The list price: our own row in force, else the library."""
        row = in_force(self._overlay.get(offer, ()), day)
        listed = library_prices.lookup(offer.provider, offer.model)
        if row is None:
            return None if listed is None else library_prices.day_price(listed, offer, day)
        found = overlay_prices.day_price(row, offer)
        if found.context_tokens is None and listed is not None:
            found = found._replace(context_tokens=listed.info.context_window)
        return found

    def _no_price(self, offer: Offer, day: dt.date, month: int) -> PriceUnknown:
        rows = self._overlay.get(offer, ())
        others = self.offers(offer.provider, offer.model)
        known = [f"from {row.effective_from}" + (f" to {row.effective_to}" if row.effective_to else "") for row in rows]
        field = "model" if offer.usual else "region" if offer.region else "service_tier"
        ways = [f"Its prices are known {' and '.join(known)}."] if known else []
        ways += [f"There are prices of {'; '.join(map(str, others))}."] if others and not rows else []
        return PriceUnknown(
            Reason(
                code="PRICE_UNKNOWN",
                message=f"{offer} has no price on {day} (month {month} of the horizon).",
                field=field,
                remedy=" ".join([*ways, "Choose another model or offer, or type in the price."]),
            )
        )

    def _notes(
        self, offer: Offer, periods: list[PricePeriod], sources: list[PriceSource], on: dt.date, months: int
    ) -> Iterable[str]:
        yield from price_notes.retirement_note(offer, self.retires_on(offer.provider, offer.model, on), on, months)
        yield from price_notes.contract_notes(periods, sources)
        if not offer.usual and self._contracts.get((offer.provider, offer.model)):
            yield "A contracted price is for the provider's usual offer; it is not used for a region or a service tier."
        listed = library_prices.lookup(offer.provider, offer.model)
        row = in_force(self._overlay.get(offer, ()), on)
        if listed is not None and row is None:
            yield from price_notes.library_notes(listed, on)
        elif listed is not None and row is not None:
            yield from price_notes.overruled_note(listed, row.effective_from, add_months(on, months))
            yield from self._lost(listed, offer, on)
        yield from price_notes.change_notes(periods, sources, on)
        yield from price_notes.free_note(periods)

    def _lost(self, listed: ListedModel, offer: Offer, on: dt.date) -> Iterable[str]:
        """What the row in force leaves out of the library's price."""
        used = self._listed(offer, on)
        try:
            replaced = library_prices.day_price(listed, offer, on)
        except PriceUnknown:
            return
        if used is not None and replaced is not None:
            yield from price_notes.lost_note(replaced.prices, used.prices, used.context_tokens)

    def _differing(self, offer: Offer, first: PricePeriod, source: PriceSource) -> tuple[ApiCheckRow, ...]:
        """The newest word of every other source that is too far from the list price."""
        prices = first.prices if source.contract is None else source.list_prices
        if prices is None or not offer.usual:
            return ()
        newest: dict[str, ApiCheckRow] = {}
        for check in sorted(self._checks.get((offer.provider, offer.model), ()), key=lambda c: as_of_date(c.as_of)):
            newest[check.checked_by] = check
        return tuple(check for check in newest.values() if differs(check, prices.rates))


def _by(rows: Iterable[R], name: Callable[[R], Named]) -> Mapping[Named, tuple[R, ...]]:
    found: dict[Named, list[R]] = {}
    for row in rows:
        found.setdefault(name(row), []).append(row)
    return {key: tuple(rows) for key, rows in found.items()}
