"""A log on every option of a scenario, side by side: what a month at the log's own rate costs, part by part.

Tokens are priced request by request where the log allows it; machines, energy and people are those of month 1 of the
scenario with the log as its workload, without growth and one-offs. So all options are held against the same days.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from planner.catalog.catalog import Catalog
from planner.decision.evaluate import evaluate
from planner.decision.log_fleet import NoBill, on_fleet
from planner.decision.log_price import on_option
from planner.decision.log_summary import summary
from planner.decision.log_time import Covers
from planner.decision.log_values import LogPrice
from planner.decision.present_tables import COMPONENTS
from planner.domain.options import Option, PerTokenOption
from planner.domain.result import OptionResult, Result
from planner.domain.scenario import Scenario
from planner.domain.timeline import Growth
from planner.domain.usage import UsageProfile
from planner.units import CALENDARS
from planner.workload.rollup import Rollup
from planner.workload.usage_scenario import NotUsableError, with_usage

TOKENS = "Tokens"
Parts = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class OnOption:
    """One option over the time of a log; amounts are US dollars."""

    option_id: str
    label: str
    kind: str
    price: LogPrice | None = None
    """What the log itself costs there: its tokens, or the fleet's bill for its days."""
    parts_usd_per_month: Parts = ()
    """Parts of a month at the log's rate, lower bounds; empty when one of them is not known."""
    open_usd_per_month: float = 0.0
    """How much more it may be where prompt lengths leave the price open."""
    why: tuple[str, ...] = ()
    """Why the month is not known, or which hard constraint the option fails."""
    excluded: bool = False
    """Whether it fails a hard constraint."""
    notes: tuple[str, ...] = ()
    """What a reviewer should know."""

    @property
    def usd_per_month(self) -> float | None:
        """All parts; None when one of them is not known."""
        return sum(usd for _, usd in self.parts_usd_per_month) if self.parts_usd_per_month else None

    @property
    def whole(self) -> bool:
        """Whether every token of the log has a price there."""
        return self.price is not None and self.price.whole


@dataclass(frozen=True)
class Question:
    """What is asked of a log: prices of which days, which whole days it is of, and the day of the answer."""

    on: dt.date | None
    covers: Covers | None
    today: dt.date


@dataclass(frozen=True)
class _Evaluated:
    """The scenario with the log in it, and with its own workload; `why` the log cannot be put into it."""

    measured: Result | None
    as_it_is: Result
    why: tuple[str, ...] = ()


def on_options(
    scenario: Scenario, profile: UsageProfile, rollup: Rollup, catalog: Catalog, asked: Question
) -> tuple[OnOption, ...]:
    """Every option of the scenario, cheapest month first, those without one last. Raises EmptyLog."""
    evaluated = _evaluated(scenario, profile, catalog, asked.today)
    days_per_month = CALENDARS[scenario.calendar].days_per_month
    found = []
    for option in scenario.options:
        if isinstance(option, PerTokenOption):
            price = summary(on_option(rollup, catalog, option, on=asked.on, covers=asked.covers))
            found.append(_per_token(option, price, evaluated, days_per_month))
        else:
            found.append(_fleet(option, rollup, evaluated, scenario, asked))
    return tuple(sorted(found, key=lambda one: (one.usd_per_month is None, not one.whole, one.usd_per_month or 0.0)))


def usd_per_month(price: LogPrice, days_per_month: float) -> float | None:
    """The log's cost, lower bound, at the same rate for a whole month."""
    return None if price.usd is None or price.days <= 0 else price.usd / price.days * days_per_month


def steady_with(scenario: Scenario, profile: UsageProfile) -> Scenario:
    """The scenario with the log as its workload, month after month alike.

    A log that does not say enough leaves the scenario's own workload, where that was made from this very log: a person
    has added what it lacks. Raises NotUsableError.
    """
    steady = _steady(scenario)
    try:
        return with_usage(steady, profile)
    except NotUsableError:
        usage = scenario.workload.usage
        if usage is not None and usage.profile_id == profile.profile_id:
            return steady
        raise


def _steady(scenario: Scenario) -> Scenario:
    timeline = scenario.timeline.model_copy(update={"growth": Growth()})
    return scenario.model_copy(update={"timeline": timeline})


def _evaluated(scenario: Scenario, profile: UsageProfile, catalog: Catalog, today: dt.date) -> _Evaluated:
    try:
        measured = evaluate(steady_with(scenario, profile), catalog, today)
    except NotUsableError as error:
        why = tuple(f"{p.what}: {p.reason} {p.remedy}".strip() for p in error.problems)
        return _Evaluated(None, evaluate(_steady(scenario), catalog, today), why)
    return _Evaluated(measured, measured)


def _per_token(option: Option, price: LogPrice, evaluated: _Evaluated, days_per_month: float) -> OnOption:
    """Tokens from the log, people and the rest from the scenario: they do not follow volume here."""
    base = _base(option, (evaluated.measured or evaluated.as_it_is).option(option.option_id))
    found = replace(base, price=price, notes=price.notes)
    tokens, rest = usd_per_month(price, days_per_month), base.parts_usd_per_month
    if tokens is None or not rest:
        unpriced = tuple(dict.fromkeys(f"{part.reason.message} {part.reason.remedy}" for part in price.unpriced))
        return replace(found, parts_usd_per_month=(), why=unpriced if tokens is None else found.why)
    parts = ((TOKENS, tokens), *((name, usd) for name, usd in rest if name != TOKENS))
    low, high = price.usd or 0.0, price.usd_high or 0.0
    return replace(found, parts_usd_per_month=parts, open_usd_per_month=(high - low) / price.days * days_per_month)


def _fleet(option: Option, rollup: Rollup, evaluated: _Evaluated, scenario: Scenario, asked: Question) -> OnOption:
    """Paid by the month for the fleet that the log needs."""
    if evaluated.measured is None:
        return OnOption(option.option_id, option.label, option.kind, why=evaluated.why)
    result = evaluated.measured.option(option.option_id)
    found = _base(option, result)
    try:
        return replace(found, price=on_fleet(rollup, result, scenario.calendar, covers=asked.covers))
    except NoBill:
        return replace(found, parts_usd_per_month=())


def _base(option: Option, result: OptionResult) -> OnOption:
    """What the evaluation says: month 1 by part, reasons and warnings."""
    return OnOption(
        option.option_id,
        option.label,
        option.kind,
        parts_usd_per_month=_parts(result),
        why=_why(result),
        excluded=result.status == "excluded",
        notes=result.warnings,
    )


def _parts(result: OptionResult) -> Parts:
    """Month 1 by part; nothing for an option without a price."""
    month = next((month for month in result.months if month.month == 1), None)
    if month is None:
        return ()
    return tuple((name, getattr(month, field)) for name, field in COMPONENTS if name == TOKENS or getattr(month, field))


def _why(result: OptionResult) -> tuple[str, ...]:
    start = "Fails a hard constraint: " if result.status == "excluded" else ""
    return tuple(f"{start}{reason.message} {reason.remedy}".strip() for reason in result.reasons)
