"""Prices as the model uses them: rate cards per token, long-context tiers, changes by month; the terms of GPU rent."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from planner.domain.base import Rate, Value

CacheLife = Literal["5m", "1h"]
"""How long a written cache lasts at the provider: five minutes or one hour, at two prices."""
ServiceTier = Literal["standard", "flex", "priority", "turbo"]
"""The provider's offers for the same model: slower and cheaper, or faster and dearer, than the standard one."""
PriceTerm = Literal["on_demand", "spot", "reserved_1y", "reserved_3y", "capacity_block"]
"""How a rented GPU is paid for."""
ProviderTier = Literal["marketplace", "neocloud", "hyperscaler"]
"""What kind of company rents it out."""


class RateCard(Value):
    """USD per million tokens of each kind. A missing cache price means: billed as fresh input; a missing price of
    reasoning: billed as output."""

    input_usd_per_mtok: Rate = Field(description="Fresh input.")
    output_usd_per_mtok: Rate = Field(description="Output, and reasoning without a price of its own.")
    cached_input_usd_per_mtok: Rate | None = Field(None, description="Cache reads.")
    cache_write_usd_per_mtok: Rate | None = Field(None, description="Cache writes kept 5 minutes.")
    cache_write_1h_usd_per_mtok: Rate | None = Field(None, description="Cache writes kept one hour.")
    reasoning_usd_per_mtok: Rate | None = Field(None, description="Reasoning; empty = billed as output.")

    def cache_write_rate(self, life: CacheLife) -> Decimal | None:
        """USD per 1M tokens written to a cache of this life; None when there is no such price."""
        return self.cache_write_1h_usd_per_mtok if life == "1h" else self.cache_write_usd_per_mtok


class LongTier(Value):
    """Rates for the WHOLE request once its prompt is strictly longer than the threshold."""

    above_tokens: int = Field(ge=0, description="Prompt tokens, cached ones included.")
    rates: RateCard = Field(description="Rates above it.")


class TokenPrices(Value):
    """Everything needed to price one request, standard and batch."""

    rates: RateCard = Field(description="Standard rates.")
    long_tiers: tuple[LongTier, ...] = Field((), description="Ascending by threshold.")
    batch_rates: RateCard | None = Field(None, description="Batch rates; empty when there is no batch offer.")
    batch_long_tiers: tuple[LongTier, ...] = Field((), description="Long-context tiers of the batch rates.")


class PricePeriod(Value):
    """Prices in force from a month of the horizon on."""

    from_month: int = Field(ge=1, le=1200, description="First month of the horizon (1 = the first) at these prices.")
    prices: TokenPrices = Field(description="The prices.")
