"""Probes that run on this server: one at a time per target, seen by every session, and not lost by a reload.

The registry is the process's own; that no other process probes the same target is the business of `planner.probe.turn`.
"""

from __future__ import annotations

import atexit
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from planner.charts.labels import Point
from planner.charts.probe_values import Shown
from planner.domain.measurement import Measurement
from planner.domain.probe_task import ProbeTask
from planner.probe.errors import ProbeError
from planner.probe.progress import Cancelled, Progress, Said

State = Literal["running", "done", "failed", "stopped"]
Keep = Callable[[Measurement], None]
Work = Callable[[Said, Cancelled, Keep], Measurement]
"""A probe: told where to tell progress, whom to ask whether to stop, and where each state is kept."""
Lines = Mapping[Shown, tuple[Point, ...]]
ENDED_KEPT = 20
"""Probes that have ended and are still named on the page."""
JOIN_S = 5.0
"""How long the end of the server waits for a probe to keep what it has."""
_log = logging.getLogger(__name__)


class Asked(NamedTuple):
    """What a probe is for: words for people, no address and no key."""

    key: str
    """Start of the address's hash: one probe at a time for each."""
    name: str
    """Name of the target."""
    model: str
    task: ProbeTask
    predicted: Lines = MappingProxyType({})
    """What was expected, to be drawn beside what comes."""


class ProbeJob:
    """A probe that runs now or has ended."""

    def __init__(self, asked: Asked, work: Work) -> None:
        self.job_id = secrets.token_hex(6)
        self.asked = asked
        self.state: State = "running"
        self.progress: Progress | None = None
        self.kept: Measurement | None = None
        """The last state that was kept: partial while it runs."""
        self.error: ProbeError | None = None
        self.began = time.monotonic()
        self._work: Work | None = work
        self._stop = threading.Event()
        self.thread = threading.Thread(target=self._run, name="probe", daemon=True)

    def stop(self) -> None:
        """Ask the probe to end; what was measured is kept."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    def cancelled(self) -> bool:
        """Whether to end: somebody said so, or the server is stopping."""
        return self._stop.is_set() or not threading.main_thread().is_alive()

    def _run(self) -> None:
        work, self._work = self._work, None  # it holds a key, which is let go with the probe
        if work is None:
            return
        try:
            self._keep(work(self._tell, self.cancelled, self._keep))
        except ProbeError as error:
            self.error, self.state = error, "failed"
        except Exception as error:  # a thread has nobody above it: what it dies of is told on the page and in the log
            _log.exception("a probe failed")
            self.error, self.state = _unexpected(error), "failed"
        else:
            self.state = "stopped" if self.stopping else "done"

    def _tell(self, progress: Progress) -> None:
        self.progress = progress

    def _keep(self, measurement: Measurement) -> None:
        self.kept = measurement


class Registry:
    """All probes of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: list[ProbeJob] = []

    def start(self, asked: Asked, work: Work) -> ProbeJob:
        """Begin a probe. Raises ProbeError while the same target is being probed."""
        with self._lock:
            if any(job.asked.key == asked.key for job in self._jobs if job.state == "running"):
                raise ProbeError(
                    f"{asked.name} is being probed already.",
                    "Two probes at once would measure each other: wait for it to end, or cancel it.",
                )
            job = ProbeJob(asked, work)
            ended = [other for other in self._jobs if other.state != "running"]
            gone = set(map(id, ended[: max(0, len(ended) - ENDED_KEPT)]))
            self._jobs = [*(other for other in self._jobs if id(other) not in gone), job]
            job.thread.start()
        return job

    def running(self) -> tuple[ProbeJob, ...]:
        """Probes that run now, the oldest first."""
        with self._lock:
            return tuple(job for job in self._jobs if job.state == "running")

    def find(self, job_id: str) -> ProbeJob | None:
        """One probe that runs or has ended lately."""
        with self._lock:
            return next((job for job in self._jobs if job.job_id == job_id), None)

    def end_all(self, wait_s: float = JOIN_S) -> None:
        """Ask every probe to end, and give them so long to keep what they have."""
        running = self.running()
        for job in running:
            job.stop()
        until = time.monotonic() + wait_s
        for job in running:
            job.thread.join(max(0.0, until - time.monotonic()))


REGISTRY = Registry()
atexit.register(REGISTRY.end_all)


def _unexpected(error: Exception) -> ProbeError:
    return ProbeError(f"The probe failed ({type(error).__name__}).", "Try it once more; the server's log says where.")
