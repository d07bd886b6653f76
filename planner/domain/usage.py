"""What a team's own logs say of its demand: one JSON document, made by an import, read by pages, CLI and scenario."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from planner.domain.base import DateText, LongText, ShortText, Value
from planner.domain.usage_checks import length_problems, profile_problems

USAGE_SCHEMA_VERSION = 1
Count = Annotated[int, Field(ge=0)]
Assumed = Literal["requests", "lengths", "cached", "written", "reasoning", "peak"]
"""A part of a workload that a log may not say."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _refuse(problems: Iterator[str]) -> None:
    """Raises ValueError with all of them."""
    if found := list(problems):
        raise ValueError("; ".join(found))


class UsageSource(Value):
    """One file, or one query, that was read."""

    name: LongText = Field(description="File name, or name of the configured source; never a path of the machine.")
    sha256: Sha256 = Field(description="Hash of the file's bytes, or of the query and its answer.")
    size_bytes: Count = Field(description="Bytes of the file as it lies there; 0 of a query.")
    format_id: ShortText = Field(description="Reader that was used.")
    format: ShortText = Field(description="Its name for people.")
    grain: Literal["request", "bucket"] = Field(description="Whether a row is one request or the sum of a period.")
    bucket_s: Count = Field(0, description="Longest bucket, seconds; 0 for single requests.")
    rows_read: Count = Field(description="Rows that are usage, rejected ones included.")
    rows_rejected: Count = Field(0, description="Rows that were rejected.")


class RejectReason(Value):
    """Rows rejected for one reason, with the first places where it happened."""

    source: LongText = Field(description="Name of the source.")
    column: ShortText = Field(description="Column it is about; empty for a whole row.")
    reason: ShortText = Field(description="What is wrong.")
    rows: Count = Field(description="Rows rejected for it.")
    lines: tuple[int, ...] = Field((), max_length=20, description="First lines (of a text) or rows (from 1).")


class TokenLengths(Value):
    """Tokens per request of one kind, exact over all requests; quantiles by linear interpolation."""

    requests: Count = Field(description="Requests that say it.")
    mean_tokens: float = Field(ge=0, description="Mean.")
    p5_tokens: float = Field(ge=0, description="5 % of requests have as many or fewer.")
    p25_tokens: float = Field(ge=0, description="25 % of requests have as many or fewer.")
    p50_tokens: float = Field(ge=0, description="Median.")
    p75_tokens: float = Field(ge=0, description="75 % of requests have as many or fewer.")
    p90_tokens: float = Field(ge=0, description="90 % of requests have as many or fewer.")
    p95_tokens: float = Field(ge=0, description="95 % of requests have as many or fewer.")
    p99_tokens: float = Field(ge=0, description="99 % of requests have as many or fewer.")
    max_tokens: float = Field(ge=0, description="Longest.")
    histogram: tuple[tuple[Count, Count, Count], ...] = Field(
        (), max_length=200, description="(from tokens, up to and including tokens, requests), ascending, no gap."
    )

    @model_validator(mode="after")
    def _holds_together(self) -> TokenLengths:
        _refuse(length_problems(self))
        return self


class Peak(Value):
    """Busiest window of one width over the mean window; None where the log does not count that."""

    window_s: int = Field(gt=0, description="Width of the window, seconds.")
    windows: int = Field(gt=0, description="Whole windows in the log.")
    requests_to_mean: float | None = Field(None, ge=1, description="Requests: busiest over mean.")
    input_tokens_to_mean: float | None = Field(None, ge=1, description="Prompt tokens: busiest over mean.")
    output_tokens_to_mean: float | None = Field(None, ge=1, description="Output tokens: busiest over mean.")


class UsageClass(Value):
    """What one model (and task class) was asked, over the whole log."""

    model: LongText = Field(description="As the export names it.")
    task_class: ShortText = Field("", description="As the export names it; empty when it has none.")
    requests: Count | None = Field(description="Requests; empty when the export does not count them.")
    fresh_input_tokens: Count | None = Field(
        description="Prompt tokens that are neither read from nor written to a cache; empty when unknown."
    )
    cached_input_tokens: Count | None = Field(
        None, description="Prompt tokens read from a cache; empty when unknown: fresh tokens hold them then."
    )
    cache_write_tokens: Count | None = Field(
        None, description="Prompt tokens written to a five-minute cache; empty when unknown."
    )
    cache_write_1h_tokens: Count | None = Field(
        None, description="Prompt tokens written to a one-hour cache; empty when unknown."
    )
    output_tokens: Count | None = Field(description="Tokens generated, reasoning included; empty when unknown.")
    reasoning_tokens: Count | None = Field(None, description="Of these, reasoning; empty when unknown.")
    batch_requests_fraction: float = Field(0, ge=0, le=1, description="Share of requests (else tokens) sent as batch.")

    @property
    def input_tokens(self) -> int:
        """All prompt tokens that the export tells of."""
        parts = (self.fresh_input_tokens, self.cached_input_tokens, self.cache_write_tokens, self.cache_write_1h_tokens)
        return sum(part or 0 for part in parts)

    @property
    def tokens(self) -> int:
        """All tokens, prompt and output, that the export tells of."""
        return self.input_tokens + (self.output_tokens or 0)


class Concurrency(Value):
    """Requests in flight."""

    mean: float | None = Field(None, ge=0, description="Little's law: sum of durations over the length of the log.")
    busiest_second: Count | None = Field(None, description="Most in flight at once, sampled each second.")
    timed_fraction: float = Field(0, ge=0, le=1, description="Share of requests with a duration.")


class Trend(Value):
    """Growth of volume, from a straight line through the logarithm of whole weeks or days."""

    per_month: float = Field(description="Growth a month, a share: 0.05 = 5 % a month.")
    low_per_month: float = Field(description="Lower end of its 80 % interval.")
    high_per_month: float = Field(description="Upper end of its 80 % interval.")
    periods: Count = Field(description="Periods the line goes through.")
    period: Literal["day", "week"] = Field(description="What a period is.")
    end_to_mean: float = Field(1, gt=0, description="Volume at the end of the log, on the line, over the log's mean.")
    spread_fraction: float = Field(
        0, ge=0, description="How far single periods lie from the line: standard deviation of the logarithm."
    )
    autocorrelation: float = Field(
        0, ge=-1, le=1, description="Correlation of a period's distance from the line with the next one's, as used."
    )
    method: LongText = Field(description="How it was computed.")


class BilledCost(Value):
    """The export's own cost, in one currency."""

    currency: ShortText = Field(description="Currency as the export names it.")
    amount: float = Field(description="Sum; credits lower it.")
    rows: Count = Field(description="Rows that state a cost in it.")


class LoadPoint(Value):
    """One point of the load-duration curve."""

    load_to_mean: float = Field(ge=0, description="Demand of an hour over the mean hour.")
    hours_fraction: float = Field(ge=0, le=1, description="Share of the log's hours at this load or above.")


class Unknown(Value):
    """A figure that this log cannot give, why, and where it can be had."""

    what: ShortText = Field(description="The figure.")
    reason: LongText = Field(description="Why this log cannot give it.")
    remedy: LongText = Field("", description="The way out.")


class UsageProfile(Value):
    """Demand as measured: volume, mix, lengths, peaks and shape, with sources, rejects, and what stays unknown."""

    schema_version: Literal[1] = Field(1, description="Version of this document's form.")
    profile_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] = Field(
        description="Fingerprint of the sources, their formats and the choices of the import."
    )
    name: ShortText = Field(description="Name for people.")
    imported_on: dt.date = Field(description="Day of the import, UTC.")
    sources: tuple[UsageSource, ...] = Field(min_length=1, description="What was read.")
    grain: Literal["request", "bucket"] = Field(description="bucket when any source is bucketed.")
    bucket_s: Count = Field(0, description="Longest bucket, seconds; 0 for single requests.")
    first_at: AwareDatetime = Field(description="Start of the first request or bucket, UTC.")
    last_at: AwareDatetime = Field(description="Start of the last request, or end of the last bucket, UTC.")
    window_s: float = Field(ge=0, description="Seconds from the first to the last; 0 of a single request.")
    has_calendar: bool = Field(True, description="False when the log's times have no known date (a research trace).")
    demand: Literal["requests", "tokens"] = Field(
        "requests", description="What week, curve and trend count: requests where all are known, else tokens."
    )
    total_requests: Count | None = Field(description="Requests; empty when a source does not count them.")
    total_input_tokens: Count | None = Field(description="Prompt tokens, cached and written ones included.")
    total_cached_input_tokens: Count | None = Field(description="Of these, read from a cache; empty when unknown.")
    total_cache_write_tokens: Count | None = Field(description="Of these, written to a cache; empty when unknown.")
    total_output_tokens: Count | None = Field(description="Tokens generated.")
    total_reasoning_tokens: Count | None = Field(description="Of these, reasoning; empty when unknown.")
    failed_requests: Count | None = Field(None, description="Requests that ended in an error; empty when unknown.")
    requests_per_day: float | None = Field(ge=0, description="Mean over the log, of 24 hours.")
    input_tokens_per_day: float | None = Field(ge=0, description="Mean over the log, of 24 hours.")
    output_tokens_per_day: float | None = Field(ge=0, description="Mean over the log, of 24 hours.")
    mean_input_tokens: float | None = Field(ge=0, description="Prompt tokens per request.")
    mean_output_tokens: float | None = Field(ge=0, description="Output tokens per request.")
    input_lengths: TokenLengths | None = Field(None, description="Prompt lengths; only of single requests.")
    output_lengths: TokenLengths | None = Field(None, description="Output lengths; only of single requests.")
    gap_cv: float | None = Field(None, ge=0, description="Spread of times between arrivals over their mean; Poisson 1.")
    peaks: tuple[Peak, ...] = Field((), description="Busiest over mean, by width of window, as fine as the log allows.")
    week: tuple[Annotated[float, Field(ge=0)] | None, ...] = Field(
        (),
        max_length=168,
        description=(
            "Mean demand of each hour of the week over the mean hour, Monday 00:00 UTC first (a log without a calendar "
            "begins on a Monday that stands for an unknown day); null for an hour that the log has not seen."
        ),
    )
    week_hours_seen: tuple[Count, ...] = Field((), max_length=168, description="How often the log saw each of them.")
    planning_week: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        (),
        max_length=8784,
        description=(
            "Hours in the order of the week (of the day, when the log is shorter than a week) at the levels of the "
            "load-duration curve; mean 1, its maximum is the busiest hour of the log over the mean hour."
        ),
    )
    load_duration: tuple[LoadPoint, ...] = Field((), max_length=400, description="Hours by load, highest first.")
    concurrency: Concurrency = Field(
        Concurrency(), description="Requests in flight at once, where durations are known."
    )
    prefix_hit_fraction: float | None = Field(
        None, ge=0, le=1, description="Share of prompt tokens whose prefix came before: an unlimited cache's hits."
    )
    trend: Trend | None = Field(None, description="Growth; empty when the log is too short for one.")
    classes: tuple[UsageClass, ...] = Field(description="Model by model, most tokens first.")
    billed: tuple[BilledCost, ...] = Field((), description="The export's own cost, by currency.")
    rejects: tuple[RejectReason, ...] = Field((), description="What was not used, and why.")
    unknown: tuple[Unknown, ...] = Field((), description="What this log cannot give.")
    notes: tuple[LongText, ...] = Field((), description="What a reviewer should know.")

    @model_validator(mode="after")
    def _holds_together(self) -> UsageProfile:
        _refuse(profile_problems(self))
        return self

    @property
    def rows_rejected(self) -> int:
        """Rejected rows of all sources."""
        return sum(source.rows_rejected for source in self.sources)

    def peak(self, window_s: int) -> Peak | None:
        """The peak of one width."""
        return next((peak for peak in self.peaks if peak.window_s == window_s), None)


class UsageReference(Value):
    """The profile that a workload was taken from; its rollup lies in the installation's usage folder."""

    profile_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] = Field(description="Fingerprint of the import.")
    name: ShortText = Field("", description="Name for people.")
    sources: Count = Field(1, description="Files or queries it was made from.")
    requests: Count | None = Field(None, description="Requests in the log.")
    first_on: DateText = Field("", description="First day of the log; empty without a calendar.")
    last_on: DateText = Field("", description="Last day of the log.")
    imported_on: DateText = Field("", description="Day of the import.")
    fingerprint: Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")] = Field(
        "", description="Of the workload as it was measured: when its figures change, they are measured no longer."
    )
    assumed: tuple[Assumed, ...] = Field(
        (), max_length=6, description="What of the workload the log does not say: given by a person, or left as typed."
    )
