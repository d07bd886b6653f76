"""Own capacity for the base of the load, a per-token offer for the rest (HYB-1 to HYB-3), for any number of draws.

Capacity comes in slices: replicas, servers or provisioned units. The load is `level` slices on average and follows the
hourly profile; classes share it in constant proportions and are served in the order of what they cost elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.units import FloatArray, ceil_tol


@dataclass(frozen=True)
class BaseLoad:
    """Shape of the load: hourly weights with mean 1, and each class's share of the work, in order of service."""

    profile: FloatArray
    shares: FloatArray
    hours: float

    def served_hours(self, slices: FloatArray, level: FloatArray) -> FloatArray:
        """Slice-hours a month served for each class, shape (classes,) + S: sum over hours of min(load, slices)."""
        weights = np.sort(self.profile)
        cumulated = np.concatenate([[0.0], np.cumsum(weights)])
        up_to = np.cumsum(self.shares).reshape(-1, *(1,) * np.ndim(level)) * level
        reach = np.divide(
            slices, up_to, out=np.full(np.broadcast_shapes(slices.shape, up_to.shape), np.inf), where=up_to > 0
        )
        below = np.searchsorted(weights, reach, side="right")
        served = (up_to * cumulated[below] + slices * (weights.size - below)) * (self.hours / weights.size)
        return np.diff(served, axis=0, prepend=0.0)

    def best_slices(
        self,
        slice_usd: FloatArray,
        overflow_usd_per_hour: FloatArray,
        level: FloatArray,
        least: FloatArray,
        weights: FloatArray | None = None,
    ) -> FloatArray:
        """The cheapest whole number of slices, at least `least`, shape S + (M or 1,).

        `slice_usd` is a slice's price a month less nothing; `overflow_usd_per_hour` (classes,) + S + (M or 1,) what a
        slice-hour of each class costs elsewhere, less what it costs here. The cost is convex in the slices, so the
        first one whose saving does not cover its price is found by halving. With `weights` (the discount factors) one
        number is chosen for all months.
        """
        most = np.maximum(ceil_tol(level * float(self.profile.max())), least)
        if weights is not None:
            most = np.max(most, axis=-1, keepdims=True)
        low, high = np.broadcast_to(least, most.shape).astype(np.float64), most.astype(np.float64)
        for _ in range(int(np.ceil(np.log2(np.max(high - low, initial=0.0) + 1))) + 1):
            middle = np.floor((low + high) / 2)
            gain = self.served_hours(middle + 1, level) - self.served_hours(middle, level)
            saving = np.sum(gain * overflow_usd_per_hour, axis=0) - slice_usd
            if weights is not None:
                saving = np.sum(np.broadcast_to(saving, (*saving.shape[:-1], weights.shape[-1])) * weights, axis=-1)[
                    ..., np.newaxis
                ]
            more = (saving > 1e-9 * np.abs(slice_usd).max(initial=0.0)) & (low < high)
            low, high = (
                np.where(more, np.minimum(middle + 1, high), low),
                np.where(more, high, np.minimum(middle, high)),
            )
        return low
