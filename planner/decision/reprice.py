"""The same scenario at two sets of pinned facts: which figures differ, and what that does to costs and recommendation.

Nothing is edited: what was saved keeps its facts and its answer, and the new facts make a new revision.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import zip_longest
from typing import Literal, NamedTuple

from planner.decision.present_tables import COMPONENTS
from planner.domain.evidence import Evidence
from planner.domain.facts import Facts
from planner.domain.result import OptionResult, Result

LineKind = Literal["changed", "confirmed", "added", "removed"]


class Priced(NamedTuple):
    """Pinned facts and the answer they give."""

    facts: Facts
    result: Result


class Line(NamedTuple):
    """One figure that differs; `before` is None when it is new, `after` when nothing uses it any more."""

    before: Evidence | None
    after: Evidence | None

    @property
    def kind(self) -> LineKind:
        """confirmed: the same figure with another date or source."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "confirmed" if self.before.value == self.after.value else "changed"

    @property
    def figure(self) -> Evidence:
        """The newer of the two, for its label and unit."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a line has a figure on at least one side")
        return found

    @property
    def change_fraction(self) -> float | None:
        """after / before - 1; None when either is not one number, or the old one is 0."""
        before, after = _number(self.before), _number(self.after)
        return after / before - 1 if before and after is not None else None


class PartChange(NamedTuple):
    """One part of an option's spend over the horizon, USD."""

    label: str
    before_usd: float
    after_usd: float

    @property
    def change_usd(self) -> float:
        """Positive when it costs more now."""
        return self.after_usd - self.before_usd


class OptionChange(NamedTuple):
    """One option before and after; `parts` is empty when either cannot be priced."""

    before: OptionResult
    after: OptionResult
    parts: tuple[PartChange, ...]
    warnings_added: tuple[str, ...]
    warnings_removed: tuple[str, ...]

    @property
    def change_usd(self) -> float | None:
        """Change of all spend over the horizon; None when either cannot be priced."""
        if self.before.tco_usd is None or self.after.tco_usd is None:
            return None
        return self.after.tco_usd - self.before.tco_usd


class Repricing(NamedTuple):
    """What another catalog, or another day, changes."""

    before: Priced
    after: Priced
    lines: tuple[Line, ...]
    options: tuple[OptionChange, ...]

    @property
    def same_recommendation(self) -> bool:
        """Whether the same option is recommended."""
        return self.before.result.verdict.recommended_id == self.after.result.verdict.recommended_id

    @property
    def nothing(self) -> bool:
        """No figure, no date of a figure, no cost, no warning and no recommendation differs."""
        return not self.lines and self.same_recommendation and not any(_differs(option) for option in self.options)


def reprice(before: Priced, after: Priced) -> Repricing:
    """The difference; both must be of the same options, else ValueError."""
    if [o.option_id for o in before.facts.options] != [o.option_id for o in after.facts.options]:
        raise ValueError("the facts are not of the same options")
    return Repricing(
        before,
        after,
        tuple(_lines(before.facts, after.facts)),
        tuple(_option(old, after.result.option(old.option_id)) for old in before.result.options),
    )


def _lines(before: Facts, after: Facts) -> Iterator[Line]:
    """Figures of the same label and unit are compared in their order; each that differs comes once."""
    old, new = _figures(before), _figures(after)
    for key in dict.fromkeys((*old, *new)):
        for one, other in zip_longest(old.get(key, ()), new.get(key, ())):
            if one is None or other is None or _said(one) != _said(other):
                yield Line(one, other)


def _figures(facts: Facts) -> dict[tuple[str, str], tuple[Evidence, ...]]:
    """Every figure of every option, each once, by label and unit; what a blocked option knew is among them."""
    found: dict[tuple[str, str], dict[tuple[str, ...], Evidence]] = {}
    for option in facts.options:
        for item in option.evidence:
            found.setdefault((item.label, item.unit), {}).setdefault(_said(item), item)
    return {key: tuple(items.values()) for key, items in found.items()}


def _said(item: Evidence) -> tuple[str, ...]:
    """What makes two figures of one label the same: value, date and source. The id of the row may be new."""
    return (item.value, item.as_of, item.source, item.source_url)


def _option(before: OptionResult, after: OptionResult) -> OptionChange:
    old, new = _told(before), _told(after)
    return OptionChange(
        before,
        after,
        _parts(before, after),
        tuple(text for text in new if text not in old),
        tuple(text for text in old if text not in new),
    )


def _told(option: OptionResult) -> tuple[str, ...]:
    """What a reviewer is told of an option: why it is blocked or excluded, and its warnings."""
    return (*(f"{r.code}: {r.message}" for r in option.reasons), *option.warnings)


def _parts(before: OptionResult, after: OptionResult) -> tuple[PartChange, ...]:
    """The parts that somebody pays, one-offs included; they sum to the totals."""
    if before.tco_usd is None or after.tco_usd is None:
        return ()
    parts = (PartChange(label, _spent(before, field), _spent(after, field)) for label, field in COMPONENTS)
    return tuple(part for part in parts if part.before_usd or part.after_usd)


def _spent(option: OptionResult, field: str) -> float:
    return math.fsum(getattr(month, field) for month in option.months)


def _differs(option: OptionChange) -> bool:
    told = option.warnings_added or option.warnings_removed
    return bool(told) or option.before.tco_usd != option.after.tco_usd or option.before.npv_usd != option.after.npv_usd


def _number(item: Evidence | None) -> float | None:
    """A figure that is one number; several figures in one cell have no percentage."""
    try:
        return None if item is None else float(item.value.replace(",", ""))
    except ValueError:
        return None
