"""A re-pricing in words and tables: figure by figure, option by option, and the recommendation."""

from __future__ import annotations

import datetime as dt

from planner.decision.present_catalog_row import percent_change
from planner.decision.present_tables import NONE, NOT_KNOWN, ROW, Column, Table, cents, label_of, right
from planner.decision.reprice import Line, OptionChange, Repricing
from planner.domain.result import Result
from planner.format import MINUS, plural, usd

LINE_WORDS = {
    "changed": "changed",
    "confirmed": "same figure, another date or source",
    "added": "new",
    "removed": "not used any more",
}
NOTHING = "Nothing differs: today's catalog gives the same figures."


def sentences(found: Repricing) -> tuple[str, ...]:
    """What changes, shortly: how many figures, and the recommendation."""
    if found.nothing:
        return (NOTHING,)
    changed = sum(line.kind == "changed" for line in found.lines)
    other = len(found.lines) - changed
    more = (
        f"; {plural(other, 'other line')} differ{'s' if other == 1 else ''} in date, source or presence"
        if other
        else ""
    )
    return (f"{plural(changed, 'figure')} changed{more}.", _recommendation(found))


def _recommendation(found: Repricing) -> str:
    before, after = found.before.result, found.after.result
    if found.same_recommendation:
        return f"The recommendation stays: {_recommended(after)}."
    return f"The recommendation changes from {_recommended(before)} to {_recommended(after)}."


def _recommended(result: Result) -> str:
    chosen = result.verdict.recommended_id
    if chosen is None:
        return "none"
    month = result.option(chosen).levelised_usd_per_month
    return f"{label_of(result, chosen)} at {NOT_KNOWN if month is None else usd(month)} a month"


def line_rows(found: Repricing) -> Table:
    """Every figure that differs, with both dates."""
    columns = (
        Column("Figure"),
        Column("Unit"),
        Column("Then", align="right"),
        Column("Now", align="right"),
        Column("Change", "%", "right"),
        Column("Date then"),
        Column("Date now"),
        Column("What"),
        Column(ROW),
    )
    return Table("Figures that differ", columns, tuple(_line_row(line) for line in found.lines))


def _line_row(line: Line) -> tuple[str, ...]:
    before, after = line.before, line.after
    change = line.change_fraction
    return (
        line.figure.label,
        line.figure.unit,
        before.value if before else NONE,
        after.value if after else NONE,
        NONE if change is None else percent_change(change),
        (before.as_of if before else "") or NONE,
        (after.as_of if after else "") or NONE,
        LINE_WORDS[line.kind],
        after.row if after else "",
    )


def option_rows(found: Repricing) -> Table:
    """What it does to every option: a month, and in today's money over the horizon."""
    columns = (
        Column("Option"),
        *right(
            ("Per month, then", "USD/month"),
            ("Per month, now", "USD/month"),
            ("Change", "USD/month"),
            ("NPV, then", "USD"),
            ("NPV, now", "USD"),
            ("Change of NPV", "USD"),
        ),
        Column("State"),
    )
    return Table("What it does to the options", columns, tuple(_option_row(found, option) for option in found.options))


def _option_row(found: Repricing, option: OptionChange) -> tuple[str, ...]:
    before, after = option.before, option.after
    return (
        after.label,
        cents(before.levelised_usd_per_month),
        cents(after.levelised_usd_per_month),
        _difference(before.levelised_usd_per_month, after.levelised_usd_per_month),
        cents(before.npv_usd),
        cents(after.npv_usd),
        _difference(before.npv_usd, after.npv_usd),
        _state(found, option),
    )


def _difference(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return NONE
    change = cents(after - before)
    return change if change.startswith(MINUS) or change == "0.00" else f"+{change}"


def _state(found: Repricing, option: OptionChange) -> str:
    told = [] if option.before.status == option.after.status else [f"was {option.before.status}", option.after.status]
    then = option.after.option_id == found.before.result.verdict.recommended_id
    now = option.after.option_id == found.after.result.verdict.recommended_id
    if then or now:
        told.append("recommended" if then and now else "recommended now" if now else "no longer recommended")
    return ", ".join(told) or NONE


def part_rows(found: Repricing) -> Table:
    """Which parts of each option's spend move; the changes of its parts add up to the change of its total."""
    columns = (Column("Option"), Column("Part"), *right(("Then", "USD"), ("Now", "USD"), ("Change", "USD")))
    moved = [option for option in found.options if option.change_usd]
    return Table("Spend over the horizon by part", columns, tuple(row for o in moved for row in _part_rows(o)))


def _part_rows(option: OptionChange) -> tuple[tuple[str, ...], ...]:
    label, before, after = option.after.label, option.before.tco_usd, option.after.tco_usd
    parts = tuple(
        (label, part.label, cents(part.before_usd), cents(part.after_usd), _difference(part.before_usd, part.after_usd))
        for part in option.parts
    )
    return (*parts, (label, "Total", cents(before), cents(after), _difference(before, after)))


def warning_rows(found: Repricing) -> Table:
    """Warnings and reasons that come or go."""
    rows = [
        (option.after.label, what, text)
        for option in found.options
        for what, texts in (("new", option.warnings_added), ("gone", option.warnings_removed))
        for text in texts
    ]
    return Table("Warnings that change", (Column("Option"), Column("What"), Column("Warning")), tuple(rows))


def days(found: Repricing) -> tuple[dt.date, dt.date]:
    """Days of the prices, then and now."""
    return found.before.facts.on, found.after.facts.on
