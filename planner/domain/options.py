"""The ways to serve. A new way is a new class, its facts, a module in `planner.cost` and one in the kernel."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.domain.base import Price, ShortText, Slug, Value
from planner.domain.evidence import Provenance
from planner.domain.operations import SELF_HOST_OPERATIONS, FineTuning, Operations
from planner.domain.prices import CacheLife, ServiceTier
from planner.domain.self_hosting import (
    BaseOption,
    OwnedOption,
    RentedOption,
    Scaling,
    SelfHosted,
    ServerPurchase,
    SpotTerms,
    WorkstationOption,
)
from planner.domain.typed import TypedGpuPrice, TypedThroughput, TypedTokenPrice

__all__ = [
    "COMPLEXITY_RANK",
    "PER_TOKEN_KINDS",
    "SELF_HOST_KINDS",
    "SELF_HOST_OPERATIONS",
    "ApiOption",
    "BaseOption",
    "FineTuning",
    "HostedOption",
    "HybridOption",
    "Operations",
    "Option",
    "OwnedOption",
    "PerTokenOption",
    "ProvisionedOption",
    "RentedOption",
    "Scaling",
    "SelfHosted",
    "ServerPurchase",
    "SpendTier",
    "SpotTerms",
    "TypedGpuPrice",
    "TypedThroughput",
    "TypedTokenPrice",
    "WorkstationOption",
]


class SpendTier(Value):
    """A discount above a month's list spend (API-4)."""

    above_usd_per_month: Price = Field(description="List spend a month above which it applies, USD.")
    discount_fraction: float = Field(ge=0, lt=1, description="Taken off.")


class _PerToken(BaseOption):
    provider: Slug = Field(description="Provider id in the price catalog, e.g. openai, groq.")
    model: ShortText = Field(description="Exact model id in the price catalog; -latest aliases are refused.")
    region: ShortText = Field("", description="Region whose list price is used; empty = the provider's usual price.")
    service_tier: ServiceTier = Field("standard", description="Offer whose list price is used, e.g. flex or priority.")
    price: TypedTokenPrice | None = Field(None, description="A price typed in; the dated catalog price when empty.")
    cache_write_ttl: CacheLife = Field("5m", description="Life of written caches: 5 minutes, or one hour at its price.")
    cache_ttl_s: float | None = Field(
        None, gt=0, le=1e6, description="Cache life, s: hits are computed from the request rate (API-2)."
    )
    prefixes: int = Field(1, ge=1, le=10_000_000, description="Different cached prefixes that share the requests.")
    cache_storage_usd_per_mtok_hour: float = Field(0, ge=0, le=1e4, description="Storage of cached tokens, USD/1M/h.")
    spend_tiers: tuple[SpendTier, ...] = Field((), max_length=10, description="Volume discounts, ascending (API-4).")
    spend_tier_mode: Literal["graduated", "slab"] = Field(
        "graduated", description="graduated: on the spend above each threshold; slab: on the whole month."
    )
    commitment_usd_per_month: float = Field(0, ge=0, le=1e10, description="Least that is billed a month (API-5), USD.")
    commitment_discount_fraction: float = Field(0, ge=0, lt=1, description="Discount that the commitment buys.")
    limit_requests_per_min: float | None = Field(None, gt=0, le=1e9, description="Rate limit on requests (API-7).")
    limit_tokens_per_min: float | None = Field(None, gt=0, le=1e12, description="Rate limit on tokens (API-7).")
    operations: Operations = Field(Operations(), description="People and other costs of this option.")

    @model_validator(mode="after")
    def _ascending(self) -> _PerToken:
        starts = [tier.above_usd_per_month for tier in self.spend_tiers]
        if starts != sorted(set(starts)):
            raise ValueError("spend_tiers must start at ascending amounts; sort them and drop repeats")
        return self


class ApiOption(_PerToken):
    """A proprietary model behind a per-token API."""

    kind: Literal["api"] = Field("api", description="Kind of option.")


class HostedOption(_PerToken):
    """An open-weight model on a managed host, paid per token (HST-1)."""

    kind: Literal["hosted"] = Field("hosted", description="Kind of option.")


class ProvisionedOption(BaseOption):
    """Capacity units of a provider, paid by the hour or month whether used or not (API-6)."""

    kind: Literal["provisioned"] = Field("provisioned", description="Kind of option.")
    model: ShortText = Field(description="Model that the units serve.")
    tokens_per_minute_per_unit: float = Field(gt=0, le=1e12, description="Input-equivalent tokens a minute per unit.")
    output_weight: float = Field(4, ge=0, le=100, description="Input tokens that one output token counts for.")
    cached_weight: float = Field(0, ge=0, le=1, description="Input tokens that one cached token counts for.")
    min_units: int = Field(1, ge=1, le=1_000_000, description="Smallest number sold.")
    unit_increment: int = Field(1, ge=1, le=100_000, description="Sold in steps of this.")
    usd_per_unit_month: Price = Field(description="Price of one unit a month; hourly price x hours when hourly, USD.")
    term_months: int = Field(1, ge=1, le=60, description="Commitment; units are billed to the end of the last term.")
    overflow_id: Slug | None = Field(
        None, description="Per-token option that takes what the units cannot; empty = units for the whole peak."
    )
    provenance: Provenance = Field(Provenance(), description="Where these figures come from.")
    operations: Operations = Field(Operations(), description="People and other costs of this option.")


class HybridOption(BaseOption):
    """An own fleet and a per-token option together (HYB-1 to HYB-5); both are options of the same scenario."""

    kind: Literal["hybrid"] = Field("hybrid", description="Kind of option.")
    base_id: Slug = Field(description="Option that runs the own fleet.")
    overflow_id: Slug = Field(description="Per-token option beside it.")
    mode: Literal["overflow", "cascade"] = Field(
        "overflow", description="overflow: what the fleet cannot take; cascade: what it answers badly is asked again."
    )
    base_replicas: int | None = Field(None, ge=0, le=100_000, description="Fleet size; empty = the cheapest.")
    escalated_fraction: float = Field(0.2, ge=0, le=1, description="cascade: share asked again at the other option.")


Option = Annotated[
    ApiOption | HostedOption | ProvisionedOption | RentedOption | OwnedOption | WorkstationOption | HybridOption,
    Field(discriminator="kind"),
]
PerTokenOption = ApiOption | HostedOption
PER_TOKEN_KINDS = frozenset({"api", "hosted"})
SELF_HOST_KINDS = frozenset({"rented", "owned"})
COMPLEXITY_RANK: dict[str, int] = {
    "api": 0,
    "hosted": 1,
    "provisioned": 2,
    "workstation": 3,
    "rented": 3,
    "hybrid": 4,
    "owned": 4,
}
"""DEC-2: the lower rank wins a tie."""
