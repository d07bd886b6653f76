"""The words of per-token prices: what is asked for, what is found for a day, and what is resolved for a horizon."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import NamedTuple

from planner.catalog.rows import ApiCheckRow, ContractedPriceRow
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.prices import PricePeriod, RateCard, ServiceTier, TokenPrices

LATEST = "-latest"
"""The end of an alias: the model behind it changes without notice."""
APART = Decimal("0.05")
"""Two sources differ when input or output is further apart than this share of the price in force here."""


class PriceUnknown(LookupError):
    """There is no usable price; `.reason` says why and the way out."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.message)
        self.reason = reason


class Offer(NamedTuple):
    """One model at one provider, in one region and service tier; no region: the provider's usual price."""

    provider: str
    model: str
    region: str = ""
    service_tier: ServiceTier = "standard"

    @property
    def usual(self) -> bool:
        """Neither region nor tier chosen."""
        return not self.region and self.service_tier == "standard"

    def __str__(self) -> str:
        chosen = [self.region] if self.region else []
        chosen += [] if self.service_tier == "standard" else [f"{self.service_tier} tier"]
        return f"{self.model} at {self.provider}" + (f" ({', '.join(chosen)})" if chosen else "")


class PriceSource(NamedTuple):
    """Where the rates of a period come from."""

    evidence: Evidence
    """Source, date, unit and catalog row of every rate; the label names the model."""
    list_prices: TokenPrices | None = None
    """The list prices, where a contract replaces them and there are any."""
    contract: ContractedPriceRow | None = None
    """The contract, where one is in force."""


class DayPrice(NamedTuple):
    """The price in force on one day."""

    prices: TokenPrices
    source: PriceSource
    context_tokens: int | None


class ListedPrices(NamedTuple):
    """Resolved prices of one model over a horizon, with their sources."""

    periods: tuple[PricePeriod, ...]
    sources: tuple[PriceSource, ...]
    """One for each period."""
    warnings: tuple[str, ...]
    context_tokens: int | None
    has_batch: bool
    retires_on: dt.date | None
    """First day without the model at this provider; None when no such day is known."""
    checks: tuple[ApiCheckRow, ...]
    """What other sources say, where it differs by more than `APART` from the list price of the first month."""

    @property
    def source(self) -> Evidence:
        """Source of the first month's rates."""
        return self.sources[0].evidence


def in_out(card: RateCard) -> str:
    """Input and output price in words, USD per 1M tokens."""
    return f"${card.input_usd_per_mtok.normalize():f} / ${card.output_usd_per_mtok.normalize():f}"


def exact(price: Decimal) -> Decimal:
    """To eight decimals: some listed prices carry the noise of a float."""
    return price.quantize(Decimal("1e-8")).normalize()


def scaled(card: RateCard, on_input: Decimal, on_output: Decimal) -> RateCard:
    """Every rate of the prompt times one factor, output and reasoning times another."""

    def times(rate: Decimal | None, factor: Decimal) -> Decimal | None:
        return None if rate is None else exact(rate * factor)

    return RateCard(
        input_usd_per_mtok=exact(card.input_usd_per_mtok * on_input),
        output_usd_per_mtok=exact(card.output_usd_per_mtok * on_output),
        cached_input_usd_per_mtok=times(card.cached_input_usd_per_mtok, on_input),
        cache_write_usd_per_mtok=times(card.cache_write_usd_per_mtok, on_input),
        cache_write_1h_usd_per_mtok=times(card.cache_write_1h_usd_per_mtok, on_input),
        reasoning_usd_per_mtok=times(card.reasoning_usd_per_mtok, on_output),
    )


def differs(check: ApiCheckRow, card: RateCard) -> bool:
    """Whether the other source is more than `APART` off on input or output."""
    pairs = (
        (check.input_usd_per_mtok, card.input_usd_per_mtok),
        (check.output_usd_per_mtok, card.output_usd_per_mtok),
    )
    return any(abs(theirs - ours) > APART * ours for theirs, ours in pairs)
