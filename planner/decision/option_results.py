"""Each option on its own: its months, totals, unit costs, fleet, and the constraints it fails."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np

from planner.cost.split import split_usd_per_mtok
from planner.decision.cash import cash_flows
from planner.decision.constraints import failed_constraints, licence_warnings
from planner.decision.fleets import fleet, overflow_share
from planner.decision.kernel import COMPONENTS, Bill, Drivers, Model, OptionCost, Paths, SelfHostedCost, paths
from planner.domain.facts import BlockedFacts, Facts, OptionFacts, PerTokenFacts
from planner.domain.freshness import price_age_warnings
from planner.domain.options import PER_TOKEN_KINDS, Option
from planner.domain.result import MonthCost, OptionResult
from planner.units import CALENDARS, MTOK, add_months
from planner.workload.demand import class_arrays, demand

_SMALL = 1e-7

Rates = tuple[float, float]
"""Input and output USD per 1M tokens."""


def option_results(model: Model, facts: Facts) -> tuple[OptionResult, ...]:
    """All options in the scenario's order, each with how much dearer than the cheapest eligible one it is."""
    along = paths(model.scenario, model.at())
    bills = {name: cost.bill(along) for name, cost in model.costs.items()}
    reference = _reference_rates(model, facts, bills, along)
    found = tuple(
        _result(option, known, bills.get(option.option_id), model, facts, along, reference)
        for option, known in zip(model.scenario.options, facts.options, strict=True)
    )
    best = min((o.npv_usd for o in found if o.status == "ok" and o.npv_usd is not None), default=None)
    if not best:
        return found
    return tuple(
        o if o.npv_usd is None else o.model_copy(update={"dearer_than_best_fraction": o.npv_usd / best - 1})
        for o in found
    )


def _result(
    option: Option,
    known: OptionFacts,
    bill: Bill | None,
    model: Model,
    facts: Facts,
    along: Paths,
    reference: Rates | None,
) -> OptionResult:
    cost = model.costs.get(option.option_id)
    share = 1.0 if cost is None else overflow_share(cost, along)
    failed = failed_constraints(option, model.scenario, facts.options, share)
    base = OptionResult(option_id=option.option_id, label=option.label, kind=option.kind, status="blocked")
    if isinstance(known, BlockedFacts) or bill is None or cost is None:
        reasons = known.reasons if isinstance(known, BlockedFacts) else ()
        return base.model_copy(update={"reasons": (*failed, *reasons)})
    months = _months(bill, cost, model, along, facts.on)
    return base.model_copy(
        update={
            "status": "excluded" if failed else "ok",
            "reasons": failed,
            "warnings": (
                *known.warnings,
                *licence_warnings(option, model.scenario, facts.options),
                *price_age_warnings(known.evidence, facts.on),
            ),
            "months": months,
            "soft_score": _soft_score(option, model),
            "fleet": fleet(option, facts, model, along),
            "cash": cash_flows(cost, along),
            **_totals(bill, months, along),
            **_unit_costs(known, cost, months, model, along, reference),
        }
    )


def _totals(bill: Bill, months: tuple[MonthCost, ...], along: Paths) -> dict[str, float]:
    tco_usd, npv_usd = sum(month.total_usd for month in months), float(bill.npv_usd(along))
    return {
        "tco_usd": tco_usd,
        "npv_usd": npv_usd,
        "levelised_usd_per_month": npv_usd / float(along.annuity()),
        "one_off_usd": months[0].total_usd,
        "usd_per_month": months[1].total_usd,
        "tco_usd_per_month": tco_usd / along.months,
    }


def _unit_costs(
    facts: OptionFacts,
    cost: OptionCost,
    months: tuple[MonthCost, ...],
    model: Model,
    along: Paths,
    reference: Rates | None,
) -> dict[str, float | None]:
    """Per request, per usable answer, per million tokens and its split; None where undefined."""
    total = demand(model.scenario.workload)
    growth = float(along.each_month(along.volume).sum()) / max(float(model.scenario.workload.volume_multiplier), 1e-300)
    days = CALENDARS[model.scenario.calendar].days_per_month * growth
    tco_usd = sum(month.total_usd for month in months)
    requests, mtok = total.requests_per_day * days, total.tokens_per_day * days / MTOK
    rates = _rates(facts) if isinstance(facts, PerTokenFacts) else reference
    split = (
        split_usd_per_mtok(
            tco_usd, total.input_tokens_per_day * days / MTOK, total.output_tokens_per_day * days / MTOK, *rates
        )
        if rates and mtok > 0
        else None
    )
    return {
        "usd_per_request": _per(tco_usd, requests),
        "usd_per_successful_request": _per(tco_usd, requests),
        "blended_usd_per_mtok": _per(tco_usd, mtok),
        "input_usd_per_mtok": split[0] if split else None,
        "output_usd_per_mtok": split[1] if split else None,
        "marginal_usd_per_mtok": _marginal(cost, model, along),
    }


def _per(total_usd: float, amount: float) -> float | None:
    """A unit price; None where it is undefined, at no volume or next to none."""
    return total_usd / amount if amount > 0 and math.isfinite(total_usd / amount) else None


def _rates(facts: PerTokenFacts) -> Rates:
    card = facts.periods[0].prices.rates
    return float(card.input_usd_per_mtok), float(card.output_usd_per_mtok)


def _reference_rates(model: Model, facts: Facts, bills: dict[str, Bill], along: Paths) -> Rates | None:
    """Prices of the cheapest per-token option: the ratio by which a fleet's cost is split."""
    kinds = {o.option_id: o.kind for o in model.scenario.options}
    known = {f.option_id: f for f in facts.options if isinstance(f, PerTokenFacts)}
    allowed = {o.option_id for o in model.scenario.options if not failed_constraints(o, model.scenario, facts.options)}
    priced = [name for name in bills if kinds[name] in PER_TOKEN_KINDS and name in known]
    names = [name for name in priced if name in allowed] or priced
    cheapest = min(names, key=lambda name: (float(bills[name].npv_usd(along)), name), default=None)
    return None if cheapest is None else _rates(known[cheapest])


def _mtok_per_month(model: Model) -> float:
    """Million tokens a month at multiplier 1."""
    days = CALENDARS[model.scenario.calendar].days_per_month
    return class_arrays(model.scenario.workload).tokens_per_day * days / MTOK


def _marginal(cost: OptionCost, model: Model, along: Paths) -> float | None:
    """Usage view: USD of tokens and energy that the last million tokens cost in month 1, the fleet as it is."""
    scale = model.scenario.workload.volume_multiplier
    mtok = _mtok_per_month(model)
    asked = float(np.ravel(along.volume)[0]) * mtok
    if asked * _SMALL <= 0:
        return None
    less = paths(model.scenario, Drivers(scale=scale * (1 - _SMALL)))

    def used(path: Paths) -> float:
        bill = cost.bill(path)
        return float(np.ravel(bill.tokens)[0] + np.ravel(bill.energy)[0])

    return _per(max(used(along) - used(less), 0.0), _SMALL * asked)


def _months(bill: Bill, cost: OptionCost, model: Model, along: Paths, on: dt.date) -> tuple[MonthCost, ...]:
    """One-offs as month 0, then every month; the components of each sum to its total."""
    one_off = float(bill.one_off_usd)
    first = MonthCost(
        month=0, starts_on=on, tokens_usd=0, gpu_usd=0, people_usd=one_off, other_usd=0, total_usd=one_off
    )
    columns = [along.each_month(getattr(bill, name)).tolist() for name in COMPONENTS]
    mtok = _mtok_per_month(model) * along.each_month(along.volume)
    hours = cost.gpu_hours(along) if isinstance(cost, SelfHostedCost) else [None] * along.months
    rest = (
        MonthCost.model_validate(
            {
                "month": month,
                "starts_on": add_months(on, month - 1),
                "total_usd": sum(values),
                "volume_mtok": asked,
                "gpu_hours": paid,
                **{f"{name}_usd": value for name, value in zip(COMPONENTS, values, strict=True)},
            }
        )
        for month, (asked, paid, *values) in enumerate(zip(mtok.tolist(), hours, *columns, strict=True), start=1)
    )
    return (first, *rest)


def _soft_score(option: Option, model: Model) -> float | None:
    """DEC-3: weighted mean of the scores given, 0 to 5; None when nothing is weighted or scored."""
    weights = model.scenario.soft_weights
    scored = [(weights[name], score) for name, score in option.soft_scores.items() if weights.get(name, 0) > 0]
    total = sum(weight for weight, _ in scored)
    return sum(weight * score for weight, score in scored) / total if total else None
