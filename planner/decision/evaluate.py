"""`evaluate(scenario, catalog, on)`: facts are resolved once, then everything is arithmetic over frozen values."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np

from planner import __version__
from planner.catalog.catalog import Catalog
from planner.decision.compare import break_evens, curves
from planner.decision.kernel import OptionCost, PerTokenCost, RentedCost, per_token_cost, rented_cost
from planner.decision.recommend import verdict
from planner.decision.resolve import resolve
from planner.decision.resolve_rented import ceiling_fraction
from planner.domain.evidence import Evidence
from planner.domain.facts import BlockedFacts, Facts, PerTokenFacts, RentedFacts
from planner.domain.options import Option, RentedOption
from planner.domain.result import Fleet, MonthCost, OptionResult, Result
from planner.domain.scenario import Scenario
from planner.units import CALENDARS, MTOK, SECONDS_PER_DAY, add_months
from planner.workload.demand import class_arrays, demand


def evaluate(scenario: Scenario, catalog: Catalog, on: dt.date) -> Result:
    """The answer with the prices of the day `on`. Never raises for what is unknown: that option is blocked."""
    return decide(scenario, resolve(scenario, catalog, on))


def decide(scenario: Scenario, facts: Facts) -> Result:
    """The answer from pinned facts alone: same scenario and facts, same figures, for ever."""
    costs = _costs(scenario, facts)
    options = _with_distance(
        tuple(
            _option_result(option, found, costs.get(option.option_id), scenario, facts.on)
            for option, found in zip(scenario.options, facts.options, strict=True)
        )
    )
    choice = verdict(scenario, facts, options, costs)
    pairs = break_evens(scenario, options, costs)
    return Result(
        engine_version=__version__,
        facts_engine_version=facts.engine_version,
        catalog_version=facts.catalog_version,
        scenario_name=scenario.name,
        on=facts.on,
        calendar=scenario.calendar,
        horizon_months=scenario.horizon_months,
        demand=demand(scenario.workload),
        verdict=choice,
        options=options,
        break_evens=pairs,
        curves=curves(scenario, options, costs, pairs),
        evidence=_evidence(facts),
    )


def _costs(scenario: Scenario, facts: Facts) -> dict[str, OptionCost]:
    costs: dict[str, OptionCost] = {}
    for option, found in zip(scenario.options, facts.options, strict=True):
        if isinstance(found, PerTokenFacts) and not isinstance(option, RentedOption):
            costs[option.option_id] = per_token_cost(option, found, scenario)
        elif isinstance(found, RentedFacts) and isinstance(option, RentedOption):
            costs[option.option_id] = rented_cost(option, found, scenario)
    return costs


def _option_result(
    option: Option,
    facts: PerTokenFacts | RentedFacts | BlockedFacts,
    cost: OptionCost | None,
    scenario: Scenario,
    on: dt.date,
) -> OptionResult:
    if isinstance(facts, BlockedFacts) or cost is None:
        reasons = facts.reasons if isinstance(facts, BlockedFacts) else ()
        return OptionResult(
            option_id=option.option_id, label=option.label, kind=option.kind, status="blocked", reasons=reasons
        )
    months = _months(cost, scenario, on)
    tco_usd = sum(month.total_usd for month in months)
    requests, mtok = _horizon_volume(scenario)
    return OptionResult(
        option_id=option.option_id,
        label=option.label,
        kind=option.kind,
        status="ok",
        warnings=facts.warnings,
        tco_usd=tco_usd,
        one_off_usd=months[0].total_usd,
        usd_per_month=months[1].total_usd,
        tco_usd_per_month=tco_usd / scenario.horizon_months,
        usd_per_request=_per(tco_usd, requests),
        blended_usd_per_mtok=_per(tco_usd, mtok),
        months=months,
        fleet=_fleet(option, facts, cost, scenario),
    )


def _per(total_usd: float, amount: float) -> float | None:
    """A unit price; None where it is undefined, at no volume or next to none."""
    return total_usd / amount if amount > 0 and math.isfinite(total_usd / amount) else None


def _horizon_volume(scenario: Scenario) -> tuple[float, float]:
    """Requests and million tokens served over the whole horizon."""
    total = demand(scenario.workload)
    days = CALENDARS[scenario.calendar].days_per_month * scenario.horizon_months
    return total.requests_per_day * days, total.tokens_per_day * days / MTOK


def _months(cost: OptionCost, scenario: Scenario, on: dt.date) -> tuple[MonthCost, ...]:
    fixed = cost.fixed
    variable = cost.variable_usd(scenario.workload.volume_multiplier)
    tokens = variable if isinstance(cost, PerTokenCost) else np.zeros_like(variable)
    gpus = variable if isinstance(cost, RentedCost) else np.zeros_like(variable)
    one_off = MonthCost(
        month=0,
        starts_on=on,
        tokens_usd=0.0,
        gpu_usd=0.0,
        people_usd=fixed.one_off_usd,
        other_usd=0.0,
        total_usd=fixed.one_off_usd,
    )
    return (
        one_off,
        *(
            MonthCost(
                month=month,
                starts_on=add_months(on, month - 1),
                tokens_usd=token_usd,
                gpu_usd=gpu_usd,
                people_usd=fixed.people_usd_per_month,
                other_usd=fixed.other_usd_per_month,
                total_usd=token_usd + gpu_usd + fixed.people_usd_per_month + fixed.other_usd_per_month,
            )
            for month, (token_usd, gpu_usd) in enumerate(zip(tokens.tolist(), gpus.tolist(), strict=True), start=1)
        ),
    )


def _fleet(option: Option, facts: PerTokenFacts | RentedFacts, cost: OptionCost, scenario: Scenario) -> Fleet | None:
    if not (isinstance(option, RentedOption) and isinstance(facts, RentedFacts) and isinstance(cost, RentedCost)):
        return None
    scale, replica = scenario.workload.volume_multiplier, facts.replica
    arrays = class_arrays(scenario.workload)
    requests_per_s = float(arrays.requests_per_day.sum()) / SECONDS_PER_DAY
    rate = requests_per_s / cost.mean_load if cost.mean_load > 0 else 0.0
    generated = float(np.dot(arrays.requests_per_day, arrays.generated_tokens)) / SECONDS_PER_DAY
    replicas = int(cost.replicas(scale))
    return Fleet(
        replicas=replicas,
        spare_replicas=min(option.spare_replicas, replicas),
        gpus=replicas * option.gpus_per_replica,
        gpus_per_replica=option.gpus_per_replica,
        utilisation_fraction=cost.utilisation(scale),
        replica_requests_per_s=rate,
        replica_output_tokens_per_s=generated / cost.mean_load if cost.mean_load > 0 else 0.0,
        compute_ceiling_fraction=ceiling_fraction(scenario, option, replica),
        weight_gib=replica.weight_gib,
        kv_cache_tokens=replica.kv_cache_tokens,
        limited_by=cost.limited_by(scale),
    )


def _with_distance(options: tuple[OptionResult, ...]) -> tuple[OptionResult, ...]:
    """Each priced option with how much dearer than the cheapest it is."""
    best = min((o.tco_usd for o in options if o.tco_usd is not None), default=None)
    if not best:
        return options
    return tuple(
        o if o.tco_usd is None else o.model_copy(update={"dearer_than_best_fraction": o.tco_usd / best - 1})
        for o in options
    )


def _evidence(facts: Facts) -> tuple[Evidence, ...]:
    """Every figure that a price rests on, each once, in the order of the options."""
    seen: dict[tuple[str, ...], Evidence] = {}
    for found in facts.options:
        for item in () if isinstance(found, BlockedFacts) else found.evidence:
            seen.setdefault((item.label, item.value, item.unit, item.source), item)
    return tuple(seen.values())
