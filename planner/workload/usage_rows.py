"""One row of usage, whatever it was exported by: the columns that every reader fills and every engine sums.

Times are whole microseconds since 1970 UTC and money is whole billionths, so that each sum is exact and the same
everywhere. Prompt tokens are disjoint: fresh + cached + written to a cache is the whole prompt; reasoning is a part of
output. What an export does not say stays NULL; it is never 0.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Grain = Literal["request", "bucket"]
"""Whether a row is one request, or the sum of a period: a bucket knows no lengths and no peak inside it."""

US_PER_S = 1_000_000
US_PER_MINUTE = 60 * US_PER_S
NANO = 1_000_000_000
"""Billionths in one unit of a currency."""


class UsageRow(NamedTuple):
    """One request (`bucket_s` 0), or one bucket of `bucket_s` seconds."""

    started_us: int | None = None
    """Start of the request or of the bucket."""
    bucket_s: int = 0
    requests: int | None = None
    """Requests of the row: 1 for a request; None when a bucket does not count them."""
    model: str | None = None
    """As the export names it."""
    task_class: str = ""
    owner: str = ""
    """Who is answerable for the row, when showback asks for it; people only as a hash."""
    service_tier: str = "standard"
    """standard, batch, flex or priority."""
    context_tokens: int | None = None
    """Prompt size that decides the long-context price; of a bucket the lower end of its band plus one, or 0."""
    fresh_input_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    """Written to a cache that lasts five minutes."""
    cache_write_1h_tokens: int | None = None
    output_tokens: int | None = None
    """Everything generated, reasoning included."""
    reasoning_tokens: int | None = None
    duration_ms: int | None = None
    """Sum over the requests of the row."""
    failed: int | None = None
    """Requests of the row that ended in an error."""
    cost_nano: int | None = None
    """The export's own cost, billionths of `currency`."""
    currency: str = ""
    request_id: str | None = None
    """What makes the row the same row in another file."""


SQL_TYPES: dict[str, str] = {
    name: "BIGINT" if "int" in str(kind) else "VARCHAR" for name, kind in UsageRow.__annotations__.items()
}
"""Column -> type in every engine."""
COLUMNS = UsageRow._fields
KEYS = ("bucket_s", "model", "task_class", "owner", "service_tier", "currency")
"""Columns that rows are told apart by, besides the minute and the long-context band."""
SUMS = (
    "requests",
    "fresh_input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "duration_ms",
    "failed",
    "cost_nano",
)
"""Columns that are added up."""
PROMPT = ("fresh_input_tokens", "cached_input_tokens", "cache_write_tokens", "cache_write_1h_tokens")
"""The disjoint parts of a prompt."""
