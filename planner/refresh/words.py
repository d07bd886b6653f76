"""What came of a refresh, in words and tables, the same on a terminal and on the page."""

from __future__ import annotations

from decimal import Decimal

from planner.format import plural
from planner.refresh.diff import Diff, DiffLine
from planner.refresh.guard import is_jump
from planner.refresh.run import Report, SourceReport

DIFF_COLUMNS = ("Change", "What", "Figure", "Old", "New", "%", "Unit", "Row")
FINDING_COLUMNS = ("Model", "Fact", "Here", "There")
HUNDRED = 100


def summary(report: SourceReport) -> str:
    """Status, reason and way out in a sentence or two."""
    if report.status in ("failed", "skipped", "refused"):
        return f"{report.status}. {report.reason} {report.remedy}".rstrip()
    diff = report.diff
    if report.snapshot is not None and not report.snapshot.in_force and not diff.rows:
        return _compared(report)
    counts = (
        f"{diff.changed} changed, {diff.added} new, {diff.unchanged} unchanged, {len(diff.missing)} not found there"
    )
    return f"{report.status}. {counts}."


def _compared(report: SourceReport) -> str:
    """For a source that is only compared."""
    snapshot = report.snapshot
    assert snapshot is not None
    seen = ", ".join(f"{count:,} {kind}" for kind, count in snapshot.counts.items())
    return f"{seen}; {plural(len(snapshot.findings), 'difference')}."


def diff_rows(diff: Diff) -> list[tuple[str, ...]]:
    """One row for every figure that differs."""
    return [
        (
            "jump!" if is_jump(line) else line.change,
            line.what,
            line.figure,
            _price(line.old),
            _price(line.new),
            percent(line),
            line.unit,
            line.row,
        )
        for line in diff.lines
    ]


def percent(line: DiffLine) -> str:
    """By how much a figure changes, with its sign; "" when that cannot be said."""
    change = line.change_fraction
    return "" if change is None else f"{change * HUNDRED:+.1f} %".replace("-", "−")


def _price(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def finding_rows(report: SourceReport) -> list[tuple[str, ...]]:
    """Facts that a source states otherwise."""
    return [tuple(finding) for finding in report.snapshot.findings] if report.snapshot is not None else []


def notes(report: SourceReport) -> tuple[str, ...]:
    """What a reader should know: what was left out and why, and what is not there any more."""
    gone = tuple(f"{name}: not found there; its price here stays." for name in report.diff.missing)
    return (*report.notes, *gone)


def dry_run(report: Report) -> str:
    """What adding the rows would take."""
    if not report.rows:
        return "There is nothing to add."
    return f"{plural(len(report.rows), 'new row')} found; nothing is written yet. Repeat with --apply to add."
