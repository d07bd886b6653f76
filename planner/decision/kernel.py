"""The one kernel: cost of an option against volume, month and throughput. Every view of money is a call of this.

`scale` is the workload's volume multiplier and may have any shape; results add a last axis for months where said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from planner.capacity.fleet import ReplicaNeed, ReplicaRate, fleet_replicas, mean_load, replica_need
from planner.cost.api import request_usd
from planner.cost.people import one_off_usd, staff_usd_per_month
from planner.cost.rented import rental_usd
from planner.decision.breakeven import Line, Staircase
from planner.domain.facts import PerTokenFacts, RentedFacts
from planner.domain.options import PerTokenOption, RentedOption
from planner.domain.scenario import Scenario
from planner.units import CALENDARS, FloatArray
from planner.workload.demand import class_arrays

NO_WORK = 1e-30
"""Replicas needed by a workload that asks nothing of them: keeps volume per replica finite."""


@dataclass(frozen=True)
class FixedCost:
    """What does not move with volume."""

    one_off_usd: float
    people_usd_per_month: float
    other_usd_per_month: float
    months: int

    @property
    def per_month(self) -> float:
        """Horizon average, one-offs spread evenly."""
        return self.people_usd_per_month + self.other_usd_per_month + self.one_off_usd / self.months


@dataclass(frozen=True)
class PerTokenCost:
    """A per-token option: a price per month of the horizon, shape (months,), at multiplier 1."""

    fixed: FixedCost
    tokens_usd: FloatArray

    def variable_usd(self, scale: FloatArray | float) -> FloatArray:
        """Per-token charges, shape scale.shape + (months,)."""
        return np.multiply.outer(np.asarray(scale, dtype=np.float64), self.tokens_usd)

    def average_usd(self, scale: FloatArray | float) -> FloatArray:
        """Horizon-average USD a month, shape of `scale`."""
        return self.fixed.per_month + np.asarray(scale) * float(np.mean(self.tokens_usd))

    def line(self) -> Line:
        """For BE-2, in units of the multiplier."""
        return Line(self.fixed.per_month, float(np.mean(self.tokens_usd)))


@dataclass(frozen=True)
class RentedCost:
    """A rented option: whole replicas for the busiest hour, billed every hour."""

    fixed: FixedCost
    replica_usd_per_month: float
    need: ReplicaNeed
    mean_load: float
    min_replicas: int
    spare_replicas: int
    replica_step: int

    def replicas(self, scale: FloatArray | float, throughput: FloatArray | float = 1.0) -> FloatArray:
        """Whole replicas; `throughput` is a factor on the likely figure. Broadcasts."""
        per_scale = max(self.need.larger, NO_WORK)
        return fleet_replicas(
            np.asarray(scale) * per_scale / np.asarray(throughput),
            min_replicas=self.min_replicas,
            spare_replicas=self.spare_replicas,
            replica_step=self.replica_step,
        )

    def variable_usd(self, scale: FloatArray | float, throughput: FloatArray | float = 1.0) -> FloatArray:
        """GPU rental a month, shape scale.shape + (months,); the same every month at constant volume."""
        monthly = rental_usd(self.replicas(scale, throughput), 1, self.replica_usd_per_month, 1.0)
        return np.multiply.outer(monthly, np.ones(self.fixed.months))

    def average_usd(self, scale: FloatArray | float, throughput: FloatArray | float = 1.0) -> FloatArray:
        """Horizon-average USD a month, broadcast shape of `scale` and `throughput`."""
        return self.fixed.per_month + self.replicas(scale, throughput) * self.replica_usd_per_month

    def stairs(self) -> Staircase:
        """For BE-2, in units of the multiplier."""
        return Staircase(
            fixed=self.fixed.per_month,
            unit=self.replica_usd_per_month,
            kappa=1 / max(self.need.larger, NO_WORK),
            min_replicas=self.min_replicas,
            spare_replicas=self.spare_replicas,
            replica_step=self.replica_step,
        )

    def utilisation(self, scale: float) -> float:
        """Work done / work the fleet could do at 100 % busy, over all paid hours."""
        fleet = float(self.replicas(scale))
        return self.mean_load * scale / fleet if fleet else 0.0

    def limited_by(self, scale: float) -> Literal["work", "memory", "minimum"]:
        """What sets the number of serving replicas."""
        if self.need.larger * scale <= self.min_replicas:
            return "minimum"
        return "work" if self.need.work >= self.need.memory else "memory"


OptionCost = PerTokenCost | RentedCost


def _fixed(option: PerTokenOption | RentedOption, scenario: Scenario) -> FixedCost:
    operations = option.operations
    return FixedCost(
        one_off_usd=one_off_usd(operations, scenario.staff_usd_per_hour),
        people_usd_per_month=staff_usd_per_month(operations, scenario.fte_usd_per_year),
        other_usd_per_month=operations.other_usd_per_month,
        months=scenario.horizon_months,
    )


def per_token_cost(option: PerTokenOption, facts: PerTokenFacts, scenario: Scenario) -> PerTokenCost:
    """API-1 for one average request of each class, times the requests of a month, for each month's price."""
    arrays = class_arrays(scenario.workload)
    requests = arrays.requests_per_day * CALENDARS[scenario.calendar].days_per_month
    by_period = [
        float(
            sum(
                n
                * request_usd(
                    period.prices, fresh=fresh, cached=cached, write=write, generated=generated, batch_fraction=batch
                )
                for n, fresh, cached, write, generated, batch in zip(requests, *arrays[1:], strict=True)
            )
        )
        for period in facts.periods
    ]
    starts = np.array([period.from_month for period in facts.periods])
    index = np.searchsorted(starts, np.arange(1, scenario.horizon_months + 1), side="right") - 1
    return PerTokenCost(_fixed(option, scenario), np.asarray(by_period)[index])


def replica_rate(option: RentedOption, facts: RentedFacts) -> ReplicaRate:
    """The replica as sizing sees it; no headroom on top of a rate already held at the target."""
    replica = facts.replica
    return ReplicaRate(
        replica.s_per_input_token,
        replica.s_per_output_token,
        replica.ttft_ms / 1000,
        replica.tpot_ms / 1000,
        replica.kv_cache_tokens,
        1.0 if replica.held_at_slo else option.allowed_utilisation_fraction,
    )


def rented_cost(option: RentedOption, facts: RentedFacts, scenario: Scenario) -> RentedCost:
    """RNT-1 on the fleet of CAP-5."""
    arrays = class_arrays(scenario.workload)
    rate = replica_rate(option, facts)
    hours = CALENDARS[scenario.calendar].hours_per_month
    return RentedCost(
        fixed=_fixed(option, scenario),
        replica_usd_per_month=float(rental_usd(1, option.gpus_per_replica, facts.usd_per_gpu_hour, hours)),
        need=replica_need(scenario.workload, arrays, option.prefix_cache_hit_fraction, rate),
        mean_load=mean_load(arrays, option.prefix_cache_hit_fraction, rate),
        min_replicas=option.min_replicas,
        spare_replicas=option.spare_replicas,
        replica_step=option.replica_step,
    )
