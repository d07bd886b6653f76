"""What can go wrong with saved scenarios, each with the way out."""

from __future__ import annotations


class StoreError(Exception):
    """A saved scenario, or the file that holds them, cannot be used: `.message` says why, `.remedy` the way out."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class Locked(StoreError):
    """Another process has the file open."""


class Unreadable(StoreError):
    """The file is not a store, is broken, or holds something that this program cannot read."""


class NewerSchema(StoreError):
    """The file was written by a newer program."""


class NotFound(StoreError):
    """There is no such scenario or revision."""


class Stale(StoreError):
    """Somebody saved a newer revision first; `.current_revision` is theirs."""

    def __init__(self, expected_revision: int, current_revision: int) -> None:
        super().__init__(
            f"Revision {current_revision} was saved while revision {expected_revision} was being edited.",
            "Open the newest revision and repeat the change, or save yours as a new scenario.",
        )
        self.expected_revision = expected_revision
        self.current_revision = current_revision
