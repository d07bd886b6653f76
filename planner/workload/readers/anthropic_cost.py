"""Anthropic's costs: pages of the Admin API's cost report (amounts in cents), and the Console's CSV (dollars)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planner.workload.readers import pages
from planner.workload.readers.anthropic import GEO, OWNERS, SPAN, bucket_seconds, tier_with_speed
from planner.workload.readers.base import About, BadRow, DocumentReader, OwnerKind, Shape, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.documents import Document
from planner.workload.readers.pages import Period, nano, said
from planner.workload.readers.tiers import STANDARD, band, band_sql, tier
from planner.workload.usage_rows import UsageRow

CENTS = 100
SOURCE = "https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-cost-report"


def select(cells: Cells) -> Mapping[str, str]:
    """Columns of the Console's cost CSV: one row for each kind of token, without their number."""
    return {
        "started_us": cells.in_utc().instant("usage_date_utc"),
        "bucket_s": bucket_seconds(cells.text("usage_date_utc")),
        "model": cells.name("model"),
        "service_tier": tier_with_speed(cells),
        "context_tokens": band_sql(cells.text("context_window")),
        "cost_nano": cells.nano("cost_usd"),
        "currency": "'USD'",
    }


def _matches(shape: Shape) -> bool:
    there, result = pages.results(shape, SPAN)
    return there and "amount" in result


def _rows(documents: Iterator[object], owner: OwnerKind | None) -> Iterator[UsageRow | BadRow]:
    names = OWNERS.get(owner, ()) if owner else ()
    yield from pages.rows(documents, SPAN, lambda result, period: _row(result, period, names))


def _row(result: Document, period: Period, owner: tuple[str, ...]) -> UsageRow | BadRow | None:
    speed = said(result, "speed")
    return UsageRow(
        started_us=period.started_us,
        bucket_s=period.bucket_s,
        model=said(result, "model", "description", "cost_type") or None,
        owner=said(result, *owner),
        service_tier=tier(speed if speed.lower() not in STANDARD else result.get("service_tier")),
        context_tokens=band(result.get("context_window")),
        cost_nano=nano(result.get("amount"), per_unit=CENTS),
        currency=said(result, "currency").upper(),
    )


ANTHROPIC_COST_CSV = TableReader(
    About(
        "anthropic_cost_csv",
        "Anthropic Console, costs as CSV (claude_api_cost_*.csv)",
        "bucket",
        cached_inside_input=None,
        source_url="https://platform.claude.com/cost",
        checked="real export",
        note=f"Money only, each row rounded to the cent; models under their display names (Claude Opus 4.5). {GEO}",
    ),
    needs=frozenset({"usage_date_utc", "model", "token_type", "cost_usd"}),
    select=select,
    owners=OWNERS,
)
ANTHROPIC_COST_API = DocumentReader(
    About(
        "anthropic_cost_api",
        "Anthropic cost report, pages as JSON",
        "bucket",
        cached_inside_input=None,
        source_url=SOURCE,
        checked="documentation",
        note=f"Money only, in cents, a day per bucket. {GEO}",
    ),
    matches=_matches,
    rows=_rows,
)
