"""One import in a thread of its own, so that the page stays usable: its progress, its end, and a way to stop it.

A session that leaves must not leave a thread that works for nobody: a job ends by itself when its session is gone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, Literal, TypeVar

from planner.usage.errors import Cancelled, UsageError, UsageProblem

Said = Callable[[str, float], None]
State = Literal["running", "done", "failed", "stopped"]
T = TypeVar("T")
Work = Callable[[Said, Callable[[], bool]], T]
"""Given where to tell progress and whom to ask whether to stop."""
AT_ONCE = 2
"""Imports that run side by side on one server; others wait for their turn."""
GRACE_S = 30.0
"""How long a session may be away (a reload, a lost network) before its import is stopped."""
WAITS_S = 0.2
_turns = threading.BoundedSemaphore(AT_ONCE)
_log = logging.getLogger(__name__)


class Job(Generic[T]):
    """Work that runs now or has ended. `here` says whether the session that asked is still connected."""

    def __init__(self, work: Work[T], here: Callable[[], bool], grace_s: float = GRACE_S) -> None:
        self.step, self.share = "Waiting for another import to end", 0.0
        self.state: State = "running"
        self.result: T | None = None
        self.error: UsageError | None = None
        self._work, self._here, self._grace_s = work, here, grace_s
        self._seen_at = time.monotonic()
        self._stop = threading.Event()
        self.thread = threading.Thread(target=self._run, name="usage-import", daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Ask the work to end; it does so at its next look."""
        self._stop.set()

    @property
    def problems(self) -> tuple[UsageProblem, ...]:
        """Everything that was wrong."""
        return self.error.problems if self.error is not None else ()

    @property
    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    def beat(self) -> None:
        """The page that shows the job says that somebody looks at it."""
        self._seen_at = time.monotonic()

    def cancelled(self) -> bool:
        """Whether to stop: somebody said so, or the session is gone."""
        if self._here():
            self.beat()
        return self._stop.is_set() or time.monotonic() - self._seen_at > self._grace_s

    def _run(self) -> None:
        while not _turns.acquire(timeout=WAITS_S):
            if self.cancelled():
                self.state = "stopped"
                return
        try:
            self._finish()
        finally:
            _turns.release()

    def _finish(self) -> None:
        try:
            self.result = self._work(self._tell, self.cancelled)
        except Cancelled:
            self.state = "stopped"
        except UsageError as error:
            self.error, self.state = error, "failed"
        except Exception as error:  # a thread has nobody above it: what it dies of is told on the page and in the log
            _log.exception("an import of usage failed")
            self.error, self.state = UsageError(_unexpected(error)), "failed"
        else:
            self.state = "done"

    def _tell(self, step: str, share: float) -> None:
        self.step, self.share = step, share


def _unexpected(error: Exception) -> UsageProblem:
    return UsageProblem(
        "", f"the import failed ({type(error).__name__})", "Try it once more; the server's log says where it failed"
    )
