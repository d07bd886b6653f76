"""Samples of vLLM's /metrics: counters, of which one scrape less the one before is what a bucket served."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from planner.workload.readers.base import About, BadRow, DocumentReader, OwnerKind, Shape
from planner.workload.readers.documents import as_document, children, micros
from planner.workload.usage_rows import US_PER_S, UsageRow

COUNTERS = ("prompt_tokens", "generation_tokens", "request_success", "prefix_cache_hits", "gpu_prefix_cache_hits")
GAUGE = "num_requests_running"
CACHED = ("prefix_cache_hits", "gpu_prefix_cache_hits")
OWNERS: Mapping[OwnerKind, tuple[str, ...]] = {
    "team": ("team", "namespace"),
    "project": ("project", "service", "job", "namespace"),
}
_SAMPLE = re.compile(r"(\w*vllm[:_]\w+?)(?:\{(.*)\})?\s+(\S+)(?:\s+(\S+))?\s*")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_SCRAPED = re.compile(r"#\s*scraped at\s+(\S+)", re.IGNORECASE)
_OURS = re.compile(r"^\w*vllm[:_]\w+", re.MULTILINE)

Labels = frozenset[tuple[str, str]]
"""Of one engine: model_name, engine and all that tells replicas apart."""
Values = dict[tuple[str, str], float]
"""(metric without _total, finished_reason) -> value."""


@dataclass
class _Series:
    """What the last scrape of one engine said."""

    last: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    """Counter or gauge -> when and what."""
    hits_ahead: int = 0
    """Cached tokens counted before the prompts that they are part of."""


def matches(shape: Shape) -> bool:
    """The exposition format, or the answer of a range query, with metrics of vLLM."""
    if shape.kind == "text":
        return _OURS.search(shape.head) is not None
    return any(_metric(str(labels.get("__name__", ""))) for labels, _ in _matrix(shape.document))


def rows(documents: Iterator[object], owner: OwnerKind | None) -> Iterator[UsageRow | BadRow]:
    """One row per engine and scrape but the first, of which nobody knows since when it counts."""
    state: defaultdict[Labels, _Series] = defaultdict(_Series)
    scrapes: defaultdict[Labels, defaultdict[int, Values]] = defaultdict(lambda: defaultdict(dict))
    undated: list[str] = []
    for document, moment, labels, metric, value in _samples(documents, undated):
        series = scrapes[labels]
        series[moment][metric] = value
        if isinstance(document, str) and len(series) > 1:  # a text goes on in time; a query gives metric after metric
            yield from _closed(labels, state[labels], series, moment, owner)
    for labels, series in scrapes.items():
        yield from _closed(labels, state[labels], series, None, owner)
    if undated:
        way_out = "write `# scraped at <time>` before each scrape, or keep the timestamps"
        yield BadRow(f"{len(undated)} samples have no time: {way_out}", undated[0])


Sample = tuple[object, int, Labels, tuple[str, str], float]


def _samples(documents: Iterator[object], undated: list[str]) -> Iterator[Sample]:
    """Document, time in microseconds, engine, metric and value of each sample of interest."""
    moment: int | None = None
    for document in documents:
        if not isinstance(document, str):
            yield from _of_matrix(document)
        elif said := _SCRAPED.match(document.strip()):
            moment = micros(said[1])
        elif found := _SAMPLE.fullmatch(document.strip()):
            metric = _metric(found[1])
            when = _stamp(found[4]) if found[4] else moment
            if metric and when is None:
                undated.append(found[1])
            elif metric and when is not None and (value := _number(found[3])) is not None:
                yield (document, when, *_told_apart(metric, dict(_LABEL.findall(found[2] or ""))), value)


def _of_matrix(document: object) -> Iterator[Sample]:
    for labels, values in _matrix(document):
        metric = _metric(str(labels.pop("__name__", "")))
        for pair in values if metric else ():
            if isinstance(pair, list) and len(pair) == 2 and (value := _number(str(pair[1]))) is not None:
                yield (document, _stamp(str(pair[0])), *_told_apart(metric, labels), value)


def _matrix(document: object) -> Iterator[tuple[dict[str, str], list[object]]]:
    data = as_document(as_document(document).get("data"))
    for result in children(data, "result") if data.get("resultType") == "matrix" else ():
        values = result.get("values")
        labels = {key: str(value) for key, value in as_document(result.get("metric")).items()}
        yield labels, values if isinstance(values, list) else []


def _metric(name: str) -> str:
    """The metric without vLLM's prefix and without _total; '' for one that is not read."""
    short = re.split(r"vllm[:_]", name, maxsplit=1)[-1].removesuffix("_total") if "vllm" in name else ""
    return short if short in (*COUNTERS, GAUGE) else ""


def _told_apart(metric: str, labels: dict[str, str]) -> tuple[Labels, tuple[str, str]]:
    reason = labels.get("finished_reason", "")
    return frozenset((k, v) for k, v in labels.items() if k not in ("finished_reason", "__name__")), (metric, reason)


def _stamp(said: str) -> int:
    """Seconds of OpenMetrics and of a query, milliseconds of Prometheus' own format."""
    value = float(said)
    return round(value * 1000) if value >= 1e11 else round(value * US_PER_S)


def _number(said: str) -> float | None:
    try:
        value = float(said)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None


def _closed(
    labels: Labels,
    state: _Series,
    series: defaultdict[int, Values],
    open_us: int | None,
    owner: OwnerKind | None,
) -> Iterator[UsageRow]:
    """Rows of the scrapes before `open_us` (of all of them for None), which are forgotten."""
    for moment in sorted(moment for moment in series if open_us is None or moment < open_us):
        for start, grown in sorted(_grown(state, moment, series.pop(moment)).items()):
            row = _row(dict(labels), state, grown, start, moment, owner)
            if row is not None:
                yield row


def _grown(state: _Series, moment: int, values: Values) -> dict[int, Values]:
    """How much each counter grew, by the time of its sample before; a fall means that it began again at 0."""
    grown: dict[int, Values] = {}
    for metric, value in values.items():
        before = state.last.get(metric)
        if before is not None and moment <= before[0]:
            continue
        if before is not None:
            since, last = before
            bucket = grown.setdefault(since, {})
            bucket[metric] = (last + value) / 2 if metric[0] == GAUGE else value - last if value >= last else value
        state.last[metric] = (moment, value)
    return grown


def _row(
    labels: Mapping[str, str], state: _Series, grown: Values, start: int, end: int, owner: OwnerKind | None
) -> UsageRow | None:
    prompt, hits = _whole(grown, "prompt_tokens"), _whole(grown, *CACHED)
    running = grown.pop((GAUGE, ""), None)
    finished = {reason: value for (metric, reason), value in grown.items() if metric == "request_success"}
    state.hits_ahead += hits or 0
    if running is None and all(metric in CACHED for metric, _ in grown):
        return None
    cached = None
    if prompt is not None and (hits is not None or state.hits_ahead):
        cached = min(prompt, state.hits_ahead)
        state.hits_ahead -= cached
    return UsageRow(
        started_us=start,
        bucket_s=max(1, round((end - start) / US_PER_S)),
        requests=round(sum(finished.values())) if finished else None,
        model=labels.get("model_name") or "unnamed",
        owner=next((labels[name] for name in OWNERS.get(owner, ()) if name in labels), "") if owner else "",
        context_tokens=0,
        fresh_input_tokens=None if prompt is None else prompt - (cached or 0),
        cached_input_tokens=cached,
        output_tokens=_whole(grown, "generation_tokens"),
        duration_ms=None if running is None else round(running * (end - start) / 1000),
        failed=round(finished["error"]) if "error" in finished else None,
    )


def _whole(grown: Values, *metrics: str) -> int | None:
    return next((round(grown[metric, ""]) for metric in metrics if (metric, "") in grown), None)


VLLM_METRICS = DocumentReader(
    About(
        "vllm_metrics",
        "vLLM /metrics samples (scrapes with their times, or a Prometheus range query)",
        "bucket",
        cached_inside_input=True,
        source_url="https://docs.vllm.ai/en/latest/usage/metrics/",
        checked="vendor's code",
        note=(
            "A counter that falls began again at 0. What was served before the first scrape is not known. Time in "
            "flight is the mean number of running requests times the length of the bucket (Little's law), so its "
            "mean per request is a mean of the period, not a measurement of requests."
        ),
    ),
    matches=matches,
    rows=rows,
    kinds=frozenset({"text", "json", "jsonl"}),
)
