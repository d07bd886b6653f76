"""Results of several files as one measurement: loads of the same server and model, and their repeats."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from planner.capacity.measurement.summary import finished
from planner.domain.measured_run import Run
from planner.domain.measurement import MAX_RUNS, Measurement
from planner.probe.errors import ProbeError


def merged(measurements: Sequence[Measurement]) -> Measurement:
    """One measurement of all their runs, by time; runs of the same load become its repeats. The order of the files
    changes nothing. Raises ProbeError when they are not of one server, or the same file is given twice."""
    if not measurements:
        raise ProbeError("No result was given.", "Name the files of one server.")
    _refuse_unlike(measurements)
    if len(measurements) == 1:
        return measurements[0]
    ordered = sorted(measurements, key=lambda m: (m.started_at, m.measurement_id))
    runs = [run for m in ordered for run in m.runs]
    ids = "".join(sorted(m.measurement_id for m in ordered))
    return finished(
        ordered[0].model_copy(
            update={
                "measurement_id": hashlib.sha256(ids.encode()).hexdigest()[:16],
                "finished_at": max(m.finished_at for m in ordered),
                "shape": _shape(ordered),
                "runs": _numbered(runs),
                "stopped": next((m.stopped for m in ordered if m.stopped), ""),
            }
        )
    )


def _refuse_unlike(measurements: Sequence[Measurement]) -> None:
    problems = []
    for what, values in (
        ("tools", {m.origin for m in measurements}),
        ("models", {m.server.served_model for m in measurements}),
        ("servers", {m.server.address_hash for m in measurements}),
        ("paths", {m.shape.endpoint for m in measurements}),
        ("GPUs, formats or settings", {m.declared.model_copy(update={"note": ""}) for m in measurements}),
    ):
        if len(values) > 1:
            shown = sorted(str(value) for value in values if isinstance(value, str) and value)
            problems.append(f"several {what}{': ' + ', '.join(shown) if shown else ''}")
    if len({m.measurement_id for m in measurements}) < len(measurements):
        problems.append("the same result twice")
    if sum(len(m.runs) for m in measurements) > MAX_RUNS:
        problems.append(f"more than {MAX_RUNS:,} runs")
    lengths = [total / requests for total, requests in (_answers(m) for m in measurements) if requests]
    if lengths and max(lengths) > 1.5 * min(lengths):
        problems.append(f"answers of {min(lengths):,.0f} to {max(lengths):,.0f} tokens: other shapes have other curves")
    if problems:
        raise ProbeError(f"These results are no one measurement: {'; '.join(problems)}.", "Import them one by one.")


def _answers(measurement: Measurement) -> tuple[int, int]:
    return sum(run.output_tokens for run in measurement.runs), sum(run.completed for run in measurement.runs)


def _shape(measurements: Sequence[Measurement]) -> object:
    """What was asked where all say the same; not known otherwise."""
    shape = measurements[0].shape
    asked = {"input_tokens_asked", "output_tokens_asked", "prompt_kind", "ignore_eos", "temperature"}
    unlike = {name for name in asked if len({getattr(m.shape, name) for m in measurements}) > 1}
    empty = {name: "unknown" if name == "prompt_kind" else None for name in unlike}
    return shape.model_copy(update=empty)


def _numbered(runs: Sequence[Run]) -> tuple[Run, ...]:
    seen: dict[tuple[str, float | None], int] = {}
    numbered = []
    for order, run in enumerate(runs, start=1):
        load = (run.kind, run.request_rate_per_s if run.kind == "open" else run.requests_in_flight)
        seen[load] = seen.get(load, 0) + 1
        numbered.append(run.model_copy(update={"order": order, "repeat": seen[load]}))
    return tuple(numbered)
