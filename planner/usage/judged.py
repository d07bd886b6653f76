"""What is to be said of the parts of an import: whether too much was rejected, notes, sources and reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from planner.domain.usage import RejectReason, UsageSource
from planner.format import percent, plural
from planner.usage.errors import UsageError, UsageProblem
from planner.usage.parts import LINES_KEPT, Part
from planner.usage.relation import Choices
from planner.workload.rollup import Rollup

FEW_ROWS = 5
"""Fewer rejects than these never stop an import, unless they are all there is, or none is allowed."""
WRITTEN = {
    "is not a time": "Times are read as 2026-10-05 07:00:00, with a zone or without, or as seconds since 1970",
    "is not a number": "Decimals are read with a point, such as 2.29",
    "is not a whole number": "Whole numbers are read without separators, such as 4650",
}
"""How a cell has to be written, by the reason why it could not be read."""
CALENDAR_US = 946_684_800_000_000
"""2000-01-01."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
MOST_NAME = 200
MOST_REASONS = 200


class TooManyRejects(UsageError):
    """More of the rows were rejected than the person allows."""


def clean(text: str) -> str:
    """A name that can be shown on one line."""
    return _CONTROL.sub("?", text)[:MOST_NAME]


def refuse_rejects(parts: Sequence[Part], most_fraction: float) -> None:
    """Raises TooManyRejects when too many rows, or all of a file, cannot be used."""
    rows, bad = sum(part.read.rows for part in parts), sum(part.read.rejected for part in parts)
    useless = [part for part in parts if part.read.rows >= FEW_ROWS and part.read.rejected == part.read.rows]
    too_many = bad > most_fraction * rows and (bad >= FEW_ROWS or most_fraction == 0)
    if not (useless or too_many or (rows and bad == rows)):
        return
    told = useless if useless and not too_many else [part for part in parts if part.read.rejected]
    raise TooManyRejects([_summary(rows, bad, most_fraction), *(p for part in told for p in _reasons(part))])


def _summary(rows: int, bad: int, most: float) -> UsageProblem:
    share = f"{bad:,} of {plural(rows, 'row')} ({percent(bad / rows)}) cannot be used; {percent(most)} may be bad"
    otherwise = "say otherwise how to read it" if bad == rows else "allow more with --max-reject-share"
    return UsageProblem("", share, f"Nothing was kept. Correct the export, or {otherwise}")


def _reasons(part: Part) -> Iterator[UsageProblem]:
    for reject in part.read.rejects[:10]:
        what = f"{reject.column} {reject.reason}".strip()
        where = f", line {', '.join(map(str, reject.lines[:5]))}" if reject.lines else ""
        more = " and others" if reject.rows > min(5, len(reject.lines)) and reject.lines else ""
        told = f"{plural(reject.rows, 'row')}: {clean(what)}{where}{more}"
        yield UsageProblem(part.name, told, WRITTEN.get(reject.reason, ""))


def sources_of(parts: Sequence[Part]) -> tuple[UsageSource, ...]:
    """Each source for the profile."""
    return tuple(
        UsageSource(
            name=clean(part.name),
            sha256=part.sha256,
            size_bytes=part.size_bytes,
            format_id=part.about.reader_id,
            format=part.about.title,
            grain=part.about.grain,
            bucket_s=part.read.bucket_s if part.about.grain == "bucket" else 0,
            rows_read=part.read.rows,
            rows_rejected=part.read.rejected,
        )
        for part in parts
    )


def rejects_of(parts: Sequence[Part]) -> tuple[RejectReason, ...]:
    """Each reason for the profile, the most frequent first."""
    found = [
        RejectReason(
            source=clean(part.name),
            column=clean(reject.column),
            reason=clean(reject.reason),
            rows=reject.rows,
            lines=reject.lines[:LINES_KEPT],
        )
        for part in parts
        for reject in part.read.rejects
    ]
    return tuple(sorted(found, key=lambda r: (-r.rows, r.source, r.reason))[:MOST_REASONS])


def without_calendar(parts: Sequence[Part]) -> bool:
    """Whether times count from an unknown day. Raises UsageError when only those of some parts do."""
    kinds = {part.about.has_calendar for part in parts}
    if len(kinds) > 1:
        named = ", ".join(part.name for part in parts if not part.about.has_calendar)
        reason = "has times that count from an unknown day, the other files have dates"
        raise UsageError(UsageProblem(named, reason, "Import them one by one"))
    return kinds == {False}


def _cached_beside_and_unsaid(part: Part) -> bool:
    has = part.read.has
    beside = part.about.cached_inside_input is False
    return beside and "fresh_input_tokens" in has and "cached_input_tokens" not in has


def notes_of(parts: Sequence[Part], rollup: Rollup, choices: Choices) -> Iterator[str]:
    """What a reviewer should know of how the files were read."""
    zoneless, good = sum(part.read.zoneless for part in parts), sum(part.read.good for part in parts)
    if zoneless:
        others = "" if zoneless == good else ", the others have one"
        have, they = ("has a time", "it is") if zoneless == 1 else ("have times", "they are")
        yield f"{plural(zoneless, 'row')} {have} without a zone{others}: {they} read in {choices.zone}."
    money = [name for name in rollup.labels["currency"].names if name]
    if len(money) > 1:
        yield f"Costs in {', '.join(money)} are kept apart; amounts in two currencies are never added."
    if beside := sorted({clean(part.name) for part in parts if _cached_beside_and_unsaid(part)}):
        told = f"{', '.join(beside[:3])}{' and others' if len(beside) > 3 else ''}"
        yield (
            f"{told}: this format counts cached tokens beside the input, and there are none. If prompts were cached, "
            "they are longer than they look here."
        )
    if len({part.about.grain for part in parts}) > 1:
        yield "Single requests and sums of periods are mixed: lengths and finer peaks are not known of the whole."
    named = [(part.name, note) for part in parts for note in part.read.notes]
    shared = {note for _, note in named if sum(note == other for _, other in named) == len(parts) > 1}
    yield from sorted(shared)
    yield from (f"{clean(name)}: {note}" for name, note in named if note not in shared)
