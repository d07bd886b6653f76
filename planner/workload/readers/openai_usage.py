"""OpenAI's usage: pages of `/v1/organization/usage/completions`, and the dashboard's CSV of the same columns.

Input holds cached and cache-write tokens, output holds reasoning (which is not told apart). A bucket has one row for
each combination that the export is grouped by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planner.workload.readers import pages
from planner.workload.readers.base import About, BadRow, DocumentReader, OwnerKind, Shape, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.documents import Document
from planner.workload.readers.pages import Period, Span, said, whole
from planner.workload.readers.sql import minus, seconds_between
from planner.workload.readers.tiers import tier, tier_sql
from planner.workload.usage_rows import UsageRow

SPAN = Span("start_time", "end_time")
OWNERS: dict[OwnerKind, tuple[str, ...]] = {
    "project": ("project_name", "project_id"),
    "key": ("api_key_id",),
    "user": ("user_id", "user_email"),
}
TIMES = frozenset({"start_time", "end_time", "start_time_iso", "end_time_iso"})
WITHOUT_OUTPUT = ("organization.usage.embeddings.result", "organization.usage.moderations.result")
SOURCE = "https://platform.openai.com/docs/api-reference/usage/completions"


def select(cells: Cells) -> Mapping[str, str]:
    """Columns of the dashboard's CSV; numbers are written as 4.0 there."""
    started, ended = (cells.in_utc().instant(f"{end}_time", f"{end}_time_iso") for end in ("start", "end"))
    cached, written = cells.integer("input_cached_tokens"), cells.integer("input_cache_write_tokens")
    return {
        "started_us": started,
        "bucket_s": seconds_between(started, ended),
        "requests": cells.integer("num_model_requests"),
        "model": cells.name("model"),
        "service_tier": tier_sql(cells.text("service_tier"), cells.flag("batch")),
        "fresh_input_tokens": minus(cells.integer("input_tokens"), cached, written),
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "output_tokens": cells.integer("output_tokens"),
    }


def is_used(cells: Cells) -> str:
    """A bucket without usage is written as a row of its times alone."""
    return f"({cells.name('input_tokens')} IS NOT NULL OR {cells.name('num_model_requests')} IS NOT NULL)"


def _matches(shape: Shape) -> bool:
    """Results of the usage API, or buckets that are all empty."""
    there, result = pages.results(shape, SPAN)
    kind = str(result.get("object", ""))
    counted = "input_tokens" in result and "num_model_requests" in result
    return there and (not result or kind.startswith("organization.usage.") or (not kind and counted))


def _rows(documents: Iterator[object], owner: OwnerKind | None) -> Iterator[UsageRow | BadRow]:
    names = OWNERS.get(owner, ()) if owner else ()
    yield from pages.rows(documents, SPAN, lambda result, period: _row(result, period, names))


def _row(result: Document, period: Period, owner: tuple[str, ...]) -> UsageRow | BadRow | None:
    if "amount" in result:
        return BadRow("a result of the costs API among those of the usage API: keep them in files of their own")
    if "input_tokens" not in result:
        return None
    kind = result.get("object")
    cached, written = whole(result.get("input_cached_tokens")), whole(result.get("input_cache_write_tokens"))
    total = whole(result.get("input_tokens"))
    return UsageRow(
        started_us=period.started_us,
        bucket_s=period.bucket_s,
        requests=whole(result.get("num_model_requests")),
        model=said(result, "model") or None,
        task_class="embedding" if kind == WITHOUT_OUTPUT[0] else "",
        owner=said(result, *owner),
        service_tier=tier(result.get("service_tier"), batch=result.get("batch") is True),
        fresh_input_tokens=None if total is None else total - (cached or 0) - (written or 0),
        cached_input_tokens=cached,
        cache_write_tokens=written,
        output_tokens=0 if kind in WITHOUT_OUTPUT else whole(result.get("output_tokens")),
    )


OPENAI_USAGE_CSV = TableReader(
    About(
        "openai_usage_csv",
        "OpenAI usage, dashboard CSV (completions_usage_*.csv)",
        "bucket",
        cached_inside_input=True,
        source_url=SOURCE,
        checked="real export",
        note="Daily or by the minute, as exported; several rows of a bucket are summed. No reasoning tokens apart.",
    ),
    needs=TIMES - {"start_time_iso", "end_time_iso"}
    | {"num_model_requests", "input_tokens", "output_tokens", "input_cached_tokens", "model"},
    select=select,
    where=is_used,
    owners=OWNERS,
)
OPENAI_USAGE_API = DocumentReader(
    About(
        "openai_usage_api",
        "OpenAI usage API, pages as JSON",
        "bucket",
        cached_inside_input=True,
        source_url=SOURCE,
        checked="vendor's code",
        note="Group by model (and batch, service_tier); a result without a model is a reject.",
    ),
    matches=_matches,
    rows=_rows,
)
OPENAI_EMPTY = TableReader(
    About(
        "openai_empty",
        "An empty OpenAI export",
        "bucket",
        cached_inside_input=True,
        source_url=SOURCE,
        checked="secondary copy",
        nothing=(
            "An empty OpenAI export: it has the times of a period and nothing else, as the dashboard writes when "
            "nothing was used. Choose a period, a project and a type of usage with requests, and export it again"
        ),
    ),
    needs=TIMES,
    select=lambda cells: {"started_us": cells.instant("start_time"), "currency": "''"},
    where=lambda cells: "FALSE",
)
