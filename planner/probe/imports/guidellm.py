"""Results of GuideLLM, JSON: one load a benchmark (definitions converted to PRB-1's).

Its time per output token is that of the whole answer, first token included; its inter-token latency is
(last - first) / (tokens - 1), which is the time per token here. Request latency is in s, the others in ms.
"""

from __future__ import annotations

import math
import re
from typing import Any

from planner.capacity.measurement.outcome import Outcome
from planner.capacity.measurement.steady import Delivery, steady_of
from planner.domain.measured_run import ErrorCount, LoadKind, Percentiles, Steady
from planner.probe.errors import ProbeError
from planner.probe.imports.fields import Part, utc
from planner.probe.imports.told import Source, Told, percentiles_of

MS = 1000
CONVERTED = "Its inter-token latency is our time per token; its own TPOT includes the first token and is left out."
RATED = ("constant", "poisson", "async", "replay", "trace")
_ASKED = re.compile(r"(prompt_tokens|output_tokens)['\"]?\s*[=:]\s*(\d{1,9})")


def recognised(document: dict[str, Any]) -> bool:
    """Whether an object is such a result."""
    benchmarks = document.get("benchmarks")
    return isinstance(benchmarks, list) and any(isinstance(b, dict) and "metrics" in b for b in benchmarks)


def told_of(part: Part) -> list[Told]:
    """Loads of one result. Raises ProbeError where none completed a request."""
    benchmarks = part.parts("benchmarks")
    told = [_benchmark(benchmark) for benchmark in benchmarks]
    kept = [one for one in told if one is not None]
    if not kept and not part.problems:
        failed = sum(b.part("metrics", "request_totals").count("errored") for b in benchmarks)
        raise ProbeError(
            f"Nothing was measured: no request completed, {failed:,} failed.",
            "Run one request by hand, with its key and model name, then measure again.",
        )
    return kept


def source_of(part: Part) -> Source:
    """Who measured what."""
    first = part.parts("benchmarks")[0]
    version = part.part("metadata").text("guidellm_version")
    backend = first.part("config", "backend")
    if not backend.text("model"):
        backend = first.part("worker")
    model = backend.text("model") or backend.text("backend_model") or part.part("args").text("model")
    asked = asked_of(str(first.part("config").raw("requests") or first.raw("request_loader") or "")[:100_000])
    return source(version, model, backend.text("request_format") or backend.text("request_type"), asked)


def source(version: str, model: str, endpoint: str, asked: dict[str, int]) -> Source:
    """The same from a JSON or a CSV."""
    chat = "chat" in endpoint
    return Source(
        origin="guidellm",
        program=f"guidellm {version}".strip(),
        model=model,
        prompt_kind="chat" if chat else "text" if endpoint else "unknown",
        endpoint=endpoint if endpoint.startswith("/") else "",
        input_tokens_asked=asked.get("prompt_tokens"),
        output_tokens_asked=asked.get("output_tokens"),
    )


def asked_of(text: str) -> dict[str, int]:
    """Lengths that synthetic data were asked to have."""
    return {name: int(count) for name, count in reversed(_ASKED.findall(text)) if int(count) > 0}


def _benchmark(part: Part) -> Told | None:
    """One load; None where none of its requests completed."""
    metrics = part.part("metrics")
    totals = metrics.part("request_totals")
    completed, failed, cut_off = totals.count("successful"), totals.count("errored"), totals.count("incomplete")
    if not completed:
        return None
    begins = part.number("start_time") or part.part("run_stats").number("start_time")
    ends = part.number("end_time") or part.part("run_stats").number("end_time")
    duration_s = part.number("duration") or ((ends or 0.0) - (begins or 0.0))
    if duration_s <= 0:
        part.problems.append(f"{part.where}duration is missing or 0")
        return None
    prompt = metrics.part("prompt_token_count", "successful")
    output = metrics.part("output_token_count", "successful")
    told = Told(
        kind="closed",
        requests_in_flight=1,
        started_at=utc(begins),
        duration_s=duration_s,
        completed=completed,
        failed=failed,
        cut_off=cut_off,
        errors=(ErrorCount(kind="other", count=failed),) if failed else (),
        input_tokens=prompt.positive("mean") * completed,
        output_tokens=output.positive("mean") * completed,
        output_tokens_per_s=metrics.part("output_tokens_per_second", "successful").number("mean"),
        ttft_ms=_latency(metrics, "time_to_first_token_ms", completed, 1),
        tpot_ms=_latency(metrics, "inter_token_latency_ms", completed, 1),
        e2e_ms=_latency(metrics, "request_latency", completed, MS),
        mean_in_flight=metrics.part("request_concurrency", "successful").number("mean"),
        spread=_spread(prompt, output),
        converted=CONVERTED,
    )
    return _with_load(told, part)


def _with_load(told: Told, part: Part) -> Told:
    """The load that was asked for, and the steady part of it from single requests."""
    strategy = part.part("config", "strategy")
    if not strategy.text("type_") and not strategy.text("kind"):
        strategy = part.part("args", "strategy")
    kind, load, rate = load_of(
        strategy.text("type_") or strategy.text("kind"),
        strategy.number("streams") or strategy.number("max_concurrency"),
        strategy.number("rate") or strategy.number("initial_rate"),
        told.mean_in_flight,
        f"{part.where}config.strategy",
        part.problems,
    )
    told = told._replace(kind=kind, requests_in_flight=load, request_rate_per_s=rate)
    return told._replace(steady=_steady(told, part.part("requests").parts("successful")) if kind == "closed" else None)


def load_of(
    strategy: str, streams: float | None, rate: float | None, in_flight: float | None, where: str, problems: list[str]
) -> tuple[LoadKind, float, float | None]:
    """Kind of a load, requests in flight and rate; a throughput test holds whatever was in flight."""
    if strategy == "synchronous":
        return "closed", 1.0, None
    if strategy == "concurrent" and streams:
        return "closed", streams, None
    if strategy == "throughput" and (streams or in_flight):
        return "closed", streams or in_flight or 1.0, None
    if strategy.startswith(RATED) and rate and in_flight:
        return "open", in_flight, rate
    problems.append(
        f"{where} {strategy!r} names neither streams nor a rate: how many requests were in flight is not known"
    )
    return "closed", 1.0, None


def _latency(metrics: Part, key: str, n: int, scale: float) -> Percentiles | None:
    told = metrics.part(key, "successful")
    points = told.part("percentiles")
    found = {f"p{p}": points.number(f"p{p}", scale) for p in (50, 90, 95, 99)}
    if found["p50"] is None:
        found["p50"] = told.number("median", scale)
    mean = told.number("mean", scale)
    return percentiles_of(n, mean, found) if mean else None


def _spread(*lengths: Part) -> float | None:
    pairs = [(length.number("std_dev"), length.number("mean")) for length in lengths]
    return max((std / mean for std, mean in pairs if std is not None and mean), default=None)


def _steady(told: Told, requests: list[Part]) -> Steady | None:
    """Steady part from single requests, where all of them are told."""
    if len(requests) != told.completed:
        return None
    rows = [_request(request) for request in requests]
    outcomes = [row for row in rows if row is not None]
    if len(outcomes) != told.completed or not outcomes:
        return None
    begin = min(o.sent_s for o in outcomes)
    outcomes = [
        o._replace(
            sent_s=o.sent_s - begin,
            ended_s=o.ended_s - begin,
            first_s=_less(o.first_s, begin),
            last_s=_less(o.last_s, begin),
        )
        for o in outcomes
    ]
    deliveries = [Delivery(o.first_s or o.ended_s, o.last_s or o.ended_s, o.output_tokens or 0) for o in outcomes]
    return steady_of(outcomes, deliveries, max(math.floor(told.requests_in_flight), 1))


def _less(moment: float | None, begin: float) -> float | None:
    return None if moment is None else moment - begin


def _request(part: Part) -> Outcome | None:
    """One request, times in s since 1970; None where a time is not told."""
    start = part.number("request_start_time") or part.number("start_time")
    end = part.number("request_end_time") or part.number("end_time")
    first_ms, tokens = part.number("time_to_first_token_ms"), part.number("output_tokens")
    if not (start and end and tokens) or first_ms is None or end < start:
        return None
    first = start + first_ms / MS
    gap_ms = part.number("inter_token_latency_ms") or 0.0
    last = min(first + gap_ms / MS * max(tokens - 1, 0), end)
    return Outcome(sent_s=start, ended_s=end, first_s=first, last_s=max(last, first), output_tokens=round(tokens))
