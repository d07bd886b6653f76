"""The one kernel: cost of every option against volume, month and whatever else varies. Every view of money calls it."""

from __future__ import annotations

from planner.decision.kernel.bill import COMPONENTS, Bill, OptionCost
from planner.decision.kernel.curve import LevelisedCurve, StepCost, levelised_curve
from planner.decision.kernel.drivers import Drivers, Paths, paths
from planner.decision.kernel.hybrid import HybridCost
from planner.decision.kernel.model import Model, option_costs
from planner.decision.kernel.per_token import PerTokenCost, per_token_cost
from planner.decision.kernel.provisioned import ProvisionedCost
from planner.decision.kernel.self_hosted import Purchase, Rental, SelfHostedCost, owned_cost, rented_cost
from planner.decision.kernel.workstation import WorkstationCost

__all__ = [
    "COMPONENTS",
    "Bill",
    "Drivers",
    "HybridCost",
    "LevelisedCurve",
    "Model",
    "OptionCost",
    "Paths",
    "PerTokenCost",
    "ProvisionedCost",
    "Purchase",
    "Rental",
    "SelfHostedCost",
    "StepCost",
    "WorkstationCost",
    "levelised_curve",
    "option_costs",
    "owned_cost",
    "paths",
    "per_token_cost",
    "rented_cost",
]
