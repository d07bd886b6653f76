"""BE-3 for a pair of options at the scenario's own volume, in levelised dollars a month."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.decision.kernel import Bill, Model, OptionCost, Paths, PerTokenCost, Rental, SelfHostedCost, paths
from planner.decision.requirements import (
    required_api_usd_per_mtok,
    required_replica_usd,
    required_staff_usd,
    required_utilisation,
)
from planner.domain.facts import Facts, RentedFacts
from planner.domain.result import Required
from planner.units import CALENDARS, MTOK, FloatArray
from planner.workload.demand import class_arrays

SEARCH = (0.01, 1000.0)
SMALLEST_MTOK = 1e-9
"""A month's volume below this has no unit price: a thousandth of a token."""
POINTS = 201
ZOOMS = 3


def required(
    api: PerTokenCost, own: OptionCost, model: Model, facts: Facts, api_id: str, own_id: str
) -> Required | None:
    """What each figure would have to be; None at zero volume, where nothing has a unit price."""
    scenario = model.scenario
    along = paths(scenario, model.at())
    per_month = class_arrays(scenario.workload).tokens_per_day * CALENDARS[scenario.calendar].days_per_month / MTOK
    annuity = float(along.annuity())
    mtok = float(along.present_usd(along.volume * per_month)) / annuity
    if mtok < SMALLEST_MTOK:
        return None
    api_bill, own_bill = api.bill(along), own.bill(along)
    tokens, capacity = _level(api_bill.tokens, along), _capacity(own_bill, along)
    own_total, api_total = (float(bill.npv_usd(along)) / annuity for bill in (own_bill, api_bill))
    fixed = own_total - capacity - (api_total - tokens)
    volume = along.volume.reshape(-1)
    first = int(np.argmax(volume > 0))  # before a launch there is nothing to divide by
    price_now = float(api_bill.tokens.reshape(-1)[first]) / (float(volume[first]) * per_month)
    price = required_api_usd_per_mtok(mtok, fixed, capacity, 1.0)
    return Required(
        api_usd_per_mtok=None
        if price is None or not tokens or not api.contract.plain
        else price_now * price * mtok / tokens,
        api_usd_per_mtok_now=price_now,
        staff_usd_per_month=required_staff_usd(
            tokens / mtok, mtok, fixed - _level(own_bill.people, along), capacity, 1.0
        ),
        staff_usd_per_month_now=_level(own_bill.people, along),
        throughput_ratio=_throughput(api, own, model) if isinstance(own, SelfHostedCost) else None,
        **_of_fleet(own, model, along, tokens / mtok, mtok, fixed, capacity, api_total, facts, own_id),
    )


def _level(values: FloatArray, along: Paths) -> float:
    """Levelised USD a month."""
    return float(along.present_usd(np.atleast_1d(values)) / along.annuity())


def _capacity(bill: Bill, along: Paths) -> float:
    """What the capacity costs, whether used or not: the own counterpart of per-token charges."""
    return sum(_level(part, along) for part in (bill.gpu, bill.energy, bill.facility, bill.tokens))


def _of_fleet(
    own: OptionCost,
    model: Model,
    along: Paths,
    saved: float,
    mtok: float,
    fixed: float,
    capacity: float,
    api_total: float,
    facts: Facts,
    own_id: str,
) -> dict[str, float | None]:
    """GPU price and utilisation, for options with a fleet."""
    if not isinstance(own, SelfHostedCost):
        return {}
    at = paths(model.scenario, model.at(gpu_price=np.array([0.0, 1.0])))
    free, now_total = (own.bill(at).npv_usd(at) / at.annuity()).tolist()  # linear in the price, upfront parts included
    share = required_replica_usd(1.0, api_total, free, now_total - free) if now_total > free else None
    known = next((f for f in facts.options if f.option_id == own_id), None)
    now = known.usd_per_gpu_hour if isinstance(known, RentedFacts) and isinstance(own.pay, Rental) else None
    paid = own.plan.paid(along)
    hours = float(np.mean(along.each_month(paid.replica_hours)))
    level = float(np.mean(along.each_month(own.plan.level(along))))
    used = own.plan.utilisation(level, hours)
    full = mtok / used if used else 0.0
    return {
        "usd_per_gpu_hour": None if now is None or share is None else now * share,
        "usd_per_gpu_hour_now": now,
        "utilisation_fraction": required_utilisation(saved, full, fixed, capacity, 1.0),
        "utilisation_fraction_now": used,
    }


def _throughput(api: PerTokenCost, own: SelfHostedCost, model: Model) -> float | None:
    """Smallest factor on throughput with which the fleet is cheaper; None when no factor in the range does it."""
    pair = replace(model, costs={"api": api, "own": own})
    low, high = SEARCH
    for _ in range(ZOOMS):
        grid = np.geomspace(low, high, POINTS)
        api_usd, own_usd = pair.npv_usd(pair.at(throughput=grid))
        wins = np.flatnonzero(own_usd < api_usd)
        if not wins.size:
            return None
        if wins[0] == 0:
            return float(grid[0])
        low, high = float(grid[wins[0] - 1]), float(grid[wins[0]])
    return high
