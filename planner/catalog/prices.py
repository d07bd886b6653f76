"""Per-token prices from the `genai-prices` package, as dated rate cards.

The package's process-wide updates are never used: the snapshot shipped with the pinned version is read once. Prices are
taken for explicit days; a price that depends on the hour is the mean over the 24 hours of that day.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import lru_cache
from importlib.metadata import version
from itertools import pairwise
from typing import NamedTuple

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import (
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    Tier,
    TieredPrices,
)

from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.nearest import did_you_mean
from planner.domain.prices import LongTier, PricePeriod, RateCard, TokenPrices
from planner.units import HOURS_PER_DAY, add_months

_KEYS = {
    "input_usd_per_mtok": "input_mtok",
    "output_usd_per_mtok": "output_mtok",
    "cached_input_usd_per_mtok": "cache_read_mtok",
    "cache_write_usd_per_mtok": "cache_write_mtok",
}
_UNMODELLED_CHARGES = {
    "requests_kcount": "a charge per request",
    "output_reasoning_mtok": "a price of its own for reasoning",
    "output_citation_mtok": "a charge for citations",
}
_BATCH = {"processing": "batch"}
_LATEST = "-latest"
_LIST_PROVIDERS = "`planner catalog list providers` lists them."
LIBRARY_DATE = dt.date(2026, 11, 9)
"""What the pinned library knows up to: its newest price change that was not a future one when it was released."""


class PriceUnknown(LookupError):
    """There is no usable price; `.reason` says why and the way out."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.message)
        self.reason = reason


class ListedModel(NamedTuple):
    """A model of the price library."""

    provider: Provider
    info: ModelInfo


class ListedPrices(NamedTuple):
    """Resolved prices of one model over a horizon, with their source."""

    periods: tuple[PricePeriod, ...]
    source: Evidence
    """Source, date and unit of every rate; the label names the model."""
    warnings: tuple[str, ...]
    context_tokens: int | None
    has_batch: bool


def library_version() -> str:
    """Name and version of the price library."""
    return f"genai-prices {version('genai-prices')}"


@lru_cache(1)
def _providers() -> dict[str, Provider]:
    return {provider.id: provider for provider in get_snapshot().providers}


def providers() -> tuple[str, ...]:
    """Provider ids, sorted."""
    return tuple(sorted(_providers()))


@lru_cache(64)
def models(provider: str) -> tuple[str, ...]:
    """Model ids of one provider that have a price per token, aliases left out."""
    entry = _providers().get(provider)
    return tuple(sorted(m.id for m in entry.models if not m.id.endswith(_LATEST))) if entry else ()


def _models_like(provider: str, model: str) -> str:
    listing = f"`planner catalog list models --provider {provider}` lists them."
    return did_you_mean(model, models(provider), listing)


def find(provider: str, model: str) -> ListedModel:
    """The model of exactly this id; PriceUnknown with the nearest names when there is none."""
    entry = _providers().get(provider)
    if entry is None:
        raise PriceUnknown(
            Reason(
                code="PROVIDER_UNKNOWN",
                message=f"The price catalog has no provider {provider!r}.",
                field="provider",
                remedy=did_you_mean(provider, _providers(), _LIST_PROVIDERS) + " Or type in the price.",
            )
        )
    if model.endswith(_LATEST):
        raise PriceUnknown(
            Reason(
                code="ALIAS_REFUSED",
                message=f"{model!r} is an alias: the model behind it changes without notice, and so does its price.",
                field="model",
                remedy=_models_like(provider, model.removesuffix(_LATEST)),
            )
        )
    for info in entry.models:
        if info.id == model:
            return ListedModel(entry, info)
    raise PriceUnknown(
        Reason(
            code="MODEL_UNKNOWN",
            message=f"The price catalog has no model {model!r} at {provider}.",
            field="model",
            remedy=_models_like(provider, model) + " Or type in the price.",
        )
    )


@lru_cache(512)
def token_prices(provider: str, model: str, on: dt.date, months: int) -> ListedPrices:
    """Prices of a model in each month from `on`, announced changes included. Raises PriceUnknown."""
    listed = find(provider, model)
    periods: list[PricePeriod] = []
    for month in range(1, months + 1):
        prices = _prices_on_day(listed, add_months(on, month - 1))
        if not periods or periods[-1].prices != prices:
            periods.append(PricePeriod(from_month=month, prices=prices))
    return ListedPrices(
        tuple(periods),
        _source(listed),
        _warnings(listed, periods, on),
        listed.info.context_window,
        all(p.prices.batch_rates is not None for p in periods),
    )


def _prices_on_day(listed: ListedModel, day: dt.date) -> TokenPrices:
    hours = [dt.datetime.combine(day, dt.time(hour, 30), dt.UTC) for hour in range(HOURS_PER_DAY)]
    standard = [listed.info.get_prices(hour) for hour in hours]
    batch = [listed.info.get_prices(hour, _BATCH) for hour in hours]
    rates, tiers = _cards(listed, standard)
    if batch == standard:
        return TokenPrices(rates=rates, long_tiers=tiers)
    batch_rates, batch_tiers = _cards(listed, batch)
    return TokenPrices(rates=rates, long_tiers=tiers, batch_rates=batch_rates, batch_long_tiers=batch_tiers)


def _cards(listed: ListedModel, hourly: list[ModelPrice]) -> tuple[RateCard, tuple[LongTier, ...]]:
    distinct = hourly[:1] if all(price == hourly[0] for price in hourly) else hourly
    _refuse_unmodelled(listed, distinct)
    starts = sorted({tier.start for price in distinct for value in _values(price) for tier in _tiers(value)})
    return _card(distinct, 0), tuple(LongTier(above_tokens=s, rates=_card(distinct, s + 1)) for s in starts)


def _values(price: ModelPrice) -> list[Decimal | TieredPrices | None]:
    return [getattr(price, key) for key in _KEYS.values()]


def _tiers(value: Decimal | TieredPrices | None) -> list[Tier]:
    return value.tiers if isinstance(value, TieredPrices) else []


def _card(hourly: list[ModelPrice], prompt_tokens: int) -> RateCard:
    """Mean over the hours of the rates that a prompt of this length pays."""
    fields = {name: _mean([_at(getattr(p, key), prompt_tokens) for p in hourly]) for name, key in _KEYS.items()}
    return RateCard.model_validate(fields)


def _at(value: Decimal | TieredPrices | None, prompt_tokens: int) -> Decimal | None:
    if isinstance(value, TieredPrices):
        above = [tier.price for tier in value.tiers if prompt_tokens > tier.start]
        return _exact(above[-1] if above else value.base)
    return None if value is None else _exact(value)


def _exact(price: Decimal) -> Decimal:
    """To eight decimals: some listed prices carry the noise of a float."""
    return price.quantize(Decimal("1e-8")).normalize()


def _mean(values: list[Decimal | None]) -> Decimal | None:
    known = [value for value in values if value is not None]
    if len(set(values)) == 1:
        return values[0]
    return None if len(known) < len(values) else _exact(sum(known, Decimal(0)) / len(known))


def _refuse_unmodelled(listed: ListedModel, hourly: list[ModelPrice]) -> None:
    charges = [text for key, text in _UNMODELLED_CHARGES.items() if any(getattr(p, key) is not None for p in hourly)]
    no_tokens = any(p.input_mtok is None or p.output_mtok is None for p in hourly)
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


def _start_dates(info: ModelInfo) -> list[dt.date]:
    entries = info.prices if isinstance(info.prices, list) else []
    constraints = [entry.constraint for entry in entries]
    return sorted(c.start_date for c in constraints if isinstance(c, StartDateConstraint))


def newest_change(until: dt.date) -> dt.date:
    """Newest dated price change in the library that is not after `until`."""
    return max(d for p in _providers().values() for m in p.models for d in _start_dates(m) if d <= until)


def _source(listed: ListedModel) -> Evidence:
    urls = listed.provider.pricing_urls or [""]
    return Evidence(
        label=f"{listed.info.id} at {listed.provider.id}",
        value="",
        unit="USD per 1M tokens",
        origin="published",
        source=f"{listed.provider.name} price list, through {library_version()}",
        source_url=urls[0],
        as_of=LIBRARY_DATE.isoformat(),
        confidence="high",
    )


def _warnings(listed: ListedModel, periods: list[PricePeriod], on: dt.date) -> tuple[str, ...]:
    notes = []
    if listed.info.deprecated:
        notes.append(f"{listed.info.id} is marked deprecated by {listed.provider.name}.")
    if on < LIBRARY_DATE:
        notes.append(f"The price list is of {LIBRARY_DATE}: a price without dated history may have differed on {on}.")
    for before, after in pairwise(periods):
        notes.append(
            f"An announced price change is in force by {add_months(on, after.from_month - 1)}: "
            f"{_in_out(before.prices.rates)} to {_in_out(after.prices.rates)} per 1M tokens in / out."
        )
    if any(p.prices.rates.input_usd_per_mtok == 0 and p.prices.rates.output_usd_per_mtok == 0 for p in periods):
        notes.append("The price list says $0: expect rate limits, or a trial; check before relying on it.")
    return tuple(notes)


def _in_out(card: RateCard) -> str:
    return f"${card.input_usd_per_mtok.normalize():f} / ${card.output_usd_per_mtok.normalize():f}"
