"""One probe of a server at a time, over all processes of this user on this machine: two would measure each other."""

from __future__ import annotations

import getpass
import hashlib
import ipaddress
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from planner.probe.address import Address
from planner.probe.errors import ProbeError


def turns_folder() -> Path:
    """Where the locks lie; a lock goes with its process, so that a file left behind locks nothing."""
    return Path(tempfile.gettempdir()) / f"planner-probe-{getpass.getuser()}"


@contextmanager
def turn(address: Address, folder: Path | None = None) -> Iterator[None]:
    """Hold the server for the length of the block. Raises ProbeError at once when it is being probed."""
    folder = turns_folder() if folder is None else folder
    with ExitStack() as held:
        for name in sorted(_names(address)):
            held.enter_context(_lock(folder / f"{name}.lock", address))
        yield


def _names(address: Address) -> set[str]:
    """A server of one's own has one lock by name and one by number; a public number may serve many names."""
    host = "this machine" if address.is_loopback else address.host
    places = {f"{host}:{address.port}"}
    if not address.is_loopback and ipaddress.ip_address(address.ip).is_private:
        places.add(f"{address.ip}:{address.port}")
    return {hashlib.sha256(place.encode()).hexdigest()[:32] for place in places}


@contextmanager
def _lock(path: Path, address: Address) -> Iterator[None]:
    lock = FileLock(path, timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock.acquire()
    except Timeout:
        raise ProbeError(
            f"{address.origin} is being probed already.", "Wait for that probe to end, or cancel it; then start again."
        ) from None
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise ProbeError(f"{path.parent}: {reason}.", "Make the folder for temporary files writable.") from error
    try:
        yield
    finally:
        lock.release()
