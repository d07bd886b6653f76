"""Published throughput measurements."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from planner.catalog.rows.base import PartialDate, Row, Text, Url
from planner.domain.base import Slug


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
