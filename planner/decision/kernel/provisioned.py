"""Provisioned units (API-6): sized for the peak, or for the base of the load with a per-token offer above (HYB-1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.cost.provisioned import equivalent_tokens_per_minute, provisioned_units
from planner.decision.kernel.base_load import BaseLoad
from planner.decision.kernel.bill import Bill, Fixed, fixed_costs
from planner.decision.kernel.drivers import Paths
from planner.decision.kernel.per_token import PerTokenCost
from planner.decision.kernel.vintages import vintages
from planner.decision.piecewise import Asymptote
from planner.domain.options import ProvisionedOption
from planner.domain.scenario import Scenario
from planner.units import CALENDARS, FloatArray
from planner.workload.demand import class_arrays, load_profile

MINUTES_PER_DAY = 1440


@dataclass(frozen=True)
class ProvisionedCost:
    """Units and what overflows. Demand is in input-equivalent tokens a minute at multiplier 1, mean over the hours."""

    fixed: Fixed
    option: ProvisionedOption
    mean_tpm: float
    class_tpm: FloatArray
    """By class, in order of service: the dearest per token first (HYB-2)."""
    order: tuple[int, ...]
    peak_to_mean: float
    load: BaseLoad
    overflow: PerTokenCost | None
    fluid: int = 0

    @property
    def step_tpm(self) -> float:
        """Tokens a minute of one increment."""
        return self.option.tokens_per_minute_per_unit * self.option.unit_increment

    def units(self, paths: Paths) -> FloatArray:
        """Units of every month, S + (M or 1,)."""
        option = self.option
        if self.overflow is not None:
            slices = self._base_slices(self.overflow, paths.aligned())
            return np.maximum(slices * option.unit_increment, option.min_units)
        peak = self.mean_tpm * self.peak_to_mean * paths.volume * paths.peak
        if self.fluid:
            more = option.min_units + option.unit_increment if self.fluid > 0 else 0
            return np.asarray(peak / option.tokens_per_minute_per_unit + more)
        return provisioned_units(
            peak,
            tokens_per_minute_per_unit=option.tokens_per_minute_per_unit,
            min_units=option.min_units,
            unit_increment=option.unit_increment,
        )

    def _level(self, paths: Paths) -> FloatArray:
        return np.asarray(paths.volume * (self.mean_tpm / self.step_tpm))

    def _overflow_usd_per_hour(self, overflow: PerTokenCost, paths: Paths) -> FloatArray:
        hours = self.class_tpm[:, np.newaxis] * (self.load.hours / self.step_tpm)
        list_usd = overflow.list_usd_by_class[list(self.order)] * overflow.attempts
        per_hour = np.divide(list_usd, hours, out=np.zeros_like(list_usd + hours), where=hours > 0)
        shaped = per_hour.reshape(per_hour.shape[0], *(1,) * (np.ndim(paths.volume) - 1), per_hour.shape[1])
        return np.asarray(shaped * paths.api)

    def _base_slices(self, overflow: PerTokenCost, paths: Paths) -> FloatArray:
        """HYB-1 with increments as slices: the number that is worth its price, never below the smallest sold."""
        least = np.full(1, float(self.option.min_units // self.option.unit_increment))
        price = float(self.option.usd_per_unit_month) * self.option.unit_increment * paths.api
        worth = self._overflow_usd_per_hour(overflow, paths)
        return self.load.best_slices(price, worth, self._level(paths), least)

    def bill(self, paths: Paths) -> Bill:
        """Units to the end of their terms, and what they cannot take at the per-token price."""
        paths = paths if self.overflow is None else paths.aligned()
        option, units = self.option, self.units(paths)
        held = vintages(units, paths.api_path, paths.months, option.term_months, liable=True).monthly
        spent = held * (paths.api_level * float(option.usd_per_unit_month))
        people, one_off = self.fixed.people(paths), self.fixed.one_off_usd
        if self.overflow is not None:
            kept = units if option.term_months == 1 else np.maximum.accumulate(units, axis=-1)
            slices = kept / option.unit_increment
            served = self.load.served_hours(slices, self._level(paths))
            shares = self.load.shares.reshape(-1, *(1,) * (served.ndim - 1))
            rest = np.maximum(shares * self._level(paths) * self.load.hours - served, 0.0)
            list_usd = np.sum(rest * self._overflow_usd_per_hour(self.overflow, paths), axis=0)
            spent = spent + self.overflow.contract.billed_usd(list_usd)
        return Bill(np.asarray(one_off), tokens=spent, people=people, other=self.fixed.other())

    def _rates(self, paths: Paths) -> FloatArray:
        rates = np.unique(paths.volume * paths.peak) * self.mean_tpm * self.peak_to_mean / self.step_tpm
        return np.asarray(rates[rates > 0])

    def breakpoints(self, paths: Paths, low: float, high: float) -> FloatArray:
        """Multipliers in (low, high] at which an increment is added; only for units without overflow."""
        found = [np.arange(np.floor(low * r), np.floor(high * r) + 1) / r for r in self._rates(paths)]
        steps = np.concatenate([np.empty(0), *found])
        return np.asarray(steps[(steps > low) & (steps <= high)])

    def count(self, paths: Paths, low: float, high: float) -> float:
        """At least the number of them."""
        rates = self._rates(paths)
        return float(np.sum(rates)) * (high - low) + rates.size

    def asymptote(self, paths: Paths) -> Asymptote:
        """Between fractional units, and those with an increment and the minimum added."""
        none = replace(paths, volume=paths.volume * 0.0)
        low, high = (replace(self, fluid=side) for side in (-1, 1))
        at_none = [float(cost.bill(none).npv_usd(paths)) for cost in (low, high)]
        return Asymptote(float(low.bill(paths).npv_usd(paths)) - at_none[0], at_none[0], at_none[1], 0.0)


def provisioned_cost(option: ProvisionedOption, overflow: PerTokenCost | None, scenario: Scenario) -> ProvisionedCost:
    """API-6 for the workload's classes; failed answers are asked again."""
    arrays = class_arrays(scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    by_class = equivalent_tokens_per_minute(
        arrays.requests_per_day / MINUTES_PER_DAY / option.success_fraction,
        arrays.fresh_tokens + arrays.write_tokens,
        arrays.cached_tokens,
        arrays.generated_tokens,
        output_weight=option.output_weight,
        cached_weight=option.cached_weight,
    )
    value = np.zeros(by_class.size) if overflow is None else overflow.list_usd_by_class.mean(axis=-1)
    order = np.argsort(-value / np.where(by_class > 0, by_class, np.inf), kind="stable")
    by_class = by_class[order]
    total = float(by_class.sum())
    shares = by_class / total if total > 0 else np.full(by_class.size, 1 / by_class.size)
    return ProvisionedCost(
        fixed=fixed_costs(option.operations, scenario),
        option=option,
        mean_tpm=total,
        class_tpm=by_class,
        order=tuple(order.tolist()),
        peak_to_mean=scenario.workload.peak_ratio,
        load=BaseLoad(load_profile(scenario.workload), shares, CALENDARS[scenario.calendar].hours_per_month),
        overflow=overflow,
    )
