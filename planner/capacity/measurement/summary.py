"""PRB-4: what follows from all runs of a measurement: levels, knee, spread, status, flags of the whole."""

from __future__ import annotations

from collections.abc import Sequence

from planner.capacity.measurement.guard_case import Wanted, flag
from planner.capacity.measurement.guards import merged_flags, run_flags
from planner.capacity.measurement.knee import knee_of
from planner.capacity.measurement.levels_of import at_target, level_of, loads_of, spread_of, used_runs
from planner.domain.measured_run import Flag, FlagCode, Run
from planner.domain.measurement import Knee, LevelSummary, Measurement, Status, Summary

NOISY_SPREAD = 0.25
"""Identical runs on a quiet machine differ by +-10 %, three of them by 18 % of their median: more is not the server."""
MIXED_LENGTHS = 1.25
"""Mean lengths of two runs further apart than this: twice over another shape (CAP-13)."""
CPU = "cpu"
OWN_ORIGINS = ("probe", "watch")
_COMPUTED: tuple[FlagCode, ...] = ("NOT_SATURATED", "NOISY", "CPU_SERVER", "STOPPED", "IMPORTED", "SAME_HOST")
"""Flags of a whole measurement that `finished` sets and takes away; others are kept as they are."""


def summarise(runs: Sequence[Run], *, stopped: str, ttft_p95_ms: float | None, tpot_p95_ms: float | None) -> Summary:
    """Levels, knee, spread and status of the usable runs. Their order does not matter."""
    levels = tuple(level_of(group) for group in loads_of(runs))
    if not levels:
        return Summary(status="invalid", reason=_why_invalid(runs))
    closed = any(run.kind == "closed" for run in used_runs(runs))
    spread = spread_of(levels) if closed else None
    knee = knee_of(levels, spread)
    status = _status(knee, spread, stopped)
    return Summary(
        status=status,
        reason=_reason(status, levels, knee, spread, stopped),
        levels=levels,
        knee=knee,
        spread_fraction=spread,
        at_target=at_target(levels, ttft_p95_ms, tpot_p95_ms),
    )


def finished(measurement: Measurement) -> Measurement:
    """The same document with the guards asked again and summary and whole flags computed anew. Flags of runs only
    become graver; finishing twice changes nothing."""
    wanted = Wanted(
        measurement.shape.input_tokens_asked,
        measurement.shape.output_tokens_asked,
        measurement.server.max_model_len,
        bool(measurement.shape.ignore_eos),
    )
    runs = tuple(
        run.model_copy(update={"flags": merged_flags(run.flags, run_flags(run, wanted))}) for run in measurement.runs
    )
    summary = summarise(
        runs,
        stopped=measurement.stopped,
        ttft_p95_ms=measurement.target_ttft_p95_ms,
        tpot_p95_ms=measurement.target_tpot_p95_ms,
    )
    kept = [known for known in measurement.flags if known.code not in _COMPUTED]
    flags = merged_flags(kept, _whole_flags(measurement, runs, summary))
    return measurement.model_copy(update={"runs": runs, "summary": summary, "flags": flags})


def _status(knee: Knee | None, spread: float | None, stopped: str) -> Status:
    """The gravest: what is missing, then what is not known, then what is uncertain."""
    if stopped:
        return "partial"
    if knee is None:
        return "not_saturated"
    return "noisy" if (spread or 0.0) > NOISY_SPREAD else "ok"


def _reason(
    status: Status, levels: Sequence[LevelSummary], knee: Knee | None, spread: float | None, stopped: str
) -> str:
    if status == "partial":
        return f"It ended early: {stopped[:180].rstrip('.')}."
    if knee is None:
        return _still_rising(levels)
    if status == "noisy":
        return _differing(spread or 0.0)
    repeats = "one run of each load" if spread is None else f"repeats within {spread:.0%}"
    return f"Throughput stops rising near {knee.requests_in_flight:,.0f} requests in flight; {repeats}."


def _still_rising(levels: Sequence[LevelSummary]) -> str:
    load = levels[-1].requests_in_flight
    rate = f"{max(level.output_tokens_per_s for level in levels):,.4g} tokens/s, is a lower bound."
    at = f"{load:,.4g} request{'' if load == 1 else 's'} in flight"
    if len(levels) == 1:
        return f"Only one load was measured, {at}: whether more give a larger rate is not known. Its rate, {rate}"
    return f"Throughput was still rising at {at}: its largest rate, {rate}"


def _differing(spread: float) -> str:
    return f"Repeats of one load differ by {spread:.0%} of their median: probe longer, or on a quiet server."


def _why_invalid(runs: Sequence[Run]) -> str:
    if not runs:
        return "No run was made."
    worst = next((known for run in runs for known in run.flags if known.severity == "unusable"), None)
    if worst is None:
        return "No run of a held load was made."
    return f"None of {len(runs):,} runs can be used: {worst.message}"[:200]


def _whole_flags(m: Measurement, runs: Sequence[Run], summary: Summary) -> list[Flag]:
    said = [_same_host(m), _cpu(m), _imported(m), _stopped(m), _mixed(runs)]
    if summary.levels and summary.knee is None:
        said.append(flag("NOT_SATURATED", "doubt", _still_rising(summary.levels)))
    if (summary.spread_fraction or 0.0) > NOISY_SPREAD:
        said.append(flag("NOISY", "doubt", _differing(summary.spread_fraction or 0.0)))
    return [known for known in said if known is not None]


def _same_host(m: Measurement) -> Flag | None:
    if not m.client.same_host:
        return None
    return flag("SAME_HOST", "note", "Client and server ran on one machine and shared its cores.")


def _cpu(m: Measurement) -> Flag | None:
    if m.declared.gpu_id != CPU:
        return None
    return flag("CPU_SERVER", "doubt", "It is of a server without a GPU: its figures carry over to no GPU.")


def _imported(m: Measurement) -> Flag | None:
    if m.origin in OWN_ORIGINS:
        return None
    return flag("IMPORTED", "note", f"It was read from a result of {m.origin}: what that did not record is not known.")


def _stopped(m: Measurement) -> Flag | None:
    return flag("STOPPED", "doubt", f"It ended early: {m.stopped[:180].rstrip('.')}.") if m.stopped else None


def _mixed(runs: Sequence[Run]) -> Flag | None:
    """Runs of different mean lengths: rates of different work."""
    used = [run for run in used_runs(runs) if run.completed]
    for tokens, what in (
        ([run.input_tokens for run in used], "prompts"),
        ([run.output_tokens for run in used], "answers"),
    ):
        means = [count / run.completed for count, run in zip(tokens, used, strict=True) if count]
        if means and max(means) > MIXED_LENGTHS * min(means):
            said = f"Mean lengths of {what} run from {min(means):,.0f} to {max(means):,.0f} tokens over its runs"
            return flag("MIXED_SHAPES", "doubt", f"{said}: their rates are of different work.")
    return None
