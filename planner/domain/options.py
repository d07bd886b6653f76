"""The ways to serve. A new way is a new class here and a module in `planner.cost`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.domain.base import Price, ShortText, Slug, Value
from planner.domain.evidence import Provenance


class Operations(Value):
    """People and the rest that one option needs (OPS-1, OPS-2, OPS-4)."""

    setup_hours: float = Field(16, ge=0, le=1e6, description="One-off engineering hours before the first month.")
    other_one_off_usd: float = Field(0, ge=0, le=1e10, description="Other one-off cost, USD.")
    fte_fraction: float = Field(0.02, ge=0, le=1000, description="Full-time engineers kept busy by running it.")
    other_usd_per_month: float = Field(0, ge=0, le=1e10, description="Monitoring, storage, support, USD a month.")


SELF_HOST_OPERATIONS = Operations(setup_hours=120, fte_fraction=0.15)


class TypedTokenPrice(Value):
    """A per-token price typed in by hand, e.g. a negotiated one."""

    input_usd_per_mtok: Price = Field(description="Fresh input, USD per 1M tokens.")
    output_usd_per_mtok: Price = Field(description="Output and reasoning, USD per 1M tokens.")
    cached_input_usd_per_mtok: Price | None = Field(None, description="Cache reads; the input price when empty.")
    cache_write_usd_per_mtok: Price | None = Field(None, description="Cache writes; the input price when empty.")
    batch_discount_fraction: float = Field(0, ge=0, le=1, description="Taken off the whole request in batch.")
    long_context_threshold_tokens: int | None = Field(None, gt=0, description="Prompts above this pay the long rate.")
    long_input_multiplier: float = Field(1, ge=0, le=100, description="On all input prices above the threshold.")
    long_output_multiplier: float = Field(1, ge=0, le=100, description="On the output price above the threshold.")
    provenance: Provenance = Field(Provenance(), description="Where the price comes from.")


class TypedGpuPrice(Value):
    """A GPU rental price typed in by hand."""

    usd_per_gpu_hour: Price = Field(description="USD per GPU and hour, billed whether busy or idle.")
    provenance: Provenance = Field(Provenance(), description="Where the price comes from.")


class TypedThroughput(Value):
    """What one replica serves, typed in by hand: either one figure at this workload's own mix, or two rates."""

    output_tokens_per_s_per_replica: float | None = Field(
        None, ge=1e-3, le=1e9, description="Output tokens/s, this mix."
    )
    prefill_tokens_per_s_per_replica: float | None = Field(None, ge=1e-3, le=1e9, description="Prefill tokens/s alone.")
    decode_tokens_per_s_per_replica: float | None = Field(None, ge=1e-3, le=1e9, description="Decode tokens/s alone.")
    held_at_slo: bool = Field(
        False, description="True when measured while the latency target was met at its percentile."
    )
    low_fraction: float = Field(0.8, ge=1e-3, le=1, description="Low end of the true figure, as a share of it.")
    high_fraction: float = Field(1.25, ge=1, le=10, description="High end of the true figure, as a share of it.")
    provenance: Provenance = Field(Provenance(), description="Where the figure comes from.")

    @model_validator(mode="after")
    def _one_form(self) -> TypedThroughput:
        pair = (self.prefill_tokens_per_s_per_replica, self.decode_tokens_per_s_per_replica)
        one = self.output_tokens_per_s_per_replica is not None
        if one == any(p is not None for p in pair) or (not one and None in pair):
            raise ValueError(
                "give either output_tokens_per_s_per_replica, or both prefill_ and decode_tokens_per_s_per_replica"
            )
        return self


class _Option(Value):
    option_id: Slug = Field(description="Short unique name of the option.")
    label: ShortText = Field(min_length=1, description="Name shown to people.")


class _PerToken(_Option):
    provider: Slug = Field(description="Provider id in the price catalog, e.g. openai, groq.")
    model: ShortText = Field(description="Exact model id in the price catalog; -latest aliases are refused.")
    price: TypedTokenPrice | None = Field(None, description="A price typed in; the dated catalog price when empty.")
    operations: Operations = Field(Operations(), description="People and other costs of this option.")


class ApiOption(_PerToken):
    """A proprietary model behind a per-token API."""

    kind: Literal["api"] = Field("api", description="Kind of option.")


class HostedOption(_PerToken):
    """An open-weight model on a managed host, paid per token (HST-1)."""

    kind: Literal["hosted"] = Field("hosted", description="Kind of option.")


class RentedOption(_Option):
    """An open-weight model on GPUs rented by the hour, on demand (RNT-1)."""

    kind: Literal["rented"] = Field("rented", description="Kind of option.")
    model_id: Slug = Field(description="Model in data/models.csv.")
    format_id: Slug = Field(description="Weight format in data/formats.csv.")
    gpu_id: Slug = Field(description="GPU in data/gpus.csv.")
    gpus_per_replica: int = Field(1, ge=1, le=64, description="GPUs that hold one copy (tensor-parallel group).")
    price_id: Slug | None = Field(None, description="Row of data/gpu_prices.csv.")
    price: TypedGpuPrice | None = Field(None, description="A GPU price typed in, in place of price_id.")
    throughput: TypedThroughput | None = Field(None, description="Typed in; the nearest published row when empty.")
    allowed_utilisation_fraction: float = Field(0.7, ge=1e-3, le=1, description="Share of capacity used at peak.")
    min_replicas: int = Field(1, ge=0, le=100_000, description="Replicas kept even when idle.")
    spare_replicas: int = Field(1, ge=0, le=100_000, description="Extra replicas for failure and rollout (N+1).")
    replica_step: int = Field(1, ge=1, le=64, description="Replicas are rented in multiples of this (8-GPU nodes).")
    prefix_cache_hit_fraction: float = Field(1, ge=0, le=1, description="Share of cached input that hits here too.")
    gpu_memory_utilisation_fraction: float = Field(0.9, gt=0, le=1, description="GPU memory the server may use.")
    gpu_overhead_gib: float = Field(2, ge=0, le=1000, description="Activations and runtime per GPU, GiB.")
    kv_cache_bits: Literal[8, 16] = Field(16, description="Bits per KV-cache element.")
    operations: Operations = Field(SELF_HOST_OPERATIONS, description="People and other costs of this option.")

    @model_validator(mode="after")
    def _one_price(self) -> RentedOption:
        if self.price is not None and self.price_id is not None:
            raise ValueError("give price_id or price, not both")
        return self


Option = Annotated[ApiOption | HostedOption | RentedOption, Field(discriminator="kind")]
PerTokenOption = ApiOption | HostedOption
COMPLEXITY_RANK: dict[str, int] = {"api": 0, "hosted": 1, "rented": 3}
"""DEC-2: the lower rank wins a tie."""
