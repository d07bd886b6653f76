"""Helicone's export of requests: its CSV (both names of the cost column), and the API's rows as JSON lines or a list.

Prompt tokens are those not read from a cache, completion tokens those that are not reasoning; the CSV leaves cached
tokens and reasoning out.
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.workload.readers.base import About, OwnerKind, TableReader
from planner.workload.readers.cells import NULL_INT, Cells
from planner.workload.readers.sql import plus

OWNERS: dict[OwnerKind, tuple[str, ...]] = {"user": ("request_user_id",)}


def select(cells: Cells) -> Mapping[str, str]:
    """Latency is in milliseconds; the API calls it delay_ms, and the model request_model."""
    fresh, cached = cells.integer("prompt_tokens"), cells.integer("prompt_cache_read_tokens")
    written, thought = cells.integer("prompt_cache_write_tokens"), cells.integer("reasoning_tokens")
    said = cells.integer("completion_tokens")
    status = cells.integer("response_status")
    return {
        "started_us": cells.instant("request_created_at"),
        "requests": "1",
        "model": _first_filled(cells, "model", "response_model", "request_model"),
        "context_tokens": plus(fresh, cached, written),
        "fresh_input_tokens": fresh,
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "output_tokens": said if thought == NULL_INT else plus(said, thought),
        "reasoning_tokens": thought,
        "duration_ms": f"COALESCE({cells.scaled(1, 'latency')}, {cells.scaled(1, 'delay_ms')})",
        "failed": f"CASE WHEN {status} < 0 OR {status} >= 400 THEN 1 WHEN {status} IS NOT NULL THEN 0 END",
        "cost_nano": cells.nano("cost", "cost_usd", "costUSD"),
        "currency": "'USD'",
        "request_id": _first_filled(cells, "request_id", "response_id"),
    }


def _first_filled(cells: Cells, *names: str) -> str:
    return f"COALESCE({', '.join(cells.name(name) for name in names)})"


_TABLE = frozenset(
    {"response_id", "response_status", "request_created_at", "prompt_tokens", "completion_tokens", "latency", "model"}
)
HELICONE = TableReader(
    About(
        "helicone",
        "Helicone requests (CSV, JSON lines or JSON of its export)",
        "request",
        cached_inside_input=False,
        source_url="https://docs.helicone.ai/tools/export",
        checked="vendor's code",
        note="The CSV has no cached and no reasoning tokens: their cost is in its cost column, not in its tokens; one "
        "whose model or latency is empty (the API has other names for them) is better exported as JSON lines.",
    ),
    needs=_TABLE,
    or_needs=(_TABLE - {"latency", "model"} | {"delay_ms", "request_model"},),
    select=select,
    owners=OWNERS,
    kinds=frozenset({"csv", "parquet", "jsonl", "json"}),
)
