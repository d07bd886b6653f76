"""The Hybrid page: one own fleet and one per-token option together, as the kernel prices a hybrid option of the two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planner.decision.hybrid import cascade_break_even, slice_hours, threshold_hours
from planner.decision.hybrid_figures import ClassValue, FleetCost, HybridView, Parts, Slice, parts
from planner.decision.kernel import (
    HybridCost,
    Model,
    OptionCost,
    Paths,
    PerTokenCost,
    SelfHostedCost,
    option_costs,
    paths,
)
from planner.decision.kernel.hybrid import hybrid_cost
from planner.domain.facts import Facts, OwnedFacts, RentedFacts
from planner.domain.options import HybridOption, SelfHosted
from planner.domain.scenario import Scenario
from planner.units import FloatArray, ceil_tol
from planner.workload.profile import load_duration

__all__ = ["ClassValue", "FleetCost", "HybridView", "Parts", "Slice", "hybrid_of", "hybrid_view", "parts"]

MAX_FLEETS = 120
"""Fleet sizes that are priced one by one; larger fleets in equal strides."""
MAX_SLICES = 400
"""Slices that are listed."""


def hybrid_view(scenario: Scenario, facts: Facts, base_id: str, overflow_id: str) -> HybridView | None:
    """HYB-1 to HYB-3 and HYB-5 for two options of the scenario; None when either has no cost."""
    cost = hybrid_of(scenario, facts, base_id, overflow_id)
    if cost is None:
        return None
    along = paths(scenario, Model(scenario, {}).at())
    labels = {o.option_id: o.label for o in scenario.options}
    split, plan = cost.split(along), cost.base.plan
    owned = along.each_month(split.replicas) / cost.slice_replicas
    best, level = int(owned[0]), _first(cost.level(along))
    load = level * cost.load.profile
    levels, hours = load_duration(load, np.full(load.size, cost.load.hours / load.size))
    private = cost.private_share > 0
    pure = _levelised(cost.overflow, along)
    tokens_usd = float(along.present_usd(cost.overflow.bill(along).tokens) / along.annuity())
    own_usd, worked = _levelised(cost.base, along), float(np.sum(_served(cost, along, best)))
    return HybridView(
        base_id=base_id,
        overflow_id=overflow_id,
        base_label=labels[base_id],
        overflow_label=labels[overflow_id],
        slice_replicas=cost.slice_replicas,
        hours_per_month=cost.load.hours,
        levels=levels,
        at_least_hours=hours,
        slice_usd=_slice_usd(cost, along),
        classes=_classes(cost, scenario, along),
        slices=_slices(cost, along, load, best),
        fleets=_fleets(cost, along, best),
        best_slices=best,
        screened_slices=int(_first(cost.slices(along))),
        standing_usd=_levelised(replace(cost, fixed_slices=0.0, private_share=0.0), along) - pure,
        last_slices=int(owned[-1]),
        least_slices=int(_first(cost.least_slices(cost.level(along), along))),
        hybrid_usd=_levelised(cost, along),
        pure_api_usd=None if private else pure,
        pure_own_usd=own_usd,
        pure_own_replicas=int(_first(plan.paid(along).replicas)),
        spare_replicas=0 if plan.survive_region_loss else plan.spare_replicas * plan.regions,
        in_house_fraction=_first(split.in_house_fraction),
        capacity_factor=worked / (best * cost.load.hours) if best else None,
        availability=cost.availability,
        profile_typed=bool(scenario.workload.hourly_profile),
        months_alike=bool(np.all(owned == owned[0])) and _steady(cost, along),
        cascade_break_even=cascade_break_even(own_usd, tokens_usd),
    )


def hybrid_of(scenario: Scenario, facts: Facts, base_id: str, overflow_id: str) -> HybridCost | None:
    """The kernel's cost of a hybrid of two options, fleet size left open; None when either has no cost."""
    options, known = {o.option_id: o for o in scenario.options}, {f.option_id: f for f in facts.options}
    costs, own, facts_of_own = option_costs(scenario, facts), options[base_id], known[base_id]
    base, overflow = costs.get(base_id), costs.get(overflow_id)
    if not (isinstance(base, SelfHostedCost) and isinstance(overflow, PerTokenCost)):
        return None
    if not (isinstance(own, SelfHosted) and isinstance(facts_of_own, RentedFacts | OwnedFacts)):
        return None
    both = HybridOption(option_id="hybrid", label="Hybrid", base_id=base_id, overflow_id=overflow_id)
    return hybrid_cost(both, own, facts_of_own.replica, base, overflow, scenario)


def _steady(cost: HybridCost, along: Paths) -> bool:
    """Whether load and prices of all months are those of month 1."""
    moving = (cost.level(along), along.api, along.gpu, along.power, cost.overflow.list_usd)
    return all(path.shape[-1] == 1 for path in moving)


def _served(cost: HybridCost, along: Paths, slices: int) -> FloatArray:
    """Slice-hours of month 1 that so many slices serve, by class in order of service."""
    return _month(cost.served(along, np.full(1, float(slices))))


def _first(values: FloatArray) -> float:
    return float(np.ravel(values)[0])


def _month(values: FloatArray) -> FloatArray:
    """Month 1 of (..., M or 1)."""
    return np.asarray(values[..., 0])


def _levelised(cost: OptionCost, along: Paths) -> float:
    return float(cost.bill(along).npv_usd(along) / along.annuity())


def _slice_usd(cost: HybridCost, along: Paths) -> float:
    """f: month 1's price of a slice that can be given back; else levelised over the horizon."""
    price = cost.slice_price(along)
    if not cost.committed:
        return _first(price.monthly_usd)
    return float((price.upfront_usd + along.present_usd(price.monthly_usd)) / along.annuity())


def _prices(cost: HybridCost, along: Paths) -> tuple[FloatArray, float]:
    """Month 1, USD per slice-hour: (q of each class in order of service, v)."""
    return _month(cost.overflow_usd_per_hour(along)), _first(cost.slice_price(along).usd_per_hour_of_work)


def _classes(cost: HybridCost, scenario: Scenario, along: Paths) -> tuple[ClassValue, ...]:
    elsewhere, here = _prices(cost, along)
    usd = _slice_usd(cost, along) / cost.availability
    tasks = [scenario.workload.classes[index] for index in cost.order]
    return tuple(
        ClassValue(
            label=task.label or task.class_id,
            private=task.private,
            work_fraction=float(share),
            api_usd_per_hour=float(price),
            own_usd_per_hour=here,
            threshold_hours=threshold_hours(
                usd, variable_usd_per_replica_hour=here, overflow_usd_per_replica_hour=float(price)
            ),
        )
        for task, share, price in zip(tasks, cost.load.shares, elsewhere, strict=True)
    )


def _slices(cost: HybridCost, along: Paths, load: FloatArray, best: int) -> tuple[Slice, ...]:
    """The slices up to the peak of month 1, at most MAX_SLICES of them."""
    count = min(max(int(ceil_tol(load.max())), best, 1), MAX_SLICES)
    elsewhere, here = _prices(cost, along)
    hours = slice_hours(load, np.full(load.size, cost.load.hours / load.size), count)
    gained = np.diff(np.stack([_served(cost, along, n) for n in range(count + 1)], axis=-1), axis=-1)
    api, own = elsewhere @ gained, _slice_usd(cost, along) + here * gained.sum(axis=0)
    return tuple(
        Slice(j + 1, float(hours[j]), float(hours[j]) / cost.load.hours, float(api[j]), float(own[j]), j < best)
        for j in range(count)
    )


def _fleets(cost: HybridCost, along: Paths, best: int) -> tuple[FleetCost, ...]:
    """Cost of the hybrid with n slices throughout, n = 0 to the largest peak; 0 only when nothing is private."""
    level, least = cost.level(along), cost.least_slices(cost.level(along), along)
    low, high = int(np.max(least)), max(int(ceil_tol(np.max(level) * cost.load.profile.max())), best, 1)
    counts = np.unique([*np.linspace(low, max(high, low), MAX_FLEETS).round(), max(best, low), low])
    return tuple(_fleet_cost(cost, along, int(n)) for n in counts)


def _fleet_cost(cost: HybridCost, along: Paths, slices: int) -> FleetCost:
    if slices == 0:
        return FleetCost(0, _levelised(cost.overflow, along), 0.0)
    fixed = replace(cost, fixed_slices=float(slices))
    return FleetCost(slices, _levelised(fixed, along), _first(fixed.split(along).in_house_fraction))
