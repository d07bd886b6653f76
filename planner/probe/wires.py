"""The sockets of a session, so that a thread that waits on one can be woken by another."""

from __future__ import annotations

import contextlib
import socket
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter


class Wires:
    """Sockets that a session has open."""

    def __init__(self) -> None:
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._lock = threading.Lock()

    def add(self, wire: socket.socket) -> None:
        """Remember a socket."""
        with self._lock:
            self._open.add(wire)

    def cut(self) -> None:
        """End every conversation; whoever reads or writes wakes up with an error. The sockets are not closed."""
        with self._lock:
            wires = list(self._open)
        for wire in wires:
            with contextlib.suppress(OSError, ValueError):
                # of a TLS socket the plain one beneath: its own shutdown would race with the reader
                socket.socket.shutdown(wire, socket.SHUT_RDWR)


def tracked(session: requests.Session, wires: Wires) -> requests.Session:
    """The same session; its sockets are remembered in `wires`."""
    for adapter in session.adapters.values():
        if isinstance(adapter, HTTPAdapter):
            manager: Any = adapter.poolmanager
            pools = manager.pool_classes_by_scheme
            manager.pool_classes_by_scheme = {scheme: _tracking(pool, wires) for scheme, pool in pools.items()}
    return session


def _tracking(pool: Any, wires: Wires) -> Any:
    """A connection pool like `pool` whose connections are remembered."""

    class Connection(pool.ConnectionCls):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            if self.sock is not None:
                wires.add(self.sock)

    return type("TrackedPool", (pool,), {"ConnectionCls": Connection})


@contextlib.contextmanager
def cut_after(wires: Wires, seconds: float) -> Iterator[threading.Event]:
    """Cut the wires when the block takes longer, however little by little a server sends; set when that happened."""
    late = threading.Event()

    def end() -> None:
        late.set()
        wires.cut()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        timer.join()
