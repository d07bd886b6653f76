"""The money of an import, in three parts: each is computed when it is opened, and not before."""

from __future__ import annotations

from collections.abc import Callable

from planner.domain.usage import UsageProfile
from planner.web.usage_money_cost import cost_panel
from planner.web.usage_money_plan import plan_panel
from planner.web.usage_money_shares import shares_panel


def money_sections(profile: UsageProfile) -> dict[str, Callable[[], None]]:
    """Name of each part and what draws it."""
    return {
        "What it cost": lambda: cost_panel(profile),
        "Who pays": lambda: shares_panel(profile),
        "Against the plan": lambda: plan_panel(profile),
    }
