"""What the head of a text shows when it is a table: encoding, delimiter, header."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from planner.usage.heads import problem

Encoding = Literal["utf-8", "utf-16", "latin-1"]
DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 200
_DATA = re.compile(r"-?[\d.,:/T Z+-]+")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True)
class Layout:
    """How a delimited text is written."""

    delimiter: str
    header: tuple[str, ...]
    skip: int = 0
    """Lines before the header."""


def decoded(path: Path, head: bytes) -> tuple[str, Encoding]:
    """The head as text, and its encoding; something that is no text is refused."""
    if head.startswith(b"\xff\xfe"):
        return head[: len(head) // 2 * 2].decode("utf-16", errors="ignore"), "utf-16"
    if head.startswith(b"\xfe\xff"):
        raise problem(path, "is UTF-16 with the big end first", "Save it as UTF-8")
    try:
        return _whole_characters(head).decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        if len(_CONTROL.findall(head)) * 100 > len(head):
            raise problem(path, "is not a text, nor a Parquet file", "Export it as CSV, JSON or Parquet") from None
        good = head.decode("utf-8", errors="ignore")
        return (head.decode("latin-1"), "latin-1") if good.isascii() else (good.removeprefix("\ufeff"), "utf-8")


def _whole_characters(head: bytes) -> bytes:
    """Without a character that the end of the head cuts."""
    for back in range(1, min(4, len(head)) + 1):
        if head[-back] >= 0xC0:
            return head[:-back]
        if head[-back] < 0x80:
            return head
    return head


def layout(path: Path, text: str, *, whole: bool) -> Layout:
    """Delimiter and header. `whole`: the text is all of the file. Refuses what is no table of usage."""
    if "\x00" in text[:4096]:
        raise problem(path, "is not a text, nor a Parquet file", "Export it as CSV, JSON or Parquet")
    lines = text.splitlines()
    skip = next((n for n, line in enumerate(lines) if line.strip()), 0)
    said = re.fullmatch(r"sep=(.)", lines[skip].strip()) if lines else None
    skip += bool(said)
    if not lines or skip >= len(lines) or not lines[skip].strip():
        raise problem(path, "holds only blank lines", "Export it again")
    sample = lines[skip : skip + SAMPLE_LINES]
    delimiter = said[1] if said else max(DELIMITERS, key=lambda d: _fit(sample, d))
    header = tuple(name.strip() for name in _cells(sample[:1], delimiter)[0])
    _refuse(path, header, sample, empty=whole and not any(line.strip() for line in lines[skip + 1 :]))
    return Layout(delimiter, header, skip)


def _cells(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return [line.split(delimiter) for line in lines]


def _fit(lines: list[str], delimiter: str) -> tuple[float, int]:
    """Share of lines as wide as the first, and that width; nothing for a single column."""
    rows = _cells(lines, delimiter)
    width = len(rows[0])
    return (0.0, 0) if width < 2 else (sum(len(row) == width for row in rows) / len(rows), width)


def _refuse(path: Path, header: tuple[str, ...], sample: list[str], *, empty: bool) -> None:
    if len(header) < 2:
        raise problem(
            path,
            f"has one column only, {header[0][:60]!r}: the delimiter is none of comma, semicolon, tab and |",
            "Export it as CSV with one of these",
        )
    if all(_DATA.fullmatch(name) for name in header if name):
        raise problem(path, f"has no header: its first line is {sample[0][:60]!r}", "Add a line with column names")
    if empty:
        raise problem(path, "is an empty export: it has a header and no row", "Choose a period with usage")
