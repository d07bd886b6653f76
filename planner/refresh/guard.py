"""Whether a snapshot may be believed: not smaller, not older, no price ten times another; unless somebody says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

from planner.domain.base import Value
from planner.refresh.diff import Diff, DiffLine
from planner.refresh.log import Look
from planner.refresh.snapshot import Snapshot

JUMP = Decimal(10)
"""A price more than this many times another is more often a wrong unit than a new price."""
SHOWN = 3
Code = Literal["FEWER", "OLDER", "JUMP"]


class Accept(Value):
    """What somebody has looked at and takes upon themselves."""

    fewer: bool = False
    older: bool = False
    jumps: bool = False


class Objection(NamedTuple):
    """Why a snapshot is refused, and how to take it all the same."""

    code: Code
    message: str
    remedy: str


def objections(snapshot: Snapshot, diff: Diff, last: Look | None, accept: Accept) -> tuple[Objection, ...]:
    """Everything that speaks against the snapshot and has not been accepted."""
    found = [
        *(() if accept.fewer else _fewer(snapshot, last)),
        *(() if accept.older else _older(snapshot, last)),
        *(() if accept.jumps else _jumps(diff)),
    ]
    return tuple(found)


def _fewer(snapshot: Snapshot, last: Look | None) -> Iterator[Objection]:
    """Fewer of anything than at the last look, or than there must be."""
    before: Mapping[str, int] = last.counts if last is not None else {}
    when = f"on {last.looked_on}" if last is not None else ""
    for kind, least in {**snapshot.least, **before}.items():
        if (there := snapshot.counts.get(kind, 0)) < least:
            than = f"{least:,} {when}" if kind in before else f"the {least:,} expected of it"
            yield Objection(
                "FEWER",
                f"It has {there:,} {kind}, fewer than {than}.",
                "See in the notes what is gone; then repeat with --accept-fewer.",
            )


def _older(snapshot: Snapshot, last: Look | None) -> Iterator[Objection]:
    """Its own date is before that of what we have."""
    ours = max(filter(None, (snapshot.not_before, last.dated if last is not None else None)), default=None)
    if ours is not None and (snapshot.dated is None or snapshot.dated < ours):
        its = f"of {snapshot.dated}" if snapshot.dated is not None else "without any date"
        yield Objection(
            "OLDER",
            f"It is {its}, older than what is here ({ours}).",
            "A cache may be in between: try again later, or repeat with --accept-older.",
        )


def _jumps(diff: Diff) -> Iterator[Objection]:
    """Prices more than ten times the old one, or less than a tenth of it."""
    jumps = [line for line in diff.lines if is_jump(line)]
    if jumps:
        shown = "; ".join(f"{line.what}, {line.figure}: {line.old:f} to {line.new:f}" for line in jumps[:SHOWN])
        more = f"; and {len(jumps) - SHOWN} more" if len(jumps) > SHOWN else ""
        yield Objection(
            "JUMP",
            f"{len(jumps)} price(s) would change more than {JUMP} times: {shown}{more}.",
            "Check them at their source; then repeat with --accept-jumps.",
        )


def is_jump(line: DiffLine) -> bool:
    """Whether a price moves by more than ten times; from or to 0 is such a move."""
    old, new = line.old, line.new
    if old is None or new is None or old == new:
        return False
    return not old or not new or max(old / new, new / old) > JUMP
