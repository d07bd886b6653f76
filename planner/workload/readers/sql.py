"""Small pieces of SQL that every reader writes: literals, names, JSON paths, sums in which NULL means unknown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

Kind = Literal["text", "number", "decimal", "time", "time with zone", "json", "other"]
"""What a column holds: number is a whole one that fits 64 bits, decimal any other number."""
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "INT", "INT2", "INT4", "INT8", "INT16", "INT32", "INT64", "BIGINT", "LONG")
_UNSIGNED = ("UTINYINT", "USMALLINT", "UINTEGER", "UINT8", "UINT16", "UINT32")
_DECIMAL = ("DECIMAL", "NUMERIC", "BIGNUMERIC", "NUMBER", "DOUBLE", "FLOAT", "REAL", "HUGEINT", "UHUGEINT", "UBIGINT")
_TEXT = ("VARCHAR", "TEXT", "STRING", "CHAR", "CHARACTER", "BPCHAR")
_JSON = ("JSON", "JSONB", "VARIANT")


def kind_of(sql_type: str) -> Kind:
    """Kind of a column by the name of its type in DuckDB, PostgreSQL, Spark, BigQuery, Snowflake or Trino."""
    name = sql_type.strip().upper()
    if name.endswith("]"):
        return "other"
    if name.startswith("TIMESTAMP") and ("WITH TIME ZONE" in name or name.split("(")[0].endswith(("TZ", "TZ_NS"))):
        return "time with zone"
    word = name.split("(")[0].split(" ")[0].split("<")[0]
    if word.startswith(("TIMESTAMP", "DATETIME")) or word == "DATE":
        return "time"
    if word.startswith("FLOAT") or word in _DECIMAL:
        return "decimal"
    if word in _WHOLE or word in _UNSIGNED:
        return "number"
    return "text" if word in _TEXT else "json" if word in _JSON else "other"


def quoted(name: str) -> str:
    """A column's name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def text_literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def extracted(json: str, keys: Sequence[str]) -> str:
    """The text at a path of a JSON value; NULL where the path is not there."""
    path = "$" + "".join('."' + key.replace('"', "") + '"' for key in keys)
    return f"json_extract_string({json}, {text_literal(path)})"


def epoch_us_of(number: str) -> str:
    """Whole microseconds of a number that counts s, ms, us or ns since 1970."""
    return (
        f"CAST(CASE WHEN {number} < 1e11 THEN {number} * 1000000 WHEN {number} < 1e14 THEN {number} * 1000 "
        f"WHEN {number} < 1e17 THEN {number} ELSE {number} / 1000 END AS BIGINT)"
    )


def plus(*parts: str) -> str:
    """Sum of what is known of the parts; NULL when none of them is."""
    if len(parts) == 1:
        return parts[0]
    known = " + ".join(f"COALESCE({part}, 0)" for part in parts)
    return f"CASE WHEN {' AND '.join(f'{part} IS NULL' for part in parts)} THEN NULL ELSE {known} END"


def minus(whole: str, *parts: str) -> str:
    """The whole without its parts; NULL when the whole is unknown, an unknown part takes nothing away."""
    return " - ".join([whole, *(f"COALESCE({part}, 0)" for part in parts)])


def ms_between(start_us: str, end_us: str) -> str:
    """Whole milliseconds from one time to another, both in microseconds, rounded."""
    return f"CAST(ROUND(({end_us} - {start_us}) / 1000.0) AS BIGINT)"


def seconds_between(start_us: str, end_us: str) -> str:
    """Whole seconds from one time to another, both in microseconds, rounded."""
    return f"CAST(ROUND(({end_us} - {start_us}) / 1000000.0) AS BIGINT)"
