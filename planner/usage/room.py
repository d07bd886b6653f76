"""Before an import writes anything: are packed files what they seem, and is there room on the disk?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from planner.usage.errors import UsageError, UsageProblem
from planner.usage.files import File
from planner.usage.limits import Needs, bomb, free_bytes, is_cut, needs_of, ratio_of, short_of_room

CELLS = 8
"""Usage columns that a format fills, about."""


def checked_room(files: Sequence[File], temp: Path, *, trusted: bool) -> int:
    """Bytes that may be spilled to the disk of `temp`. Raises UsageError for what cannot go well."""
    problems: list[UsageProblem] = []
    needs = Needs(0, 0)
    for file in files:
        if is_cut(file.path, file.seen.compression):
            problems.append(UsageProblem(file.name, "is packed and cut in the middle", "Export or copy it again"))
            continue
        ratio = ratio_of(file.seen)
        if not trusted and (found := bomb(file.seen, ratio)):
            problems.append(UsageProblem(file.name, found.reason, found.remedy))
        more = needs_of(file.seen, ratio, CELLS, ids=_has_ids(file))
        needs = Needs(needs.staged + more.staged, needs.spilled + more.spilled)
    if (short := short_of_room(needs, temp)) and not problems:
        problems.append(short)
    if problems:
        raise UsageError(problems)
    return max(0, free_bytes(temp) - needs.staged)


def _has_ids(file: File) -> bool:
    """Whether rows have ids by which the same one is found again."""
    return any("id" in column.lower() for column in file.seen.shape.columns)
