"""How volume and prices move, in the sidebar."""

from __future__ import annotations

from planner.domain.timeline import GrowthShape
from planner.web import fields
from planner.web.forms import Line, form, panel
from planner.web.state import Draft, PathKey

TIMELINE: PathKey = ("timeline",)
GROWTH: PathKey = ("timeline", "growth")
SHAPES: dict[GrowthShape, str] = {
    "constant": "stays as it is",
    "linear": "grows evenly (linear)",
    "compound": "grows by a share (compound)",
    "s_curve": "S-curve up to a ceiling",
    "launch": "starts at a launch",
}
_PER_MONTH = (Line("per_month", "Growth (share a month; 0.02 = 2 %)", 0.01),)
BY_SHAPE: dict[GrowthShape, tuple[Line, ...]] = {
    "constant": (),
    "linear": _PER_MONTH,
    "compound": _PER_MONTH,
    "s_curve": (
        Line("ceiling_ratio", "Volume at the end (times today's)", 0.5),
        Line("steepness_per_month", "Steepness (per month)", 0.05),
        Line("midpoint_month", "Half of the final volume in month"),
    ),
    "launch": (
        Line("launch_month", "First month at the full volume"),
        Line("before_fraction", "Volume before that (share)", 0.05),
    ),
}
BASES = {"model_constant": "for the same model", "quality_constant": "for the same quality"}
PRICES = (
    Line("api_price_decline_per_year", "Per-token prices fall by (share a year; below 0 = they rise)", 0.05),
    Line("price_basis", "That fall of per-token prices is", words=BASES),
    Line("gpu_price_decline_per_year", "GPU prices fall by (share a year)", 0.05),
    Line("power_price_decline_per_year", "Electricity price falls by (share a year)", 0.05),
    Line("wage_growth_per_year", "Wages grow by (share a year)", 0.01),
    Line("efficiency_gain_per_refresh", "Own throughput gained at a refresh (share)", 0.05),
    Line("refresh_every_months", "Between refreshes (months)"),
    Line("discount_rate_per_year", "Discount rate (share a year; 0.1 = 10 %)", 0.01),
)


def timeline_inputs(current: Draft) -> None:
    """Growth by its shape, then the price paths of both sides."""
    with panel("Growth and prices over time", "timeline") as is_open:
        if is_open:
            fields.choice("Volume", (*GROWTH, "shape"), list(SHAPES), show=SHAPES.__getitem__)
            form(GROWTH, BY_SHAPE[current.scenario.timeline.growth.shape])
            form(TIMELINE, PRICES)
            fields.problem(TIMELINE)
