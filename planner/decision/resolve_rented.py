"""Facts of a rented option: price of the GPU, memory fit, throughput of a replica and its physical ceiling."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from planner.capacity import ceiling, memory
from planner.catalog.rows import GpuPriceRow, ModelRow
from planner.catalog.tables import Tables
from planner.decision.rented_evidence import price_evidence, specification_evidence
from planner.decision.resolve_throughput import Blocked, Hardware, Throughput, compute_ceiling, throughput
from planner.domain.evidence import Evidence
from planner.domain.facts import BlockedFacts, Reason, RentedFacts, ReplicaFacts
from planner.domain.nearest import did_you_mean
from planner.domain.options import RentedOption
from planner.domain.scenario import Scenario
from planner.units import GB_BYTES, GIB_BYTES, MIB_PER_GIB
from planner.workload.demand import class_arrays, mean_shape

T = TypeVar("T")


class _Memory(NamedTuple):
    weight_gib: float
    kv_tokens: int


class _Price(NamedTuple):
    usd_per_gpu_hour: float
    evidence: Evidence
    warnings: tuple[str, ...]


def resolve_rented(option: RentedOption, where: str, scenario: Scenario, tables: Tables) -> RentedFacts | BlockedFacts:
    """All reasons at once when something is missing or does not fit; otherwise price, replica and evidence."""
    reasons: list[Reason] = []
    price = _collect(reasons, lambda: _price(option, where, tables))
    hardware = _collect(reasons, lambda: _hardware(option, where, tables))
    space = _collect(reasons, lambda: _memory(option, where, scenario, hardware)) if hardware else None
    rate = _collect(reasons, lambda: throughput(option, where, scenario, hardware, tables)) if hardware else None
    evidence = (
        *((price.evidence,) if price else ()),
        *(rate.evidence if rate else ()),
        *(specification_evidence(*hardware, _weight_gib(hardware)) if hardware else ()),
    )
    if reasons or not (price and hardware and space and rate):
        return BlockedFacts(option_id=option.option_id, reasons=tuple(reasons), evidence=evidence)
    replica = _replica(option, hardware, space, rate)
    too_fast = _ceiling_reasons(where, scenario, option, replica)
    if too_fast:
        return BlockedFacts(option_id=option.option_id, reasons=tuple(too_fast), evidence=evidence)
    return RentedFacts(
        option_id=option.option_id,
        usd_per_gpu_hour=price.usd_per_gpu_hour,
        replica=replica,
        evidence=evidence,
        warnings=(*price.warnings, *rate.warnings, *_ceiling_warnings(scenario, option, replica)),
    )


def _collect(reasons: list[Reason], step: Callable[[], T]) -> T | None:
    try:
        return step()
    except Blocked as blocked:
        reasons.extend(blocked.reasons)
        return None


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    return did_you_mean(name, names, f"Known: {', '.join(names[:8])}, …")


def _price(option: RentedOption, where: str, tables: Tables) -> _Price:
    if option.price is not None:
        typed = option.price
        shown = f"{typed.usd_per_gpu_hour.normalize():f}"
        item = typed.provenance.evidence(f"{option.label}, GPU rental", shown, "USD per GPU-hour")
        return _Price(float(typed.usd_per_gpu_hour), item, ())
    row = tables.gpu_price_by_id.get(option.price_id or "")
    if row is None:
        raise Blocked(_unknown_price(option, where, tables))
    if row.gpu_id != option.gpu_id:
        raise Blocked(
            Reason(
                code="PRICE_UNKNOWN",
                message=f"{row.price_id} is a price for {row.gpu_id}, not for {option.gpu_id}.",
                field=f"{where}.price_id",
                remedy=_nearest(option.price_id or "", _price_ids(option.gpu_id, tables)),
            )
        )
    if row.term != "on_demand":
        raise Blocked(
            Reason(
                code="PRICE_UNKNOWN",
                message=f"{row.price_id} is a {row.term} price; this option rents on demand.",
                field=f"{where}.price_id",
                remedy=_nearest(option.price_id or "", _price_ids(option.gpu_id, tables)),
            )
        )
    return _Price(row.usd_per_gpu_hour, price_evidence(row), _node_warnings(option, row))


def _price_ids(gpu_id: str, tables: Tables) -> list[str]:
    return [row.price_id for row in tables.gpu_prices if row.gpu_id == gpu_id and row.term == "on_demand"]


def _unknown_price(option: RentedOption, where: str, tables: Tables) -> Reason:
    named = f"The catalog has no GPU price {option.price_id!r}." if option.price_id else "No GPU price is given."
    return Reason(
        code="PRICE_UNKNOWN",
        message=named,
        field=f"{where}.price_id",
        remedy=_nearest(option.price_id or option.gpu_id, _price_ids(option.gpu_id, tables))
        + " Or type in the price you were quoted.",
    )


def _node_warnings(option: RentedOption, row: GpuPriceRow) -> tuple[str, ...]:
    if row.gpus_per_instance <= option.gpus_per_replica * option.replica_step:
        return ()
    return (
        f"{row.instance} comes with {row.gpus_per_instance} GPUs; set replica_step so that whole instances are rented.",
    )


def _hardware(option: RentedOption, where: str, tables: Tables) -> Hardware:
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
                    "remedy": _nearest(name, known),
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


def _memory(option: RentedOption, where: str, scenario: Scenario, hardware: Hardware) -> _Memory:
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
    longest = max(c.prompt_tokens + c.generated_tokens for c in scenario.workload.classes)
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
    option: RentedOption, where: str, hardware: Hardware, weight_gib: float, tokens: int, longest: float
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


def _split_reason(option: RentedOption, where: str, model: ModelRow) -> Reason:
    return Reason(
        code="CAPACITY",
        message=f"{model.name} has {model.attention_heads} attention heads, which "
        f"{option.gpus_per_replica} GPUs cannot share equally.",
        field=f"{where}.gpus_per_replica",
        remedy="Use a number of GPUs that divides the heads, such as 1, 2, 4 or 8.",
    )


def _replica(option: RentedOption, hardware: Hardware, space: _Memory, rate: Throughput) -> ReplicaFacts:
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


def ceiling_fraction(scenario: Scenario, option: RentedOption, replica: ReplicaFacts) -> float:
    """CAP-7: share of the compute bound that the replica's own rate needs at this mix."""
    prompt, output = mean_shape(class_arrays(scenario.workload), option.prefix_cache_hit_fraction)
    seconds = prompt * replica.s_per_input_token + output * replica.s_per_output_token
    return (prompt + output) / seconds / replica.compute_ceiling_tokens_per_s if seconds > 0 else 0.0


def _ceiling_reasons(where: str, scenario: Scenario, option: RentedOption, replica: ReplicaFacts) -> list[Reason]:
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


def _ceiling_warnings(scenario: Scenario, option: RentedOption, replica: ReplicaFacts) -> tuple[str, ...]:
    share = ceiling_fraction(scenario, option, replica)
    if share <= ceiling.WARN_FRACTION:
        return ()
    return (f"Its throughput needs {share:.0%} of what the GPUs can compute, which is rarely reached: check it.",)
