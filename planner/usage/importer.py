"""`import_usage`: any number of exports, of any formats and sizes, become one profile and one rollup, or nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from planner.domain.usage import UsageProfile
from planner.usage.direct import direct_parts
from planner.usage.duck import Bounds, DuckEngine, memory_here_bytes, refuse_zone
from planner.usage.files import MOST_NAMED, File, fingerprinted, found, looked, readers_for
from planner.usage.judged import (
    TooManyRejects,
    clean,
    notes_of,
    refuse_rejects,
    rejects_of,
    sources_of,
    without_calendar,
)
from planner.usage.kept import keep, usage_folder
from planner.usage.measure import STEPS, Said, Wanted, measured
from planner.usage.overlap import Overlap
from planner.usage.parts import Part
from planner.usage.progress import Progress
from planner.usage.relation import Choices
from planner.usage.room import checked_room
from planner.usage.secret import Secret, secret_of
from planner.usage.staged import Stage, stage
from planner.usage.staging import Staging, staging_key
from planner.usage.union import ROWS, United, prefix_hits, united
from planner.workload.figures import UsageFigures
from planner.workload.readers.base import OwnerKind
from planner.workload.rollup import Rollup
from planner.workload.usage_profile import LogAbout, profile_of
from planner.workload.usage_rows import Grain


@dataclass(frozen=True)
class ImportRequest:
    """What to import, and how."""

    paths: tuple[Path, ...] = ()
    """Files, folders and patterns."""
    name: str = ""
    """Name for people; that of the first file by default."""
    format_id: str | None = None
    """Reader to use; by recognition when None."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Column of the plain table -> column of the file."""
    cached_inside: bool = True
    """Mapped columns only: cached tokens are part of the input tokens."""
    owner_by: OwnerKind | None = None
    """Whom rows can be charged to; people and keys are kept as a hash."""
    zone: str = "UTC"
    """Zone of times that do not say their own."""
    max_reject_fraction: float = 0.01
    """Share of rejected rows above which the import stops."""
    thresholds: tuple[int, ...] = ()
    """Prompt sizes at which any price changes."""
    overlap: Overlap = "ask"
    """What to do with rows that two files may both hold."""
    on: dt.date = field(default_factory=lambda: dt.datetime.now(dt.UTC).date())
    """Day of the import."""
    temp_dir: Path | None = None
    """Where rows lie while they are read; the usage folder by default."""
    trust_compression: bool = False
    """Take packed files that unpack to far more than logs do."""
    memory_bytes: int | None = None
    """Memory to work in; 1 GiB or a quarter of the machine's by default."""
    threads: int = 0
    """Cores to work on; all by default."""

    @property
    def choices(self) -> Choices:
        """How files are read."""
        before = self.on + dt.timedelta(days=2)
        return Choices(self.mapping, self.cached_inside, self.owner_by, self.zone, before)


@dataclass(frozen=True)
class Imported:
    """What an import made, and the folder where it is kept."""

    profile: UsageProfile
    rollup: Rollup
    folder: Path


def _quiet(step: str, share: float) -> None:
    """Tell nobody."""


def _never() -> bool:
    return False


def import_usage(
    request: ImportRequest,
    folder: Path | None = None,
    said: Said = _quiet,
    cancelled: Callable[[], bool] = _never,
) -> Imported:
    """Read, measure and keep. Raises UsageError with every problem, or Cancelled; then nothing is kept."""
    folder = usage_folder() if folder is None else folder
    progress = Progress(said, cancelled)
    temp = request.temp_dir or folder
    files, left_out = _looked(request, progress)
    room = checked_room(files, temp, trusted=request.trust_compression)
    files, twice = _told_apart(files, progress)
    notes = (*twice, *left_out)
    secret = secret_of(folder)
    with Staging(temp / "staging").locked(progress.said, cancelled) as staging:
        bounds = Bounds(request.memory_bytes or memory_here_bytes(), staging.folder / "spill", room, request.threads)
        with DuckEngine(bounds, cancelled) as engine:
            engine.progress = progress.more
            engine.run(secret.macro)
            try:
                parts = _parts(request, files, engine, staging, secret, progress)
                imported = _measured(request, parts, engine, secret, progress, notes)
            except TooManyRejects:
                staging.forget()
                raise
        progress.within(0.99, 1.0)
        progress.said("keeping the result", 0.0)
        place = keep(folder, imported.profile, imported.rollup)
        staging.forget()
    progress.end()
    return replace(imported, folder=place)


def _looked(request: ImportRequest, progress: Progress) -> tuple[tuple[File, ...], tuple[str, ...]]:
    """The files, recognised, and what there is to say of others."""
    progress.within(0.0, 0.02)
    refuse_zone(request.zone)
    readers = readers_for(request.format_id, request.mapping, cached_inside=request.cached_inside)
    progress.said("looking at the files", 0.0)
    listing = found(request.paths)
    files = looked(listing.files, readers, progress.cancelled)
    return files, tuple(_left_out(listing.left_out))


def _told_apart(files: Sequence[File], progress: Progress) -> tuple[tuple[File, ...], tuple[str, ...]]:
    """Each content once, and what there is to say of files that are there twice."""
    progress.within(0.02, 0.1)
    progress.said("reading fingerprints", 0.0)
    kept, twice = fingerprinted(files, progress.more, progress.cancelled)
    return kept, tuple(_twice(twice))


def _twice(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        yield f"{clean(name)} has the same bytes as another file: it is read once."


def _left_out(names: Sequence[str]) -> Iterator[str]:
    if names:
        told = ", ".join(clean(name) for name in names[:MOST_NAMED])
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        yield f"Not taken from the folder, by the end of their names: {told}{more}."


def _parts(
    request: ImportRequest,
    files: Sequence[File],
    engine: DuckEngine,
    staging: Staging,
    secret: Secret,
    progress: Progress,
) -> tuple[Part, ...]:
    """Every file, read. Staged ones first; Parquet stays where it is."""
    to_stage = [file for file in files if not file.is_direct]
    whole = max(1, sum(file.path.stat().st_size for file in files))
    done = 0
    parts: dict[str, Part] = {}
    for file in to_stage:
        size = file.path.stat().st_size
        progress.within(0.1 + 0.6 * done / whole, 0.1 + 0.6 * (done + size) / whole)
        progress.said(f"reading {file.name}", 0.0)
        parts[file.fingerprint.sha256] = _staged(request, file, engine, staging, secret, progress)
        done += size
    progress.within(0.1 + 0.6 * done / whole, 0.1 + 0.6)
    progress.said("checking rows", 0.0)
    for part in direct_parts(engine, [file for file in files if file.is_direct], request.choices):
        parts[part.sha256] = part
    return tuple(parts[file.fingerprint.sha256] for file in files)


def _staged(
    request: ImportRequest, file: File, engine: DuckEngine, staging: Staging, secret: Secret, progress: Progress
) -> Part:
    job = Stage(engine, file.seen, file.reader, request.choices, secret, file.fingerprint, progress.cancelled)
    key = staging_key(file.fingerprint.sha256, file.reader.about.reader_id, request.choices)
    read = staging.read(key, lambda rows_at: stage(job, rows_at))
    blocks = getattr(file.reader, "blocks", None)
    return file.part(read, staging.rows(key), block_tokens=blocks[1] if blocks else 0)


def _measured(
    request: ImportRequest,
    parts: Sequence[Part],
    engine: DuckEngine,
    secret: Secret,
    progress: Progress,
    notes: tuple[str, ...],
) -> Imported:
    refuse_rejects(parts, request.max_reject_fraction)
    without_calendar(parts)
    progress.within(0.7, 0.75)
    progress.said("looking for duplicates", 0.0)
    whole = united(engine, parts, request.overlap)
    said = progress.through(STEPS, 0.75, 0.99)
    figures = measured(engine, wanted(request, ROWS, whole, secret), said)
    figures = replace(figures, prefix_hit_tokens=prefix_hits(engine, whole.parts))
    return imported_of(request, whole, figures, notes)


def wanted(request: ImportRequest, relation: str, whole: United, secret: Secret) -> Wanted:
    """What to measure of all sources together."""
    bucketed = any(part.about.grain == "bucket" for part in whole.parts)
    grain: Grain = "bucket" if bucketed else "request"

    def shown(name: str) -> str:
        return clean(secret.shown(name))

    return Wanted(relation, grain, request.thresholds, whole.has, whole.full, shown)


def imported_of(request: ImportRequest, whole: United, figures: UsageFigures, notes: Sequence[str] = ()) -> Imported:
    """The profile of what was measured; nothing is written yet."""
    parts = whole.parts
    about = LogAbout(
        profile_id(request, parts),
        clean(request.name or Path(parts[0].name).name.partition(".")[0]),
        request.on,
        sources_of(parts),
        rejects_of(parts),
        (*notes, *whole.notes, *notes_of(parts, figures.rollup, request.choices)),
        not without_calendar(parts),
    )
    return Imported(profile_of(figures, about), figures.rollup, Path())


def profile_id(request: ImportRequest, parts: Sequence[Part]) -> str:
    """Fingerprint of the sources, their formats and the choices."""
    sources = sorted((part.sha256, part.about.reader_id) for part in parts)
    chosen = (sorted(request.mapping.items()), request.cached_inside, request.owner_by, request.zone, request.overlap)
    told = repr((sources, chosen, sorted(request.thresholds)))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
