"""The rows of the tables in `data/`: one frozen type per table, one field per column, units in the names.

A blank cell is an absent value: text becomes "", a figure becomes None. Nothing is filled in.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationInfo
from pydantic import field_validator as check

from planner.domain.base import Confidence, Origin, Slug, as_of_date

ComputeRate = Literal["bf16", "fp8", "int8", "fp4"]
PriceTerm = Literal["on_demand", "spot", "reserved_1y", "reserved_3y"]
ProviderTier = Literal["marketplace", "neocloud", "hyperscaler"]


def _known_by(text: str, info: ValidationInfo) -> str:
    """Refuse a date after the day in the validation context (`on`), when there is one."""
    on = (info.context or {}).get("on")
    if on is not None and as_of_date(text) > on:
        raise ValueError(f"{text} is after {on}: a figure cannot be known before its date")
    as_of_date(text)
    return text


def _web_address(text: str) -> str:
    """Refuse a source address that a browser cannot open."""
    if not re.match(r"https?://[^\s/]+\.\S+$", text):
        raise ValueError(f"{text!r} is not an http(s) address")
    return text


Text = Annotated[str, Field(min_length=1)]
PartialDate = Annotated[str, AfterValidator(_known_by)]
Url = Annotated[str, AfterValidator(_web_address)]


class Row(BaseModel):
    """One line of a table; the class says which file it belongs to and how its columns refer to other tables."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    FILE: ClassVar[str]
    KEY: ClassVar[str]
    REFERENCES: ClassVar[dict[str, str]] = {}


class SourcedRow(Row):
    """A row whose figures say where they come from; only an assumed one may lack a URL, and then gives its reason."""

    origin: Origin = Field(description="measured, published, modelled (computed from published figures) or assumed.")
    as_of: PartialDate = Field(description="Date on which it was true: YYYY, YYYY-MM or YYYY-MM-DD.")
    source: Text = Field(description="Who says so; second-hand reading is said here.")
    source_url: str = Field("", validate_default=True, description="Where it can be read; may be blank when assumed.")
    note: str = Field(
        "", validate_default=True, description="What a reviewer should know; the reason of an assumption."
    )

    @check("source_url")
    @classmethod
    def _url_unless_assumed(cls, url: str, info: ValidationInfo) -> str:
        if url:
            return _web_address(url)
        if info.data.get("origin") in ("measured", "published", "modelled"):
            raise ValueError(
                f"a {info.data['origin']} figure needs an http(s) address; only an assumed one may lack it"
            )
        return url

    @check("note")
    @classmethod
    def _reason_when_assumed(cls, note: str, info: ValidationInfo) -> str:
        if info.data.get("origin") == "assumed" and not note:
            raise ValueError("an assumed figure needs its reason in the note")
        return note


class GpuRow(SourcedRow):
    """One accelerator: memory, bandwidth and dense matrix rates (never the doubled sparse ones)."""

    FILE: ClassVar[str] = "gpus.csv"
    KEY: ClassVar[str] = "gpu_id"

    gpu_id: Slug = Field(description="Stable id.")
    name: Text = Field(description="Name on screen.")
    vendor: Literal["NVIDIA", "AMD"] = Field(description="Maker.")
    architecture: Text = Field(description="Chip generation.")
    compute_capability: Text = Field(description="CUDA compute capability, or the gfx name on AMD.")
    memory_gb_label: PositiveFloat = Field(description="Memory as sold, GB on the label.")
    memory_mib_reported: PositiveInt = Field(description="Total memory the driver's tool prints, MiB.")
    memory_bandwidth_gb_per_s: PositiveFloat = Field(description="Peak memory bandwidth, 10^9 bytes per second.")
    tdp_w: PositiveFloat | None = Field(None, description="Board power limit, W.")
    bf16_dense_tflops: PositiveFloat | None = Field(None, description="Dense BF16 rate, TFLOP/s; blank: not supported.")
    fp8_dense_tflops: PositiveFloat | None = Field(None, description="Dense FP8 rate, TFLOP/s; blank: not supported.")
    int8_dense_tops: PositiveFloat | None = Field(None, description="Dense INT8 rate, TOP/s; blank: not supported.")
    fp4_dense_tflops: PositiveFloat | None = Field(None, description="Dense FP4 rate, TFLOP/s; blank: not supported.")
    interconnect: Text = Field(description="Link between the GPUs of a node.")
    interconnect_gb_per_s: PositiveFloat = Field(description="Both directions together, 10^9 bytes per second per GPU.")
    form_factor: Text = Field(description="Board or module.")
    confidence: Confidence = Field(description="How far the row can be trusted.")


class GpuPriceRow(SourcedRow):
    """One rental price of one GPU for an hour, at one provider, on one term, on one day."""

    FILE: ClassVar[str] = "gpu_prices.csv"
    KEY: ClassVar[str] = "price_id"
    REFERENCES: ClassVar[dict[str, str]] = {"gpu_id": "gpus.csv"}

    price_id: Slug = Field(description="Stable id of this dated price.")
    gpu_id: Slug = Field(description="GPU rented.")
    provider: Text = Field(description="Who rents it out.")
    provider_tier: ProviderTier = Field(description="marketplace, neocloud or hyperscaler.")
    instance: Text = Field(description="Instance type or product line.")
    gpus_per_instance: PositiveInt = Field(description="GPUs that come together; 1 when the source prices single GPUs.")
    term: PriceTerm = Field(description="on_demand, spot, reserved_1y or reserved_3y.")
    usd_per_gpu_hour: PositiveFloat = Field(description="USD for one GPU for one hour.")
    region: str = Field("", description="Region the price is for; blank when the provider has one price.")
    confidence: Confidence = Field(description="How far the row can be trusted.")


class ModelRow(SourcedRow):
    """One open-weight model: what memory and compute it needs, and under which licence."""

    FILE: ClassVar[str] = "models.csv"
    KEY: ClassVar[str] = "model_id"
    REFERENCES: ClassVar[dict[str, str]] = {"native_format": "formats.csv", "same_architecture_as": "models.csv"}

    model_id: Slug = Field(description="Stable id.")
    name: Text = Field(description="Name on screen.")
    hf_id: Annotated[str, Field(pattern=r"^[^/\s]+/[^/\s]+$")] = Field(description="Repository on Hugging Face.")
    total_params: PositiveInt = Field(description="All parameters.")
    active_params: PositiveInt = Field(description="Parameters used per token; all of them in a dense model.")
    layers: PositiveInt = Field(description="Transformer layers.")
    hidden_size: PositiveInt = Field(description="Width of the residual stream.")
    attention_heads: PositiveInt = Field(description="Query heads.")
    kv_heads: PositiveInt = Field(description="Key/value heads.")
    head_dim: PositiveInt = Field(description="Width of one value head.")
    vocab_size: PositiveInt = Field(description="Entries of the vocabulary.")
    tied_embeddings: bool = Field(description="Whether input and output embedding are one matrix.")
    attention: Text = Field(description="MHA, GQA, MLA, with windows where there are any.")
    experts: PositiveInt | None = Field(None, description="Routed experts per layer; blank: dense.")
    experts_per_token: PositiveInt | None = Field(None, description="Routed experts used per token; blank: dense.")
    max_context_tokens: PositiveInt = Field(description="Longest prompt plus answer, tokens.")
    kv_bytes_per_token_16bit: PositiveInt = Field(description="KV cache of one token at 16 bits, bytes.")
    native_format: Slug = Field(description="Format the weights are published in.")
    native_weights_gb: PositiveFloat = Field(description="Weights in that format, 10^9 bytes.")
    modality: Text = Field(description="text, text+image or audio.")
    licence: Text = Field(description="Licence of the weights.")
    licence_note: str = Field("", description="Restriction to know before self-hosting.")
    same_architecture_as: str = Field("", description="Model whose measured throughput holds for this one too.")
    confidence: Confidence = Field(description="How far the row can be trusted.")

    @check("active_params")
    @classmethod
    def _part_of_total(cls, active: int, info: ValidationInfo) -> int:
        if active > info.data.get("total_params", active):
            raise ValueError(f"{active} active parameters are more than the {info.data['total_params']} in total")
        return active


class FormatRow(SourcedRow):
    """One number format of the weights."""

    FILE: ClassVar[str] = "formats.csv"
    KEY: ClassVar[str] = "format_id"

    format_id: Slug = Field(description="Stable id.")
    name: Text = Field(description="Name on screen.")
    bits_per_weight: PositiveFloat = Field(description="Bits per quantised weight, scales included.")
    compute_rate: ComputeRate = Field(
        description="Matrix rate it runs at; a GPU without it falls back to fp8, then bf16."
    )


class MeasuredRow(Row):
    """One published throughput measurement: which model, on what, how loaded, and what came out."""

    FILE: ClassVar[str] = "measured.csv"
    KEY: ClassVar[str] = "row_id"
    REFERENCES: ClassVar[dict[str, str]] = {
        "model_id": "models.csv",
        "gpu_id": "gpus.csv",
        "format_id": "formats.csv",
    }

    row_id: Slug = Field(description="Stable id.")
    source_id: Text = Field(description="Publication it belongs to.")
    model_id: str = Field("", description="Model of the catalog; blank: not in it.")
    model_name: Text = Field(description="Model as the source names it.")
    format_id: str = Field("", description="Weight format of the catalog; blank: not in it, see the note.")
    gpu_id: str = Field("", description="GPU of the catalog; blank: not in it.")
    gpu_name: Text = Field(description="GPU as the source names it.")
    n_gpu: PositiveInt = Field(description="GPUs used in all.")
    tp: PositiveInt | None = Field(None, description="Tensor-parallel size; blank: not stated.")
    dp: PositiveInt | None = Field(None, description="Data-parallel copies; blank: not stated.")
    engine: Text = Field(description="Serving engine.")
    engine_version: str = Field("", description="Its version, as stated.")
    input_tokens: PositiveFloat = Field(description="Mean prompt tokens per request (ISL).")
    output_tokens: PositiveFloat = Field(description="Mean generated tokens per request (OSL).")
    mode: Literal["offline", "closed", "open-loop", "open-loop-slo", "open-loop-slo-interactive"] = Field(
        description="How load was applied."
    )
    concurrency: PositiveFloat | None = Field(None, description="Requests in flight over all GPUs.")
    num_prompts: PositiveInt | None = Field(None, description="Requests in the run.")
    output_tokens_per_s: PositiveFloat = Field(description="Generated tokens per second, all GPUs together.")
    total_tokens_per_s: PositiveFloat | None = Field(None, description="Prompt and generated tokens per second.")
    ttft_ms: PositiveFloat | None = Field(None, description="Mean time to first token, ms.")
    tpot_ms: PositiveFloat | None = Field(None, description="Mean time per output token after the first, ms.")
    derived: bool = Field(description="Whether output_tokens_per_s was computed from other published figures.")
    fit_ok: bool = Field(description="Whether the row is fit for calibration: numbers complete and unambiguous.")
    as_of: PartialDate | None = Field(None, description="When it was run; blank: not published.")
    source_url: Url = Field(description="Where it can be read.")
    note: str = Field("", description="What a reviewer should know.")


class DefaultRow(SourcedRow):
    """One planning default that a scenario may replace."""

    FILE: ClassVar[str] = "defaults.csv"
    KEY: ClassVar[str] = "parameter"

    parameter: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = Field(description="Name, unit at the end.")
    value: PositiveFloat = Field(description="The figure, in the unit of its column.")
    unit: Text = Field(description="Unit in words.")
    confidence: Confidence = Field(description="How far it can be trusted.")


def columns(row: type[Row]) -> frozenset[str]:
    """Column names a table of these rows must have."""
    return frozenset(row.model_fields)


def context(on: dt.date | None) -> dict[str, object]:
    """Validation context for `model_validate`: no row may be dated after `on`."""
    return {"on": on}
