"""A published run of the very deployment, carried over to the scenario's request shape (CAP-1)."""

from __future__ import annotations

from planner.capacity import published
from planner.catalog.rows import MeasuredRow
from planner.decision.rented_evidence import throughput_evidence
from planner.decision.throughput_values import Asked, Blocked, Throughput
from planner.domain.facts import Reason
from planner.domain.serving import engine_words

SHAPE_LOW_FRACTION = 0.65
SHAPE_HIGH_FRACTION = 1.55
"""P10 to P90 of measured over carried-over throughput at shapes up to eight times apart, every source counted alike
(bench/shape_transfer.py; over all pairs it is 0.78 to 1.33, but one well-behaved source makes two thirds of them)."""


def published_throughput(asked: Asked) -> Throughput:
    """The nearest run that holds the target, up to MAX_SHAPE_FACTOR away; Blocked when there is none."""
    rows = rows_of(asked)
    if not rows:
        raise Blocked(_no_rows(asked))
    near = [row for row in rows if published.shape_factor(row, *asked.shape) <= published.MAX_SHAPE_FACTOR]
    if not near:
        raise Blocked(_too_far(asked, rows))
    target = asked.scenario.latency
    derating = asked.tables.default_by_name[published.derating_name(target)]
    chosen = published.choose(
        near,
        target=target,
        shape=asked.shape,
        compute_ceiling_tokens_per_s=asked.limit,
        offline_share=derating.value,
    )
    if chosen is None:
        raise Blocked(_too_slow(asked, near))
    return Throughput(
        source="published",
        work=chosen.work,
        low=SHAPE_LOW_FRACTION,
        high=SHAPE_HIGH_FRACTION,
        shape_factor=chosen.shape_factor,
        held_at_slo=chosen.derating != 1,
        ttft_ms=chosen.row.ttft_ms or target.ttft_slo_ms,
        tpot_ms=chosen.row.tpot_ms or target.tpot_slo_ms,
        evidence=throughput_evidence(asked.option.label, chosen, asked.shape, derating),
        warnings=(_warning(target.slo_percentile), *_other_engine(asked, chosen.row)),
    )


def rows_of(asked: Asked) -> list[MeasuredRow]:
    """Usable rows of this model (or its architecture), format, GPU and number of GPUs; none with special settings."""
    option = asked.option
    if _special(asked):
        return []
    return published.matching_rows(
        asked.tables.measured, _model_ids(asked), option.format_id, option.gpu_id, option.gpus_per_replica
    )


def _special(asked: Asked) -> str:
    """Settings that no published run has."""
    serving = asked.option.serving
    found = {
        "pipeline parallelism": serving.pipeline_parallel > 1,
        "speculative decoding": serving.speculative is not None,
        "LoRA adapters": serving.lora_adapters > 0,
    }
    return ", ".join(name for name, has in found.items() if has)


def _model_ids(asked: Asked) -> list[str]:
    if asked.option.model is not None:
        return []
    return sorted(asked.tables.same_architecture(asked.hardware.model.model_id))


def _warning(percentile: float) -> str:
    return (
        "Its throughput is a published figure from another machine, at mean latencies: measure your own at the "
        f"{percentile:g}th percentile before you buy."
    )


def _other_engine(asked: Asked, row: MeasuredRow) -> tuple[str, ...]:
    """Told when the run was served by another engine than the option's."""
    serving = asked.option.serving
    ran, wanted = engine_words(row.engine, row.engine_version), engine_words(serving.engine)
    if row.engine == serving.engine:
        return ()
    return (f"Its throughput was measured with {ran}, and it is to be served with {wanted}: expect another figure.",)


def _no_rows(asked: Asked) -> Reason:
    option, model_ids = asked.option, _model_ids(asked)
    known = sorted(
        {
            f"{r.format_id} on {r.n_gpu} x {r.gpu_id}"
            for r in asked.tables.measured
            if r.model_id in model_ids and r.fit_ok and r.gpu_id and r.format_id
        }
    )
    typing = "or type in what you measured." if known else "There are none for this model: type in what you measured."
    special = f" with {found}" if (found := _special(asked)) else ""
    have = f"There are measurements for {'; '.join(known[:8])}. Choose one of them, " if known else ""
    return Reason(
        code="THROUGHPUT_UNKNOWN",
        message=f"No published measurement of {option.model_id} in {option.format_id} on {option.gpus_per_replica} x "
        f"{option.gpu_id}{special}.",
        field=f"{asked.where}.throughput",
        remedy=f"{have}{typing} {_let_the_model(asked)}",
    )


def _let_the_model(asked: Asked) -> str:
    return f"Or set {asked.where}.throughput_source to auto: then the model answers."


def _too_far(asked: Asked, rows: list[MeasuredRow]) -> Reason:
    shape = asked.shape
    nearest = min(rows, key=lambda row: published.shape_factor(row, *shape))
    return Reason(
        code="THROUGHPUT_UNKNOWN",
        message=f"Requests here have {shape[0]:,.0f} prompt and {shape[1]:,.0f} output tokens; the nearest measurement "
        f"has {nearest.input_tokens:,.0f} and {nearest.output_tokens:,.0f}, "
        f"{published.shape_factor(nearest, *shape):.0f} times off, which is too far to carry over.",
        field=f"{asked.where}.throughput",
        remedy=f"Type in a throughput measured at your own request lengths. {_let_the_model(asked)}",
    )


def _too_slow(asked: Asked, rows: list[MeasuredRow]) -> Reason:
    with_latency = [r for r in rows if r.ttft_ms is not None and r.tpot_ms is not None]
    target = asked.scenario.latency
    fastest = min(
        with_latency, key=lambda r: (r.tpot_ms or 0) / target.tpot_slo_ms + (r.ttft_ms or 0) / target.ttft_slo_ms
    )
    return Reason(
        code="LATENCY",
        message=f"No published run of this deployment holds TTFT {target.ttft_slo_ms:,.0f} ms and TPOT "
        f"{target.tpot_slo_ms:,.0f} ms; the nearest has {fastest.ttft_ms:,.0f} and {fastest.tpot_ms:,.1f} ms.",
        field="latency",
        remedy=f"Relax the target, use more GPUs per replica, or type in a throughput at {asked.where}.throughput. "
        f"{_let_the_model(asked)}",
    )
