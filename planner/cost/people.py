"""OPS-1, OPS-2 and OPS-4: the people and other costs of an option, on both sides of the comparison."""

from __future__ import annotations

from planner.domain.options import Operations
from planner.units import MONTHS_PER_YEAR


def one_off_usd(operations: Operations, staff_usd_per_hour: float) -> float:
    """OPS-1: setup hours x rate, plus other one-off cost, before the first month."""
    return operations.setup_hours * staff_usd_per_hour + operations.other_one_off_usd


def staff_usd_per_month(operations: Operations, fte_usd_per_year: float) -> float:
    """OPS-2: the share of engineers that running it keeps busy."""
    return operations.fte_fraction * fte_usd_per_year / MONTHS_PER_YEAR
