"""What a guard looks at, and how it speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from planner.domain.measured_run import Flag, FlagCode, Run, Severity


class Wanted(NamedTuple):
    """What requests asked for; None = not known."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    max_model_len: int | None = None
    full_length: bool = False


class More(NamedTuple):
    """What the figures of a run do not tell; the defaults say nothing."""

    reasoning: int = 0
    """Completed answers with reasoning."""
    clipped: int = 0
    """Completed answers that ended at a length below the one asked."""
    held_in_flight: float | None = None
    """Requests in flight, mean while requests were still being sent."""
    counter_reset: bool = False
    old_names: bool = False
    same_host: bool | None = None
    stopped: str = ""


class Case(NamedTuple):
    """One run before the guards."""

    run: Run
    wanted: Wanted
    more: More

    @property
    def failed(self) -> int:
        """Requests that failed."""
        return sum(error.count for error in self.run.errors)

    def share(self, count: float) -> float:
        """Of the completed requests."""
        return count / self.run.completed if self.run.completed else 0.0


Guard = Callable[[Case], Flag | None]


def flag(code: FlagCode, severity: Severity, message: str) -> Flag:
    """A flag whose message is cut to what a flag can hold."""
    return Flag(code=code, severity=severity, message=message[:200])
