"""How a replica is served, where its throughput comes from, and the points measured on one's own server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.domain.base import ShortText, Value
from planner.domain.evidence import Provenance

EngineName = Literal["vllm", "sglang", "trtllm", "llama.cpp"]
ThroughputSource = Literal["auto", "published", "modelled", "calibrated"]
"""auto: typed in, else calibrated, else a published row of this deployment at a near shape, else modelled."""
KnownSource = Literal["typed", "calibrated", "published", "modelled"]
"""Where a throughput came from in the end."""
ENGINE_WORDS: dict[str, str] = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM", "llama.cpp": "llama.cpp"}
"""An engine as people write it."""

MAX_POINTS = 100
TOTAL_TOKENS_SLACK = 1.25
"""Output tokens/s above N / TPOT by this much are no output tokens: N requests produce at most N / TPOT a second."""


def engine_words(engine: str, version: str = "") -> str:
    """`vLLM v0.11.0`; a version that names its engine again stands alone."""
    name = ENGINE_WORDS.get(engine, engine)
    if version.lower().startswith(name.lower()):
        return name + version[len(name) :]
    return f"{name} {version}".strip()


class SpeculativeDecoding(Value):
    """A small model or head proposes tokens that the large one checks: a latency feature that costs work under load."""

    draft_tokens: int = Field(ge=1, le=32, description="Tokens proposed at each step.")
    acceptance_fraction: float = Field(ge=0, le=1, description="Share of the proposed tokens that are kept.")
    draft_cost_fraction: float = Field(
        ge=0, le=1, description="Time of one proposed token, as a share of one step of the large model."
    )


class Serving(Value):
    """The engine and its settings. Each default is the engine's own and changes nothing that is known otherwise."""

    engine: EngineName = Field("vllm", description="Serving engine; used by the modelled throughput.")
    engine_version: ShortText = Field("", description="Version of the engine; empty = the current one.")
    pipeline_parallel: int = Field(
        1, ge=1, le=64, description="Stages that the layers are split over; the rest of a replica's GPUs share a layer."
    )
    expert_parallel: bool = Field(False, description="Experts are spread over the GPUs, each held whole.")
    max_num_seqs: int | None = Field(
        None, ge=1, le=65_536, description="Requests served side by side at most; empty = the engine's own limit."
    )
    max_model_len: int | None = Field(
        None, ge=1, le=10**8, description="Longest prompt plus answer the server takes, tokens; empty = the model's."
    )
    lora_adapters: int = Field(0, ge=0, le=10_000, description="LoRA adapters served beside the base model.")
    speculative: SpeculativeDecoding | None = Field(None, description="Speculative decoding; empty = none.")


class MeasuredBy(Value):
    """The measurement that points were taken from: what a plan cites, and what its guards said."""

    measurement_id: str = Field(pattern=r"^[0-9a-f]{16}$", description="Id of the measurement.")
    made_by: ShortText = Field(description="What made it, e.g. `probe` or `vllm_bench`.")
    engine: ShortText = Field("", description="Engine as the server said; empty = unknown.")
    engine_version: ShortText = Field("", description="Version of the engine; empty = unknown.")
    gpu: ShortText = Field("", description="GPUs of the replica as declared, e.g. `2 x NVIDIA H100 SXM`.")
    status: ShortText = Field("", description="Status of the measurement, e.g. `ok` or `not_saturated`.")
    spread_fraction: float | None = Field(
        None, ge=0, le=1e3, description="Largest (most - least) / median over the repeats of a load; empty = unknown."
    )
    doubts: tuple[ShortText, ...] = Field((), max_length=20, description="What its guards said, one sentence each.")
    doubt_codes: tuple[ShortText, ...] = Field(
        (), max_length=30, description="Codes of the guards that spoke, e.g. NO_STEADY_WINDOW."
    )
    knee_requests_in_flight: float | None = Field(
        None, gt=0, le=1e6, description="Where its throughput stopped rising: more requests wait; empty = nowhere."
    )
    gpu_id: ShortText = Field("", description="Declared GPU, its catalog id; `cpu` = none; empty = not said.")
    gpus: int | None = Field(None, ge=1, le=4096, description="Declared GPUs of the replica; empty = not said.")
    model_id: ShortText = Field("", description="Declared model, its catalog id; empty = not said.")
    format_id: ShortText = Field("", description="Declared number format, its catalog id; empty = not said.")
    accepted_without_gpu: bool = Field(
        False, description="The scenario's owner takes figures of a server without a GPU for this option all the same."
    )
    source_before: ThroughputSource = Field(
        "auto", description="throughput_source of the option before these points, set again when they are removed."
    )


class CalibrationPoint(Value):
    """One load held on the server, and what came out of one replica."""

    requests_in_flight: float = Field(ge=1, le=1e6, description="Requests in flight on one replica (closed loop).")
    output_tokens_per_s: float = Field(ge=1e-3, le=1e9, description="Generated tokens/s, without prompt tokens.")
    ttft_ms: float | None = Field(None, gt=0, le=1e7, description="Mean time to first token, ms; empty = not measured.")
    tpot_ms: float | None = Field(None, gt=0, le=1e6, description="Mean time per token after it; empty = not measured.")


Points = Annotated[tuple[CalibrationPoint, ...], Field(min_length=1, max_length=MAX_POINTS)]


class CalibrationPoints(Value):
    """Points measured on one replica of one's own server, at one request shape."""

    input_tokens: float = Field(
        ge=1,
        le=1e8,
        description="Prompt tokens per request that the server computed in the runs, mean of the real ones.",
    )
    output_tokens: float = Field(ge=1, le=1e8, description="Generated tokens per request in the runs, mean.")
    points: Points = Field(description="Loads and what came out: 3 or more, the highest at saturation.")
    provenance: Provenance = Field(
        Provenance(origin="measured", source="measured by the scenario's owner"), description="Where they come from."
    )
    measured_by: MeasuredBy | None = Field(None, description="The measurement they were taken from; empty = typed in.")

    @model_validator(mode="after")
    def _output_tokens_alone(self) -> CalibrationPoints:
        wrong = [p for p in self.points if p.tpot_ms and p.output_tokens_per_s > _most(p, p.tpot_ms)]
        if wrong:
            first = wrong[0]
            raise ValueError(
                f"{first.requests_in_flight:g} requests at {first.tpot_ms:g} ms a token give at most "
                f"{_most(first, first.tpot_ms or 1) / TOTAL_TOKENS_SLACK:,.4g} output tokens/s, not "
                f"{first.output_tokens_per_s:,.6g}; leave out the prompt tokens"
            )
        return self


def _most(point: CalibrationPoint, tpot_ms: float) -> float:
    return TOTAL_TOKENS_SLACK * point.requests_in_flight * 1000 / tpot_ms
