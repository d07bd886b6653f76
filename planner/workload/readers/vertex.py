"""Gemini on Google Cloud: the request-response log in BigQuery, and rows with usageMetadata."""

from __future__ import annotations

from collections.abc import Mapping

from planner.workload.readers.base import About, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.opened import coalesced, flag, instant, integers, names
from planner.workload.readers.sql import minus, plus

TIMES = ("logging_time", "timestamp", "start_time", "create_time", "createTime", "time")
HOLDERS = ("full_response.usageMetadata.", "response.usageMetadata.", "usageMetadata.", "")
SNAKE_HOLDERS = ("usage_metadata.", "")
CLAUDE = "full_response.usage."
"""Claude on Google Cloud answers in its own words, its cached tokens beside the input."""


def select(cells: Cells) -> Mapping[str, str]:
    """The cached part is inside the prompt; thoughts and tool-use prompts are beside candidates and prompt."""
    gemini, tool = _count(cells, "promptTokenCount"), _count(cells, "toolUsePromptTokenCount")
    cached, thoughts = _count(cells, "cachedContentTokenCount"), _count(cells, "thoughtsTokenCount")
    claude, read = cells.integer(f"{CLAUDE}input_tokens"), cells.integer(f"{CLAUDE}cache_read_input_tokens")
    written = cells.integer(f"{CLAUDE}cache_creation_input_tokens")
    answered = plus(_count(cells, "candidatesTokenCount"), thoughts)
    return {
        "started_us": instant(cells, TIMES),
        "requests": "1",
        "model": f"regexp_replace({names(cells, ('model', 'model_id', 'model_name', 'modelVersion'))}, '^.*/', '')",
        "task_class": cells.text("api_method"),
        "context_tokens": coalesced([plus(gemini, tool), plus(claude, read, written)], "NULL"),
        "fresh_input_tokens": coalesced([minus(plus(gemini, tool), cached), claude], "NULL"),
        "cached_input_tokens": coalesced([cached, read], "NULL"),
        "cache_write_tokens": written,
        "output_tokens": coalesced([answered, cells.integer(f"{CLAUDE}output_tokens")], "NULL"),
        "reasoning_tokens": thoughts,
        "duration_ms": cells.scaled(1, "metadata.request_latency"),
        "failed": flag(f"{cells.text('full_response.error.code')} <> ''"),
        "request_id": cells.name("request_id"),
    }


def _count(cells: Cells, name: str) -> str:
    snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    return integers(cells, (*(f"{h}{name}" for h in HOLDERS), *(f"{h}{snake}" for h in SNAKE_HOLDERS)))


VERTEX = TableReader(
    About(
        "vertex",
        "Gemini on Google Cloud (request-response log, usageMetadata)",
        "request",
        cached_inside_input=True,
        source_url="https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/request-response-logging",
        checked="documentation",
        note=(
            "promptTokenCount holds the cached part; thoughts are added to the candidates. With a sampling rate below "
            "1 the log holds that share of the requests only: multiply, or log everything."
        ),
    ),
    needs=frozenset({"logging_time", "full_response"}),
    or_needs=(
        frozenset({"logging_time", "full_response.usageMetadata.promptTokenCount"}),
        frozenset({"logging_time", "full_response.usage.input_tokens"}),
        frozenset({"promptTokenCount", "candidatesTokenCount"}),
        frozenset({"prompt_token_count", "candidates_token_count"}),
        frozenset({"usageMetadata.promptTokenCount", "usageMetadata.candidatesTokenCount"}),
        frozenset({"response.usageMetadata.promptTokenCount", "response.usageMetadata.candidatesTokenCount"}),
        frozenset({"usage_metadata.prompt_token_count", "usage_metadata.candidates_token_count"}),
    ),
    select=select,
    owners={
        "team": ("full_request.labels.team", "labels.team"),
        "project": ("full_request.labels.app", "labels.app", "project_id"),
        "user": ("full_request.labels.user", "labels.user"),
    },
)
