"""Ranges of the drivers as plain documents: what each kind starts with, and one kind turned into another."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from planner.decision.default_ranges import DEFAULT_RANGES, Z_RANGE
from planner.domain.scenario import Scenario
from planner.domain.uncertainty import (
    DRIVER_LIMITS,
    Discrete,
    Distribution,
    DriverName,
    DriverRange,
    Fixed,
    Lognormal,
    Pert,
)

THROUGHPUT = DriverRange(
    driver="throughput",
    distribution=Lognormal(p10=0.8, p90=1.25),
    source="one factor for all fleets, in place of each option's own range; replace it by your own",
)
"""The assumed range is a place within each option's own; in a list of the scenario's own it is a factor for all."""
_SPREAD: dict[DriverName, float] = {"api_decline": 0.2, "gpu_decline": 0.2, "volume_growth": 0.02, "wage_growth": 0.03}


class Three(NamedTuple):
    """A range by its ends and its middle."""

    low: float
    mode: float
    high: float


def own_ranges() -> list[dict[str, Any]]:
    """The assumed ranges, as the scenario's own."""
    return [(THROUGHPUT if item is Z_RANGE else item).model_dump() for item in DEFAULT_RANGES]


def new_range(driver: DriverName, scenario: Scenario) -> dict[str, Any]:
    """A first range: the assumed one, or one around the scenario's own rate."""
    if driver not in _SPREAD:
        return next(item for item in own_ranges() if item["driver"] == driver)
    timeline, spread = scenario.timeline, _SPREAD[driver]
    rates: dict[DriverName, float] = {
        "api_decline": timeline.api_price_decline_per_year,
        "gpu_decline": timeline.gpu_price_decline_per_year,
        "volume_growth": timeline.growth.per_month,
        "wage_growth": timeline.wage_growth_per_year,
    }
    least, largest = DRIVER_LIMITS[driver]
    low, high = max(rates[driver] - spread, least), min(rates[driver] + spread, largest)
    shape = Pert(low=round(low, 6), mode=round(min(max(rates[driver], low), high), 6), high=round(high, 6))
    return DriverRange(driver=driver, distribution=shape).model_dump()


def kinds_for(driver: DriverName) -> list[str]:
    """The kinds a driver can have: a lognormal has no end, which a driver with an end cannot take."""
    kinds = ["fixed", "uniform", "triangular", "pert", "lognormal", "discrete"]
    return [kind for kind in kinds if kind != "lognormal" or math.isinf(DRIVER_LIMITS[driver][1])]


def reshaped(found: Distribution, kind: str) -> dict[str, Any]:
    """The same range as another kind, as far as that goes."""
    low, mode, high = three_of(found)
    if kind == "fixed":
        return {"kind": kind, "value": mode}
    if kind == "uniform":
        return {"kind": kind, "low": low, "high": high}
    if kind == "lognormal":
        return {"kind": kind, "p10": max(low, 1e-6), "p90": max(high, 1e-6)}
    if kind == "discrete":
        return {"kind": kind, "values": (low, mode, high), "weights": (1.0, 2.0, 1.0)}
    return {"kind": kind, "low": low, "mode": mode, "high": high}


def three_of(found: Distribution) -> Three:
    """Ends and middle of a range; the ends of a lognormal are its 80 % range."""
    if isinstance(found, Fixed):
        return Three(found.value, found.value, found.value)
    if isinstance(found, Lognormal):
        return Three(found.p10, float(f"{math.sqrt(found.p10 * found.p90):.4g}"), found.p90)
    if isinstance(found, Discrete):
        ordered = sorted(found.values)
        return Three(ordered[0], ordered[len(ordered) // 2], ordered[-1])
    mode = getattr(found, "mode", (found.low + found.high) / 2)
    return Three(found.low, mode, found.high)
