"""Local models on workstations (WKS-1): one machine per person, not pooled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.capacity.fleet import offered_load, replica_seconds
from planner.cost.owned import annuity_usd_per_month
from planner.cost.timeline import monthly_rate
from planner.cost.workstation import waiting_usd_per_month, workstation_usd_per_month, workstations
from planner.decision.kernel.bill import Bill, Fixed, fixed_costs
from planner.decision.kernel.drivers import Paths
from planner.decision.kernel.fleet import spread
from planner.decision.kernel.vintages import vintages
from planner.decision.piecewise import Asymptote
from planner.domain.options import WorkstationOption
from planner.domain.scenario import Scenario
from planner.units import CALENDARS, SECONDS_PER_DAY, FloatArray
from planner.workload.demand import class_arrays

WORKSTATION_LOW, WORKSTATION_HIGH = 0.8, 1.25
"""Range of a typed speed, as of any typed throughput."""


@dataclass(frozen=True)
class WorkstationCost:
    """Machines, their energy and the time people wait for them. Loads are machines kept busy at multiplier 1."""

    fixed: Fixed
    option: WorkstationOption
    peak_load: float
    mean_load: float
    requests_per_month: float
    hours: float
    staff_usd_per_hour: float
    fluid: int = 0
    """-1 or 1: fractional machines for bounds, with everybody's own machine added above."""

    def count_machines(self, paths: Paths) -> FloatArray:
        """Machines of every month, S + (M or 1,)."""
        load = paths.volume * paths.peak / self._speed(paths) * self.peak_load
        if self.fluid:
            return np.asarray(load + (self.option.developers + 1 if self.fluid > 0 else 0))
        return workstations(self.option.developers, load)

    def _speed(self, paths: Paths) -> FloatArray:
        return np.asarray(paths.throughput * spread(paths, WORKSTATION_LOW, WORKSTATION_HIGH))

    def bill(self, paths: Paths) -> Bill:
        """WKS-1 by component; machines that exist anyway cost their energy and the waiting."""
        option, machines = self.option, self.count_machines(paths)
        price = float(option.usd_per_machine)
        annuity = annuity_usd_per_month(
            price, price * option.residual_fraction, option.life_months, monthly_rate(paths.discount_rate)
        )[..., np.newaxis]
        held = vintages(machines, paths.gpu_path, paths.months, option.life_months, liable=False).monthly
        capital = workstation_usd_per_month(
            held, annuity * paths.gpu_level, option.allocated_fraction, 0.0, 0.0, 0.0, 0.0
        )
        busy_hours = self.mean_load * self.hours * paths.volume / self._speed(paths)
        energy = workstation_usd_per_month(
            1.0, 0.0, 0.0, option.busy_kw, busy_hours, option.electricity_usd_per_kwh, 0.0
        )
        waiting = waiting_usd_per_month(
            self.requests_per_month * paths.volume, option.extra_wait_s_per_request, self.staff_usd_per_hour
        )
        return Bill(
            np.asarray(self.fixed.one_off_usd),
            gpu=capital,
            energy=energy * paths.power,
            people=self.fixed.people(paths) + waiting * paths.wage,
            other=self.fixed.other(),
        )

    def _rates(self, paths: Paths) -> FloatArray:
        rates = np.unique(paths.volume * paths.peak / paths.throughput * self.peak_load)
        return np.asarray(rates[rates > 0])

    def breakpoints(self, paths: Paths, low: float, high: float) -> FloatArray:
        """Multipliers in (low, high] at which a machine is added; `paths` at multiplier 1."""
        rates = self._rates(paths)
        found = np.concatenate(
            [np.empty(0), *(np.arange(np.floor(low * r), np.floor(high * r) + 1) / r for r in rates)]
        )
        return np.asarray(found[(found > low) & (found <= high)])

    def count(self, paths: Paths, low: float, high: float) -> float:
        """At least the number of them."""
        rates = self._rates(paths)
        return float(np.sum(rates)) * (high - low) + rates.size

    def asymptote(self, paths: Paths) -> Asymptote:
        """Between fractional machines, and those with everybody's own added."""
        none = replace(paths, volume=paths.volume * 0.0)
        low, high = (replace(self, fluid=side) for side in (-1, 1))
        at_none = [float(cost.bill(none).npv_usd(paths)) for cost in (low, high)]
        return Asymptote(float(low.bill(paths).npv_usd(paths)) - at_none[0], at_none[0], at_none[1], 0.0)


def workstation_cost(option: WorkstationOption, scenario: Scenario) -> WorkstationCost:
    """Work of one request at the machine's speed, shared by its slots."""
    arrays = class_arrays(scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    per_s = arrays.requests_per_day / SECONDS_PER_DAY / option.success_fraction
    seconds = replica_seconds(
        arrays.prompt_tokens, arrays.generated_tokens, 1 / option.prompt_tokens_per_s, 1 / option.output_tokens_per_s
    )
    load = float(np.sum(offered_load(per_s, seconds))) / option.parallel_slots
    calendar = CALENDARS[scenario.calendar]
    return WorkstationCost(
        fixed=fixed_costs(option.operations, scenario),
        option=option,
        peak_load=load * scenario.workload.peak_ratio,
        mean_load=load,
        requests_per_month=float(arrays.requests_per_day.sum()) * calendar.days_per_month / option.success_fraction,
        hours=calendar.hours_per_month,
        staff_usd_per_hour=scenario.staff_usd_per_hour,
    )
