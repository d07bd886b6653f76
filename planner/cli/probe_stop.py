"""Ctrl-C: the first one asks a measurement to stop and keeps what it has, the next one ends the program."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from planner.probe.errors import ProbeError

STOPPED = 130
"""Exit code of a command that was stopped, as shells have it."""


class Stopped(Exception):
    """Somebody asked to stop before anything was measured."""


@contextmanager
def stoppable() -> Iterator[Callable[[], bool]]:
    """Whether somebody asked to stop, by SIGINT or SIGTERM; a second SIGINT is a KeyboardInterrupt.

    A ProbeError after that is Stopped: it says no more than that.
    """
    asked: list[int] = []

    def ask(number: int, frame: FrameType | None) -> None:
        asked.append(number)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {one: signal.signal(one, ask) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(asked)
    except ProbeError as error:
        if asked:
            raise Stopped from error
        raise
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
