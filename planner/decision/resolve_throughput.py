"""How fast one replica is at the scenario's shape and latency target: published row or typed in, or why neither."""

from __future__ import annotations

from typing import NamedTuple

from planner.capacity import ceiling, published
from planner.catalog.rows import DefaultRow, FormatRow, GpuRow, MeasuredRow, ModelRow
from planner.catalog.tables import Tables
from planner.decision.rented_evidence import throughput_evidence
from planner.domain.evidence import Evidence
from planner.domain.facts import Reason
from planner.domain.options import SelfHosted, TypedThroughput
from planner.domain.scenario import Scenario
from planner.workload.demand import class_arrays, mean_shape

SHAPE_LOW_FRACTION = 0.65
SHAPE_HIGH_FRACTION = 1.55
"""P10 to P90 of measured over carried-over throughput at shapes up to eight times apart, every source counted alike
(bench/shape_transfer.py; over all pairs it is 0.78 to 1.33, but one well-behaved source makes two thirds of them)."""


class Hardware(NamedTuple):
    """The rows an option names."""

    model: ModelRow
    format: FormatRow
    gpu: GpuRow


class Throughput(NamedTuple):
    """CAP-1 rates of one replica, their range, the latencies behind them and where they come from."""

    work: published.WorkRates
    low: float
    high: float
    shape_factor: float
    held_at_slo: bool
    ttft_ms: float
    tpot_ms: float
    evidence: tuple[Evidence, ...]
    warnings: tuple[str, ...]


class Blocked(Exception):
    """Carries the reasons; raised inside this module only."""

    def __init__(self, *reasons: Reason) -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = reasons


def throughput(option: SelfHosted, where: str, scenario: Scenario, hardware: Hardware, tables: Tables) -> Throughput:
    """What one replica does at the scenario's mix and target. Raises Blocked with every reason."""
    limit = compute_ceiling(option, hardware)
    arrays = class_arrays(scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    shape = mean_shape(arrays, option.prefix_cache_hit_fraction)
    if option.throughput is not None:
        if option.throughput.output_tokens_per_s_per_replica is not None and shape[1] == 0:
            raise Blocked(_no_output(where))
        return _typed_throughput(option, option.throughput, scenario)
    return _published_throughput(option, where, scenario, hardware, tables, limit, shape)


def _published_warning(scenario: Scenario) -> str:
    return (
        "Its throughput is a published figure from another machine, at mean latencies: measure your own at the "
        f"{scenario.latency.slo_percentile:g}th percentile before you buy."
    )


def _no_output(where: str) -> Reason:
    return Reason(
        code="THROUGHPUT_UNKNOWN",
        message="The requests generate no tokens, so output tokens per second say nothing about them.",
        field=f"{where}.throughput",
        remedy="Give prefill_ and decode_tokens_per_s_per_replica instead.",
    )


def _typed_throughput(option: SelfHosted, typed: TypedThroughput, scenario: Scenario) -> Throughput:
    if typed.output_tokens_per_s_per_replica is not None:
        work = published.WorkRates(0.0, 1 / typed.output_tokens_per_s_per_replica)
        value, unit = f"{typed.output_tokens_per_s_per_replica:,.6g}", "output tokens/s per replica at this mix"
    else:
        prefill, decode = typed.prefill_tokens_per_s_per_replica or 1.0, typed.decode_tokens_per_s_per_replica or 1.0
        work = published.WorkRates(1 / prefill, 1 / decode)
        value, unit = f"{prefill:,.6g} / {decode:,.6g}", "prefill / decode tokens/s per replica"
    item = typed.provenance.evidence(f"{option.label}, throughput", value, unit)
    target = scenario.latency
    return Throughput(
        work,
        typed.low_fraction,
        typed.high_fraction,
        1.0,
        typed.held_at_slo,
        target.ttft_slo_ms,
        target.tpot_slo_ms,
        (item,),
        (),
    )


def _published_throughput(
    option: SelfHosted,
    where: str,
    scenario: Scenario,
    hardware: Hardware,
    tables: Tables,
    limit: float,
    shape: tuple[float, float],
) -> Throughput:
    model_ids = sorted(tables.same_architecture(hardware.model.model_id)) if option.model is None else []
    gpus = option.gpus_per_replica
    rows = published.matching_rows(tables.measured, model_ids, option.format_id, option.gpu_id, gpus)
    if not rows:
        raise Blocked(_no_rows(option, where, model_ids, tables))
    near = [row for row in rows if published.shape_factor(row, *shape) <= published.MAX_SHAPE_FACTOR]
    if not near:
        raise Blocked(_too_far(where, rows, shape))
    derating = tables.default_by_name[published.derating_name(scenario.latency)]
    chosen = published.choose(
        near,
        target=scenario.latency,
        shape=shape,
        compute_ceiling_tokens_per_s=limit,
        offline_share=derating.value,
    )
    if chosen is None:
        raise Blocked(_too_slow(where, near, scenario))
    return _from_choice(option, chosen, scenario, shape, derating)


def _no_rows(option: SelfHosted, where: str, model_ids: list[str], tables: Tables) -> Reason:
    known = sorted(
        {
            f"{r.format_id} on {r.n_gpu} x {r.gpu_id}"
            for r in tables.measured
            if r.model_id in model_ids and r.fit_ok and r.gpu_id and r.format_id
        }
    )
    typing = "or type in what you measured." if known else "There are none for this model: type in what you measured."
    have = f"There are measurements for {'; '.join(known[:8])}. Choose one of them, " if known else ""
    return Reason(
        code="THROUGHPUT_UNKNOWN",
        message=f"No published measurement of {option.model_id} in {option.format_id} on {option.gpus_per_replica} x "
        f"{option.gpu_id}.",
        field=f"{where}.throughput",
        remedy=have + typing,
    )


def _too_far(where: str, rows: list[MeasuredRow], shape: tuple[float, float]) -> Reason:
    nearest = min(rows, key=lambda row: published.shape_factor(row, *shape))
    return Reason(
        code="THROUGHPUT_UNKNOWN",
        message=f"Requests here have {shape[0]:,.0f} prompt and {shape[1]:,.0f} output tokens; the nearest measurement "
        f"has {nearest.input_tokens:,.0f} and {nearest.output_tokens:,.0f}, "
        f"{published.shape_factor(nearest, *shape):.0f} times off, which is too far to carry over.",
        field=f"{where}.throughput",
        remedy="Type in a throughput measured at your own request lengths.",
    )


def _too_slow(where: str, rows: list[MeasuredRow], scenario: Scenario) -> Reason:
    with_latency = [r for r in rows if r.ttft_ms is not None and r.tpot_ms is not None]
    target = scenario.latency
    fastest = min(
        with_latency, key=lambda r: (r.tpot_ms or 0) / target.tpot_slo_ms + (r.ttft_ms or 0) / target.ttft_slo_ms
    )
    return Reason(
        code="LATENCY",
        message=f"No published run of this deployment holds TTFT {target.ttft_slo_ms:,.0f} ms and TPOT "
        f"{target.tpot_slo_ms:,.0f} ms; the nearest has {fastest.ttft_ms:,.0f} and {fastest.tpot_ms:,.1f} ms.",
        field="latency",
        remedy=f"Relax the target, use more GPUs per replica, or type in a throughput at {where}.throughput.",
    )


def _from_choice(
    option: SelfHosted,
    chosen: published.Choice,
    scenario: Scenario,
    shape: tuple[float, float],
    derating: DefaultRow,
) -> Throughput:
    row, target = chosen.row, scenario.latency
    return Throughput(
        chosen.work,
        SHAPE_LOW_FRACTION,
        SHAPE_HIGH_FRACTION,
        chosen.shape_factor,
        chosen.derating != 1,
        row.ttft_ms or target.ttft_slo_ms,
        row.tpot_ms or target.tpot_slo_ms,
        throughput_evidence(option.label, chosen, shape, derating),
        (_published_warning(scenario),),
    )


def compute_ceiling(option: SelfHosted, hardware: Hardware) -> float:
    """CAP-7 of one replica, tokens/s; Blocked when the GPU has no rate for the format."""
    model, number_format, gpu = hardware
    tflops = published.dense_tflops(gpu, number_format.compute_rate)
    if tflops is None:
        raise Blocked(
            Reason(
                code="GPU_UNKNOWN",
                message=f"The catalog has no dense rate of {gpu.name} that {number_format.name} could run at.",
                field=f"options[{option.option_id}].gpu_id",
                remedy="Choose another GPU or weight format.",
            )
        )
    body = model.active_params - model.vocab_size * model.hidden_size
    active = body if body > model.active_params / 2 else model.active_params
    return ceiling.compute_ceiling_tokens_per_s(tflops, option.gpus_per_replica, active)
