"""Facts of a rented option: price of the GPU, memory fit, throughput of a replica and its physical ceiling."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from planner.capacity import ceiling
from planner.capacity.availability import MAX_SPARES
from planner.catalog.formats import format_warnings
from planner.catalog.tables import Tables
from planner.decision.kernel.fleet import fleet_plan
from planner.decision.rented_evidence import (
    server_evidence,
    specification_evidence,
    spot_evidence,
    tuning_evidence,
)
from planner.decision.resolve_memory import Memory, memory_fit, weight_gib, workload_arrays
from planner.decision.resolve_model import licence_evidence, model_of, terms_of
from planner.decision.resolve_price import nearest, rental_price
from planner.decision.resolve_throughput import throughput
from planner.decision.throughput_values import Blocked, Hardware, Throughput, asked_of, compute_ceiling
from planner.domain.evidence import Evidence
from planner.domain.facts import BlockedFacts, OwnedFacts, Reason, ReasonCode, RentedFacts, ReplicaFacts
from planner.domain.licence import LicenceTerms
from planner.domain.options import OwnedOption, RentedOption, SelfHosted
from planner.domain.scenario import Scenario
from planner.domain.workload import Modality
from planner.units import GIB_BYTES, add_months
from planner.workload.demand import mean_shape

T = TypeVar("T")


class _Capability(NamedTuple):
    """One replica with its evidence, or the reasons why there is none; what is known of the model in either case."""

    replica: ReplicaFacts | None
    evidence: tuple[Evidence, ...]
    warnings: tuple[str, ...]
    reasons: tuple[Reason, ...]
    licence: LicenceTerms | None
    modalities: tuple[Modality, ...] | None


def resolve_rented(
    option: RentedOption, where: str, scenario: Scenario, tables: Tables, on: dt.date
) -> RentedFacts | BlockedFacts:
    """All reasons at once when something is missing or does not fit; otherwise price, replica and evidence."""
    reasons: list[Reason] = []
    until = add_months(on, scenario.horizon_months)
    price = _collect(reasons, lambda: rental_price(option, where, tables, on, until))
    able = _capability(option, where, scenario, tables)
    evidence = (*(price.evidence if price else ()), *_spot_evidence(option), *able.evidence)
    if price is None or able.replica is None:
        return _blocked(option, (*reasons, *able.reasons), evidence, able)
    return RentedFacts(
        option_id=option.option_id,
        usd_per_gpu_hour=price.usd_per_gpu_hour,
        replica=able.replica,
        licence=able.licence,
        modalities=able.modalities,
        evidence=evidence,
        warnings=(*price.warnings, *_term_warnings(option, scenario), *able.warnings),
    )


def resolve_owned(option: OwnedOption, where: str, scenario: Scenario, tables: Tables) -> OwnedFacts | BlockedFacts:
    """The replica of an owned fleet; the server's figures are the scenario's own."""
    able = _capability(option, where, scenario, tables)
    evidence = (*server_evidence(option), *able.evidence)
    if able.replica is None:
        return _blocked(option, able.reasons, evidence, able)
    return OwnedFacts(
        option_id=option.option_id,
        replica=able.replica,
        licence=able.licence,
        modalities=able.modalities,
        evidence=evidence,
        warnings=(*_scaling_warnings(option), *able.warnings),
    )


def _blocked(
    option: SelfHosted, reasons: tuple[Reason, ...], evidence: tuple[Evidence, ...], able: _Capability
) -> BlockedFacts:
    return BlockedFacts(
        option_id=option.option_id,
        reasons=reasons,
        evidence=evidence,
        licence=able.licence,
        modalities=able.modalities,
    )


def _capability(option: SelfHosted, where: str, scenario: Scenario, tables: Tables) -> _Capability:
    """Memory fit, throughput and ceilings of one replica, and the licence of its model."""
    reasons: list[Reason] = []
    hardware = _collect(reasons, lambda: hardware_of(option, where, tables))
    space = _collect(reasons, lambda: memory_fit(option, where, scenario, hardware)) if hardware else None
    tokens = space.kv_tokens if space else None
    asked = _collect(reasons, lambda: asked_of(option, where, scenario, hardware, tables, tokens)) if hardware else None
    used = _collect(reasons, lambda: throughput(asked)) if asked else None
    rate = used.rate if used else None
    model = _collect([], lambda: model_of(option, where, tables))
    terms = None if model is None else terms_of(model, tables)
    modalities = None if model is None else model.modalities
    evidence = (
        *(rate.evidence if rate else ()),
        *(specification_evidence(*hardware, weight_gib(hardware)) if hardware else ()),
        *(licence_evidence(model, terms) if model and terms else ()),
        *tuning_evidence(option),
    )
    if not (hardware and space and rate):
        return _Capability(None, evidence, (), tuple(reasons), terms, modalities)
    replica = _replica(option, hardware, space, rate)
    failed = [*_ceiling_reasons(where, scenario, option, replica), *_spare_reasons(where, scenario, option, replica)]
    if failed:
        return _Capability(None, evidence, (), tuple(failed), terms, modalities)
    warnings = (
        *rate.warnings,
        *format_warnings(hardware.format, hardware.gpu),
        *_ceiling_warnings(scenario, option, replica),
        *_licence_warnings(option, terms),
    )
    return _Capability(replica, evidence, warnings, (), terms, modalities)


def _licence_warnings(option: SelfHosted, terms: LicenceTerms | None) -> tuple[str, ...]:
    if terms is not None or option.licence_allows is not None:
        return ()
    return ("No licence is known for its model, so none was checked: read it, then say whether it allows this use.",)


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


def hardware_of(option: SelfHosted, where: str, tables: Tables) -> Hardware:
    """The rows that the option names; Blocked with every name that is not known."""
    reasons: list[Reason] = []
    model = _collect(reasons, lambda: model_of(option, where, tables))
    number_format = tables.format_by_id.get(option.format_id)
    gpu = tables.gpu_by_id.get(option.gpu_id)
    if model and number_format and gpu:
        return Hardware(model, number_format, gpu)
    if number_format is None:
        reasons.append(_missing("FORMAT_UNKNOWN", "weight format", f"{where}.format_id", option.format_id, tables))
    if gpu is None:
        reasons.append(_missing("GPU_UNKNOWN", "GPU", f"{where}.gpu_id", option.gpu_id, tables))
    raise Blocked(*reasons)


def _missing(code: ReasonCode, noun: str, field: str, name: str, tables: Tables) -> Reason:
    known = tables.format_by_id if code == "FORMAT_UNKNOWN" else tables.gpu_by_id
    message = f"The catalog has no {noun} {name!r}."
    return Reason(code=code, message=message, field=field, remedy=nearest(name, known))


def _replica(option: SelfHosted, hardware: Hardware, space: Memory, rate: Throughput) -> ReplicaFacts:
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
        throughput_source=rate.source,
        alone_s=rate.alone_s,
        weight_gib=space.weight_gib,
        kv_cache_tokens=space.kv_tokens,
        compute_ceiling_tokens_per_s=compute_ceiling(option, hardware),
        decode_steps_ceiling_per_s=ceiling.decode_steps_ceiling_per_s(
            hardware.gpu.memory_bandwidth_gb_per_s, option.gpus_per_replica, active_bytes
        ),
    )


def ceiling_fraction(scenario: Scenario, option: SelfHosted, replica: ReplicaFacts) -> float:
    """CAP-7: share of the compute bound that the replica's own rate needs at this mix."""
    prompt, output = mean_shape(workload_arrays(scenario, option), option.prefix_cache_hit_fraction)
    seconds = prompt * replica.s_per_input_token + output * replica.s_per_output_token
    return (prompt + output) / seconds / replica.compute_ceiling_tokens_per_s if seconds > 0 else 0.0


_CHECK_POINTS = "The measured points are of another model, format or GPU than this option: correct or remove them."


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
                remedy=_CHECK_POINTS
                if replica.throughput_source == "calibrated"
                else "Relax the target, use more GPUs per replica, or a smaller weight format.",
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
