"""What no usage row may be, whatever it was exported by: one list of checks over the canonical columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from planner.workload.readers.cells import Check
from planner.workload.readers.sql import text_literal
from planner.workload.usage_rows import PROMPT, US_PER_S

FIRST_US = int(dt.datetime(2015, 1, 1, tzinfo=dt.UTC).timestamp()) * US_PER_S
"""No log of language models is older: a time before it is a time read wrongly."""
MAX_REQUEST_TOKENS = 100_000_000
"""Of one request, in or out."""
MAX_BUCKET_TOKENS = 10**15
"""Of one bucket: more is no count of tokens, and its sums would not be exact."""
_TOKENS = (*PROMPT, "output_tokens", "reasoning_tokens")
_WORDS = {
    "cached_input_tokens": "cached tokens",
    "cache_write_tokens": "cache-write tokens",
    "cache_write_1h_tokens": "cache-write tokens (1 hour)",
    "output_tokens": "output tokens",
    "reasoning_tokens": "reasoning tokens",
    "duration_ms": "duration",
    "requests": "number of requests",
}


def row_checks(before_us: int) -> tuple[Check, ...]:
    """The checks, the first that is true of a row gives its reason; `before_us`: no row starts at or after it."""
    return (*_of_time(before_us), *_of_amounts(), *_of_size(), *_of_model())


def reason_sql(checks: Iterable[Check]) -> str:
    """One CASE that gives the reason of the first check that is true of a row, else NULL."""
    cases = " ".join(f"WHEN {check.when} THEN {text_literal(reason(check))}" for check in checks)
    return f"CASE {cases} ELSE NULL END" if cases else "CAST(NULL AS VARCHAR)"


def reason(check: Check) -> str:
    """The words of a check: the column it is about, when it is one of the file, and what is wrong."""
    return f"{check.column} {check.reason}" if check.column else check.reason


def _of_time(before_us: int) -> tuple[Check, ...]:
    return (
        Check("", "no time", "started_us IS NULL"),
        Check("", "a time before 2015", f"started_us < {FIRST_US}"),
        Check("", "a time in the future", f"started_us >= {before_us}"),
    )


def _of_amounts() -> tuple[Check, ...]:
    negative = (name for name in (*_TOKENS, "duration_ms", "requests") if name in _WORDS)
    return (
        *(Check("", f"negative {_WORDS[name]}", f"{name} < 0") for name in negative),
        Check("", "negative bucket length", "bucket_s < 0"),
        Check("", "cached tokens exceed the input", f"fresh_input_tokens < 0 AND ({_any_cached()})"),
        Check("", "negative input tokens", "fresh_input_tokens < 0"),
        Check("", "reasoning tokens exceed the output", "reasoning_tokens > output_tokens"),
    )


def _any_cached() -> str:
    return " OR ".join(f"COALESCE({name}, 0) > 0" for name in PROMPT if name != "fresh_input_tokens")


def _of_size() -> tuple[Check, ...]:
    def above(limit: int) -> str:
        return "(" + " OR ".join(f"{name} > {limit}" for name in _TOKENS) + ")"

    return (
        Check("", "more than 100 million tokens in one request", f"bucket_s = 0 AND {above(MAX_REQUEST_TOKENS)}"),
        Check("", "more than a million billion tokens in one row", above(MAX_BUCKET_TOKENS)),
    )


def _of_model() -> tuple[Check, ...]:
    """A row of cost alone may be of no model (a tool, storage); one with tokens is of some model."""
    counted = " OR ".join(f"{name} IS NOT NULL" for name in (*PROMPT, "output_tokens"))
    return (Check("", "no model", f"(model IS NULL OR model = '') AND ({counted})"),)
