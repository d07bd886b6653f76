"""What a probe sends, and what it may use up at most. Shown before the start, and kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.domain.base import Value

MAX_LEVEL = 4096
Level = Annotated[int, Field(ge=1, le=MAX_LEVEL)]


class Budget(Value):
    """The most that a probe may use up. It stops before a run that could go beyond, and a run that does."""

    requests: int = Field(20_000, ge=1, le=10**7, description="Requests, warm-up included.")
    tokens: int = Field(20_000_000, ge=1, le=10**12, description="Prompt and answer tokens, warm-up included.")
    seconds: float = Field(3600, gt=0, le=7 * 86_400, description="From the first request, s.")
    usd: float | None = Field(None, gt=0, le=1e6, description="At the prices of the task; empty = no limit.")


class ProbeTask(Value):
    """Closed-loop loads at one request shape, each repeated; then, if asked, open-loop rates."""

    input_tokens: int = Field(ge=1, le=10_000_000, description="Prompt tokens of each request.")
    output_tokens: int = Field(ge=1, le=1_000_000, description="Answer tokens of each request.")
    levels: tuple[Level, ...] = Field(
        (1, 4, 16, 64), min_length=1, max_length=30, description="Requests kept in flight, ascending."
    )
    most_in_flight: Level = Field(
        256, description="While throughput still rises at the last level, it is doubled, up to this."
    )
    repeats: int = Field(3, ge=1, le=20, description="Runs of each level, in shuffled order after the first round.")
    requests_per_slot: int = Field(4, ge=1, le=1000, description="Requests of a run = this x requests in flight.")
    least_requests: int = Field(12, ge=1, le=100_000, description="Requests of a run at least.")
    endpoint: Literal["auto", "completions", "chat"] = Field("auto", description="Which path requests go to.")
    prompts: Literal["auto", "token_ids", "text"] = Field("auto", description="How prompts are given.")
    ignore_eos: bool = Field(True, description="Ask for answers of full length where the server can.")
    temperature: float | None = Field(0.0, ge=0, le=2, description="Sampling temperature; empty = not sent.")
    ttft_p95_ms: float | None = Field(None, gt=0, le=1e7, description="Latency target: P95 time to first token, ms.")
    tpot_p95_ms: float | None = Field(None, gt=0, le=1e6, description="Latency target: P95 time per token, ms.")
    open_rates_per_s: tuple[Annotated[float, Field(gt=0, le=1e5)], ...] = Field(
        (), max_length=10, description="Open-loop rates to test after the levels, requests/s, Poisson arrivals."
    )
    open_seconds: float = Field(30, gt=0, le=3600, description="Length of each open-loop test, s.")
    stall_s: float = Field(30, gt=0, le=3600, description="A request fails when nothing arrives for this long, s.")
    request_s: float = Field(600, gt=0, le=86_400, description="A request fails when it takes longer than this, s.")
    input_usd_per_mtok: float | None = Field(None, ge=0, le=1e6, description="Price of prompt tokens, USD/1M.")
    output_usd_per_mtok: float | None = Field(None, ge=0, le=1e6, description="Price of answer tokens, USD/1M.")
    usd_per_hour: float | None = Field(None, ge=0, le=1e7, description="Price of the server, USD an hour.")
    budget: Budget = Field(Budget(), description="The most that may be used up.")

    @model_validator(mode="after")
    def _ascending(self) -> ProbeTask:
        if list(self.levels) != sorted(set(self.levels)):
            raise ValueError("levels must ascend; sort them and drop repeats")
        return self

    def requests_of(self, level: int) -> int:
        """Requests of one run at `level`, without the warm-up wave of `level` requests before it."""
        return max(self.requests_per_slot * level, self.least_requests)
