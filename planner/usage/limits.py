"""What an import may take of a machine, and what a packed file may unpack to: refused before anything is written."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from planner.usage.duck import GIB, MIB
from planner.usage.errors import Cancelled, UsageProblem
from planner.usage.heads import Compression, unpacked
from planner.usage.look import Seen

PROBE_BYTES = 64 * MIB
"""Unpacked bytes by which a packed text is judged."""
MAX_RATIO = 200
"""Unpacked over packed; logs pack 5 to 30 times."""
STAGED_BYTES_PER_CELL = 3
"""What one number of a usage row takes in a staged file: 2.6 measured, over 3 million rows of five columns."""
ID_BYTES = 40
"""What keeping one request's id apart takes while duplicates are looked for."""
KEEP_FREE = 0.1
"""Share of the free disk that an import leaves alone."""
_CHUNK = 4 * MIB


@dataclass(frozen=True)
class Fingerprint:
    """A file's bytes, in short."""

    sha256: str
    lines: int
    """Line ends in it; of a packed file or Parquet without a meaning."""
    ends_line: bool
    """Whether the last byte is a line end."""


def fingerprint(path: Path, told: Callable[[int], None], cancelled: Callable[[], bool]) -> Fingerprint:
    """Read every byte once. `told` is given the bytes read so far. Raises Cancelled."""
    digest, lines, read, last = hashlib.sha256(), 0, 0, b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if cancelled():
                raise Cancelled
            digest.update(chunk)
            lines += chunk.count(b"\n")
            read += len(chunk)
            last = chunk[-1:]
            told(read)
    return Fingerprint(digest.hexdigest(), lines, last == b"\n")


def ratio_of(seen: Seen) -> float:
    """Unpacked over packed bytes at the beginning of a packed text; 1 of a plain file."""
    if not seen.compression:
        return 1.0
    whole = packed = 0
    for part, position in unpacked(seen.path, seen.compression):
        whole, packed = whole + len(part), position
        if whole >= PROBE_BYTES:
            break
    return whole / max(1, packed)


def bomb(seen: Seen, ratio: float) -> UsageProblem | None:
    """A packed text that unpacks to far more than a log does."""
    if ratio <= MAX_RATIO:
        return None
    return UsageProblem(
        seen.path.name,
        f"unpacks to {ratio:,.0f} times its size, where a log unpacks to 5 to 30 times",
        "If it is meant to, import it with --trust-compression, or unpack it first",
    )


def is_cut(path: Path, compression: Compression) -> bool:
    """Whether a Zstandard file ends in the middle; its frames say how long each block is, nothing is unpacked.

    A cut gzip file is found while it is read.
    """
    if compression != "zstd":
        return False
    size = path.stat().st_size
    with path.open("rb") as file:
        while file.tell() < size:
            if not _skip_frame(file):
                return True
        return file.tell() != size


def _skip_frame(file: IO[bytes]) -> bool:
    """Go past one frame of RFC 8878; False where it is not whole."""
    read, seek = file.read, file.seek
    magic = read(4)
    if len(magic) < 4:
        return False
    if int.from_bytes(magic, "little") & 0xFFFFFFF0 == 0x184D2A50:
        length = read(4)
        return len(length) == 4 and seek(int.from_bytes(length, "little"), 1) > 0
    descriptor = (read(1) or b"\0")[0]
    single, dictionary, size_flag = descriptor & 0x20, descriptor & 3, descriptor >> 6
    sized = (1 if single else 0) if size_flag == 0 else 1 << size_flag
    seek((0 if single else 1) + (0, 1, 2, 4)[dictionary] + sized, 1)
    while len(header := read(3)) == 3:
        block = int.from_bytes(header, "little")
        seek(1 if block >> 1 & 3 == 1 else block >> 3, 1)
        if block & 1:
            return not descriptor & 4 or len(read(4)) == 4
    return False


@dataclass(frozen=True)
class Needs:
    """Disk that an import takes while it runs, bytes."""

    staged: int
    spilled: int

    @property
    def total(self) -> int:
        """Both together."""
        return self.staged + self.spilled


def needs_of(seen: Seen, ratio: float, cells: int, *, ids: bool) -> Needs:
    """An upper estimate from the size of the file and of its lines. Parquet is read where it lies."""
    size = seen.path.stat().st_size
    if seen.shape.kind == "parquet":
        return Needs(0, size if ids else 0)
    rows = int(size * ratio / max(1.0, seen.bytes_per_line)) + 1
    return Needs(rows * cells * STAGED_BYTES_PER_CELL, rows * ID_BYTES if ids else 0)


def free_bytes(folder: Path) -> int:
    """What an import may use of the disk that `folder` is on."""
    while not folder.exists():
        folder = folder.parent
    return int(shutil.disk_usage(folder).free * (1 - KEEP_FREE))


def short_of_room(needs: Needs, folder: Path) -> UsageProblem | None:
    """Whether the disk is too small, in figures, and the way out."""
    free = free_bytes(folder)
    if needs.total <= free:
        return None
    return UsageProblem(
        "",
        f"the import needs about {needs.total / GIB:,.1f} GiB for a while ({needs.staged / GIB:,.1f} GiB for the "
        f"usage rows, {needs.spilled / GIB:,.1f} GiB for sorting), and {free / GIB:,.1f} GiB may be used on its disk",
        "Give a folder on a larger disk with --temp-dir, or export Parquet, which is read where it lies",
    )
