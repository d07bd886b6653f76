"""OpenTelemetry GenAI spans as OTLP JSON: one document, or one per line, as the collector writes files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planner.workload.readers import otel
from planner.workload.readers.base import About, BadRow, DocumentReader, OwnerKind, Shape
from planner.workload.readers.documents import Document, as_document, children, first, micros, text, whole
from planner.workload.readers.tiers import tier
from planner.workload.usage_rows import UsageRow

RESOURCES = ("resourceSpans", "resource_spans")
SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans")
ERRORS = (2, "2", "STATUS_CODE_ERROR")


def matches(shape: Shape) -> bool:
    """A document with resourceSpans; of lines, the first level of the first one."""
    if isinstance(shape.document, Mapping):
        return any(name in shape.document for name in RESOURCES)
    return any(column.split(".")[0] in RESOURCES for column in shape.columns)


def rows(documents: Iterator[object], owner: OwnerKind | None) -> Iterator[UsageRow | BadRow]:
    """One row per call of a model; a call that encloses another one of the same document is left out: it repeats it."""
    for document in documents:
        calls = [call for call in _spans(as_document(document)) if _is_model_call(call[0], call[1])]
        outer = {str(span.get("parentSpanId", "")) for span, _, _ in calls}
        for span, attributes, resource in calls:
            if _id(span) not in outer:
                yield _row(span, attributes, resource, owner)


def _spans(document: Document) -> Iterator[tuple[Document, Document, Document]]:
    """Each span with its attributes and those of its resource."""
    for resource in children(document, *RESOURCES):
        about = _attributes(as_document(resource.get("resource")))
        for scope in children(resource, *SCOPES):
            for span in children(scope, "spans"):
                yield span, _attributes(span), about


def _attributes(holder: Document) -> Document:
    """Those that are read at all; messages are not touched."""
    wanted = {*otel.ATTRIBUTES, *(name for names in otel.OWNERS.values() for name in names)}
    pairs = ((item.get("key"), as_document(item.get("value"))) for item in children(holder, "attributes"))
    return {str(key): next(iter(value.values()), None) for key, value in pairs if key in wanted}


def _is_model_call(span: Document, attributes: Document) -> bool:
    operation, kind = attributes.get(otel.OPERATION), attributes.get(otel.LEGACY_KIND)
    if operation is not None:
        return operation in otel.OPERATIONS
    if kind is not None:
        return kind in otel.LEGACY_KINDS
    around = str(span.get("name", "")).startswith(otel.AROUND)
    return not around and first(attributes, *otel.INPUT, *otel.OUTPUT) is not None


def _row(span: Document, attributes: Document, resource: Document, owner: OwnerKind | None) -> UsageRow | BadRow:
    try:
        start, end = micros(first(span, "startTimeUnixNano", "start_time_unix_nano")), _end_us(span)
        counts = {name: whole(first(attributes, *keys)) for name, keys in _COUNTS.items()}
    except ValueError as error:
        return BadRow(str(error), f"span {_id(span)}")
    if start is None:
        return BadRow("no start time", f"span {_id(span)}")
    prompt, read, written = counts["input"], counts["read"], counts["written"]
    fresh = None if prompt is None else prompt - (read or 0) - (written or 0)
    return UsageRow(
        started_us=start,
        requests=1,
        model=text(first(attributes, *otel.MODEL)),
        task_class=str(first(attributes, otel.OPERATION, otel.LEGACY_KIND) or ""),
        owner=_owner(attributes, resource, owner),
        service_tier=tier(first(attributes, *otel.TIER)),
        context_tokens=prompt,
        fresh_input_tokens=fresh,
        cached_input_tokens=read,
        cache_write_tokens=written,
        output_tokens=counts["output"],
        reasoning_tokens=counts["reasoning"],
        duration_ms=None if end is None or end < start else (end - start + 500) // 1000,
        failed=int(_failed(span, attributes)),
        request_id=f"{span.get('traceId', '')}:{_id(span)}",
    )


_COUNTS = {
    "input": otel.INPUT,
    "read": otel.READ,
    "written": otel.WRITTEN,
    "output": otel.OUTPUT,
    "reasoning": otel.REASONING,
}


def _id(span: Document) -> str:
    return str(first(span, "spanId", "span_id") or "")


def _end_us(span: Document) -> int | None:
    return micros(first(span, "endTimeUnixNano", "end_time_unix_nano"))


def _failed(span: Document, attributes: Document) -> bool:
    return as_document(span.get("status")).get("code") in ERRORS or bool(attributes.get(otel.ERROR))


def _owner(attributes: Document, resource: Document, owner: OwnerKind | None) -> str:
    names = otel.OWNERS.get(owner, ()) if owner is not None else ()
    return str(first({**resource, **attributes}, *names) or "")


OTLP = DocumentReader(
    About(
        "otel",
        "OpenTelemetry GenAI spans (OTLP JSON)",
        "request",
        cached_inside_input=True,
        source_url=otel.SPEC,
        checked="documentation",
        note=(
            "Only spans that are one call of a model count: chat, text_completion, generate_content and embeddings. "
            "Of nested calls in one document the innermost counts."
        ),
    ),
    matches=matches,
    rows=rows,
)
