from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from planner.probe import gauge as module
from planner.probe.address import address, session
from planner.probe.gauge import Gauge
from tests.probe.fault_server import FaultServer


@pytest.fixture
def gauge(server: FaultServer) -> Iterator[Gauge]:
    where = address(server.url, "loopback")
    made = Gauge(session(where), where)
    yield made
    made.close()


def nothing() -> str:
    return ""


def test_counters_at_rest_are_read_at_once(server: FaultServer, gauge: Gauge) -> None:
    server.engine.generated(7)
    began = time.perf_counter()
    settled = gauge.settled(nothing)
    assert settled is not None
    assert settled.generation_tokens == 7
    assert time.perf_counter() - began < 1


def test_counters_that_lag_behind_are_waited_for(server: FaultServer, gauge: Gauge) -> None:
    threading.Timer(0.5, lambda: server.engine.generated(64)).start()
    settled = gauge.settled(nothing, least_tokens=64)
    assert settled is not None
    assert settled.generation_tokens == 64


def test_counters_that_never_rest_are_taken_as_they_are(
    server: FaultServer, gauge: Gauge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLING_S", 0.4)
    server.engine.running = 3  # somebody else's requests
    settled = gauge.settled(nothing)
    assert settled is not None
    assert settled.running == 3


def test_waiting_ends_when_it_is_told_to(server: FaultServer, gauge: Gauge) -> None:
    server.engine.running = 3
    began = time.perf_counter()
    gauge.settled(lambda: "cancelled")
    assert time.perf_counter() - began < 0.5


def test_the_most_that_was_seen_is_kept_until_it_is_asked_for(server: FaultServer, gauge: Gauge) -> None:
    gauge.peaks()
    server.engine.running = 5
    time.sleep(0.7)  # a reading every half second
    server.engine.running = 2
    time.sleep(0.7)
    peaks = gauge.peaks()
    assert peaks is not None
    assert peaks.running == 5


def test_counters_that_cannot_be_read_are_none(
    server: FaultServer, gauge: Gauge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLING_S", 0.3)
    server.faults.metrics = "none"
    assert gauge.settled(nothing) is None


def test_closing_does_not_wait_for_a_page_that_hangs(server: FaultServer) -> None:
    server.faults.get_stall_s = {"/metrics": 30}
    where = address(server.url, "loopback")
    gauge = Gauge(session(where), where)
    time.sleep(0.2)
    began = time.perf_counter()
    gauge.close()
    assert time.perf_counter() - began < 1
    assert not [thread for thread in threading.enumerate() if thread.name == "probe metrics"]
