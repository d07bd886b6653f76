"""Write a file whole or not at all, one writer at a time."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from planner.refresh.errors import RefreshError

LOCK_FILE = ".catalog.lock"
LOCK_WAIT_S = 30.0
LOCK_POLL_S = 0.02


def replace_whole(path: Path, content: bytes) -> None:
    """The new content in one rename: a file beside it, flushed to the disk, takes its place."""
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if path.is_file():
            shutil.copymode(path, part)
        part.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _flush_folder(folder: Path) -> None:
    """Make the rename itself last through a loss of power; other systems than POSIX open no folders."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> RefreshError:
    reason = (error.strerror or "cannot be written").lower()
    return RefreshError(
        f"{path}: {reason}; nothing was added.", "Give a folder that can be written; PLANNER_CATALOG names it."
    )


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder and hold its lock; the system frees it when a process ends, however it ends."""
    lock = FileLock(folder / LOCK_FILE, timeout=LOCK_WAIT_S, poll_interval=LOCK_POLL_S)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise RefreshError(
            f"Somebody else has been writing to {folder} for {LOCK_WAIT_S:.0f} seconds; nothing was added.",
            "Wait for the other refresh to end, then try again.",
        ) from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        yield
    finally:
        lock.release()
