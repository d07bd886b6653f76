"""PRB-1: the figures of one run from what was seen of its requests and of the server's counters."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from planner.capacity.measurement.counters import difference
from planner.capacity.measurement.guards import More, Wanted, run_flags
from planner.capacity.measurement.outcome import Counters, Outcome
from planner.capacity.measurement.reconcile import reconciled
from planner.capacity.measurement.steady import Delivery, in_flight_mean, rate_of, steady_of
from planner.capacity.measurement.tokens import Counted, clipped_of, counted, short_of, told
from planner.domain.measured_run import (
    ErrorCount,
    Finished,
    LoadKind,
    Percentiles,
    Run,
    Steady,
)

__all__ = ["Asked", "Seen", "difference", "percentiles", "run_of"]

MS_PER_S = 1000
LEAST_FOR = {"p90": 10, "p95": 20, "p99": 100}
"""Requests without which a percentile is not told: at least one lies beyond it, as a rule."""
EXAMPLE_CHARACTERS = 200


class Asked(NamedTuple):
    """The load that a run was to hold."""

    kind: LoadKind
    requests_in_flight: float
    request_rate_per_s: float | None
    repeat: int
    order: int
    input_tokens: int
    output_tokens: int
    max_model_len: int | None
    full_length: bool
    """Answers were asked to run to `output_tokens`."""
    started_at: dt.datetime | None


class Seen(NamedTuple):
    """What came of it. `duration_s` is from the first request sent to the last answer's end."""

    outcomes: Sequence[Outcome]
    duration_s: float
    before: Counters | None = None
    after: Counters | None = None
    peaks: Counters | None = None
    client_cpu_s: float | None = None
    same_host: bool | None = None
    stopped: str = ""


def run_of(asked: Asked, seen: Seen) -> Run:
    """Figures and flags of one run. The order of the outcomes does not matter."""
    done = [outcome for outcome in seen.outcomes if outcome.completed]
    server, reset = difference(seen.before, seen.after, seen.peaks)
    count = counted(done, server, len(seen.outcomes), asked.output_tokens)
    tokens = round(sum(sorted(map(count.tokens, done))))
    steady = _steady(asked, seen, count)
    timed = _after_the_first_wave(done, steady)
    run = Run(
        kind=asked.kind,
        requests_in_flight=asked.requests_in_flight,
        request_rate_per_s=asked.request_rate_per_s,
        repeat=asked.repeat,
        order=asked.order,
        started_at=asked.started_at,
        duration_s=seen.duration_s,
        sent=len(seen.outcomes),
        completed=len(done),
        cut_off=sum(outcome.cut_off for outcome in seen.outcomes),
        errors=_errors(seen.outcomes),
        input_tokens=sum(_prompt(outcome, asked) for outcome in done),
        cached_input_tokens=_cached(done),
        output_tokens=tokens,
        token_source=count.source,
        chunks=sum(outcome.chunks for outcome in done),
        output_tokens_per_s=rate_of(tokens, seen.duration_s),
        steady=steady,
        ttft_ms=percentiles(_waits_ms(timed, "first_s")),
        tpot_ms=percentiles(_per_token_ms(timed, count)),
        e2e_ms=percentiles(_waits_ms(timed, "last_s")),
        finished=_finished(done) if done else None,
        short=short_of(done, asked.output_tokens),
        server=server,
        mean_in_flight=in_flight_mean(seen.outcomes, 0.0, seen.duration_s),
        client_cpu_fraction=None if seen.client_cpu_s is None else max(seen.client_cpu_s, 0.0) / seen.duration_s,
    )
    run = run.model_copy(update={"reconciled": reconciled(run)})
    wanted = Wanted(asked.input_tokens, asked.output_tokens, asked.max_model_len, asked.full_length)
    return run.model_copy(update={"flags": run_flags(run, wanted, _more(asked, seen, reset))})


def percentiles(values_ms: Iterable[float]) -> Percentiles | None:
    """Mean and percentiles (linear between ranks), each only from enough values; None of no values."""
    values = np.sort(np.fromiter(values_ms, dtype=np.float64))
    if not len(values):
        return None
    enough = [name for name, least in LEAST_FOR.items() if len(values) >= least]
    ranks = {name: float(np.percentile(values, int(name[1:]))) for name in enough}
    return Percentiles(n=len(values), mean=float(values.mean()), p50=float(np.median(values)), **ranks)


def _after_the_first_wave(done: list[Outcome], steady: Steady | None) -> list[Outcome]:
    """Requests whose latencies count: of the first wave all prompts arrive at one moment and wait for each other, as
    they do at no held load. Without a steady part, all."""
    later = [outcome for outcome in done if steady is not None and outcome.sent_s >= steady.start_s]
    return later or done


def _prompt(outcome: Outcome, asked: Asked) -> int:
    """Prompt tokens as the answer says, else as asked."""
    said = told(outcome.input_tokens)
    return asked.input_tokens if said is None else said


def _cached(done: Sequence[Outcome]) -> int | None:
    said = [count for outcome in done if (count := told(outcome.cached_input_tokens)) is not None]
    return sum(said) if said else None


def _errors(outcomes: Sequence[Outcome]) -> tuple[ErrorCount, ...]:
    """Failures by kind, the most frequent first, each with the words of the first that failed so."""
    failed = sorted((o for o in outcomes if o.error and not o.cut_off), key=lambda o: (o.ended_s, o.sent_s, o.detail))
    counts = Counter(outcome.error for outcome in failed)
    first = {outcome.error: outcome.detail for outcome in reversed(failed)}
    ranked = sorted(counts, key=lambda kind: (-counts[kind], str(kind)))
    return tuple(ErrorCount(kind=kind, count=counts[kind], example=_plain(first[kind])) for kind in ranked if kind)


def _plain(text: str) -> str:
    """One printable line, shortened."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(line.split())[:EXAMPLE_CHARACTERS]


def _waits_ms(done: Sequence[Outcome], until: str) -> list[float]:
    """Time from sending (open loop: from when it was due) to the first or last piece, ms."""
    ends = ((outcome, getattr(outcome, until)) for outcome in done)
    return [MS_PER_S * max(end - _due_s(outcome), 0.0) for outcome, end in ends if end is not None]


def _due_s(outcome: Outcome) -> float:
    return outcome.sent_s if outcome.scheduled_s is None else outcome.scheduled_s


def _per_token_ms(done: Sequence[Outcome], count: Counted) -> list[float]:
    """(last - first) / (tokens - 1), ms, of answers of two tokens or more."""
    return [
        MS_PER_S * max(o.last_s - o.first_s, 0.0) / (count.tokens(o) - 1)
        for o in done
        if o.first_s is not None and o.last_s is not None and count.tokens(o) >= 2
    ]


def _finished(done: Sequence[Outcome]) -> Finished:
    counts = Counter(outcome.finish if outcome.finish in ("length", "stop") else "other" for outcome in done)
    return Finished(length=counts["length"], stop=counts["stop"], other=counts["other"])


def _steady(asked: Asked, seen: Seen, count: Counted) -> Steady | None:
    if asked.kind != "closed":
        return None
    return steady_of(seen.outcomes, _deliveries(seen.outcomes, count), max(round(asked.requests_in_flight), 1))


def _deliveries(outcomes: Sequence[Outcome], count: Counted) -> list[Delivery]:
    """Completed answers, and the part of the cut-off ones that arrived."""
    done = [o for o in outcomes if o.completed]
    pieces = sum(o.chunks for o in done)
    per_piece = sum(map(count.tokens, done)) / pieces if pieces else 0.0
    cut = [o for o in outcomes if o.cut_off]
    every = [(o, count.tokens(o)) for o in done] + [(o, o.chunks * per_piece) for o in cut]
    return [Delivery(o.first_s, o.last_s, n) for o, n in every if o.first_s is not None and o.last_s is not None]


def _more(asked: Asked, seen: Seen, reset: bool) -> More:
    """What the guards need beside the figures of the run."""
    done = [outcome for outcome in seen.outcomes if outcome.completed]
    sent = [outcome.sent_s for outcome in seen.outcomes]
    return More(
        reasoning=sum(outcome.reasoning for outcome in done),
        clipped=clipped_of(done, asked.output_tokens),
        held_in_flight=in_flight_mean(seen.outcomes, min(sent), max(sent)) if sent else None,
        counter_reset=reset,
        old_names=any(reading is not None and reading.old_names for reading in (seen.before, seen.after)),
        same_host=seen.same_host,
        stopped=seen.stopped,
    )
