"""Whole documents (pages of an API, traces, metrics) as rows: parsed one at a time, written in batches."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from planner.usage.duck import DuckEngine
from planner.usage.errors import Cancelled
from planner.usage.heads import head
from planner.usage.lines import text_lines
from planner.usage.look import Seen
from planner.usage.look_json import MAX_DOCUMENT_BYTES
from planner.usage.parts import LINES_KEPT, Rejected
from planner.usage.reading import MAX_LINE_BYTES, json_objects
from planner.workload.readers.base import BadRow, DocumentReader, OwnerKind
from planner.workload.usage_rows import COLUMNS, SQL_TYPES, UsageRow

BATCH_ROWS = 20_000
LOOK_EVERY = 1000
MOST_INT = 2**63 - 1
MOST_REASONS, MOST_LENGTH = 40, 150
_VALUE = re.compile(r"^(?:'[^']*'|\"[^\"]*\") ")
SCHEMA = pa.schema(
    [(name, pa.int64() if SQL_TYPES[name] == "BIGINT" else pa.string()) for name in COLUMNS] + [("line", pa.int64())]
)


@dataclass
class Walk:
    """Goes through the documents of one file; counts what cannot be used."""

    seen: Seen
    engine: DuckEngine
    cancelled: Callable[[], bool]
    line: int = 0
    """Line (of lines) or place (of a list) of the document that is being read, from 1."""
    bad: Counter[str] = field(default_factory=Counter)
    lines: dict[str, list[int]] = field(default_factory=dict)

    def documents(self) -> Iterator[object]:
        """Each document, parsed; of a text each line."""
        for number, document in enumerate(self._raw(), 1):
            self.line = number
            if number % LOOK_EVERY == 0 and self.cancelled():
                raise Cancelled
            if document is not None:
                yield document

    def reject(self, reason: str) -> None:
        """Count one part that cannot be used; the value that a reason begins with is left out."""
        reason = _VALUE.sub("a value ", reason)[:MOST_LENGTH]
        if reason not in self.bad and len(self.bad) >= MOST_REASONS:
            reason = "other reasons"
        self.bad[reason] += 1
        places = self.lines.setdefault(reason, [])
        if len(places) < LINES_KEPT:
            places.append(max(1, self.line))

    def rejects(self) -> tuple[Rejected, ...]:
        """What was counted."""
        return tuple(Rejected("", reason, n, tuple(self.lines[reason])) for reason, n in self.bad.items())

    def _raw(self) -> Iterator[object]:
        if self.seen.json is None:
            yield from (line.rstrip("\r\n") for line in text_lines(self.seen))
        elif self.seen.json.format == "newline_delimited":
            yield from map(self._parsed, text_lines(self.seen))
        elif self.seen.json.format == "array":
            for (text,) in self.engine.batches(f"SELECT json FROM {json_objects(self.seen)}"):
                yield self._parsed(text)
        else:
            yield from self._stream()

    def _parsed(self, text: str) -> object:
        """The document in a line; None for a blank one, and for a bad one, which is counted."""
        if not text.strip():
            return None
        if len(text) > MAX_LINE_BYTES and self.seen.json and self.seen.json.format == "newline_delimited":
            self.reject(f"is longer than {MAX_LINE_BYTES >> 20} MiB")
            return None
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            self.reject("is not readable JSON")
            return None

    def _stream(self) -> Iterator[object]:
        """One document, or several behind each other."""
        text = head(self.seen.path, self.seen.compression, MAX_DOCUMENT_BYTES).decode("utf-8-sig", errors="replace")
        decoder, place = json.JSONDecoder(), 0
        while text[place:].strip():
            place += len(text[place:]) - len(text[place:].lstrip())
            try:
                document, place = decoder.raw_decode(text, place)
            except (ValueError, RecursionError):
                self.reject("is not readable JSON")
                return
            yield document


def write_documents(
    walk: Walk, reader: DocumentReader, owner_by: OwnerKind | None, owner: Callable[[str], str], path: Path
) -> int:
    """Write every usage row of the file to Parquet with SCHEMA; how many there are."""
    batch: list[tuple[object, ...]] = []
    written = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for row in reader.rows(walk.documents(), owner_by):
            if isinstance(row, BadRow):
                walk.reject(row.reason)
                continue
            if any(isinstance(value, int) and abs(value) > MOST_INT for value in row):
                walk.reject("a number that is too large")
                continue
            batch.append((*_hashed(row, owner), walk.line))
            written += 1
            if len(batch) >= BATCH_ROWS:
                writer.write_table(_table(batch))
                batch.clear()
        writer.write_table(_table(batch))
    return written


def _hashed(row: UsageRow, owner: Callable[[str], str]) -> UsageRow:
    return row._replace(owner=owner(row.owner)) if row.owner else row


def _table(rows: list[tuple[object, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    return pa.table([pa.array(column, kind.type) for column, kind in zip(columns, SCHEMA, strict=True)], schema=SCHEMA)
