"""Published measurements beside the model: which rows are near a candidate, how near, and what they say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from planner.capacity.lookup import Case, Neighbour, RowIndex, nearest_rows
from planner.decision.present_capacity import Names, ms, sentence
from planner.decision.present_tables import AGE, LINK, NONE, NOT_KNOWN, ROW, SOURCE, Column, Table, right
from planner.decision.throughput_sources import SourceAnswer
from planner.domain.capacity import Candidate, CapacityRequest
from planner.domain.freshness import age_text
from planner.domain.serving import engine_words
from planner.format import count, short

NEAR = 0.7
"""Sum of the logarithms by which lengths differ up to which a row is drawn beside the curve: about a factor of two."""
LOADS = {
    "offline": "saturated",
    "closed": "not told",
    "open-loop": "open loop",
    "open-loop-slo": "open loop",
    "open-loop-slo-interactive": "open loop",
}
PART_WORDS = ("model", "format", "GPU", "number of GPUs", "parallelism", "engine", "age", "request length", "load")


def near_rows(
    index: RowIndex, c: Candidate, request: CapacityRequest, in_service: float, engine_version: str = "", most: int = 6
) -> tuple[Neighbour, ...]:
    """Published rows nearest to one replica of a candidate at its load."""
    case = Case(
        model_id=c.model_id,
        format_id=c.format_id,
        gpu_id=c.gpu_id,
        n_gpu=c.gpus_per_replica,
        input_tokens=request.input_tokens,
        output_tokens=request.output_tokens,
        concurrency=max(1.0, in_service),
        tp=c.tp,
        engine=c.engine,
        engine_version=engine_version,
    )
    return nearest_rows(index, case, most)


def same_deployment(found: Neighbour) -> bool:
    """Whether a row is of this very deployment, at a length near enough to be drawn beside its curve."""
    parts = found.parts
    fixed = parts.model + parts.number_format + parts.gpu + parts.gpu_count
    return fixed < 0.2 and parts.shape <= NEAR and found.row.fit_ok


def measured_rows(found: Sequence[Neighbour], names: Names) -> Table:
    """One row per measurement, the nearest first, with its distance and what it is made of."""
    columns = (
        Column("Measured"),
        *right(("Distance", "ln")),
        Column("Apart in"),
        *right(("Lengths", "tokens in/out"), ("In flight", "requests"), ("Output", "tokens/s")),
        *right(("TPOT", "mean, ms"), ("TTFT", "mean, ms")),
        Column("Engine"),
        Column("Date"),
        Column(SOURCE),
        Column(LINK),
        Column(ROW),
        Column("Note"),
    )
    return Table("Published measurements, nearest first", columns, tuple(_row(one, names) for one in found))


def _row(found: Neighbour, names: Names) -> tuple[str, ...]:
    row = found.row
    model = names.model(row.model_id) if row.model_id else row.model_name
    kind = names.format(row.format_id) if row.format_id else "format not known"
    gpu = names.gpu(row.gpu_id) if row.gpu_id else row.gpu_name
    return (
        f"{model}, {kind}, {row.n_gpu} x {gpu}",
        f"{found.distance:.2f}",
        apart(found),
        f"{short(row.input_tokens)}/{short(row.output_tokens)}",
        LOADS[row.mode] if row.concurrency is None else count(row.concurrency),
        short(row.output_tokens_per_s),
        NONE if row.tpot_ms is None else ms(row.tpot_ms).removesuffix(" ms"),
        NONE if row.ttft_ms is None else ms(row.ttft_ms).removesuffix(" ms"),
        engine_words(row.engine, row.engine_version),
        row.as_of or NOT_KNOWN,
        row.source_id,
        str(row.source_url),
        f"measured/{row.row_id}",
        ". ".join(found.warnings) or NONE,
    )


def apart(found: Neighbour) -> str:
    """What the distance is made of, the largest part first: `request length 0.41, age 0.20`."""
    parts = sorted(zip(PART_WORDS, found.parts, strict=True), key=lambda part: -part[1])
    return ", ".join(f"{name} {value:.2f}" for name, value in parts if value >= 0.005) or "nothing"


def source_rows(answers: Sequence[SourceAnswer]) -> Table:
    """One row per source of a throughput: its figure with its band, or why there is none."""
    columns = (
        Column("Source of the throughput"),
        Column("Used"),
        *right(("Rate at the target", "requests/s"), ("Output", "tokens/s"), ("Low end", "tokens/s")),
        *right(("High end", "tokens/s")),
        Column("Why"),
    )
    return Table("What one replica does, by source", columns, tuple(_source_row(one) for one in answers))


def _source_row(one: SourceAnswer) -> tuple[str, ...]:
    told = filter(None, (one.why, *one.warnings, *(reason.message for reason in one.reasons)))
    why = " ".join(map(sentence, told))
    name = one.name[:1].upper() + one.name[1:]
    if one.requests_per_s is None or one.output_tokens_per_s is None:
        return (name, "no", NOT_KNOWN, NOT_KNOWN, NONE, NONE, why)
    ends = (one.low_fraction or 1.0, one.high_fraction or 1.0)
    out = (one.output_tokens_per_s, *(one.output_tokens_per_s * end for end in ends))
    return (name, "yes" if one.used else "no", short(one.requests_per_s), *map(short, out), why or NONE)


def source_evidence(answers: Sequence[SourceAnswer], on: dt.date) -> Table:
    """Every figure that the sources rest on, with origin, date and address."""
    names = ("Source of the throughput", "Figure", "Value", "Unit", "Origin", "As of", AGE, SOURCE, LINK, ROW, "Note")
    columns = tuple(Column(name, align="right" if name == "Value" else "left") for name in names)
    rows = tuple(
        (
            *(one.name[:1].upper() + one.name[1:], e.label, e.value, e.unit, e.origin, e.as_of),
            *(age_text(e.as_of, on), e.source, e.source_url, e.row, e.note),
        )
        for one in answers
        for e in one.evidence
    )
    return Table("What the sources rest on", columns, rows)
