"""A log on every option in a sentence and a table, with the log as it was on top."""

from __future__ import annotations

from collections.abc import Sequence

from planner.decision.log_options import OnOption, usd_per_month
from planner.decision.log_values import LogPrice
from planner.decision.present_tables import KIND_WORDS, NONE, NOT_KNOWN, Column, Table, cents, right
from planner.decision.present_usage import mtok, without_empty
from planner.format import usd, usd_cents, usd_figure
from planner.units import MTOK, SECONDS_PER_DAY
from planner.workload.unknowns import length_of

AS_IT_WAS = "As it was"
SELDOM = frozenset({"Without a price", "Why not known, or not allowed"})
PEOPLE = ("People", "Fine-tuning", "Other")
"""Parts that are not tokens or machines."""


def compared_sentences(price: LogPrice, options: Sequence[OnOption], days_per_month: float) -> tuple[str, ...]:
    """The cheapest option that can serve the whole log, the log as it was, and how the months were made equal."""
    return (_cheapest(options), _as_it_was(price, days_per_month), _same_days(price, days_per_month))


def _cheapest(options: Sequence[OnOption]) -> str:
    able = (one for one in options if one.usd_per_month is not None and one.whole and not one.excluded)
    best = next(able, None)
    if best is None:
        return "No option of the scenario has a known cost for the whole log."
    usd = best.usd_per_month or 0.0
    told = f"{best.label}, {amount(usd, best.open_usd_per_month)} a month, people included"
    below = [one.label for one in options if _may_be_below(one, usd)]
    if not below:
        return f"Cheapest for this log: {told}. What else counts: Decide."
    others = f"{', '.join(below)}: a part of it has no price there, and what has one costs less"
    return f"Cheapest that prices the whole log: {told}. Not decided against {others}. What else counts: Decide."


def _may_be_below(one: OnOption, usd: float) -> bool:
    """Whether what is known of an option leaves it cheaper than the amount."""
    return one.usd_per_month is not None and not one.whole and not one.excluded and one.usd_per_month < usd


def _as_it_was(price: LogPrice, days_per_month: float) -> str:
    month = usd_per_month(price, days_per_month)
    if month is None:
        return f"{AS_IT_WAS}, its cost is {NOT_KNOWN}: no token of the log has a price."
    told = amount(month, month * (_ratio(price) - 1))
    part = "" if price.whole else ", without those that have no price"
    return f"{AS_IT_WAS}, its tokens alone are {told} a month{part}: a log does not say who works on it."


def _ratio(price: LogPrice) -> float:
    """Upper over lower bound."""
    return price.usd_high / price.usd if price.usd and price.usd_high is not None else 1.0


def _same_days(price: LogPrice, days_per_month: float) -> str:
    length = length_of(price.days * SECONDS_PER_DAY)
    return (
        f"All amounts are of the same time, {length}, brought to a month of {days_per_month:,.4g} days at the log's "
        "own rate: no growth, no one-offs."
    )


def option_rows(price: LogPrice, options: Sequence[OnOption], days_per_month: float) -> Table:
    """One row per option; an amount that is not known says why."""
    columns = (
        Column("Option"),
        Column("Paid"),
        *right(
            ("Tokens or machines", "USD/month"),
            ("People and other", "USD/month"),
            ("Total", "USD/month"),
            ("Total", "USD per 1M tokens"),
            ("Without a price", "M tokens"),
        ),
        Column("Why not known, or not allowed"),
    )
    rows = (_first(price, days_per_month), *(_row(one, price, days_per_month) for one in options))
    return without_empty(Table("This log on each option", columns, rows), SELDOM)


def note_rows(options: Sequence[OnOption]) -> Table:
    """What a reviewer should know of each option; what holds for several is said once."""
    told: dict[str, list[str]] = {}
    for one in options:
        for note in one.notes:
            told.setdefault(note, []).append(one.label)
    rows = tuple((", ".join(dict.fromkeys(labels)), note) for note, labels in told.items())
    return Table("Notes on the options", (Column("Option"), Column("Note")), rows)


def _first(price: LogPrice, days_per_month: float) -> tuple[str, ...]:
    month = usd_per_month(price, days_per_month)
    return (
        AS_IT_WAS,
        "each model at its list price",
        _cents(month, None if month is None else month * _ratio(price)),
        NOT_KNOWN,
        NOT_KNOWN,
        NOT_KNOWN,
        _without(price),
        NONE,
    )


def _row(one: OnOption, price: LogPrice, days_per_month: float) -> tuple[str, ...]:
    kind = KIND_WORDS.get(one.kind, one.kind)
    without = NONE if one.price is None else _without(one.price)
    total = one.usd_per_month
    if total is None:
        month = None if one.price is None else usd_per_month(one.price, days_per_month)
        return (one.label, kind, cents(month), *(NOT_KNOWN,) * 3, without, _why(one))
    people = sum(usd_ for name, usd_ in one.parts_usd_per_month if name in PEOPLE)
    high = total + one.open_usd_per_month
    served = 0 if one.price is None else one.price.tokens - one.price.unpriced_tokens
    mtok = served / price.days * days_per_month / MTOK if price.days else 0.0
    return (
        one.label,
        kind,
        _cents(total - people, high - people),
        cents(people),
        _cents(total, high),
        usd_figure(total / mtok) if mtok and one.whole else NONE,
        without,
        _why(one),
    )


def _cents(low: float | None, high: float | None) -> str:
    if low is None or high is None or usd_cents(low) == usd_cents(high):
        return cents(low)
    return f"{usd_cents(low)} to {usd_cents(high)}"


def amount(low: float, more: float) -> str:
    """US dollars in the currency shown; two bounds where they differ."""
    return usd(low) if usd(low) == usd(low + more) else f"{usd(low)} to {usd(low + more)}"


def _without(price: LogPrice) -> str:
    return mtok(price.unpriced_tokens) if price.unpriced_tokens else NONE


def _why(one: OnOption) -> str:
    return " ".join(one.why) or NONE
