"""GuideLLM's CSV: one load a row, three rows of titles (group, name, unit or statistic)."""

from __future__ import annotations

import csv
import json
from typing import Any

from planner.domain.measured_run import ErrorCount, Percentiles
from planner.probe.errors import ProbeError
from planner.probe.imports.fields import Part, one_line, utc
from planner.probe.imports.guidellm import CONVERTED, MS, asked_of, load_of, source
from planner.probe.imports.told import Source, Told, percentiles_of

TITLES = 3
POINTS = ("min", "p001", "p01", "p05", "p10", "p25", "p75", "p90", "p95", "p99", "max")
"""Order of the list in a Percentiles column; the median has a column of its own."""
Title = tuple[str, ...]


def recognised(text: str) -> bool:
    """Whether a text is such a table."""
    return text.startswith("Run Info,") and "Server Throughput" in text.split("\n", 1)[0]


def rows_of(text: str, name: str) -> list[dict[Title, str]]:
    """Rows under their titles. Raises ProbeError when the table breaks off."""
    csv.field_size_limit(2**24)
    try:
        lines = list(csv.reader(text.splitlines(keepends=True), strict=True))
    except csv.Error:
        raise ProbeError(f"{name} breaks off within a cell.", "Copy the whole file.") from None
    titles, rows = list(zip(*lines[:TITLES], strict=False)), [line for line in lines[TITLES:] if line]
    if not rows or any(len(row) != len(titles) for row in rows):
        raise ProbeError(f"{name} has rows of unlike length, or none.", "Copy the whole file, as GuideLLM wrote it.")
    return [dict(zip(titles, row, strict=True)) for row in rows]


def told_of(rows: list[dict[Title, str]], problems: list[str]) -> list[Told]:
    """Loads of the table. Raises ProbeError where none completed a request."""
    told = [_row(row, f"row {number} ", problems) for number, row in enumerate(rows, start=1)]
    kept = [one for one in told if one is not None]
    if not kept and not problems:
        raise ProbeError("Nothing was measured: no request completed.", "Run one request by hand, then measure again.")
    return kept


def source_of(rows: list[dict[Title, str]]) -> Source:
    """Who measured what."""
    first = rows[0]
    backend = _json(first, ("Run Info", "Backend", ""))
    version = _json(first, ("Runtime Info", "Metadata", "")).text("guidellm_version")
    endpoint = backend.text("request_format") or backend.text("request_type")
    asked = asked_of(first.get(("Run Info", "Requests", ""), "") + first.get(("Runtime Info", "Arguments", ""), ""))
    return source(version, backend.text("model"), endpoint, asked)


def _json(row: dict[Title, str], title: Title) -> Part:
    """A cell that holds an object; an empty one where it does not."""
    try:
        found: Any = json.loads(row.get(title, ""), parse_constant=lambda name: name)
    except (json.JSONDecodeError, RecursionError):
        found = None
    return Part(found)


def _row(row: dict[Title, str], where: str, problems: list[str]) -> Told | None:
    cells = Part(
        {" / ".join(part for part in title if part): text for title, text in row.items() if text}, where, problems
    )
    completed = cells.count("Request Counts / Successful")
    if not completed:
        return None
    failed = cells.count("Request Counts / Errored")
    in_flight = cells.number("Server Throughput / Successful Concurrency / Mean")
    words, _, amount = cells.text("Benchmark / Strategy").partition("@")
    number = Part({"amount": amount or None}, f"{where}Benchmark / Strategy ", problems).number("amount")
    kind, load, rate = load_of(words, number, number, in_flight, f"{where}Benchmark / Strategy", problems)
    return Told(
        kind=kind,
        requests_in_flight=load,
        request_rate_per_s=rate,
        started_at=utc(one_line(row.get(("Timings", "Measure Start Time", ""), ""))),
        duration_s=cells.positive("Timings / Duration / Sec"),
        completed=completed,
        failed=failed,
        cut_off=cells.count("Request Counts / Incomplete"),
        errors=(ErrorCount(kind="other", count=failed),) if failed else (),
        input_tokens=cells.positive("Token Metrics / Successful Input Tokens / Mean") * completed,
        output_tokens=cells.positive("Token Metrics / Successful Output Tokens / Mean") * completed,
        output_tokens_per_s=cells.number("Token Throughput / Successful Output Tokens/Sec / Mean"),
        ttft_ms=_latency(cells, "Time to First Token / Successful ms", completed, 1),
        tpot_ms=_latency(cells, "Inter Token Latency / Successful ms", completed, 1),
        e2e_ms=_latency(cells, "Request Latency / Successful Sec", completed, MS),
        mean_in_flight=in_flight,
        spread=_spread(cells),
        converted=CONVERTED,
    )


def _latency(cells: Part, title: str, n: int, scale: float) -> Percentiles | None:
    mean = cells.number(f"{title} / Mean", scale)
    try:
        listed = json.loads(str(cells.raw(f"{title} / Percentiles") or "[]"))
    except json.JSONDecodeError:
        listed = []
    told = dict(zip(POINTS, listed, strict=True)) if isinstance(listed, list) and len(listed) == len(POINTS) else {}
    points = Part(told, f"{cells.where}{title} / Percentiles ", cells.problems)
    found = {f"p{p}": points.number(f"p{p}", scale) for p in (90, 95, 99)}
    found["p50"] = cells.number(f"{title} / Median", scale)
    return percentiles_of(n, mean, found) if mean else None


def _spread(cells: Part) -> float | None:
    titles = ("Token Metrics / Successful Input Tokens", "Token Metrics / Successful Output Tokens")
    pairs = [(cells.number(f"{title} / Std Dev"), cells.number(f"{title} / Mean")) for title in titles]
    return max((std / mean for std, mean in pairs if std is not None and mean), default=None)
