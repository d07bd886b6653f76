"""Results of `vllm bench serve`, its Python and its Rust program: one load a file (PRB-1's definitions are its own).

TPOT is (last - first) / (tokens - 1) and times are in ms, as here. With `--save-detailed` every request is there, and
figures and steady part are computed from them; the Rust program tells its steady part itself.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any, NamedTuple

from planner.domain.measured_run import ErrorCount, ErrorKind, LoadKind, Percentiles, Steady
from planner.probe.errors import ProbeError
from planner.probe.imports.fields import Part, one_line, utc
from planner.probe.imports.told import Source, Told, percentiles_of
from planner.probe.imports.vllm_requests import requests_of, with_requests

KEYS = ("total_output_tokens", "output_throughput", "completed", "duration")
MS = 1000
ERROR_WORDS: tuple[tuple[str, ErrorKind], ...] = (
    ("unauthorized", "unauthorised"),
    ("401", "unauthorised"),
    ("not found", "not_found"),
    ("404", "not_found"),
    ("too many requests", "rate_limited"),
    ("429", "rate_limited"),
    ("service unavailable", "overloaded"),
    ("503", "overloaded"),
    ("bad request", "bad_request"),
    ("400", "bad_request"),
    ("timeout", "timeout"),
    ("cannot connect", "unreachable"),
    ("connection refused", "unreachable"),
    ("internal server error", "server_error"),
    ("500", "server_error"),
    ("transferencoding", "cut_stream"),
    ("payload is not completed", "cut_stream"),
    ("never received a valid chunk", "empty_answer"),
)
SECRETS = ("sk-", "bearer ", "authorization", "api_key", "api-key")


def recognised(document: dict[str, Any]) -> bool:
    """Whether an object is such a result."""
    return all(key in document for key in KEYS)


def told_of(part: Part) -> Told:
    """The load of one result. Raises ProbeError where it holds nothing that could be used."""
    completed, failed = part.count("completed"), _failed(part)
    if not part.problems:
        _refuse_empty(part, completed, failed)
    duration_s = part.positive("duration")
    output_tokens = part.positive("total_output_tokens")
    input_tokens = part.positive("total_input_tokens")
    detail = requests_of(part, completed + failed)
    load = _load(part, completed, duration_s)
    if part.problems:
        return Told("closed", 1, 1, 1, 0, 0, 0)
    told = Told(
        kind=load.kind,
        requests_in_flight=load.in_flight or completed * (_mean_s(part) or 0.0) / duration_s,
        request_rate_per_s=load.rate_per_s,
        started_at=_started(part, duration_s),
        duration_s=duration_s,
        completed=completed,
        failed=failed,
        errors=_errors(part, failed),
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        output_tokens_per_s=part.needed("output_throughput"),
        ttft_ms=_latency(part, "ttft", completed),
        tpot_ms=_latency(part, "tpot", completed),
        e2e_ms=_latency(part, "e2el", completed),
        steady=_steady(part),
        converted="Times are defined as here.",
    )
    return with_requests(told, detail) if detail else told


def source_of(part: Part) -> Source:
    """Who measured what."""
    kind = part.text("endpoint_type") or part.text("backend")
    chat = "chat" in kind
    rust = "steady_state" in part or "input_throughput" in part
    return Source(
        origin="vllm_bench",
        program="vllm bench serve" + (" (Rust)" if rust else ""),
        model=part.text("model_id"),
        prompt_kind="chat" if chat else "text" if kind in ("vllm", "openai") else "unknown",
        endpoint="/v1/chat/completions" if chat else "/v1/completions" if kind in ("vllm", "openai") else "",
    )


def _failed(part: Part) -> int:
    """Requests that failed; where it is not told, those that were to be sent less those that completed."""
    if "failed" in part:
        return part.count("failed")
    if "num_prompts" in part:
        return max(part.count("num_prompts") - part.count("completed"), 0)
    part.problems.append(f"{part.where}failed is missing: how many requests failed is not known")
    return 0


def _refuse_empty(part: Part, completed: int, failed: int) -> None:
    if completed:
        return
    why = f"all {failed:,} requests failed" if failed else "no request completed"
    first = next((f" The first said: {e.example}." for e in _errors(part, failed) if e.example), "")
    raise ProbeError(
        f"Nothing was measured: {why}.{first}",
        "Run one request by hand, with its key and model name, then measure again.",
    )


class _Load(NamedTuple):
    kind: LoadKind
    in_flight: float | None
    rate_per_s: float | None


def _load(part: Part, completed: int, duration_s: float) -> _Load:
    """Requests kept in flight, or sent a second. An endless rate with no limit holds no load that could be named."""
    rate = part.raw("request_rate")
    limit = part.number("max_concurrency") if "max_concurrency" in part else None
    endless = rate is None or (isinstance(rate, str) and rate.lower() in ("inf", "infinity"))
    if not endless:
        per_s = part.positive("request_rate")
        if per_s and duration_s and _mean_s(part) is None:
            part.problems.append(
                f"{part.where}mean_ttft_ms and mean_tpot_ms are missing: how many requests were in flight is not known"
            )
        return _Load("open", None, per_s)
    if not limit:
        part.problems.append(
            f"{part.where}max_concurrency is missing and request_rate has no limit: all {completed:,} requests were "
            "sent at once; measure with --max-concurrency N"
        )
    return _Load("closed", limit, None)


def _mean_s(part: Part) -> float | None:
    """Mean time of an answer, s."""
    if mean := part.number("mean_e2el_ms"):
        return mean / MS
    ttft, tpot = part.number("mean_ttft_ms"), part.number("mean_tpot_ms")
    completed, tokens = part.number("completed"), part.number("total_output_tokens")
    if not (ttft and completed and tokens) or tpot is None:
        return None
    return (ttft + tpot * max(tokens / completed - 1, 0.0)) / MS


def _started(part: Part, duration_s: float) -> dt.datetime | None:
    """The date of a result is that of its end."""
    ended = utc(part.raw("date"))
    return None if ended is None else ended - dt.timedelta(seconds=duration_s)


def _latency(part: Part, name: str, n: int) -> Percentiles | None:
    points = {f"p{p}": part.number(f"p{p}_{name}_ms") for p in (50, 90, 95, 99)}
    if points["p50"] is None:
        points["p50"] = part.number(f"median_{name}_ms")
    mean = part.number(f"mean_{name}_ms")
    if mean == 0 and name != "tpot":
        part.problems.append(f"{part.where}mean_{name}_ms is 0 though requests completed")
        return None
    return percentiles_of(n, mean, points) if mean else None


def _steady(part: Part) -> Steady | None:
    """The steady part as the Rust program tells it; none where it warns of it."""
    steady = part.part("steady_state")
    window = steady.part("window")
    if "start_s" not in window or window.raw("warning"):
        return None
    start, end = window.needed("start_s"), window.positive("end_s")
    rate, ended = steady.needed("output_throughput"), window.count("requests_completed_in_window")
    return Steady(start_s=start, end_s=end, output_tokens_per_s=rate, requests=ended) if end > start else None


def _errors(part: Part, failed: int) -> tuple[ErrorCount, ...]:
    """Failures by kind from what the result says of each; of unknown kind where it says nothing."""
    listed = part.raw("errors")
    said = [error for error in listed if error and isinstance(error, str)] if isinstance(listed, list) else []
    said += [request.text("error") for request in part.parts("failed_requests")]
    kinds = [(_kind(text), _example(text)) for text in said if text]
    counts = Counter(kind for kind, _ in kinds)
    if unknown := failed - sum(counts.values()):
        counts["other"] += max(unknown, 0)
    first = dict(reversed(kinds))
    return tuple(ErrorCount(kind=k, count=n, example=first.get(k, "")) for k, n in counts.most_common() if n > 0)


def _kind(text: str) -> ErrorKind:
    low = text.lower()
    return next((kind for words, kind in ERROR_WORDS if words in low), "other")


def _example(text: str) -> str:
    """The last line of a traceback, else the first; nothing where a key may be in it."""
    lines = [line for line in text.splitlines() if line.strip()]
    line = one_line((lines[-1] if lines[0].startswith("Traceback") else lines[0]) if lines else "", 120)
    return "" if any(word in line.lower() for word in SECRETS) else line
