"""The connections of a probe: one for each request in flight, kept open from run to run."""

from __future__ import annotations

from planner.probe.address import Address, session
from planner.probe.client import Line


class Crew:
    """Lines to one server."""

    def __init__(self, address: Address, api_key: str, most_s: float) -> None:
        self._address, self._key, self._most_s = address, api_key, most_s
        self._lines: list[Line] = []

    def lines(self, count: int) -> list[Line]:
        """So many lines; those of earlier runs first."""
        while len(self._lines) < count:
            self._lines.append(Line(session(self._address, self._key), self._most_s))
        return self._lines[:count]

    def close(self) -> None:
        """Close them all."""
        for line in self._lines:
            line.close()
        self._lines = []
