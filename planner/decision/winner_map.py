"""DEC-2 over one or several drivers at once: who wins where, and what everything costs there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from planner.decision.choose import recommend_many
from planner.decision.driver_words import WORDS
from planner.decision.kernel import Model, option_costs
from planner.decision.risk import eligible
from planner.domain.facts import Facts
from planner.domain.nearest import did_you_mean
from planner.domain.options import COMPLEXITY_RANK
from planner.domain.risk import Sweep, WinnerMap
from planner.domain.scenario import Scenario
from planner.units import FloatArray

FACTORS = (0.1, 10.0)
RATES = (-0.2, 0.5)
MOST_POINTS = 250_000
MAP_DRIVERS = tuple(name for name, words in WORDS.items() if words.is_factor)


class Axis(NamedTuple):
    """Values of one driver: factors in equal ratios, rates in equal steps."""

    driver: str
    low: float
    high: float
    points: int

    def values(self) -> FloatArray:
        """Ascending, both ends exact; a single point is the lower end."""
        spaced = np.geomspace if WORDS[self.driver].is_factor else np.linspace
        return np.asarray(spaced(self.low, self.high, self.points), dtype=np.float64)


def axis(scenario: Scenario, driver: str, low: float | None, high: float | None, points: int) -> Axis:
    """A checked axis; the usual range of the driver where an end is None. Raises ValueError with the way out."""
    if driver not in WORDS:
        known = ", ".join(WORDS)
        raise ValueError(f"there is no driver {driver!r}. {did_you_mean(driver, WORDS, f'The drivers are {known}.')}")
    least = _least(scenario, driver)
    start, end = FACTORS if WORDS[driver].is_factor else RATES
    low, high = max(start, least) if low is None else low, end if high is None else high
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError(f"the range of {driver} must have two finite ends.")
    if low > high:
        raise ValueError(f"the range of {driver} starts at {low:g}, above its end {high:g}; swap the two.")
    if low < least or high > _most(driver):
        raise ValueError(
            f"{driver} must be from {least:,.7g} to {_most(driver):,.7g}, not from {low:,.7g} to {high:,.7g}."
        )
    if points < 1:
        raise ValueError(f"{points} points of {driver}: give at least 1.")
    return Axis(driver, low, high, points)


def _least(scenario: Scenario, driver: str) -> float:
    """Factors go in equal ratios, so from above 0; the busiest hour is never below the mean."""
    if driver == "peak":
        return 1 / scenario.workload.peak_ratio
    if WORDS[driver].is_factor:
        return 1e-6
    return 0.0 if driver == "discount_rate" else -0.9


def _most(driver: str) -> float:
    if WORDS[driver].is_factor:
        return 1e6
    return 0.99 if driver.endswith("_decline") else 10.0


def sweep(scenario: Scenario, facts: Facts, axes: Sequence[Axis]) -> Sweep:
    """NPV of every priced option and the recommendation (DEC-2) on the grid of the axes, the first changing slowest.

    Raises ValueError when a driver is named twice or the grid has too many points.
    """
    model = Model(scenario, option_costs(scenario, facts))
    points = _grid(axes)
    values = {a.driver: column for a, column in zip(axes, points, strict=True)}
    npv = _npv_usd(model, values, points.shape[1])
    return Sweep(
        drivers=tuple(a.driver for a in axes),
        values=tuple(map(tuple, points.T.tolist())),
        option_ids=tuple(model.costs),
        npv_usd=tuple(map(tuple, npv.T.tolist())),
        recommended=_winners(model, facts, npv),
    )


def _grid(axes: Sequence[Axis]) -> FloatArray:
    """Every combination, shape (axes, points)."""
    names = [a.driver for a in axes]
    if len(set(names)) < len(names):
        raise ValueError(f"{max(names, key=names.count)} is varied twice; name different drivers.")
    if (size := int(np.prod([a.points for a in axes]))) > MOST_POINTS:
        raise ValueError(f"{size:,} points are more than {MOST_POINTS:,}; take fewer of each driver.")
    return np.stack([m.ravel() for m in np.meshgrid(*(a.values() for a in axes), indexing="ij")])


def _npv_usd(model: Model, values: dict[str, FloatArray], points: int) -> FloatArray:
    """Shape (options, points)."""
    if not model.costs:
        return np.empty((0, points))
    npv = model.npv_usd(model.at(**values))
    return np.broadcast_to(npv.reshape(len(model.costs), -1), (len(model.costs), points))


def _winners(model: Model, facts: Facts, npv_usd: FloatArray) -> tuple[str | None, ...]:
    """DEC-2 at every point, among the eligible options."""
    names = sorted(eligible(model, facts).costs)
    if not names:
        return tuple(None for _ in range(int(npv_usd.shape[1])))
    rows = list(model.costs)
    kinds = {o.option_id: o.kind for o in model.scenario.options}
    ranks = np.array([COMPLEXITY_RANK[kinds[name]] for name in names], dtype=np.float64)
    among = npv_usd[[rows.index(name) for name in names]]
    chosen: list[int] = recommend_many(among, ranks, model.scenario.tie_band_fraction).tolist()
    return tuple(names[k] for k in chosen)


def winner_map(
    scenario: Scenario, facts: Facts, x_driver: str, y_driver: str, nx: int = 61, ny: int = 41
) -> WinnerMap | None:
    """Recommended option over two factors from a tenth to ten times, in equal ratios; None when none is eligible.

    Raises ValueError for an unknown driver, the same one twice, or a driver that is not a factor.
    """
    for driver in (x_driver, y_driver):
        if driver in WORDS and driver not in MAP_DRIVERS:
            raise ValueError(f"{driver} is not a factor; choose among {', '.join(MAP_DRIVERS)}.")
    up, across = axis(scenario, y_driver, None, None, ny), axis(scenario, x_driver, None, None, nx)
    winners = [name for name in sweep(scenario, facts, (up, across)).recommended if name is not None]
    if not winners:
        return None
    return WinnerMap(
        x_driver=x_driver,
        y_driver=y_driver,
        x=tuple(across.values().tolist()),
        y=tuple(up.values().tolist()),
        recommended=tuple(tuple(winners[row * nx : (row + 1) * nx]) for row in range(ny)),
    )
