"""What a reviewer should know of a log before its figures are used."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from planner.domain.usage import UsageProfile
from planner.format import plural
from planner.units import HOURS_PER_DAY, SECONDS_PER_HOUR
from planner.workload.hours import Hours, whole_hours
from planner.workload.log import Log
from planner.workload.unknowns import length_of

LONG_SILENCE_HOURS = 4 * HOURS_PER_DAY
"""Longer than a weekend with a holiday: a hole in the export is likelier."""
MUCH_FAILED = 0.05


def notes_of(log: Log, profile: UsageProfile) -> tuple[str, ...]:
    """Silences, failures, parts that were counted in tokens, and buckets that cut an hour."""
    hours = whole_hours(log)
    silence = _silence(hours) if hours is not None else ()
    return (*silence, *_failures(profile), *_tokens(log), *_cut(log, profile))


def _silence(hours: Hours) -> Iterator[str]:
    busy = np.flatnonzero(hours.loads > 0)
    longest = int(np.diff(busy).max(initial=1)) - 1
    if longest >= LONG_SILENCE_HOURS:
        yield (
            f"The log has nothing at all for {plural(longest // HOURS_PER_DAY, 'day')} on end, which counts as no "
            "demand. If that is a hole in the export, import the parts before and after it one by one."
        )


def _failures(profile: UsageProfile) -> Iterator[str]:
    failed, requests = profile.failed_requests, profile.total_requests
    if failed and requests and failed / requests > MUCH_FAILED:
        yield (
            f"{failed / requests:.0%} of the requests failed; they are part of the volume and of the mean tokens per "
            "request. Percentiles are of the requests that say their tokens."
        )


def _tokens(log: Log) -> Iterator[str]:
    if log.demand == "tokens":
        yield "Demand over time is counted in tokens, prompt and output together: not every row counts its requests."


def _cut(log: Log, profile: UsageProfile) -> Iterator[str]:
    if profile.load_duration and log.bucket_s and SECONDS_PER_HOUR % log.bucket_s:
        yield f"Buckets of up to {length_of(log.bucket_s)} do not fill an hour: each counts in the hour it starts in."
