"""The models of the price library as one list, each with its price on a day and the days on which it changes.

`library_prices` resolves one model for an answer; this reads all of them at once, so that they can be searched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

from planner.catalog import library_prices
from planner.domain.base import Origin

LIBRARY_TABLE = "api"
"""First part of a library row's id: `api/<provider>/<model>`."""


@dataclass(frozen=True, slots=True)
class LibraryPrice:
    """What the price library says of one model on one day, USD per 1M tokens; None: it has no such price."""

    input_usd_per_mtok: Decimal | None
    cached_input_usd_per_mtok: Decimal | None
    output_usd_per_mtok: Decimal | None
    batch_input_usd_per_mtok: Decimal | None
    batch_output_usd_per_mtok: Decimal | None
    long_above_tokens: int | None
    """Prompts above this pay another price, whole."""


@dataclass(frozen=True, slots=True)
class LibraryModel:
    """One model of the price library, with its price on the day that was asked for."""

    row_id: str
    provider: str
    provider_name: str
    model: str
    name: str
    price: LibraryPrice
    context_tokens: int | None
    deprecated: bool
    comments: str
    as_of: str
    source: str
    source_url: str
    changes_on: tuple[dt.date, ...]
    """Days from which another price holds, past and announced."""
    origin: Origin = "published"


def library_models(on: dt.date) -> tuple[LibraryModel, ...]:
    """Every model of the library that has an id of its own, with its price on the day `on`; aliases are left out."""
    through = library_prices.library_version()
    return tuple(_model(provider, info, on, through) for provider, info in _listed())


def _listed() -> Iterator[tuple[Provider, ModelInfo]]:
    for provider in library_prices.providers():
        for model in library_prices.models(provider):
            if (found := library_prices.lookup(provider, model)) is not None:
                yield found.provider, found.info


def price_on(info: ModelInfo, day: dt.date) -> LibraryPrice:
    """The price on a day: the mean of its 24 hours where it depends on the hour."""
    standard, batch = library_prices.hourly(info, day), library_prices.hourly(info, day, library_prices.BATCH)
    has_batch = batch != standard
    return LibraryPrice(
        input_usd_per_mtok=library_prices.short_rate(standard, "input_mtok"),
        cached_input_usd_per_mtok=library_prices.short_rate(standard, "cache_read_mtok"),
        output_usd_per_mtok=library_prices.short_rate(standard, "output_mtok"),
        batch_input_usd_per_mtok=library_prices.short_rate(batch, "input_mtok") if has_batch else None,
        batch_output_usd_per_mtok=library_prices.short_rate(batch, "output_mtok") if has_batch else None,
        long_above_tokens=_first_tier(standard[0]),
    )


def _model(provider: Provider, info: ModelInfo, on: dt.date, through: str) -> LibraryModel:
    return LibraryModel(
        row_id=f"{LIBRARY_TABLE}/{provider.id}/{info.id}",
        provider=provider.id,
        provider_name=provider.name,
        model=info.id,
        name=info.name or info.id,
        price=price_on(info, on),
        context_tokens=info.context_window,
        deprecated=bool(info.deprecated),
        comments=" ".join(filter(None, (info.price_comments, provider.price_comments))),
        as_of=library_prices.LIBRARY_DATE.isoformat(),
        source=f"{provider.name} price list, through {through}",
        source_url=(provider.pricing_urls or [""])[0],
        changes_on=tuple(library_prices.change_days(info)),
    )


def _first_tier(price: ModelPrice) -> int | None:
    """The shortest prompt length above which another price holds."""
    tiered = (v for v in (price.input_mtok, price.output_mtok) if isinstance(v, TieredPrices))
    return min((tier.start for value in tiered for tier in value.tiers), default=None)
