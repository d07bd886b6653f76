"""OPS-1 to OPS-4: the people and other costs of an option, on both sides of the comparison."""

from __future__ import annotations

from planner.domain.operations import Operations
from planner.units import MONTHS_PER_YEAR


def one_off_usd(operations: Operations, staff_usd_per_hour: float) -> float:
    """OPS-1: setup and ramp-up hours x rate, plus other one-off cost, before the first month."""
    return (operations.setup_hours + operations.ramp_up_hours) * staff_usd_per_hour + operations.other_one_off_usd


def staff_usd_per_month(operations: Operations, fte_usd_per_year: float) -> float:
    """OPS-2: the share of engineers that running it keeps busy."""
    return operations.fte_fraction * fte_usd_per_year / MONTHS_PER_YEAR


def routine_usd_per_month(operations: Operations, staff_usd_per_hour: float) -> float:
    """OPS-3: updates and evaluations a year x hours of each x rate / 12."""
    updates = operations.updates_per_year * operations.hours_per_update
    evaluations = operations.evaluations_per_year * operations.hours_per_evaluation
    return (updates + evaluations) * staff_usd_per_hour / MONTHS_PER_YEAR


def standing_usd_per_month(operations: Operations) -> float:
    """OPS-4: support, compliance and the rest; monitoring per GPU is counted with the fleet."""
    yearly = operations.compliance_usd_per_year / MONTHS_PER_YEAR
    return operations.support_usd_per_month + yearly + operations.other_usd_per_month
