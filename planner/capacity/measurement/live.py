"""PRB-6: runs from the counters of a server under its own traffic, read now and then and touched by nothing else.

Every figure is a difference of two readings, so that stretches add up. Requests in flight are Little's law: the time
that answers took over the time that went by. Stretches in which a counter went back (a restart) are left out whole.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from planner.capacity.measurement.counters import COUNTED
from planner.capacity.measurement.guards import More, merged_flags, run_flags
from planner.capacity.measurement.histogram import latency, variation
from planner.capacity.measurement.run import MS_PER_S
from planner.capacity.measurement.stretch import Scrape, Stretch, joined, stretch_of
from planner.domain.measured_run import ErrorCount, Finished, Flag, Percentiles, Run, ServerDelta

ENOUGH_COMPLETED, ENOUGH_WAVES = 50, 4
"""A run ends when this many answers, and this many times the requests in flight, have ended in it: those that began
before it or end after it are then a quarter of it at most, and as many on either side."""
LEAST_COMPLETED, LEAST_WAVES = 10, 2
"""A run that ends before, at a change of the load, needs this many answers, and this many times those in flight: in a
shorter stretch a wave of answers that end together looks like a load many times the true one."""
STEADY_FRACTION, STEADY_SIGMAS = 0.5, 3.0
"""Requests in flight at a reading beside the run's mean: within half of it, or what random arrivals do anyway."""
MIXED_VARIATION = 0.5
"""Standard deviation over mean of a length; half of the mean is what CAP-10 was held against."""
DRIFT = 0.1
"""Tokens generated beside those of the answers that ended; more apart, the load was not the same at both ends."""


class Watched(NamedTuple):
    """What live traffic told."""

    runs: tuple[Run, ...]
    flags: tuple[Flag, ...]
    """Of the whole."""


def watched(scrapes: Sequence[Scrape], began: dt.datetime | None = None, least_s: float = 0.0) -> Watched:
    """Runs of kind live, each of one steady load and at least so long, and what holds for the whole. `began` is the
    time of the first reading."""
    found, resets, left_out = [], 0, 0.0
    for stretches in _unbroken(scrapes):
        if stretches is None:
            resets += 1
            continue
        kept, lost = _windows(stretches, least_s)
        found += kept
        left_out += lost
    runs = [_run(at_s, whole, order, began, scrapes) for order, (at_s, whole) in enumerate(found, start=1)]
    return Watched(tuple(run for run in runs if run is not None), tuple(_flags(resets, left_out, found)))


Placed = tuple[float, Stretch]
"""A stretch and when it began, s from the first reading."""


def _unbroken(scrapes: Sequence[Scrape]) -> Iterator[list[Placed] | None]:
    """Stretches one after another; None between two wherever a counter went back."""
    row: list[Placed] = []
    for earlier, later in pairwise(scrapes):
        stretch = stretch_of(earlier, later)
        if stretch is not None:
            row.append((earlier.at_s - scrapes[0].at_s, stretch))
        elif later.at_s > earlier.at_s:
            yield row
            yield None
            row = []
    yield row


def _windows(stretches: Iterable[Placed], least_s: float) -> tuple[list[Placed], float]:
    """Steady runs with answers enough, and the seconds that are in none. What follows a full run and is too short for
    one of its own joins it. Idle stretches are left out: nothing was served, and the runs go on behind them."""
    rows = _steady_rows(_answer_long((at_s, stretch) for at_s, stretch in stretches if not _idle(stretch)))
    kept, left_out = [], 0.0
    for row in rows:
        full: list[Placed] = []
        for at_s, stretch in row:
            if full and not _enough(full[-1][1], least_s):
                full[-1] = (full[-1][0], joined(full[-1][1], stretch))
            else:
                full.append((at_s, stretch))
        if len(full) > 1 and not _enough(full[-1][1], least_s):
            last = full.pop()
            full[-1] = (full[-1][0], joined(full[-1][1], last[1]))
        kept += [(at_s, one) for at_s, one in full if _some(one)]
        left_out += math.fsum(one.seconds for _, one in full if not _some(one))
    return kept, left_out


def _answer_long(stretches: Iterable[Placed]) -> Iterator[Placed]:
    """Neighbours joined until as many answers ended as were in flight, which takes about one answer's time: a load may
    dip and jump within it, where answers end together, and be steady all the same."""
    open_: Placed | None = None
    for at_s, stretch in stretches:
        open_ = (at_s, stretch) if open_ is None else (open_[0], joined(open_[1], stretch))
        if (open_[1].completed or 0.0) >= max(_mean(open_[1].in_flight) or 0.0, 1.0):
            yield open_
            open_ = None
    if open_ is not None:
        yield open_


def _steady_rows(stretches: Iterable[Placed]) -> list[list[Placed]]:
    """Neighbouring stretches of about the same load."""
    rows: list[list[Placed]] = []
    for at_s, stretch in stretches:
        if rows and _same_load(rows[-1], stretch):
            rows[-1].append((at_s, stretch))
        else:
            rows.append([(at_s, stretch)])
    return rows


def _idle(stretch: Stretch) -> bool:
    return not stretch.output_tokens and not stretch.completed and not any(stretch.in_flight)


def _same_load(row: Sequence[Placed], stretch: Stretch) -> bool:
    """Whether requests in flight at its readings are within what the row's mean lets expect."""
    seen = [n for _, one in row for n in one.in_flight]
    mean, here = _mean(seen), _mean(stretch.in_flight)
    if mean is None or here is None:
        return True
    return abs(here - mean) <= max(STEADY_FRACTION * mean, STEADY_SIGMAS * math.sqrt(max(mean, 1.0)))


def _enough(stretch: Stretch, least_s: float) -> bool:
    completed = stretch.completed or 0.0
    return stretch.seconds >= least_s and completed >= max(
        ENOUGH_COMPLETED, ENOUGH_WAVES * (stretch.mean_in_flight or 0.0)
    )


def _some(stretch: Stretch) -> bool:
    load = stretch.mean_in_flight or 0.0
    return (stretch.completed or 0.0) >= max(LEAST_COMPLETED, LEAST_WAVES * load)


def _run(at_s: float, one: Stretch, order: int, began: dt.datetime | None, scrapes: Sequence[Scrape]) -> Run | None:
    """One stretch as a run; None where it tells no tokens or no load."""
    output, load, ended = one.output_tokens, one.mean_in_flight, one.completed
    if not output or not load or not ended:
        return None
    failed = round(one.ended.get("error", 0.0))
    run = Run(
        kind="live",
        requests_in_flight=load,
        order=order,
        started_at=None if began is None else began + dt.timedelta(seconds=at_s),
        duration_s=one.seconds,
        sent=round(ended),
        completed=max(round(ended) - failed, 0),
        errors=(ErrorCount(kind="server_error", count=failed),) if failed else (),
        input_tokens=round(one.input_tokens or 0.0),
        cached_input_tokens=_cached(one),
        output_tokens=round(output),
        token_source="server",
        output_tokens_per_s=output / one.seconds,
        ttft_ms=latency(one.histograms.get("ttft")),
        tpot_ms=_per_token(one),
        e2e_ms=latency(one.histograms.get("e2e")),
        finished=_finished(one) if one.ended else None,
        server=_delta(one),
        mean_in_flight=load,
    )
    old = any(scrape.counters.old_names for scrape in scrapes)
    flags = merged_flags(_run_flags(one), run_flags(run, more=More(old_names=old)))
    return run.model_copy(update={"flags": flags})


def _per_token(one: Stretch) -> Percentiles | None:
    """Of each request where the server tells that; else the mean gap between tokens, which has no percentiles of
    requests."""
    told = latency(one.histograms.get("tpot"))
    gaps = one.histograms.get("gap")
    if told is not None or gaps is None or gaps.mean is None:
        return told
    return Percentiles(n=round(one.completed or 0.0), mean=MS_PER_S * gaps.mean)


def _cached(one: Stretch) -> int | None:
    hit = one.counted.get("cache_hit_tokens")
    return None if hit is None else round(min(hit, one.input_tokens or 0.0))


def _finished(one: Stretch) -> Finished:
    known = {reason: round(one.ended.get(reason, 0.0)) for reason in ("length", "stop")}
    rest = math.fsum(count for reason, count in one.ended.items() if reason not in ("length", "stop", "error"))
    return Finished(length=known["length"], stop=known["stop"], other=round(rest))


def _delta(one: Stretch) -> ServerDelta:
    peaks = one.peaks
    return ServerDelta(
        **{name: round(one.counted[name]) for name in COUNTED if name in one.counted},
        running_max=peaks.running,
        waiting_max=peaks.waiting,
        kv_usage_max_fraction=peaks.kv_usage_fraction,
    )


def _run_flags(one: Stretch) -> Iterator[Flag]:
    spread = {
        what: by
        for what, name in (("prompts", "input"), ("answers", "output"))
        if (h := one.histograms.get(name)) and (by := variation(h)) is not None and by > MIXED_VARIATION
    }
    if spread:
        said = " and ".join(f"{what} by {by:.0%}" for what, by in spread.items())
        yield Flag(
            code="MIXED_SHAPES",
            severity="doubt",
            message=f"Lengths vary ({said} of their mean): the rate is that of the mixture, not of its mean request.",
        )
    generated, answered = one.counted.get("generation_tokens"), one.answered_tokens
    if generated and answered is not None and abs(generated - answered) > DRIFT * generated:
        yield Flag(
            code="NO_STEADY_WINDOW",
            severity="doubt",
            message=f"{generated:,.0f} tokens were generated, the answers that ended held {answered:,.0f}: the load at "
            "both ends differs.",
        )


def _flags(resets: int, left_out: float, found: Sequence[Placed]) -> Iterator[Flag]:
    if resets:
        times = "once" if resets == 1 else f"{resets} times"
        yield Flag(
            code="COUNTER_RESET",
            severity="doubt",
            message=f"Counters went back {times}: a restart, or several servers answer in turn. Those stretches are "
            "left out.",
        )
    if left_out and found:
        yield Flag(
            code="FEW_REQUESTS",
            severity="note",
            message=f"{left_out:,.0f} s are in no run: too few answers ended at one load.",
        )


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
