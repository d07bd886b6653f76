"""A measurement of a live server: what was probed, how, every run, and what follows from them. Form 1.

`Summary` follows from the runs and is computed anew when a measurement is read (`planner.capacity.measurement`), so an
edited file changes nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.domain.base import ShortText, Value
from planner.domain.measured_run import Flag, Run

MAX_RUNS = 2000
MeasurementOrigin = Literal["probe", "watch", "vllm_bench", "guidellm", "llmperf", "aiperf"]
"""probe: our own client; watch: a server's counters under live traffic; the others: a tool's result, imported."""
MeasurementId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Status = Literal["ok", "not_saturated", "noisy", "partial", "invalid"]
"""not_saturated: the largest rate is a lower bound; noisy: repeats differ; partial: stopped; invalid: no usable run."""
PromptKind = Literal["token_ids", "text", "chat", "live", "unknown"]


class ProbedServer(Value):
    """What the server says of itself."""

    address_hash: ShortText = Field("", description="Start of the SHA-256 of its address; the address is not kept.")
    engine: ShortText = Field("", description="vllm, sglang, llama.cpp, ollama, tgi, or empty when unknown.")
    engine_version: ShortText = Field("", description="As it says; empty when unknown.")
    served_model: ShortText = Field("", description="Name that requests are sent with.")
    max_model_len: int | None = Field(None, ge=1, le=10**9, description="Longest prompt plus answer, tokens.")
    fingerprint: ShortText = Field("", description="system_fingerprint of its answers.")
    kv_cache_tokens: int | None = Field(None, ge=0, le=10**12, description="Tokens that its KV cache holds.")
    prefix_caching: bool | None = Field(None, description="Whether it reuses prefixes.")
    metrics: Literal["full", "partial", "none"] = Field("none", description="How many of its counters can be read.")


class Declared(Value):
    """What the server cannot tell and its owner says."""

    gpu_id: ShortText = Field("", description="Catalog id of the GPU; `cpu` for a server without one; empty: not said.")
    gpus: int = Field(1, ge=1, le=4096, description="GPUs of the replica that was probed.")
    model_id: ShortText = Field("", description="Catalog id of the model; empty = not said.")
    format_id: ShortText = Field("", description="Catalog id of the number format; empty = not said.")
    usd_per_gpu_hour: float | None = Field(None, ge=0, le=1e6, description="What a GPU costs an hour, USD.")
    server_flags: ShortText = Field("", description="How the server was started.")
    note: ShortText = Field("", description="What a reviewer should know.")


class ProbedShape(Value):
    """The requests that were sent. Delivered lengths are in each run."""

    input_tokens_asked: int | None = Field(None, ge=1, le=10**8, description="Prompt tokens of each request.")
    output_tokens_asked: int | None = Field(None, ge=1, le=10**8, description="Answer tokens of each request.")
    prompt_kind: PromptKind = Field("unknown", description="How prompts were given.")
    ignore_eos: bool | None = Field(None, description="Whether answers were made to run to their full length.")
    temperature: float | None = Field(None, ge=0, le=10, description="Sampling temperature.")
    endpoint: ShortText = Field("", description="Path of the requests.")


class ProbingClient(Value):
    """Where requests came from."""

    program: ShortText = Field("", description="Name and version of what sent them.")
    cpu_count: int | None = Field(None, ge=1, le=100_000, description="Cores of its machine.")
    same_host: bool | None = Field(None, description="Whether it ran on the server's machine.")


class LevelSummary(Value):
    """All usable repeats of one load."""

    requests_in_flight: float = Field(gt=0, le=1e6, description="Requests in flight.")
    repeats: int = Field(ge=1, le=1000, description="Usable runs of this load.")
    output_tokens_per_s: float = Field(ge=0, le=1e9, description="Median of the repeats.")
    least_output_tokens_per_s: float = Field(ge=0, le=1e9, description="The slowest repeat.")
    most_output_tokens_per_s: float = Field(ge=0, le=1e9, description="The fastest repeat.")
    ttft_ms: float | None = Field(None, ge=0, le=1e9, description="Median of the repeats' mean times to first token.")
    tpot_ms: float | None = Field(None, ge=0, le=1e9, description="Median of the repeats' mean times per token.")
    ttft_p95_ms: float | None = Field(None, ge=0, le=1e9, description="Median of the repeats' 95th percentiles.")
    tpot_p95_ms: float | None = Field(None, ge=0, le=1e9, description="Median of the repeats' 95th percentiles.")


class Knee(Value):
    """Where throughput stops rising: the load, and the probed loads that it certainly lies between."""

    requests_in_flight: float = Field(gt=0, le=1e6, description="Best estimate.")
    low: float = Field(gt=0, le=1e6, description="It is not below this load.")
    high: float = Field(gt=0, le=1e6, description="It is not above this load.")
    reason: ShortText = Field(description="What it was read from.")


class AtTarget(Value):
    """The largest probed load within a latency target."""

    ttft_p95_ms: float | None = Field(None, gt=0, le=1e9, description="Target; empty = none.")
    tpot_p95_ms: float | None = Field(None, gt=0, le=1e9, description="Target; empty = none.")
    requests_in_flight: float | None = Field(None, gt=0, le=1e6, description="Largest load within it; empty = none.")
    output_tokens_per_s: float | None = Field(None, ge=0, le=1e9, description="Rate at that load.")


class Summary(Value):
    """What follows from the runs."""

    status: Status = Field(description="ok, not_saturated, noisy, partial or invalid.")
    reason: ShortText = Field(description="Why, in one sentence.")
    levels: tuple[LevelSummary, ...] = Field((), max_length=MAX_RUNS, description="Ascending by load.")
    knee: Knee | None = Field(None, description="Empty when throughput was still rising, or nothing is usable.")
    spread_fraction: float | None = Field(
        None, ge=0, le=1e3, description="Largest (most - least) / median of a load's repeats; empty = one repeat only."
    )
    at_target: AtTarget | None = Field(None, description="Empty when no latency target was given.")


class Measurement(Value):
    """One measurement of one server."""

    schema_version: Literal[1] = Field(1, description="Form of this document.")
    measurement_id: MeasurementId = Field(description="16 hexadecimal digits; plans cite it.")
    origin: MeasurementOrigin = Field("probe", description="What made it.")
    program_version: ShortText = Field(description="Version of this program.")
    started_at: dt.datetime = Field(description="UTC.")
    finished_at: dt.datetime = Field(description="UTC.")
    server: ProbedServer = Field(ProbedServer(), description="What the server says of itself.")
    declared: Declared = Field(Declared(), description="What its owner says.")
    shape: ProbedShape = Field(ProbedShape(), description="The requests.")
    client: ProbingClient = Field(ProbingClient(), description="Where they came from.")
    target_ttft_p95_ms: float | None = Field(None, gt=0, le=1e9, description="Latency target given with the probe.")
    target_tpot_p95_ms: float | None = Field(None, gt=0, le=1e9, description="Latency target given with the probe.")
    runs: tuple[Run, ...] = Field((), max_length=MAX_RUNS, description="In the order they ran.")
    stopped: ShortText = Field("", description="Why it ended early; empty = it ran to its end.")
    flags: tuple[Flag, ...] = Field((), max_length=30, description="What holds for the measurement as a whole.")
    summary: Summary = Field(Summary(status="invalid", reason="No run yet."), description="What follows from the runs.")

    @model_validator(mode="after")
    def _in_utc(self) -> Measurement:
        for name in ("started_at", "finished_at"):
            if getattr(self, name).utcoffset() != dt.timedelta(0):
                raise ValueError(f"{name} needs a time in UTC, such as 2026-11-22T10:00:00Z")
        if self.finished_at < self.started_at:
            raise ValueError("finished_at is before started_at")
        return self
