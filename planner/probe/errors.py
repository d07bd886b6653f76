"""What can go wrong with a probe, with the way out."""

from __future__ import annotations

from planner.domain.measured_run import ErrorKind


class ProbeError(Exception):
    """A probe that cannot be made or read: `.message` says why, `.remedy` the way out; no key."""

    def __init__(self, message: str, remedy: str, kind: ErrorKind = "other") -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy
        self.kind = kind
