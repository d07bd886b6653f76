"""Usage profiles made by hand: a week of single requests, and a day of one-minute buckets."""

from __future__ import annotations

import datetime as dt
from typing import Any

from planner.domain.usage import (
    Concurrency,
    LoadPoint,
    Peak,
    RejectReason,
    TokenLengths,
    Trend,
    Unknown,
    UsageClass,
    UsageProfile,
    UsageSource,
)

HOURS = 168
BUSY, QUIET = 2.5, 0.25
"""Of an hour between 08:00 and 18:00 on a weekday, and of all others, before they are brought to a mean of 1."""


def week() -> tuple[float, ...]:
    """Office hours; mean 1. 50 busy hours and 118 quiet ones: (50 x 2.5 + 118 x 0.25) / 168 = 0.9196."""
    raw = [BUSY if hour // 24 < 5 and 8 <= hour % 24 < 18 else QUIET for hour in range(HOURS)]
    mean = sum(raw) / HOURS
    return tuple(value / mean for value in raw)


def lengths(middle: float) -> TokenLengths:
    """1,000 requests in five bands around `middle` tokens."""
    ends = [round(middle * step) for step in (0.25, 0.5, 1, 2, 8)]
    starts = [0, *(end + 1 for end in ends[:-1])]
    counts = (100, 200, 400, 250, 50)
    return TokenLengths(
        requests=1000,
        mean_tokens=middle * 1.2,
        p5_tokens=middle * 0.1,
        p25_tokens=middle * 0.5,
        p50_tokens=middle,
        p75_tokens=middle * 1.5,
        p90_tokens=middle * 2,
        p95_tokens=middle * 4,
        p99_tokens=middle * 7,
        max_tokens=middle * 8,
        histogram=tuple(zip(starts, ends, counts, strict=True)),
    )


SOURCE = UsageSource(
    name="requests.csv",
    sha256="ab" * 32,
    size_bytes=48_000,
    format_id="plain",
    format="Plain table",
    grain="request",
    rows_read=1003,
    rows_rejected=3,
)
REJECT = RejectReason(
    source="requests.csv", column="output_tokens", reason="is not a whole number", rows=3, lines=(17, 401, 402)
)


def usage_profile(**changes: Any) -> UsageProfile:
    """A week of single requests of two models: 1,000 of them, three rejected rows."""
    shape = week()
    base: dict[str, Any] = {
        "profile_id": "0123456789abcdef",
        "name": "Office assistant",
        "imported_on": dt.date(2026, 11, 21),
        "sources": (SOURCE,),
        "grain": "request",
        "first_at": dt.datetime(2026, 11, 2, tzinfo=dt.UTC),
        "last_at": dt.datetime(2026, 11, 9, tzinfo=dt.UTC),
        "window_s": 604_800.0,
        "total_requests": 1000,
        "total_input_tokens": 1_200_000,
        "total_cached_input_tokens": 300_000,
        "total_cache_write_tokens": None,
        "total_output_tokens": 240_000,
        "total_reasoning_tokens": None,
        "requests_per_day": 1000 / 7,
        "input_tokens_per_day": 1_200_000 / 7,
        "output_tokens_per_day": 240_000 / 7,
        "mean_input_tokens": 1200.0,
        "mean_output_tokens": 240.0,
        "input_lengths": lengths(1000),
        "output_lengths": lengths(200),
        "peaks": (
            Peak(window_s=1, windows=604_800, requests_to_mean=40.0, output_tokens_to_mean=44.0),
            Peak(window_s=60, windows=10_080, requests_to_mean=9.0, output_tokens_to_mean=10.5),
            Peak(window_s=3600, windows=168, requests_to_mean=3.1, output_tokens_to_mean=3.2),
        ),
        "week": shape,
        "week_hours_seen": (1,) * HOURS,
        "planning_week": shape,
        "load_duration": (
            LoadPoint(load_to_mean=max(shape), hours_fraction=50 / HOURS),
            LoadPoint(load_to_mean=min(shape), hours_fraction=1),
        ),
        "concurrency": Concurrency(mean=1.4, busiest_second=12, timed_fraction=1),
        "trend": Trend(
            per_month=0.04, low_per_month=-0.01, high_per_month=0.09, periods=7, period="day", method="by hand"
        ),
        "classes": (
            UsageClass(
                model="gpt-4o",
                requests=800,
                fresh_input_tokens=700_000,
                cached_input_tokens=300_000,
                output_tokens=200_000,
            ),
            UsageClass(model="<b>mini</b>", requests=200, fresh_input_tokens=200_000, output_tokens=40_000),
        ),
        "rejects": (REJECT,),
        "unknown": (
            Unknown(
                what="Tokens written to a cache",
                reason="The file has no column for them.",
                remedy="Export them, or type them in.",
            ),
        ),
    }
    return UsageProfile.model_validate(base | _derived(base, changes) | changes)


def _derived(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """What follows from the changes: the end of the log, and the totals of its classes."""
    found: dict[str, Any] = {}
    if "window_s" in changes:
        found["last_at"] = base["first_at"] + dt.timedelta(seconds=changes["window_s"])
    if "classes" in changes:
        classes: tuple[UsageClass, ...] = changes["classes"]
        requests, cached = [c.requests for c in classes], [c.cached_input_tokens for c in classes]
        found |= {
            "total_requests": None if None in requests else sum(n or 0 for n in requests),
            "total_input_tokens": sum(c.input_tokens for c in classes),
            "total_cached_input_tokens": None if set(cached) <= {None} else sum(n or 0 for n in cached),
            "total_output_tokens": sum(c.output_tokens or 0 for c in classes),
        }
    return found


def bucketed_profile(**changes: Any) -> UsageProfile:
    """A day of one-minute buckets: no requests counted, no lengths, no peak within a minute."""
    source = SOURCE.model_copy(update={"grain": "bucket", "bucket_s": 60, "format": "OpenAI usage, dashboard CSV"})
    hours = tuple(1 if hour < 24 else 0 for hour in range(HOURS))
    base: dict[str, Any] = {
        "profile_id": "fedcba9876543210",
        "name": "Buckets",
        "sources": (source,),
        "grain": "bucket",
        "bucket_s": 60,
        "last_at": dt.datetime(2026, 11, 3, tzinfo=dt.UTC),
        "window_s": 86_400.0,
        "total_requests": None,
        "requests_per_day": None,
        "mean_input_tokens": None,
        "mean_output_tokens": None,
        "input_lengths": None,
        "output_lengths": None,
        "peaks": (Peak(window_s=3600, windows=24, output_tokens_to_mean=2.0),),
        "demand": "tokens",
        "classes": (UsageClass(model="gpt-4o", requests=None, fresh_input_tokens=1_200_000, output_tokens=240_000),),
        "total_cached_input_tokens": None,
        "planning_week": (1.0,) * 24,
        "week_hours_seen": hours,
        "week": tuple(1.0 if seen else None for seen in hours),
        "concurrency": Concurrency(),
        "trend": None,
        "rejects": (),
        "unknown": (
            Unknown(
                what="Lengths of requests",
                reason="The export has one row per minute, not per request.",
                remedy="Export single requests.",
            ),
        ),
    }
    return usage_profile(**(base | changes))
