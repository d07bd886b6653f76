"""Which line of a text a row came from: rows are counted while reading, people look for lines."""

from __future__ import annotations

import codecs
import csv
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from planner.usage.heads import unpacked
from planner.usage.look import Seen

FIELD_LIMIT = 1 << 26


def text_lines(seen: Seen) -> Iterator[str]:
    """The lines of a text with their ends; what cannot be decoded is replaced."""
    decoder = codecs.getincrementaldecoder("utf-8-sig" if seen.encoding == "utf-8" else seen.encoding)("replace")
    left = ""
    for part, _ in unpacked(seen.path, seen.compression):
        left += decoder.decode(part)
        *whole, left = left.split("\n")
        for line in whole:
            yield line + "\n"
    if left := left + decoder.decode(b"", final=True):
        yield left


def csv_lines(seen: Seen, rows: Collection[int], unread: Collection[int], *, one_each: bool) -> dict[int, int]:
    """Row (from 0, those that could be read) -> line (from 1). `unread` are the records that could not be read.

    `one_each`: each record is on one line and none is blank.
    """
    first = 2 + (seen.table.skip if seen.table else 0)
    if one_each:
        return {row: _past(row + first, unread) for row in rows}
    return _scanned(_records(seen), rows, frozenset(unread), skip=first - 1)


def json_lines(seen: Seen, rows: Collection[int], *, one_each: bool) -> dict[int, int]:
    """Row (from 0) -> line (from 1) of JSON lines; -> place (from 1) in a list."""
    if one_each or seen.json is None or seen.json.format != "newline_delimited":
        return {row: row + 1 for row in rows}
    records = ((bool(line.strip()), n) for n, line in enumerate(text_lines(seen), 1))
    return _scanned(records, rows, frozenset(), skip=0)


def _past(record: int, unread: Iterable[int]) -> int:
    for other in sorted(unread):
        if other > record:
            break
        record += 1
    return record


def _records(seen: Seen) -> Iterator[tuple[bool, int]]:
    """Each record of a CSV: whether it is more than a blank line, and the line it begins on."""
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(text_lines(seen), delimiter=seen.table.delimiter if seen.table else ",")
    line = 1
    with suppress(csv.Error, OSError, zlib.error):
        for record in reader:
            yield bool(record), line
            line = reader.line_num + 1


def _scanned(
    records: Iterator[tuple[bool, int]], rows: Collection[int], unread: frozenset[int], skip: int
) -> dict[int, int]:
    wanted, found, row = set(rows), dict[int, int](), 0
    for number, (filled, line) in enumerate(records, 1):
        if number <= skip or not filled or number in unread:
            continue
        if row in wanted:
            found[row] = line
        row += 1
        if len(found) == len(wanted):
            break
    return found
