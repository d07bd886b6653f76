"""Facts of a rented option: price of the GPU, memory fit, throughput of a replica and its physical ceiling."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from planner.capacity import ceiling, memory
from planner.capacity.availability import MAX_SPARES
from planner.catalog.rows import ModelRow
from planner.catalog.tables import Tables
from planner.decision.kernel.fleet import fleet_plan
from planner.decision.rented_evidence import (
    server_evidence,
    specification_evidence,
    spot_evidence,
    tuning_evidence,
)
from planner.decision.resolve_price import nearest, rental_price
from planner.decision.resolve_throughput import Blocked, Hardware, Throughput, compute_ceiling, throughput
from planner.domain.evidence import Evidence
from planner.domain.facts import BlockedFacts, OwnedFacts, Reason, RentedFacts, ReplicaFacts
from planner.domain.options import OwnedOption, RentedOption, SelfHosted
from planner.domain.scenario import Scenario
from planner.units import GB_BYTES, GIB_BYTES, MIB_PER_GIB
from planner.workload.demand import ClassArrays, class_arrays, mean_shape

T = TypeVar("T")


class _Memory(NamedTuple):
    weight_gib: float
    kv_tokens: int


class _Capability(NamedTuple):
    """One replica with its evidence, or the reasons why there is none."""

    replica: ReplicaFacts | None
    evidence: tuple[Evidence, ...]
    warnings: tuple[str, ...]
    reasons: tuple[Reason, ...]


def resolve_rented(option: RentedOption, where: str, scenario: Scenario, tables: Tables) -> RentedFacts | BlockedFacts:
    """All reasons at once when something is missing or does not fit; otherwise price, replica and evidence."""
    reasons: list[Reason] = []
    price = _collect(reasons, lambda: rental_price(option, where, tables))
    able = _capability(option, where, scenario, tables)
    evidence = (*((price.evidence,) if price else ()), *_spot_evidence(option), *able.evidence)
    if price is None or able.replica is None:
        return BlockedFacts(option_id=option.option_id, reasons=(*reasons, *able.reasons), evidence=evidence)
    return RentedFacts(
        option_id=option.option_id,
        usd_per_gpu_hour=price.usd_per_gpu_hour,
        replica=able.replica,
        evidence=evidence,
        warnings=(*price.warnings, *_term_warnings(option, scenario), *able.warnings),
    )


def resolve_owned(option: OwnedOption, where: str, scenario: Scenario, tables: Tables) -> OwnedFacts | BlockedFacts:
    """The replica of an owned fleet; the server's figures are the scenario's own."""
    able = _capability(option, where, scenario, tables)
    evidence = (*server_evidence(option), *able.evidence)
    if able.replica is None:
        return BlockedFacts(option_id=option.option_id, reasons=able.reasons, evidence=evidence)
    return OwnedFacts(
        option_id=option.option_id,
        replica=able.replica,
        evidence=evidence,
        warnings=(*_scaling_warnings(option), *able.warnings),
    )


def _capability(option: SelfHosted, where: str, scenario: Scenario, tables: Tables) -> _Capability:
    """Memory fit, throughput and ceilings of one replica."""
    reasons: list[Reason] = []
    hardware = _collect(reasons, lambda: _hardware(option, where, tables))
    space = _collect(reasons, lambda: _memory(option, where, scenario, hardware)) if hardware else None
    rate = _collect(reasons, lambda: throughput(option, where, scenario, hardware, tables)) if hardware else None
    evidence = (
        *(rate.evidence if rate else ()),
        *(specification_evidence(*hardware, _weight_gib(hardware)) if hardware else ()),
        *tuning_evidence(option),
    )
    if not (hardware and space and rate):
        return _Capability(None, evidence, (), tuple(reasons))
    replica = _replica(option, hardware, space, rate)
    failed = [*_ceiling_reasons(where, scenario, option, replica), *_spare_reasons(where, scenario, option, replica)]
    if failed:
        return _Capability(None, evidence, (), tuple(failed))
    warnings = (*rate.warnings, *_ceiling_warnings(scenario, option, replica))
    return _Capability(replica, evidence, warnings, ())


def _spot_evidence(option: RentedOption) -> tuple[Evidence, ...]:
    return spot_evidence(option.label, option.spot) if option.term == "spot" and option.spot else ()


def _term_warnings(option: RentedOption, scenario: Scenario) -> tuple[str, ...]:
    """What a reader must know of a commitment or of machines that may be taken away."""
    found = list(_scaling_warnings(option))
    if option.term == "reserved" and scenario.horizon_months % option.term_months:
        left = -scenario.horizon_months % option.term_months
        found.append(
            f"Its {option.term_months}-month terms end {left} months after the horizon; those months are charged too."
        )
    if option.term == "spot":
        found.append(
            "Spot machines of one place are often taken away together: their replacement must be there at once."
        )
    if option.term == "spot" and option.spot and option.spot.fallback_usd_per_gpu_hour == 0:
        found.append("Nothing serves while a spot machine is away: requests wait.")
    return tuple(found)


def _scaling_warnings(option: SelfHosted) -> tuple[str, ...]:
    mode = option.scaling.mode
    if mode == "schedule":
        return ("It runs in its scheduled hours only; requests outside them are not served.",)
    if mode == "autoscale" and option.min_replicas == 0:
        minutes = option.scaling.cold_start_minutes
        return (f"Scaled to zero, the first request waits {minutes:g} minutes for a replica to start.",)
    return ()


def _collect(reasons: list[Reason], step: Callable[[], T]) -> T | None:
    try:
        return step()
    except Blocked as blocked:
        reasons.extend(blocked.reasons)
        return None


def _hardware(option: SelfHosted, where: str, tables: Tables) -> Hardware:
    model = tables.model_by_id.get(option.model_id)
    number_format = tables.format_by_id.get(option.format_id)
    gpu = tables.gpu_by_id.get(option.gpu_id)
    if model and number_format and gpu:
        return Hardware(model, number_format, gpu)
    missing = [
        ("MODEL_UNKNOWN", "model", "model_id", option.model_id, tables.model_by_id, model),
        ("FORMAT_UNKNOWN", "weight format", "format_id", option.format_id, tables.format_by_id, number_format),
        ("GPU_UNKNOWN", "GPU", "gpu_id", option.gpu_id, tables.gpu_by_id, gpu),
    ]
    raise Blocked(
        *(
            Reason.model_validate(
                {
                    "code": code,
                    "message": f"The catalog has no {noun} {name!r}.",
                    "field": f"{where}.{field}",
                    "remedy": nearest(name, known),
                }
            )
            for code, noun, field, name, known, found in missing
            if found is None
        )
    )


def _weight_gib(hardware: Hardware) -> float:
    model, number_format, _ = hardware
    if number_format.format_id == model.native_format and number_format.bits_per_weight < memory.EMBEDDING_BITS:
        return model.native_weights_gb * GB_BYTES / GIB_BYTES
    embeddings = model.vocab_size * model.hidden_size * (1 if model.tied_embeddings else 2)
    return memory.weight_bytes(model.total_params, number_format.bits_per_weight, embeddings) / GIB_BYTES


def _memory(option: SelfHosted, where: str, scenario: Scenario, hardware: Hardware) -> _Memory:
    """CAP-4, and whether one request of every class fits the model's context and the memory."""
    model, _, gpu = hardware
    weight_gib = _weight_gib(hardware)
    tokens = memory.kv_cache_tokens(
        gpus=option.gpus_per_replica,
        gpu_memory_gib=gpu.memory_mib_reported / MIB_PER_GIB,
        usable_fraction=option.gpu_memory_utilisation_fraction,
        weight_gib=weight_gib,
        overhead_gib_per_gpu=option.gpu_overhead_gib,
        kv_bytes=model.kv_bytes_per_token_16bit * option.kv_cache_bits / 16,
    )
    arrays = _arrays(scenario, option)
    longest = float((arrays.prompt_tokens + arrays.generated_tokens).max())
    reasons = []
    if longest > model.max_context_tokens:
        reasons.append(_context_reason(where, model, longest))
    if tokens < longest:
        reasons.append(_vram_reason(option, where, hardware, weight_gib, tokens, longest))
    if model.attention_heads % option.gpus_per_replica:
        reasons.append(_split_reason(option, where, model))
    if reasons:
        raise Blocked(*reasons)
    return _Memory(weight_gib, tokens)


def _context_reason(where: str, model: ModelRow, longest: float) -> Reason:
    return Reason(
        code="CONTEXT",
        message=f"A request has {longest:,.0f} tokens; {model.name} takes {model.max_context_tokens:,}.",
        field=f"{where}.model_id",
        remedy="Choose a model with a longer context, or shorten the prompt.",
    )


def _vram_reason(
    option: SelfHosted, where: str, hardware: Hardware, weight_gib: float, tokens: int, longest: float
) -> Reason:
    model, number_format, gpu = hardware
    usable = option.gpus_per_replica * (
        gpu.memory_mib_reported / MIB_PER_GIB * option.gpu_memory_utilisation_fraction - option.gpu_overhead_gib
    )
    return Reason(
        code="VRAM",
        message=f"{model.name} in {number_format.name} needs {weight_gib:.1f} GiB for weights; "
        f"{option.gpus_per_replica} x {gpu.name} offer {usable:.1f} GiB, which leaves room for {tokens:,} tokens of KV "
        f"cache, and one request has {longest:,.0f}.",
        field=f"{where}.gpus_per_replica",
        remedy="Use more GPUs per replica, a larger GPU, or a smaller weight format.",
    )


def _split_reason(option: SelfHosted, where: str, model: ModelRow) -> Reason:
    return Reason(
        code="CAPACITY",
        message=f"{model.name} has {model.attention_heads} attention heads, which "
        f"{option.gpus_per_replica} GPUs cannot share equally.",
        field=f"{where}.gpus_per_replica",
        remedy="Use a number of GPUs that divides the heads, such as 1, 2, 4 or 8.",
    )


def _replica(option: SelfHosted, hardware: Hardware, space: _Memory, rate: Throughput) -> ReplicaFacts:
    active_share = hardware.model.active_params / hardware.model.total_params
    active_bytes = space.weight_gib * GIB_BYTES * active_share
    return ReplicaFacts(
        s_per_input_token=rate.work.s_per_input_token,
        s_per_output_token=rate.work.s_per_output_token,
        low_fraction=rate.low,
        high_fraction=rate.high,
        shape_factor=rate.shape_factor,
        held_at_slo=rate.held_at_slo,
        ttft_ms=rate.ttft_ms,
        tpot_ms=rate.tpot_ms,
        weight_gib=space.weight_gib,
        kv_cache_tokens=space.kv_tokens,
        compute_ceiling_tokens_per_s=compute_ceiling(option, hardware),
        decode_steps_ceiling_per_s=ceiling.decode_steps_ceiling_per_s(
            hardware.gpu.memory_bandwidth_gb_per_s, option.gpus_per_replica, active_bytes
        ),
    )


def _arrays(scenario: Scenario, option: SelfHosted) -> ClassArrays:
    """The classes in this model's own tokens (API-8)."""
    return class_arrays(scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)


def ceiling_fraction(scenario: Scenario, option: SelfHosted, replica: ReplicaFacts) -> float:
    """CAP-7: share of the compute bound that the replica's own rate needs at this mix."""
    prompt, output = mean_shape(_arrays(scenario, option), option.prefix_cache_hit_fraction)
    seconds = prompt * replica.s_per_input_token + output * replica.s_per_output_token
    return (prompt + output) / seconds / replica.compute_ceiling_tokens_per_s if seconds > 0 else 0.0


def _ceiling_reasons(where: str, scenario: Scenario, option: SelfHosted, replica: ReplicaFacts) -> list[Reason]:
    share = ceiling_fraction(scenario, option, replica)
    single_stream = replica.s_per_output_token and replica.tpot_ms / 1000 * replica.decode_steps_ceiling_per_s
    reasons = []
    if share > 1:
        reasons.append(
            Reason(
                code="CAPACITY",
                message=f"The throughput needs {share:.0%} of what the GPUs can compute.",
                field=f"{where}.throughput",
                remedy="Check the figure: it may be for more GPUs, or count cached tokens.",
            )
        )
    if single_stream < 1:
        reasons.append(
            Reason(
                code="LATENCY",
                message="With this memory bandwidth a step takes at least "
                f"{1000 / replica.decode_steps_ceiling_per_s:.1f} ms; the figures used say "
                f"{replica.tpot_ms:,.1f} ms per token.",
                field="latency.tpot_slo_ms",
                remedy="Relax the target, use more GPUs per replica, or a smaller weight format.",
            )
        )
    return reasons


def _spare_reasons(where: str, scenario: Scenario, option: SelfHosted, replica: ReplicaFacts) -> list[Reason]:
    """CAP-6: a target that no sensible number of spares reaches."""
    if option.availability_target_fraction is None:
        return []
    plan = fleet_plan(option, replica, scenario)
    if plan.spare_replicas < MAX_SPARES:
        return []
    return [
        Reason(
            code="CAPACITY",
            message=f"{MAX_SPARES:,} spares do not bring a fleet of replicas that are up "
            f"{option.replica_availability_fraction:.4%} of the time to {option.availability_target_fraction:.4%}.",
            field=f"{where}.availability_target_fraction",
            remedy="Lower the target, use machines that fail less, or type in the spares yourself.",
        )
    ]


def _ceiling_warnings(scenario: Scenario, option: SelfHosted, replica: ReplicaFacts) -> tuple[str, ...]:
    share = ceiling_fraction(scenario, option, replica)
    if share <= ceiling.WARN_FRACTION:
        return ()
    return (f"Its throughput needs {share:.0%} of what the GPUs can compute, which is rarely reached: check it.",)
