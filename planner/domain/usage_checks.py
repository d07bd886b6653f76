"""What must hold between the parts of a usage profile: a document that was edited into nonsense is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.domain.usage import TokenLengths, UsageProfile

HOURS_PER_WEEK, HOURS_PER_DAY = 168, 24
NEAR = 1e-3
"""Seconds, and share of a mean, that figures may be off by rounding."""
_NOTHING = 1e-9


def length_problems(found: TokenLengths) -> Iterator[str]:
    """Percentiles in order, and a histogram of all requests without a gap."""
    quantiles = [found.p5_tokens, found.p25_tokens, found.p50_tokens, found.p75_tokens, found.p90_tokens]
    quantiles += [found.p95_tokens, found.p99_tokens, found.max_tokens]
    if not _ascending(quantiles):
        yield "the percentiles are not in order"
    if found.mean_tokens > found.max_tokens * (1 + NEAR):
        yield "the mean is above the longest"
    bins = found.histogram
    if bins and sum(requests for _, _, requests in bins) != found.requests:
        yield "the histogram does not add up to the requests"
    if any(end < start for start, end, _ in bins) or any(a[1] + 1 != b[0] for a, b in pairwise(bins)):
        yield "the histogram's bins have a gap, or are not in order"


def profile_problems(found: UsageProfile) -> Iterator[str]:
    """Times, sums, and the shapes of the week and of the curve."""
    yield from _span_problems(found)
    yield from _sum_problems(found)
    yield from _shape_problems(found)
    if found.grain == "bucket" and (found.input_lengths or found.output_lengths):
        yield "a log of buckets has no lengths of requests"
    if found.grain == "request" and (found.bucket_s or any(source.grain == "bucket" for source in found.sources)):
        yield "a log with buckets is not one of single requests"
    yield from (
        f"{source.name}: more rows are rejected than read"
        for source in found.sources
        if source.rows_rejected > source.rows_read
    )


def _span_problems(found: UsageProfile) -> Iterator[str]:
    if found.last_at < found.first_at:
        yield "last_at is before first_at"
    elif abs((found.last_at - found.first_at).total_seconds() - found.window_s) > NEAR:
        yield "window_s is not the time from first_at to last_at"


def _sum_problems(found: UsageProfile) -> Iterator[str]:
    requests = [c.requests for c in found.classes]
    for name, total, parts in (
        ("total_requests", found.total_requests, requests),
        ("total_input_tokens", found.total_input_tokens, [c.input_tokens for c in found.classes]),
        ("total_output_tokens", found.total_output_tokens, [c.output_tokens for c in found.classes]),
    ):
        if total is not None and total != sum(part or 0 for part in parts):
            yield f"{name} is not the sum over the classes"
    parts_of_prompt = (found.total_cached_input_tokens or 0) + (found.total_cache_write_tokens or 0)
    if found.total_input_tokens is not None and parts_of_prompt > found.total_input_tokens:
        yield "more of the prompt is cached and written than there is"


def _shape_problems(found: UsageProfile) -> Iterator[str]:
    if len(found.week) not in (0, HOURS_PER_WEEK) or len(found.week_hours_seen) != len(found.week):
        yield "the week does not have 168 hours"
    elif any((mean is None) != (seen == 0) for mean, seen in zip(found.week, found.week_hours_seen, strict=True)):
        yield "the week has hours that were not seen, or lacks some that were"
    hours = found.planning_week
    if len(hours) % HOURS_PER_DAY or (hours and abs(sum(hours) / len(hours) - 1) > NEAR):
        yield "the planning week is not made of whole days with a mean of 1"
    if not _ascending([-point.load_to_mean for point in found.load_duration]) or not _ascending(
        [point.hours_fraction for point in found.load_duration]
    ):
        yield "the load-duration curve does not fall"
    widths = [peak.window_s for peak in found.peaks]
    if widths != sorted(set(widths)):
        yield "the peaks are not in order of their widths"


def _ascending(values: Sequence[float]) -> bool:
    return all(b >= a - _NOTHING * max(abs(a), 1.0) for a, b in pairwise(values))
