"""Evidence of a throughput that is modelled, or taken from points measured on one's own server."""

from __future__ import annotations

from planner.capacity.queue import MS_PER_S
from planner.capacity.throughput.confidence import Trust
from planner.decision.measured_doubts import NO_GPU, all_doubts, citation
from planner.decision.throughput_at_target import AtTarget
from planner.decision.throughput_band import Error
from planner.decision.throughput_values import Asked
from planner.domain.base import Confidence
from planner.domain.evidence import Evidence
from planner.domain.serving import CalibrationPoints

_CONFIDENCE: dict[str, Confidence] = {"normal": "medium", "low": "low"}
LONGEST_NOTE = 3500
"""Of a note; the rest is among the option's warnings."""
LIMITS = {"ttft": "TTFT", "tpot": "TPOT", "memory": "memory", "impossible": "nothing"}


def calibrated_evidence(
    asked: Asked, points: CalibrationPoints, found: AtTarget, how: str, error: Error
) -> tuple[Evidence, ...]:
    """The rate at the target from the measured points, with the origin that the points state and what speaks against
    them; points of a measurement cite it."""
    own = points.provenance
    item = own.evidence(_label(asked), _value(asked, found), _unit(asked))
    band = f"{error.fraction:.0%} off in nine of ten cases at equal load: {error.why}"
    notes = [how, *at_target_notes(asked, found), band, *all_doubts(asked.option, points), own.note]
    update = {
        "source": _cited(points),
        "confidence": _measured_confidence(asked, points, item.confidence),
        "note": _shortened("; ".join(note.rstrip(".") for note in notes if note)),
    }
    return (item.model_copy(update=update),)


def _cited(points: CalibrationPoints) -> str:
    """Who says so, with the id of the measurement in any case."""
    source, held = points.provenance.source, points.measured_by
    if held is None or held.measurement_id in source:
        return source
    return f"{source} ({citation(points)})" if source else citation(points)


def _measured_confidence(asked: Asked, points: CalibrationPoints, typed: Confidence) -> Confidence:
    """High for a measurement that nothing speaks against; low where it was made on a server without a GPU."""
    if points.measured_by is None or typed == "low":
        return typed
    if points.measured_by.gpu_id == NO_GPU:
        return "low"
    return "medium" if all_doubts(asked.option, points) else "high"


def _shortened(note: str) -> str:
    return note if len(note) <= LONGEST_NOTE else f"{note[: LONGEST_NOTE - 3]}..."


def modelled_evidence(asked: Asked, found: AtTarget, band: tuple[float, float], trusted: Trust) -> tuple[Evidence, ...]:
    """The rate at the target from the predictor: its fit, its band and why it is trusted so far."""
    fit = asked.tables.predictor
    notes = [
        *at_target_notes(asked, found),
        f"{band[0]:.0%} to {band[1]:.0%} of the throughput at equal load",
        "TTFT is weakly predicted",
        *trusted.why,
    ]
    item = Evidence(
        label=_label(asked),
        value=_value(asked, found),
        unit=_unit(asked),
        origin="modelled",
        source=f"throughput model of this program, fitted to {fit.training.rows:,} measured rows ({fit.command})",
        as_of=fit.as_of.isoformat(),
        confidence=_CONFIDENCE[trusted.confidence],
        note="; ".join(notes),
    )
    return (item,)


def at_target_notes(asked: Asked, found: AtTarget) -> list[str]:
    """Requests in flight, latencies at the percentile, what binds and the range."""
    percentile, at = asked.scenario.latency.slo_percentile, found.operating
    ttft, tpot = (float(at.ttft_s) + found.late_s) * MS_PER_S, float(at.tpot_s) * MS_PER_S
    return [
        f"{float(at.mean_in_service):,.3g} requests in service at {found.rate_per_s:,.4g} requests/s",
        f"P{percentile:g} TTFT {ttft:,.0f} ms, TPOT {tpot:,.1f} ms; {LIMITS[found.limit]} binds",
        f"{found.low:.0%} to {found.high:.0%} of it at the target",
    ]


def _label(asked: Asked) -> str:
    return f"{asked.option.label}, throughput of one replica"


def _value(asked: Asked, found: AtTarget) -> str:
    return f"{found.rate_per_s * asked.shape[1]:,.6g}"


def _unit(asked: Asked) -> str:
    return f"output tokens/s at {asked.shape[0]:,.0f} in / {asked.shape[1]:,.0f} out, at the latency target"
