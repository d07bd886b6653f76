"""How volume and prices move over the horizon, and what later money is worth (TIME-1 to TIME-5)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from planner.domain.base import Value

GrowthShape = Literal["constant", "linear", "compound", "s_curve", "launch"]


class Growth(Value):
    """Volume of month m over the volume typed in (TIME-1)."""

    shape: GrowthShape = Field("constant", description="constant, linear, compound, s_curve or launch.")
    per_month: float = Field(0, ge=-0.9, le=10, description="linear and compound: growth a month, a share.")
    ceiling_ratio: float = Field(1, gt=0, le=1e6, description="s_curve: volume it ends at, times the typed volume.")
    steepness_per_month: float = Field(0.3, ge=0, le=20, description="s_curve: how steep.")
    midpoint_month: float = Field(12, ge=-600, le=600, description="s_curve: month of half the final volume.")
    launch_month: int = Field(1, ge=1, le=120, description="launch: first month at the full volume.")
    before_fraction: float = Field(0, ge=0, le=1, description="launch: share of the volume before that month.")


class Timeline(Value):
    """Price paths on both sides and the discount rate; all off but the last unless typed in."""

    growth: Growth = Field(Growth(), description="How volume moves.")
    api_price_decline_per_year: float = Field(0, ge=-5, lt=1, description="Per-token prices; negative = they rise.")
    gpu_price_decline_per_year: float = Field(0, ge=-5, lt=1, description="GPU rental and purchase prices.")
    power_price_decline_per_year: float = Field(0, ge=-5, lt=1, description="Electricity price.")
    wage_growth_per_year: float = Field(0, ge=-0.5, le=5, description="Staff cost.")
    price_basis: Literal["model_constant", "quality_constant"] = Field(
        "model_constant", description="What the API decline holds constant: the model, or its quality (TIME-3)."
    )
    efficiency_gain_per_refresh: float = Field(0, ge=0, le=100, description="Own throughput gained at each refresh.")
    refresh_every_months: int = Field(12, ge=1, le=120, description="Months between refreshes of the own model.")
    discount_rate_per_year: float = Field(
        0.1, ge=0, le=10, description="Cost of capital; 0 = later money counts fully."
    )

    @model_validator(mode="after")
    def _both_sides(self) -> Timeline:
        biased = self.price_basis == "quality_constant" and self.api_price_decline_per_year > 0
        if biased and self.efficiency_gain_per_refresh == 0:
            raise ValueError(
                "a quality-constant API decline needs efficiency_gain_per_refresh too (TIME-3): at constant quality "
                "your own model gets cheaper to run as well; give both, or use model_constant"
            )
        return self
