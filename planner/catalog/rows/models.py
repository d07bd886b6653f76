"""Open-weight models, their licences, number formats and scores, and the names that articles use."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt, ValidationInfo
from pydantic import field_validator as check

from planner.catalog.rows.base import SourcedRow, Text
from planner.catalog.rows.hardware import ComputeRate
from planner.domain.base import Confidence, Slug


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


class LicenceRow(SourcedRow):
    """What the licence of a checkpoint asks for, clause by clause, in our words; `as_of` is the day it was read."""

    FILE: ClassVar[str] = "licences.csv"
    KEY: ClassVar[str] = "licence_id"

    licence_id: Slug = Field(description="Stable id; a licence and the version of the model it came with.")
    name: Text = Field(description="Name of the licence.")
    commercial_allowed: bool = Field(description="Whether the weights may be used commercially at all.")
    mau_limit: PositiveInt | None = Field(None, description="Monthly active users above which it must be asked for.")
    mau_test: Literal["", "release_date", "current"] = Field(
        "", description="When users are counted: the calendar month before the version's release, or now."
    )
    version_released_on: dt.date | None = Field(None, description="Release of the model version; blank: no test on it.")
    revenue_limit_usd_per_month: PositiveFloat | None = Field(None, description="Monthly revenue above which to ask.")
    revenue_limit_usd_per_year: PositiveFloat | None = Field(None, description="Yearly revenue above which to ask.")
    eu_blocked_modality: Literal["", "image"] = Field(
        "", description="Modality for which companies domiciled in the EU get no rights."
    )
    attribution: str = Field("", description="Naming or notice that it demands.")
    output_training_restricted: bool = Field(False, description="Whether outputs may not train other models freely.")
    clause: Text = Field(description="The restricting clauses in our words, with their place in the text.")
    confidence: Confidence = Field(description="How far the reading can be trusted.")


class QualityRow(SourcedRow):
    """One published score of one model; `setting` and date are part of it."""

    FILE: ClassVar[str] = "quality.csv"
    KEY: ClassVar[str] = "score_id"
    REFERENCES: ClassVar[dict[str, str]] = {"model_id": "models.csv"}
    THING: ClassVar[tuple[str, ...]] = ("model_name", "benchmark", "setting", "source", "as_of")

    score_id: Slug = Field(description="Stable id.")
    model_id: str = Field("", description="Model of the catalog; blank: not an open-weight model of ours.")
    model_name: Text = Field(description="Model as the source names it.")
    benchmark: Text = Field(description="Benchmark.")
    score: PositiveFloat = Field(description="Score: percent, or Elo for LMArena.")
    setting: Text = Field(description="Shots, harness, prompt; scores of different settings do not compare.")
    confidence: Confidence = Field(description="How far the row can be trusted.")


class FormatEvidenceRow(SourcedRow):
    """One published measurement of a weight format on one model: memory, or what is left of its quality."""

    FILE: ClassVar[str] = "format_evidence.csv"
    KEY: ClassVar[str] = "evidence_id"
    REFERENCES: ClassVar[dict[str, str]] = {"format_id": "formats.csv", "model_id": "models.csv"}

    evidence_id: Slug = Field(description="Stable id.")
    format_id: str = Field("", description="Format of the catalog; blank: not in it.")
    format_name: Text = Field(description="Format as the source names it.")
    runtime: Text = Field(description="Engine that ran it.")
    model_id: str = Field("", description="Model of the catalog; blank: not in it.")
    model_name: Text = Field(description="Model as the source names it.")
    bits_per_weight: PositiveFloat | None = Field(None, description="Memory x 8 / parameters, as measured.")
    memory_gib: PositiveFloat | None = Field(None, description="Measured size or memory, GiB.")
    quality_metric: str = Field("", description="What was scored; blank: memory only.")
    baseline: PositiveFloat | None = Field(None, description="Score of the 16-bit model.")
    quantised: PositiveFloat | None = Field(None, description="Score in this format.")
    recovery_low_fraction: PositiveFloat | None = Field(None, description="Least recovery that the source reports.")
    recovery_high_fraction: PositiveFloat | None = Field(None, description="Most recovery that the source reports.")
    context_tokens: PositiveInt | None = Field(None, description="Prompt length of the test; blank: short.")
    conditions: str = Field("", description="How it was measured.")
    confidence: Confidence = Field(description="How far the row can be trusted.")


class NamedRow(SourcedRow):
    """A model or system that a source article names: its row in the catalog, or that it does not exist."""

    FILE: ClassVar[str] = "named.csv"
    KEY: ClassVar[str] = "named_id"
    REFERENCES: ClassVar[dict[str, str]] = {"model_id": "models.csv"}

    named_id: Slug = Field(description="Stable id.")
    name: Text = Field(description="Name as the article writes it.")
    articles: Text = Field(description="Articles that name it, as in claims.csv, with blanks between.")
    kind: Literal["model", "api model", "system", "benchmark", "technique"] = Field(description="What it is.")
    exists: bool = Field(description="Whether there is such a thing.")
    model_id: str = Field("", description="Its row in models.csv, if any.")
    api: str = Field("", description="`provider/model` in the price catalog, if any.")
    instead: str = Field("", description="What there is instead, when it does not exist or has been replaced.")
