"""`profile_of(figures, about)`: a measured log as one document. Nothing is guessed: what is not known is said."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from planner.domain.usage import RejectReason, UsageProfile, UsageSource
from planner.units import SECONDS_PER_DAY
from planner.workload.arrivals import concurrency, gap_cv
from planner.workload.figures import UsageFigures
from planner.workload.hours import load_curve, whole_hours
from planner.workload.lengths import token_lengths
from planner.workload.log import Log
from planner.workload.log_notes import notes_of
from planner.workload.peaks import peaks
from planner.workload.rollup import Rollup
from planner.workload.trend import trend
from planner.workload.unknowns import unknowns
from planner.workload.usage_classes import billed, usage_classes
from planner.workload.week import planning_week, week

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class LogAbout:
    """What the figures do not say of themselves."""

    profile_id: str
    """16 hexadecimal digits: fingerprint of the sources and of the choices of the import."""
    name: str
    imported_on: dt.date
    sources: tuple[UsageSource, ...]
    rejects: tuple[RejectReason, ...] = ()
    notes: tuple[str, ...] = ()
    has_calendar: bool = True
    """False when the times count from an unknown moment, as in research traces."""


def profile_of(figures: UsageFigures, about: LogAbout) -> UsageProfile:
    """The profile of a measured log; the figures must hold one row or more."""
    log = log_of(figures, about)
    rest = {
        "concurrency": concurrency(log),
        "trend": trend(log),
        "classes": usage_classes(figures.rollup),
        "billed": billed(figures.rollup),
    }
    profile = UsageProfile.model_validate(
        {**_about(about), **_span(log), **_totals(log), **_requests(log), **_shape(log), **rest}
    )
    unknown = unknowns(log, profile)
    return profile.model_copy(update={"unknown": unknown, "notes": (*about.notes, *notes_of(log, profile))})


def log_of(figures: UsageFigures, about: LogAbout) -> Log:
    """The log: bucketed when any source is, or any row."""
    bucketed = any(source.grain == "bucket" for source in about.sources) or bool(figures.rollup.bucket_s.any())
    return Log(figures, bucketed)


Parts = dict[str, object]


def _about(about: LogAbout) -> Parts:
    return {
        "profile_id": about.profile_id,
        "name": about.name,
        "imported_on": about.imported_on,
        "sources": about.sources,
        "rejects": about.rejects,
        "has_calendar": about.has_calendar,
    }


def _span(log: Log) -> Parts:
    return {
        "grain": log.grain,
        "bucket_s": log.bucket_s,
        "first_at": EPOCH + dt.timedelta(microseconds=log.start_us),
        "last_at": EPOCH + dt.timedelta(microseconds=log.end_us),
        "window_s": log.window_s,
        "demand": log.demand or "tokens",
    }


def _totals(log: Log) -> Parts:
    rollup = log.figures.rollup
    requests = rollup.total("requests") if log.knows_all("requests") else None
    prompt, output = _prompt_tokens(rollup), rollup.total("output_tokens")
    written = [n for n in map(rollup.total, ("cache_write_tokens", "cache_write_1h_tokens")) if n is not None]
    return {
        "total_requests": requests,
        "total_input_tokens": prompt,
        "total_cached_input_tokens": rollup.total("cached_input_tokens"),
        "total_cache_write_tokens": sum(written) if written else None,
        "total_output_tokens": output,
        "total_reasoning_tokens": rollup.total("reasoning_tokens"),
        "failed_requests": rollup.total("failed"),
        "requests_per_day": _per_day(requests, log),
        "input_tokens_per_day": _per_day(prompt, log),
        "output_tokens_per_day": _per_day(output, log),
        "mean_input_tokens": _ratio(prompt, requests),
        "mean_output_tokens": _ratio(output, requests),
        "prefix_hit_fraction": _share(log.figures.prefix_hit_tokens, prompt),
    }


def _prompt_tokens(rollup: Rollup) -> int | None:
    return None if rollup.total("fresh_input_tokens") is None else int(rollup.prompt_tokens.sum())


def _per_day(total: int | None, log: Log) -> float | None:
    return None if total is None or log.window_s <= 0 else total / log.window_s * SECONDS_PER_DAY


def _ratio(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole


def _share(part: int | None, whole: int | None) -> float | None:
    ratio = _ratio(part, whole)
    return None if ratio is None else min(ratio, 1.0)


def _requests(log: Log) -> Parts:
    """What only single requests tell."""
    figures = log.figures
    return {
        "input_lengths": None if log.bucketed else token_lengths(figures.input_lengths),
        "output_lengths": None if log.bucketed else token_lengths(figures.output_lengths),
        "gap_cv": None if log.bucketed else gap_cv(figures.gaps),
        "peaks": peaks(log),
    }


def _shape(log: Log) -> Parts:
    hours = whole_hours(log)
    if hours is None:
        return {}
    shape, seen = week(hours)
    return {
        "week": shape,
        "week_hours_seen": seen,
        "planning_week": planning_week(hours),
        "load_duration": load_curve(hours),
    }
