"""Uploaded files on disk for as long as an import needs them, and not a moment longer: they may hold prompts."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

PREFIX = "planner-usage-"
LEFT_AFTER_S = 24 * 3600
"""Age from which a folder of a server that was killed is swept."""
_UNSAFE = re.compile(r"[^\w.()+ -]+")
NAME_LENGTH = 120


class Uploads:
    """A folder of uploaded files that goes when it is closed, when its session ends, or with the program."""

    def __init__(self) -> None:
        sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.paths: tuple[Path, ...] = ()
        self._gone = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, files: Iterable[tuple[str, BinaryIO]]) -> None:
        """Put the files down, each in a folder of its own, so that two may have the same name."""
        for number, (name, content) in enumerate(files):
            path = self.folder / f"{number}" / safe_name(name)
            path.parent.mkdir()
            with path.open("wb") as out:
                shutil.copyfileobj(content, out)
            self.paths = (*self.paths, path)

    def close(self) -> None:
        """Delete everything; a second time does nothing."""
        self._gone()


def safe_name(name: str) -> str:
    """The file's own name without a way out of its folder; its end, which tells what it is, stays."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return _UNSAFE.sub("_", last).lstrip(".")[-NAME_LENGTH:] or "file"


def sweep(older_than_s: float = LEFT_AFTER_S) -> None:
    """Delete what a server that was killed has left."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if path.is_dir() and time.time() - path.stat().st_mtime > older_than_s:
            shutil.rmtree(path, ignore_errors=True)
