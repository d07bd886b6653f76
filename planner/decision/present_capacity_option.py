"""A candidate as a rented option of a scenario, and the page's question as a scenario of its own."""

from __future__ import annotations

from typing import Any

from planner.capacity.memory import KV_BLOCK_TOKENS, kv_copies
from planner.capacity.replica_memory import kv_replicated
from planner.catalog.tables import Tables
from planner.decision.candidates.memory import PLAIN_KV_BITS
from planner.decision.present_capacity import Names
from planner.domain.capacity import Candidate, CapacityRequest
from planner.domain.options import RentedOption, SelfHosted
from planner.domain.scenario import Scenario
from planner.domain.workload import TaskClass, Workload
from planner.units import GIB_BYTES, MIB_PER_GIB, SECONDS_PER_DAY

OPTION_TERMS: dict[str, dict[str, Any]] = {
    "on_demand": {"term": "on_demand"},
    "capacity_block": {"term": "on_demand"},
    "reserved_1y": {"term": "reserved", "term_months": 12},
    "reserved_3y": {"term": "reserved", "term_months": 36},
    "spot": {"term": "spot"},
}


def changed_document(
    scenario: Scenario, candidate: Candidate, request: CapacityRequest, tables: Tables, option_id: str | None
) -> dict[str, Any]:
    """The scenario's document with the candidate as a new option, or in the place of one."""
    document = scenario.model_dump()
    options = list(document["options"])
    if option_id is None:
        options.append({**_new(scenario), **option_fields(candidate, request, tables)})
    else:
        place = next(k for k, o in enumerate(options) if o["option_id"] == option_id)
        label = options[place]["label"]
        options[place] = {**options[place], **option_fields(candidate, request, tables), "label": label}
    return {**document, "options": options}


def _new(scenario: Scenario) -> dict[str, Any]:
    taken = {o.option_id for o in scenario.options}
    number = next(n for n in range(1, 100) if f"rented-{n}" not in taken)
    return {"kind": "rented", "option_id": f"rented-{number}"}


def option_fields(c: Candidate, request: CapacityRequest, tables: Tables) -> dict[str, Any]:
    """The fields of a rented option that a candidate decides."""
    names = Names(tables)
    terms = dict(OPTION_TERMS[c.term])
    if c.term == "spot":
        terms["spot"] = {"fallback_usd_per_gpu_hour": str(round(c.usd_per_gpu_hour, 8))}
    if terms["term"] == "reserved":
        terms["scaling"] = {"mode": "static"}
    step = max(1, c.gpus_per_instance // c.gpus_per_replica) if request.whole_instances else 1
    fields: dict[str, Any] = {
        "label": f"{names.deployment(c)}, {c.provider}"[:200],
        "model_id": c.model_id,
        "model": None,
        "format_id": c.format_id,
        "gpu_id": c.gpu_id,
        "gpus_per_replica": c.gpus_per_replica,
        "throughput": None,
        "price_id": c.price_id,
        "price": None,
        **terms,
        "spare_replicas": request.spare_replicas,
        "replica_step": step,
        "regions": request.regions,
        "survive_region_loss": request.survive_region_loss,
        "gpu_memory_utilisation_fraction": request.gpu_memory_utilisation_fraction,
        "gpu_overhead_gib": _overhead_gib(c, request, tables),
        "serving": {
            "engine": c.engine,
            "pipeline_parallel": c.pp,
            "max_num_seqs": c.max_num_seqs,
            "max_model_len": c.max_model_len,
        },
    }
    return fields | ({"kv_cache_bits": request.kv_cache_bits} if request.kv_cache_bits else {})


def _overhead_gib(c: Candidate, request: CapacityRequest, tables: Tables) -> float:
    """What leaves the KV cache that the search found beside the weights, GiB per GPU; half a block of it to spare."""
    model, gpu = tables.model_by_id[c.model_id], tables.gpu_by_id[c.gpu_id]
    tokens = request.input_tokens + request.output_tokens
    each = model.sequence_bytes(tokens, request.kv_cache_bits or PLAIN_KV_BITS) / tokens
    copies = float(kv_copies(c.tp, model.kv_heads, kv_replicated(model)))
    cache = (c.kv_cache_tokens + KV_BLOCK_TOKENS / 2) * each * copies / GIB_BYTES
    usable = gpu.memory_mib_reported / MIB_PER_GIB * request.gpu_memory_utilisation_fraction
    return round(max(usable - (c.weight_gib + cache) / c.gpus_per_replica, 0.0), 4)


def same_deployment_in(scenario: Scenario, c: Candidate) -> SelfHosted | None:
    """The scenario's option that serves the same model in the same format on the same GPUs."""
    asked = (c.model_id, c.format_id, c.gpu_id, c.gpus_per_replica)
    own = (o for o in scenario.options if isinstance(o, SelfHosted))
    return next((o for o in own if (o.model_id, o.format_id, o.gpu_id, o.gpus_per_replica) == asked), None)


def as_scenario(
    scenario: Scenario, c: Candidate, request: CapacityRequest, tables: Tables
) -> tuple[Scenario, SelfHosted]:
    """The request as a scenario, with the candidate as its option: what the scenario knows of it already is kept."""
    known = same_deployment_in(scenario, c)
    fields = {"kind": "rented", "option_id": "candidate", **option_fields(c, request, tables)}
    option = known or RentedOption.model_validate(fields)
    cached = request.input_tokens * request.cached_fraction
    only = TaskClass(
        class_id="asked",
        requests_per_day=request.mean_rate_per_s * SECONDS_PER_DAY,
        fresh_input_tokens=request.input_tokens - cached,
        cached_input_tokens=cached,
        output_tokens=request.output_tokens,
    )
    work = Workload(classes=(only,), peak_to_mean=min(request.peak_requests_per_s / request.mean_rate_per_s, 1000))
    update = {"workload": work, "latency": request.latency, "options": (option,)}
    return scenario.model_copy(update=update), option
