"""What rented and owned fleets have in common: the model on its GPUs, and how many replicas there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from planner.capacity.start_time import start_time
from planner.domain.facts import OwnedFacts, RentedFacts
from planner.domain.options import SelfHosted
from planner.units import GB_BYTES, GIB_BYTES
from planner.web import fields
from planner.web.editing import value_at, write_back
from planner.web.forms import Line, Words, form, section
from planner.web.imported_inputs import imported_inputs
from planner.web.operations_inputs import tuning_inputs
from planner.web.state import PathKey, catalog
from planner.web.text import small
from planner.web.throughput_inputs import facts_of

FLEET = (
    Line("allowed_utilisation_fraction", "Allowed utilisation at peak (0 to 1)", 0.05),
    Line("min_replicas", "Minimum replicas"),
    Line("replica_step", "Replicas taken in steps of"),
)
MODES: Words = {
    "static": "always on, for the peak",
    "autoscale": "follow demand by the hour",
    "schedule": "run in fixed hours",
}
AUTOSCALE = (
    Line("lead_hours", "Capacity started ahead (hours)"),
    Line("cold_start_minutes", "From start to first request (minutes, paid)"),
)
SCHEDULE = (
    Line("days_per_week", "Runs on (days a week)"),
    Line("hours_per_day", "Runs for (hours a day)"),
)
AVAILABILITY = (
    Line("availability_target_fraction", "Availability to reach (below 1, e.g. 0.999)", 0.001),
    Line("replica_availability_fraction", "Time one replica is up (0 to 1)", 0.001),
    Line("regions", "Regions"),
    Line("survive_region_loss", "One region may fail at peak"),
)
MEMORY = (
    Line("prefix_cache_hit_fraction", "Prefix cache hits (share)", 0.05),
    Line("gpu_memory_utilisation_fraction", "GPU memory used (share)", 0.05),
    Line("gpu_overhead_gib", "GPU overhead (GiB)", 0.5),
    Line("kv_cache_bits", "KV cache (bits)"),
    Line("extra_work_fraction", "Extra work per request (share, e.g. a guard model)", 0.05),
    Line("storage_usd_per_gb_month", "Weights stored (USD per GB and month)", 0.01),
    Line("pull_usd_per_gb", "Weights loaded at a start (USD per GB)", 0.01),
)


def model_inputs(path: PathKey, gpu_changed: Callable[..., None] = write_back, args: tuple[Any, ...] = ()) -> None:
    """Model, format, GPU and GPUs per replica."""
    tables = catalog().tables
    imported_inputs(path, value_at((*path, "model")))
    if value_at((*path, "model")) is None:
        _named("Model", (*path, "model_id"), tables.model_by_id)
    else:
        fields.text("Short name of the model", (*path, "model_id"))
    _named("Weight format", (*path, "format_id"), tables.format_by_id)
    gpu = (*path, "gpu_id")
    _named("GPU", gpu, tables.gpu_by_id, on_change=gpu_changed, args=args or (gpu,))
    fields.whole("GPUs per replica", (*path, "gpus_per_replica"))


def _named(label: str, path: PathKey, rows: Mapping[str, Any], **more: Any) -> None:
    """A row of the catalog, shown by its name."""
    fields.choice(label, path, list(rows), show=lambda i: rows[i].name if i in rows else str(i), **more)


def fleet_inputs(path: PathKey, option: SelfHosted) -> None:
    """How many replicas, what keeps them up, and what else they cost."""
    form(path, FLEET)
    if option.availability_target_fraction is None:
        fields.whole("Spare replicas", (*path, "spare_replicas"))
    with section("Scaling with demand", path, "scaling") as is_open:
        if is_open:
            _scaling(path, option)
    with section("Availability and regions", path, "availability") as is_open:
        if is_open:
            form(path, AVAILABILITY)
    with section("Memory, cache and storage", path, "memory") as is_open:
        if is_open:
            form(path, MEMORY)
    tuning_inputs(path, option)


def _scaling(path: PathKey, option: SelfHosted) -> None:
    where = (*path, "scaling")
    fields.choice("Replicas", (*where, "mode"), list(MODES), show=MODES.__getitem__)
    if option.scaling.mode == "autoscale":
        form(where, AUTOSCALE)
        _start_hint(option)
    if option.scaling.mode == "schedule":
        form(where, SCHEDULE)
    form(path, (Line("batch_fills_troughs", "Batch requests wait for idle capacity"),))


def _start_hint(option: SelfHosted) -> None:
    """How long a start takes by its weights (SCA-3), beside the field; the field is not changed."""
    known = facts_of(option)
    if not isinstance(known, RentedFacts | OwnedFacts):
        return
    weights_gb = known.replica.weight_gib * GIB_BYTES / GB_BYTES
    start = start_time(weights_gb)
    st.markdown(
        small(
            f"By its weights, {weights_gb:,.0f} GB, a start takes about {start.total_minutes:.0f} minutes: machine "
            f"{start.machine_s:.0f} s, image {start.image_s:.0f} s, download {start.download_s:.0f} s, loading "
            f"{start.load_s:.0f} s, warm-up {start.warm_up_s:.0f} s (planning assumptions; measure yours)."
        )
    )
