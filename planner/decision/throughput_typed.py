"""A throughput that is typed in, as CAP-1 rates."""

from __future__ import annotations

from planner.capacity import published
from planner.decision.throughput_values import Asked, Blocked, Throughput
from planner.domain.facts import Reason
from planner.domain.options import TypedThroughput


def typed_throughput(asked: Asked, typed: TypedThroughput) -> Throughput:
    """The typed figure; Blocked when it is one of output tokens and there are none."""
    if typed.output_tokens_per_s_per_replica is None:
        prefill, decode = typed.prefill_tokens_per_s_per_replica or 1.0, typed.decode_tokens_per_s_per_replica or 1.0
        work = published.WorkRates(1 / prefill, 1 / decode)
        value, unit = f"{prefill:,.6g} / {decode:,.6g}", "prefill / decode tokens/s per replica"
    elif asked.shape[1] == 0:
        raise Blocked(no_output(asked))
    else:
        work = published.WorkRates(0.0, 1 / typed.output_tokens_per_s_per_replica)
        value, unit = f"{typed.output_tokens_per_s_per_replica:,.6g}", "output tokens/s per replica at this mix"
    target = asked.scenario.latency
    return Throughput(
        source="typed",
        work=work,
        low=typed.low_fraction,
        high=typed.high_fraction,
        shape_factor=1.0,
        held_at_slo=typed.held_at_slo,
        ttft_ms=target.ttft_slo_ms,
        tpot_ms=target.tpot_slo_ms,
        evidence=(typed.provenance.evidence(f"{asked.option.label}, throughput", value, unit),),
        warnings=(),
    )


def no_output(asked: Asked) -> Reason:
    """Why a rate of output tokens cannot be used."""
    return Reason(
        code="THROUGHPUT_UNKNOWN",
        message="The requests generate no tokens, so output tokens per second say nothing about them.",
        field=f"{asked.where}.throughput",
        remedy="Give prefill_ and decode_tokens_per_s_per_replica instead, or leave it to the model.",
    )
