"""What can go wrong with usage logs, in words for the person who gave them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class UsageProblem:
    """One thing wrong: where (file, line or column), what, and the way out."""

    where: str
    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        said = f"{self.where}: {self.reason}" if self.where else self.reason
        return f"{said}. {self.remedy}" if self.remedy else f"{said}."


class UsageError(ValueError):
    """The import stops, nothing is kept as a result; `problems` lists everything found so far."""

    def __init__(self, problems: Iterable[UsageProblem] | UsageProblem) -> None:
        self.problems = (problems,) if isinstance(problems, UsageProblem) else tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Cancelled(UsageError):
    """The person stopped it; what was staged is kept for the next try."""

    def __init__(self) -> None:
        super().__init__(
            UsageProblem("", "the import was stopped", "Start it again: finished files are not read again")
        )
