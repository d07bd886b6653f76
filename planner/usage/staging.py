"""Files on their way in: each is turned into usage rows once, whole or not at all, so that a second try goes on.

An entry is named by the file's hash, the reader and the choices; it has usage rows alone, never a prompt or a name of
a person. One import at a time uses a staging folder.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from planner import __version__
from planner.usage.errors import Cancelled, UsageError, UsageProblem
from planner.usage.parts import Read
from planner.usage.relation import Choices

ROWS, ABOUT = "rows.parquet", "about.json"
LEFT_AFTER_S = 7 * 86_400
"""Age from which what a stopped import has left is swept."""
WAITS_S = 0.2
FORM = 1
"""Of an entry; a new form does not read older ones."""


def staging_key(sha256: str, reader_id: str, choices: Choices) -> str:
    """Name of an entry."""
    chosen = (sorted(choices.mapping.items()), choices.cached_inside, choices.owner_by, choices.zone, choices.before)
    told = (FORM, __version__, duckdb.__version__, sha256, reader_id, *map(str, chosen))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:32]


@dataclass
class Staging:
    """A folder of entries, locked while it is used."""

    folder: Path
    used: list[str] = field(default_factory=list)
    """Entries of this import."""

    def __post_init__(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            reason = (error.strerror or "cannot be made").lower()
            raise UsageError(UsageProblem(str(self.folder), reason, "Give another folder with --temp-dir")) from error
        self._lock = FileLock(self.folder / ".lock")

    def locked(self, said: Callable[[str, float], None], cancelled: Callable[[], bool]) -> Staging:
        """Wait for another import that uses the folder. Raises Cancelled."""
        while True:
            try:
                self._lock.acquire(timeout=WAITS_S)
            except Timeout:
                said("waiting for another import to end", 0.0)
                if cancelled():
                    raise Cancelled from None
            else:
                self._sweep()
                return self

    def __enter__(self) -> Staging:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def rows(self, key: str) -> Path:
        """Where an entry's rows lie."""
        return self.folder / key / ROWS

    def read(self, key: str, make: Callable[[Path], Read]) -> Read:
        """An entry that is there, or a new one: `make` writes the rows to the path it is given."""
        self.used.append(key)
        about = self.folder / key / ABOUT
        if about.exists():
            return Read.of_json(about.read_text())
        part = self.folder / f".{key}.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        try:
            found = make(part / ROWS)
            (part / ABOUT).write_text(found.to_json())
            part.rename(self.folder / key)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return found

    def has(self, key: str) -> bool:
        """Whether the entry is finished."""
        return (self.folder / key / ABOUT).exists()

    def forget(self, keys: Collection[str] | None = None) -> None:
        """Remove entries, those of this import by default."""
        for key in self.used if keys is None else keys:
            shutil.rmtree(self.folder / key, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove halves of a killed import, and entries that nobody came back for."""
        for path in self.folder.iterdir():
            if path.name.endswith(".part") or (path.is_dir() and time.time() - path.stat().st_mtime > LEFT_AFTER_S):
                shutil.rmtree(path, ignore_errors=True)
