"""How far an import is: one share over all its files and steps that never goes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from planner.usage.errors import Cancelled

Said = Callable[[str, float], None]


class Progress:
    """Tells steps, each within its part of the whole; stops the import when it is cancelled."""

    def __init__(self, said: Said, cancelled: Callable[[], bool]) -> None:
        self._said, self.cancelled = said, cancelled
        self._from, self._to, self._share, self._step = 0.0, 1.0, 0.0, ""

    def within(self, begin: float, end: float) -> None:
        """What follows is this part of the whole."""
        self._from, self._to = begin, end

    def said(self, step: str, share: float) -> None:
        """A step and the share of its part that is done. Raises Cancelled."""
        if self.cancelled():
            raise Cancelled
        self._step = step
        self._share = max(self._share, self._from + (self._to - self._from) * min(1.0, max(0.0, share)))
        self._said(step, self._share)

    def through(self, steps: Sequence[tuple[str, float]], begin: float, end: float) -> Said:
        """Tells steps, of which each ends where the next one begins, within a part of the whole."""
        ends = {name: later for (name, _), (_, later) in zip(steps, (*steps[1:], ("", 1.0)), strict=True)}

        def said(step: str, share: float) -> None:
            self.within(begin + (end - begin) * share, begin + (end - begin) * ends.get(step, share))
            self.said(step, 0.0)

        return said

    def more(self, share: float) -> None:
        """The same step has gone on."""
        self.said(self._step, share)

    def end(self) -> None:
        """Everything is done and kept: too late to stop."""
        self._said("done", 1.0)
