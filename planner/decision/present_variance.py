"""Actual against plan in sentences and tables, for pages and the command line."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from planner.decision.present_catalog_row import percent_change
from planner.decision.present_tables import NONE, NOT_KNOWN, Column, Table, cents, four_digits, right
from planner.decision.variance_values import (
    RUN_MATURITY_FRACTION,
    RUN_MATURITY_SOURCE,
    RUN_MATURITY_URL,
    Effects,
    Side,
    Variance,
    VarianceMonth,
)
from planner.format import count, usd
from planner.units import MTOK

TOTAL, BOTH = "All months", "Months with both"


def variance_sentences(found: Variance) -> tuple[str, ...]:
    """The difference first, then how near the plan was, then how it was compared."""
    return (_headline(found), *_accuracy(found), *found.notes, *_month_words(found))


def _headline(found: Variance) -> str:
    if found.effects is None:
        return f"{found.plan}: no month has both a plan and a known actual cost."
    e = found.effects
    side = "over" if e.total_usd > 0 else "under"
    parts = f"volume {_signed(e.volume_usd)}, mix {_signed(e.mix_usd)}, price {_signed(e.price_usd)}"
    rest = f", rounding {_signed(e.rounding_usd)}" if e.rounding_usd else ""
    if not e.total_usd:
        return f"{found.plan}: as planned ({parts}{rest})."
    return f"{found.plan}: {usd(abs(e.total_usd))} {side} plan ({parts}{rest})."


def _accuracy(found: Variance) -> Iterator[str]:
    if found.accuracy_fraction is not None:
        near = "within" if found.accurate else "outside"
        yield (
            f"The plan was {found.accuracy_fraction:,.1%} of actual cost off, {near} the {RUN_MATURITY_FRACTION:.0%} "
            f"of mature organisations ({RUN_MATURITY_SOURCE}, {RUN_MATURITY_URL})."
        )


def _month_words(found: Variance) -> Iterator[str]:
    for month in found.months:
        yield from (word if month.month in word else f"{month.month}: {word}" for word in month.words)


def _signed(value: Decimal) -> str:
    return f"+{usd(value)}" if value > 0 else usd(value)


def cost_rows(found: Variance) -> Table:
    """Cost month by month, taken apart; the parts add up to the difference."""
    columns = (
        Column("Month"),
        *right(
            ("Days compared", "days"),
            ("Plan", "USD"),
            ("Actual", "USD"),
            ("Difference", "USD"),
            ("Difference", "% of plan"),
            ("Volume", "USD"),
            ("Mix", "USD"),
            ("Price", "USD"),
            ("Rounding", "USD"),
            ("Off", "% of actual"),
        ),
    )
    rows = [_cost_row(month) for month in found.months]
    if found.effects is not None and len(found.months) > 1:
        rows.append(_total_row(found, found.effects))
    return Table("Cost against plan", columns, tuple(rows))


def _total_row(found: Variance, effects: Effects) -> tuple[str, ...]:
    """The months that have both sides."""
    both = [month for month in found.months if month.effects is not None]
    plan = sum((month.plan.usd or 0.0) for month in both if month.plan is not None)
    days = sum(month.days for month in both)
    parts = _effects(effects, plan)
    return (
        TOTAL if len(both) == len(found.months) else BOTH,
        f"{days:,.2f}",
        cents(plan),
        cents(plan + float(effects.total_usd)),
        *parts,
        _fraction(found.accuracy_fraction),
    )


def _cost_row(month: VarianceMonth) -> tuple[str, ...]:
    plan = None if month.plan is None else month.plan.usd
    actual = None if month.actual is None else month.actual.usd
    return (
        month.month,
        f"{month.days:,.2f}",
        "no plan" if month.plan is None else cents(plan),
        cents(actual),
        *_effects(month.effects, plan),
        _fraction(month.accuracy_fraction),
    )


def _effects(found: Effects | None, plan_usd: float | None) -> tuple[str, ...]:
    if found is None:
        return (NONE,) * 6
    share = NONE if not plan_usd else percent_change(float(found.total_usd) / plan_usd)
    parts = (found.volume_usd, found.mix_usd, found.price_usd, found.rounding_usd)
    return (cents(float(found.total_usd)), share, *(cents(float(part)) for part in parts))


def _fraction(value: float | None) -> str:
    return NONE if value is None else f"{value * 100:,.1f}"


def volume_rows(found: Variance) -> Table:
    """What was asked against what was planned: requests, tokens, mix and unit price."""
    columns = (
        Column("Month"),
        Column("Side"),
        *right(
            ("Requests", "count"),
            ("Tokens", "M tokens"),
            ("Tokens", "% of plan"),
            ("Input per output token", "ratio"),
            ("Cached input", "%"),
            ("Per 1M tokens", "USD"),
        ),
    )
    rows = tuple(row for month in found.months for row in _volume(month))
    return Table("Volume, mix and price against plan", columns, rows)


def _volume(month: VarianceMonth) -> Iterator[tuple[str, ...]]:
    planned = month.plan.tokens if month.plan is not None else 0.0
    for name, side in (("plan", month.plan), ("actual", month.actual)):
        if side is not None:
            change = percent_change(side.tokens / planned - 1) if name == "actual" and planned else NONE
            yield (month.month, name, *_side(side, change))


def _side(side: Side, change: str) -> tuple[str, ...]:
    return (
        NOT_KNOWN if side.requests is None else count(side.requests),
        f"{side.tokens / MTOK:,.3f}",
        change,
        NONE if side.input_to_output is None else f"{side.input_to_output:,.2f}",
        NONE if side.cached_fraction is None else f"{side.cached_fraction * 100:,.1f}",
        four_digits(side.usd_per_mtok),
    )


def class_rows(found: Variance) -> Table:
    """The effects class by class."""
    columns = (
        Column("Month"),
        Column("Class"),
        *right(
            ("Plan", "M tokens"),
            ("Actual", "M tokens"),
            ("Plan", "USD"),
            ("Actual", "USD"),
            ("Volume", "USD"),
            ("Mix", "USD"),
            ("Price", "USD"),
        ),
    )
    rows = tuple(
        (
            part.month,
            part.label,
            f"{part.plan_tokens / MTOK:,.3f}",
            f"{part.actual_tokens / MTOK:,.3f}",
            cents(part.plan_usd),
            cents(part.actual_usd),
            cents(part.volume_usd),
            cents(part.mix_usd),
            cents(part.price_usd),
        )
        for part in found.classes
    )
    return Table("By class", columns, rows)
