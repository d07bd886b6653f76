"""PRB-4: the points of a measurement as a plan takes them (CAP-13), and the line by which it cites them.

Points go up to the first load that the knee cannot be above, and on only while the rate has not flattened: beyond,
requests wait for a place, which the queue of CAP-10 adds by itself. For the same reason the time to the first token is
left out from a quarter above the knee on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import ValidationError

from planner.capacity.calibration import is_saturated
from planner.capacity.measurement.guard_tokens import cache_share
from planner.capacity.measurement.knee import CERTAIN_RISE
from planner.capacity.measurement.levels_of import used_runs
from planner.domain.evidence import Provenance
from planner.domain.measured_run import Flag, FlagCode, Run, Severity
from planner.domain.measurement import LevelSummary, Measurement
from planner.domain.serving import (
    MAX_POINTS,
    TOTAL_TOKENS_SLACK,
    CalibrationPoint,
    CalibrationPoints,
    MeasuredBy,
    engine_words,
)
from planner.format import plural

MS_PER_S = 1000
LEAST_RATE = 1e-3
MOST_DOUBTS = 20
TEXT = 200
MADE_BY = {"probe": "probe", "watch": "live traffic", "vllm_bench": "vllm bench", "guidellm": "guidellm"}
"""What made a measurement, as people write it; others as they are."""


class Refused(ValueError):
    """A measurement that no plan can rest on; the message says why, and the way out."""


def citation(m: Measurement, gpu_words: str = "") -> str:
    """`probe 3f2a... of vLLM 0.32.0 on 2 x NVIDIA H100 SXM`; the id is whole."""
    engine = engine_words(m.server.engine, m.server.engine_version) or "an engine without a name"
    return f"{MADE_BY.get(m.origin, m.origin)} {m.measurement_id} of {engine} on {_gpus(m, gpu_words)}"[:TEXT]


def shape_delivered(m: Measurement) -> tuple[float, float]:
    """Prompt tokens computed and tokens generated, per request: means of what was delivered in the runs used."""
    runs = used_runs(m.runs)
    if not runs:
        raise Refused(f"Nothing was measured that a plan can rest on. {m.summary.reason} Probe again.")
    completed = sum(run.completed for run in runs)
    computed = sum(_computed_tokens(run) for run in runs)
    return max(computed / completed, 1.0), max(sum(run.output_tokens for run in runs) / completed, 1.0)


def calibration_points(m: Measurement, *, gpu_words: str = "") -> CalibrationPoints:
    """Rates and mean latencies of the loads, with where they come from. Refused where nothing usable was measured, or
    figures are none that a server can have."""
    try:
        return _points(m, gpu_words)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise Refused(f"Its figures are none that a plan can take ({where}: {first['msg']}). Probe again.") from error


def _points(m: Measurement, gpu_words: str) -> CalibrationPoints:
    input_tokens, output_tokens = shape_delivered(m)
    levels = [level for level in _up_to_saturation(m) if level.output_tokens_per_s >= LEAST_RATE]
    if not levels:
        raise Refused("No load of one request in flight and more was measured. Probe at the load of the plan.")
    knee = m.summary.knee
    queued_from = min(CERTAIN_RISE * knee.requests_in_flight, knee.high) if knee and knee.low < knee.high else None
    return CalibrationPoints(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        points=tuple(_point(level, queued_from) for level in _thinned(levels)),
        provenance=Provenance(
            origin="measured",
            source=citation(m, gpu_words),
            as_of=m.finished_at.date().isoformat(),
            note=m.declared.note,
        ),
        measured_by=_measured_by(m, gpu_words),
    )


def doubts_of(m: Measurement) -> tuple[str, ...]:
    """What the guards said that bears on the points: of the whole, of the runs used, and of those left out."""
    used = used_runs(m.runs)
    unusable = [run for run in m.runs if not run.usable]
    whole = [known.message for known in m.flags if known.severity != "note"]
    said = [*whole, *_once(used, "doubt"), *_once(unusable, "unusable")]
    return tuple(dict.fromkeys(said))[:MOST_DOUBTS]


def doubt_codes_of(m: Measurement) -> tuple[FlagCode, ...]:
    """Codes of the doubts about the whole and about the runs that are used."""
    every = [*m.flags, *(known for run in used_runs(m.runs) for known in run.flags)]
    return tuple(dict.fromkeys(known.code for known in every if known.severity == "doubt"))


def _computed_tokens(run: Run) -> float:
    """Prompt tokens less those from the prefix cache, by answers or counters."""
    return run.input_tokens * (1 - min(cache_share(run), 1.0))


def _up_to_saturation(m: Measurement) -> list[LevelSummary]:
    """Levels of one request and more, to the first beyond the knee by which the rate has flattened."""
    levels = [level for level in m.summary.levels if level.requests_in_flight >= 1]
    if m.summary.knee is None:
        return levels
    first = sum(level.requests_in_flight <= m.summary.knee.high for level in levels)
    lengths = (length for length in range(first, len(levels)) if _flat(levels[:length]))
    return levels[: next(lengths, len(levels))]


def _flat(levels: Sequence[LevelSummary]) -> bool:
    rates = [max(level.output_tokens_per_s, LEAST_RATE) for level in levels]
    return bool(levels) and is_saturated(np.array([level.requests_in_flight for level in levels]), np.array(rates))


def _thinned(levels: Sequence[LevelSummary]) -> list[LevelSummary]:
    """At most as many as a plan holds, evenly over the loads, both ends among them."""
    keep = np.unique(np.linspace(0, len(levels) - 1, min(len(levels), MAX_POINTS)).round().astype(int))
    return [levels[at] for at in keep]


def _point(level: LevelSummary, queued_from: float | None) -> CalibrationPoint:
    queued = queued_from is not None and level.requests_in_flight >= queued_from
    tpot = level.tpot_ms
    most = TOTAL_TOKENS_SLACK * level.requests_in_flight * MS_PER_S / tpot if tpot else None
    agrees = most is not None and level.output_tokens_per_s <= most
    return CalibrationPoint(
        requests_in_flight=level.requests_in_flight,
        output_tokens_per_s=level.output_tokens_per_s,
        ttft_ms=None if queued else level.ttft_ms or None,
        tpot_ms=tpot if agrees else None,
    )


def _measured_by(m: Measurement, gpu_words: str) -> MeasuredBy:
    return MeasuredBy(
        measurement_id=m.measurement_id,
        made_by=m.origin,
        engine=m.server.engine,
        engine_version=m.server.engine_version,
        gpu=_gpus(m, gpu_words)[:TEXT],
        gpu_id=m.declared.gpu_id,
        gpus=m.declared.gpus if m.declared.gpu_id else None,
        model_id=m.declared.model_id,
        format_id=m.declared.format_id,
        status=m.summary.status,
        spread_fraction=m.summary.spread_fraction,
        doubts=doubts_of(m),
        doubt_codes=doubt_codes_of(m),
    )


def _gpus(m: Measurement, gpu_words: str) -> str:
    if gpu_words:
        return gpu_words
    if m.declared.gpu_id == "cpu":
        return "a server without a GPU"
    return f"{m.declared.gpus} x {m.declared.gpu_id}" if m.declared.gpu_id else "GPUs that are not named"


def _once(runs: Sequence[Run], severity: Severity) -> list[str]:
    """Each code once: how many runs, and what the first of them said."""
    found: dict[FlagCode, list[Flag]] = {}
    for known in (known for run in runs for known in run.flags if known.severity == severity):
        found.setdefault(known.code, []).append(known)
    return [f"{_share(len(flags), len(runs), severity)}: {flags[0].message}"[:TEXT] for flags in found.values()]


def _share(found: int, runs: int, severity: Severity) -> str:
    """`2 of 6 runs used`, `all 6 runs used`, `1 run left out`."""
    if severity == "unusable":
        return f"{plural(found, 'run')} left out"
    if found < runs:
        return f"{found:,} of {runs:,} runs used"
    return "the one run used" if runs == 1 else f"all {runs:,} runs used"
