"""What both servers of these tests share: a process of our own, its address, and how it ends."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STARTS_S = 120
PARENT_DIES = 1
"""PR_SET_PDEATHSIG of Linux."""


class Missing(Exception):
    """A program that the tests need is not there, and where to get it."""

    def __init__(self, what: str, named: str) -> None:
        super().__init__(f"{what} is missing: run `make test`, which installs it, or name a folder of it in {named}.")


@dataclass
class Server:
    """A running server: its address and its process."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End this process, by its id."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def started(command: Sequence[object], log: Path, url: str, ready: bytes, **how: Any) -> Iterator[Server]:
    """Run it until the end of the block; its log says when it is ready."""
    with log.open("wb") as out:
        words = [str(word) for word in command]
        process = subprocess.Popen(words, stdout=out, stderr=subprocess.STDOUT, preexec_fn=end_with_us, **how)
    server = Server(url, process)
    try:
        _wait(process, log, ready)
        yield server
    finally:
        server.stop()


def end_with_us() -> None:
    """On Linux the server ends when the tests are killed and cannot stop it themselves."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DIES, signal.SIGTERM)


def _wait(process: subprocess.Popen[bytes], log: Path, ready: bytes) -> None:
    end = time.monotonic() + STARTS_S
    while ready not in log.read_bytes():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{process.args!r} did not start:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.05)
