"""How long a probe will still take, from the runs that ended."""

from __future__ import annotations

import math


class Pace:
    """Seconds of whole runs, warm-up included, by load."""

    def __init__(self) -> None:
        self._seconds: dict[float, list[float]] = {}
        self._rates: dict[float, float] = {}

    def ran(self, level: float, requests: int, seconds: float) -> None:
        """A run at `level` sent so many requests and took so long."""
        self._seconds.setdefault(level, []).append(seconds)
        self._rates[level] = requests / seconds

    def known(self, level: float) -> float | None:
        """Seconds of a run at a load that was held before; None = it was not."""
        seconds = self._seconds.get(level)
        return sum(seconds) / len(seconds) if seconds else None

    def expected(self, level: float, requests: int) -> float | None:
        """Seconds of a run at any load; at four times the nearest known load, twice its requests/s are expected."""
        if (known := self.known(level)) is not None:
            return known
        if not self._rates:
            return None
        nearest = min(self._rates, key=lambda at: (abs(at - level), at))
        return requests / (self._rates[nearest] * math.sqrt(max(level, 1.0) / max(nearest, 1.0)))
