"""Actual against plan: a flexible budget whose parts add up to the difference exactly.

With Q tokens, shares w of the cells (class and kind), planned prices p and actual cost A:
volume = (Qa - Qp) sum(wp p), mix = Qa sum((wa - wp) p), price = A - Qa sum(wa p). Their sum is A - P.
Both sides are taken for the same days: those that the log covers and the plan has a month for.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from planner.decision.log_rows import Priced
from planner.decision.log_time import Month
from planner.decision.variance_actual import COST_WORDS, Actual, actual_of
from planner.decision.variance_effects import Cells, class_effects, effects_of, parts_of, summed
from planner.decision.variance_plan import KINDS, Plan
from planner.decision.variance_values import ClassEffects, Effects, Side, Variance, VarianceMonth
from planner.units import MTOK, FloatArray

_CACHED = KINDS.index("cached input")
FEW_DAYS = 1e-9
_DAY = dt.timedelta(days=1)


def variance(
    found: Priced, plan: Plan, *, bills: dict[str, float] | None = None, from_month: str | None = None
) -> Variance:
    """The log `found` against the plan, month by month; months before `from_month` (YYYY-MM) are left out.

    `bills` are actual costs of months (YYYY-MM -> USD, for the days that the log covers); else the export's own cost
    is taken where it is whole, else the list prices of `found`.
    """
    actual = actual_of(found, plan, bills)
    months, classes = [], []
    for place, month in enumerate(found.time.months):
        if from_month is not None and month.name < from_month:
            continue
        days = _days_of(found, place)
        compared, parts = _month(found, plan, actual, month, days)
        months.append(compared)
        classes += parts
    both = [month for month in months if month.effects is not None]
    return Variance(
        plan=plan.label,
        what=plan.what,
        cost_from=COST_WORDS[actual.cost_from],
        by_class=actual.matched and len(actual.classes) > 1,
        months=tuple(months),
        classes=tuple(classes) if actual.matched and len(actual.classes) > 1 else (),
        effects=summed(month.effects for month in both if month.effects is not None),
        accuracy_fraction=_accuracy(both),
        notes=tuple(_notes(plan, actual, found)),
    )


def _days_of(found: Priced, place: int) -> NDArray[np.int64]:
    """Places of the days of a calendar month, counted from the log's first day."""
    month = found.time.months[place]
    first = (month.first_on - found.time.first_on).days
    last = (found.time.last_on - found.time.first_on).days
    return np.arange(max(first, 0), min(first + month.days_in_month - 1, last) + 1)


def _plan_month_of(plan: Plan, day: dt.date) -> int | None:
    """Month of the plan that a day lies in."""
    place = next((n for n, start in enumerate(plan.starts_on) if day < start), None)
    return None if not place else place - 1


def _month(
    found: Priced, plan: Plan, actual: Actual, month: Month, days: NDArray[np.int64]
) -> tuple[VarianceMonth, list[ClassEffects]]:
    shares = found.time.day_shares()
    planned = [(int(day), _plan_month_of(plan, found.time.first_on + dt.timedelta(days=int(day)))) for day in days]
    usable = [(day, place) for day, place in planned if place is not None]
    inside = np.array([day for day, _ in usable], dtype=np.int64)
    weight = np.zeros(len(plan.usd))
    for day, place in usable:
        weight[place] += shares[day] / plan.days_per_month
    covered = float(shares[inside].sum())
    if covered <= FEW_DAYS:
        alone = _cells(plan, actual, month, days, np.zeros(len(plan.usd)), whole=True)
        side = _actual(alone, plan, actual, days)
        return _row(month, float(shares[days].sum()), None, side, None, (_no_plan(plan, month),)), []
    whole = covered >= float(shares[days].sum()) - FEW_DAYS
    cells = _cells(plan, actual, month, inside, weight, whole=whole)
    words = tuple(_words(cells, month, covered, whole))
    plan_side = _side(cells.plan_tokens, float((weight * plan.requests).sum()), cells.plan_usd, plan.kinds)
    side = _actual(cells, plan, actual, inside)
    parts = parts_of(cells)
    effects = None if cells.cost is None else effects_of(cells, parts, cells.cost)
    return _row(month, covered, plan_side, side, effects, words), list(
        class_effects(month.name, actual.classes, cells, parts)
    )


def _cells(
    plan: Plan, actual: Actual, month: Month, days: NDArray[np.int64], weight: FloatArray, *, whole: bool
) -> Cells:
    """Both sides for the days, in the actual side's classes."""
    tokens = np.tensordot(weight, plan.tokens, axes=1)
    price = None
    if plan.usd_per_token is not None:
        price = _mean_price(plan.usd_per_token, plan.tokens, weight)
    if not actual.matched:
        price = None if price is None else _over_classes(price, tokens)
        tokens = tokens.sum(axis=0, keepdims=True)
    by_class = None if actual.usd is None else actual.usd[days].sum(axis=0)
    cost = float(by_class.sum()) if by_class is not None else actual.bills.get(month.name) if whole else None
    return Cells(
        tokens,
        actual.tokens[days].sum(axis=0),
        price,
        float((weight * plan.usd).sum()),
        by_class,
        None if cost is None or np.isnan(cost) else cost,
    )


def _mean_price(price: FloatArray, tokens: FloatArray, weight: FloatArray) -> FloatArray:
    """The price of each cell over the months that the days lie in, weighted by planned tokens."""
    amount = tokens * weight[:, None, None]
    total = amount.sum(axis=0)
    plain = np.tensordot(weight / weight.sum(), price, axes=1) if weight.sum() else price[0]
    return np.where(total > 0, (price * amount).sum(axis=0) / np.where(total > 0, total, 1.0), plain)


def _over_classes(price: FloatArray, tokens: FloatArray) -> FloatArray:
    """One price per kind: the mean of the classes, by planned tokens."""
    total = tokens.sum(axis=0)
    mean = (price * tokens).sum(axis=0) / np.where(total > 0, total, 1.0)
    return np.asarray(np.where(total > 0, mean, price.mean(axis=0))[None, :])


def _actual(cells: Cells, plan: Plan, actual: Actual, days: NDArray[np.int64]) -> Side:
    requests = float(actual.requests[days].sum()) if actual.requests_known else None
    return _side(cells.actual_tokens, requests, cells.cost, plan.kinds)


def _side(tokens: FloatArray, requests: float | None, usd: float | None, kinds: tuple[str, ...]) -> Side:
    """Totals and ratios; `tokens` are (classes, kinds)."""
    by_kind = tokens.sum(axis=0)
    total, output = float(by_kind.sum()), float(by_kind[-1])
    prompt = total - output
    cached = float(by_kind[_CACHED]) / prompt if kinds == KINDS and prompt > 0 else None
    return Side(
        requests=requests,
        tokens=total,
        usd=usd,
        usd_per_mtok=usd / total * MTOK if usd is not None and total > 0 else None,
        input_to_output=prompt / output if output > 0 else None,
        cached_fraction=cached,
    )


def _row(
    month: Month, days: float, plan: Side | None, actual: Side | None, effects: Effects | None, words: tuple[str, ...]
) -> VarianceMonth:
    accuracy = None
    if plan is not None and plan.usd is not None and actual is not None and actual.usd:
        accuracy = abs(plan.usd - actual.usd) / actual.usd
    return VarianceMonth(
        month=month.name,
        days=days,
        days_in_month=month.days_in_month,
        plan=plan,
        actual=actual,
        effects=effects,
        accuracy_fraction=accuracy,
        words=words,
    )


def _no_plan(plan: Plan, month: Month) -> str:
    first, after = plan.starts_on[0], plan.starts_on[-1]
    side = "before it begins" if month.first_on < first else "after its last month"
    return f"There is no plan for {month.name}: it goes from {first} to {after - _DAY}, and this month is {side}."


def _words(cells: Cells, month: Month, days: float, whole: bool) -> Iterator[str]:
    if not whole:
        yield f"The plan has a month for {days:,.2f} of the {month.days:,.2f} days of the log: only those are compared."
    elif days < month.days_in_month - FEW_DAYS:
        yield f"{days:,.2f} of {month.days_in_month} days: the plan is taken for the same days."
    planned, asked = cells.plan_tokens.sum() > 0, cells.actual_tokens.sum() > 0
    if not planned and asked:
        yield "Nothing was planned for these days: all of it is volume."
    if planned and not asked:
        yield "Nothing was asked on these days: what was planned is volume that did not come."
    if cells.cost is None:
        yield "The actual cost is not known: a part of the log has no price, or no bill is given for these days."


def _accuracy(months: list[VarianceMonth]) -> float | None:
    """Misses do not make up for each other: each month counts with its own."""
    pairs = [(m.plan.usd, m.actual.usd) for m in months if m.plan is not None and m.actual is not None]
    known = [(plan, actual) for plan, actual in pairs if plan is not None and actual is not None]
    spent = sum(actual for _, actual in known)
    return sum(abs(plan - actual) for plan, actual in known) / spent if spent > 0 else None


def _notes(plan: Plan, actual: Actual, found: Priced) -> Iterator[str]:
    yield "Positive is over plan."
    yield (
        f"A day of the plan is its month over {plan.days_per_month:g} days; both sides are taken for the same days. "
        f"The plan runs from {plan.starts_on[0]} to {plan.starts_on[-1] - _DAY}."
    )
    yield f"Compared are {plan.what}. The actual cost is {COST_WORDS[actual.cost_from]}."
    if actual.cost_from == "list" and bool((found.usd_high > found.usd).any()):
        yield "Where a long-context price is open, the lower bound is taken for the actual cost."
    if plan.usd_per_token is None:
        yield "The plan has no price by kind of token: its mix lies in the price effect."
    if len(plan.classes) > 1 and not actual.matched:
        yield (
            "The log's models and task classes are not named as the plan's classes are: the mix is by kind of token "
            "alone."
        )
