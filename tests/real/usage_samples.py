"""Usage rows as logs have them at their worst: NULLs, ties, floods, big numbers, odd names."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from planner.workload.usage_rows import COLUMNS, SQL_TYPES, US_PER_S, UsageRow

START_US = 1_700_000_000_123_457
LENGTHS = (0, 1, 199_999, 200_000, 200_001, 999_999, 1_000_000, 1_000_001, 99_999_999)
MODELS = ("gpt-5", "Claude Haiku 4.5", "modèle «é»", "a'b\"c\\d", "x,y", "  spaced  ", "")
TIERS = ("standard", "batch", "flex", "priority")
CURRENCIES = ("USD", "EUR", "")


def usage_rows(seed: int, count: int) -> list[UsageRow]:
    """`count` requests over some hours, many of them at the same time."""
    draw = random.Random(seed)
    return [_row(draw, number) for number in range(count)]


def _row(draw: random.Random, number: int) -> UsageRow:
    def maybe(value: int | None) -> int | None:
        return None if draw.random() < 0.15 else value

    whole = draw.choice((*LENGTHS, draw.randrange(400_000)))
    quiet = draw.random() < 0.5
    return UsageRow(
        started_us=START_US + (draw.randrange(20_000 * US_PER_S) if quiet else draw.randrange(90) * US_PER_S // 3),
        requests=1,
        model=draw.choice(MODELS) or None,
        task_class=draw.choice(("", "chat", "embedding")),
        owner=draw.choice(("", "Team A", "Team B", "team a")),
        service_tier=draw.choice(TIERS),
        context_tokens=maybe(whole),
        fresh_input_tokens=maybe(whole),
        cached_input_tokens=maybe(draw.randrange(1000)),
        cache_write_tokens=maybe(draw.randrange(1000)),
        cache_write_1h_tokens=None,
        output_tokens=maybe(draw.choice((0, 1, draw.randrange(100_000)))),
        reasoning_tokens=maybe(draw.randrange(100)),
        duration_ms=maybe(draw.choice((0, 1, 999, 1000, draw.randrange(3_600_000)))),
        failed=draw.randrange(2),
        cost_nano=maybe(draw.randrange(-(10**9), 10**14)),
        currency=draw.choice(CURRENCIES),
        request_id=f"r{number}",
    )


def write_rows(rows: list[UsageRow], file: Path) -> Path:
    """As Parquet."""
    kinds = {"BIGINT": pa.int64(), "VARCHAR": pa.string()}
    schema = pa.schema([(name, kinds[SQL_TYPES[name]]) for name in COLUMNS])
    pq.write_table(pa.Table.from_pylist([row._asdict() for row in rows], schema), file)
    return file
