"""Probes of the process: one at a time per target, seen by everybody, stopped when asked and at the server's end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.domain.measurement import Measurement
from planner.domain.probe_task import ProbeTask
from planner.probe.errors import ProbeError
from planner.probe.kept import listed
from planner.probe.progress import Cancelled, Progress, Said
from planner.web.probe_job import ENDED_KEPT, Asked, Keep, ProbeJob, Registry
from tests.decision.probe_samples import measured
from tests.probe.fault_server import Faults, fault_server

LIMIT_S = 10
MEASURED = measured()
ROOT = Path(__file__).resolve().parents[2]
AT_HALF = Progress("4 in flight, repeat 1 of 3", 1, 2, 4, 3, 12, 100.0, 1.0, 1.0, 0.5, 20, 400, None, None)


def asked(key: str = "one", name: str = "lab") -> Asked:
    return Asked(key, name, "tiny", ProbeTask(input_tokens=16, output_tokens=8))


def at_once(said: Said, cancelled: Cancelled, keep: Keep) -> Measurement:
    said(AT_HALF)
    keep(MEASURED)
    return MEASURED


def until_told(said: Said, cancelled: Cancelled, keep: Keep) -> Measurement:
    """A probe that goes on until somebody stops it, and then hands back what it has."""
    keep(MEASURED)
    while not cancelled():
        time.sleep(0.01)
    return MEASURED


@pytest.fixture
def registry() -> Iterator[Registry]:
    made = Registry()
    yield made
    made.end_all()


def ended(job: ProbeJob) -> ProbeJob:
    job.thread.join(LIMIT_S)
    assert not job.thread.is_alive()
    return job


def test_progress_and_measurement_are_there_at_the_end(registry: Registry) -> None:
    job = ended(registry.start(asked(), at_once))
    assert (job.state, job.progress, job.kept) == ("done", AT_HALF, MEASURED)
    assert registry.running() == ()
    assert registry.find(job.job_id) is job


def test_a_second_probe_of_the_same_target_is_refused_and_one_of_another_is_not(registry: Registry) -> None:
    first = registry.start(asked(), until_told)
    with pytest.raises(ProbeError, match=r"lab is being probed already\. .*wait for it to end, or cancel it"):
        registry.start(asked(), until_told)
    other = registry.start(asked("two"), until_told)
    assert registry.running() == (first, other)
    first.stop()
    ended(first)
    again = registry.start(asked(), until_told)
    assert registry.running() == (other, again)


def test_of_many_who_start_at_once_one_begins(registry: Registry) -> None:
    begun: list[ProbeJob] = []
    gate = threading.Barrier(8)

    def try_it() -> None:
        gate.wait()
        with contextlib.suppress(ProbeError):
            begun.append(registry.start(asked(), until_told))

    threads = [threading.Thread(target=try_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    assert len(begun) == 1


def test_a_stopped_probe_keeps_what_it_has(registry: Registry) -> None:
    job = registry.start(asked(), until_told)
    before = job.stopping
    job.stop()
    assert (before, job.stopping) == (False, True)
    assert ended(job).state == "stopped"
    assert job.kept == MEASURED


def test_why_it_failed_is_told_with_the_way_out(registry: Registry) -> None:
    def fails(said: Said, cancelled: Cancelled, keep: Keep) -> Measurement:
        raise ProbeError("The key is refused.", "Give another one.", "unauthorised")

    job = ended(registry.start(asked(), fails))
    assert job.state == "failed"
    assert job.error is not None
    assert str(job.error) == "The key is refused. Give another one."


def test_what_nobody_foresaw_names_its_kind_and_not_its_values(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(said: Said, cancelled: Cancelled, keep: Keep) -> Measurement:
        raise ZeroDivisionError("http://10.1.2.3 secret")

    job = ended(registry.start(asked(), breaks))
    assert str(job.error) == "The probe failed (ZeroDivisionError). Try it once more; the server's log says where."
    assert "a probe failed" in caplog.text


def test_probes_that_ended_long_ago_are_let_go(registry: Registry) -> None:
    jobs = [ended(registry.start(asked(), at_once)) for _ in range(ENDED_KEPT + 5)]
    assert registry.find(jobs[0].job_id) is None
    assert registry.find(jobs[-1].job_id) is jobs[-1]


def test_the_end_of_the_server_stops_every_probe(registry: Registry) -> None:
    jobs = [registry.start(asked(key), until_told) for key in ("one", "two")]
    began = time.monotonic()
    registry.end_all()
    assert time.monotonic() - began < LIMIT_S
    assert [job.state for job in jobs] == ["stopped", "stopped"]


ON_ITS_OWN = """
import signal, sys, time
from planner.domain.measurement import Declared
from planner.domain.probe_task import ProbeTask
from planner.web.probe_work import Chosen, start

signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell is started with it ignored
chosen = Chosen("lab", sys.argv[1], "tiny", "", Declared(gpu_id="cpu"), "listed")
job = start(chosen, ProbeTask(input_tokens=16, output_tokens=200, levels=(1, 2, 4), repeats=20), {})
while job.kept is None and job.state == "running":
    time.sleep(0.02)
try:
    print(job.state, flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    pass
"""


def test_a_process_that_ends_leaves_no_probe_running_and_keeps_what_was_measured(tmp_path: Path) -> None:
    with fault_server(Faults(token_s=0.002)) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", ON_ITS_OWN, server.url],
            cwd=ROOT,
            env={**os.environ, "PLANNER_MEASUREMENTS": str(tmp_path)},
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "running"
            process.send_signal(signal.SIGINT)
            assert process.wait(LIMIT_S) == 0
        (kept,) = listed(tmp_path).measurements
        assert kept.runs
        assert kept.stopped
        give_up_at = time.monotonic() + LIMIT_S
        while server.engine.running and time.monotonic() < give_up_at:
            time.sleep(0.02)
        assert server.engine.running == 0
