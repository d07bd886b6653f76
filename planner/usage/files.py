"""The files of an import: found in folders and by patterns, looked at, recognised, and told apart by their bytes."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from planner.usage.errors import Cancelled, UsageError, UsageProblem
from planner.usage.limits import Fingerprint, fingerprint
from planner.usage.look import Seen, seen
from planner.usage.parts import Part, Read
from planner.workload.readers import READERS
from planner.workload.readers.base import Reader, TableReader, nearest, recognised, resembles
from planner.workload.readers.plain import mapped_reader

USABLE = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".pq", ".prom", ".metrics")
"""Ends of names that are taken from a folder; a file that is named itself may be called anything."""
PACKED = (".gz", ".zst", ".zstd")
MAPPED = "mapped"
"""Reader of columns that a person has named."""
MOST_NAMED = 10
MOST_PROBLEMS = 20
COLUMNS_TOLD = 30


@dataclass(frozen=True)
class Found:
    """One file and the name to show for it: never the path of a machine."""

    path: Path
    name: str


@dataclass(frozen=True)
class File:
    """One recognised file."""

    path: Path
    name: str
    seen: Seen
    reader: Reader
    print_: Fingerprint | None = None

    @property
    def table_reader(self) -> TableReader:
        """The reader of a table."""
        assert isinstance(self.reader, TableReader)
        return self.reader

    @property
    def is_direct(self) -> bool:
        """Whether the file is read where it lies."""
        return self.seen.shape.kind == "parquet"

    @property
    def fingerprint(self) -> Fingerprint:
        """Of its bytes, once they were read."""
        assert self.print_ is not None
        return self.print_

    def part(self, read: Read, rows_at: Path, select: str = "", block_tokens: int = 0) -> Part:
        """What it is once it was read."""
        size, sha256 = self.path.stat().st_size, self.fingerprint.sha256
        return Part(self.name, sha256, size, self.reader.about, read, rows_at, select, block_tokens)


@dataclass(frozen=True)
class Listing:
    """The files that paths name."""

    files: tuple[Found, ...]
    left_out: tuple[str, ...]
    """Files of folders that are not taken, by the end of their names."""


def found(paths: Sequence[Path]) -> Listing:
    """Every file that the paths name: files, folders (all in them) and patterns. Raises UsageError, all at once."""
    problems: list[UsageProblem] = []
    files: dict[Path, Found] = {}
    left_out: list[str] = []
    for path in paths:
        try:
            for file in _of_path(path, left_out):
                files.setdefault(file.path.resolve(), file)
        except UsageError as error:
            problems += error.problems
    if not paths:
        problems.append(UsageProblem("", "there is no file to import", "Give files, folders or patterns"))
    if problems:
        raise UsageError(problems)
    return Listing(tuple(files.values()), tuple(left_out))


def _of_path(path: Path, left_out: list[str]) -> Iterator[Found]:
    if path.is_dir():
        yield from _of_folder(path, left_out)
    elif path.exists() or not glob.has_magic(str(path)):
        yield Found(path, path.name)
    else:
        matches = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207 (absolute ones)
        if not matches:
            raise UsageError(UsageProblem(str(path), "no file matches this pattern", "Check the pattern"))
        for match in matches:
            yield from [Found(match, match.name)] if match.is_file() else []


def _of_folder(folder: Path, left_out: list[str]) -> Iterator[Found]:
    everything = sorted(path for path in folder.rglob("*") if path.is_file() and not _hidden(path, folder))
    usable = {path: None for path in everything if is_usable(path)}
    if not usable:
        named = ", ".join(path.name for path in everything[:MOST_NAMED])
        more = f" and {len(everything) - MOST_NAMED} more" if len(everything) > MOST_NAMED else ""
        inside = f"there is only {named}{more} in it" if everything else "there is nothing in it"
        known = ", ".join(USABLE)
        raise UsageError(
            UsageProblem(str(folder), f"holds no usable file: {inside}", f"Usable are {known}, packed too")
        )
    left_out += [path.relative_to(folder).as_posix() for path in everything if path not in usable]
    yield from (Found(path, path.relative_to(folder).as_posix()) for path in usable)


def is_usable(path: Path) -> bool:
    """Whether a file in a folder is taken, by the end of its name."""
    ends = [end.lower() for end in path.suffixes[-2:]]
    ends = ends[:-1] if ends and ends[-1] in PACKED else ends
    return bool(ends) and ends[-1] in USABLE


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)


def readers_for(format_id: str | None, mapping: Mapping[str, str], *, cached_inside: bool) -> tuple[Reader, ...]:
    """The readers to choose from. Raises UsageError for a format that does not exist and for a wrong mapping."""
    try:
        mapped = (mapped_reader(mapping, cached_inside),) if mapping or not cached_inside else ()
    except ValueError as error:
        raise UsageError([UsageProblem("column mapping", line) for line in str(error).splitlines()]) from None
    if mapped or format_id is None:
        return mapped or READERS
    chosen = tuple(reader for reader in READERS if reader.about.reader_id == format_id)
    if not chosen:
        known = ", ".join(reader.about.reader_id for reader in READERS)
        raise UsageError(UsageProblem(format_id, "there is no such format", f"The formats are {known}"))
    return chosen


def looked(files: Sequence[Found], readers: Sequence[Reader], cancelled: Callable[[], bool]) -> tuple[File, ...]:
    """Look at each file and recognise it. Raises UsageError with everything wrong about any of them."""
    problems: list[UsageProblem] = []
    known: list[File] = []
    for file in files:
        if cancelled():
            raise Cancelled
        try:
            look = seen(file.path)
            known.append(File(file.path, file.name, look, _reader(file, look, readers)))
        except UsageError as error:
            problems += [UsageProblem(_named(file, p.where), p.reason, p.remedy) for p in error.problems]
    if len(problems) > MOST_PROBLEMS:
        more = UsageProblem("", f"And {len(problems) - MOST_PROBLEMS:,} more problems", "Give only exports of usage")
        problems[MOST_PROBLEMS:] = [more]
    if problems:
        raise UsageError(problems)
    return tuple(known)


def _named(file: Found, where: str) -> str:
    return file.name if where in {"", file.path.name} else where


def _reader(file: Found, look: Seen, readers: Sequence[Reader]) -> Reader:
    reader = recognised(readers, look.shape)
    if reader is None:
        raise UsageError(_unknown(file, look, readers))
    if reader.about.nothing:
        raise UsageError(UsageProblem(file.name, reader.about.nothing))
    return reader


def _unknown(file: Found, look: Seen, readers: Sequence[Reader]) -> UsageProblem:
    columns = look.shape.columns
    if not columns:
        return UsageProblem(file.name, "is of no format that is known", "`planner usage formats` lists them")
    told = ", ".join(columns[:COLUMNS_TOLD]) + (" ..." if len(columns) > COLUMNS_TOLD else "")
    remedy = "Say which column is which with --map, such as --map timestamp=COLUMN,input_tokens=COLUMN"
    what, close = "is of no format that is known", ""
    if any(isinstance(reader, TableReader) for reader in readers):
        reader, missing = nearest(readers, look.shape)
        lacks = ", ".join(missing)
        if reader.about.reader_id == MAPPED:
            what, remedy = f"lacks {lacks}, which columns are mapped to", "Map columns that the file has"
        elif len(readers) == 1:
            what, close = f"is not {reader.about.title}", f"; it lacks {lacks}"
            remedy = "Leave --format out, and the format is recognised from the file"
        elif resembles(reader, look.shape):
            close = f"; it comes closest to {reader.about.title}, for which it lacks {lacks}"
    return UsageProblem(file.name, f"{what}. Its columns are {told}{close}", remedy)


def fingerprinted(
    files: Sequence[File], told: Callable[[float], None], cancelled: Callable[[], bool]
) -> tuple[tuple[File, ...], tuple[str, ...]]:
    """The files with their fingerprints, each content once; and the names of those that are there twice."""
    sizes = [file.path.stat().st_size for file in files]
    whole, done = max(1, sum(sizes)), 0
    kept: dict[str, File] = {}
    twice: list[str] = []
    for file, size in zip(files, sizes, strict=True):
        print_ = fingerprint(file.path, _shared(told, done, whole), cancelled)
        done += size
        if print_.sha256 in kept:
            twice.append(file.name)
        else:
            kept[print_.sha256] = File(file.path, file.name, file.seen, file.reader, print_)
    return tuple(kept.values()), tuple(twice)


def _shared(told: Callable[[float], None], before: int, whole: int) -> Callable[[int], None]:
    return lambda read: told((before + read) / whole)
