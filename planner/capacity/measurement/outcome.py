"""What was seen of one request, and of the server's counters at one moment. Times in s from the start of the run."""

from __future__ import annotations

from typing import NamedTuple

from planner.domain.measured_run import ErrorKind


class Outcome(NamedTuple):
    """One request, from the moment it was sent to its end."""

    sent_s: float
    ended_s: float
    first_s: float | None = None
    """First piece of answer, reasoning included."""
    last_s: float | None = None
    input_tokens: int | None = None
    """As the answer says; None = it does not."""
    cached_input_tokens: int | None = None
    output_tokens: int | None = None
    """As the answer says, reasoning included; None = it does not."""
    chunks: int = 0
    """Pieces that carried text."""
    reasoning: bool = False
    finish: str | None = None
    error: ErrorKind | None = None
    detail: str = ""
    """What the failure said, shortened; never an answer, a prompt or a key."""
    cut_off: bool = False
    """Still running when the run was stopped: neither completed nor failed."""
    scheduled_s: float | None = None
    """Open loop: when it was due, from which its latencies count."""
    fingerprint: str = ""

    @property
    def completed(self) -> bool:
        """Answered in full."""
        return self.error is None and not self.cut_off


class Counters(NamedTuple):
    """The server's counters at one moment; None = it has no such counter."""

    prompt_tokens: float | None = None
    generation_tokens: float | None = None
    cache_query_tokens: float | None = None
    cache_hit_tokens: float | None = None
    preemptions: float | None = None
    rejections: float | None = None
    requests_finished: float | None = None
    running: float | None = None
    waiting: float | None = None
    kv_usage_fraction: float | None = None
    old_names: bool = False
    """Read under the names of an older engine."""
