"""What varies, and the paths over the months that follow from it. One shape S for everything that varies together.

A what-if is a number, a chart an array of volumes, a map a plane of two drivers, a risk analysis an array of draws: all
are the same call. Months are a last axis of M, or of 1 where every month is alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from planner.cost.timeline import discount_factors, efficiency_path, price_path, volume_path
from planner.domain.scenario import Scenario
from planner.domain.timeline import Growth, Timeline
from planner.units import FloatArray


@dataclass(frozen=True)
class Drivers:
    """Values of everything that can vary, each of shape S or a number; None = the scenario's own."""

    scale: ArrayLike = 1.0
    """Volume, times the workload's requests."""
    peak: ArrayLike = 1.0
    """Busiest hour over mean, times the workload's."""
    throughput: ArrayLike = 1.0
    """Throughput of every replica, times the likely figure."""
    throughput_z: ArrayLike | None = None
    """Standard normal place within each option's own range, in place of one common factor."""
    api_price: ArrayLike = 1.0
    gpu_price: ArrayLike = 1.0
    power_price: ArrayLike = 1.0
    staff_share: ArrayLike = 1.0
    """Price and staff factors, times the scenario's figures."""
    api_decline: ArrayLike | None = None
    gpu_decline: ArrayLike | None = None
    power_decline: ArrayLike | None = None
    wage_growth: ArrayLike | None = None
    volume_growth: ArrayLike | None = None
    discount_rate: ArrayLike | None = None

    def at(self, scale: ArrayLike) -> Drivers:
        """The same at another volume."""
        return replace(self, scale=scale)


@dataclass(frozen=True)
class Paths:
    """Factors on the scenario's figures by month: S + (M,), or with a last axis of 1 where all months are alike."""

    months: int
    volume: FloatArray
    peak: FloatArray
    throughput: FloatArray
    throughput_z: FloatArray | None
    api_level: FloatArray
    """S + (1,): what varies of a price between draws; its path over the months is apart, so that it stays one row."""
    api_path: FloatArray
    gpu_level: FloatArray
    gpu_path: FloatArray
    power: FloatArray
    wage: FloatArray
    staff_share: FloatArray
    discount_rate: FloatArray
    """A year, S."""
    discount: FloatArray
    """(M,), or S + (M,) when the rate varies."""

    def aligned(self) -> Paths:
        """The same with the volume in the full shape S, for costs that keep an axis of classes in front of it."""
        parts = (self.volume, self.peak, self.throughput, self.api_level, self.api_path, self.gpu_level, self.gpu_path)
        drawn = () if self.throughput_z is None else (self.throughput_z,)
        others = (self.power, self.wage, self.staff_share, *drawn)
        shape = np.broadcast_shapes(*(part.shape[:-1] for part in (*parts, *others)), self.discount_rate.shape)
        return replace(self, volume=np.broadcast_to(self.volume, (*shape, self.volume.shape[-1])))

    @property
    def api(self) -> FloatArray:
        """Per-token prices, times the scenario's of month 1."""
        return self.api_level * self.api_path

    @property
    def gpu(self) -> FloatArray:
        """GPU prices, times the scenario's of month 1."""
        return self.gpu_level * self.gpu_path

    def present_usd(self, monthly_usd: FloatArray) -> FloatArray:
        """TIME-4: today's value of monthly bills S + (M or 1,), shape S."""
        if monthly_usd.shape[-1] == 1:
            return np.asarray(monthly_usd[..., 0] * self.discount.sum(axis=-1))
        return np.asarray(np.einsum("...m,...m->...", monthly_usd, self.discount))

    def annuity(self) -> FloatArray:
        """Today's value of a dollar a month: NPV over this is the levelised cost a month."""
        return np.asarray(self.discount.sum(axis=-1))

    def each_month(self, values: FloatArray) -> FloatArray:
        """With a full month axis."""
        return np.broadcast_to(values, (*values.shape[:-1], self.months))


def paths(scenario: Scenario, drivers: Drivers) -> Paths:
    """TIME-1 to TIME-4 for the drivers given, the scenario's own timeline where they are None."""
    timeline, months = scenario.timeline, scenario.horizon_months
    rate = _or(drivers.discount_rate, timeline.discount_rate_per_year)
    return Paths(
        months=months,
        volume=_column(drivers.scale) * _volume(timeline.growth, drivers.volume_growth, months),
        peak=_column(drivers.peak),
        throughput=_column(drivers.throughput) * _efficiency(timeline, months),
        throughput_z=None if drivers.throughput_z is None else _column(drivers.throughput_z),
        api_level=_column(drivers.api_price),
        api_path=_price(_or(drivers.api_decline, timeline.api_price_decline_per_year), months),
        gpu_level=_column(drivers.gpu_price),
        gpu_path=_price(_or(drivers.gpu_decline, timeline.gpu_price_decline_per_year), months),
        power=_column(drivers.power_price)
        * _price(_or(drivers.power_decline, timeline.power_price_decline_per_year), months),
        wage=_price(np.negative(_or(drivers.wage_growth, timeline.wage_growth_per_year)), months),
        staff_share=_column(drivers.staff_share),
        discount_rate=rate,
        discount=discount_factors(rate, months),
    )


def _or(given: ArrayLike | None, own: float) -> FloatArray:
    return np.asarray(own if given is None else given, dtype=np.float64)


def _column(value: ArrayLike) -> FloatArray:
    """S -> S + (1,)."""
    return np.asarray(value, dtype=np.float64)[..., np.newaxis]


def _price(decline: FloatArray, months: int) -> FloatArray:
    return price_path(decline, months) if np.any(decline) else np.ones(1)


def _efficiency(timeline: Timeline, months: int) -> FloatArray:
    gain = timeline.efficiency_gain_per_refresh
    return efficiency_path(gain, timeline.refresh_every_months, months) if gain else np.ones(1)


def _volume(growth: Growth, per_month: ArrayLike | None, months: int) -> FloatArray:
    shape = growth.shape
    if per_month is not None and shape in {"constant", "compound", "linear"}:
        return volume_path("linear" if shape == "linear" else "compound", months, per_month=per_month)
    if shape == "constant":
        return np.ones(1)
    return volume_path(
        shape,
        months,
        per_month=growth.per_month,
        ceiling=growth.ceiling_ratio,
        steepness=growth.steepness_per_month,
        midpoint_month=growth.midpoint_month,
        launch_month=growth.launch_month,
        before=growth.before_fraction,
    )
