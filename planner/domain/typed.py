"""Figures given by hand in place of the catalog's: prices, throughput and models, each with where it comes from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from planner.domain.base import Price, ShortText, Slug, Value
from planner.domain.evidence import Provenance
from planner.domain.workload import Modality

_Count = Annotated[int, Field(ge=1, le=10**9)]
_Params = Annotated[int, Field(ge=1, le=10**14)]
_Bytes = Annotated[int, Field(ge=0, le=10**12)]


class TypedTokenPrice(Value):
    """A per-token price typed in by hand, e.g. a negotiated one."""

    input_usd_per_mtok: Price = Field(description="Fresh input, USD per 1M tokens.")
    output_usd_per_mtok: Price = Field(description="Output, USD per 1M tokens; reasoning too when it has no price.")
    cached_input_usd_per_mtok: Price | None = Field(None, description="Cache reads; the input price when empty.")
    cache_write_usd_per_mtok: Price | None = Field(None, description="Cache writes; the input price when empty.")
    cache_write_1h_usd_per_mtok: Price | None = Field(None, description="Cache writes kept one hour; empty = no offer.")
    reasoning_usd_per_mtok: Price | None = Field(None, description="Reasoning; billed as output when empty.")
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


class TypedModel(Value):
    """An open-weight model that is not in the catalog, from its Hugging Face configuration; kept in the scenario."""

    name: ShortText = Field(min_length=1, description="Name on screen.")
    hf_id: ShortText = Field("", description="Repository on Hugging Face, owner/name; empty = not there.")
    total_params: _Params = Field(description="All parameters, counted from the configuration.")
    active_params: _Params = Field(description="Parameters used per token of text; all of them in a dense model.")
    layers: _Count = Field(description="Layers.")
    hidden_size: _Count = Field(description="Width of the residual stream.")
    attention_heads: _Count = Field(description="Query heads; the GPUs of a replica must divide them.")
    kv_heads: _Count = Field(description="Key/value heads.")
    head_dim: _Count = Field(description="Width of one value head.")
    vocab_size: _Count = Field(description="Entries of the vocabulary.")
    tied_embeddings: bool = Field(description="Input and output embedding are one matrix.")
    attention: ShortText = Field(description="Kind of attention, in words.")
    max_context_tokens: _Count = Field(description="Longest prompt plus answer, tokens.")
    kv_bytes_per_token_16bit: _Bytes = Field(
        description="16-bit KV cache per token, bytes, of the layers that keep all tokens."
    )
    window_kv_bytes_per_token_16bit: _Bytes = Field(0, description="The same of the layers that keep a window only.")
    window_tokens: _Count | None = Field(None, description="Tokens that those layers keep; empty = there are none.")
    state_bytes_per_sequence: _Bytes = Field(0, description="State that linear layers keep for a request, bytes.")
    modalities: tuple[Modality, ...] = Field(("text",), min_length=1, max_length=4, description="What it reads.")
    licence_id: Slug | None = Field(None, description="Row of data/licences.csv; empty = its licence is not checked.")
    provenance: Provenance = Field(Provenance(), description="Where these figures come from.")

    @model_validator(mode="after")
    def _fits(self) -> TypedModel:
        if self.active_params > self.total_params:
            raise ValueError(f"{self.active_params:,} active parameters are more than {self.total_params:,} in total")
        if self.window_kv_bytes_per_token_16bit and self.window_tokens is None:
            raise ValueError("window_kv_bytes_per_token_16bit needs window_tokens")
        return self
