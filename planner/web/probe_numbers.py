"""Text that people type for loads, read or refused with a sentence."""

from __future__ import annotations

import re

from planner.domain.probe_task import MAX_LEVEL

MOST_LEVELS = 30
EXAMPLE = "Write whole numbers with commas between them, such as 1, 4, 16, 64."


class NotLevels(ValueError):
    """What was typed is no list of loads; the message says why and what to write."""


def read_levels(text: str) -> tuple[int, ...]:
    """Loads, ascending and each once."""
    parts = [part for part in re.split(r"[\s,;]+", text.strip()) if part]
    if not parts:
        raise NotLevels(f"There is no load. {EXAMPLE}")
    wrong = [part for part in parts if not re.fullmatch(r"[0-9]{1,9}", part)]
    if wrong:
        raise NotLevels(f"{wrong[0][:20]!r} is no whole number. {EXAMPLE}")
    levels = sorted({int(part) for part in parts})
    if levels[0] < 1 or levels[-1] > MAX_LEVEL:
        raise NotLevels(f"A load is 1 to {MAX_LEVEL:,} requests in flight.")
    if len(levels) > MOST_LEVELS:
        raise NotLevels(f"{len(levels)} loads are more than {MOST_LEVELS}: leave some out.")
    return tuple(levels)


def levels_text(levels: tuple[int, ...]) -> str:
    """Loads as they are typed."""
    return ", ".join(map(str, levels))
