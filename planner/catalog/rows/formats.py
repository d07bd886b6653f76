"""Number formats of the weights, what was measured of them, and published quality scores."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, PositiveFloat, PositiveInt

from planner.catalog.rows.base import SourcedRow, Text
from planner.catalog.rows.hardware import ComputeRate
from planner.domain.base import Confidence, Slug


class FormatRow(SourcedRow):
    """One number format of the weights."""

    FILE: ClassVar[str] = "formats.csv"
    KEY: ClassVar[str] = "format_id"

    format_id: Slug = Field(description="Stable id.")
    name: Text = Field(description="Name on screen.")
    bits_per_weight: PositiveFloat = Field(description="Bits per quantised weight, scales included.")
    embeddings_quantised: bool = Field(
        description="Whether the bits hold for embeddings and output head too; else those stay at 2 bytes."
    )
    compute_rate: ComputeRate = Field(description="Matrix rate of gpus.csv it runs at.")
    runs_on: Text = Field(description="Architectures of gpus.csv that an engine is known to run it on, `;` between.")
    falls_back: Text = Field(description="What a GPU without that rate does.")

    @property
    def architectures(self) -> frozenset[str]:
        """Architectures that an engine is known to run it on."""
        return frozenset(self.runs_on.split(";"))


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
