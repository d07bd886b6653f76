"""How far a probe is: what screen and terminal show while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from planner.domain.measurement import Measurement


class Progress(NamedTuple):
    """One moment of a probe."""

    step: str
    """In words, e.g. `16 in flight, repeat 2 of 3`."""
    runs_done: int
    runs_planned: int
    """Grows while levels are added because throughput still rises."""
    requests_in_flight: float
    requests_done: int
    """Of the run under way."""
    requests_planned: int
    output_tokens_per_s: float | None
    """So far in the run under way."""
    seconds_spent: float
    seconds_left: float | None
    """Estimate to the end; None = not known yet."""
    share: float
    """Of the whole, 0 to 1; never goes back."""
    requests_spent: int
    tokens_spent: int
    usd_spent: float | None
    so_far: Measurement | None
    """Runs that have ended, with their summary; None before the first."""


Said = Callable[[Progress], None]
Cancelled = Callable[[], bool]
