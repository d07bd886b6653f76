"""What can go wrong with a refresh, with the way out."""

from __future__ import annotations


class RefreshError(Exception):
    """A source cannot be read, or rows cannot be added: `.message` says why, `.remedy` the way out."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy
