"""One load held on a server, and everything that was seen of it. No prompts, no answers, no keys."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from planner.domain.base import ShortText, Value

LoadKind = Literal["closed", "open", "live"]
"""closed: so many requests kept in flight; open: so many sent a second; live: whatever traffic there was."""
TokenSource = Literal["usage", "chunks", "server", "tool"]
"""usage: the server's count in each answer; chunks: pieces counted here; server: its counters; tool: imported."""
Severity = Literal["note", "doubt", "unusable"]
"""note: to be known; doubt: the figure may be off; unusable: the run is not used for any figure."""
FlagCode = Literal[
    "PREFIX_CACHE",
    "SHORT_OUTPUT",
    "PROMPT_LENGTH",
    "CONTEXT_LIMIT",
    "ERRORS",
    "RATE_LIMITED",
    "NO_USAGE",
    "BURST_DELIVERY",
    "REASONING",
    "OTHER_TRAFFIC",
    "TOKENS_DIFFER",
    "NO_METRICS",
    "OLD_METRICS",
    "PREEMPTED",
    "CLIENT_BOUND",
    "SAME_HOST",
    "FEW_REQUESTS",
    "NO_STEADY_WINDOW",
    "STOPPED",
    "NOT_SATURATED",
    "NOISY",
    "CPU_SERVER",
    "MIXED_SHAPES",
    "COUNTER_RESET",
    "IMPORTED",
]
ErrorKind = Literal[
    "unauthorised",
    "not_found",
    "rate_limited",
    "overloaded",
    "bad_request",
    "server_error",
    "stream_error",
    "cut_stream",
    "empty_answer",
    "endless_answer",
    "timeout",
    "unreachable",
    "tls",
    "unreadable",
    "other",
]
Milliseconds = Annotated[float, Field(ge=0, le=1e9)]
Count = Annotated[int, Field(ge=0, le=10**15)]


class Flag(Value):
    """Something about a run or a measurement that goes wherever its figures go."""

    code: FlagCode = Field(description="Which guard spoke.")
    severity: Severity = Field(description="note, doubt or unusable.")
    message: ShortText = Field(description="What was seen, with its figure, and what it means.")


class ErrorCount(Value):
    """Requests that failed in one way."""

    kind: ErrorKind = Field(description="Class of the failure.")
    count: Count = Field(description="Requests.")
    example: ShortText = Field("", description="What the first of them said, shortened; never an answer or a key.")


class Percentiles(Value):
    """A latency over the completed requests, ms. A percentile is empty where there are too few requests for it."""

    n: Count = Field(description="Requests that it was read from; those of the first wave are left out.")
    mean: Milliseconds | None = Field(None, description="Mean, ms.")
    p50: Milliseconds | None = Field(None, description="Median, ms.")
    p90: Milliseconds | None = Field(None, description="90th percentile, ms; 10 requests or more.")
    p95: Milliseconds | None = Field(None, description="95th percentile, ms; 20 requests or more.")
    p99: Milliseconds | None = Field(None, description="99th percentile, ms; 100 requests or more.")


class Steady(Value):
    """The part of a run in which all its requests were in flight: without ramp-up and drain."""

    start_s: float = Field(ge=0, le=1e9, description="From the start of the run, s.")
    end_s: float = Field(gt=0, le=1e9, description="From the start of the run, s.")
    output_tokens_per_s: float = Field(ge=0, le=1e9, description="Tokens generated in it, a second.")
    requests: Count = Field(description="Requests completed in it.")


class ServerDelta(Value):
    """What the server's own counters moved by during the run. Empty = it has no such counter."""

    prompt_tokens: Count | None = Field(None, description="Prompt tokens taken in.")
    generation_tokens: Count | None = Field(None, description="Tokens generated.")
    cache_query_tokens: Count | None = Field(None, description="Prompt tokens looked up in the prefix cache.")
    cache_hit_tokens: Count | None = Field(None, description="Prompt tokens found in the prefix cache.")
    preemptions: Count | None = Field(None, description="Requests put back for want of memory.")
    rejections: Count | None = Field(None, description="Requests refused at admission.")
    requests_finished: Count | None = Field(None, description="Requests that it ended.")
    running_max: float | None = Field(None, ge=0, le=1e9, description="Most requests seen in service.")
    waiting_max: float | None = Field(None, ge=0, le=1e9, description="Most requests seen waiting.")
    kv_usage_max_fraction: float | None = Field(None, ge=0, le=1.5, description="Most of the KV cache seen in use.")


class Finished(Value):
    """Why completed answers ended."""

    length: Count = Field(0, description="At the length that was asked.")
    stop: Count = Field(0, description="By the model itself.")
    other: Count = Field(0, description="For any other reason, or none given.")


class Run(Value):
    """One load, held once."""

    kind: LoadKind = Field("closed", description="How the load was made.")
    requests_in_flight: float = Field(
        gt=0, le=1e6, description="closed: kept in flight; open and live: mean that was seen in flight."
    )
    request_rate_per_s: float | None = Field(None, gt=0, le=1e6, description="open: requests sent a second.")
    repeat: int = Field(1, ge=1, le=1000, description="Which repeat of this load, from 1.")
    order: int = Field(1, ge=1, le=100_000, description="Which run of the measurement it was, from 1.")
    started_at: dt.datetime | None = Field(None, description="When it began, UTC.")
    duration_s: float = Field(gt=0, le=1e7, description="From the first request sent to the last answer's end, s.")
    sent: Count = Field(description="Requests sent.")
    completed: Count = Field(description="Requests answered in full.")
    cut_off: Count = Field(0, description="Requests still running when the run was stopped.")
    errors: tuple[ErrorCount, ...] = Field((), max_length=20, description="Requests that failed, by kind.")
    input_tokens: Count = Field(description="Prompt tokens of the completed requests.")
    cached_input_tokens: Count | None = Field(None, description="Those of them that answers said were cached.")
    output_tokens: Count = Field(description="Generated tokens of the completed requests, reasoning included.")
    token_source: TokenSource = Field("usage", description="Who counted the tokens.")
    chunks: Count | None = Field(None, description="Pieces in which the tokens arrived.")
    output_tokens_per_s: float = Field(ge=0, le=1e9, description="output_tokens / duration_s.")
    steady: Steady | None = Field(None, description="The same in the steady part of the run.")
    ttft_ms: Percentiles | None = Field(None, description="First piece of answer after sending, ms.")
    tpot_ms: Percentiles | None = Field(None, description="(last - first) / (tokens - 1), ms.")
    e2e_ms: Percentiles | None = Field(None, description="Last piece of answer after sending, ms.")
    finished: Finished | None = Field(None, description="Why answers ended.")
    short: Count | None = Field(None, description="Answers shorter than was asked.")
    server: ServerDelta | None = Field(None, description="The server's own counters.")
    reconciled: bool | None = Field(
        None, description="Whether the server generated exactly the tokens counted here; empty = it does not tell."
    )
    mean_in_flight: float | None = Field(None, ge=0, le=1e6, description="Requests in flight, mean over the run.")
    client_cpu_fraction: float | None = Field(None, ge=0, le=1e3, description="Cores that the client was busy on.")
    flags: tuple[Flag, ...] = Field((), max_length=30, description="What the guards found.")

    @property
    def usable(self) -> bool:
        """Whether any figure may rest on this run."""
        return not any(flag.severity == "unusable" for flag in self.flags)

    @property
    def rate_output_tokens_per_s(self) -> float:
        """The rate that is used: of the steady part where there is one, else of the whole run."""
        return self.steady.output_tokens_per_s if self.steady else self.output_tokens_per_s
