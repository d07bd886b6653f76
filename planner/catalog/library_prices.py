"""Per-token prices from the `genai-prices` package: models by exact id, and the price of a day.

The figures bundled with the pinned version are read directly: the package's process-wide snapshot, which an update in
the background or another user of the process may replace, plays no part. Prices are taken for explicit days; a price
that depends on the hour is the mean over the 24 hours of that day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from typing import NamedTuple

from genai_prices.data import providers as bundled
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
    TimeOfDateConstraint,
)

from planner.catalog.price_terms import LATEST, DayPrice, Offer, PriceSource, PriceUnknown, exact
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.nearest import did_you_mean
from planner.domain.prices import LongTier, RateCard, TokenPrices
from planner.units import HOURS_PER_DAY

_KEYS = {
    "input_usd_per_mtok": "input_mtok",
    "output_usd_per_mtok": "output_mtok",
    "cached_input_usd_per_mtok": "cache_read_mtok",
    "cache_write_usd_per_mtok": "cache_write_mtok",
    "cache_write_1h_usd_per_mtok": "cache_write_1h_mtok",
    "reasoning_usd_per_mtok": "output_reasoning_mtok",
}
UNMODELLED_CHARGES = {
    "requests_kcount": "a charge per request",
    "output_citation_mtok": "a charge for citations",
}
BATCH = {"processing": "batch"}
"""How the library is asked for batch prices."""
_LIST_PROVIDERS = "`planner catalog list providers` lists them."
LIBRARY_DATE = dt.date(2026, 11, 9)
"""What the pinned library knows up to: its newest price change that was not a future one when it was released."""


class ListedModel(NamedTuple):
    """A model of the price library."""

    provider: Provider
    info: ModelInfo


@lru_cache(1)
def library_version() -> str:
    """Name and version of the price library."""
    return f"genai-prices {version('genai-prices')}"


@lru_cache(1)
def _providers() -> Mapping[str, Provider]:
    return {provider.id: provider for provider in bundled}


def providers() -> tuple[str, ...]:
    """Provider ids, sorted."""
    return tuple(sorted(_providers()))


@lru_cache(64)
def models(provider: str) -> tuple[str, ...]:
    """Model ids of one provider that have a price per token, aliases left out."""
    entry = _providers().get(provider)
    return tuple(sorted(m.id for m in entry.models if not m.id.endswith(LATEST))) if entry else ()


@lru_cache(64)
def _by_id(provider: str) -> Mapping[str, ModelInfo]:
    entry = _providers().get(provider)
    return {m.id: m for m in entry.models} if entry else {}


def lookup(provider: str, model: str) -> ListedModel | None:
    """The model of exactly this id; None when the library has none."""
    info = _by_id(provider).get(model)
    return None if info is None or model.endswith(LATEST) else ListedModel(_providers()[provider], info)


def find(provider: str, model: str) -> ListedModel:
    """The model of exactly this id; PriceUnknown with the nearest names when the library has none."""
    found = lookup(provider, model)
    if found is None:
        raise unknown(provider, model, {name: models(name) for name in providers()})
    return found


def unknown(provider: str, model: str, known: Mapping[str, tuple[str, ...]]) -> PriceUnknown:
    """Why there is no such model: an alias, or a name that `known` (provider to its models) lacks."""
    listing = f"`planner catalog list models --provider {provider}` lists them."
    if provider not in known:
        return PriceUnknown(
            Reason(
                code="PROVIDER_UNKNOWN",
                message=f"The price catalog has no provider {provider!r}.",
                field="provider",
                remedy=did_you_mean(provider, known, _LIST_PROVIDERS) + " Or type in the price.",
            )
        )
    if model.endswith(LATEST):
        return PriceUnknown(
            Reason(
                code="ALIAS_REFUSED",
                message=f"{model!r} is an alias: the model behind it changes without notice, and so does its price.",
                field="model",
                remedy=did_you_mean(model.removesuffix(LATEST), known[provider], listing),
            )
        )
    return PriceUnknown(
        Reason(
            code="MODEL_UNKNOWN",
            message=f"The price catalog has no model {model!r} at {provider}.",
            field="model",
            remedy=did_you_mean(model, known[provider], listing) + " Or type in the price.",
        )
    )


def day_price(listed: ListedModel, offer: Offer, day: dt.date) -> DayPrice | None:
    """The library's price on a day; None when it has no such region or tier. PriceUnknown for unmodelled charges."""
    if offer.region:
        return None
    context = {} if offer.service_tier == "standard" else {"service_tier": offer.service_tier}
    standard = hourly(listed.info, day)
    asked = hourly(listed.info, day, context) if context else standard
    if context and asked == standard:
        return None
    batch = asked if context else hourly(listed.info, day, BATCH)
    rates, tiers = _cards(listed, asked)
    prices = TokenPrices(rates=rates, long_tiers=tiers)
    if batch != asked:
        batch_rates, batch_tiers = _cards(listed, batch)
        prices = TokenPrices(rates=rates, long_tiers=tiers, batch_rates=batch_rates, batch_long_tiers=batch_tiers)
    return DayPrice(prices, PriceSource(_evidence(listed, offer)), listed.info.context_window)


def hourly(info: ModelInfo, day: dt.date, context: Mapping[str, str] | None = None) -> list[ModelPrice]:
    """The prices of a day, hour by hour (UTC); one when all are the same."""
    when = range(HOURS_PER_DAY) if depends_on_the_hour(info) else (12,)
    moments = [dt.datetime.combine(day, dt.time(hour, 30), dt.UTC) for hour in when]
    found = [info.get_prices(moment, dict(context or {})) for moment in moments]
    return found[:1] if all(price == found[0] for price in found) else found


def short_rate(prices: Iterable[ModelPrice], key: str) -> Decimal | None:
    """Mean over the hours of what a short prompt pays; None when there is no such price."""
    return _mean([_at(getattr(price, key), 0) for price in prices])


def _cards(listed: ListedModel, distinct: list[ModelPrice]) -> tuple[RateCard, tuple[LongTier, ...]]:
    _refuse_unmodelled(listed, distinct)
    starts = sorted({tier.start for price in distinct for value in _values(price) for tier in _tiers(value)})
    return _card(distinct, 0), tuple(LongTier(above_tokens=s, rates=_card(distinct, s + 1)) for s in starts)


def _values(price: ModelPrice) -> list[Decimal | TieredPrices | None]:
    return [getattr(price, key) for key in _KEYS.values()]


def _tiers(value: Decimal | TieredPrices | None) -> list[Tier]:
    return value.tiers if isinstance(value, TieredPrices) else []


def _card(prices: list[ModelPrice], prompt_tokens: int) -> RateCard:
    """Mean over the hours of the rates that a prompt of this length pays."""
    fields = {name: _mean([_at(getattr(p, key), prompt_tokens) for p in prices]) for name, key in _KEYS.items()}
    return RateCard.model_validate(fields)


def _at(value: Decimal | TieredPrices | None, prompt_tokens: int) -> Decimal | None:
    if isinstance(value, TieredPrices):
        above = [tier.price for tier in value.tiers if prompt_tokens > tier.start]
        return exact(above[-1] if above else value.base)
    return None if value is None else exact(value)


def _mean(values: list[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    if len(set(values)) == 1:
        return values[0]
    return None if len(known) < len(values) else exact(sum(known, Decimal(0)) / len(known))


def _refuse_unmodelled(listed: ListedModel, prices: list[ModelPrice]) -> None:
    charges = [text for key, text in UNMODELLED_CHARGES.items() if any(getattr(p, key) is not None for p in prices)]
    no_tokens = any(p.input_mtok is None or p.output_mtok is None for p in prices)
    if not charges and not no_tokens:
        return
    what = (
        f"has {', '.join(charges)} that is not modelled yet" if charges else "has no price for input and output tokens"
    )
    raise PriceUnknown(
        Reason(
            code="PRICE_UNKNOWN",
            message=f"{listed.info.id} at {listed.provider.id} {what}.",
            field="model",
            remedy="Choose another model, or type in the price.",
        )
    )


def change_days(info: ModelInfo) -> list[dt.date]:
    """Days from which the library has another price of this model, ascending."""
    entries = info.prices if isinstance(info.prices, list) else []
    constraints = [entry.constraint for entry in entries]
    return sorted(c.start_date for c in constraints if isinstance(c, StartDateConstraint))


def depends_on_the_hour(info: ModelInfo) -> bool:
    """Whether the library has prices for parts of the day."""
    constraints = [entry.constraint for entry in info.prices] if isinstance(info.prices, list) else []
    constraints += [variant.constraint for variant in info.price_variants or []]
    return any(isinstance(constraint, TimeOfDateConstraint) for constraint in constraints)


def newest_change(until: dt.date) -> dt.date:
    """Newest dated price change in the library that is not after `until`."""
    return max(d for p in _providers().values() for m in p.models for d in change_days(m) if d <= until)


def _evidence(listed: ListedModel, offer: Offer) -> Evidence:
    urls = listed.provider.pricing_urls or [""]
    return Evidence(
        label=str(offer),
        value="",
        unit="USD per 1M tokens",
        origin="published",
        source=f"{listed.provider.name} price list, through {library_version()}",
        source_url=urls[0],
        as_of=LIBRARY_DATE.isoformat(),
        confidence="high",
        row=f"api/{listed.provider.id}/{listed.info.id}",
    )
