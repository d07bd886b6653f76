"""Parquet that a reader can take as it is: read where it lies, never copied; files of one schema are read together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pyarrow.parquet as pq

from planner.usage.duck import DuckEngine
from planner.usage.errors import UsageError, UsageProblem
from planner.usage.files import File
from planner.usage.parts import SOURCE, Part, Read
from planner.usage.reading import parquet_source, typed_columns
from planner.usage.relation import Choices, relation
from planner.usage.staged import blocks_of
from planner.usage.summary import reads

TAKEN = {"filename", "file_row_number"}
"""Columns that DuckDB adds to a file's own."""
NOTHING = Read(rows=0, rejects=(), first_us=0, last_us=0, bucket_s=0, zoneless=0, has=(), full=())


def direct_parts(engine: DuckEngine, files: Sequence[File], choices: Choices) -> Iterator[Part]:
    """A part for each Parquet file, in no order."""
    alike: dict[tuple[str, str], list[File]] = defaultdict(list)
    for file in files:
        schema = pq.read_schema(file.path).remove_metadata()
        taken = sorted(TAKEN & {name.lower() for name in schema.names})
        if taken:
            reason = f"has a column {' and a column '.join(taken)}, a name that is needed while reading"
            raise UsageError(UsageProblem(file.name, reason, "Give the column another name"))
        alike[file.reader.about.reader_id, schema.to_string()].append(file)
    for group in alike.values():
        yield from _group(engine, group, choices)


def _group(engine: DuckEngine, files: Sequence[File], choices: Choices) -> Iterator[Part]:
    reader = files[0].table_reader
    columns = typed_columns(engine, parquet_source([files[0].path]))
    extra = {"filename": "filename", "file_row_number": "file_row_number", **blocks_of(reader, columns)}
    made = relation(reader, columns, SOURCE, choices, extra, layered=True)
    source = f"({made.select.replace(SOURCE, parquet_source(file.path for file in files))}) AS f"
    try:
        found = reads(engine, source, made, "filename", "file_row_number")
    except UsageError as error:
        where = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
        raise UsageError([UsageProblem(p.where or where, p.reason, p.remedy) for p in error.problems]) from error
    blocks = ("blocks",) if "blocks" in extra else ()
    for file in files:
        read = found.get(str(file.path), NOTHING)
        rejects = tuple(replace(r, lines=tuple(n + 1 for n in r.lines)) for r in read.rejects)
        read = replace(read, rejects=rejects, has=(*read.has, *blocks), notes=made.notes)
        yield file.part(read, file.path, made.select, reader.blocks[1] if reader.blocks else 0)
