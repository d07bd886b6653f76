"""What tests of the probe share: a fault server, and a client that does not wait longer than a test has to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.probe.fault_server import FaultServer, fault_server

NAMES = {
    "private.test": ["10.1.2.3"],
    "public.test": ["93.184.215.14"],
    "metadata.test": ["169.254.169.254"],
    "both.test": ["93.184.215.14", "169.254.169.254"],
    "link-local.test": ["169.254.7.7"],
    "fe80.test": ["fe80::1"],
    "mapped.test": ["::ffff:169.254.169.254"],
    "mapped-here.test": ["::ffff:127.0.0.1"],
    "nat64.test": ["64:ff9b::a9fe:a9fe"],
    "6to4.test": ["2002:a9fe:a9fe::1"],
    "here.test": ["127.0.0.1"],
    "here-and-there.test": ["127.0.0.1", "10.1.2.3"],
    "reserved.test": ["240.0.0.1"],
}


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A name service that knows NAMES, and what a test adds or changes."""
    known = {name: list(numbers) for name, numbers in NAMES.items()}
    real = socket.getaddrinfo

    def resolve(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if not host.endswith(".test"):
            return list(real(host, port, *args, **kwargs))
        if host not in known:
            raise socket.gaierror(-2, "Name or service not known")
        return [entry for number in known[host] for entry in real(number, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr("planner.probe.address.CONNECT_S", 0.05)
    return known


@pytest.fixture
def server() -> Iterator[FaultServer]:
    """A server whose faults the test sets before or while it is asked."""
    with fault_server() as running:
        yield running


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look more often whether something has happened."""
    monkeypatch.setattr("planner.probe.load.PAUSE_AFTER_ERROR_S", 0.01)
    monkeypatch.setattr("planner.probe.load.TICK_S", 0.01)
    monkeypatch.setattr("planner.probe.gauge.SETTLING_EVERY_S", 0.01)
    monkeypatch.setattr("planner.probe.gauge.TICK_S", 0.01)
    monkeypatch.setattr("planner.probe.gauge.SETTLING_S", 0.2)


@pytest.fixture
def nothing_left_running() -> Iterator[None]:
    yield
    left = [thread for thread in threading.enumerate() if thread.name.startswith("probe")]
    assert left == []
