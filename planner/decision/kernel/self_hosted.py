"""Rented and owned fleets: what the replicas of each month cost (RNT-1 to RNT-4, OWN-1 to OWN-3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.cost.owned import (
    annuity_usd_per_month,
    colocation_usd_per_month,
    energy_usd_per_month,
    maintenance_usd_per_month,
    owned_servers,
)
from planner.cost.rented import rental_usd
from planner.cost.spot import interruptions_per_hour, spot_availability, spot_usd_per_hour
from planner.cost.surcharges import model_pull_usd, storage_usd_per_month
from planner.cost.timeline import monthly_rate
from planner.decision.breakeven import Staircase
from planner.decision.kernel.bill import NOTHING, Bill, Fixed, fixed_costs
from planner.decision.kernel.drivers import Paths
from planner.decision.kernel.fleet import FleetPlan, Paid, fleet_plan
from planner.decision.kernel.vintages import vintages
from planner.decision.piecewise import Asymptote
from planner.domain.facts import OwnedFacts, RentedFacts
from planner.domain.options import OwnedOption, RentedOption, SelfHosted, ServerPurchase
from planner.domain.scenario import Scenario
from planner.units import CALENDARS, GB_BYTES, GIB_BYTES, MONTHS_PER_YEAR, FloatArray


@dataclass(frozen=True)
class Rental:
    """Price of a replica by the hour, and the commitment when there is one."""

    usd_per_replica_hour: float
    term_months: int | None = None
    upfront_fraction: float = 0.0


@dataclass(frozen=True)
class Purchase:
    """Servers as they are bought and run."""

    server: ServerPurchase
    gpus_per_replica: int

    @property
    def servers_per_replica(self) -> float:
        """Share of a server, or whole servers, that one replica takes."""
        per_server = self.server.gpus_per_server // self.gpus_per_replica
        return 1 / per_server if per_server else float(np.ceil(self.gpus_per_replica / self.server.gpus_per_server))

    def annuity_usd_per_month(self, discount_rate_per_year: FloatArray) -> FloatArray:
        """OWN-1 for one server at this cost of capital, S + (1,)."""
        price = float(self.server.usd_per_server)
        rate = monthly_rate(discount_rate_per_year)
        residual = price * self.server.residual_fraction
        return annuity_usd_per_month(price, residual, self.server.life_months, rate)[..., np.newaxis]

    def standing_usd_per_month(self) -> float:
        """OWN-3 for one server: colocation, maintenance, licences."""
        server = self.server
        return (
            float(colocation_usd_per_month(server.max_kw, server.colocation_usd_per_kw_month))
            + float(maintenance_usd_per_month(float(server.usd_per_server), server.maintenance_fraction_per_year))
            + server.licence_usd_per_gpu_year * server.gpus_per_server / MONTHS_PER_YEAR
        )


@dataclass(frozen=True)
class SelfHostedCost:
    """A fleet and what its replicas cost."""

    fixed: Fixed
    plan: FleetPlan
    pay: Rental | Purchase
    gpus_per_replica: int = 1
    storage_usd_per_replica_month: float = 0.0
    pull_usd_per_start: float = 0.0
    monitoring_usd_per_replica_month: float = 0.0

    def bill(self, paths: Paths) -> Bill:
        """Whole replicas for the busiest hour of every month, billed busy or idle."""
        paid = self.plan.paid(paths)
        if isinstance(self.pay, Purchase):
            return self._with_fleet(self._owned(self.pay, paid, paths), paid, paths)
        return self._with_fleet(self._rented(self.pay, paid, paths), paid, paths)

    def _rented(self, pay: Rental, paid: Paid, paths: Paths) -> Bill:
        """RNT-1 by the hour; RNT-2 for whole terms, the last one to its end even after the horizon."""
        one_off = np.asarray(self.fixed.one_off_usd)
        if pay.term_months is None:
            return Bill(one_off, gpu=rental_usd(paid.replica_hours, 1, pay.usd_per_replica_hour, 1.0) * paths.gpu)
        month_usd = pay.usd_per_replica_hour * self.plan.hours
        taken = vintages(
            paid.replicas,
            paths.gpu_path,
            paths.months,
            pay.term_months,
            upfront_fraction=pay.upfront_fraction,
            liable=True,
        )
        price = paths.gpu_level * month_usd
        return Bill(one_off + taken.upfront * price[..., 0], gpu=taken.monthly * price)

    def _owned(self, pay: Purchase, paid: Paid, paths: Paths) -> Bill:
        """OWN-1 to OWN-3: servers are bought when needed, kept, and replaced at the end of their life.

        Capital enters as the annuity at the discount rate: its present value is that of the purchase less the residual,
        whatever the horizon, so capital is never counted twice.
        """
        server = pay.server
        servers = self.servers(pay, paid.replicas)
        taken = vintages(servers, paths.gpu_path, paths.months, server.life_months, liable=False)
        held = np.maximum.accumulate(servers, axis=-1)
        busy = self.plan.mean_load * self.plan.level(paths) * pay.servers_per_replica
        kw = held * server.idle_kw + busy * (server.max_kw - server.idle_kw)
        energy = energy_usd_per_month(kw, server.pue_ratio, server.electricity_usd_per_kwh, self.plan.hours)
        return Bill(
            np.asarray(self.fixed.one_off_usd),
            gpu=taken.monthly * (pay.annuity_usd_per_month(paths.discount_rate) * paths.gpu_level),
            energy=energy * paths.power,
            facility=held * pay.standing_usd_per_month(),
        )

    def gpu_hours(self, paths: Paths) -> list[float]:
        """GPU-hours paid in every month of one path; owned ones count all hours."""
        hours = paths.each_month(self.plan.paid(paths).replica_hours)
        return [float(paid) for paid in hours * self.gpus_per_replica]

    def servers(self, pay: Purchase, replicas: FloatArray) -> FloatArray:
        """Whole servers; fractional ones, and one more at the upper bound, for an unrounded plan."""
        if not self.plan.fluid:
            regions = self.plan.regions  # servers are not shared between places
            return owned_servers(replicas / regions, pay.gpus_per_replica, pay.server.gpus_per_server) * regions
        extra = max(np.sign(self.plan.extra_replicas), 0.0) * self.plan.regions
        return np.asarray(replicas * pay.servers_per_replica + extra)

    def _with_fleet(self, bill: Bill, paid: Paid, paths: Paths) -> Bill:
        """The lines that every own fleet has."""
        stored = paid.replicas * self.storage_usd_per_replica_month + paid.starts * self.pull_usd_per_start
        watched = paid.replicas * self.monitoring_usd_per_replica_month
        return replace(
            bill,
            facility=bill.facility
            + (stored if self.storage_usd_per_replica_month or self.pull_usd_per_start else NOTHING),
            people=self.fixed.people(paths),
            tuning=self.fixed.tuning(paths),
            other=self.fixed.other() + (watched if self.monitoring_usd_per_replica_month else NOTHING),
        )

    def breakpoints(self, paths: Paths, low: float, high: float) -> FloatArray:
        """Multipliers in (low, high] at which a replica is added; `paths` at multiplier 1."""
        return self.plan.steps(self._factors(paths), low, high)

    def count(self, paths: Paths, low: float, high: float) -> float:
        """At least the number of them."""
        return self.plan.step_count(self._factors(paths), low, high)

    def staircase(self, paths: Paths) -> Staircase | None:
        """BE-2 in closed form, NPV over the multiplier; None when months differ or replicas make no plain stair."""
        plan, pay = self.plan, self.pay
        alike = all(path.shape[-1] == 1 for path in (paths.volume, paths.gpu_path, paths.throughput))
        plain = (
            isinstance(pay, Rental) and pay.term_months is None and plan.scaling != "autoscale" and plan.regions == 1
        )
        if not (alike and plain):
            return None
        none = replace(self, plan=plan.unrounded(-1)).bill(replace(paths, volume=paths.volume * 0.0))
        one = replace(self, plan=replace(plan, fluid=True, extra_replicas=1.0)).bill(
            replace(paths, volume=paths.volume * 0.0)
        )
        fixed = float(none.npv_usd(paths))
        return Staircase(
            fixed=fixed,
            unit=float(one.npv_usd(paths)) - fixed,
            kappa=1 / (plan.peak_need * float(np.squeeze(self._factors(paths)))),
            min_replicas=plan.min_replicas,
            spare_replicas=plan.spare_replicas,
            replica_step=plan.replica_step,
        )

    def _factors(self, paths: Paths) -> FloatArray:
        peak = 1.0 if self.plan.scaling == "autoscale" else paths.peak
        return np.unique(self.plan.level(paths) * peak)

    def asymptote(self, paths: Paths) -> Asymptote:
        """Between a fleet of fractional replicas and one with a rounding, the spares and the minimum too many."""
        none = replace(paths, volume=paths.volume * 0.0)
        low, high = (replace(self, plan=self.plan.unrounded(side)) for side in (-1, 1))
        at_none = [float(cost.bill(none).npv_usd(paths)) for cost in (low, high)]
        slope = float(low.bill(paths).npv_usd(paths)) - at_none[0]
        return Asymptote(slope, at_none[0], at_none[1], 0.0)


def rented_cost(option: RentedOption, facts: RentedFacts, scenario: Scenario) -> SelfHostedCost:
    """RNT-1, RNT-2 or RNT-3 on the fleet of CAP-5."""
    usd_per_gpu_hour = effective_usd_per_gpu_hour(option, facts.usd_per_gpu_hour, scenario)
    reserved = option.term == "reserved"
    pay = Rental(
        usd_per_replica_hour=usd_per_gpu_hour * option.gpus_per_replica,
        term_months=option.term_months if reserved else None,
        upfront_fraction=option.upfront_fraction if reserved else 0.0,
    )
    return _self_hosted(option, fleet_plan(option, facts.replica, scenario), pay, facts.replica.weight_gib, scenario)


def effective_usd_per_gpu_hour(option: RentedOption, listed: float, scenario: Scenario) -> float:
    """RNT-3 for spot, with what interruptions cost; the listed price otherwise."""
    if option.term != "spot" or option.spot is None:
        return listed
    terms = option.spot
    rate = interruptions_per_hour(terms.monthly_interruption_fraction, CALENDARS[scenario.calendar].hours_per_month)
    fallback = float(terms.fallback_usd_per_gpu_hour)
    effective = float(spot_usd_per_hour(listed, fallback, rate, terms.outage_hours, terms.paid_hours))
    return effective if fallback else effective / float(spot_availability(rate, terms.outage_hours))


def owned_cost(option: OwnedOption, facts: OwnedFacts, scenario: Scenario) -> SelfHostedCost:
    """OWN-1 to OWN-3 on the fleet of CAP-5; a server does not scale down."""
    plan = replace(fleet_plan(option, facts.replica, scenario), scaling="static")
    pay = Purchase(option.server, option.gpus_per_replica)
    return _self_hosted(option, plan, pay, facts.replica.weight_gib, scenario)


def _self_hosted(
    option: SelfHosted, plan: FleetPlan, pay: Rental | Purchase, weight_gib: float, scenario: Scenario
) -> SelfHostedCost:
    weight_gb = weight_gib * GIB_BYTES / GB_BYTES
    return SelfHostedCost(
        fixed=fixed_costs(option.operations, scenario, option.tuning),
        plan=plan,
        pay=pay,
        gpus_per_replica=option.gpus_per_replica,
        storage_usd_per_replica_month=float(storage_usd_per_month(weight_gb, option.storage_usd_per_gb_month, 1)),
        pull_usd_per_start=float(model_pull_usd(weight_gb, option.pull_usd_per_gb)),
        monitoring_usd_per_replica_month=option.operations.monitoring_usd_per_gpu_month * option.gpus_per_replica,
    )
