"""What the thread of an import does: put the uploads down, see that each is understood, and read them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from planner.usage.errors import Cancelled, UsageError, UsageProblem
from planner.usage.importer import Imported, ImportRequest, import_usage
from planner.usage.kept import usage_folder
from planner.usage.look import look
from planner.usage.sources import configured_sources, import_source
from planner.web.usage_job import Said
from planner.web.usage_uploads import Uploads
from planner.workload.readers import READERS
from planner.workload.readers.base import Shape, nearest, recognised, resembles

MAPPABLE = ("csv", "parquet", "jsonl")
MOST_NAMED = 6


class NotRecognised(UsageError):
    """No format fits these files: their columns have to be mapped by hand."""

    def __init__(self, paths: tuple[Path, ...], problems: list[UsageProblem]) -> None:
        self.paths = paths
        super().__init__(problems)


@dataclass(frozen=True)
class SourceImport:
    """Work for a job: a source that the operator has configured."""

    source: str
    request: ImportRequest

    def __call__(self, said: Said, cancelled: Callable[[], bool]) -> Imported:
        """Read it where it lies; who is told what is wrong with it knows its name, not the paths of the server."""
        try:
            return import_source(self.source, self.request, usage_folder(), said, cancelled)
        except Cancelled:
            raise
        except UsageError as error:
            paths = [source.path for source in configured_sources() if source.name == self.source and source.path]
            raise UsageError(
                replace(p, where=self.source) if p.where in paths else p for p in error.problems
            ) from error


@dataclass
class FileImport:
    """Work for a job: files that were uploaded (and are put down first), or that lie here."""

    request: ImportRequest
    uploads: Uploads | None = None
    files: tuple[tuple[str, BinaryIO], ...] = ()

    def __call__(self, said: Said, cancelled: Callable[[], bool]) -> Imported:
        """Read everything. Uploads go, but when their columns have to be mapped by hand, or otherwise."""
        again = bool(self.request.mapping)
        try:
            self._put_down(said)
            self._understood()
            return import_usage(self.request, usage_folder(), said, cancelled)
        except Cancelled:
            again = False
            raise
        except UsageError as error:
            again = again or isinstance(error, NotRecognised)
            raise
        finally:
            if self.uploads is not None and not again:
                self.uploads.close()

    def _put_down(self, said: Said) -> None:
        if self.uploads is not None and self.files:
            said("putting the files down", 0.0)
            self.uploads.write(self.files)
            self.files = ()
            self.request = replace(self.request, paths=self.uploads.paths)

    def _understood(self) -> None:
        """Ask for a mapping of tables that no format fits, unless the person has said how to read them."""
        if self.request.mapping or self.request.format_id or self.uploads is None:
            return
        problems: list[UsageProblem] = []
        tables: list[Path] = []
        for path in self.request.paths:
            try:
                shape = look(path)
            except UsageError as error:
                problems += error.problems
                continue
            if recognised(READERS, shape) is None:
                problems.append(_unknown(path, shape))
                tables += [path] if _is_table(shape) else []
        if tables:
            raise NotRecognised(tuple(tables), problems)
        if problems:
            raise UsageError(problems)


def _is_table(shape: Shape) -> bool:
    return shape.kind in MAPPABLE and bool(shape.columns)


def _unknown(path: Path, shape: Shape) -> UsageProblem:
    if not _is_table(shape):
        return UsageProblem(path.name, "is of no format that is known", "The list below says which ones are")
    reader, missing = nearest(READERS, shape)
    lacks = ", ".join(missing[:MOST_NAMED]) + (
        f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    )
    close = (
        f". It comes closest to {reader.about.title}, for which it lacks {lacks}" if resembles(reader, shape) else ""
    )
    return UsageProblem(path.name, f"is of no format that is known{close}", "Say below which column is which")
