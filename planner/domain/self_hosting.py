"""The ways to run the model oneself: rented GPUs, owned servers, workstations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.domain.base import Price, ShortText, Slug, Value
from planner.domain.evidence import Provenance
from planner.domain.operations import SELF_HOST_OPERATIONS, FineTuning, Operations
from planner.domain.serving import CalibrationPoints, Serving, ThroughputSource
from planner.domain.typed import TypedGpuPrice, TypedModel, TypedThroughput
from planner.domain.workload import Modality

RentalTerm = Literal["on_demand", "reserved", "spot"]


class BaseOption(Value):
    """What every way to serve has."""

    option_id: Slug = Field(description="Short unique name of the option.")
    label: ShortText = Field(min_length=1, description="Name shown to people.")
    quality_score: float | None = Field(None, ge=0, le=100, description="Your own evaluation of it, 0 to 100.")
    success_fraction: float = Field(
        1, gt=0.01, le=1, description="Share of answers that are usable; others are retried."
    )
    input_token_ratio: float = Field(
        1, ge=0.1, le=10, description="Its prompt tokens per token of the workload (API-8)."
    )
    output_token_ratio: float = Field(1, ge=0.1, le=10, description="Its output tokens per token of the workload.")
    modalities: tuple[Modality, ...] | None = Field(
        None, min_length=1, max_length=4, description="What it can read; empty = what its model reads, or text alone."
    )
    licence_allows: bool | None = Field(
        None,
        description="Your own judgement of its licence: yes = you hold one that covers this use; no = it is out; "
        "empty = the terms of its licence decide.",
    )
    soft_scores: dict[Slug, Annotated[float, Field(ge=0, le=5)]] = Field(
        default_factory=dict, max_length=20, description="Your 0 to 5 for each soft criterion of the scenario."
    )
    private_allowed: bool | None = Field(None, description="May serve private classes; empty = only when self-hosted.")


class Scaling(Value):
    """How the number of replicas follows demand (SCA-1, SCA-2)."""

    mode: Literal["static", "autoscale", "schedule"] = Field(
        "static", description="static: sized for the peak, always on; autoscale: by the hour; schedule: fixed hours."
    )
    lead_hours: int = Field(0, ge=0, le=24, description="Hours ahead that capacity is started.")
    cold_start_minutes: float = Field(10, ge=0, le=1440, description="Paid minutes from start to first request.")
    days_per_week: float = Field(5, gt=0, le=7, description="schedule: days a week it runs.")
    hours_per_day: float = Field(12, gt=0, le=24, description="schedule: hours a day it runs.")


class SpotTerms(Value):
    """What interruptions cost (RNT-3)."""

    monthly_interruption_fraction: float = Field(0.15, ge=0, lt=1, description="Share of instances stopped in a month.")
    outage_hours: float = Field(0.5, ge=0, le=720, description="Hours without the instance at each interruption.")
    paid_hours: float = Field(0.25, ge=0, le=720, description="Hours paid for and lost at each interruption.")
    fallback_usd_per_gpu_hour: Price = Field(description="What serves meanwhile, USD per GPU-hour; 0 = work waits.")


class SelfHosted(BaseOption):
    """An open-weight model on GPUs of a fleet."""

    model_id: Slug = Field(description="Model in data/models.csv; with `model` just a name.")
    model: TypedModel | None = Field(None, description="A model that is imported, in place of one in the catalog.")
    format_id: Slug = Field(description="Weight format in data/formats.csv.")
    gpu_id: Slug = Field(description="GPU in data/gpus.csv.")
    gpus_per_replica: int = Field(1, ge=1, le=64, description="GPUs that hold one copy: tensor x pipeline parallel.")
    serving: Serving = Field(Serving(), description="Engine and its settings.")
    throughput: TypedThroughput | None = Field(None, description="Typed in; see throughput_source when empty.")
    throughput_source: ThroughputSource = Field(
        "auto",
        description="auto: typed in, else calibrated, else a published run of this deployment at a near request "
        "length, else modelled; or one of them by name.",
    )
    calibration: CalibrationPoints | None = Field(
        None, description="Points measured on one replica of your own server; empty = none."
    )
    allowed_utilisation_fraction: float = Field(0.7, ge=1e-3, le=1, description="Share of capacity used at peak.")
    min_replicas: int = Field(1, ge=0, le=100_000, description="Replicas kept even when idle.")
    spare_replicas: int = Field(1, ge=0, le=100_000, description="Extra replicas for failure and rollout (N+1).")
    replica_step: int = Field(1, ge=1, le=64, description="Replicas are taken in multiples of this (8-GPU nodes).")
    regions: int = Field(1, ge=1, le=20, description="Regions that share the demand evenly, whole replicas in each.")
    survive_region_loss: bool = Field(False, description="The others must carry the peak when one region fails.")
    availability_target_fraction: float | None = Field(
        None, gt=0, lt=1, description="Spares are computed to reach it (CAP-6); empty = spare_replicas as typed."
    )
    replica_availability_fraction: float = Field(0.995, gt=0, le=1, description="Share of time one replica is up.")
    scaling: Scaling = Field(Scaling(), description="How replicas follow demand.")
    batch_fills_troughs: bool = Field(True, description="Deferrable requests wait for idle capacity (BAT-1).")
    extra_work_fraction: float = Field(0, ge=0, le=10, description="Work added to each request, e.g. a guard model.")
    prefix_cache_hit_fraction: float = Field(1, ge=0, le=1, description="Share of cached input that hits here too.")
    gpu_memory_utilisation_fraction: float = Field(0.9, gt=0, le=1, description="GPU memory the server may use.")
    gpu_overhead_gib: float = Field(2, ge=0, le=1000, description="Activations and runtime per GPU, GiB.")
    kv_cache_bits: Literal[8, 16] = Field(16, description="Bits per KV-cache element.")
    storage_usd_per_gb_month: float = Field(0, ge=0, le=100, description="Weights kept beside each replica, USD/GB.")
    pull_usd_per_gb: float = Field(0, ge=0, le=100, description="Network charge when a starting replica loads weights.")
    tuning: FineTuning | None = Field(None, description="Training runs that this option needs.")
    operations: Operations = Field(SELF_HOST_OPERATIONS, description="People and other costs of this option.")

    @property
    def tensor_parallel(self) -> int:
        """GPUs of a replica that share every layer."""
        return self.gpus_per_replica // self.serving.pipeline_parallel

    @model_validator(mode="after")
    def _stages(self) -> SelfHosted:
        if self.gpus_per_replica % self.serving.pipeline_parallel:
            raise ValueError(
                f"serving.pipeline_parallel {self.serving.pipeline_parallel} does not divide gpus_per_replica "
                f"{self.gpus_per_replica}; use a number of stages that does"
            )
        return self


class RentedOption(SelfHosted):
    """An open-weight model on GPUs rented by the hour: on demand, reserved or spot (RNT-1 to RNT-3)."""

    kind: Literal["rented"] = Field("rented", description="Kind of option.")
    price_id: Slug | None = Field(None, description="Row of data/gpu_prices.csv.")
    price: TypedGpuPrice | None = Field(None, description="A GPU price typed in, in place of price_id.")
    term: RentalTerm = Field("on_demand", description="on_demand, reserved for a term, or spot.")
    term_months: int = Field(12, ge=1, le=120, description="reserved: length of the commitment.")
    upfront_fraction: float = Field(0, ge=0, le=1, description="reserved: share of the term paid before it starts.")
    spot: SpotTerms | None = Field(None, description="spot: what interruptions cost.")

    @model_validator(mode="after")
    def _consistent(self) -> RentedOption:
        if self.price is not None and self.price_id is not None:
            raise ValueError("give price_id or price, not both")
        if self.term == "spot" and self.spot is None:
            raise ValueError("a spot option needs `spot` (its interruptions and what serves meanwhile)")
        if self.term == "reserved" and self.scaling.mode != "static":
            raise ValueError("reserved GPUs are paid in every hour; use scaling mode static, or rent on demand")
        return self


class ServerPurchase(Value):
    """A server as it is bought and run (OWN-1 to OWN-3)."""

    usd_per_server: Price = Field(description="Server, network, rack, installation and tax, USD.")
    gpus_per_server: int = Field(8, ge=1, le=1024, description="GPUs in one server.")
    life_months: int = Field(48, ge=1, le=240, description="Months until it is replaced.")
    residual_fraction: float = Field(0.15, ge=0, le=1, description="Share of the price it is worth then.")
    idle_kw: float = Field(ge=0, le=1000, description="Power of one idle server, kW.")
    max_kw: float = Field(gt=0, le=1000, description="Power of one busy server, kW; colocation is paid for this.")
    pue_ratio: float = Field(1.3, ge=1, le=5, description="Facility power over server power; 1 when colo includes it.")
    electricity_usd_per_kwh: float = Field(0.0977, ge=0, le=100, description="Electricity, USD per kWh.")
    colocation_usd_per_kw_month: float = Field(0, ge=0, le=1e5, description="Space and cooling, USD per kW and month.")
    maintenance_fraction_per_year: float = Field(0.04, ge=0, le=1, description="Maintenance, share of price a year.")
    licence_usd_per_gpu_year: float = Field(0, ge=0, le=1e6, description="Software licences, USD per GPU and year.")
    provenance: Provenance = Field(Provenance(), description="Where these figures come from.")

    @model_validator(mode="after")
    def _power(self) -> ServerPurchase:
        if self.idle_kw > self.max_kw:
            raise ValueError(f"idle_kw {self.idle_kw:g} is above max_kw {self.max_kw:g}; swap them")
        return self


class OwnedOption(SelfHosted):
    """An open-weight model on servers bought and run by the team."""

    kind: Literal["owned"] = Field("owned", description="Kind of option.")
    server: ServerPurchase = Field(description="The server.")


class WorkstationOption(BaseOption):
    """A local model on workstations or laptops, e.g. with Ollama or llama.cpp (WKS-1)."""

    kind: Literal["workstation"] = Field("workstation", description="Kind of option.")
    model: ShortText = Field(description="Model and format that runs on it.")
    developers: int = Field(1, ge=0, le=100_000, description="People who need a machine each; machines are not pooled.")
    prompt_tokens_per_s: float = Field(gt=0, le=1e6, description="Prompt tokens/s of one machine.")
    output_tokens_per_s: float = Field(gt=0, le=1e6, description="Output tokens/s of one request alone.")
    parallel_slots: int = Field(1, ge=1, le=256, description="Requests served side by side at that speed.")
    usd_per_machine: Price = Field(description="Purchase price of one machine, USD.")
    allocated_fraction: float = Field(1, ge=0, le=1, description="Share of it charged here; 0 when it exists anyway.")
    life_months: int = Field(48, ge=1, le=240, description="Months until it is replaced.")
    residual_fraction: float = Field(0, ge=0, le=1, description="Share of the price it is worth then.")
    busy_kw: float = Field(0.3, ge=0, le=100, description="Power while it works, kW.")
    electricity_usd_per_kwh: float = Field(0.1453, ge=0, le=100, description="Electricity, USD per kWh.")
    extra_wait_s_per_request: float = Field(0, ge=0, le=3600, description="Seconds people wait longer than elsewhere.")
    provenance: Provenance = Field(Provenance(), description="Where these figures come from.")
    operations: Operations = Field(Operations(), description="People and other costs of this option.")
