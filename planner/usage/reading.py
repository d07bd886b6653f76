"""A recognised file as something that DuckDB reads: what stands after FROM, and the columns in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from planner.usage.duck import DuckEngine
from planner.usage.look import Seen
from planner.usage.look_json import KeyPath
from planner.usage.relation import Columns
from planner.workload.readers.cells import Kind
from planner.workload.readers.sql import kind_of
from planner.workload.readers.sql import quoted as name

MAX_LINE_BYTES = 8 << 20
"""Longest line of a text: a prompt of a million tokens has 4 to 5 MB."""
BUFFER_BYTES = 2 * MAX_LINE_BYTES
"""Of each thread that reads; DuckDB would take 16 times the longest line."""
MAX_OBJECT_BYTES = 2 * MAX_LINE_BYTES
"""Largest object in a list, or in a line of JSON."""
REJECTS_LIMIT = 500_000
"""Lines of one CSV that DuckDB cannot read, above which it is no CSV."""


class Asked(dict[str, str]):
    """Names of JSON values that are there, which keeps those that a reader asks for and are not."""

    def __init__(self, known: Mapping[str, str]) -> None:
        super().__init__(known)
        self.missed: set[str] = set()

    def __contains__(self, name: object) -> bool:
        found = super().__contains__(name)
        if not found:
            self.missed.add(str(name))
        return found


def quoted(path: Path | str) -> str:
    """A path as a SQL text that stands for this one file, whatever signs are in its name."""
    plain = "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
    return "'" + plain.replace("'", "''") + "'"


def csv_source(seen: Seen, rejects: str, *, strict: bool = True) -> tuple[str, Columns]:
    """A delimited text, every cell as text; lines that cannot be read go to the tables `rejects` and `rejects_scan`."""
    assert seen.table is not None
    header = seen.table.header
    types = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(len(header)))
    options = {
        "auto_detect": "false",
        "header": "true",
        "skip": str(seen.table.skip),
        "delim": "'\t'" if seen.table.delimiter == "\t" else f"'{seen.table.delimiter}'",
        "quote": "'\"'",
        "escape": "'\"'",
        "columns": f"{{{types}}}",
        "store_rejects": "true",
        "rejects_table": f"'{rejects}'",
        "rejects_scan": f"'{rejects}_scan'",
        "rejects_limit": str(REJECTS_LIMIT),
        "max_line_size": str(MAX_LINE_BYTES),
        "buffer_size": str(BUFFER_BYTES),
        "strict_mode": str(strict).lower(),
        "encoding": f"'{seen.encoding}'",
        "compression": f"'{seen.compression or 'none'}'",
    }
    names = {column.lower(): f"c{n}" for n, column in reversed(list(enumerate(header))) if column}
    said = ", ".join(f"{key}={value}" for key, value in options.items())
    return f"read_csv({quoted(seen.path)}, {said})", Columns(dict.fromkeys(names, "text"), names)


def json_columns(seen: Seen) -> tuple[Columns, dict[str, KeyPath]]:
    """The values seen in the head of JSON lines, all as text, and the keys that lead to each."""
    assert seen.json is not None
    paths = {dotted.lower(): keys for dotted, keys in seen.json.paths.items()}
    paths = {dotted: keys for dotted, keys in paths.items() if not _is_object(keys, paths.values())}
    names = {dotted: ".".join(map(name, keys)) for dotted, keys in paths.items()}
    return Columns(dict.fromkeys(names, "text"), Asked(names)), paths


def json_source(seen: Seen, paths: Iterable[KeyPath], lists: Mapping[str, str] | None = None) -> str:
    """JSON lines, or one list of objects; `paths` are read as text, `lists` (key -> type) as they are."""
    assert seen.json is not None
    tree: dict[str, object] = {}
    for keys in paths:
        level = tree
        for key in keys[:-1]:
            inner = level.setdefault(key, {})
            if not isinstance(inner, dict):
                inner = level[key] = {}
            level = inner
        level.setdefault(keys[-1], "VARCHAR")
    fields = ", ".join(f"{_text(key)}: {_text(kind)}" for key, kind in [*_types(tree), *((lists or {}).items())])
    return (
        f"read_json({quoted(seen.path)}, format='{seen.json.format}', columns={{{fields}}}, "
        f"ignore_errors={str(seen.json.format == 'newline_delimited').lower()}, "
        f"maximum_object_size={MAX_OBJECT_BYTES}, compression='{seen.compression or 'none'}')"
    )


def json_objects(seen: Seen) -> str:
    """Each document as a text in the column json; NULL for one that is broken."""
    assert seen.json is not None
    return (
        f"read_json_objects({quoted(seen.path)}, format='{seen.json.format}', "
        f"ignore_errors={str(seen.json.format == 'newline_delimited').lower()}, "
        f"maximum_object_size={MAX_OBJECT_BYTES}, compression='{seen.compression or 'none'}')"
    )


def late_paths(missed: Iterable[str], paths: Mapping[str, KeyPath]) -> dict[str, KeyPath]:
    """Keys that a reader asked for and that the head did not show: they may come later in the file."""
    objects = {keys[:n] for keys in paths.values() for n in range(1, len(keys))}
    dots_in_keys = any("." in key for keys in paths.values() for key in keys)
    found: dict[str, KeyPath] = {}
    for dotted in sorted(missed):
        keys: KeyPath = _key_with_dots(dotted, objects) if dots_in_keys else tuple(dotted.split("."))
        leaf_before = any(keys[:n] in paths.values() for n in range(1, len(keys)))
        if keys not in objects and not leaf_before and all(keys):
            found[dotted] = keys
    return found


def _key_with_dots(dotted: str, objects: Collection[KeyPath]) -> KeyPath:
    """A key such as `gen_ai.usage.input_tokens`, at the top or in an object (`attributes`) that the head has."""
    holder, _, key = dotted.partition(".")
    return (holder, key) if key and (holder,) in objects else (dotted,)


def parquet_source(paths: Iterable[Path]) -> str:
    """Parquet files of one schema as one source, with `filename` and `file_row_number`."""
    files = ", ".join(map(quoted, paths))
    return f"read_parquet([{files}], filename=true, file_row_number=true)"


def typed_columns(engine: DuckEngine, source: str) -> Columns:
    """Columns of a typed source, with those inside a struct by their dotted names."""
    kinds: dict[str, Kind] = {}
    names: dict[str, str] = {}
    for column, type_, *_ in engine.rows(f"DESCRIBE SELECT * FROM {source}"):
        for dotted, sql, inner in _parts(column, name(column), str(type_)):
            kinds.setdefault(dotted.lower(), kind_of(inner))
            names.setdefault(dotted.lower(), sql)
    return Columns(kinds, names, typed=True)


def _parts(dotted: str, sql: str, type_: str) -> Iterator[tuple[str, str, str]]:
    yield dotted, sql, type_
    if type_.startswith("STRUCT(") and type_.endswith(")"):
        for inner, inner_type in _fields(type_[7:-1]):
            yield from _parts(f"{dotted}.{inner}", f"{sql}.{name(inner)}", inner_type)


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """`"a" INTEGER, b STRUCT(c VARCHAR)` -> (a, INTEGER), (b, STRUCT(c VARCHAR))."""
    depth, in_quotes, start = 0, False, 0
    for place, sign in enumerate([*text, ","]):
        in_quotes ^= sign == '"'
        depth += (sign == "(") - (sign == ")") if not in_quotes else 0
        if sign == "," and depth == 0 and not in_quotes:
            part = text[start:place].strip()
            start = place + 1
            if part.startswith('"'):
                end = part.index('" ', 1)
                yield part[1:end].replace('""', '"'), part[end + 2 :].strip()
            else:
                yield part.partition(" ")[0], part.partition(" ")[2].strip()


def _types(tree: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Column -> type of a tree of keys; a key that differs from another in case alone is left out."""
    seen: set[str] = set()
    for key, inner in tree.items():
        if key.lower() in seen:
            continue
        seen.add(key.lower())
        if isinstance(inner, dict):
            yield key, "STRUCT(" + ", ".join(f"{name(k)} {t}" for k, t in _types(inner)) + ")"
        else:
            yield key, str(inner)


def _is_object(keys: KeyPath, others: Iterable[KeyPath]) -> bool:
    return any(len(other) > len(keys) and other[: len(keys)] == keys for other in others)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
