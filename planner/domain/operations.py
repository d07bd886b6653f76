"""People and the rest that an option needs beside tokens and GPUs (OPS-1 to OPS-4, FT-1 to FT-3)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from planner.domain.base import Value
from planner.domain.evidence import Provenance


class Operations(Value):
    """People and the rest that one option needs; the same lines on both sides of every comparison."""

    setup_hours: float = Field(16, ge=0, le=1e6, description="One-off engineering hours before the first month.")
    ramp_up_hours: float = Field(0, ge=0, le=1e6, description="One-off hours of learning, all engineers together.")
    other_one_off_usd: float = Field(0, ge=0, le=1e10, description="Other one-off cost, USD: migration, compliance.")
    fte_fraction: float = Field(0.02, ge=0, le=1000, description="Full-time engineers kept busy by running it.")
    updates_per_year: float = Field(0, ge=0, le=365, description="New versions rolled out a year (OPS-3).")
    hours_per_update: float = Field(0, ge=0, le=1e5, description="Engineering hours for one of them.")
    evaluations_per_year: float = Field(0, ge=0, le=365, description="Quality evaluations a year (OPS-3).")
    hours_per_evaluation: float = Field(0, ge=0, le=1e5, description="Hours of people for one of them.")
    support_usd_per_month: float = Field(0, ge=0, le=1e10, description="Support contracts, USD a month.")
    compliance_usd_per_year: float = Field(0, ge=0, le=1e10, description="Audits and reviews, USD a year.")
    monitoring_usd_per_gpu_month: float = Field(0, ge=0, le=1e6, description="Monitoring, USD per GPU and month.")
    other_usd_per_month: float = Field(0, ge=0, le=1e10, description="Anything else, USD a month.")


SELF_HOST_OPERATIONS = Operations(
    setup_hours=120,
    fte_fraction=0.15,
    updates_per_year=6,
    hours_per_update=16,
    evaluations_per_year=4,
    hours_per_evaluation=24,
)

TuningMethod = Literal["full", "lora", "qlora"]


class FineTuning(Value):
    """Training runs that the option needs (FT-1 to FT-3)."""

    method: TuningMethod = Field("lora", description="full, lora or qlora.")
    training_tokens: float = Field(ge=0, le=1e13, description="Tokens of the training set.")
    epochs: float = Field(1, ge=0, le=1000, description="Passes over it.")
    experiments: float = Field(1, ge=0, le=1e4, description="Runs tried for one that is kept.")
    active_params: float = Field(gt=0, le=1e14, description="Active parameters of the model trained.")
    tflops_per_gpu: float = Field(gt=0, le=1e6, description="Dense TFLOPS of the training GPU at its precision.")
    mfu_fraction: float = Field(0.3, gt=0, le=1, description="Share of them that training reaches.")
    overhead_ratio: float = Field(1, ge=1, le=100, description="Extra work, e.g. 1.3 for QLoRA's dequantisation.")
    recompute_activations: bool = Field(False, description="Full activation recomputation adds a forward pass.")
    usd_per_gpu_hour: float = Field(ge=0, le=1e6, description="Rental of the training GPU, USD an hour.")
    runs_per_year: float = Field(1, ge=0, le=1000, description="How often it is done again (FT-2).")
    evaluation_mtok: float = Field(0, ge=0, le=1e9, description="Million tokens judged after each run (FT-3).")
    evaluation_usd_per_mtok: float = Field(0, ge=0, le=1e6, description="What judging a million tokens costs, USD.")
    evaluation_hours: float = Field(0, ge=0, le=1e5, description="Hours of people for each evaluation.")
    data_hours: float = Field(0, ge=0, le=1e6, description="Hours of people to prepare the data, each run.")
    provenance: Provenance = Field(Provenance(), description="Where these figures come from.")
