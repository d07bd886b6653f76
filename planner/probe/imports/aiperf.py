"""Results of AIPerf and of its forerunner genai-perf: one load a file (definitions as PRB-1's).

Inter-token latency is (answer - first token) / (tokens - 1). Every figure has its unit beside it, which is obeyed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from planner.domain.measured_run import ErrorCount, LoadKind, Percentiles
from planner.probe.errors import ProbeError
from planner.probe.imports.fields import Part, utc
from planner.probe.imports.told import Source, Told, percentiles_of

MS_OF = {"ms": 1.0, "s": 1000.0, "sec": 1000.0, "us": 0.001, "ns": 1e-6}
S_OF = {"sec": 1.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "ns": 1e-9, "min": 60.0}
NAMES = ("request_throughput", "request_latency", "output_token_throughput", "output_sequence_length")


def recognised(document: dict[str, Any]) -> bool:
    """Whether an object is such a result."""
    return sum(isinstance(document.get(name), dict) and "unit" in document[name] for name in NAMES) >= 2


def told_of(part: Part) -> Told:
    """The load of one result. Raises ProbeError where no request completed."""
    failed = _scalar(part, "error_request_count")
    length, prompt = part.part("output_sequence_length"), part.part("input_sequence_length")
    completed = _completed(part)
    if not completed and not part.problems:
        raise ProbeError(
            f"Nothing was measured: no request completed, {failed or 0:.0f} failed.",
            "Run one request by hand, with its key and model name, then measure again.",
        )
    outputs, inputs = length.positive("avg") * completed, prompt.positive("avg") * completed
    rate = part.part("output_token_throughput").positive("avg")
    duration_s = _seconds(part) or (outputs / rate if rate else 0.0)
    load = _load(part)
    ttft = _latency(part, "time_to_first_token", completed)
    if part.problems:
        return Told("closed", 1, 1, 1, 0, 0, 0)
    whole = _latency(part, "request_latency", completed)
    in_flight = completed * whole.mean / 1000 / duration_s if whole and whole.mean else None
    started, cached = utc(part.raw("start_time")), _scalar(part, "total_usage_prompt_cache_read_tokens")
    return Told(
        kind=load.kind,
        requests_in_flight=load.in_flight or in_flight or 1.0,
        request_rate_per_s=load.rate_per_s,
        started_at=started,
        duration_s=duration_s,
        completed=completed,
        failed=round(failed or 0),
        errors=(ErrorCount(kind="other", count=round(failed)),) if failed else (),
        input_tokens=_scalar(part, "total_isl") or inputs,
        output_tokens=_scalar(part, "total_osl") or outputs,
        output_tokens_per_s=rate,
        cached_input_tokens=cached,
        ttft_ms=ttft,
        tpot_ms=_latency(part, "inter_token_latency", completed) if ttft else None,
        e2e_ms=whole,
        spread=_spread(length, prompt),
        stopped="the tool was cancelled" if part.raw("was_cancelled") is True else "",
        converted="Times are defined as here." + ("" if failed is not None or _new(part) else " It tells no failures."),
    )


def source_of(part: Part) -> Source:
    """Who measured what."""
    config = part.part("input_config")
    endpoint = config.part("endpoint")
    kind = endpoint.text("type") or config.text("endpoint_type")
    version = part.text("aiperf_version")
    program = f"AIPerf {version}".strip() if _new(part) else "genai-perf"
    return Source(
        origin="aiperf",
        program=program,
        model=_model(config),
        prompt_kind="chat" if kind == "chat" else "text" if kind == "completions" else "unknown",
        endpoint={"chat": "/v1/chat/completions", "completions": "/v1/completions"}.get(kind, ""),
    )


def _new(part: Part) -> bool:
    """Whether AIPerf wrote it: it names its form, and leaves out a count of failures where there were none."""
    return "aiperf_version" in part or "schema_version" in part or "benchmark_duration" in part


def _scalar(part: Part, name: str) -> float | None:
    return part.part(name).number("avg")


def _completed(part: Part) -> int:
    """Requests that were answered; from the two rates where no count is told."""
    if "request_count" in part:
        return part.part("request_count").count("avg")
    told = part.part("request_latency").number("count")
    if told is None:
        part.problems.append(f"{part.where}request_count is missing")
    return round(told or 0)


def _seconds(part: Part) -> float | None:
    told = part.part("benchmark_duration")
    seconds = _in(told, "avg", S_OF) if "avg" in told else None
    completed, rate = _scalar(part, "request_count"), _scalar(part, "request_throughput")
    return seconds or (completed / rate if completed and rate else None)


def _in(part: Part, key: str, units: dict[str, float]) -> float | None:
    unit = part.text("unit")
    if unit not in units:
        part.problems.append(f"{part.where}unit is {unit!r}, not one of {', '.join(units)}")
        return None
    return part.number(key, units[unit])


def _latency(part: Part, name: str, n: int) -> Percentiles | None:
    told = part.part(name)
    if "avg" not in told:
        return None
    points = {f"p{p}": _in(told, f"p{p}", MS_OF) for p in (50, 90, 95, 99) if f"p{p}" in told}
    return percentiles_of(round(told.number("count") or n), _in(told, "avg", MS_OF), points)


class _Load(NamedTuple):
    kind: LoadKind
    in_flight: float | None
    rate_per_s: float | None


def _load(part: Part) -> _Load:
    """Load of the measured phase, as each form of the configuration tells it."""
    config = part.part("input_config")
    phases = [p for p in config.parts("phases") if (p.text("kind") or p.text("name")) == "profiling"]
    if len(phases) > 1:
        part.problems.append("input_config.phases are several: give the file of one phase")
    places = (*phases[:1], config.part("loadgen"), config.part("perf_analyzer", "stimulus"), config)
    for place in places:
        if rate := place.number("rate") or place.number("request_rate"):
            return _Load("open", None, rate)
        if level := place.number("concurrency"):
            return _Load("closed", level, None)
    part.problems.append("input_config tells neither concurrency nor a rate: measure with --concurrency N")
    return _Load("closed", None, None)


def _model(config: Part) -> str:
    endpoint = config.part("endpoint")
    for listed in (endpoint.raw("model_names"), config.raw("model_names"), config.raw("model")):
        if isinstance(listed, list) and listed and isinstance(listed[0], str):
            return Part({"name": listed[0]}).text("name")
    items = config.part("models").parts("items")
    return items[0].text("name") if items else config.text("formatted_model_name")


def _spread(*lengths: Part) -> float | None:
    pairs = [(length.number("std"), length.number("avg")) for length in lengths]
    return max((std / mean for std, mean in pairs if std is not None and mean), default=None)
