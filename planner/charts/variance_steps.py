"""From the plan of some months to their actual cost: volume, mix and price, one bar each."""

from __future__ import annotations

from planner.charts.frame import Figure
from planner.charts.palette import BLUE, GREEN, SKY, VERMILION, Theme
from planner.charts.waterfall import Bar, bars_chart
from planner.decision.variance_values import Variance
from planner.format import MINUS, usd

FILLS = {"Plan": SKY, "Over plan": VERMILION, "Under plan": GREEN, "Actual": BLUE}
"""Fills; what a bar is can be read from its sign and name too."""
HALF_CENT = 0.005
EFFECTS = (("Volume", "volume_usd"), ("Mix", "mix_usd"), ("Price", "price_usd"))


def variance_steps(found: Variance) -> tuple[Bar, ...]:
    """The months that have both sides, added up; empty when there is none, or when credits take a bar below 0."""
    effects = found.effects
    if effects is None:
        return ()
    both = [month.plan for month in found.months if month.effects is not None and month.plan is not None]
    planned = sum(side.usd or 0.0 for side in both)
    bars = [Bar("Plan", "Plan", 0.0, planned, usd(planned))]
    for label, field in EFFECTS:
        bars.append(_step(label, bars[-1].end, float(getattr(effects, field))))
    actual = planned + float(effects.total_usd)
    bars.append(Bar("Actual", "Actual", 0.0, actual, usd(actual)))
    return tuple(bars) if min(bar.end for bar in bars) >= 0 else ()


def _step(label: str, start: float, change: float) -> Bar:
    sign = "+" if change > 0 else MINUS if change < 0 else ""
    kind = "Over plan" if change >= 0 else "Under plan"
    end = start + change
    return Bar(label, kind, start, 0.0 if abs(end) < HALF_CENT else end, f"{sign}{usd(abs(change))}")


def variance_steps_chart(found: Variance, *, theme: Theme = "light") -> Figure | None:
    """Each bar starts where the one before ends; None when there is nothing to draw."""
    bars = variance_steps(found)
    return bars_chart(bars, FILLS, "USD, days compared", "", theme=theme) if bars else None


def variance_steps_alt(found: Variance) -> str:
    """The chart in words."""
    told = "; ".join(f"{bar.label} {bar.text}" for bar in variance_steps(found))
    return f"Waterfall from plan to actual cost of {found.plan}. {told}."
