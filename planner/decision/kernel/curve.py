"""Cost against volume for BE-2 and the chart: levelised USD a month, over the multiplier."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np

from planner.decision.kernel.bill import Bill, OptionCost
from planner.decision.kernel.drivers import Drivers, Paths, paths
from planner.decision.piecewise import Asymptote
from planner.domain.scenario import Scenario
from planner.units import FloatArray

PORTION = 1024


@runtime_checkable
class StepCost(Protocol):
    """A cost that is piecewise linear in volume and can say where it bends."""

    def bill(self, paths: Paths) -> Bill:
        """Costs along the paths."""
        ...

    def breakpoints(self, paths: Paths, low: float, high: float) -> FloatArray:
        """Multipliers in (low, high] where slope or level changes; `paths` at multiplier 1."""
        ...

    def count(self, paths: Paths, low: float, high: float) -> float:
        """At least the number of them."""
        ...

    def asymptote(self, paths: Paths) -> Asymptote:
        """Bounds on the NPV at large volumes, per unit of the multiplier."""
        ...


@dataclass(frozen=True)
class LevelisedCurve:
    """NPV over the annuity of the horizon, at any multiplier; at a discount rate of 0 the plain average a month."""

    cost: OptionCost
    at_one: Paths

    @property
    def steps(self) -> StepCost:
        """The cost as one that knows its bends; TypeError when it does not."""
        if not isinstance(self.cost, StepCost):
            raise TypeError(f"{type(self.cost).__name__} does not list its breakpoints")
        return self.cost

    def usd(self, x: FloatArray) -> FloatArray:
        """Levelised USD a month, shape of x; many volumes in portions that stay in the processor's cache."""
        if np.ndim(x) == 1 and np.size(x) > PORTION:
            return np.concatenate([self.usd(x[i : i + PORTION]) for i in range(0, np.size(x), PORTION)])
        scaled = replace(self.at_one, volume=np.asarray(x)[..., np.newaxis] * self.at_one.volume)
        return np.asarray(self.cost.bill(scaled).npv_usd(scaled) / self.at_one.annuity())

    def breakpoints(self, low: float, high: float) -> FloatArray:
        """Where it bends or jumps."""
        return self.steps.breakpoints(self.at_one, low, high)

    def count(self, low: float, high: float) -> float:
        """At least how many of those."""
        return self.steps.count(self.at_one, low, high)

    def asymptote(self) -> Asymptote:
        """In levelised USD a month."""
        slope, low, high, start = self.steps.asymptote(self.at_one)
        annuity = float(self.at_one.annuity())
        return Asymptote(slope / annuity, low / annuity, high / annuity, start)


def levelised_curve(cost: OptionCost, scenario: Scenario) -> LevelisedCurve:
    """The curve of an option along the scenario's own paths."""
    return LevelisedCurve(cost, paths(scenario, Drivers()))
