"""What a log cannot say, why, and where it can be had: said instead of a guess."""

from __future__ import annotations

import math
from collections.abc import Iterator

from planner.domain.usage import Unknown, UsageProfile
from planner.format import plural
from planner.units import SECONDS_PER_DAY, SECONDS_PER_HOUR
from planner.workload.log import SECONDS_PER_MINUTE, Log
from planner.workload.profile import HOURS_PER_WEEK
from planner.workload.trend import FEWEST_DAYS, FEWEST_WEEKS

SINGLE_REQUESTS = (
    "Import a source with one row per request: the log of a gateway, Langfuse, OpenTelemetry or your own table."
)
LONGER_LOG = "Import a longer period; until then the scenario's own figure stays."
COMPLETE = 0.99
"""Share of requests with a duration from which concurrency is that of all of them."""


def unknowns(log: Log, profile: UsageProfile) -> tuple[Unknown, ...]:
    """Everything that the profile leaves empty, in the order of the profile."""
    found = (*_volume(log, profile), *_prompt_parts(log), *_inside(log, profile), *_shape(log, profile))
    trend = () if profile.trend is not None else _growth(log)
    return (*found, *trend, *_requests_in_flight(log, profile))


def _volume(log: Log, profile: UsageProfile) -> Iterator[Unknown]:
    if profile.total_requests is None:
        silent = _silent_rows(log)
        yield Unknown(
            what="Requests, and tokens per request",
            reason=f"{silent} of the export do not say how many requests they hold.",
            remedy="Give the requests, or the mean prompt, when you use the profile in a scenario.",
        )
    for name, words in (("total_input_tokens", "Prompt tokens"), ("total_output_tokens", "Output tokens")):
        if getattr(profile, name) is None:
            yield Unknown(what=words, reason="No row of the export has them.", remedy="Export usage, not only cost.")
    if profile.window_s == 0:
        yield Unknown(
            what="Volume a day",
            reason="All of the log is one moment: it has no length.",
            remedy="Import a longer period.",
        )


def _silent_rows(log: Log) -> str:
    rollup = log.figures.rollup
    rows = int(rollup.usage_rows.sum())
    silent = rows - int(rollup.known["requests"].sum())
    return "The rows" if silent == rows else _rows(log, silent)


def _prompt_parts(log: Log) -> Iterator[Unknown]:
    for whole, parts, what, meanwhile in (
        ("fresh_input_tokens", ("cached_input_tokens",), "Cached share of the prompt", "the prompt counts as fresh"),
        (
            "fresh_input_tokens",
            ("cache_write_tokens", "cache_write_1h_tokens"),
            "Tokens written to a cache",
            "none are counted",
        ),
        ("output_tokens", ("reasoning_tokens",), "Reasoning share of the output", "it is part of the output tokens"),
    ):
        if not log.knows(whole):
            continue
        if not any(log.knows(part) for part in parts):
            reason = f"The export has no column for it: {meanwhile}."
            yield Unknown(what=what, reason=reason, remedy="Export it, or type it into the scenario.")
        elif silent := min(_silent(log, whole, part) for part in parts):
            reason = f"{_rows(log, silent)} do not say it: {meanwhile} there."
            yield Unknown(what=f"{what}, of all rows", reason=reason, remedy="Export it for all of them.")
    if not log.bucketed:
        yield from _without_lengths(log)


def _without_lengths(log: Log) -> Iterator[Unknown]:
    """Requests without tokens: a mean over all requests is lower than that of those with tokens."""
    rollup = log.figures.rollup
    for name, words in (("fresh_input_tokens", "Prompt"), ("output_tokens", "Output")):
        silent = int((rollup.usage_rows - rollup.known[name]).sum())
        if silent and log.knows(name):
            yield Unknown(
                what=f"{words} tokens of all requests",
                reason=f"{_rows(log, silent)} do not state them: they count as none, in sums and in means.",
                remedy="Requests that failed have none; for others export the tokens.",
            )


def _silent(log: Log, whole: str, part: str) -> int:
    """Usage rows that state the whole and not the part of it."""
    known = log.figures.rollup.known
    return int((known[whole] - known[part]).clip(min=0).sum())


def _rows(log: Log, silent: int) -> str:
    return f"{silent:,} of {int(log.figures.rollup.usage_rows.sum()):,} rows"


def _inside(log: Log, profile: UsageProfile) -> Iterator[Unknown]:
    """Lengths, and peaks below the grain."""
    if profile.grain == "bucket":
        size = length_of(profile.bucket_s)
        yield Unknown(
            what="Lengths of requests: percentiles and histogram",
            reason=f"The log holds sums of up to {size}, not requests.",
            remedy=SINGLE_REQUESTS,
        )
        yield Unknown(
            what="Peaks within a bucket, and times between arrivals",
            reason=f"What happens inside a bucket of {size} is not in the log.",
            remedy=f"{SINGLE_REQUESTS} Narrower buckets help too.",
        )
    elif profile.gap_cv is None:
        yield Unknown(
            what="Spread of times between arrivals",
            reason="It was not measured: fewer than three requests, or more than are sorted in an import.",
        )
    if not any(peak.window_s == SECONDS_PER_HOUR for peak in profile.peaks):
        yield _no_hours(log, "Busiest hour over mean hour")


def _no_hours(log: Log, what: str) -> Unknown:
    if not log.fits(SECONDS_PER_HOUR):
        reason, remedy = f"The log holds sums of up to {length_of(log.bucket_s)}.", "Export buckets of an hour or less."
    else:
        reason, remedy = (
            f"The log is {length_of(log.window_s, down=True)} long: it needs two hours or more.",
            LONGER_LOG,
        )
    return Unknown(what=what, reason=reason, remedy=remedy)


def _shape(log: Log, profile: UsageProfile) -> Iterator[Unknown]:
    seen = sum(1 for times in profile.week_hours_seen if times)
    if not profile.load_duration:
        yield _no_hours(log, "Hours by load")
    if not profile.week:
        if log.fits(SECONDS_PER_HOUR):
            reason = f"The log is {length_of(log.window_s, down=True)} long: it needs a day or more."
            yield Unknown(what="Shape of the day and of the week", reason=reason, remedy=LONGER_LOG)
        else:
            yield _no_hours(log, "Shape of the day and of the week")
    elif seen < HOURS_PER_WEEK:
        yield Unknown(
            what="All hours of the week",
            reason=f"The log saw {seen} of the {HOURS_PER_WEEK} hours of a week.",
            remedy="Import a week or more; the days that were seen stand for the others until then.",
        )
    if not profile.has_calendar:
        yield Unknown(
            what="Day of the week and time of day",
            reason="The times of this log count from an unknown moment.",
            remedy="Use the shape, not its place in the week.",
        )


def _growth(log: Log) -> tuple[Unknown, ...]:
    days = log.window_s / SECONDS_PER_DAY
    if not log.fits(SECONDS_PER_DAY):
        reason = f"The log holds sums of up to {length_of(log.bucket_s)}."
    elif days >= FEWEST_DAYS:
        reason = "A whole day or week of the log has no demand at all: a share of growth has no meaning then."
    else:
        lasts = length_of(log.window_s, down=True)
        reason = f"The log is {lasts} long: it needs {FEWEST_DAYS} days, better {FEWEST_WEEKS} weeks."
    return (Unknown(what="Growth", reason=reason, remedy=LONGER_LOG),)


def _requests_in_flight(log: Log, profile: UsageProfile) -> Iterator[Unknown]:
    found = profile.concurrency
    if found.mean is None:
        yield Unknown(
            what="Requests in flight",
            reason="The log has no durations.",
            remedy="Export latency, or read the gauge of running requests on your servers.",
        )
    elif found.timed_fraction < COMPLETE:
        yield Unknown(
            what="Requests in flight, of all requests",
            reason=f"{found.timed_fraction:.0%} of requests have a duration: the figures are those of these alone.",
            remedy="Export the latency of all requests.",
        )
    if found.mean is not None and found.busiest_second is None:
        yield Unknown(
            what="Most requests in flight at once",
            reason="A bucket does not say when its requests ran.",
            remedy=SINGLE_REQUESTS,
        )


def length_of(seconds: float, *, down: bool = False) -> str:
    """A length of time in the unit that fits: `45 seconds`, `58 minutes`, `1.5 hours`, `42 days`.

    `down` never rounds up: what is too short for something is not told as long enough.
    """
    for size, noun in ((SECONDS_PER_DAY, "day"), (SECONDS_PER_HOUR, "hour"), (SECONDS_PER_MINUTE, "minute")):
        if seconds >= size:
            return _amount(seconds / size, noun, down=down)
    return plural(int(seconds) if down else seconds, "second")


def _amount(amount: float, noun: str, *, down: bool) -> str:
    """With one decimal below ten, and where the whole number would be too much."""
    tenths = int(amount * 10) / 10 if down else round(amount, 1)
    whole = math.floor(amount + 0.5) if amount >= 10 else tenths
    if whole == int(whole) and not (down and whole > amount):
        return plural(whole, noun)
    return f"{tenths:.1f} {noun}s"
