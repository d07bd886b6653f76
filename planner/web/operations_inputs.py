"""People and other costs of an option, and the training runs it needs."""

from __future__ import annotations

from typing import Any

from planner.domain.options import HybridOption, Option, RentedOption, SelfHosted
from planner.web import fields
from planner.web.forms import Line, form, section
from planner.web.option_switch import typed_switch
from planner.web.rented_prices import rental_usd_per_gpu_hour
from planner.web.state import PathKey, catalog

BASIC = (
    Line("setup_hours", "Setup (hours, once)", 4),
    Line("fte_fraction", "Engineers kept busy (FTE; 0.1 = half a day a week)", 0.01),
    Line("other_usd_per_month", "Other cost (USD a month)", 50),
    Line("other_one_off_usd", "Other one-off cost (USD)", 500),
)
MORE = (
    Line("ramp_up_hours", "Learning (hours, once, all engineers)", 8),
    Line("updates_per_year", "Updates (a year)"),
    Line("hours_per_update", "Work per update (hours)", 4),
    Line("evaluations_per_year", "Quality evaluations (a year)"),
    Line("hours_per_evaluation", "Work per evaluation (hours)", 4),
    Line("support_usd_per_month", "Support contracts (USD a month)", 100),
    Line("compliance_usd_per_year", "Audits and compliance (USD a year)", 500),
    Line("monitoring_usd_per_gpu_month", "Monitoring (USD per GPU and month)"),
)
METHODS = {"full": "all weights", "lora": "LoRA", "qlora": "QLoRA"}
TUNING = (
    Line("method", "Method", words=METHODS),
    Line("training_tokens", "Training set (tokens)", 1e6),
    Line("epochs", "Passes over it (epochs)"),
    Line("experiments", "Runs tried for one that is kept"),
    Line("active_params", "Active parameters trained on", 1e9),
    Line("tflops_per_gpu", "Training GPU (dense TFLOPS)", 10),
    Line("mfu_fraction", "Share of them reached (0 to 1)", 0.05),
    Line("overhead_ratio", "Extra work (ratio, from 1)", 0.1),
    Line("recompute_activations", "Activations are recomputed"),
    Line("usd_per_gpu_hour", "Training GPU (USD per GPU-hour)", 0.1),
    Line("runs_per_year", "Done again (times a year)"),
    Line("evaluation_mtok", "Judged after each run (1M tokens)"),
    Line("evaluation_usd_per_mtok", "Judging (USD per 1M tokens)", 0.5),
    Line("evaluation_hours", "People's time for each judging (hours)", 4),
    Line("data_hours", "Preparing the data (hours, each run)", 4),
)


def operations_inputs(path: PathKey, option: Option) -> None:
    """The same lines for every option that has them; a hybrid's are those of its parts."""
    if isinstance(option, HybridOption):
        return
    where = (*path, "operations")
    form(where, BASIC)
    with section("More people and running costs", path, "operations") as is_open:
        if is_open:
            form(where, MORE)


def tuning_inputs(path: PathKey, option: SelfHosted) -> None:
    """Training runs: switched on with a small LoRA run on the option's own GPU."""
    with section("Fine-tuning", path, "tuning") as is_open:
        if not is_open:
            return
        typed_switch("Needs fine-tuning", path, "tuning", lambda: _small_run(option), {})
        if option.tuning is None:
            fields.problem((*path, "tuning"))
            return
        form((*path, "tuning"), TUNING)
        fields.provenance_inputs((*path, "tuning", "provenance"))


def _small_run(option: SelfHosted) -> dict[str, Any]:
    """10M tokens, three passes: a usual size for LoRA, to be replaced by the owner's own."""
    model = catalog().tables.model_by_id.get(option.model_id)
    gpu = catalog().tables.gpu_by_id.get(option.gpu_id)
    return {
        "training_tokens": 1e7,
        "epochs": 3.0,
        "experiments": 3.0,
        "active_params": float(model.active_params) if model else 8e9,
        "tflops_per_gpu": (gpu and gpu.bf16_dense_tflops) or 300.0,
        "usd_per_gpu_hour": rental_usd_per_gpu_hour(option.gpu_id, option if isinstance(option, RentedOption) else None)
        or 3.0,
        "provenance": {"source": "starting figures: a small LoRA run, GPU and model as in the catalog"},
    }
