"""What the Hybrid page shows of one own fleet and one per-token option together.

Capacity comes in slices: a replica, or the replicas that are rented or bought together. Curves are those of month 1;
money is levelised USD a month over the horizon, NPV / annuity, as in the verdict.
"""

from __future__ import annotations

from typing import NamedTuple

from planner.domain.options import PER_TOKEN_KINDS, SELF_HOST_KINDS
from planner.domain.result import Result
from planner.units import FloatArray


class Parts(NamedTuple):
    """What a hybrid can be made of: (option_id, label) of options with a cost, cheapest first."""

    own: tuple[tuple[str, str], ...]
    per_token: tuple[tuple[str, str], ...]


class ClassValue(NamedTuple):
    """HYB-2: what an hour of a slice saves when it serves this class; in order of service."""

    label: str
    private: bool
    work_fraction: float
    """Of all work."""
    api_usd_per_hour: float
    own_usd_per_hour: float
    """Cost of the work itself: electricity of busy machines."""
    threshold_hours: float | None
    """Hours of use a month above which a slice for this class alone is worth owning; None when it never is."""


class Slice(NamedTuple):
    """HYB-1: one more slice of capacity in month 1."""

    number: int
    hours: float
    """Hours of the month it works, E_j."""
    capacity_factor: float
    api_usd: float
    """What the per-token option would charge for that work."""
    own_usd: float
    """What the slice costs: its price, and the work done in it."""
    owned: bool
    """Whether the cheapest hybrid has it."""

    @property
    def worth_it(self) -> bool:
        """HYB-1: it saves more than it costs, people and one-off cost aside."""
        return self.api_usd > self.own_usd * (1 + 1e-9)


class FleetCost(NamedTuple):
    """The hybrid with this many slices in every month of the horizon."""

    slices: int
    usd_per_month: float
    in_house_fraction: float


class HybridView(NamedTuple):
    """Everything that the page shows."""

    base_id: str
    overflow_id: str
    base_label: str
    overflow_label: str
    slice_replicas: int
    hours_per_month: float
    levels: FloatArray
    """Load-duration curve of month 1: load in slices, highest first,"""
    at_least_hours: FloatArray
    """and the hours of a month at that load or above."""
    slice_usd: float
    """A slice kept for a month, f."""
    classes: tuple[ClassValue, ...]
    slices: tuple[Slice, ...]
    fleets: tuple[FleetCost, ...]
    best_slices: int
    """Of month 1 in the cheapest hybrid; 0 = everything per token."""
    screened_slices: int
    """Of month 1 by hours of use alone, before people and one-off cost of an own fleet are counted."""
    standing_usd: float
    """What having an own fleet of any size adds: people, tuning, one-off cost, levelised."""
    last_slices: int
    """Of the last month."""
    least_slices: int
    """Private classes need these (HYB-3)."""
    hybrid_usd: float
    pure_api_usd: float | None
    """None when private classes must not leave the house."""
    pure_own_usd: float
    pure_own_replicas: int
    spare_replicas: int
    in_house_fraction: float
    """Share of the work of month 1."""
    capacity_factor: float | None
    """Hours worked over hours paid of the own part in month 1; None without one."""
    availability: float
    profile_typed: bool
    months_alike: bool
    cascade_break_even: float | None
    """HYB-5: the escalated share below which asking the own model first pays; None when none does."""


def parts(result: Result) -> Parts:
    """Self-hosted and per-token options that have a cost: eligible ones first, each from the lowest NPV."""

    def side(kinds: frozenset[str]) -> tuple[tuple[str, str], ...]:
        priced = [(o.status != "ok", o.npv_usd, o.option_id, o.label) for o in result.options if o.kind in kinds]
        known = [(out, npv, name, label) for out, npv, name, label in priced if npv is not None]
        return tuple((name, label) for _, _, name, label in sorted(known))

    return Parts(side(SELF_HOST_KINDS), side(PER_TOKEN_KINDS))
