"""`evaluate(scenario, catalog, on)`: facts are resolved once, then everything is arithmetic over frozen values."""

from __future__ import annotations

import datetime as dt

from planner import __version__
from planner.catalog.catalog import Catalog
from planner.decision.compare import break_evens, curves
from planner.decision.comparisons import comparisons
from planner.decision.kernel import Model, option_costs
from planner.decision.option_results import option_results
from planner.decision.recommend import verdict
from planner.decision.resolve import resolve
from planner.decision.switching import switching
from planner.decision.workload_evidence import workload_evidence
from planner.domain.evidence import Evidence
from planner.domain.facts import BlockedFacts, Facts
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.workload.demand import demand


def evaluate(scenario: Scenario, catalog: Catalog, on: dt.date) -> Result:
    """The answer with the prices of the day `on`. Never raises for what is unknown: that option is blocked."""
    return decide(scenario, resolve(scenario, catalog, on))


def decide(scenario: Scenario, facts: Facts) -> Result:
    """The answer from pinned facts alone: same scenario and facts, same figures, for ever."""
    model = Model(scenario, option_costs(scenario, facts))
    options = option_results(model, facts)
    flips = switching(model, options)
    choice = verdict(model, facts, options, flips)
    pairs = break_evens(model, facts, options)
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
        comparisons=comparisons(model, options),
        switching=flips,
        curves=curves(model, options, pairs),
        evidence=(*workload_evidence(scenario), *_evidence(facts)),
    )


def _evidence(facts: Facts) -> tuple[Evidence, ...]:
    """Every figure that a price rests on, each once, in the order of the options."""
    seen: dict[tuple[str, ...], Evidence] = {}
    for found in facts.options:
        for item in () if isinstance(found, BlockedFacts) else found.evidence:
            seen.setdefault((item.label, item.value, item.unit, item.source), item)
    return tuple(seen.values())
