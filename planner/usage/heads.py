"""The first bytes of a file, unpacked when it is gzip or Zstandard, and what the bytes alone say of it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

import pyarrow as pa

from planner.usage.errors import UsageError, UsageProblem

Compression = Literal["", "gzip", "zstd"]
HEAD_BYTES = 1 << 18
"""Unpacked bytes that one look reads."""
PART_BYTES = 1 << 16
GZIP, ZSTD, PARQUET = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1"
OTHERS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"%PDF", "is a PDF", "Export the usage as CSV, JSON or Parquet"),
    (0, b"\xd0\xcf\x11\xe0", "is an old Excel file", "Save the sheet as CSV"),
    (0, b"BZh", "is packed with bzip2", "Unpack it, or pack it with gzip or Zstandard"),
    (0, b"\xfd7zXZ\x00", "is packed with xz", "Unpack it, or pack it with gzip or Zstandard"),
    (0, b"7z\xbc\xaf", "is a 7-Zip archive", "Unpack it and give the files in it"),
    (0, b"Rar!", "is a RAR archive", "Unpack it and give the files in it"),
    (257, b"ustar", "is a tar archive", "Unpack it and give the files in it"),
    (0, b"ORC", "is an ORC file", "Export it as Parquet"),
    (0, b"Obj\x01", "is an Avro file", "Export it as Parquet or JSON lines"),
    (0, b"ARROW1", "is an Arrow file", "Export it as Parquet"),
    (0, b"SQLite format 3", "is a SQLite database", "Export the table as CSV or Parquet"),
    (8, b"DUCK", "is a DuckDB database", "Export the table as Parquet"),
)
"""Place, bytes there, what the file is, and the way out."""


def problem(path: Path, reason: str, remedy: str = "") -> UsageError:
    """What is wrong with one file."""
    return UsageError(UsageProblem(path.name, reason, remedy))


def first_bytes(path: Path, size: int = 512) -> bytes:
    """As they lie there; a file that cannot be opened or is empty is refused."""
    try:
        with path.open("rb") as file:
            found = file.read(size)
    except FileNotFoundError:
        raise UsageError(UsageProblem(str(path), "there is no such file", "Check the path")) from None
    except PermissionError:
        raise problem(path, "may not be read", "Give this program the right to read it") from None
    except OSError as error:
        raise problem(path, (error.strerror or "cannot be read").lower(), "Check the disk and the path") from None
    if not found:
        raise problem(path, "is empty", "Export it again; the export was cut or has no data")
    return found


def compression_of(start: bytes) -> Compression:
    """How the file is packed, by its first bytes."""
    return "gzip" if start.startswith(GZIP) else "zstd" if start.startswith(ZSTD) else ""


def refuse_others(path: Path, start: bytes) -> None:
    """Files of a kind that holds no usage, told by their first bytes."""
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        if b"[Content_Types].xml" in start or path.suffix.lower() in {".xlsx", ".xlsm", ".ods"}:
            raise problem(path, "is an Excel workbook", "Save the sheet as CSV")
        raise problem(path, "is a ZIP archive", "Unpack it and give the files in it")
    for place, magic, what, remedy in OTHERS:
        if start[place : place + len(magic)] == magic:
            raise problem(path, what, remedy)


def unpacked(path: Path, compression: Compression) -> Iterator[tuple[bytes, int]]:
    """The file's own bytes, part by part, and how many of the packed ones were read for them.

    What is there of a cut file is given; then zlib.error or OSError is raised, or it just ends.
    """
    if compression == "zstd":
        with pa.OSFile(str(path), "rb") as packed, pa.CompressedInputStream(packed, "zstd") as stream:
            while part := stream.read(PART_BYTES):
                yield part, packed.tell()
    else:
        with path.open("rb") as file:
            yield from _gunzipped(file) if compression else _parts(file)


def head(path: Path, compression: Compression, size: int = HEAD_BYTES) -> bytes:
    """The first unpacked bytes; fewer when the file is shorter or is cut."""
    parts: list[bytes] = []
    left = size
    try:
        for part, _ in unpacked(path, compression):
            parts.append(part[:left])
            left -= len(part)
            if left <= 0:
                break
    except (OSError, zlib.error) as error:
        if not parts:
            raise problem(path, "is packed, and broken or cut at the start", "Export it again") from error
    return b"".join(parts)


def _gunzipped(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Gzip of one or many members."""
    member = zlib.decompressobj(31)
    while packed := member.unconsumed_tail or member.unused_data or file.read(PART_BYTES):
        if member.eof:
            member = zlib.decompressobj(31)
        if part := member.decompress(packed, PART_BYTES):
            yield part, file.tell()


def _parts(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    while part := file.read(PART_BYTES):
        yield part, file.tell()
