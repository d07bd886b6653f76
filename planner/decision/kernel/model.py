"""All options of a scenario, costed together along the same paths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.decision.kernel.bill import OptionCost
from planner.decision.kernel.drivers import Drivers, Paths, paths
from planner.decision.kernel.hybrid import hybrid_cost
from planner.decision.kernel.per_token import PerTokenCost, per_token_cost
from planner.decision.kernel.provisioned import provisioned_cost
from planner.decision.kernel.self_hosted import SelfHostedCost, owned_cost, rented_cost
from planner.decision.kernel.workstation import workstation_cost
from planner.domain.facts import Facts, OptionFacts, OwnedFacts, PerTokenFacts, RentedFacts, TypedFacts
from planner.domain.options import (
    ApiOption,
    HostedOption,
    HybridOption,
    Option,
    OwnedOption,
    ProvisionedOption,
    RentedOption,
    SelfHosted,
    WorkstationOption,
)
from planner.domain.scenario import Scenario
from planner.units import FloatArray


@dataclass(frozen=True)
class Model:
    """The scenario and the cost of each option that can be priced, by option_id in the scenario's order."""

    scenario: Scenario
    costs: dict[str, OptionCost]

    def npv_usd(self, drivers: Drivers) -> FloatArray:
        """NPV of every priced option, shape (options,) + S. All options see the same drivers (UNC-2)."""
        along = paths(self.scenario, drivers)
        found = [cost.bill(along).npv_usd(along) for cost in self.costs.values()]
        shape = np.broadcast_shapes(*(values.shape for values in found))
        return np.stack([np.broadcast_to(values, shape) for values in found])

    def at_one(self) -> Paths:
        """The scenario's own paths at multiplier 1, for curves over volume."""
        return paths(self.scenario, Drivers())

    def at(self, **varied: FloatArray | float) -> Drivers:
        """Drivers at the scenario's own volume, with some of them varied; `volume` is a factor on it."""
        own = self.scenario.workload.volume_multiplier
        scale = own * np.asarray(varied.pop("volume", 1.0))
        return Drivers(scale=scale, **varied)


def option_costs(scenario: Scenario, facts: Facts) -> dict[str, OptionCost]:
    """The cost of each option whose figures are known; those made of two options last, then in the scenario's order."""
    options = {o.option_id: (o, f) for o, f in zip(scenario.options, facts.options, strict=True)}
    found: dict[str, OptionCost] = {}
    for name, (option, known) in options.items():
        cost = _alone(option, known, scenario)
        if cost is not None:
            found[name] = cost
    for name, (option, known) in options.items():
        if isinstance(known, TypedFacts):
            both = _of_parts(option, found, options, scenario)
            if both is not None:
                found[name] = both
    return {name: found[name] for name in options if name in found}


def _alone(option: Option, facts: OptionFacts, scenario: Scenario) -> OptionCost | None:
    match option, facts:
        case ApiOption() | HostedOption(), PerTokenFacts():
            return per_token_cost(option, facts, scenario)
        case RentedOption(), RentedFacts():
            return rented_cost(option, facts, scenario)
        case OwnedOption(), OwnedFacts():
            return owned_cost(option, facts, scenario)
        case WorkstationOption(), TypedFacts():
            return workstation_cost(option, scenario)
        case ProvisionedOption(overflow_id=None), TypedFacts():
            return provisioned_cost(option, None, scenario)
    return None


def _of_parts(
    option: Option, found: dict[str, OptionCost], options: dict[str, tuple[Option, OptionFacts]], scenario: Scenario
) -> OptionCost | None:
    """Options that use others of the scenario."""
    match option:
        case ProvisionedOption(overflow_id=str(name)):
            overflow = found.get(name)
            return provisioned_cost(option, overflow, scenario) if isinstance(overflow, PerTokenCost) else None
        case HybridOption():
            own, known = options[option.base_id]
            base, overflow = found.get(option.base_id), found.get(option.overflow_id)
            if not (isinstance(own, SelfHosted) and isinstance(known, RentedFacts | OwnedFacts)):
                return None
            if isinstance(base, SelfHostedCost) and isinstance(overflow, PerTokenCost):
                return hybrid_cost(option, own, known.replica, base, overflow, scenario)
    return None
