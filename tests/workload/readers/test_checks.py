"""What no usage row may be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.workload.readers.checks import FIRST_US, MAX_REQUEST_TOKENS, reason_sql, row_checks
from planner.workload.usage_rows import COLUMNS, PROMPT, SQL_TYPES, UsageRow
from tests.workload.readers.rows_of import Duck

BEFORE_US = int(dt.datetime(2026, 11, 22, tzinfo=dt.UTC).timestamp()) * 10**6
GOOD = UsageRow(
    started_us=BEFORE_US - 1,
    requests=1,
    model="m",
    context_tokens=30,
    fresh_input_tokens=10,
    cached_input_tokens=20,
    output_tokens=5,
    reasoning_tokens=5,
    duration_ms=0,
)


def reasons(*rows: UsageRow) -> list[str | None]:
    """The reason of each row, from one SELECT in DuckDB."""

    def literal(name: str, value: object) -> str:
        text = "NULL" if value is None else f"'{value}'"
        return f"CAST({text} AS {SQL_TYPES[name]}) AS {name}"

    parts = [
        f"SELECT {n} AS n, {', '.join(literal(name, value) for name, value in row._asdict().items())}"
        for n, row in enumerate(rows)
    ]
    case = reason_sql(row_checks(BEFORE_US))
    with Duck() as duck:
        return [why for (why,) in duck.rows(f"SELECT {case} FROM ({' UNION ALL '.join(parts)}) AS r ORDER BY n")]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"started_us": None}, "no time"),
        ({"started_us": FIRST_US - 1}, "a time before 2015"),
        ({"started_us": BEFORE_US}, "a time in the future"),
        ({"output_tokens": -1}, "negative output tokens"),
        ({"cached_input_tokens": -1}, "negative cached tokens"),
        ({"cache_write_tokens": -1}, "negative cache-write tokens"),
        ({"cache_write_1h_tokens": -1}, "negative cache-write tokens (1 hour)"),
        ({"reasoning_tokens": -1}, "negative reasoning tokens"),
        ({"fresh_input_tokens": -1, "cached_input_tokens": 20}, "cached tokens exceed the input"),
        ({"fresh_input_tokens": -1, "cached_input_tokens": None}, "negative input tokens"),
        ({"reasoning_tokens": 6}, "reasoning tokens exceed the output"),
        ({"fresh_input_tokens": MAX_REQUEST_TOKENS + 1}, "more than 100 million tokens in one request"),
        ({"bucket_s": 60, "fresh_input_tokens": 10**15 + 1}, "more than a million billion tokens in one row"),
        ({"model": None}, "no model"),
        ({"model": ""}, "no model"),
        ({"duration_ms": -1}, "negative duration"),
        ({"requests": -1}, "negative number of requests"),
        ({"bucket_s": -60}, "negative bucket length"),
    ],
)
def test_a_row_that_cannot_be_is_rejected_with_its_reason(change: dict[str, Any], why: str) -> None:
    assert reasons(GOOD._replace(**change)) == [why]


def test_a_bucket_may_hold_more_than_a_request_and_a_cost_may_be_of_no_model() -> None:
    bucket = GOOD._replace(bucket_s=86_400, fresh_input_tokens=10**12)
    money = UsageRow(started_us=FIRST_US, bucket_s=86_400, cost_nano=-5, currency="USD")
    assert reasons(bucket, money) == [None, None]


TOKENS = st.none() | st.integers(0, 10**8)


def _changed(changes: dict[str, Any]) -> UsageRow:
    return GOOD._replace(**changes)


CHANGES = st.fixed_dictionaries(
    {
        "started_us": st.integers(FIRST_US, BEFORE_US - 1),
        "requests": st.none() | st.integers(0, 10**6),
        "reasoning_tokens": st.none(),
        **dict.fromkeys((*PROMPT, "output_tokens", "duration_ms"), TOKENS),
    }
)


@settings(max_examples=20, deadline=None)
@given(st.lists(CHANGES.map(_changed), min_size=1, max_size=20))
def test_no_row_of_whole_numbers_in_range_is_rejected(rows: list[UsageRow]) -> None:
    assert reasons(*rows) == [None] * len(rows)


def test_every_check_is_over_the_columns_of_a_usage_row_and_has_a_reason_of_its_own() -> None:
    checks = row_checks(BEFORE_US)
    assert len({check.reason for check in checks}) == len(checks)
    for check in checks:
        assert any(name in check.when for name in COLUMNS)


def test_without_a_check_there_is_no_reason() -> None:
    with Duck() as duck:
        assert duck.rows(f"SELECT {reason_sql(())}") == [(None,)]
