"""The Costs page of one option: the waterfall from the naive figure to the loaded one, the run-rate, cash by year."""

from __future__ import annotations

from typing import NamedTuple

from planner.decision.cost_steps import COMPONENT_STEPS, NAIVE, Step, StepKey, mean_usd, walk
from planner.decision.kernel import Model, SelfHostedCost, option_costs, paths
from planner.domain.facts import Facts
from planner.domain.result import OptionResult
from planner.domain.scenario import Scenario
from planner.units import MONTHS_PER_YEAR

__all__ = [
    "NAIVE",
    "CashYear",
    "Step",
    "StepKey",
    "cash_years",
    "run_rate_usd_per_year",
    "usd_per_attempt",
    "waterfall",
]


class CashYear(NamedTuple):
    """Cash and book view of machines in one year; year 0 is before the first month."""

    year: int
    purchase_usd: float
    resale_usd: float
    depreciation_usd: float
    book_value_usd: float
    """At the end of the year."""


def waterfall(scenario: Scenario, facts: Facts, option_id: str) -> tuple[Step, ...]:
    """Steps from the naive figure to tco_usd / months, in USD a month; KeyError for an option that has no cost.

    The first step is naive (its key in NAIVE) where there is such a figure: the GPUs of the mean work at 100 % busy
    without rounding, or tokens at list price. Steps of 0 are left out. They sum to the option's tco_usd_per_month.
    """
    model = Model(scenario, option_costs(scenario, facts))
    cost, along = model.costs[option_id], paths(scenario, model.at())
    bill = cost.bill(along)
    option = next(o for o in scenario.options if o.option_id == option_id)
    known = next(f for f in facts.options if f.option_id == option_id)
    walked = walk(cost, option, known, scenario, along)
    others = [name for name in COMPONENT_STEPS if name not in walked.covered]
    rest = (Step(name, mean_usd(getattr(bill, name), along)) for name in others)
    once = cost.fixed.one_off_usd if isinstance(cost, SelfHostedCost) else float(bill.one_off_usd)
    more = (*walked.steps[1:], *rest, Step("one_off", once / along.months))
    return (*walked.steps[:1], *(step for step in more if step.usd_per_month))


SETTLED = 1.2
"""A last month this much dearer than the one before, with the same GPU-hours, holds a settlement."""


def run_rate_usd_per_year(option: OptionResult) -> float | None:
    """Last month's bill x 12, without one-offs: a run-rate, not a forecast; None without months.

    A settlement of terms that outlast the horizon falls in the last month and is no rate: then the month before counts.
    """
    if not option.months:
        return None
    before, last = option.months[-2], option.months[-1]
    settled = (last.gpu_hours or 0) > 0 and before.month > 0 and last.gpu_usd > SETTLED * before.gpu_usd > 0
    return (before if settled and last.gpu_hours == before.gpu_hours else last).total_usd * MONTHS_PER_YEAR


def usd_per_attempt(scenario: Scenario, option: OptionResult) -> float | None:
    """TCO / attempts, those that fail counted too; None where the cost per request is undefined."""
    success = next(o.success_fraction for o in scenario.options if o.option_id == option.option_id)
    return None if option.usd_per_request is None else option.usd_per_request * success


def cash_years(option: OptionResult) -> tuple[CashYear, ...]:
    """Cash and book view by year; empty for options without machines of their own."""
    flows = option.cash
    years = sorted({_year(flow.month) for flow in flows})
    return tuple(
        CashYear(
            year,
            sum(f.purchase_usd for f in flows if _year(f.month) == year),
            sum(f.resale_usd for f in flows if _year(f.month) == year),
            sum(f.depreciation_usd for f in flows if _year(f.month) == year),
            [f for f in flows if _year(f.month) == year][-1].book_value_usd,
        )
        for year in years
    )


def _year(month: int) -> int:
    return (month + MONTHS_PER_YEAR - 1) // MONTHS_PER_YEAR
