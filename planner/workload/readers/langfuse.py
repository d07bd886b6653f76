"""Langfuse's observations: the export to blob storage (Parquet, CSV, JSON, JSON lines), the API's and the UI's form.

Langfuse counts each kind of token once: cached tokens are not in `input`, reasoning is not in `output`. Where somebody
reported them otherwise, the total tells: it equals input + output, and the parts lie inside.
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.workload.readers.base import About, OwnerKind, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.sql import minus, ms_between, plus

USAGE = ("usage_details", "usageDetails", "usage")
CACHED = ("input_cached_tokens", "input_cache_read", "input_cache_read_input_tokens", "cache_read_input_tokens")
WRITTEN = (
    "input_cache_creation",
    "input_cache_creation_input_tokens",
    "cache_creation_input_tokens",
    "input_cache_write_tokens",
    "input_cache_creation_5m",
)
WRITTEN_1H = ("input_cache_creation_1h",)
OTHER_INPUT = ("input_text_tokens", "input_audio_tokens", "input_image_tokens", "input_audio", "input_image")
REASONING = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens")
OTHER_OUTPUT = (
    "output_text_tokens",
    "output_audio_tokens",
    "output_audio",
    "output_accepted_prediction_tokens",
    "output_rejected_prediction_tokens",
)
OWNERS: dict[OwnerKind, tuple[str, ...]] = {
    "project": ("project_id", "projectId"),
    "user": ("user_id", "userId"),
}


def select(cells: Cells) -> Mapping[str, str]:
    """One generation per row. Its duration is the end less the start: `latency` is in seconds or in milliseconds,
    by the age of the integration."""
    started, ended = (cells.in_utc().instant(f"{end}_time", f"{end}Time") for end in ("start", "end"))
    used = (cells.first(*(f"{name}.{part}" for name in USAGE for part in ("input", "output"))) or USAGE[0]).split(".")[
        0
    ]
    given, answered = cells.integer(f"{used}.input"), cells.integer(f"{used}.output")
    cached, written, written_1h = (_sum(cells, used, names) for names in (CACHED, WRITTEN, WRITTEN_1H))
    thought = _sum(cells, used, REASONING)
    inside = f"({cells.integer(f'{used}.total')} = COALESCE({given}, 0) + COALESCE({answered}, 0))"
    prompt = plus(given, _sum(cells, used, OTHER_INPUT))
    return {
        "started_us": started,
        "requests": "1",
        "model": cells.name("provided_model_name", "providedModelName", "model"),
        "context_tokens": f"CASE WHEN {inside} THEN {prompt} ELSE {plus(prompt, cached, written, written_1h)} END",
        "fresh_input_tokens": f"CASE WHEN {inside} THEN {minus(prompt, cached, written, written_1h)} ELSE {prompt} END",
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": written_1h,
        "output_tokens": f"CASE WHEN {inside} THEN {answered} "
        f"ELSE {plus(answered, _sum(cells, used, OTHER_OUTPUT), thought)} END",
        "reasoning_tokens": thought,
        "duration_ms": ms_between(started, ended),
        "failed": f"CASE WHEN UPPER({cells.text('level')}) = 'ERROR' THEN 1 ELSE 0 END",
        "cost_nano": cells.nano("total_cost", "totalCost", "calculatedTotalCost"),
        "currency": "'USD'",
        "request_id": cells.name("id"),
    }


def is_generation(cells: Cells) -> str:
    """Spans and events around a call of a model are none."""
    return f"UPPER({cells.text('type')}) = 'GENERATION'"


def _sum(cells: Cells, used: str, keys: tuple[str, ...]) -> str:
    """Sum of the keys that a row has; NULL when it has none."""
    values = [f"({cells.integer(f'{used}.{key}')})" for key in keys]
    known = " + ".join(f"COALESCE({value}, 0)" for value in values)
    return f"CASE WHEN COALESCE({', '.join(values)}) IS NOT NULL THEN {known} END" if len(values) > 1 else values[0]


def _shape(trace: str, start: str, model: str, usage: str) -> frozenset[str]:
    return frozenset({"id", trace, "type", start, model, usage})


_FORMS = (
    ("trace_id", "start_time", "provided_model_name", "usage_details"),
    ("traceId", "startTime", "providedModelName", "usageDetails"),
    ("traceId", "startTime", "model", "usageDetails"),
    ("traceId", "startTime", "model", "usage"),
)
_SHAPES = tuple(_shape(*form) for form in _FORMS)
_OPENED = tuple(_shape(*form[:3], f"{form[3]}.input") for form in _FORMS)
LANGFUSE = TableReader(
    About(
        "langfuse",
        "Langfuse observations (blob storage, API or UI export)",
        "request",
        cached_inside_input=False,
        source_url="https://langfuse.com/docs/api-and-data-platform/features/blob-storage-export-fields",
        checked="documentation",
        note="Only generations. How cached tokens are counted is held against Langfuse's own code.",
    ),
    needs=_SHAPES[0],
    or_needs=(*_SHAPES[1:], *_OPENED),
    select=select,
    where=is_generation,
    owners=OWNERS,
    kinds=frozenset({"csv", "parquet", "jsonl", "json"}),
)
