"""Short words for probing the fault server with a tiny load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.capacity.measurement.document import measurement_json, read_measurement
from planner.domain.measured_run import Run
from planner.domain.measurement import Measurement
from planner.domain.probe_task import ProbeTask
from planner.probe.progress import Progress
from planner.probe.run import probe
from planner.probe.target import Target
from tests.probe.fault_server import FaultServer

INPUT, OUTPUT = 32, 8
TASK = ProbeTask(
    input_tokens=INPUT,
    output_tokens=OUTPUT,
    levels=(2,),
    most_in_flight=2,
    repeats=1,
    stall_s=4,
    request_s=8,
)
CHECKS = 1
"""Requests that a look at a server with token ids and usage sends."""
WARM = 2
"""Of the first run."""
BEFORE = CHECKS + WARM
"""Requests before the first that is counted."""


def task(**fields: Any) -> ProbeTask:
    return ProbeTask.model_validate(TASK.model_dump() | fields)


def target(server: FaultServer | str, **fields: Any) -> Target:
    url = server if isinstance(server, str) else server.url
    return Target(url, **{"model": "tiny", "policy": "loopback", **fields})


def probed(server: FaultServer, **faults: Any) -> Measurement:
    """A probe of the server with these faults."""
    for name, value in faults.items():
        assert hasattr(server.faults, name)
        setattr(server.faults, name, value)
    return probe(target(server), TASK, seed=1)


def run_of(measurement: Measurement) -> Run:
    """Its only run."""
    assert len(measurement.runs) == 1
    return measurement.runs[0]


def flags(run: Run) -> dict[str, str]:
    """Code -> severity."""
    return {flag.code: flag.severity for flag in run.flags}


def sound(run: Run) -> bool:
    """No flag but that client and server share a machine, and those that a busy machine raises by itself."""
    return set(flags(run)) <= {"SAME_HOST", "CLIENT_BOUND", "BURST_DELIVERY"}


def message(run: Run, code: str) -> str:
    return next(flag.message for flag in run.flags if flag.code == code)


def errors(run: Run) -> dict[str, int]:
    """Kind -> count."""
    return {error.kind: error.count for error in run.errors}


THREE = task(levels=(1, 2, 4), most_in_flight=4)
AFTER_ONE = CHECKS + 1 + 12
"""Requests until the first run of THREE has ended."""


def once(condition: Callable[[], bool], what: Callable[[], None]) -> Callable[[Progress], None]:
    """Do something the first time that a condition holds."""
    done: list[bool] = []

    def said(_: Progress) -> None:
        if not done and condition():
            done.append(True)
            what()

    return said


def partial(measured: Measurement) -> Measurement:
    """A measurement that ended early, says why in one line, and can be kept and read."""
    assert measured.stopped
    assert "\n" not in measured.stopped
    assert measured.summary.status in ("partial", "invalid")
    assert "STOPPED" in {flag.code for flag in measured.flags}
    assert read_measurement(measurement_json(measured), "kept") == measured
    return measured
