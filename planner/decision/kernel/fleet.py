"""Own fleets (CAP-1 to CAP-6, SCA-1, SCA-2, BAT-1): from demand to whole replicas and the hours they are paid for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from planner.capacity.autoscale import MINUTES_PER_HOUR, scheduled_hours
from planner.capacity.availability import MAX_SPARES, spares_for
from planner.capacity.fleet import ReplicaNeed, ReplicaRate, fleet_replicas, mean_load, replica_need
from planner.decision.kernel.drivers import Paths
from planner.domain.facts import ReplicaFacts
from planner.domain.options import SelfHosted
from planner.domain.scenario import Scenario
from planner.units import CALENDARS, FloatArray, ceil_tol
from planner.workload.demand import class_arrays, load_profile

NO_WORK = 1e-30
"""Replicas needed by a workload that asks nothing of them: keeps volume per replica finite."""
Z_P90 = 1.2815515655446004


def spread(paths: Paths, low_fraction: float, high_fraction: float) -> FloatArray:
    """UNC-1: a place in a range, lognormal through its P10 and P90; 1 when places are not drawn."""
    if paths.throughput_z is None:
        return np.ones(1)
    middle = (np.log(low_fraction) + np.log(high_fraction)) / 2
    width = (np.log(high_fraction) - np.log(low_fraction)) / (2 * Z_P90)
    return np.asarray(np.exp(middle + width * paths.throughput_z))


class Paid(NamedTuple):
    """What a fleet is paid for in each month, S + (M or 1,)."""

    replicas: FloatArray
    """Most replicas at any hour, spares included."""
    replica_hours: FloatArray
    """Hours of serving and idle replicas, and of starting ones."""
    starts: FloatArray
    """Replicas started; 0 for a fleet that is always on."""


@dataclass(frozen=True)
class FleetPlan:
    """How many replicas a volume needs. Needs are in whole-replica units at multiplier 1, before rounding up."""

    peak_need: float
    mean_need: float
    mean_load: float
    """Mean work over what one replica could do at 100 % busy."""
    memory_bound: bool
    profile: FloatArray
    hours: float
    scaling: Literal["static", "autoscale", "schedule"]
    lead_hours: int
    cold_start_hours: float
    scheduled_hours: float
    min_replicas: int
    spare_replicas: int
    replica_step: int
    regions: int
    survive_region_loss: bool
    low_fraction: float
    high_fraction: float
    fluid: bool = False
    """Fractional replicas, for bounds only."""
    extra_replicas: float = 0.0

    def unrounded(self, side: int) -> FleetPlan:
        """A bound below (-1) or above (+1) with the same slope: no rounding, minimum or spare, or all at once."""
        most = self.regions * (1 + self.min_replicas + self.spare_replicas + self.replica_step)
        return replace(self, fluid=True, extra_replicas=float(side * most))

    @property
    def sharing_regions(self) -> int:
        """Regions that must carry the peak between them (CAP-5)."""
        return self.regions - 1 if self.survive_region_loss else self.regions

    def level(self, paths: Paths) -> FloatArray:
        """Volume over throughput: the factor on every need, S + (M or 1,)."""
        return np.asarray(paths.volume / (paths.throughput * self.spread(paths)))

    def spread(self, paths: Paths) -> FloatArray:
        """This option's own place in its throughput range."""
        return spread(paths, self.low_fraction, self.high_fraction)

    def paid(self, paths: Paths) -> Paid:
        """Replicas and hours of every month."""
        level = self.level(paths)
        if self.scaling == "autoscale":
            return self._autoscaled(level)
        replicas = self.replicas(level * paths.peak * self.peak_need)
        hours = self.scheduled_hours if self.scaling == "schedule" else self.hours
        return Paid(replicas, replicas * hours, np.zeros(1))

    def replicas(self, need: FloatArray | float) -> FloatArray:
        """CAP-5: whole replicas of all regions for a need at the peak; spares beside serving ones in each region."""
        if self.fluid:
            return np.asarray(need) * self.regions / self.sharing_regions + max(self.extra_replicas, 0.0)
        each = fleet_replicas(
            np.asarray(need) / self.sharing_regions,
            min_replicas=self.min_replicas,
            spare_replicas=0 if self.survive_region_loss else self.spare_replicas,
            replica_step=self.replica_step,
        )
        return np.asarray(each * self.regions)

    def _autoscaled(self, level: FloatArray) -> Paid:
        """SCA-1 hour by hour over the profile; a month repeats it."""
        weights = self._ahead()
        most = previous = self.replicas(level * (self.mean_need * weights[-1]))
        hours, starts = np.zeros_like(most), np.zeros_like(most)
        for weight in weights:
            now = self.replicas(level * (self.mean_need * weight))
            hours += now
            starts += np.maximum(now - previous, 0)
            most, previous = np.maximum(most, now), now
        periods = self.hours / self.profile.size
        started = (starts + self.extra_replicas * self.profile.size) * periods
        return Paid(most, hours * periods + started * self.cold_start_hours, started)

    def _ahead(self) -> FloatArray:
        """Weight each hour must be ready for: the largest from it to `lead_hours` later."""
        rolled = [np.roll(self.profile, -ahead) for ahead in range(self.lead_hours + 1)]
        return np.asarray(np.max(rolled, axis=0))

    def steps(self, factors: FloatArray, low: float, high: float) -> FloatArray:
        """Multipliers in (low, high] at which a replica is added in some hour of some month; factors (months,)."""
        rates = self._rates(factors)
        found = [np.arange(np.floor(low * r), np.floor(high * r) + 1) / r for r in rates]
        steps = np.concatenate([np.empty(0), *found])
        return np.asarray(steps[(steps > low) & (steps <= high)])

    def step_count(self, factors: FloatArray, low: float, high: float) -> float:
        """At least the number of those steps."""
        rates = self._rates(factors)
        return float(np.sum(rates)) * (high - low) + rates.size

    def _rates(self, factors: FloatArray) -> FloatArray:
        """Replicas added per unit of the multiplier: one rate for every month and, when autoscaled, hour."""
        hourly = self.scaling == "autoscale"
        needs = np.unique(self._ahead()) * self.mean_need if hourly else np.array([self.peak_need])
        rates = np.unique(np.outer(factors, needs))
        return np.asarray(rates[rates > 0] / self.sharing_regions)

    def utilisation(self, level: float, paid_hours: float) -> float:
        """Work done / work the fleet could do at 100 % busy, over all paid hours."""
        return self.mean_load * level * self.hours / paid_hours if paid_hours else 0.0

    def limited_by(self, level: float) -> Literal["work", "memory", "minimum"]:
        """What sets the number of serving replicas at the peak."""
        if float(ceil_tol(self.peak_need * level / self.sharing_regions)) <= self.min_replicas:
            return "minimum"
        return "memory" if self.memory_bound else "work"


def replica_rate(option: SelfHosted, replica: ReplicaFacts) -> ReplicaRate:
    """The replica as sizing sees it; no headroom on top of a rate already held at the target."""
    work = 1 + option.extra_work_fraction
    return ReplicaRate(
        replica.s_per_input_token * work,
        replica.s_per_output_token * work,
        replica.ttft_ms / 1000,
        replica.tpot_ms / 1000,
        replica.kv_cache_tokens,
        1.0 if replica.held_at_slo else option.allowed_utilisation_fraction,
    )


def fleet_plan(option: SelfHosted, replica: ReplicaFacts, scenario: Scenario) -> FleetPlan:
    """CAP-1 to CAP-6 for one option; failed answers are asked again."""
    rate, attempts = replica_rate(option, replica), 1 / option.success_fraction
    need, mean = _needs(option, scenario, rate)
    hours = CALENDARS[scenario.calendar].hours_per_month
    scaling = option.scaling
    arrays = class_arrays(scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    plan = FleetPlan(
        peak_need=max(need.larger * attempts, NO_WORK),
        mean_need=max(mean.larger * attempts, NO_WORK),
        mean_load=mean_load(arrays, option.prefix_cache_hit_fraction, rate) * attempts,
        memory_bound=need.memory > need.work,
        profile=load_profile(scenario.workload),
        hours=hours,
        scaling=scaling.mode,
        lead_hours=scaling.lead_hours,
        cold_start_hours=scaling.cold_start_minutes / MINUTES_PER_HOUR,
        scheduled_hours=min(scheduled_hours(scaling.days_per_week, scaling.hours_per_day, hours), hours),
        min_replicas=option.min_replicas,
        spare_replicas=option.spare_replicas,
        replica_step=option.replica_step,
        regions=option.regions,
        survive_region_loss=option.survive_region_loss and option.regions > 1,
        low_fraction=replica.low_fraction,
        high_fraction=replica.high_fraction,
    )
    if scaling.mode == "schedule":  # all work is done in the scheduled hours
        plan = replace(plan, peak_need=max(plan.peak_need, plan.mean_need * hours / plan.scheduled_hours))
    return _with_computed_spares(plan, option, scenario)


def _with_computed_spares(plan: FleetPlan, option: SelfHosted, scenario: Scenario) -> FleetPlan:
    """CAP-6 at the scenario's own volume; the spares stay when volume is varied."""
    if option.availability_target_fraction is None:
        return plan
    need = plan.peak_need * scenario.workload.volume_multiplier / plan.sharing_regions
    serving = np.maximum(ceil_tol(need), plan.min_replicas)
    try:
        spares = spares_for(serving, option.replica_availability_fraction, option.availability_target_fraction)
    except ValueError:  # the option is blocked for this when its facts are resolved
        return replace(plan, spare_replicas=MAX_SPARES)
    return replace(plan, spare_replicas=int(spares))


def _needs(option: SelfHosted, scenario: Scenario, rate: ReplicaRate) -> tuple[ReplicaNeed, ReplicaNeed]:
    """Replicas at the busiest hour, and at the mean of the rest of the sums: (peak, mean over all hours).

    BAT-1: requests that may wait are moved to idle hours, so the busiest hour holds the others alone, but never less
    than the mean of all work.
    """
    workload = scenario.workload
    arrays = class_arrays(workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    hit = option.prefix_cache_hit_fraction
    mean = replica_need(arrays, hit, rate, peak_to_mean=1.0)
    if not (option.batch_fills_troughs and np.any(arrays.batch_fraction)):
        return replica_need(arrays, hit, rate, peak_to_mean=workload.peak_ratio), mean
    waiting = arrays._replace(requests_per_day=arrays.requests_per_day * (1 - arrays.batch_fraction))
    peak = replica_need(waiting, hit, rate, peak_to_mean=workload.peak_ratio)
    return ReplicaNeed(max(peak.work, mean.work), max(peak.memory, mean.memory)), mean
