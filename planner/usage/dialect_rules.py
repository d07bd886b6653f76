"""Where sqlglot is not enough: one rule per trap, each with the dialects it is for."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import sqlglot
from sqlglot import exp

from planner.usage.dialect_json import json_text, no_json
from planner.usage.dialect_once import each_computed_once
from planner.usage.dialect_parts import ALL, SPARK, TRINO, Node, is_time, made, target
from planner.usage.dialect_times import TIME, ZONE, functions, iso_times, micro_timestamps, snowflake_times, spark_times
from planner.usage.errors import UsageError, UsageProblem

DIGITS = "LENGTH(x) < 19 AND TRANSLATE(x, '0123456789', '') = ''"
"""Digits alone need no pattern, which takes ten times as long. The text is never empty: NULL stands for that."""
NUMBER = r"^\s*[+-]?(?:[0-9]{1,26}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?\s*$"
WHOLE = r"^\s*[+-]?[0-9]{1,18}\s*$"
NUMBER_OF_TEXT = f"CASE WHEN {DIGITS} THEN CAST(x AS DECIMAL) ELSE CAST(SUBSTRING(x FROM '{NUMBER}') AS DECIMAL) END"
WHOLE_OF_TEXT = f"CASE WHEN {DIGITS} THEN CAST(x AS BIGINT) ELSE CAST(SUBSTRING(x FROM '{WHOLE}') AS BIGINT) END"
WHOLE_OF_NUMBER = "CASE WHEN ABS(x) < 9e18 THEN CAST(x AS BIGINT) END"


class Rule(NamedTuple):
    """What a rule looks at, where, and what it puts there."""

    kinds: tuple[type[Node], ...]
    dialects: tuple[str, ...]
    apply: Callable[[Node, str], Node]


def written(text: str, dialect: str) -> str:
    """The text by sqlglot, after the rules."""
    tree = sqlglot.parse_one(text, read="duckdb")
    for rule in RULES:
        if dialect in rule.dialects:
            for node in reversed(list(tree.find_all(*rule.kinds))):
                node.replace(rule.apply(node, dialect))
    if dialect == "postgres":
        each_computed_once(tree)
    return tree.sql(dialect, unsupported_level=sqlglot.ErrorLevel.RAISE)


def plain_order(node: Node, dialect: str) -> Node:
    """No NULLS FIRST or LAST: nothing is ordered that can be NULL, and BigQuery refuses it in a window."""
    small = sqlglot.Dialect.get_or_raise(dialect).NULL_ORDERING == "nulls_are_small"
    node.set("nulls_first", small)
    return node


def try_cast(node: Node, dialect: str) -> Node:
    """PostgreSQL has no TRY_CAST: a text is cast when it looks like the type, a number when it fits."""
    kind, inner = target(node), node.this
    number = isinstance(inner, exp.Column | exp.Round)
    if kind.is_type("decimal"):
        form = "CAST(x AS DECIMAL)" if number else NUMBER_OF_TEXT
        return made(dialect, f"ROUND({form}, s)", x=inner, s=kind.expressions[1].this)
    if kind.is_type("double"):
        return made(dialect, f"CAST({'x' if number else NUMBER_OF_TEXT} AS DOUBLE PRECISION)", x=inner)
    if kind.is_type("bigint"):
        return made(dialect, WHOLE_OF_NUMBER if number else WHOLE_OF_TEXT, x=inner)
    if is_time(kind):
        form = f"CAST(SUBSTRING(CAST(x AS TEXT) FROM '{TIME}{ZONE}') AS {kind.sql(dialect)})"
        return made(dialect, form, x=inner)
    return node


def exact_round(node: Node, dialect: str) -> Node:
    """PostgreSQL rounds a half of a double to even, and of a decimal away from zero as DuckDB does."""
    return node if node.args.get("decimals") else exp.Round(this=exp.cast(node.this, exp.DType.DECIMAL))


def rounding_cast(node: Node, dialect: str) -> Node:
    """Spark cuts a decimal where DuckDB rounds it: a time computed from a number is rounded first."""
    counted = target(node).is_type("bigint") and isinstance(node.this, exp.Case)
    return exp.cast(exp.Round(this=node.this.copy()), target(node)) if counted else node


def big_numeric(node: Node, dialect: str) -> Node:
    """BigQuery's NUMERIC has 29 digits before the point; a square of microseconds, or a decimal of ours, has more."""
    return exp.DataType(this=exp.DType.BIGDECIMAL) if node.is_type("decimal") else node


def matches_anywhere(node: Node, dialect: str) -> Node:
    """Snowflake's REGEXP_LIKE wants the whole text to match; ours are looked for anywhere."""
    return made(dialect, "(REGEXP_INSTR(x, p) > 0)", x=node.this, p=node.expression)


def flags_beside(node: Node, dialect: str) -> Node:
    """Snowflake takes (?i) as an argument."""
    pattern = node.expression.name
    if not pattern.startswith("(?i)"):
        return node
    plain = exp.Literal.string(pattern.removeprefix("(?i)"))
    return made(dialect, "REGEXP_REPLACE(x, p, r, 1, 0, 'i')", x=node.this, p=plain, r=node.args["replacement"])


def no_groups(node: Node, dialect: str) -> Node:
    """Parts of a pattern are asked for by the exports of dashboards alone, and not every engine has them."""
    reason = "this format takes patterns apart, which this engine does not"
    raise UsageError(UsageProblem("", reason, "Export the table to a file, and import the file"))


RULES = (
    Rule((exp.RegexpExtract,), ("postgres", "bigquery"), no_groups),
    Rule((exp.Ordered,), ALL, plain_order),
    Rule((exp.JSONExtractScalar,), ALL, json_text),
    Rule((exp.TryCast,), ALL, no_json),
    Rule((exp.TryCast,), ("postgres",), try_cast),
    Rule((exp.TryCast,), TRINO, iso_times),
    Rule((exp.TryCast,), SPARK, spark_times),
    Rule((exp.TryCast,), ("snowflake",), snowflake_times),
    Rule((exp.Anonymous,), ALL, functions),
    Rule((exp.Round,), ("postgres",), exact_round),
    Rule((exp.Cast,), SPARK, rounding_cast),
    Rule((exp.DataType,), ("bigquery",), big_numeric),
    Rule((exp.DataType,), TRINO, micro_timestamps),
    Rule((exp.RegexpLike,), ("snowflake",), matches_anywhere),
    Rule((exp.RegexpReplace,), ("snowflake",), flags_beside),
)
"""In this order: Spark's CAST is read as a TRY_CAST, so what casts comes after what looks for one."""
