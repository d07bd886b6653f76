"""Cost curves for BE-2: lines, sums of staircases, tiered bills and provisioned units, over a growing volume.

Volume x is that of a month with factor 1. Arrays of shape (months,) say what each month makes of it: its weight is its
discounted price factor; a plain monthly curve has one month of weight 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.capacity.fleet import fleet_replicas
from planner.decision.piecewise import Asymptote
from planner.units import FloatArray, ceil_tol


@dataclass(frozen=True, eq=False)
class LineCurve:
    """API-1 and other straight costs: fixed + slope x."""

    fixed: float
    slope: float

    def usd(self, x: FloatArray) -> FloatArray:
        """fixed + slope x."""
        return np.asarray(self.fixed + self.slope * x)

    def count(self, low: float, high: float) -> float:
        """None."""
        return 0

    def breakpoints(self, low: float, high: float) -> FloatArray:
        """None."""
        return np.empty(0)

    def asymptote(self) -> Asymptote:
        """Itself."""
        return Asymptote(self.slope, self.fixed, self.fixed, 0.0)


def _steps(rates: FloatArray, size: int, offset: int, low: float, high: float) -> FloatArray:
    """x in (low, high] where x rate + offset passes a whole multiple of `size`, for every rate."""
    tops = [np.arange((low * r + offset) // size, (high * r + offset) // size + 1) * size - offset for r in rates]
    found = np.concatenate([np.empty(0), *(top / rate for top, rate in zip(tops, rates, strict=True))])
    return found[(found > low) & (found <= high)]


@dataclass(frozen=True, eq=False)
class StairCurve:
    """RNT-1 on the fleet of CAP-5: fixed + slope x + unit sum_m weight_m replicas(x need_m).

    `need` is the replicas a unit of volume asks for, month by month: growth over the volume one replica serves,
    shape (months,); 0 for a month without traffic, which keeps `min_replicas`. `unit` and `weights` are not negative.
    """

    unit: float
    need: FloatArray
    weights: FloatArray
    min_replicas: int = 1
    spare_replicas: int = 0
    replica_step: int = 1
    fixed: float = 0.0
    slope: float = 0.0

    def _fleet(self, serving: FloatArray | float) -> FloatArray:
        return fleet_replicas(
            serving,
            min_replicas=self.min_replicas,
            spare_replicas=self.spare_replicas,
            replica_step=self.replica_step,
        )

    def usd(self, x: FloatArray) -> FloatArray:
        """Cost of the whole horizon; any traffic needs a replica. Shape of x."""
        total = self.fixed + self.slope * np.asarray(x, dtype=np.float64)
        for need, weight in zip(self.need, self.weights, strict=True):
            total = total + self.unit * weight * self._fleet(np.maximum(x * need, float(need > 0)))
        return total

    def count(self, low: float, high: float) -> float:
        """One per rentable step and month, and one to spare."""
        return float(np.sum((high - low) * self.need / self.replica_step + 2))

    def breakpoints(self, low: float, high: float) -> FloatArray:
        """Where serving and spare replicas together fill whole steps, in some month."""
        return _steps(np.unique(self.need[self.need > 0]), self.replica_step, self.spare_replicas, low, high)

    def asymptote(self) -> Asymptote:
        """Above every minimum, need x + spare <= replicas < need x + spare + step."""
        busy = self.need > 0
        price = self.unit * self.weights
        idle = float(np.sum(price[~busy]) * self._fleet(0.0)) if not busy.all() else 0.0
        low = self.fixed + idle + float(np.sum(price[busy])) * self.spare_replicas
        high = low + float(np.sum(price[busy])) * self.replica_step
        from_x = max(self.min_replicas, 1) / float(np.min(self.need[busy])) if busy.any() else 0.0
        return Asymptote(self.slope + float(price @ self.need), low, high, from_x)


@dataclass(frozen=True, eq=False)
class ProvisionedCurve:
    """API-6: fixed + unit sum_m weight_m max(min_units, increment ceil(x need_m / increment)).

    `need` is the units a volume of 1 asks for at its peak, shape (months,); min_units are paid for in idle months too.
    """

    unit: float
    need: FloatArray
    weights: FloatArray
    min_units: int = 1
    increment: int = 1
    fixed: float = 0.0

    def usd(self, x: FloatArray) -> FloatArray:
        """Cost of the whole horizon, shape of x."""
        total = np.full(np.shape(x), self.fixed)
        for need, weight in zip(self.need, self.weights, strict=True):
            units = self.increment * ceil_tol(x * need / self.increment)
            total = total + self.unit * weight * np.maximum(units, self.min_units)
        return total

    def count(self, low: float, high: float) -> float:
        """One per increment and month, and one to spare."""
        return float(np.sum((high - low) * self.need / self.increment + 2))

    def breakpoints(self, low: float, high: float) -> FloatArray:
        """Where the increments are full."""
        return _steps(np.unique(self.need[self.need > 0]), self.increment, 0, low, high)

    def asymptote(self) -> Asymptote:
        """Above every minimum, need x <= units < need x + increment."""
        busy = self.need > 0
        price = self.unit * self.weights
        low = self.fixed + float(np.sum(price[~busy])) * self.min_units
        high = low + float(np.sum(price[busy])) * self.increment
        from_x = self.min_units / float(np.min(self.need[busy])) if busy.any() else 0.0
        return Asymptote(float(price @ self.need), low, high, from_x)


@dataclass(frozen=True, eq=False)
class TierCurve:
    """API-4 and API-5: fixed + sum_m weight_m max(commitment, (1 - discount) list(x growth_m)).

    Tier i charges `rates[i]` a unit above `above[i]`, which ascends from 0; a volume that is just a threshold is still
    in the lower tier. Graduated tiers charge each unit its own tier's rate; `slab` charges all units the last one's.
    """

    above: FloatArray
    rates: FloatArray
    growth: FloatArray
    weights: FloatArray
    slab: bool = False
    commitment_usd: float = 0.0
    discount_fraction: float = 0.0
    fixed: float = 0.0

    def _intercepts(self) -> FloatArray:
        """The line of each tier at list price, continued to zero volume."""
        jumps = np.diff(self.rates, prepend=self.rates[0]) * self.above
        return np.zeros_like(self.rates) if self.slab else -np.cumsum(jumps)

    def bill_usd(self, volume: FloatArray | float) -> FloatArray:
        """Bill of one month at weight 1, shape of `volume`."""
        tier = np.maximum(np.searchsorted(self.above, volume, side="left") - 1, 0)
        at_list = self._intercepts()[tier] + self.rates[tier] * volume
        return np.maximum(self.commitment_usd, (1 - self.discount_fraction) * at_list)

    def usd(self, x: FloatArray) -> FloatArray:
        """Cost of the whole horizon, shape of x."""
        total = np.full(np.shape(x), self.fixed)
        for growth, weight in zip(self.growth, self.weights, strict=True):
            total = total + weight * self.bill_usd(x * growth)
        return total

    def _kinks(self) -> FloatArray:
        """Thresholds, and where some tier's line meets the commitment."""
        slopes = (1 - self.discount_fraction) * self.rates
        gaps = self.commitment_usd - (1 - self.discount_fraction) * self._intercepts()
        volumes = np.concatenate([self.above, gaps[slopes > 0] / slopes[slopes > 0]])
        growth = np.unique(self.growth[self.growth > 0])
        return np.unique(np.divide.outer(volumes[volumes > 0], growth))

    def count(self, low: float, high: float) -> float:
        """Two per tier and month at most."""
        return 2 * self.rates.size * self.growth.size

    def breakpoints(self, low: float, high: float) -> FloatArray:
        """Thresholds and commitments as each month meets them."""
        kinks = self._kinks()
        return kinks[(kinks > low) & (kinks <= high)]

    def asymptote(self) -> Asymptote:
        """Straight above the last breakpoint."""
        slopes = (1 - self.discount_fraction) * self.rates[-1] * self.growth
        last = (1 - self.discount_fraction) * self._intercepts()[-1]
        floor = np.where(self.growth > 0, np.maximum(self.commitment_usd, last), max(self.commitment_usd, 0.0))
        at_zero = self.fixed + float(self.weights @ np.where(slopes > 0, last, floor))
        return Asymptote(float(self.weights @ slopes), at_zero, at_zero, float(np.max(self._kinks(), initial=0.0)))
