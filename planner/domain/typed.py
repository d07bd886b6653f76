"""Figures typed in by hand in place of the catalog's: prices and throughput, each with where it comes from."""

from __future__ import annotations

from pydantic import Field, model_validator

from planner.domain.base import Price, Value
from planner.domain.evidence import Provenance


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
