"""Per-token options (API-1 to API-5, API-8, HST-1): a price a month of the horizon, and what contracts make of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from planner.cost.api import cache_hit_probability, request_usd
from planner.cost.billing import committed_usd, graduated_usd, slab_usd
from planner.decision.kernel.bill import Bill, Fixed, fixed_costs
from planner.decision.kernel.drivers import Paths
from planner.decision.piecewise import Asymptote
from planner.domain.facts import PerTokenFacts
from planner.domain.options import PerTokenOption
from planner.domain.scenario import Scenario
from planner.units import CALENDARS, MTOK, SECONDS_PER_DAY, FloatArray
from planner.workload.demand import ClassArrays, class_arrays


@dataclass(frozen=True)
class Contract:
    """API-4 and API-5: what list spend becomes on the bill."""

    above_usd: FloatArray
    discount_fraction: FloatArray
    slab: bool
    commitment_usd: float
    commitment_discount_fraction: float

    @property
    def plain(self) -> bool:
        """Bill = list."""
        return self.above_usd.size == 0 and not self.commitment_usd and not self.commitment_discount_fraction

    def billed_usd(self, list_usd: FloatArray) -> FloatArray:
        """The month's bill, shape of `list_usd`."""
        if self.plain:
            return list_usd
        tiers = slab_usd if self.slab else graduated_usd
        used = tiers(list_usd, self.above_usd, self.discount_fraction) if self.above_usd.size else list_usd
        return committed_usd(used, self.commitment_usd, self.commitment_discount_fraction)

    def thresholds_usd(self) -> FloatArray:
        """List spend at which the slope or level of the bill changes."""
        return np.concatenate([self.above_usd, self._commitment_reached()])

    def _commitment_reached(self) -> FloatArray:
        """List spend at which the bill exceeds the commitment: one in each tier where it can."""
        if not self.commitment_usd:
            return np.empty(0)
        target = self.commitment_usd / (1 - self.commitment_discount_fraction)
        edges = np.concatenate([[0.0], self.above_usd])
        cut = np.concatenate([[0.0], self.discount_fraction])
        levels = (slab_usd if self.slab else graduated_usd)(edges, self.above_usd, self.discount_fraction)
        starts = edges * (1 - cut) if self.slab else levels
        return np.asarray(edges + (target - starts) / (1 - cut))

    @property
    def last_share(self) -> float:
        """Share of list paid for the last dollar of a very large bill."""
        tiers = 1 - float(self.discount_fraction[-1]) if self.discount_fraction.size else 1.0
        return tiers * (1 - self.commitment_discount_fraction)


@dataclass(frozen=True)
class PerTokenCost:
    """List price of a month at multiplier 1, shape (M or 1,), by class (classes, M or 1)."""

    fixed: Fixed
    list_usd_by_class: FloatArray
    contract: Contract
    attempts: float
    """Requests sent for one usable answer."""

    @property
    def list_usd(self) -> FloatArray:
        """All classes, shape (M or 1,)."""
        return np.asarray(self.list_usd_by_class.sum(axis=0) * self.attempts)

    def bill(self, paths: Paths) -> Bill:
        """Per-token charges along the volume and price paths, and people."""
        return Bill(
            one_off_usd=np.asarray(self.fixed.one_off_usd),
            tokens=self.contract.billed_usd(paths.volume * (paths.api * self.list_usd)),
            people=self.fixed.people(paths),
            other=self.fixed.other(),
        )

    def breakpoints(self, paths: Paths, low: float, high: float) -> FloatArray:
        """Multipliers in (low, high] where a month's bill changes slope; `paths` at multiplier 1."""
        spend = paths.volume * (paths.api * self.list_usd)
        marks = self.contract.thresholds_usd()
        found = (marks[:, np.newaxis] / spend[spend > 0]).ravel()
        return np.unique(found[(found > low) & (found <= high)])

    def count(self, paths: Paths, low: float, high: float) -> float:
        """At least the number of them."""
        return float(self.contract.thresholds_usd().size * paths.months)

    def asymptote(self, paths: Paths) -> Asymptote:
        """Straight beyond the last threshold."""
        slope = float(paths.present_usd(paths.volume * (paths.api * self.list_usd))) * self.contract.last_share
        marks = self.breakpoints(paths, 0, np.inf)
        start = float(marks.max()) * (1 + 1e-9) if marks.size else 0.0
        at = max(start, 1.0) * 2
        scaled = replace(paths, volume=paths.volume * at)
        offset = float(self.bill(scaled).npv_usd(paths)) - slope * at
        return Asymptote(slope, offset, offset, start)


def per_token_cost(option: PerTokenOption, facts: PerTokenFacts, scenario: Scenario) -> PerTokenCost:
    """API-1 for one average request of each class, times the requests of a month, for each month's price."""
    arrays = cached_arrays(option, scenario)
    requests = arrays.requests_per_day * CALENDARS[scenario.calendar].days_per_month
    reasoning_tokens = [c.reasoning_tokens * option.output_token_ratio for c in scenario.workload.classes]
    rows = list(zip(requests, *arrays[1:], reasoning_tokens, strict=True))
    by_period = np.array(
        [
            [
                n
                * request_usd(
                    period.prices,
                    fresh=fresh,
                    cached=cached,
                    write=write,
                    generated=generated,
                    reasoning=reasoning,
                    batch_fraction=batch,
                    cache_life=option.cache_write_ttl,
                )
                for n, fresh, cached, write, generated, batch, reasoning in rows
            ]
            for period in facts.periods
        ]
    ).T
    fixed = fixed_costs(option.operations, scenario)
    starts = np.array([period.from_month for period in facts.periods])
    index = np.searchsorted(starts, np.arange(1, scenario.horizon_months + 1), side="right") - 1
    return PerTokenCost(
        fixed=replace(fixed, other_usd=fixed.other_usd + _cache_storage_usd(option, scenario)),
        list_usd_by_class=by_period[:, index] if len(facts.periods) > 1 else by_period,
        contract=contract_of(option),
        attempts=1 / option.success_fraction,
    )


def contract_of(option: PerTokenOption) -> Contract:
    """The option's volume discounts and commitment."""
    return Contract(
        above_usd=np.array([float(tier.above_usd_per_month) for tier in option.spend_tiers]),
        discount_fraction=np.array([tier.discount_fraction for tier in option.spend_tiers]),
        slab=option.spend_tier_mode == "slab",
        commitment_usd=option.commitment_usd_per_month,
        commitment_discount_fraction=option.commitment_discount_fraction,
    )


def cached_arrays(option: PerTokenOption, scenario: Scenario) -> ClassArrays:
    """The classes in this option's tokens (API-8); with a cache life, reads and writes follow from the rate (API-2).

    Hits are computed at the scenario's own volume and held there when volume is varied: the mix stays constant.
    """
    arrays = class_arrays(scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)
    if option.cache_ttl_s is None:
        return arrays
    per_s = arrays.requests_per_day * scenario.workload.volume_multiplier / SECONDS_PER_DAY / option.prefixes
    hit = cache_hit_probability(per_s, option.cache_ttl_s)
    prefix = arrays.cached_tokens + arrays.write_tokens
    return arrays._replace(cached_tokens=hit * prefix, write_tokens=(1 - hit) * prefix)


def _cache_storage_usd(option: PerTokenOption, scenario: Scenario) -> float:
    """API-2: storage of explicit caches a month; paid whatever the number of requests."""
    arrays = class_arrays(scenario.workload)
    prefix_mtok = float(np.sum(arrays.cached_tokens + arrays.write_tokens)) * option.input_token_ratio / MTOK
    hours = CALENDARS[scenario.calendar].hours_per_month
    return prefix_mtok * option.prefixes * option.cache_storage_usd_per_mtok_hour * hours
