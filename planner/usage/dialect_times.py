"""Times: instants as whole microseconds, and texts that are times."""

from __future__ import annotations

from sqlglot import exp

from planner.usage.dialect_parts import Node, is_time, made, target

_D = "(?:0?[1-9]|1[0-9]|2[0-8])"
_LEAP = "[0-9]{2}(?:[02468][048]|[13579][26])"
DAY = (
    f"(?:[0-9]{{4}}[-/](?:(?:0?[1-9]|1[0-2])[-/]{_D}|(?:0?[13-9]|1[0-2])[-/](?:29|30)|(?:0?[13578]|1[02])[-/]31)|"
    f"{_LEAP}[-/]0?2[-/]29)"
)
TIME = rf"^\s*{DAY}(?:[Tt ](?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]*)?)?"
ZONE = r"(?: ?(?:UTC|GMT)|[Zz]|[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)?)?\s*$"
"""Days that are in the calendar, and times of them: a text that looks like one is one."""
A_DAY = r"^\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
MINUTES = r"^(\S+[Tt ][0-9]{1,2}:[0-9]{2})([^:.0-9].*)?$"

EPOCH_US = {
    "postgres": "CAST(EXTRACT(EPOCH FROM x) * 1000000 AS BIGINT)",
    "spark": "UNIX_MICROS(CAST(x AS TIMESTAMP))",
    "databricks": "UNIX_MICROS(CAST(x AS TIMESTAMP))",
    "bigquery": "UNIX_MICROS(CAST(x AS TIMESTAMP))",
    "snowflake": "DATE_PART(EPOCH_MICROSECOND, x)",
    "trino": "CAST(ROUND(TO_UNIXTIME(x) * 1e6) AS BIGINT)",
    "athena": "CAST(ROUND(TO_UNIXTIME(x) * 1e6) AS BIGINT)",
}
"""Whole microseconds since 1970 of a timestamp; one without a zone is UTC. Trino's double is exact to 0.3 us here."""
FROM_ZONE = {
    "postgres": "TIMEZONE(z, x)",
    "spark": "TO_UTC_TIMESTAMP(x, z)",
    "databricks": "TO_UTC_TIMESTAMP(x, z)",
    "bigquery": "TIMESTAMP(CAST(x AS DATETIME), z)",
    "snowflake": "CONVERT_TIMEZONE(z, 'UTC', x)",
    "trino": "WITH_TIMEZONE(x, z)",
    "athena": "WITH_TIMEZONE(x, z)",
}
"""A local time of a zone, as an instant. The session's zone is UTC everywhere."""


def functions(node: Node, dialect: str) -> Node:
    """epoch_us(x), timezone(zone, x) and to_json(x), that sqlglot hands on as they are."""
    name, given = node.name.lower(), node.expressions
    if name == "epoch_us":
        return made(dialect, EPOCH_US[dialect], x=given[0])
    if name == "timezone" and given[0].name == "UTC":
        inner: Node = given[1]
        return inner
    if name == "timezone":
        return made(dialect, FROM_ZONE[dialect], z=given[0], x=given[1])
    return node


def spark_times(node: Node, dialect: str) -> Node:
    """Spark takes 10:00 for a time of today and 2026 for a day of it, and wants seconds before a zone."""
    if not is_time(target(node)):
        return node
    told = {
        "p": exp.Literal.string(f"{TIME}{ZONE}"),
        "m": exp.Literal.string(MINUTES),
        "r": exp.Literal.string("$1:00$2"),
    }
    form = f"CASE WHEN x RLIKE p THEN TRY_CAST(REGEXP_REPLACE(x, m, r) AS {target(node).sql(dialect)}) END"
    return made(dialect, form, x=node.this, **told)


def snowflake_times(node: Node, dialect: str) -> Node:
    """Snowflake takes a text of digits for seconds."""
    if not is_time(target(node)):
        return node
    day = exp.Literal.string(A_DAY)
    return made(dialect, "CASE WHEN REGEXP_INSTR(x, p) > 0 THEN c END", x=node.this, p=day, c=node)


def iso_times(node: Node, dialect: str) -> Node:
    """Trino casts no text with a T between day and time."""
    if not target(node).is_type("timestamptz"):
        return node
    return made(dialect, "COALESCE(c, TRY(FROM_ISO8601_TIMESTAMP_NANOS(x)))", c=node, x=node.this)


def micro_timestamps(node: Node, dialect: str) -> Node:
    """Trino's TIMESTAMP has milliseconds unless it is told six digits."""
    if isinstance(node, exp.DataType) and is_time(node) and not node.expressions:
        node.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(6))])
    return node
