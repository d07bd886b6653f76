"""What a tool tells of one load, in our definitions, and the run and the measurement that follow from it.

Failures, contradictions and what a result cannot tell are flags here, the same for every tool.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from planner import __version__
from planner.capacity.measurement.guards import More, Wanted, merged_flags, run_flags
from planner.capacity.measurement.run import LEAST_FOR
from planner.capacity.measurement.summary import finished
from planner.domain.measured_run import (
    ErrorCount,
    Flag,
    FlagCode,
    LoadKind,
    Percentiles,
    Run,
    Severity,
    Steady,
)
from planner.domain.measurement import (
    Declared,
    Measurement,
    MeasurementOrigin,
    ProbedServer,
    ProbedShape,
    ProbingClient,
    PromptKind,
)

RATES_DIFFER = 0.02
"""Tokens over duration beside the rate that the tool tells; both come from the same numbers."""
TIMES_DIFFER = 0.2
"""First token + the rest beside the whole answer. Means of unlike lengths differ by less (measured: 0.7 to 3 %)."""
SPREAD = 0.5
"""Standard deviation of a length over its mean, from which a load is a mixture of shapes."""
UNDATED = "The file has no date; the day of its import stands for it."


class Told(NamedTuple):
    """One load. Latencies in ms, by our definitions."""

    kind: LoadKind
    requests_in_flight: float
    duration_s: float
    completed: int
    failed: int
    input_tokens: float
    output_tokens: float
    output_tokens_per_s: float | None = None
    """As the tool tells it, to be held beside tokens / duration."""
    request_rate_per_s: float | None = None
    started_at: dt.datetime | None = None
    cut_off: int = 0
    cached_input_tokens: float | None = None
    errors: tuple[ErrorCount, ...] = ()
    ttft_ms: Percentiles | None = None
    tpot_ms: Percentiles | None = None
    e2e_ms: Percentiles | None = None
    mean_in_flight: float | None = None
    steady: Steady | None = None
    spread: float | None = None
    """Largest standard deviation over mean of prompt and answer lengths; None = not told."""
    asked_output_tokens: int | None = None
    stopped: str = ""
    converted: str = ""
    """What was converted, for the reader."""


class Source(NamedTuple):
    """What a result tells of the whole: who measured what, and how."""

    origin: MeasurementOrigin
    program: str
    model: str
    prompt_kind: PromptKind = "unknown"
    endpoint: str = ""
    input_tokens_asked: int | None = None
    output_tokens_asked: int | None = None
    ignore_eos: bool | None = None


def percentiles_of(n: int, mean: float | None, points: dict[str, float | None]) -> Percentiles | None:
    """Percentiles as told, each only where there are requests enough for it; None where nothing is told."""
    kept = {name: ms for name, ms in points.items() if ms is not None and n >= LEAST_FOR.get(name, 1)}
    return Percentiles(n=n, mean=mean, **kept) if n > 0 and (mean is not None or kept) else None


def whole_answers(n: int, ttft: Percentiles | None, tpot: Percentiles | None, output_tokens: float) -> float | None:
    """Mean time of an answer, ms, from the mean times of its first token and of the others; None = not told."""
    if ttft is None or ttft.mean is None or tpot is None or tpot.mean is None:
        return None
    return ttft.mean + tpot.mean * max(output_tokens / n - 1, 0.0)


def run_of_told(told: Told, order: int, repeat: int) -> Run:
    """The run with its flags. `told.completed` and `told.duration_s` are above zero."""
    little = _in_flight(told)
    run = Run(
        kind=told.kind,
        requests_in_flight=told.requests_in_flight,
        request_rate_per_s=told.request_rate_per_s,
        repeat=repeat,
        order=order,
        started_at=told.started_at,
        duration_s=told.duration_s,
        sent=told.completed + told.failed + told.cut_off,
        completed=told.completed,
        cut_off=told.cut_off,
        errors=told.errors,
        input_tokens=round(told.input_tokens),
        cached_input_tokens=None if told.cached_input_tokens is None else round(told.cached_input_tokens),
        output_tokens=round(told.output_tokens),
        token_source="tool",
        output_tokens_per_s=told.output_tokens / told.duration_s,
        steady=told.steady,
        ttft_ms=told.ttft_ms,
        tpot_ms=told.tpot_ms,
        e2e_ms=told.e2e_ms,
        mean_in_flight=little,
    )
    guarded = run_flags(run, Wanted(output_tokens=told.asked_output_tokens), More(stopped=told.stopped))
    return run.model_copy(update={"flags": merged_flags(_flags(told, little), guarded)})


def _in_flight(told: Told) -> float | None:
    """Little's law: time of all answers over the duration."""
    if told.mean_in_flight is not None:
        return told.mean_in_flight
    mean_ms = told.e2e_ms.mean if told.e2e_ms and told.e2e_ms.mean is not None else None
    if mean_ms is None:
        mean_ms = whole_answers(told.completed, told.ttft_ms, told.tpot_ms, told.output_tokens)
    return None if mean_ms is None else told.completed * mean_ms / 1000 / told.duration_s


def _flags(told: Told, in_flight: float | None) -> Iterator[Flag]:
    yield _flag("IMPORTED", "note", f"Imported, not measured here. {told.converted}".strip())
    if told.cached_input_tokens is None:
        yield _flag("NO_METRICS", "doubt", "The result tells nothing of the prefix cache: hits cannot be ruled out.")
    yield from _contradictions(told)
    if told.kind == "closed" and told.steady is None:
        yield _flag("NO_STEADY_WINDOW", "doubt", _unsteady(told, in_flight))
    if told.spread is not None and told.spread > SPREAD:
        yield _flag(
            "MIXED_SHAPES",
            "doubt",
            f"Lengths vary by {told.spread:.0%} of their mean: the rate is that of the mixture.",
        )


def _unsteady(told: Told, in_flight: float | None) -> str:
    held = f"; {in_flight:.3g} of {told.requests_in_flight:g} requests were in flight on average" if in_flight else ""
    return f"The result tells no steady part: the rate is of the whole run, with ramp-up and drain, and too low{held}."


def _contradictions(told: Told) -> Iterator[Flag]:
    rate, said = told.output_tokens / told.duration_s, told.output_tokens_per_s
    if said is not None and abs(said - rate) > RATES_DIFFER * max(rate, said):
        yield _flag(
            "TOKENS_DIFFER",
            "unusable",
            f"{told.output_tokens:,.0f} tokens in {told.duration_s:.4g} s are {rate:.4g} tokens/s; "
            f"the result says {said:.4g}.",
        )
        return
    whole = told.e2e_ms.mean if told.e2e_ms else None
    summed = whole_answers(told.completed, told.ttft_ms, told.tpot_ms, told.output_tokens)
    if whole and summed and abs(summed - whole) > TIMES_DIFFER * whole:
        yield _flag(
            "TOKENS_DIFFER",
            "doubt",
            f"First token and the others make {summed:.4g} ms, an answer takes {whole:.4g} ms: a time is defined "
            "otherwise than is known here.",
        )


def _flag(code: FlagCode, severity: Severity, message: str) -> Flag:
    return Flag(code=code, severity=severity, message=message[:200])


def measurement_of(told: Sequence[Told], source: Source, declared: Declared | None, data: bytes) -> Measurement:
    """Loads of one result as a measurement; the same file makes the same one, but for an unknown day."""
    runs, seen = [], dict[tuple[object, ...], int]()
    begins = [one.started_at for one in told if one.started_at]
    if not begins:
        told = [one._replace(converted=f"{one.converted} {UNDATED}".strip()) for one in told]
    for order, one in enumerate(told, start=1):
        load = (one.kind, one.requests_in_flight if one.kind == "closed" else one.request_rate_per_s)
        seen[load] = seen.get(load, 0) + 1
        runs.append(run_of_told(one, order, seen[load]))
    ends = [one.started_at + dt.timedelta(seconds=one.duration_s) for one in told if one.started_at]
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    return finished(
        Measurement(
            measurement_id=hashlib.sha256(data).hexdigest()[:16],
            origin=source.origin,
            program_version=__version__,
            started_at=min(begins, default=now),
            finished_at=max(ends, default=now),
            server=ProbedServer(served_model=source.model),
            declared=declared or Declared(),
            shape=ProbedShape(
                input_tokens_asked=source.input_tokens_asked,
                output_tokens_asked=source.output_tokens_asked,
                prompt_kind=source.prompt_kind,
                ignore_eos=source.ignore_eos,
                endpoint=source.endpoint,
            ),
            client=ProbingClient(program=source.program),
            runs=tuple(runs),
            stopped=next((one.stopped for one in told if one.stopped), ""),
        )
    )
