"""LiteLLM's proxy: its table of spend logs (one row per call) and its daily sums per user, team or organisation.

Prompt tokens hold what was read from and written to the provider's cache, for every provider; the parts are in the
row's metadata. Completion tokens hold reasoning.
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.workload.readers.base import About, OwnerKind, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.sql import minus, ms_between

SPEND = frozenset({"request_id", "call_type", "api_key", "spend", "prompt_tokens", "completion_tokens", "model"})
SOURCE = "https://docs.litellm.ai/docs/proxy/cost_tracking"
ADDED, USED = "metadata.additional_usage_values", "metadata.usage_object"
DETAILS = tuple(f"{place}.prompt_tokens_details" for place in (ADDED, USED))
CACHED = (
    "cache_read_input_tokens",
    f"{ADDED}.cache_read_input_tokens",
    f"{USED}.cache_read_input_tokens",
    *(f"{details}.cached_tokens" for details in DETAILS),
)
WRITTEN = (
    "cache_creation_input_tokens",
    f"{ADDED}.cache_creation_input_tokens",
    f"{USED}.cache_creation_input_tokens",
    *(f"{details}.cache_creation_tokens" for details in DETAILS),
)
WRITTEN_1H = tuple(f"{details}.cache_creation_token_details.ephemeral_1h_input_tokens" for details in DETAILS)
REASONING = tuple(f"{place}.completion_tokens_details.reasoning_tokens" for place in (ADDED, USED))
OWNERS: dict[OwnerKind, tuple[str, ...]] = {
    "team": ("team_alias", "metadata.user_api_key_team_alias", "team_id"),
    "project": ("project_id", "metadata.user_api_key_project_id", "organization_id"),
    "key": ("key_alias", "metadata.user_api_key_alias", "api_key"),
    "user": ("user", "user_id", "end_user"),
}
ALIASES = frozenset({"key_alias", "metadata.user_api_key_alias", "api_key"})
"""LiteLLM itself writes a key as its SHA-256."""
CLASSES = {
    "embedding": "embedding",
    "transcription": "transcription",
    "speech": "speech",
    "image": "image",
    "rerank": "rerank",
    "moderation": "moderation",
}
"""Part of a call type -> class of task; a completion has none."""


def select(cells: Cells) -> Mapping[str, str]:
    """Columns of "LiteLLM_SpendLogs". A failed call that counts no tokens has unknown ones, not none."""
    started, ended = cells.in_utc().instant("startTime"), cells.in_utc().instant("endTime")
    whole, output = cells.integer("prompt_tokens"), cells.integer("completion_tokens")
    cached, written, written_1h = (_first_known(cells, names) for names in (CACHED, WRITTEN, WRITTEN_1H))
    failed = f"LOWER({cells.text('status', 'metadata.status')}) IN ('failure', 'failed', 'error')"
    unanswered = f"{failed} AND COALESCE({whole}, 0) + COALESCE({output}, 0) = 0"
    measured = ms_between(started, ended)
    took = cells.scaled(1, "request_duration_ms")
    return {
        "started_us": started,
        "requests": "1",
        "model": cells.name("model"),
        "task_class": _task_class(cells),
        "service_tier": f"CASE WHEN LOWER({cells.text('call_type')}) LIKE '%batch%' THEN 'batch' ELSE 'standard' END",
        "context_tokens": f"CASE WHEN NOT ({unanswered}) THEN {whole} END",
        "fresh_input_tokens": f"CASE WHEN NOT ({unanswered}) THEN {minus(whole, cached, written)} END",
        "cached_input_tokens": cached,
        "cache_write_tokens": minus(written, written_1h),
        "cache_write_1h_tokens": written_1h,
        "output_tokens": f"CASE WHEN NOT ({unanswered}) THEN {output} END",
        "reasoning_tokens": _first_known(cells, REASONING),
        "duration_ms": f"COALESCE({took}, {measured})" if cells.has("request_duration_ms") else measured,
        "failed": f"CASE WHEN {failed} THEN 1 ELSE 0 END",
        "cost_nano": cells.nano("spend"),
        "currency": "'USD'",
        "request_id": cells.name("request_id"),
    }


def is_call(cells: Cells) -> str:
    """An answer out of the proxy's own cache calls no model: it is no demand and costs nothing."""
    return f"NOT {cells.flag('cache_hit')}"


def _first_known(cells: Cells, names: tuple[str, ...]) -> str:
    values = [cells.integer(name) for name in names if cells.has(name)]
    return f"COALESCE({', '.join(values)}, NULL)" if values else "CAST(NULL AS BIGINT)"


def _task_class(cells: Cells) -> str:
    kind = f"LOWER({cells.text('call_type')})"
    cases = " ".join(f"WHEN {kind} LIKE '%{part}%' THEN '{name}'" for part, name in CLASSES.items())
    return f"CASE {cases} ELSE '' END"


def select_daily(cells: Cells) -> Mapping[str, str]:
    """Columns of "LiteLLM_DailyUserSpend" and of its likes for teams, organisations, customers and agents."""
    cached, written = cells.integer("cache_read_input_tokens"), cells.integer("cache_creation_input_tokens")
    return {
        "started_us": cells.in_utc().instant("date"),
        "bucket_s": "86400",
        "requests": cells.integer("api_requests"),
        "model": cells.name("model"),
        "fresh_input_tokens": minus(cells.integer("prompt_tokens"), cached, written),
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "output_tokens": cells.integer("completion_tokens"),
        "duration_ms": cells.scaled(1, "total_response_time_ms"),
        "failed": cells.integer("failed_requests"),
        "cost_nano": cells.nano("spend"),
        "currency": "'USD'",
        "request_id": cells.name("id"),
    }


LITELLM = TableReader(
    About(
        "litellm",
        "LiteLLM spend logs (LiteLLM_SpendLogs: table, CSV or JSON)",
        "request",
        cached_inside_input=True,
        source_url=SOURCE,
        checked="vendor's code",
        note="Cached tokens from the metadata column, unknown without it. Answers from the proxy's own cache are left "
        "out. Tags are not read as classes: a call has several, some of them programs. Any column can be mapped.",
    ),
    needs=SPEND | {"startTime", "endTime"},
    select=select,
    where=is_call,
    owners=OWNERS,
    aliases=ALIASES,
    kinds=frozenset({"csv", "parquet", "jsonl", "json"}),
)
LITELLM_DAILY = TableReader(
    About(
        "litellm_daily",
        "LiteLLM daily spend (LiteLLM_DailyUserSpend and its likes)",
        "bucket",
        cached_inside_input=True,
        source_url=SOURCE,
        checked="vendor's code",
        note="Days in UTC. The table of tags is refused: a call with two tags is in it twice.",
    ),
    needs=frozenset(
        {"date", "api_key", "model", "spend", "prompt_tokens", "completion_tokens", "api_requests", "failed_requests"}
    ),
    select=select_daily,
    owners=OWNERS,
    aliases=ALIASES,
    kinds=frozenset({"csv", "parquet", "jsonl", "json"}),
    unlike=frozenset({"tag"}),
)
