"""Measurements on disk: where a result goes, found out before the run, and how one is read by file or by id."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from planner.capacity.measurement.document import MAX_BYTES, MeasurementError, measurement_json, read_measurement
from planner.catalog.case_names import Names
from planner.cli.inputs import InputError
from planner.cli.probe_gpu import gpu_words
from planner.cli.text import table_text
from planner.domain.measurement import Measurement
from planner.domain.serving import engine_words
from planner.format import plural, short
from planner.probe.errors import ProbeError
from planner.probe.kept import ENV, Listed, forget, keep, kept, listed, measurements_folder

HEADS = ("Id", "Finished (UTC)", "Status", "Model", "Engine", "GPUs", "Most tokens/s")
_ID = re.compile(r"[0-9a-f]{16}")


def out_problem(out: Path, *, force: bool) -> str:
    """Why a result could not be written there; empty when it can."""
    if out.is_dir():
        return f"--out {out}: this is a folder. Name a file in it, such as {out / 'probe.json'}."
    if not out.absolute().parent.is_dir():
        return f"--out {out}: there is no folder {out.absolute().parent}. Make it, or choose another file."
    if out.exists() and not force:
        return f"--out {out}: it is there already. Choose another file, or overwrite it with --force."
    reason = _not_writable(out.absolute().parent)
    return f"--out {out}: {reason}. Choose another file." if reason else ""


def kept_problem() -> str:
    """Why a result could not be kept here; empty when it can."""
    folder = measurements_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        reason = _not_writable(folder)
    except OSError as error:
        reason = (error.strerror or "cannot be made").lower()
    return f"{folder}: {reason}. Give --out FILE.json, or another folder with {ENV}." if reason else ""


def _not_writable(folder: Path) -> str:
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".planner-"):
            return ""
    except OSError as error:
        return (error.strerror or "cannot be written").lower()


def write_whole(out: Path, content: bytes) -> None:
    """Whole or not at all: a file beside it, then one rename."""
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(out)
    except OSError as error:
        raise InputError(f"--out {out}: {(error.strerror or 'cannot be written').lower()}. Choose another.") from error
    finally:
        part.unlink(missing_ok=True)


def put(m: Measurement, out: Path | None) -> str:
    """Write it to the file, or among those that are kept here; says where it is."""
    if out is not None:
        write_whole(out, measurement_json(m))
        return f"Written: {out}"
    try:
        keep(m)
    except ProbeError as error:
        raise InputError(f"{error} Or give --out FILE.json.") from error
    return f"Kept as {m.measurement_id}: `planner probe show {m.measurement_id}`"


def load(given: str) -> Measurement:
    """The measurement in a file, or kept under an id; InputError with everything that is wrong with it."""
    path = Path(given)
    try:
        if _ID.fullmatch(given) and not path.exists():
            return kept(given)
        with path.open("rb") as file:
            return read_measurement(file.read(MAX_BYTES + 1), path.name)
    except (MeasurementError, ProbeError) as error:
        raise InputError(str(error)) from error
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise InputError(
            f"{given}: {reason}. Give a file that `planner probe` wrote, or an id of `planner probe list`."
        ) from error


def load_all(given: Sequence[str]) -> list[Measurement]:
    """Several, with what is wrong with all of them."""
    found: list[Measurement] = []
    problems: list[str] = []
    for name in dict.fromkeys(given):
        try:
            found.append(load(name))
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n  ".join(problems))
    return [dict(zip(dict.fromkeys(given), found, strict=True))[name] for name in given]


def drop(measurement_id: str) -> None:
    """Remove one that is kept here."""
    try:
        forget(measurement_id)
    except ProbeError as error:
        raise InputError(str(error)) from error


def kept_here() -> Listed:
    """Measurements that are kept here, the newest first, and files that cannot be read."""
    try:
        return listed()
    except ProbeError as error:
        raise InputError(str(error)) from error


def listing_text(found: Listed, names: Names) -> str:
    """One line each: id, day, status, what was measured."""
    if not found.measurements:
        return "No measurement is kept here yet: `planner probe URL` or `planner probe import FILE`."
    rows = [_row(m, names) for m in found.measurements]
    return f"{table_text(HEADS, rows)}\n{plural(len(rows), 'measurement')} kept in {measurements_folder()}"


def _row(m: Measurement, names: Names) -> tuple[str, ...]:
    best = max((level.output_tokens_per_s for level in m.summary.levels), default=None)
    return (
        m.measurement_id,
        f"{m.finished_at:%Y-%m-%d %H:%M}",
        m.summary.status,
        m.server.served_model,
        engine_words(m.server.engine, m.server.engine_version) or "not known",
        gpu_words(m.declared.gpu_id, m.declared.gpus, names) or "not said",
        "" if best is None else short(best),
    )


def listing_rows(found: Listed) -> list[dict[str, object]]:
    """The same for programs: documents without their runs."""
    left_out = {"runs", "flags"}
    return [m.model_dump(mode="json", exclude=left_out) for m in found.measurements]
