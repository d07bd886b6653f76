"""LLMPerf's `*_summary.json`: one load a file (definitions converted to PRB-1's). Times are in s.

Its inter-token latency is the whole answer's time over its tokens, first token included. Time per token here is taken
from the means, (answer - first token) / (tokens - 1), and has no percentiles. It counts tokens with a tokenizer of its
own, and launches requests in waves, so that fewer than were asked for may be in flight.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from planner.domain.measured_run import ErrorCount, Percentiles
from planner.probe.errors import ProbeError
from planner.probe.imports.fields import Part, utc
from planner.probe.imports.told import Source, Told, percentiles_of

MS = 1000
CONVERTED = "Time per token is from mean times: its inter-token latency includes the first. Tokens are its tokenizer's."


def recognised(document: dict[str, Any]) -> bool:
    """Whether an object is such a result."""
    return "results_num_completed_requests" in document or "results_ttft_s_mean" in document


def told_of(part: Part) -> Told:
    """The load of one result. Raises ProbeError where no request completed."""
    completed, failed = part.count("results_num_completed_requests"), part.count("results_number_errors")
    if not completed and not part.problems:
        raise ProbeError(
            f"Nothing was measured: no request completed, {failed:,} failed.",
            "Run one request by hand, with its key and model name, then measure again.",
        )
    per_minute = part.positive("results_num_completed_requests_per_min")
    level = part.positive("num_concurrent_requests")
    prompt, output = (
        part.positive("results_number_input_tokens_mean"),
        part.positive("results_number_output_tokens_mean"),
    )
    first, whole = part.positive("results_ttft_s_mean"), part.positive("results_end_to_end_latency_s_mean")
    if part.problems:
        return Told("closed", 1, 1, 1, 0, 0, 0)
    duration_s = completed / per_minute * 60
    ended = utc(part.raw("timestamp"))
    return Told(
        kind="closed",
        requests_in_flight=level,
        started_at=None if ended is None else ended - dt.timedelta(seconds=duration_s),
        duration_s=duration_s,
        completed=completed,
        failed=failed,
        errors=(ErrorCount(kind="other", count=failed),) if failed else (),
        input_tokens=prompt * completed,
        output_tokens=output * completed,
        output_tokens_per_s=part.needed("results_mean_output_throughput_token_per_s"),
        ttft_ms=_latency(part, "ttft_s", completed),
        tpot_ms=Percentiles(n=completed, mean=MS * max(whole - first, 0.0) / (output - 1)) if output > 1 else None,
        e2e_ms=_latency(part, "end_to_end_latency_s", completed),
        spread=_spread(part),
        converted=CONVERTED,
    )


def source_of(part: Part) -> Source:
    """Who measured what."""
    return Source(
        origin="llmperf",
        program="LLMPerf token_benchmark_ray",
        model=part.text("model"),
        prompt_kind="chat",
        endpoint="/v1/chat/completions",
        input_tokens_asked=round(part.number("mean_input_tokens") or 0) or None,
        output_tokens_asked=round(part.number("mean_output_tokens") or 0) or None,
    )


def _latency(part: Part, name: str, n: int) -> Percentiles | None:
    points = {f"p{p}": part.number(f"results_{name}_quantiles_p{p}", MS) for p in (50, 90, 95, 99)}
    return percentiles_of(n, part.number(f"results_{name}_mean", MS), points)


def _spread(part: Part) -> float | None:
    names = ("results_number_input_tokens", "results_number_output_tokens")
    pairs = [(part.number(f"{name}_stddev"), part.number(f"{name}_mean")) for name in names]
    return max((std / mean for std, mean in pairs if std is not None and mean), default=None)
