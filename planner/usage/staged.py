"""One file as staged usage rows: a table through DuckDB, documents one by one; counts, reasons and lines with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from planner.usage.documents import Walk, write_documents
from planner.usage.duck import DuckEngine
from planner.usage.errors import UsageError, UsageProblem
from planner.usage.limits import Fingerprint
from planner.usage.lines import csv_lines, json_lines
from planner.usage.look import Seen
from planner.usage.parts import LINES_KEPT, Read, Rejected
from planner.usage.reading import (
    MAX_LINE_BYTES,
    REJECTS_LIMIT,
    Asked,
    csv_source,
    json_columns,
    json_source,
    late_paths,
    quoted,
)
from planner.usage.relation import Choices, Columns, Relation, canonical_checks, of_rows, relation
from planner.usage.secret import Secret
from planner.usage.summary import reads
from planner.workload.readers.base import DocumentReader, Reader, TableReader, hashed
from planner.workload.readers.cells import Check
from planner.workload.readers.sql import text_literal

KEY = "CASE WHEN request_id IS NOT NULL THEN hash(request_id, started_us // 1000000) END"
"""What makes a row the same row: its id, and the second it starts in."""
BLOCKS = "list_transform(CAST({} AS VARCHAR[]), lambda block: hash(block))"
UNREAD = {
    "MISSING COLUMNS": "has fewer cells than the header (a cut line?)",
    "TOO MANY COLUMNS": "has more cells than the header",
    "UNQUOTED VALUE": "has a quote that is not closed",
    "LINE SIZE OVER MAXIMUM": f"is longer than {MAX_LINE_BYTES >> 20} MiB",
    "INVALID ENCODING": "is not in the encoding of the rest",
}
"""DuckDB's kinds of line that cannot be read, in words."""
MIXED_ENDS = "Its line ends are mixed: cells beyond the header are not counted as a mistake."
UNENDED = "Its last line has no end: the file may be cut."


@dataclass(frozen=True)
class Stage:
    """What turning one file into rows takes."""

    engine: DuckEngine
    seen: Seen
    reader: Reader
    choices: Choices
    secret: Secret
    print_: Fingerprint
    cancelled: Callable[[], bool]


def stage(job: Stage, rows_at: Path) -> Read:
    """Write the usage rows of one file to Parquet. Raises UsageError, also Cancelled."""
    try:
        if isinstance(job.reader, DocumentReader):
            return _documents(job, job.reader, rows_at)
        return _json_rows(job, job.reader, rows_at) if job.seen.json else _csv_rows(job, job.reader, rows_at)
    except UsageError as error:
        path = job.seen.path
        plain = [replace(p, reason=p.reason.replace(str(path), path.name)) for p in error.problems]
        named = [p if p.where else replace(p, where=path.name) for p in plain]
        raise type(error)(named) if type(error) is UsageError else error from error.__cause__


def _copy(job: Stage, made: Relation, rows_at: Path, *extra: str) -> None:
    columns = [f"{KEY} AS request_key" if name == "request_id" else name for name in made.filled]
    job.engine.run(
        f"COPY (SELECT {', '.join([*columns, 'reject', 'zoneless', *extra])} FROM ({made.select}) AS r) "
        f"TO {text_literal(str(rows_at))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
    )


def _csv_rows(job: Stage, reader: TableReader, rows_at: Path) -> Read:
    wide = job.seen.encoding.startswith("utf-16")  # its line ends are of two bytes
    notes = [UNENDED] if not (job.seen.compression or job.print_.ends_line or wide) else []
    try:
        made = _csv_copy(job, reader, rows_at, strict=True)
    except UsageError as error:
        if "invalid state" not in str(error.__cause__):
            raise
        notes.append(MIXED_ENDS)
        made = _csv_copy(job, reader, rows_at, strict=False)
    unread = job.engine.rows("SELECT error_type, COUNT(DISTINCT line), MIN(line, 1000) FROM unread GROUP BY 1")
    records = [line for (line,) in job.engine.rows("SELECT DISTINCT line FROM unread ORDER BY 1 LIMIT 100000")]
    if sum(count for _, count, _ in unread) >= REJECTS_LIMIT:
        most = f"more than {REJECTS_LIMIT:,} lines cannot be read as CSV"
        raise UsageError(UsageProblem("", most, "Check the delimiter and the quotes, or export Parquet"))
    skip = job.seen.table.skip if job.seen.table else 0
    whole = _rows(job, rows_at) + sum(count for _, count, _ in unread) + 1 + skip
    one_each = not job.seen.compression and whole == job.print_.lines + (not job.print_.ends_line)

    def lines(rows: Collection[int]) -> Mapping[int, int]:
        return csv_lines(job.seen, rows, records, one_each=one_each)

    read = _read(job, made, rows_at, lines, _blocks(reader), notes)
    rejects = [_unread(kind, count, sorted(set(places))) for kind, count, places in unread]
    for table in ("unread", "unread_scan"):
        job.engine.run(f"DROP TABLE IF EXISTS {table}")
    return _more(read, rejects)


def _csv_copy(job: Stage, reader: TableReader, rows_at: Path, *, strict: bool) -> Relation:
    for table in ("unread", "unread_scan"):
        job.engine.run(f"DROP TABLE IF EXISTS {table}")
    source, columns = csv_source(job.seen, "unread", strict=strict)
    extra = blocks_of(reader, columns)
    made = relation(reader, columns, source, job.choices, extra, layered=True, hash_now=True)
    _copy(job, made, rows_at, *extra)
    return made


def _unread(kind: str, count: int, places: list[int]) -> Rejected:
    return Rejected("", UNREAD.get(kind, kind.lower()), count, tuple(places[:LINES_KEPT]))


def _json_rows(job: Stage, reader: TableReader, rows_at: Path) -> Read:
    """A value that the reader asks for and that only comes after the head is found out, and read in a second go."""
    columns, paths = json_columns(job.seen)
    made, late = _json_copy(job, reader, rows_at, columns, paths)
    if late:
        found = _late(job, late)
        names = {**columns.names, **{dotted: _dotted(keys) for dotted, keys in found.items()}}
        wider = Columns({**columns.kinds, **dict.fromkeys(found, "text")}, Asked(names))
        made, _ = _json_copy(job, reader, rows_at, wider, {**paths, **found})
    one_each = not job.seen.compression and _rows(job, rows_at) == job.print_.lines + (not job.print_.ends_line)

    def lines(rows: Collection[int]) -> Mapping[int, int]:
        return json_lines(job.seen, rows, one_each=one_each)

    return _read(job, made, rows_at, lines, _blocks(reader))


def _json_copy(
    job: Stage, reader: TableReader, rows_at: Path, columns: Columns, paths: Mapping[str, tuple[str, ...]]
) -> tuple[Relation, Mapping[str, tuple[str, ...]]]:
    lists = {reader.blocks[0]: "VARCHAR[]"} if reader.blocks else {}
    extra = {"blocks": BLOCKS.format(f'"{reader.blocks[0]}"')} if reader.blocks else {}
    relation(reader, columns, "t", job.choices, layered=True, hash_now=True)
    missed = columns.names.missed if isinstance(columns.names, Asked) else set[str]()
    late = late_paths(missed, paths)
    asked = " OR ".join(f"{_dotted(keys)} IS NOT NULL" for keys in late.values())
    extra["late"] = f"({asked})" if asked else "FALSE"
    empty = Check("", "is not a readable object with any of the columns", f"COALESCE({_all(columns)}) IS NULL")
    source = json_source(job.seen, [*paths.values(), *late.values()], lists)
    made = relation(reader, columns, source, job.choices, extra, layered=True, hash_now=True, first=(empty,))
    _copy(job, made, rows_at, *extra)
    ((seen_late,),) = job.engine.rows(f"SELECT COALESCE(BOOL_OR(late), FALSE) FROM read_parquet({quoted(rows_at)})")
    return made, late if seen_late else {}


def _all(columns: Columns) -> str:
    return ", ".join(columns.names.values())


def _late(job: Stage, late: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Of the values that may come late those that do."""
    counts = ", ".join(f"COUNT({_dotted(keys)})" for keys in late.values())
    (found,) = job.engine.rows(f"SELECT {counts} FROM {json_source(job.seen, late.values())}")
    return {dotted: keys for (dotted, keys), count in zip(late.items(), found, strict=True) if count}


def _dotted(keys: tuple[str, ...]) -> str:
    return ".".join('"' + key.replace('"', '""') + '"' for key in keys)


def _documents(job: Stage, reader: DocumentReader, rows_at: Path) -> Read:
    kind = job.choices.owner_by
    walk = Walk(job.seen, job.engine, job.cancelled)
    owner = job.secret.hashed if kind and hashed(reader, kind) else str
    walked = rows_at.with_name("walked.parquet")
    try:
        write_documents(walk, reader, kind, owner, walked)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, UsageError):
            raise
        what = f"cannot be read as {reader.about.title}, near line or element {walk.line}"
        raise UsageError(UsageProblem("", what, "Check that it is the export itself, unchanged")) from error
    checks = canonical_checks(job.choices.before, reader.about)
    made = of_rows(f"read_parquet({quoted(walked)})", checks, "line")
    _copy(job, made, rows_at, "line")
    walked.unlink()
    return _more(_read(job, made, rows_at, None), walk.rejects())


def _rows(job: Stage, rows_at: Path) -> int:
    ((count,),) = job.engine.rows(f"SELECT COUNT(*) FROM read_parquet({quoted(rows_at)})")
    return int(count)


def _read(
    job: Stage,
    made: Relation,
    rows_at: Path,
    lines: Callable[[Collection[int]], Mapping[int, int]] | None,
    more: tuple[str, ...] = (),
    notes: Collection[str] = (),
) -> Read:
    """What the staged rows show. `lines` turns places of rows into lines; without it the rows know their line."""
    place = "line" if lines is None else "file_row_number"
    source = f"read_parquet({quoted(rows_at)}, file_row_number=true)"
    found = reads(job.engine, source, made, "''", place)[""]
    if lines is None:
        return found
    wanted = {row for reject in found.rejects for row in reject.lines}
    at = lines(wanted) if wanted else {}
    rejects = tuple(
        Rejected(r.column, r.reason, r.rows, tuple(sorted(at[n] for n in r.lines if n in at))) for r in found.rejects
    )
    return _more(found, (), rejects, (*made.notes, *notes), more)


def _more(
    read: Read,
    rejects: Collection[Rejected] = (),
    instead: tuple[Rejected, ...] | None = None,
    notes: tuple[str, ...] = (),
    has: tuple[str, ...] = (),
) -> Read:
    """With rows that could not be read at all, and with notes."""
    kept = read.rejects if instead is None else instead
    return replace(
        read,
        rows=read.rows + sum(reject.rows for reject in rejects),
        rejects=(*kept, *rejects),
        has=(*read.has, *has),
        notes=(*read.notes, *notes),
    )


def _blocks(reader: TableReader) -> tuple[str, ...]:
    return ("blocks",) if reader.blocks else ()


def blocks_of(reader: TableReader, columns: Columns) -> dict[str, str]:
    """The column with hashes of blocks, where the file has it."""
    if not reader.blocks or reader.blocks[0].lower() not in columns.names:
        return {}
    return {"blocks": BLOCKS.format(columns.names[reader.blocks[0].lower()])}
