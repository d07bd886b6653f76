"""One look at the head of a file: what kind it is, how it is written, and which columns it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from planner.usage.heads import HEAD_BYTES, PARQUET, Compression, compression_of, first_bytes, head, problem
from planner.usage.heads import refuse_others as refuse
from planner.usage.look_csv import Encoding, Layout, decoded, layout
from planner.usage.look_json import JsonLook, looked_json
from planner.workload.readers.base import Shape

HEAD_TEXT = 1 << 16
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})?\s+[-+]?(\d[\d.eE+-]*|NaN|Inf)(\s+-?\d+)?")


@dataclass(frozen=True)
class Seen:
    """All that one look shows; `shape` is what readers recognise a file by."""

    path: Path
    shape: Shape
    compression: Compression = ""
    encoding: Encoding = "utf-8"
    table: Layout | None = None
    """kind csv."""
    json: JsonLook | None = None
    """kinds json and jsonl."""
    bytes_per_line: float = 0.0
    """Of a text, unpacked; 0 of Parquet."""


def look(path: Path) -> Shape:
    """What the head of a file shows. Raises UsageError for a file that holds no usage."""
    return seen(path).shape


def seen(path: Path) -> Seen:
    """`look`, with how to read the file."""
    start = first_bytes(path)
    compression = compression_of(start)
    text_bytes = head(path, compression)
    refuse(path, start if not compression else text_bytes[:512])
    if not text_bytes:
        raise problem(path, "has nothing in it once unpacked: it is empty or cut", "Export it again")
    if text_bytes.startswith(PARQUET):
        return _parquet(path, compression)
    text, encoding = decoded(path, text_bytes)
    whole = len(text_bytes) < HEAD_BYTES
    per_line = len(text_bytes) / max(1, text_bytes.count(b"\n"))
    found = _text(path, text, compression, whole=whole)
    return Seen(path, found.shape, compression, encoding, found.table, found.json, per_line)


def _parquet(path: Path, compression: Compression) -> Seen:
    if compression:
        raise problem(path, "is a packed Parquet file", "Unpack it: Parquet is packed inside")
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise problem(path, "is a Parquet file that is cut or broken", "Export or copy it again") from error
    return Seen(path, Shape("parquet", tuple(_columns(schema))))


def _columns(schema: pa.Schema) -> list[str]:
    """Names, and dotted names of what lies inside a struct."""
    names: list[str] = []

    def walk(field: pa.Field, before: str) -> None:
        names.append(before + field.name)
        if pa.types.is_struct(field.type):
            for inner in field.type:
                walk(inner, f"{before}{field.name}.")

    for field in schema:
        walk(field, "")
    return names


def _text(path: Path, text: str, compression: Compression, *, whole: bool) -> Seen:
    begin = text.lstrip()[:200].lower()
    if not begin:
        raise problem(path, "holds only blanks", "Export it again")
    if begin.startswith(("<!doctype", "<html", "<?xml", "<head", "<body")):
        raise problem(path, "is a web page, not the export", "Log in and download the export itself")
    if begin[0] in "{[":
        found = looked_json(path, text, compression, whole=whole)
        kind = "jsonl" if found.rows or found.format == "newline_delimited" else "json"
        return Seen(path, Shape("jsonl" if kind == "jsonl" else "json", tuple(found.paths), found.first), json=found)
    if _is_metrics(text):
        return Seen(path, Shape("text", head=text[:HEAD_TEXT]))
    table = layout(path, text, whole=whole)
    return Seen(path, Shape("csv", table.header), table=table)


def _is_metrics(text: str) -> bool:
    """Samples in the exposition format of Prometheus."""
    lines = [line for line in text[:HEAD_TEXT].splitlines()[:60] if line.strip()]
    if any(line.startswith(("# HELP ", "# TYPE ")) for line in lines):
        return True
    samples = [line for line in lines[:-1] or lines if not line.startswith("#")]
    return bool(samples) and all(_METRIC.fullmatch(line.strip()) for line in samples)
