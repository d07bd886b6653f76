"""What is inside a column with JSON: every engine has its own function and its own way to write a path."""

from __future__ import annotations

from sqlglot import exp

from planner.usage.dialect_parts import SPARK, TRINO, Node, made, target

OBJECT = r"^\s*[{[].*[]}]\s*$"
"""A text that may be a JSON object or list."""


def json_text(node: Node, dialect: str) -> Node:
    """The text at a path of a column that holds JSON as text, as JSON, or as a map or struct."""
    whole, keys = node.this, [str(key.name) for key in node.expression.find_all(exp.JSONPathKey)]
    safe, typed = isinstance(whole, exp.TryCast), isinstance(whole, exp.Cast)
    opened = whole.this if typed else whole
    struct = isinstance(whole, exp.Anonymous) and whole.name.lower() == "to_json"
    if dialect == "postgres":
        path = exp.Literal.string("{" + ",".join('"' + key.replace('"', '\\"') + '"' for key in keys) + "}")
        form = f"CAST(SUBSTRING(CAST(x AS TEXT) FROM '{OBJECT}') AS JSONB)" if safe else "CAST(x AS JSONB)"
        return exp.JSONBExtractScalar(this=made(dialect, form, x=opened), expression=path)
    if dialect == "snowflake":
        path = exp.Literal.string("".join(f'["{key}"]' for key in keys))
        form = "CAST(GET_PATH(TRY_PARSE_JSON(x), p) AS VARCHAR)" if safe else "CAST(GET_PATH(x, p) AS VARCHAR)"
        return made(dialect, form, x=whole.expressions[0] if struct else opened, p=path)
    if dialect in SPARK and typed and not safe:
        return made(dialect, "TRY_VARIANT_GET(x, p, 'string')", x=opened, p=exp.Literal.string(_path(keys, dialect)))
    if dialect in TRINO:
        form = "CAST(x AS JSON)" if struct else "x"
        opened = made(dialect, form, x=whole.expressions[0] if struct else opened)
    return made(dialect, JSON_AT[dialect], x=opened, p=exp.Literal.string(_path(keys, dialect)))


JSON_AT = {
    "spark": "GET_JSON_OBJECT(x, p)",
    "databricks": "GET_JSON_OBJECT(x, p)",
    "bigquery": "JSON_VALUE(x, p)",
    "trino": "JSON_EXTRACT_SCALAR(x, p)",
    "athena": "JSON_EXTRACT_SCALAR(x, p)",
}


def _path(keys: list[str], dialect: str) -> str:
    if dialect in SPARK:
        return "$" + "".join(f"['{key}']" for key in keys)
    return "$" + "".join(f'["{key}"]' if dialect in TRINO else f'."{key}"' for key in keys)


def no_json(node: Node, dialect: str) -> Node:
    """TRY_CAST(x AS JSON) that is left asks whether a text is JSON at all."""
    if not target(node).is_type("json"):
        return node
    return made(dialect, IS_JSON[dialect], x=node.this)


IS_JSON = {
    "postgres": f"SUBSTRING(CAST(x AS TEXT) FROM '{OBJECT}')",
    "spark": "GET_JSON_OBJECT(x, '$')",
    "databricks": "GET_JSON_OBJECT(x, '$')",
    "bigquery": "SAFE.PARSE_JSON(x)",
    "snowflake": "TRY_PARSE_JSON(x)",
    "trino": "TRY(JSON_PARSE(x))",
    "athena": "TRY(JSON_PARSE(x))",
}
