"""A measurement in words: what it is called, what it says, what holds for it, and its figures on top."""

from __future__ import annotations

from collections.abc import Iterator

from planner.catalog.tables import Tables
from planner.decision.present import Metric
from planner.decision.present_probe import none_within
from planner.decision.present_tables import NONE
from planner.domain.measured_run import Flag, Run, Severity
from planner.domain.measurement import AtTarget, Measurement, MeasurementOrigin, Status
from planner.domain.serving import engine_words
from planner.format import count, percent, plural, short
from planner.web.probe_declared import gpu_words

MADE: dict[MeasurementOrigin, str] = {
    "probe": "probed",
    "watch": "read from live traffic",
    "vllm_bench": "imported from vllm bench serve",
    "guidellm": "imported from GuideLLM",
    "llmperf": "imported from LLMPerf",
    "aiperf": "imported from AIPerf",
}
STATUS: dict[Status, str] = {
    "ok": "Usable",
    "not_saturated": "Usable as a lower bound",
    "noisy": "Usable with care",
    "partial": "Not complete",
    "invalid": "Not usable",
}
WORST_FIRST: tuple[Severity, ...] = ("unusable", "doubt", "note")


def server_words(m: Measurement) -> str:
    """`tiny on vLLM 0.32.0`."""
    engine = engine_words(m.server.engine, m.server.engine_version) or "an engine that it does not name"
    return f"{m.server.served_model or m.declared.model_id or 'a model without a name'} on {engine}"


def title(m: Measurement, tables: Tables) -> str:
    """`tiny on vLLM 0.32.0, 2 x NVIDIA H100 SXM`."""
    return f"{server_words(m)}, {gpu_words(m.declared, tables) or 'GPU not said'}"


def listed(m: Measurement, tables: Tables) -> str:
    """One line of a list, with its day and what tells it from others."""
    return f"{m.finished_at:%Y-%m-%d %H:%M}: {title(m, tables)}, {lengths(m)}, {m.measurement_id[:6]}"


def when(m: Measurement) -> str:
    """How and when it was made, and how long that took."""
    made = MADE[m.origin]
    took = duration((m.finished_at - m.started_at).total_seconds())
    return f"{made[:1].upper()}{made[1:]} on {m.started_at:%Y-%m-%d %H:%M} UTC, {took}, {plural(len(m.runs), 'run')}."


def lengths(m: Measurement) -> str:
    """Tokens of a request as they were delivered, or as they were asked where nothing came."""
    completed = sum(run.completed for run in m.runs)
    if completed:
        tokens_in, tokens_out = (
            sum(getattr(run, name) for run in m.runs) for name in ("input_tokens", "output_tokens")
        )
        return f"{count(tokens_in / completed)} in / {count(tokens_out / completed)} out"
    asked = m.shape
    if asked.input_tokens_asked is None or asked.output_tokens_asked is None:
        return "lengths not known"
    return f"{count(asked.input_tokens_asked)} in / {count(asked.output_tokens_asked)} out asked"


def sentences(m: Measurement) -> Iterator[str]:
    """What follows from it."""
    yield f"{STATUS[m.summary.status]}. {m.summary.reason}"
    if m.stopped:
        yield f"It ended early: {m.stopped}"
    if knee := m.summary.knee:
        yield (
            f"The knee is near {knee.requests_in_flight:.3g} requests in flight and certainly between {knee.low:.3g} "
            f"and {knee.high:.3g}. {knee.reason}"
        )
    if m.summary.at_target:
        yield target_words(m, m.summary.at_target)
    yield from reconciled(m)


def target_words(m: Measurement, at: AtTarget) -> str:
    """The largest load within the latency target."""
    limits = [f"{name} {ms:g} ms" for name, ms in (("TTFT", at.ttft_p95_ms), ("TPOT", at.tpot_p95_ms)) if ms]
    target = f"P95 {' and '.join(limits)}"
    if at.requests_in_flight is None:
        return f"{target}: {none_within(m)}."
    rate = "" if at.output_tokens_per_s is None else f", with {short(at.output_tokens_per_s)} output tokens/s"
    return f"{target} was kept up to {at.requests_in_flight:.4g} requests in flight{rate}."


def reconciled(m: Measurement) -> Iterator[str]:
    """Whether server and client counted the same tokens."""
    told = [run for run in m.runs if run.reconciled is not None]
    if told:
        same = [run for run in told if run.reconciled]
        tokens = sum(run.output_tokens for run in same)
        yield (
            f"Server and client counted the same answer tokens in {len(same)} of {plural(len(told), 'run')} "
            f"({count(tokens)} tokens)."
        )


def metrics(m: Measurement) -> tuple[Metric, ...]:
    """Figures on top: the most, the knee, what holds the target, the spread."""
    summary = m.summary
    best = max(summary.levels, key=lambda level: level.output_tokens_per_s, default=None)
    bound = "; a lower bound, it still rises" if summary.status == "not_saturated" else ""
    at, knee = summary.at_target, summary.knee
    return (
        Metric(
            "Most output tokens/s",
            short(best.output_tokens_per_s) if best else NONE,
            f"of one replica, {best.requests_in_flight:.4g} in flight{bound}" if best else "no usable run",
        ),
        Metric(
            "Knee, requests in flight",
            f"{knee.requests_in_flight:.3g}" if knee else NONE,
            f"between {knee.low:.3g} and {knee.high:.3g}" if knee else "throughput was still rising, or is not known",
        ),
        Metric(
            "Within the latency target",
            _rate(at),
            f"output tokens/s, up to {at.requests_in_flight:.4g} in flight"
            if at and at.requests_in_flight
            else none_within(m)
            if at
            else "no target was given",
        ),
        Metric(
            "Spread over repeats",
            percent(summary.spread_fraction) if summary.spread_fraction is not None else NONE,
            "largest of the loads, most less least over median"
            if summary.spread_fraction is not None
            else "every load was held once",
        ),
    )


def _rate(at: AtTarget | None) -> str:
    return short(at.output_tokens_per_s) if at and at.output_tokens_per_s is not None else NONE


def said_by_guards(m: Measurement) -> list[tuple[Flag, str]]:
    """What the guards said, the worst first, each code once per severity with the loads that it was said of."""
    found: dict[tuple[Severity, str], tuple[Flag, list[Run]]] = {}
    for flag, run in _flagged(m):
        _, runs = found.setdefault((flag.severity, flag.code), (flag, []))
        runs += [run] if run is not None else []
    ordered = sorted(found.values(), key=lambda pair: WORST_FIRST.index(pair[0].severity))
    return [(flag, of_runs(runs)) for flag, runs in ordered]


def _flagged(m: Measurement) -> Iterator[tuple[Flag, Run | None]]:
    """Every flag with its run; None: of the measurement as a whole."""
    yield from ((flag, None) for flag in m.flags)
    yield from ((flag, run) for run in m.runs for flag in run.flags)


def of_runs(runs: list[Run]) -> str:
    """`3 runs: 4, 8 in flight`; empty when it holds for the whole measurement."""
    if not runs:
        return ""
    loads = list(dict.fromkeys(load_words(run) for run in runs))
    more = f" and {len(loads) - 4} more" if len(loads) > 4 else ""
    return f"{plural(len(runs), 'run')}: {', '.join(loads[:4])}{more}"


def load_words(run: Run) -> str:
    """`16 in flight`, or `4 requests/s`."""
    if run.request_rate_per_s is not None:
        return f"{run.request_rate_per_s:g} requests/s"
    return f"{run.requests_in_flight:.4g} in flight"


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def ms(value: float | None) -> str:
    """Three digits are what a latency is worth."""
    return NONE if value is None else count(value) if value >= 100 else f"{value:.3g}"


def file_stem(m: Measurement) -> str:
    """A file name for downloads."""
    return f"measurement-{m.finished_at:%Y-%m-%d}-{m.measurement_id}"
