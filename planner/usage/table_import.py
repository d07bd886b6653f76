"""A table of an engine as an import: the texts run where the logs are, and only sums come back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from planner.usage.duck import refuse_zone
from planner.usage.engines import LogTable, Period, Warehouse, open_engine, relation_of_table
from planner.usage.errors import UsageError, UsageProblem
from planner.usage.files import readers_for
from planner.usage.importer import Imported, ImportRequest, imported_of, wanted
from planner.usage.judged import refuse_rejects
from planner.usage.kept import keep, usage_folder
from planner.usage.measure import STEPS, Said, measured
from planner.usage.parts import Part, Read, Rejected
from planner.usage.progress import Progress
from planner.usage.secret import secret_of
from planner.usage.union import United
from planner.workload.readers.base import TableReader
from planner.workload.rollup import Rollup


def import_table(
    url: str,
    table: str,
    request: ImportRequest,
    folder: Path | None = None,
    said: Said = lambda step, share: None,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    period: Period | None = None,
) -> Imported:
    """Measure a table where it is, and keep the result. Raises UsageError, and then nothing is kept; or Cancelled.

    Duplicates inside a table are not looked for. Neither the address nor the sign-in is kept.
    """
    folder = usage_folder() if folder is None else folder
    progress = Progress(said, cancelled)
    refuse_zone(request.zone)
    secret = secret_of(folder)
    progress.said("asking the engine", 0.0)
    with open_engine(url) as engine:
        log = relation_of_table(engine, table, _reader(request), request.choices, period)
        part = _part(engine, log, table)
        refuse_rejects([part], request.max_reject_fraction)
        whole = United((part,), log.has, frozenset(), log.notes)
        told = progress.through(STEPS, 0.2, 0.95)
        figures = measured(engine, wanted(request, log.relation, whole, secret), told)
    sha256 = _fingerprint(log, table, figures.rollup)
    longest = int(figures.rollup.bucket_s.max(initial=0))
    part = replace(part, sha256=sha256, read=replace(part.read, bucket_s=longest))
    imported = imported_of(request, replace(whole, parts=(part,)), figures)
    progress.said("keeping the result", 1.0)
    place = keep(folder, imported.profile, imported.rollup)
    progress.end()
    return replace(imported, folder=place)


def _reader(request: ImportRequest) -> TableReader | None:
    if request.format_id is None and not request.mapping:
        return None
    (reader,) = readers_for(request.format_id, request.mapping, cached_inside=request.cached_inside)
    if not isinstance(reader, TableReader):
        raise UsageError(UsageProblem(reader.about.reader_id, "is a format of files, not of a table", "Name another"))
    return reader


def _part(engine: Warehouse, log: LogTable, table: str) -> Part:
    codes = {int(row["reject"]): int(row["usage_rows"]) for row in _rows(engine, log.rejects)}
    rejects = tuple(
        Rejected(log.every.checks[code - 1].column, log.every.checks[code - 1].reason, count)
        for code, count in sorted(codes.items())
        if code > 0
    )
    read = Read(sum(codes.values()), rejects, 0, 0, 0, 0, tuple(sorted(log.has)), ())
    return Part(f"{engine.name}: {table}", "", 0, log.reader.about, read, Path())


def _rows(engine: Warehouse, text: str) -> list[dict[str, int]]:
    found = engine.table(text)
    return list(found.rename_columns([name.lower() for name in found.column_names]).to_pylist())


def _fingerprint(log: LogTable, table: str, rollup: Rollup) -> str:
    """Of the question and of its answer."""
    digest = hashlib.sha256(f"{table}\n{log.relation}".encode())
    for array in (rollup.minute_us, rollup.usage_rows, *rollup.sums.values()):
        digest.update(array.tobytes())
    return digest.hexdigest()
