"""A text of the product, written in DuckDB's dialect, in the dialect of the engine where the logs are.

sqlglot does the writing. What it does not know, or writes so that another number would come back, is a named rule of
`dialect_rules`; each rule has its test.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from planner.usage.errors import UsageError, UsageProblem

DIALECTS = ("postgres", "spark", "databricks", "bigquery", "snowflake", "trino", "athena")
"""What texts can be written in; each but athena has an engine in `planner.usage.engines`."""
EXTRA = "postgres"
"""The smallest of the optional extras that bring sqlglot."""


@lru_cache(maxsize=256)
def rewritten(text: str, dialect: str) -> str:
    """The same text in another dialect; equal integers come back. Raises UsageError."""
    if dialect not in DIALECTS:
        raise UsageError(UsageProblem(dialect, "is no dialect that texts are written in", f"Use {', '.join(DIALECTS)}"))
    return _writer()(text, dialect)


def _writer() -> Callable[[str, str], str]:
    try:
        from planner.usage.dialect_rules import written
    except ModuleNotFoundError as error:
        remedy = f"Install it: pip install 'llm-tco-planner[{EXTRA}]'"
        raise UsageError(UsageProblem("", f"the package {error.name} is not installed", remedy)) from error
    return written
