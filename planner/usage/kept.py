"""Imports that are kept: the profile as JSON and its rollup as Parquet in one folder, written whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from planner.domain.usage import USAGE_SCHEMA_VERSION, UsageProfile
from planner.usage.errors import UsageError, UsageProblem
from planner.usage.measure import as_rollup
from planner.workload.rollup import ROLLUP_COLUMNS, TEXT_KEYS, Rollup
from planner.workload.usage_rows import SUMS

PROFILE, ROLLUP = "profile.json", "rollup.parquet"
ROLLUP_VERSION = 1
_VERSION, _THRESHOLDS = b"planner_rollup", b"planner_thresholds"
_ID = re.compile(r"[0-9a-f]{16}")
_AGAIN = "Import the log again"
_GIVE = "Give a profile that `planner usage import` wrote, or an id of `planner usage list`"


def usage_folder() -> Path:
    """Where this installation keeps its imports: PLANNER_USAGE, or var/usage beside the program."""
    return Path(os.environ.get("PLANNER_USAGE") or Path(__file__).resolve().parents[2] / "var" / "usage")


def keep(folder: Path, profile: UsageProfile, rollup: Rollup) -> Path:
    """Write one import to its folder, in place of an earlier one of the same name; the folder it is in."""
    part = folder / f".{profile.profile_id}.{secrets.token_hex(4)}.part"
    old = part.with_suffix(".old")
    place = folder / profile.profile_id
    try:
        part.mkdir(parents=True)
        write_rollup(rollup, part / ROLLUP)
        (part / PROFILE).write_text(profile.model_dump_json(indent=2), encoding="utf-8")
        if place.exists():
            place.rename(old)
        part.rename(place)
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise UsageError(UsageProblem(str(folder), reason, "Choose another folder with PLANNER_USAGE")) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return place


def write_rollup(rollup: Rollup, path: Path) -> None:
    """The rollup as Parquet: packed, names as dictionaries."""
    columns: dict[str, pa.Array] = {
        "minute_us": pa.array(rollup.minute_us),
        "bucket_s_key": pa.array(rollup.bucket_s),
        "context_band": pa.array(rollup.context_band),
        "usage_rows": pa.array(rollup.usage_rows),
    }
    for key in TEXT_KEYS:
        labels = rollup.labels[key]
        codes = pa.array(labels.codes.astype(np.int32))
        columns[f"{key}_key"] = pa.DictionaryArray.from_arrays(codes, pa.array(labels.names, pa.string()))
    for name in SUMS:
        columns[f"{name}_sum"], columns[f"{name}_known"] = pa.array(rollup.sums[name]), pa.array(rollup.known[name])
    about = {_VERSION: str(ROLLUP_VERSION), _THRESHOLDS: ",".join(map(str, rollup.thresholds))}
    table = pa.table({name: columns[name] for name in ROLLUP_COLUMNS}).replace_schema_metadata(about)
    pq.write_table(table, path, compression="zstd")


def read_rollup(path: Path) -> Rollup:
    """A rollup that was written here. Raises UsageError for one that is damaged, newer or something else."""
    try:
        table = pq.read_table(path, memory_map=True)
    except FileNotFoundError:
        raise UsageError(UsageProblem(path.name, "is not there", _AGAIN)) from None
    except (OSError, pa.ArrowException) as error:
        raise UsageError(UsageProblem(path.name, "is damaged", _AGAIN)) from error
    about = table.schema.metadata or {}
    version = about.get(_VERSION, b"")
    if version.isdigit() and int(version) > ROLLUP_VERSION:
        raise UsageError(UsageProblem(path.name, "was written by a newer version", "Update this program"))
    if version != str(ROLLUP_VERSION).encode() or set(table.column_names) != set(ROLLUP_COLUMNS):
        raise UsageError(UsageProblem(path.name, "is no rollup of this program", _AGAIN))
    thresholds = tuple(int(t) for t in about.get(_THRESHOLDS, b"").decode().split(",") if t)
    return as_rollup(table, thresholds)


def read_profile(path: Path) -> UsageProfile:
    """A profile in a file. Raises UsageError with every field that is wrong."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise UsageError(UsageProblem(str(path), reason, _GIVE)) from error
    try:
        return UsageProfile.model_validate_json(content)
    except ValidationError as error:
        raise UsageError(_wrong(path, error, content)) from error


def _wrong(path: Path, error: ValidationError, content: bytes) -> list[UsageProblem]:
    newer = re.search(rb'"schema_version":\s*(\d+)', content[:2000])
    if newer and int(newer[1]) > USAGE_SCHEMA_VERSION:
        return [UsageProblem(path.name, "was written by a newer version", "Update this program")]
    if error.errors()[0]["type"] == "json_invalid":
        return [UsageProblem(path.name, "is no JSON, so no profile", _GIVE)]
    fields = [(".".join(map(str, e["loc"])) or "document", _plain(e["msg"])) for e in error.errors()]
    return [UsageProblem(f"{path.name}, {field}", reason[0].lower() + reason[1:], _AGAIN) for field, reason in fields]


def _plain(reason: str) -> str:
    return reason.removeprefix("Value error, ").rstrip(".")


def kept_profiles(folder: Path) -> tuple[UsageProfile, ...]:
    """Every import that can be read, the newest first."""
    found = []
    for place in folder.iterdir() if folder.is_dir() else ():
        if _ID.fullmatch(place.name):
            try:
                found.append(read_profile(place / PROFILE))
            except UsageError:
                continue
    return tuple(sorted(found, key=lambda p: (p.imported_on, p.name, p.profile_id), reverse=True))


def unreadable(folder: Path) -> tuple[UsageProblem, ...]:
    """Imports that are there and cannot be read."""
    problems: list[UsageProblem] = []
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _ID.fullmatch(place.name):
            try:
                read_profile(place / PROFILE)
            except UsageError as error:
                problems.append(UsageProblem(place.name, error.problems[0].reason, "Forget it, and import it again"))
    return tuple(problems)


def load(folder: Path, profile_id: str) -> tuple[UsageProfile, Rollup]:
    """One import. Raises UsageError when it is not there or cannot be read."""
    place = _place(folder, profile_id)
    return read_profile(place / PROFILE), read_rollup(place / ROLLUP)


def forget(folder: Path, profile_id: str) -> None:
    """Remove one import for good. Raises UsageError when it is not there."""
    place = _place(folder, profile_id)
    gone = folder / f".{profile_id}.{secrets.token_hex(4)}.old"
    place.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def _place(folder: Path, profile_id: str) -> Path:
    place = folder / profile_id
    if not _ID.fullmatch(profile_id) or not place.is_dir():
        raise UsageError(
            UsageProblem(profile_id[:40], "there is no such import here", "`planner usage list` names those there are")
        )
    return place
