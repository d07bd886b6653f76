"""DEC-3: what would change this decision, driver by driver."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.decision.choose import recommend_many
from planner.decision.driver_words import WORDS
from planner.decision.kernel import Model
from planner.domain.options import COMPLEXITY_RANK
from planner.domain.result import Flip, OptionResult
from planner.domain.scenario import Scenario
from planner.domain.timeline import Timeline
from planner.units import FloatArray

POINTS = 49
ZOOMS, ZOOM_POINTS = 5, 17
NEAR, NEAR_POINTS = 0.1, 40
"""Points within a tenth of the value now, where a flip matters most."""
SMALLEST_BASE = 1e-6
"""A share of a value below this says nothing."""
FACTOR_RANGE = (0.05, 20.0)


class _Driver(NamedTuple):
    name: str
    label: str
    unit: str
    now: float
    low: float
    high: float

    @property
    def grid(self) -> FloatArray:
        """Values looked at first: the whole range, factors in equal ratios, and closely around the value now."""
        spaced = np.geomspace if self.low > 0 else np.linspace
        wide = spaced(self.low, self.high, POINTS)
        reach = NEAR * self.now if self.low > 0 else NEAR / 2
        near = np.clip(np.linspace(self.now - reach, self.now + reach, NEAR_POINTS), self.low, self.high)
        return np.sort(np.concatenate([wide, near]))


def switching(model: Model, options: tuple[OptionResult, ...]) -> tuple[Flip, ...]:
    """For each driver the nearest value at which the recommendation changes, all else as it is; nearest first.

    A scan of the range, then of the interval with the change, until it is known to one part in a million of the range.
    Changes that reverse between two points of the first scan do not show.
    """
    eligible = {o.option_id: o.kind for o in options if o.status == "ok"}
    if len(eligible) < 2:
        return ()
    names = sorted(eligible)
    ranks = np.array([COMPLEXITY_RANK[eligible[name]] for name in names], dtype=np.float64)
    chosen = Model(model.scenario, {name: model.costs[name] for name in names})
    drivers = _drivers(model.scenario)
    found = _nearest_flips(chosen, drivers, ranks)
    flips = [_flip(driver, *flip, names) for driver, flip in zip(drivers, found, strict=True)]
    return tuple(sorted(flips, key=_distance))


def _driver(name: str, now: float, low: float, high: float) -> _Driver:
    return _Driver(name, *WORDS[name], now, low, high)


def _drivers(scenario: Scenario) -> list[_Driver]:
    low, high = FACTOR_RANGE
    time = scenario.timeline
    factors = [
        _driver("volume", 1.0, low, high),
        _driver("peak", 1.0, 1 / scenario.workload.peak_ratio, high),
        _driver("throughput", 1.0, low, high),
        _driver("api_price", 1.0, low, high),
        _driver("gpu_price", 1.0, low, high),
        _driver("power_price", 1.0, low, high),
        _driver("staff_share", 1.0, low, high),
    ]
    return [
        *factors,
        _driver("api_decline", time.api_price_decline_per_year, -0.5, 0.9),
        _driver("gpu_decline", time.gpu_price_decline_per_year, -0.5, 0.9),
        *_growth(time),
        _driver("discount_rate", time.discount_rate_per_year, 0.0, 1.0),
    ]


def _growth(time: Timeline) -> list[_Driver]:
    if time.growth.shape not in {"constant", "compound", "linear"}:
        return []
    now = 0.0 if time.growth.shape == "constant" else time.growth.per_month
    return [_driver("volume_growth", now, -0.2, 0.5)]


def _nearest_flips(model: Model, drivers: list[_Driver], ranks: FloatArray) -> list[tuple[float | None, int | None]]:
    """(value at the flip, index of what is recommended beyond it) for every driver, in a few calls for all of them."""
    now: int = int(_winners(model, drivers, np.array([[d.now] for d in drivers]), ranks)[0, 0])
    grids = np.stack([d.grid for d in drivers])
    winners = _winners(model, drivers, grids, ranks)
    inner = np.empty(len(drivers))
    outer = np.empty(len(drivers))
    known = np.zeros(len(drivers), dtype=bool)
    for row, driver in enumerate(drivers):
        pair = _nearest_change(driver, grids[row], winners[row] != now)
        if pair is not None:
            known[row], (inner[row], outer[row]) = True, pair
    to: list[int] = [now] * len(drivers)
    rows = np.flatnonzero(known).tolist()
    steps = np.linspace(0, 1, ZOOM_POINTS)
    for _ in range(ZOOMS if rows else 0):
        fine = inner[rows][:, None] + (outer - inner)[rows][:, None] * steps
        there = _winners(model, [drivers[row] for row in rows], fine, ranks)
        for line, row in enumerate(rows):
            changed = there[line] != now
            first = int(np.argmax(changed)) if changed.any() else ZOOM_POINTS - 1
            to[row] = int(there[line, first])
            inner[row], outer[row] = fine[line, max(first - 1, 0)], fine[line, first]
    return [(float(outer[row]), int(to[row])) if known[row] else (None, None) for row in range(len(drivers))]


def _nearest_change(driver: _Driver, grid: FloatArray, changed: NDArray[np.bool_]) -> tuple[float, float] | None:
    """(value still as now, value changed) around the nearest change on either side."""
    found = []
    above, below = np.flatnonzero((grid > driver.now) & changed), np.flatnonzero((grid < driver.now) & changed)
    if above.size:
        before = grid[above[0] - 1] if above[0] else driver.now
        found.append((max(float(before), driver.now), float(grid[above[0]])))
    if below.size:
        after = grid[below[-1] + 1] if below[-1] + 1 < grid.size else driver.now
        found.append((min(float(after), driver.now), float(grid[below[-1]])))
    factor = driver.unit.startswith("times")
    return min(found, key=lambda p: abs(np.log(p[1]) if factor else p[1] - driver.now), default=None)


def _winners(model: Model, drivers: list[_Driver], values: FloatArray, ranks: FloatArray) -> NDArray[np.intp]:
    """Recommended option for every driver (row) at every value (column), all other drivers as they are."""
    varied = {}
    for row, driver in enumerate(drivers):
        column = np.full(values.shape, driver.now, dtype=np.float64)
        column[row] = values[row]
        varied[driver.name] = column
    if not model.scenario.timeline.growth.per_month and "volume_growth" in varied and not varied["volume_growth"].any():
        del varied["volume_growth"]
    return np.asarray(recommend_many(model.npv_usd(model.at(**varied)), ranks, model.scenario.tie_band_fraction))


def _flip(driver: _Driver, value: float | None, to: int | None, names: list[str]) -> Flip:
    margin = None if value is None or abs(driver.now) < SMALLEST_BASE else value / driver.now - 1
    return Flip(
        driver=driver.name,
        label=driver.label,
        unit=driver.unit,
        value_now=driver.now,
        value_at_flip=value,
        margin_fraction=margin,
        to_option_id=None if to is None else names[to],
        searched_low=driver.low,
        searched_high=driver.high,
    )


def _distance(flip: Flip) -> tuple[bool, float, str]:
    """Nearest first: by |margin|, or by the change itself where the value now is 0; none in the range last."""
    if flip.value_at_flip is None:
        return True, 0.0, flip.driver
    return (
        False,
        abs(flip.value_at_flip - flip.value_now if flip.margin_fraction is None else flip.margin_fraction),
        flip.driver,
    )
