"""A modelled throughput: the predictor at every number of requests in flight (CAP-8), then the largest rate at the
target (CAP-12).

The rate becomes CAP-1 rates such that a mean request costs 1 / rate. The prompt's part of it is what would go away, by
the same prediction, if the whole prompt were in the prefix cache; the rest belongs to the output.
"""

from __future__ import annotations

import numpy as np

from planner.capacity.engine_support import NotServed, not_served
from planner.capacity.throughput.confidence import Trust, trust
from planner.capacity.throughput.predict import Load
from planner.decision.predicted_service import Predicted, deployment_of, predicted_service, shapes_of
from planner.decision.throughput_at_target import AtTarget, at_target, low_end_warning, work_rates
from planner.decision.throughput_evidence import modelled_evidence
from planner.decision.throughput_values import Asked, Blocked, Throughput
from planner.domain.facts import Reason

HOW = "modelled"


def modelled_throughput(asked: Asked) -> Throughput:
    """What the model says. Blocked when the target is out of its reach; without a reason when the weights do not fit,
    since the memory fit has said so already."""
    if not asked.kv_tokens:
        raise Blocked
    refused = not_served(
        asked.option.serving.engine, asked.hardware.format, asked.hardware.gpu, asked.option.gpus_per_replica
    )
    if refused:
        raise Blocked(_unserved(asked, refused))
    found = predicted_service(asked, asked.tables.predictor.constants)
    if found is None:
        raise Blocked(_no_room(asked))
    low, high = found.band
    at = at_target(asked, found.table, HOW, low=low, high=high, late_s=found.late_s)
    trusted = trust_of(asked, float(at.operating.mean_in_service))
    return Throughput(
        source="modelled",
        work=work_rates(asked, at.rate_per_s, prefill_share(found, at)),
        low=at.low,
        high=at.high,
        shape_factor=1.0,
        held_at_slo=True,
        ttft_ms=at.ttft_ms,
        tpot_ms=at.tpot_ms,
        evidence=modelled_evidence(asked, at, found.band, trusted),
        warnings=_warnings(asked, found, at, trusted),
        alone_s=float(found.table.service_s[0]),
    )


def prefill_share(found: Predicted, at: AtTarget) -> float:
    """Share of a mean request's work that its prompt makes, at the operating point."""
    return 1 - float(np.interp(float(at.operating.mean_in_service), found.grid, found.decode_share))


def trust_of(asked: Asked, in_service: float) -> Trust:
    """How far the model can be trusted for this option at the scenario's mean lengths."""
    shapes = shapes_of(asked)
    load = Load(float(shapes.prompt[0]), float(shapes.output[0]), max(in_service, 1.0))
    return trust(deployment_of(asked, float(shapes.hit_fraction[0])), load, asked.tables.predictor)


def _warnings(asked: Asked, found: Predicted, at: AtTarget, trusted: Trust) -> tuple[str, ...]:
    said = [
        (
            f"Its throughput is modelled, not measured: at the target it may be {at.low:.0%} to {at.high:.0%} of the "
            "figure used. Measure your own before you buy."
        )
    ]
    if trusted.confidence == "low":
        said.append(f"Low confidence in its modelled throughput: {'; '.join(trusted.why)}.")
    if found.at_mean:
        said.append(f"Modelled at mean lengths, since alone they do not fit in memory: {', '.join(found.at_mean)}.")
    return (*said, *low_end_warning(asked, at))


def _unserved(asked: Asked, refused: NotServed) -> Reason:
    return Reason(
        code="THROUGHPUT_UNKNOWN",
        message=f"It cannot be modelled: {refused.why}.",
        field=f"{asked.where}.serving.engine",
        remedy=f"{refused.remedy} Or type in a throughput that you measured.",
    )


def _no_room(asked: Asked) -> Reason:
    return Reason(
        code="VRAM",
        message="In the modelled engine not one mean request fits in memory beside the weights.",
        field=f"{asked.where}.gpus_per_replica",
        remedy="Use more GPUs per replica, a larger GPU, or a smaller weight format.",
    )
