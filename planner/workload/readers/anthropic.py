"""Anthropic's usage: pages of the Admin API's usage report, and the Console's CSV of tokens (both ages of headers).

Uncached input, cache reads and cache writes are disjoint; output holds thinking. Requests are not counted, except by
the analytics API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planner.workload.readers import pages
from planner.workload.readers.base import About, BadRow, DocumentReader, OwnerKind, Shape, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.documents import Document, as_document
from planner.workload.readers.pages import Period, Span, said, whole
from planner.workload.readers.tiers import STANDARD, band, band_sql, tier, tier_sql
from planner.workload.usage_rows import UsageRow

SPAN = Span("starting_at", "ending_at")
OWNERS: dict[OwnerKind, tuple[str, ...]] = {
    "team": ("workspace", "workspace_id", "rbac_group_id"),
    "project": ("workspace", "workspace_id", "product"),
    "key": ("api_key", "api_key_id"),
    "user": ("account_id", "claude_tag_user_id"),
}
USAGE_SOURCE = "https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-messages-usage-report"
GEO = "The place of inference (inference_geo) is not kept: where it changes the price, the bill differs."


def select(cells: Cells) -> Mapping[str, str]:
    """Columns of the Console's token CSV; an older one has a single column of cache writes."""
    return {
        "started_us": cells.in_utc().instant("usage_date_utc"),
        "bucket_s": bucket_seconds(cells.text("usage_date_utc")),
        "model": cells.name("model_version"),
        "service_tier": tier_with_speed(cells),
        "context_tokens": band_sql(cells.text("context_window")),
        "fresh_input_tokens": cells.integer("usage_input_tokens_no_cache"),
        "cached_input_tokens": cells.integer("usage_input_tokens_cache_read"),
        "cache_write_tokens": cells.integer("usage_input_tokens_cache_write_5m", "usage_input_tokens_cache_write"),
        "cache_write_1h_tokens": cells.integer("usage_input_tokens_cache_write_1h"),
        "output_tokens": cells.integer("usage_output_tokens"),
    }


def bucket_seconds(time: str) -> str:
    """A date alone is a day. A time is an hour, as the export of one day writes it; one between full hours, or with
    seconds, is a minute, as the export of one hour writes it (its row on the hour is then read as an hour)."""
    between = f"LENGTH({time}) > 16 OR SUBSTR({time}, 15, 2) <> '00'"
    return f"CASE WHEN LENGTH({time}) <= 10 THEN 86400 WHEN {between} THEN 60 ELSE 3600 END"


def tier_with_speed(cells: Cells) -> str:
    """A faster speed is an offer of its own price, so it is a tier of that name."""
    speed = f"LOWER({cells.text('speed')})"
    ordinary = ", ".join(f"'{name}'" for name in STANDARD)
    plain = tier_sql(cells.text("usage_type", "service_tier"))
    return f"CASE WHEN {speed} NOT IN ({ordinary}) THEN {speed} ELSE {plain} END"


def _matches(shape: Shape) -> bool:
    there, result = pages.results(shape, SPAN)
    return there and (not result or "uncached_input_tokens" in result)


def _rows(documents: Iterator[object], owner: OwnerKind | None) -> Iterator[UsageRow | BadRow]:
    names = OWNERS.get(owner, ()) if owner else ()
    yield from pages.rows(documents, SPAN, lambda result, period: _row(result, period, names))


def _row(result: Document, period: Period, owner: tuple[str, ...]) -> UsageRow | BadRow | None:
    if "amount" in result:
        return BadRow("a result of the cost report among those of the usage report: keep them in files of their own")
    written = as_document(result.get("cache_creation"))
    speed = said(result, "speed")
    return UsageRow(
        started_us=period.started_us,
        bucket_s=period.bucket_s,
        requests=whole(result.get("requests")),
        model=said(result, "model") or None,
        owner=said(result, *owner),
        service_tier=tier(speed if speed.lower() not in STANDARD else result.get("service_tier")),
        context_tokens=band(result.get("context_window")),
        fresh_input_tokens=whole(result.get("uncached_input_tokens")),
        cached_input_tokens=whole(result.get("cache_read_input_tokens")),
        cache_write_tokens=whole(written.get("ephemeral_5m_input_tokens")),
        cache_write_1h_tokens=whole(written.get("ephemeral_1h_input_tokens")),
        output_tokens=whole(result.get("output_tokens")),
    )


ANTHROPIC_USAGE_CSV = TableReader(
    About(
        "anthropic_usage_csv",
        "Anthropic Console, tokens as CSV (claude_api_tokens_*.csv)",
        "bucket",
        cached_inside_input=False,
        source_url="https://platform.claude.com/usage",
        checked="real export",
        note=f"A month is by the day, a day by the hour, an hour by the minute; no count of requests. {GEO}",
    ),
    needs=frozenset(
        {
            "usage_date_utc",
            "model_version",
            "usage_input_tokens_no_cache",
            "usage_input_tokens_cache_read",
            "usage_output_tokens",
        }
    ),
    select=select,
    owners=OWNERS,
)
ANTHROPIC_USAGE_API = DocumentReader(
    About(
        "anthropic_usage_api",
        "Anthropic usage report, pages as JSON",
        "bucket",
        cached_inside_input=False,
        source_url=USAGE_SOURCE,
        checked="documentation",
        note=f"Group by model (and service_tier, context_window); a result without a model is a reject. {GEO}",
    ),
    matches=_matches,
    rows=_rows,
)
