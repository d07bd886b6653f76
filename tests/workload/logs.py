"""Logs for tests: usage rows in a real DuckDB, measured by the product's own texts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from planner.domain.usage import UsageProfile, UsageSource
from planner.usage.measure import Wanted, measured
from planner.workload.figures import UsageFigures
from planner.workload.usage_profile import LogAbout, profile_of
from planner.workload.usage_rows import COLUMNS, SQL_TYPES, US_PER_S, Grain, UsageRow
from scripts.measure_traces import Duck

MONDAY_US = int(dt.datetime(2026, 10, 5, tzinfo=dt.UTC).timestamp()) * US_PER_S
"""2026-10-05 was a Monday."""
HOUR_US = 3600 * US_PER_S
DAY_US = 24 * HOUR_US
ON = dt.date(2026, 11, 21)


@contextmanager
def engine() -> Iterator[Duck]:
    duck = Duck()
    try:
        yield duck
    finally:
        duck.close()


def figures_of(rows: Sequence[UsageRow], grain: Grain = "request") -> UsageFigures:
    """The figures of rows that a test writes down."""
    columns = {name: [getattr(row, name) for row in rows] for name in COLUMNS}
    kinds = {"BIGINT": pa.int64(), "VARCHAR": pa.string()}
    table = pa.table({name: pa.array(columns[name], kinds[SQL_TYPES[name]]) for name in COLUMNS})
    with engine() as duck:
        duck.connection.register("usage_rows", table)
        return measured(duck, Wanted("usage_rows", grain, ()))


def source(grain: Grain = "request", bucket_s: int = 0, rows: int = 1) -> UsageSource:
    return UsageSource(
        name="requests.csv",
        sha256="ab" * 32,
        size_bytes=1,
        format_id="plain",
        format="Plain table",
        grain=grain,
        bucket_s=bucket_s,
        rows_read=rows,
    )


def about(grain: Grain = "request", *, has_calendar: bool = True) -> LogAbout:
    return LogAbout("0123456789abcdef", "a log", ON, (source(grain),), has_calendar=has_calendar)


def profile_of_rows(rows: Sequence[UsageRow], grain: Grain = "request") -> UsageProfile:
    return profile_of(figures_of(rows, grain), about(grain))


def request(at_us: int, tokens_in: int = 100, tokens_out: int = 10, **more: object) -> UsageRow:
    """One request, `at_us` after Monday 2026-10-05 00:00 UTC."""
    base = UsageRow(
        started_us=MONDAY_US + at_us,
        requests=1,
        model="m",
        fresh_input_tokens=tokens_in,
        output_tokens=tokens_out,
        context_tokens=tokens_in,
    )
    return base._replace(**more)  # type: ignore[arg-type]


def bucket(at_us: int, bucket_s: int, requests: int | None, tokens: int = 0, **more: object) -> UsageRow:
    """One bucket; half of its tokens are output."""
    base = UsageRow(
        started_us=MONDAY_US + at_us,
        bucket_s=bucket_s,
        requests=requests,
        model="m",
        fresh_input_tokens=tokens - tokens // 2,
        output_tokens=tokens // 2,
        context_tokens=0,
    )
    return base._replace(**more)  # type: ignore[arg-type]


def hourly(loads: Sequence[int]) -> list[UsageRow]:
    """An hour's bucket for each load."""
    return [bucket(hour * HOUR_US, 3600, load, load * 10) for hour, load in enumerate(loads)]
