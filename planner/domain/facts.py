"""What the catalog said when the question was asked: resolved once, pinned to the scenario, never looked up again.

`Facts` is all that `decide` reads beside the scenario, so a saved pair reproduces its figures for ever.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from planner.domain.base import LongText, PriceDay, ShortText, Slug, Value
from planner.domain.evidence import Evidence
from planner.domain.licence import LicenceTerms
from planner.domain.prices import PricePeriod
from planner.domain.serving import KnownSource
from planner.domain.workload import Modality

ReasonCode = Literal[
    "PRICE_UNKNOWN",
    "PROVIDER_UNKNOWN",
    "MODEL_UNKNOWN",
    "ALIAS_REFUSED",
    "BATCH_UNAVAILABLE",
    "GPU_UNKNOWN",
    "FORMAT_UNKNOWN",
    "THROUGHPUT_UNKNOWN",
    "PRIVACY",
    "LICENCE",
    "MODALITY",
    "CONTEXT",
    "VRAM",
    "LATENCY",
    "RATE",
    "QUALITY",
    "CAPACITY",
    "PART_BLOCKED",
]
CONSTRAINTS: tuple[ReasonCode, ...] = (
    "PRIVACY",
    "LICENCE",
    "MODALITY",
    "CONTEXT",
    "VRAM",
    "LATENCY",
    "RATE",
    "QUALITY",
    "CAPACITY",
)
"""DEC-1: the hard constraints, in the order they are listed."""


class Reason(Value):
    """Why an option cannot be priced, where the cause is, and the way out."""

    code: ReasonCode = Field(description="Stable code.")
    message: LongText = Field(description="What is wrong, in a sentence.")
    field: LongText = Field(description="Path of the scenario field to change.")
    remedy: LongText = Field(description="The way out.")


class PerTokenFacts(Value):
    """Prices of one per-token option over the horizon."""

    kind: Literal["per_token"] = Field("per_token", description="Kind of facts.")
    option_id: Slug = Field(description="The option.")
    periods: tuple[PricePeriod, ...] = Field(min_length=1, description="Prices, first period from month 1.")
    evidence: tuple[Evidence, ...] = Field(description="Where they come from.")
    warnings: tuple[LongText, ...] = Field((), description="What a reviewer should know.")


class ReplicaFacts(Value):
    """What one replica can do at the latency target, and the memory it has."""

    s_per_input_token: float = Field(ge=0, le=1e6, description="Replica-seconds per uncached prompt token (CAP-1).")
    s_per_output_token: float = Field(ge=1e-12, le=1e6, description="Replica-seconds per output token (CAP-1).")
    low_fraction: float = Field(ge=1e-3, le=1, description="Low end of throughput, as a share of the likely figure.")
    high_fraction: float = Field(ge=1, le=1000, description="High end of throughput.")
    shape_factor: float = Field(1, ge=1, le=1e9, description="How many times the measured request shape is off.")
    held_at_slo: bool = Field(description="The rate already meets the target at its percentile: no headroom on top.")
    ttft_ms: float = Field(gt=0, le=1e7, description="TTFT used for residence time (CAP-3).")
    tpot_ms: float = Field(gt=0, le=1e6, description="TPOT used for residence time (CAP-3).")
    alone_s: float | None = Field(
        None, gt=0, le=1e7, description="T(1): seconds of one request alone (CAP-9); empty = not known."
    )
    throughput_source: KnownSource | None = Field(
        None, description="Where its throughput is from; empty in facts saved before there were several sources."
    )
    weight_gib: float = Field(gt=0, le=1e6, description="Weights of one replica.")
    kv_cache_tokens: int = Field(ge=0, le=10**12, description="Tokens of KV cache one replica can hold (CAP-4).")
    compute_ceiling_tokens_per_s: float = Field(ge=1e-6, le=1e15, description="FLOPS bound, uncached tokens (CAP-7).")
    decode_steps_ceiling_per_s: float = Field(ge=1e-6, le=1e12, description="Bandwidth bound on decode steps (CAP-7).")


class RentedFacts(Value):
    """Price and capability of one rented option."""

    kind: Literal["rented"] = Field("rented", description="Kind of facts.")
    option_id: Slug = Field(description="The option.")
    usd_per_gpu_hour: float = Field(ge=0, le=1e10, description="On-demand rental price.")
    replica: ReplicaFacts = Field(description="One replica.")
    licence: LicenceTerms | None = Field(None, description="Terms of the model's licence; empty = not known.")
    modalities: tuple[Modality, ...] | None = Field(None, description="What the model reads; empty = not known.")
    evidence: tuple[Evidence, ...] = Field(description="Where the figures come from.")
    warnings: tuple[LongText, ...] = Field((), description="What a reviewer should know.")


class OwnedFacts(Value):
    """Capability of one owned option; its prices are typed in the option."""

    kind: Literal["owned"] = Field("owned", description="Kind of facts.")
    option_id: Slug = Field(description="The option.")
    replica: ReplicaFacts = Field(description="One replica.")
    licence: LicenceTerms | None = Field(None, description="Terms of the model's licence; empty = not known.")
    modalities: tuple[Modality, ...] | None = Field(None, description="What the model reads; empty = not known.")
    evidence: tuple[Evidence, ...] = Field(description="Where the figures come from.")
    warnings: tuple[LongText, ...] = Field((), description="What a reviewer should know.")


class TypedFacts(Value):
    """An option whose figures are all typed in, or are those of other options: units, workstations, hybrids."""

    kind: Literal["typed"] = Field("typed", description="Kind of facts.")
    option_id: Slug = Field(description="The option.")
    evidence: tuple[Evidence, ...] = Field((), description="Where the figures come from.")
    warnings: tuple[LongText, ...] = Field((), description="What a reviewer should know.")


class BlockedFacts(Value):
    """An option that cannot be priced, with every reason."""

    kind: Literal["blocked"] = Field("blocked", description="Kind of facts.")
    option_id: Slug = Field(description="The option.")
    reasons: tuple[Reason, ...] = Field(min_length=1, description="All reasons.")
    evidence: tuple[Evidence, ...] = Field((), description="What was known.")
    licence: LicenceTerms | None = Field(None, description="Terms of the model's licence; empty = not known.")
    modalities: tuple[Modality, ...] | None = Field(None, description="What the model reads; empty = not known.")


OptionFacts = Annotated[
    PerTokenFacts | RentedFacts | OwnedFacts | TypedFacts | BlockedFacts, Field(discriminator="kind")
]
PricedFacts = PerTokenFacts | RentedFacts | OwnedFacts | TypedFacts


class Facts(Value):
    """The catalog snapshot of one scenario."""

    on: PriceDay = Field(description="The day the prices are taken for; month 1 starts here.")
    engine_version: ShortText = Field(description="Version of this program.")
    catalog_version: ShortText = Field(description="Version of the price library and of the curated tables.")
    options: tuple[OptionFacts, ...] = Field(description="One entry per option, in the scenario's order.")
