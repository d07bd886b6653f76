"""OpenAI's costs: pages of `/v1/organization/costs`, and the dashboard's CSV of the same columns.

A row is an amount of money of a day. Grouped by line item, the item names the model and the kind of token
("gpt-6-astra, input_tokens", "priority | gpt-5.6-sol, output, long context") and the quantity counts them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from planner.workload.readers import pages
from planner.workload.readers.base import About, BadRow, DocumentReader, OwnerKind, Shape, TableReader
from planner.workload.readers.cells import Cells
from planner.workload.readers.documents import Document, as_document
from planner.workload.readers.openai_usage import OWNERS, SPAN
from planner.workload.readers.pages import Period, nano, said, whole
from planner.workload.readers.sql import seconds_between, text_literal
from planner.workload.readers.tiers import tier, tier_sql
from planner.workload.usage_rows import UsageRow

SOURCE = "https://platform.openai.com/docs/api-reference/usage/costs"
PATTERN = r"^(?:([A-Za-z ]+) \| )?([^,|]+), ([A-Za-z_ ]+)(?:, long context)?$"
"""Groups: tier, model, kind of token."""
KINDS: dict[str, tuple[str, ...]] = {
    "fresh_input_tokens": ("input", "input_tokens", "uncached input", "input_uncached_tokens"),
    "cached_input_tokens": ("cached input", "cached_input_tokens", "input_cached_tokens"),
    "cache_write_tokens": ("cache writes", "cache write", "cache_write_tokens", "input_cache_write_tokens"),
    "output_tokens": ("output", "output_tokens"),
}
"""Usage column -> what line items call it."""


class LineItem(NamedTuple):
    """What a line item says."""

    model: str
    kind: str
    """A usage column; '' for what is no token."""
    service_tier: str


def line_item(text: str) -> LineItem:
    """A line item taken apart; one of another form (a tool) is a model's name as it stands."""
    match = re.match(PATTERN, text)
    kinds = {name: column for column, names in KINDS.items() for name in names}
    if match is None or match[3] not in kinds:
        return LineItem(text, "", "standard")
    return LineItem(match[2].strip(), kinds[match[3]], tier(match[1]))


def select(cells: Cells) -> Mapping[str, str]:
    """Columns of the dashboard's CSV."""
    started, ended = (cells.in_utc().instant(f"{end}_time", f"{end}_time_iso") for end in ("start", "end"))
    item, unit = cells.text("line_item"), f"LOWER({cells.text('quantity_unit')})"
    parts = [f"regexp_extract({item}, {text_literal(PATTERN)}, {group})" for group in (1, 2, 3)]
    quantity = cells.scaled(1, "quantity")
    every = ", ".join(text_literal(name) for names in KINDS.values() for name in names)
    return {
        "started_us": started,
        "bucket_s": seconds_between(started, ended),
        "model": f"NULLIF(CASE WHEN {parts[2]} IN ({every}) THEN TRIM({parts[1]}) ELSE {item} END, '')",
        "service_tier": f"CASE WHEN {parts[2]} IN ({every}) THEN {tier_sql(parts[0])} ELSE 'standard' END",
        **{
            column: f"CASE WHEN {unit} = 'tokens' AND {parts[2]} IN ({', '.join(map(text_literal, names))}) "
            f"THEN {quantity} END"
            for column, names in KINDS.items()
        },
        "cost_nano": cells.nano("amount_value"),
        "currency": f"UPPER({cells.text('amount_currency')})",
    }


def is_cost(cells: Cells) -> str:
    """A day without costs is written as a row of its times alone."""
    return f"{cells.name('amount_value')} IS NOT NULL"


def _matches(shape: Shape) -> bool:
    there, result = pages.results(shape, SPAN)
    return there and (result.get("object") == "organization.costs.result" or isinstance(result.get("amount"), Mapping))


def _rows(documents: Iterator[object], owner: OwnerKind | None) -> Iterator[UsageRow | BadRow]:
    names = OWNERS.get(owner, ()) if owner else ()
    yield from pages.rows(documents, SPAN, lambda result, period: _row(result, period, names))


def _row(result: Document, period: Period, owner: tuple[str, ...]) -> UsageRow | BadRow | None:
    amount, item = as_document(result.get("amount")), line_item(said(result, "line_item"))
    cost = nano(amount.get("value"))
    if cost is None:
        return None
    tokens = {item.kind: whole(result.get("quantity"))} if said(result, "quantity_unit").lower() == "tokens" else {}
    return UsageRow(
        started_us=period.started_us,
        bucket_s=period.bucket_s,
        model=item.model or None,
        owner=said(result, *owner),
        service_tier=item.service_tier,
        fresh_input_tokens=tokens.get("fresh_input_tokens"),
        cached_input_tokens=tokens.get("cached_input_tokens"),
        cache_write_tokens=tokens.get("cache_write_tokens"),
        output_tokens=tokens.get("output_tokens"),
        cost_nano=cost,
        currency=said(amount, "currency").upper(),
    )


OPENAI_COST_CSV = TableReader(
    About(
        "openai_cost_csv",
        "OpenAI costs, dashboard CSV (cost_*.csv)",
        "bucket",
        cached_inside_input=False,
        source_url=SOURCE,
        checked="real export",
        note="Money; tokens only where a line item counts them, each kind in a row of its own. No requests.",
    ),
    needs=frozenset({"start_time", "end_time", "amount_value", "amount_currency", "line_item"}),
    select=select,
    where=is_cost,
    owners=OWNERS,
)
OPENAI_COST_API = DocumentReader(
    About(
        "openai_cost_api",
        "OpenAI costs API, pages as JSON",
        "bucket",
        cached_inside_input=False,
        source_url=SOURCE,
        checked="vendor's code",
        note="Money of a day; grouped by line_item it names models and counts tokens.",
    ),
    matches=_matches,
    rows=_rows,
)
