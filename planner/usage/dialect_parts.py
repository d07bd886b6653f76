"""What the rules of a dialect share."""

from __future__ import annotations

import sqlglot
from sqlglot import exp

SPARK, TRINO = ("spark", "databricks"), ("trino", "athena")
ALL = ("postgres", *SPARK, "bigquery", "snowflake", *TRINO)
Node = exp.Expr


def made(dialect: str, form: str, **parts: Node) -> Node:
    """An expression written in a dialect, with other expressions in place of the names."""
    tree = exp.Paren(this=sqlglot.parse_one(form, read=dialect))
    for column in list(tree.find_all(exp.Column)):
        if column.name in parts and not column.table:
            column.replace(parts[column.name].copy())
    written: Node = tree.this
    return written


def target(node: Node) -> exp.DataType:
    """The type that a cast is to."""
    kind = node.args["to"]
    assert isinstance(kind, exp.DataType)
    return kind


def is_time(kind: exp.DataType) -> bool:
    """Whether it is a timestamp, with a zone or without."""
    return bool(kind.is_type("timestamptz", "timestampntz", "timestamp"))
