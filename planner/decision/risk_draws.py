"""UNC-2: what each draw costs under every option, all options on the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from planner.decision.default_ranges import are_assumed, uncertainty_of
from planner.decision.kernel import Drivers, Model
from planner.decision.sampling import draw, quantiles
from planner.domain.scenario import Scenario
from planner.domain.uncertainty import Uncertainty
from planner.units import FloatArray

Values = Mapping[str, FloatArray | float]
"""Values of drivers: an array when they vary, a number when they are certain."""

CHUNK = 1024
"""Draws costed at once: a month axis of so many stays in the processor's cache, which is several times faster."""
LOOKED_AT = 2048
"""Draws that show whether a driver changes anything."""


@dataclass(frozen=True)
class Draws:
    """The ranges of a scenario, and one value of each driver for each draw."""

    scenario: Scenario
    uncertainty: Uncertainty
    own_ranges: bool
    """Throughput is drawn as a place in each option's own range, not as one factor for all."""
    values: Values

    @property
    def count(self) -> int:
        """Number of draws."""
        return self.uncertainty.draws

    @property
    def uncertain(self) -> tuple[str, ...]:
        """Drivers that vary, in alphabetical order."""
        return tuple(name for name, value in self.values.items() if isinstance(value, np.ndarray))

    def rungs(self) -> dict[str, tuple[float, float, float]]:
        """P10, P50 and P90 of every driver."""
        found = {item.driver: np.array(quantiles(item.distribution)) for item in self.uncertainty.drivers}
        return {name: _three(_possible(name, found[name], self.scenario)) for name in self.uncertainty.names}

    def drivers(self, model: Model, values: Values) -> Drivers:
        """The kernel's drivers at these values."""
        given = dict(values)
        if self.own_ranges and "throughput" in given:
            given["throughput_z"] = np.log(given.pop("throughput"))
        return model.at(**given)

    def npv_usd(self, model: Model, values: Values, count: int) -> FloatArray:
        """NPV of every option of the model, shape (options, count); the deterministic one when nothing varies."""
        varied = {name: value for name, value in values.items() if isinstance(value, np.ndarray)}
        if not varied:
            certain = model.npv_usd(self.drivers(model, values))
            return np.repeat(certain[:, np.newaxis], count, axis=1)
        starts = range(0, count, CHUNK)
        return np.concatenate([self._chunk(model, values, varied, k, min(k + CHUNK, count)) for k in starts], axis=1)

    def _chunk(
        self, model: Model, values: Values, varied: Mapping[str, FloatArray], start: int, end: int
    ) -> FloatArray:
        """Draws `start` to `end`, also where no option depends on what varies."""
        part = {name: value[start:end] for name, value in varied.items()}
        npv = model.npv_usd(self.drivers(model, {**values, **part}))
        return np.broadcast_to(npv.reshape(len(model.costs), -1), (len(model.costs), end - start))

    def moving(self, model: Model, costs: FloatArray) -> tuple[str, ...]:
        """Uncertain drivers that change the cost of some option in some draw."""
        seen = min(self.count, LOOKED_AT)
        first = {n: v[:seen] if isinstance(v, np.ndarray) else v for n, v in self.values.items()}
        middle = self.rungs()

        def moves(name: str) -> bool:
            held = self.npv_usd(model, {**first, name: middle[name][1]}, seen)
            return not np.allclose(held, costs[:, :seen], rtol=1e-12, atol=0)

        return tuple(name for name in self.uncertain if moves(name))

    def one_at_a_time(self, model: Model, names: Sequence[str]) -> FloatArray:
        """UNC-3: NPV with one driver at P10, P50 and P90, the others at P50; shape (options, names, 3)."""
        rungs = self.rungs()
        values: dict[str, FloatArray | float] = {name: rung[1] for name, rung in rungs.items()}
        for row, name in enumerate(names):
            plane = np.full((len(names), 3), rungs[name][1])
            plane[row] = rungs[name]
            values[name] = plane.ravel()
        return self.npv_usd(model, values, 3 * len(names)).reshape(-1, len(names), 3)


def draws_of(scenario: Scenario, draws: int | None = None, seed: int | None = None) -> Draws:
    """UNC-2: the draws of a scenario, from its own ranges or the assumed ones."""
    uncertainty = uncertainty_of(scenario, draws, seed)
    values: dict[str, FloatArray | float] = {
        name: _settled(_possible(name, drawn, scenario)) for name, drawn in draw(uncertainty).items()
    }
    return Draws(scenario, uncertainty, are_assumed(scenario), values)


def _possible(name: str, values: FloatArray, scenario: Scenario) -> FloatArray:
    """The busiest hour is never below the mean."""
    return np.maximum(values, 1 / scenario.workload.peak_ratio) if name == "peak" else values


def _settled(values: FloatArray) -> FloatArray | float:
    """One number for a figure that is certain: it then costs what the deterministic answer says, to the last bit."""
    return float(values[0]) if np.all(values == values[0]) else values


def _three(values: FloatArray) -> tuple[float, float, float]:
    low, middle, high = values.tolist()
    return low, middle, high
