"""Databricks: the system tables of model serving and of the AI gateway."""

from __future__ import annotations

from collections.abc import Mapping

from planner.workload.readers.base import About, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.opened import flag, names
from planner.workload.readers.sql import minus

MODELS = ("entity_name", "served_entity_name", "endpoint_name", "served_entity_id")
"""Names come from a join with system.serving.served_entities; without it the id of the served entity is left."""
FAILED = ">= 400"


def serving(cells: Cells) -> Mapping[str, str]:
    """The table has no cached tokens and no duration."""
    whole = cells.integer("input_token_count")
    return {
        "started_us": cells.instant("request_time"),
        "requests": "1",
        "model": names(cells, MODELS),
        "context_tokens": whole,
        "fresh_input_tokens": whole,
        "output_tokens": cells.integer("output_token_count"),
        "failed": flag(f"{cells.integer('status_code')} {FAILED}"),
        "request_id": cells.name("databricks_request_id"),
    }


def gateway(cells: Cells) -> Mapping[str, str]:
    """Whether cached tokens are inside input is not documented: the row's own total says it."""
    whole, output = cells.integer("input_tokens"), cells.integer("output_tokens")
    read = cells.integer("token_details.cache_read_input_tokens")
    written = cells.integer("token_details.cache_creation_input_tokens")
    beside = f"{cells.integer('total_tokens')} = {whole} + {output} + COALESCE({read}, 0) + COALESCE({written}, 0)"
    fresh = f"CASE WHEN {beside} THEN {whole} ELSE {minus(whole, read, written)} END"
    return {
        "started_us": cells.instant("event_time"),
        "requests": "1",
        "model": names(cells, ("destination_model", "endpoint_name")),
        "task_class": cells.text("api_type"),
        "context_tokens": f"{fresh} + COALESCE({read}, 0) + COALESCE({written}, 0)",
        "fresh_input_tokens": fresh,
        "cached_input_tokens": read,
        "cache_write_tokens": written,
        "output_tokens": output,
        "reasoning_tokens": cells.integer("token_details.output_reasoning_tokens"),
        "duration_ms": cells.integer("latency_ms"),
        "failed": flag(f"{cells.integer('status_code')} {FAILED}"),
        "request_id": cells.name("request_id"),
    }


DATABRICKS = TableReader(
    About(
        "databricks",
        "Databricks system.serving.endpoint_usage",
        "request",
        cached_inside_input=None,
        source_url="https://docs.databricks.com/aws/en/admin/system-tables/model-serving",
        checked="documentation",
        note="Join system.serving.served_entities for the models' names: SELECT u.*, e.entity_name, e.endpoint_name.",
    ),
    needs=frozenset({"databricks_request_id", "request_time", "input_token_count", "output_token_count"}),
    select=serving,
    owners={
        "team": ("usage_context.team",),
        "project": ("usage_context.project", "endpoint_name", "workspace_id"),
        "user": ("requester",),
    },
)
DATABRICKS_GATEWAY = TableReader(
    About(
        "databricks_gateway",
        "Databricks system.ai_gateway.usage",
        "request",
        cached_inside_input=True,
        source_url="https://docs.databricks.com/aws/en/ai-gateway/usage-tracking-beta",
        checked="secondary copy",
        note=(
            "A beta table. Cached tokens are taken as part of input_tokens, unless total_tokens is the sum of input, "
            "output and cached tokens."
        ),
    ),
    needs=frozenset({"event_time", "destination_model", "request_id", "input_tokens", "output_tokens"}),
    select=gateway,
    owners={
        "team": ("request_tags.team",),
        "project": ("request_tags.project", "endpoint_name"),
        "user": ("requester",),
    },
)
