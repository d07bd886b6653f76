"""Azure OpenAI metrics of Azure Monitor: buckets of a minute or longer, by deployment and model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from planner.workload.readers.base import About, BadRow, DocumentReader, OwnerKind, Shape, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.documents import Document, as_document, children, first, micros, text, whole
from planner.workload.usage_rows import UsageRow

SOURCE = "https://learn.microsoft.com/azure/ai-services/openai/monitor-openai-reference"
INPUT = ("processedprompttokens", "inputtokens")
OUTPUT = ("generatedtokens", "outputtokens")
REQUESTS = ("azureopenairequests", "modelrequests")
"""Names since Azure OpenAI, and the same counts as Foundry resources name them; the first that a key has counts."""
FAILED_FROM = 400
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
OWNERS: Mapping[OwnerKind, tuple[str, ...]] = {
    "team": ("modeldeploymentname",),
    "project": ("modeldeploymentname",),
    "key": ("modeldeploymentname",),
}
NOTE = (
    "Ask for --aggregation Total and split by ModelDeploymentName and ModelName. Cached tokens are part of the prompt "
    "tokens and are not told apart; requests are split by StatusCode to know the failed ones."
)


@dataclass
class _Bucket:
    """What is known of one minute of one deployment."""

    input: dict[str, int] = field(default_factory=dict)
    output: dict[str, int] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    failed: int | None = None


Key = tuple[int, str, str]
"""Start in microseconds, model, deployment."""


def matches(shape: Shape) -> bool:
    """The answer of a metrics query that has one of the counts above."""
    return any(_name(metric) in (*INPUT, *OUTPUT, *REQUESTS) for metric in _metrics(shape.document))


def rows(documents: Iterator[object], owner: OwnerKind | None) -> Iterator[UsageRow | BadRow]:
    """One row per bucket and deployment, its metrics side by side."""
    for document in documents:
        buckets: dict[Key, _Bucket] = {}
        bucket_s = _bucket_s(as_document(document))
        for metric in _metrics(document):
            yield from _add(buckets, metric)
        for (start, model, deployment), bucket in sorted(buckets.items()):
            yield UsageRow(
                started_us=start,
                bucket_s=bucket_s or _spacing_s(buckets),
                requests=_first(bucket.requests, REQUESTS),
                model=model or deployment or "unnamed",
                owner=deployment if owner is not None and owner != "user" else "",
                context_tokens=0,
                fresh_input_tokens=_first(bucket.input, INPUT),
                output_tokens=_first(bucket.output, OUTPUT),
                failed=bucket.failed,
            )


def _metrics(document: object) -> Iterator[Document]:
    yield from children(as_document(document), "value")


def _name(metric: Document) -> str:
    return str(as_document(metric.get("name")).get("value", "")).lower()


def _add(buckets: dict[Key, _Bucket], metric: Document) -> Iterator[BadRow]:
    name = _name(metric)
    for series in children(metric, "timeseries"):
        about = {
            str(as_document(item.get("name")).get("value", "")).lower(): str(item.get("value", ""))
            for item in children(series, "metadatavalues")
        }
        for point in children(series, "data"):
            try:
                _count(buckets, name, about, point)
            except ValueError as error:
                yield BadRow(str(error), f"{name} {point.get('timeStamp', '')}")


def _count(buckets: dict[Key, _Bucket], name: str, about: Mapping[str, str], point: Document) -> None:
    total, start = whole(point.get("total")), micros(first(point, "timeStamp", "timestamp"))
    if total is None or start is None:
        return
    key = (start, about.get("modelname", ""), about.get("modeldeploymentname", ""))
    if name in (*INPUT, *OUTPUT, *REQUESTS):
        bucket = buckets.setdefault(key, _Bucket())
        counts = bucket.input if name in INPUT else bucket.output if name in OUTPUT else bucket.requests
        counts[name] = counts.get(name, 0) + total
        status = about.get("statuscode", "")
        if name in REQUESTS and status.isdigit():
            bucket.failed = (bucket.failed or 0) + (total if int(status) >= FAILED_FROM else 0)


def _first(counts: Mapping[str, int], names: Iterable[str]) -> int | None:
    return next((counts[name] for name in names if name in counts), None)


def _bucket_s(document: Document) -> int:
    """Seconds of the interval that was asked for; 0 where it is not said."""
    found = _DURATION.fullmatch(text(document.get("interval")) or "")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _spacing_s(buckets: Iterable[Key]) -> int:
    """The shortest time between two buckets; a minute, the finest that the service keeps, where there is but one."""
    starts = sorted({start for start, _, _ in buckets})
    return min((b - a for a, b in pairwise(starts)), default=60_000_000) // 1_000_000


def select(cells: Cells) -> Mapping[str, str]:
    """Each row is one metric of one bucket, so each fills its own count."""
    name = f"LOWER({cells.text('MetricName')})"
    total = cells.integer("Total")

    def when(metric: str) -> str:
        return f"CASE WHEN {name} = '{metric}' THEN {total} END"

    return {
        "started_us": cells.instant("TimeGenerated"),
        "bucket_s": f"CASE {cells.text('TimeGrain')} WHEN 'PT1H' THEN 3600 WHEN 'P1D' THEN 86400 ELSE 60 END",
        "requests": when(REQUESTS[0]),
        "model": cells.text("Resource", default="unnamed"),
        "context_tokens": "0",
        "fresh_input_tokens": when(INPUT[0]),
        "output_tokens": when(OUTPUT[0]),
    }


def is_count(cells: Cells) -> str:
    """The three counts, under the names that Azure OpenAI gives them."""
    return f"LOWER({cells.text('MetricName')}) IN {(INPUT[0], OUTPUT[0], REQUESTS[0])}"


AZURE_METRICS = DocumentReader(
    About("azure_metrics", "Azure OpenAI metrics (az monitor)", "bucket", None, SOURCE, "documentation", NOTE),
    matches=matches,
    rows=rows,
)
AZURE_METRICS_TABLE = TableReader(
    About(
        "azure_metrics_table",
        "Azure OpenAI metrics (AzureMetrics of Log Analytics)",
        "bucket",
        None,
        "https://learn.microsoft.com/azure/azure-monitor/reference/tables/azuremetrics",
        "documentation",
        "The table has no dimensions: the resource stands where the model would. Map it to a model by hand.",
    ),
    needs=frozenset({"TimeGenerated", "MetricName", "Total", "TimeGrain"}),
    select=select,
    where=is_count,
    owners={"project": ("ResourceGroup",), "team": ("ResourceGroup",)},
)
