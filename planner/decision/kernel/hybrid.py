"""A hybrid option: an own fleet for the base load, a per-token option for what it cannot take, or answers badly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.capacity.fleet import ReplicaRate, mean_load
from planner.cost.owned import energy_usd_per_month
from planner.decision.kernel.base_load import BaseLoad
from planner.decision.kernel.bill import COMPONENTS, Bill
from planner.decision.kernel.drivers import Paths
from planner.decision.kernel.fleet import replica_rate
from planner.decision.kernel.per_token import PerTokenCost
from planner.decision.kernel.self_hosted import Purchase, SelfHostedCost
from planner.decision.kernel.vintages import vintages
from planner.domain.facts import ReplicaFacts
from planner.domain.options import HybridOption, SelfHosted
from planner.domain.scenario import Scenario
from planner.units import FloatArray, ceil_tol
from planner.workload.demand import ClassArrays, class_arrays

MOST_TRIED = 129
"""Sizes of a fleet that are tried one by one where the overflow has discounts or a commitment; larger ones in steps."""


class SlicePrice(NamedTuple):
    """A slice kept for the whole horizon: before month 1, shape S, and in every month, S + (M or 1,)."""

    upfront_usd: FloatArray
    gpu_usd: FloatArray
    energy_usd: FloatArray
    facility_usd: FloatArray
    other_usd: FloatArray
    usd_per_hour_of_work: FloatArray

    @property
    def monthly_usd(self) -> FloatArray:
        """All of a month but the work."""
        return np.asarray(self.gpu_usd + self.energy_usd + self.facility_usd + self.other_usd)


class Split(NamedTuple):
    """Who does the work of each month, S + (M or 1,)."""

    replicas: FloatArray
    in_house_fraction: FloatArray


@dataclass(frozen=True)
class HybridCost:
    """The own fleet and the per-token option as costed alone, and how they share the work."""

    base: SelfHostedCost
    overflow: PerTokenCost
    load: BaseLoad
    order: tuple[int, ...]
    """Classes in order of service: private ones, then the dearest elsewhere."""
    private_share: float
    private_classes: int
    """How many of the first in that order are private."""
    availability: float
    slice_replicas: int
    fixed_slices: float | None
    escalated_fraction: float | None
    """cascade: the own fleet answers all, this share is asked again."""

    def bill(self, paths: Paths) -> Bill:
        """Both parts; with no own fleet its people are not paid either, and that is chosen when it is cheaper."""
        if self.escalated_fraction is not None:
            return self._cascade(paths, self.escalated_fraction)
        paths = paths.aligned()
        own = self._own(paths, self.slices(paths))
        alone = self.overflow.bill(paths)
        if self.fixed_slices is not None or self.private_share:
            return own
        worth = own.npv_usd(paths) < alone.npv_usd(paths)
        return _chosen(worth, own, alone)

    def _cascade(self, paths: Paths, escalated: float) -> Bill:
        """HYB-5: everything is tried here first."""
        own, other = self.base.bill(paths), self.overflow.bill(paths)
        asked = self.overflow.contract.billed_usd(paths.volume * escalated * (paths.api * self.overflow.list_usd))
        return replace(
            own,
            one_off_usd=own.one_off_usd + other.one_off_usd,
            tokens=asked,
            people=own.people + other.people,
            other=own.other + other.other,
        )

    def level(self, paths: Paths) -> FloatArray:
        """Mean load in slices."""
        return np.asarray(self.base.plan.level(paths) * self.base.plan.mean_need / self.slice_replicas)

    def least_slices(self, level: FloatArray, paths: Paths) -> FloatArray:
        """HYB-3: private classes never overflow; they need the fleet of CAP-5 by themselves, spares and regions too."""
        if not self.private_share:
            return np.zeros(np.broadcast_shapes(level.shape, (1,)))
        need = level * (self.slice_replicas * self.private_share * float(self.load.profile.max())) * paths.peak
        return np.asarray(ceil_tol(self.base.plan.replicas(need) / self.slice_replicas))

    def slices(self, paths: Paths) -> FloatArray:
        """The cheapest fleet of every month, or of the whole horizon when it is bought or reserved."""
        level = self.level(paths)
        least = self.least_slices(level, paths)
        if self.fixed_slices is not None:
            return np.maximum(least, self.fixed_slices)
        if not self.overflow.contract.plain:
            return self._by_trying(paths, least)
        price = self.slice_price(paths)
        if not self.committed:
            return self.load.best_slices(price.monthly_usd, self._saving(paths, price), level, least)
        total = (price.upfront_usd + paths.present_usd(price.monthly_usd)) / paths.annuity()
        least = np.max(least, axis=-1, keepdims=True)
        return self.load.best_slices(total[..., np.newaxis], self._saving(paths, price), level, least, paths.discount)

    def _by_trying(self, paths: Paths, least: FloatArray) -> FloatArray:
        """One fleet for the horizon, by the whole bill of each: discounts and commitments are anything but convex."""
        most = float(ceil_tol(np.max(self.level(paths)) * float(self.load.profile.max())))
        tried = np.unique(np.rint(np.linspace(0, max(most, float(least.max())), min(int(most) + 1, MOST_TRIED))))
        smallest = np.max(least, axis=-1, keepdims=True)
        best, lowest = smallest, np.full(paths.volume.shape[:-1], np.inf)
        for number in tried.tolist():
            slices = np.maximum(number, smallest)
            npv = self._own(paths, slices).npv_usd(paths)
            best = np.where((npv < lowest)[..., np.newaxis], slices, best)
            lowest = np.minimum(lowest, npv)
        return np.asarray(best)

    @property
    def committed(self) -> bool:
        """The fleet cannot shrink from month to month."""
        return isinstance(self.base.pay, Purchase) or self.base.pay.term_months is not None

    def slice_price(self, paths: Paths) -> SlicePrice:
        """Price of one slice kept over the horizon, and of an hour of its work."""
        pay, plan, zero = self.base.pay, self.base.plan, np.zeros(1)
        stored = np.full(1, self.base.storage_usd_per_replica_month * self.slice_replicas)
        watched = np.full(1, self.base.monitoring_usd_per_replica_month * self.slice_replicas)
        if isinstance(pay, Purchase):
            server, servers = pay.server, self.slice_replicas * pay.servers_per_replica
            taken = vintages(np.ones(1), paths.gpu, paths.months, server.life_months, liable=False)

            def energy(kw: float) -> FloatArray:
                usd = energy_usd_per_month(kw, server.pue_ratio, server.electricity_usd_per_kwh, plan.hours)
                return np.asarray(usd * servers * paths.power)

            busy_at_full = plan.mean_load / plan.mean_need
            return SlicePrice(
                np.zeros(()),
                taken.monthly * pay.annuity_usd_per_month(paths.discount_rate) * servers,
                energy(server.idle_kw),
                stored + pay.standing_usd_per_month() * servers,
                watched,
                energy((server.max_kw - server.idle_kw) * busy_at_full) / plan.hours,
            )
        month_usd = pay.usd_per_replica_hour * self.slice_replicas * plan.hours
        if pay.term_months is None:
            return SlicePrice(np.zeros(()), month_usd * paths.gpu, zero, stored, watched, zero)
        taken = vintages(
            np.ones(1), paths.gpu, paths.months, pay.term_months, upfront_fraction=pay.upfront_fraction, liable=True
        )
        return SlicePrice(taken.upfront * month_usd, taken.monthly * month_usd, zero, stored, watched, zero)

    def overflow_usd_per_hour(self, paths: Paths) -> FloatArray:
        """API price of one slice-hour of each class's work, in order of service, (classes,) + S + (M or 1,).

        Capacity answers `throughput` times more work in an hour when it is faster, so the hour is worth more.
        """
        list_usd = self.overflow.list_usd_by_class[list(self.order)] * self.overflow.attempts
        hours = self.load.shares[:, np.newaxis] * self.load.hours * self.base.plan.mean_need / self.slice_replicas
        per_hour = np.divide(list_usd, hours, out=np.zeros_like(list_usd + hours), where=hours > 0)
        shaped = per_hour.reshape(per_hour.shape[0], *(1,) * (np.ndim(paths.volume) - 1), per_hour.shape[1])
        return np.asarray(shaped * (paths.api * paths.throughput * self.base.plan.spread(paths)))

    def _saving(self, paths: Paths, price: SlicePrice) -> FloatArray:
        """What an hour of own work saves, never less than nothing: such work is left to the API."""
        saving = (self.overflow_usd_per_hour(paths) - price.usd_per_hour_of_work) * self.availability
        return np.asarray(np.maximum(saving, 0.0))

    def served(self, paths: Paths, slices: FloatArray) -> FloatArray:
        """Slice-hours a month done in house, by class in order of service."""
        served = self.load.served_hours(np.asarray(slices), self.level(paths))
        first = np.arange(served.shape[0]) < self.private_classes
        private = first.reshape(-1, *(1,) * (served.ndim - 1))
        worth = self._saving(paths, self.slice_price(paths)) > 0
        return np.asarray(np.where(private, served, np.where(worth, served * self.availability, 0.0)))

    def _own(self, paths: Paths, slices: FloatArray) -> Bill:
        price, level = self.slice_price(paths), self.level(paths)
        served = self.served(paths, slices)
        shares = self.load.shares.reshape(-1, *(1,) * (served.ndim - 1))
        rest = np.maximum(shares * level * self.load.hours - served, 0.0)
        spent = np.sum(rest * self.overflow_usd_per_hour(paths), axis=0)
        fixed, other = self.base.fixed, self.overflow.fixed
        return Bill(
            one_off_usd=fixed.one_off_usd + other.one_off_usd + np.max(slices, axis=-1) * price.upfront_usd,
            tokens=self.overflow.contract.billed_usd(spent),
            gpu=slices * price.gpu_usd,
            energy=slices * price.energy_usd + np.sum(served, axis=0) * price.usd_per_hour_of_work,
            facility=slices * price.facility_usd,
            people=fixed.people(paths) + other.people(paths),
            tuning=fixed.tuning(paths),
            other=fixed.other() + other.other() + slices * price.other_usd,
        )

    def split(self, paths: Paths) -> Split:
        """Replicas and the share of the work done in house, month by month, of the bill's choice."""
        if self.escalated_fraction is not None:
            return Split(self.base.plan.paid(paths).replicas, np.ones(1))
        paths = paths.aligned()
        slices = self.slices(paths)
        work = self.level(paths) * self.load.hours
        served = np.sum(self.served(paths, slices), axis=0)
        share = np.divide(served, work, out=np.zeros_like(served), where=work > 0)
        keep = self.fixed_slices is not None or self.private_share > 0
        worth = keep or self._own(paths, slices).npv_usd(paths) < self.overflow.bill(paths).npv_usd(paths)
        chosen = np.asarray(worth)[..., np.newaxis]
        return Split(np.where(chosen, slices * self.slice_replicas, 0.0), np.where(chosen, share, 0.0))


def _chosen(own: NDArray[np.bool_], first: Bill, second: Bill) -> Bill:
    """The first bill where `own`, else the second; component by component."""
    month = np.asarray(own)[..., np.newaxis]
    return Bill(
        np.where(own, first.one_off_usd, second.one_off_usd),
        *(np.where(month, getattr(first, name), getattr(second, name)) for name in COMPONENTS),
    )


def hybrid_cost(
    option: HybridOption,
    own: SelfHosted,
    replica: ReplicaFacts,
    base: SelfHostedCost,
    overflow: PerTokenCost,
    scenario: Scenario,
) -> HybridCost:
    """HYB-1 to HYB-5 over two options costed alone. Every class keeps its share of the work over time."""
    arrays = class_arrays(scenario.workload).in_tokens_of(own.input_token_ratio, own.output_token_ratio)
    rate = replica_rate(own, replica)
    work = np.array([_class_work(index, arrays, own, rate) for index in range(len(scenario.workload.classes))])
    shares = work / work.sum() if work.sum() > 0 else np.full(work.size, 1 / work.size)
    private = np.array([task.private for task in scenario.workload.classes])
    value = overflow.list_usd_by_class.mean(axis=-1) / np.where(work > 0, work, np.inf)
    order = np.lexsort((-value, ~private))
    step = _slice_replicas(base)
    return HybridCost(
        base=base,
        overflow=overflow,
        load=BaseLoad(base.plan.profile, shares[order], base.plan.hours),
        order=tuple(order.tolist()),
        private_share=float(shares[private].sum()),
        private_classes=int(private.sum()),
        availability=own.replica_availability_fraction,
        slice_replicas=step,
        fixed_slices=None if option.base_replicas is None else float(np.ceil(option.base_replicas / step)),
        escalated_fraction=option.escalated_fraction if option.mode == "cascade" else None,
    )


def _class_work(index: int, arrays: ClassArrays, own: SelfHosted, rate: ReplicaRate) -> float:
    one = ClassArrays(*(values[index : index + 1] for values in arrays))
    return mean_load(one, own.prefix_cache_hit_fraction, rate)


def _slice_replicas(base: SelfHostedCost) -> int:
    """Replicas that come together: a server's, or a rentable step's."""
    if isinstance(base.pay, Purchase):
        return max(1, base.pay.server.gpus_per_server // base.pay.gpus_per_replica)
    return base.plan.replica_step
