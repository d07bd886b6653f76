"""Measurements that are kept: one JSON file each in one folder, written whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from planner.capacity.measurement.document import MAX_BYTES, MeasurementError, measurement_json, read_measurement
from planner.capacity.measurement.summary import finished
from planner.domain.measurement import Measurement
from planner.probe.errors import ProbeError

ENV = "PLANNER_MEASUREMENTS"
UNDER_WAY = "it was still running when this was kept"
_FILE = re.compile(r"([0-9a-f]{16})\.json")
_ID = re.compile(r"[0-9a-f]{16}")
_LIST = "`planner probe list` names those there are."


class Unreadable(NamedTuple):
    """A file that is there and cannot be read."""

    measurement_id: str
    reason: str


class Listed(NamedTuple):
    """What is kept here."""

    measurements: tuple[Measurement, ...]
    """The newest first."""
    unreadable: tuple[Unreadable, ...]


def under_way(measurement: Measurement) -> Measurement:
    """A state of a probe that goes on, marked partial: it is all that is left when the program is killed."""
    return finished(measurement.model_copy(update={"stopped": UNDER_WAY}))


def measurements_folder() -> Path:
    """Where this installation keeps measurements: PLANNER_MEASUREMENTS, or var/measurements beside the program."""
    return Path(os.environ.get(ENV) or Path(__file__).resolve().parents[2] / "var" / "measurements")


def keep(measurement: Measurement, folder: Path | None = None) -> Path:
    """Write a measurement, in place of an earlier state of the same one; its file. Raises ProbeError."""
    folder = measurements_folder() if folder is None else folder
    part = folder / f".{measurement.measurement_id}.{secrets.token_hex(4)}.part"
    place = folder / f"{measurement.measurement_id}.json"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(measurement_json(measurement))
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
    except OSError as error:
        raise ProbeError(f"{folder}: {_reason(error)}.", f"Choose another folder with {ENV}.") from error
    finally:
        with suppress(OSError):
            part.unlink()
    return place


def kept(measurement_id: str, folder: Path | None = None) -> Measurement:
    """A measurement by its id. Raises ProbeError when it is not there or cannot be read."""
    return _read(_place(measurement_id, folder))


def listed(folder: Path | None = None) -> Listed:
    """Every measurement that is kept, and every file that cannot be read. Raises ProbeError for a locked folder."""
    folder = measurements_folder() if folder is None else folder
    found: list[Measurement] = []
    unreadable: list[Unreadable] = []
    for path in _files(folder):
        try:
            found.append(_read(path))
        except ProbeError as error:
            unreadable.append(Unreadable(path.stem, error.message))
    found.sort(key=lambda m: (m.finished_at, m.measurement_id), reverse=True)
    return Listed(tuple(found), tuple(unreadable))


def forget(measurement_id: str, folder: Path | None = None) -> None:
    """Remove a measurement for good. Raises ProbeError when it is not there."""
    place = _place(measurement_id, folder)
    try:
        place.unlink()
    except OSError as error:
        raise ProbeError(f"{measurement_id}: {_reason(error)}.", "Check the rights of its folder.") from error


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if _FILE.fullmatch(path.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ProbeError(f"{folder}: {_reason(error)}.", f"Check its rights, or {ENV}.") from error


def _read(path: Path) -> Measurement:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProbeError(f"{path.name}: {_reason(error)}.", "Check its rights.") from error
    try:
        measurement = read_measurement(data, path.name)
    except MeasurementError as error:
        raise ProbeError(str(error), "Forget it, and measure or import again.") from error
    if measurement.measurement_id != path.stem:
        raise ProbeError(
            f"{path.name} holds measurement {measurement.measurement_id}.", "Give the file the name of its measurement."
        )
    return measurement


def _place(measurement_id: str, folder: Path | None) -> Path:
    folder = measurements_folder() if folder is None else folder
    place = folder / f"{measurement_id}.json"
    if not _ID.fullmatch(measurement_id) or not place.is_file():
        raise ProbeError(f"There is no measurement {measurement_id[:40]!r} here.", _LIST)
    return place


def _reason(error: OSError) -> str:
    return (error.strerror or "cannot be read or written").lower()
