"""A profile as text for a terminal: what was read, volume, peaks, lengths, and what stays unknown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from planner.cli.text import WIDTH
from planner.domain.usage import TokenLengths, UsageClass, UsageProfile
from planner.format import percent, plural
from planner.workload.unknowns import length_of

CELL = 44
MOST = 12
"""Lines of one list; the JSON has them all."""
NAMED_S = {1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h"}


def summary_text(profile: UsageProfile) -> str:
    """The whole summary."""
    parts = [
        f"{profile.name}\n{'=' * len(profile.name)}",
        "\n".join(_span(profile)),
        _block("What was read", _sources(profile)),
        _block("Rows that were not used", _rejects(profile)),
        _block("Volume", _volume(profile)),
        _block("Busiest over mean", _peaks(profile)),
        _block("Tokens per request", _lengths(profile)),
        _block("Models", _models(profile)),
        _block("Not known from this log", (f"- {u.what}: {u.reason} {u.remedy}" for u in profile.unknown)),
        _block("Notes", (f"- {note}" for note in profile.notes)),
    ]
    return "\n\n".join(part for part in parts if part)


def _block(title: str, lines: Iterator[str]) -> str:
    found = list(lines)
    told = [textwrap.fill(line, WIDTH, subsequent_indent="    ") for line in found[:MOST]]
    if len(found) > MOST:
        told.append(f"and {len(found) - MOST} more; --json has them all")
    return "\n".join([title, "-" * len(title), *told]) if found else ""


def _span(profile: UsageProfile) -> Iterator[str]:
    rows = "one row per request" if profile.grain == "request" else f"sums of up to {_width(profile.bucket_s)}"
    length = length_of(profile.window_s)
    if profile.has_calendar:
        yield f"{profile.first_at:%Y-%m-%d %H:%M} to {profile.last_at:%Y-%m-%d %H:%M} UTC, {length}; {rows}"
    else:
        yield f"{length} of an unknown date; {rows}"


def _width(seconds: int) -> str:
    return NAMED_S.get(seconds) or (f"{seconds / 3600:g} h" if seconds >= 3600 else f"{seconds:,} s")


def _sources(profile: UsageProfile) -> Iterator[str]:
    for source in profile.sources:
        bad = f", {plural(source.rows_rejected, 'row')} not used" if source.rows_rejected else ""
        yield f"{source.name}: {source.format}, {plural(source.rows_read, 'row')}{bad}"


def _rejects(profile: UsageProfile) -> Iterator[str]:
    for reject in profile.rejects:
        shown = ", ".join(map(str, reject.lines[:8])) + (" ..." if reject.rows > min(8, len(reject.lines)) else "")
        lines = f" (line {shown})" if reject.lines else ""
        what = f"{reject.column} {reject.reason}".strip()
        yield f"{reject.source}: {plural(reject.rows, 'row')}: {what}{lines}"


def _volume(profile: UsageProfile) -> Iterator[str]:
    pairs = (
        ("Requests", profile.total_requests, profile.requests_per_day),
        ("Input tokens", profile.total_input_tokens, profile.input_tokens_per_day),
        ("  of these cached", profile.total_cached_input_tokens, None),
        ("  of these written to a cache", profile.total_cache_write_tokens, None),
        ("Output tokens", profile.total_output_tokens, profile.output_tokens_per_day),
        ("  of these reasoning", profile.total_reasoning_tokens, None),
        ("Failed requests", profile.failed_requests, None),
    )
    for label, total, per_day in pairs:
        value = "unknown" if total is None else f"{total:,}"
        yield f"{label:<32}{value:>22}" + (f"   {per_day:,.0f} a day" if per_day is not None else "")
    for billed in profile.billed:
        yield f"{'Cost in the export':<32}{f'{billed.amount:,.2f} {billed.currency}':>22}"


def _peaks(profile: UsageProfile) -> Iterator[str]:
    for peak in profile.peaks:
        figures = (peak.requests_to_mean, peak.input_tokens_to_mean, peak.output_tokens_to_mean)
        shown = ["unknown" if figure is None else f"{figure:,.2f}" for figure in figures]
        yield f"in {_width(peak.window_s):<8} requests {shown[0]:>8}   input {shown[1]:>8}   output {shown[2]:>8}"
    found = profile.concurrency
    if found.mean is not None:
        busiest = "" if found.busiest_second is None else f"; at most {found.busiest_second:,}, sampled each second"
        yield f"in flight at once: {found.mean:,.1f} on average{busiest}"


def _lengths(profile: UsageProfile) -> Iterator[str]:
    for label, found in (("Input", profile.input_lengths), ("Output", profile.output_lengths)):
        if found is not None:
            yield _length(label, found)
    if profile.input_lengths is None and profile.mean_input_tokens is not None:
        yield f"Input   mean {profile.mean_input_tokens:,.0f}"
    if profile.output_lengths is None and profile.mean_output_tokens is not None:
        yield f"Output  mean {profile.mean_output_tokens:,.0f}"
    if profile.prefix_hit_fraction is not None:
        yield f"Prefix seen before: {percent(profile.prefix_hit_fraction)} of the input tokens"


def _length(label: str, found: TokenLengths) -> str:
    quantiles = (("p50", found.p50_tokens), ("p95", found.p95_tokens), ("p99", found.p99_tokens))
    told = "   ".join(f"{name} {value:,.0f}" for name, value in (*quantiles, ("longest", found.max_tokens)))
    return f"{label:<8}mean {found.mean_tokens:,.0f}   {told}   of {plural(found.requests, 'request')}"


def _models(profile: UsageProfile) -> Iterator[str]:
    for one in profile.classes:
        name = f"{one.model}, {one.task_class}" if one.task_class else one.model
        requests = "unknown" if one.requests is None else f"{one.requests:,}"
        output = "unknown" if one.output_tokens is None else f"{one.output_tokens:,}"
        prompt = "unknown" if _silent(one) else f"{one.input_tokens:,}"
        yield f"{name or '(no model)':<{CELL}} requests {requests}, input {prompt}, output {output}"


def _silent(one: UsageClass) -> bool:
    """Whether no row of the class says any prompt tokens."""
    parts = (one.fresh_input_tokens, one.cached_input_tokens, one.cache_write_tokens, one.cache_write_1h_tokens)
    return all(part is None for part in parts)
