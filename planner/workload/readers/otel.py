"""OpenTelemetry GenAI spans: the names of the convention, and a table or map column of span attributes."""

from __future__ import annotations

from collections.abc import Mapping

from planner.workload.readers.base import About, OwnerKind, TableReader
from planner.workload.readers.cells import NULL_INT, Cells
from planner.workload.readers.opened import coalesced, flag, instant, integers, names, opened, texts
from planner.workload.readers.sql import minus, ms_between
from planner.workload.readers.tiers import tier_sql

SPEC = "https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/registry/attributes/gen-ai.md"
OPERATIONS = ("chat", "text_completion", "generate_content", "embeddings")
"""Operations that are one call of a model; the spans of agents and tools around them repeat their tokens."""
LEGACY_KINDS = ("chat", "completion", "embedding")
OPERATION, LEGACY_KIND = "gen_ai.operation.name", "llm.request.type"
INPUT = ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.usage.prompt_tokens")
OUTPUT = ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.usage.completion_tokens")
READ = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.input_cached_tokens",
    "gen_ai.usage.cached_tokens",
)
WRITTEN = ("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens")
REASONING = ("gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens")
MODEL = ("gen_ai.response.model", "gen_ai.request.model")
TIER = (
    "openai.response.service_tier",
    "gen_ai.openai.response.service_tier",
    "openai.request.service_tier",
    "gen_ai.openai.request.service_tier",
)
ERROR = "error.type"
OWNERS: Mapping[OwnerKind, tuple[str, ...]] = {
    "team": ("team", "team.id", "service.namespace"),
    "project": ("service.name", "gen_ai.agent.name"),
    "key": ("gen_ai.api_key.id",),
    "user": ("user.id", "enduser.id"),
}
COUNTS = (*INPUT, *OUTPUT, *READ, *WRITTEN, *REASONING)
ATTRIBUTES = (OPERATION, LEGACY_KIND, *COUNTS, *MODEL, *TIER, ERROR)
"""All that is read of a span's attributes: never a message."""

PREFIXES = ("", "attributes.", "span_attributes.", "spanattributes.")
MAPS = ("attributes", "span_attributes", "spanattributes")
RESOURCES = ("resource.attributes.", "resource_attributes.", "resourceattributes.", "resource.")
STARTS = ("startTimeUnixNano", "start_time_unix_nano", "start_time", "startTime", "Timestamp")
ENDS = ("endTimeUnixNano", "end_time_unix_nano", "end_time", "endTime")
STATUS = ("status.code", "status.status_code", "StatusCode", "status_code")
AROUND = ("invoke_agent", "create_agent", "execute_tool")
"""Beginnings of the names of spans around a call."""
TRACE, SPAN = ("traceId", "trace_id", "context.trace_id"), ("spanId", "span_id", "context.span_id")


def select(cells: Cells) -> Mapping[str, str]:
    """Input holds what is read from and written to a cache, by the convention; a map column is opened first."""
    cells = _opened(cells)
    whole, read, written = (integers(cells, _spelled(keys)) for keys in (INPUT, READ, WRITTEN))
    trace, span = texts(cells, TRACE), texts(cells, SPAN)
    return {
        "started_us": instant(cells, STARTS),
        "requests": "1",
        "model": names(cells, _spelled(MODEL)),
        "task_class": texts(cells, _spelled((OPERATION, LEGACY_KIND))),
        "service_tier": tier_sql(texts(cells, _spelled(TIER))),
        "context_tokens": whole,
        "fresh_input_tokens": minus(whole, read, written),
        "cached_input_tokens": read,
        "cache_write_tokens": written,
        "output_tokens": integers(cells, _spelled(OUTPUT)),
        "reasoning_tokens": integers(cells, _spelled(REASONING)),
        "duration_ms": _duration_ms(cells),
        "failed": _failed(cells),
        "request_id": f"NULLIF({trace} || ':' || {span}, ':')",
    }


def is_model_call(cells: Cells) -> str:
    """One call of a model: by its operation, or without one, by its tokens and not being an agent's or a tool's."""
    cells = _opened(cells)
    operation, kind = texts(cells, _spelled((OPERATION,))), texts(cells, _spelled((LEGACY_KIND,)))
    counted = names(cells, _spelled((*INPUT, *OUTPUT)))
    name = f"LOWER({texts(cells, ('name', 'SpanName', 'span_name'))})"
    around = " OR ".join(f"{name} LIKE '{word}%'" for word in AROUND)
    return (
        f"({operation} IN {OPERATIONS} OR ({operation} = '' AND ({kind} IN {LEGACY_KINDS} "
        f"OR ({kind} = '' AND {counted} IS NOT NULL AND NOT ({around})))))"
    )


def _opened(cells: Cells) -> Cells:
    keys = {*ATTRIBUTES, *(name for found in OWNERS.values() for name in found)}
    for column in ("", *MAPS):
        cells = opened(cells, column, sorted(keys)) if column or cells.line else cells
    return cells


def _spelled(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{prefix}{key}" for key in keys for prefix in PREFIXES)


def _duration_ms(cells: Cells) -> str:
    """End less start, or the exporter's Duration in nanoseconds."""
    lasted = integers(cells, ("duration_ns", "Duration"))
    found = [ms_between(instant(cells, STARTS), instant(cells, ENDS))] if cells.first(*ENDS) else []
    found += [f"CAST(ROUND({lasted} / 1000000.0) AS BIGINT)"] if lasted != NULL_INT else []
    return coalesced(found, NULL_INT)


def _failed(cells: Cells) -> str:
    status, error = texts(cells, STATUS), names(cells, _spelled((ERROR,)))
    return flag(f"UPPER({status}) IN ('2', 'ERROR', 'STATUS_CODE_ERROR') OR {error} IS NOT NULL")


def _needs(prefix: str, keys: tuple[str, str]) -> frozenset[str]:
    return frozenset(f"{prefix}gen_ai.usage.{key}" for key in keys)


NEW, OLD = ("input_tokens", "output_tokens"), ("prompt_tokens", "completion_tokens")
OTEL_TABLE = TableReader(
    About(
        "otel_table",
        "OpenTelemetry GenAI spans as a table",
        "request",
        cached_inside_input=True,
        source_url=SPEC,
        checked="documentation",
        note=(
            "Only spans that are one call of a model count: chat, text_completion, generate_content and embeddings. "
            "If two instrumentations record the same call, both rows count: export one of them."
        ),
    ),
    needs=_needs("", NEW),
    or_needs=(
        *(_needs(prefix, keys) for prefix in PREFIXES for keys in (NEW, OLD)),
        frozenset({"SpanAttributes", "SpanName", "TraceId", "Timestamp"}),
        frozenset({"attributes", "trace_id", "span_id", "start_time"}),
        frozenset({"attributes", "traceId", "spanId", "startTimeUnixNano"}),
    ),
    select=select,
    where=is_model_call,
    owners={
        kind: tuple(f"{prefix}{name}" for name in found for prefix in (*PREFIXES, *RESOURCES))
        for kind, found in OWNERS.items()
    },
)
