"""A plain table: one request per row, with names that people use; or any names, mapped by hand."""

from __future__ import annotations

from collections.abc import Mapping

from planner.workload.readers.base import About, TableReader
from planner.workload.readers.cells import Cells

TIMES = ("timestamp", "started_at", "start_time", "time", "created_at", "date")
INPUTS = ("input_tokens", "prompt_tokens", "input_total", "contexttokens", "request tokens")
OUTPUTS = ("output_tokens", "completion_tokens", "generatedtokens", "response tokens")
CACHED = ("cached_input_tokens", "cached_tokens", "cached_read")
WRITTEN = ("cache_write_tokens", "cache_write_5m")
WRITTEN_1H = ("cache_write_1h_tokens", "cache_write_1h")


def select(cells: Cells) -> Mapping[str, str]:
    """Cached and written tokens lie inside input, as most exports of one row per request have it."""
    whole, cached = cells.integer(*INPUTS), cells.integer(*CACHED)
    written, written_1h = cells.integer(*WRITTEN), cells.integer(*WRITTEN_1H)
    inside = " - ".join(f"COALESCE({part}, 0)" for part in (cached, written, written_1h))
    return {
        "started_us": cells.instant(*TIMES),
        "requests": "1",
        "model": cells.text("model", default="unnamed"),
        "task_class": cells.text("task_class", "class"),
        "service_tier": cells.text("service_tier", "tier", default="standard"),
        "context_tokens": whole,
        "fresh_input_tokens": f"{whole} - {inside}",
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "cache_write_1h_tokens": written_1h,
        "output_tokens": cells.integer(*OUTPUTS),
        "reasoning_tokens": cells.integer("reasoning_tokens"),
        "duration_ms": cells.integer("duration_ms", "latency_ms"),
        "cost_nano": cells.nano("cost_usd"),
        "currency": "'USD'" if cells.has("cost_usd") else "''",
        "request_id": cells.raw("request_id"),
    }


PLAIN = TableReader(
    About(
        "plain",
        "Plain table: timestamp, model, input_tokens, output_tokens",
        "request",
        cached_inside_input=True,
        source_url="",
        checked="documentation",
        note="Names of our own; any other names can be mapped to them.",
    ),
    needs=frozenset({"timestamp", "input_tokens", "output_tokens"}),
    select=select,
    owners={"team": ("team",), "project": ("project",), "key": ("api_key", "key"), "user": ("user", "user_id")},
)
