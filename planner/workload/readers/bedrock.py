"""Amazon Bedrock's model invocation log: one record per invocation; its bodies are never read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from planner.workload.readers.base import About, BadRow, DocumentReader, OwnerKind, Shape, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.documents import Document, as_document, children, first, micros, text, whole
from planner.workload.readers.opened import flag
from planner.workload.usage_rows import UsageRow

SOURCE = "https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"
LOG = "ModelInvocationLog"
ARN = r"^arn:[^/]*:"
KIND = r"^(foundation-model|inference-profile)/"
GEOGRAPHY = r"^(us-gov|us|eu|apac|au|jp|ca|sa|me|af|global)\."
"""Prefix of an inference profile that routes between regions."""
NOTE = (
    "Tokens read from and written to a cache lie outside inputTokenCount; the log does not say how long a cache is "
    "kept, so writes count as five-minute ones. The log has no duration. A profile's geography (us., eu., global.) is "
    "taken off the model's name; an application inference profile keeps its own name, as the log does not say its "
    "model."
)
OWNERS: Mapping[OwnerKind, tuple[str, ...]] = {
    "team": ("requestMetadata.team", "requestMetadata.Team"),
    "project": ("requestMetadata.project", "requestMetadata.application", "accountId"),
    "user": ("identity.arn",),
}


def select(cells: Cells) -> Mapping[str, str]:
    """Fresh, read and written tokens are three counts beside each other."""
    model = cells.name("modelId")
    for pattern in (ARN, KIND, GEOGRAPHY):
        model = f"regexp_replace({model}, '{pattern}', '')"
    read, written = cells.integer("input.cacheReadInputTokenCount"), cells.integer("input.cacheWriteInputTokenCount")
    fresh = cells.integer("input.inputTokenCount")
    return {
        "started_us": cells.instant("timestamp"),
        "requests": "1",
        "model": model,
        "task_class": cells.text("operation"),
        "context_tokens": f"{fresh} + COALESCE({read}, 0) + COALESCE({written}, 0)",
        "fresh_input_tokens": fresh,
        "cached_input_tokens": read,
        "cache_write_tokens": written,
        "output_tokens": cells.integer("output.outputTokenCount"),
        "failed": flag(f"{cells.text('errorCode')} <> ''"),
        "request_id": cells.name("requestId"),
    }


def is_invocation(cells: Cells) -> str:
    """Records of other schemas may share the file."""
    return f"{cells.text('schemaType')} = '{LOG}'"


def matches(shape: Shape) -> bool:
    """The wrapper in which CloudWatch hands records out; a bare record is a row of the table."""
    document = as_document(shape.document)
    return document.get("schemaType") != LOG and any(True for _ in _records(document))


def rows(documents: Iterator[object], owner: OwnerKind | None) -> Iterator[UsageRow | BadRow]:
    """One row per record, wherever it lies: bare, in a list or in `message`."""
    for number, document in enumerate(documents, 1):
        for record in _records(document):
            try:
                yield _row(record, owner)
            except ValueError as error:
                yield BadRow(str(error), f"record {record.get('requestId', number)}")


def _records(value: object) -> Iterator[Document]:
    if isinstance(value, list):
        for item in value:
            yield from _records(item)
        return
    record = as_document(value)
    if record.get("schemaType") == LOG:
        yield record
    elif (inner := first(record, "message", "@message")) is not None:
        yield from _records(inner)
    else:
        yield from _records(list(children(record, "events", "logEvents", "results")))


def _row(record: Document, owner: OwnerKind | None) -> UsageRow:
    prompt, answer = as_document(record.get("input")), as_document(record.get("output"))
    fresh, read, written = (
        whole(prompt.get(name)) for name in ("inputTokenCount", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")
    )
    started_us = micros(record.get("timestamp"))
    if started_us is None:
        raise ValueError("no timestamp")
    return UsageRow(
        started_us=started_us,
        requests=1,
        model=model_name(str(record.get("modelId") or "")) or None,
        task_class=str(record.get("operation", "")),
        owner=_owner(record, owner),
        context_tokens=None if fresh is None else fresh + (read or 0) + (written or 0),
        fresh_input_tokens=fresh,
        cached_input_tokens=read,
        cache_write_tokens=written,
        output_tokens=whole(answer.get("outputTokenCount")),
        failed=int(bool(record.get("errorCode"))),
        request_id=text(record.get("requestId")),
    )


def model_name(model_id: str) -> str:
    """The model of an id, of a model's ARN or of a system inference profile's ARN."""
    return re.sub(GEOGRAPHY, "", re.sub(KIND, "", re.sub(ARN, "", model_id)))


def _owner(record: Document, owner: OwnerKind | None) -> str:
    for path in OWNERS.get(owner, ()) if owner is not None else ():
        holder, _, name = path.rpartition(".")
        value = first(as_document(record.get(holder)) if holder else record, name)
        if value is not None:
            return str(value)
    return ""


BEDROCK = TableReader(
    About(
        "bedrock",
        "Amazon Bedrock invocation log",
        "request",
        cached_inside_input=False,
        source_url=SOURCE,
        checked="secondary copy",
        note=NOTE,
    ),
    needs=frozenset({"schemaType", "modelId", "requestId", "timestamp"}),
    select=select,
    where=is_invocation,
    owners=OWNERS,
    kinds=frozenset({"jsonl", "parquet"}),
)
BEDROCK_WRAPPED = DocumentReader(
    About(
        "bedrock_cloudwatch",
        "Amazon Bedrock invocation log from CloudWatch",
        "request",
        cached_inside_input=False,
        source_url=SOURCE,
        checked="secondary copy",
        note=NOTE,
    ),
    matches=matches,
    rows=rows,
)
