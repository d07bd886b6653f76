"""Actual against plan as values. Amounts are US dollars; positive means over plan."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from planner.domain.base import LongText, ShortText, Usd, UsdSmall, Value

RUN_MATURITY_FRACTION = 0.12
"""Highest difference, as a share of actual spend, that the FinOps Foundation sees in mature ("Run") organisations."""
RUN_MATURITY_SOURCE = "FinOps Foundation, FinOps Framework, capability Forecasting"
RUN_MATURITY_URL = "https://www.finops.org/framework/capabilities/forecasting/"


class Side(Value):
    """Plan or actual of one month, for the same days."""

    requests: float | None = Field(description="Requests; empty when they are not counted.")
    tokens: float = Field(description="Prompt and output tokens.")
    usd: Usd | None = Field(description="Cost; empty when it is not known.")
    usd_per_mtok: UsdSmall | None = Field(description="Cost per 1M tokens of this mix; empty without tokens or cost.")
    input_to_output: float | None = Field(description="Prompt tokens per output token; empty without output.")
    cached_fraction: float | None = Field(description="Share of prompt tokens read from a cache; empty: not planned.")


class Effects(Value):
    """A difference of cost taken apart; the parts add up to it to the cent."""

    total_usd: Decimal = Field(description="Actual minus plan.")
    volume_usd: Decimal = Field(description="More or fewer tokens, at the plan's mix and prices.")
    mix_usd: Decimal = Field(description="Other kinds and classes of tokens, at the plan's prices.")
    price_usd: Decimal = Field(description="Another cost for the same tokens.")
    rounding_usd: Decimal = Field(description="What rounding the parts to the cent leaves over.")


class ClassEffects(Value):
    """What one class adds to a month's difference; not rounded."""

    month: ShortText = Field(description="YYYY-MM, UTC.")
    label: LongText = Field(description="Class of the plan.")
    plan_tokens: float = Field(description="Tokens planned.")
    actual_tokens: float = Field(description="Tokens asked.")
    plan_usd: Usd = Field(description="Cost planned.")
    actual_usd: Usd | None = Field(description="Actual cost; empty when it is not known by class.")
    volume_usd: Usd = Field(description="As in the month.")
    mix_usd: Usd = Field(description="As in the month.")
    price_usd: Usd | None = Field(description="As in the month; empty when the cost is not known by class.")


class VarianceMonth(Value):
    """One calendar month of the log against the same days of the plan."""

    month: ShortText = Field(description="YYYY-MM, UTC.")
    days: float = Field(description="Days compared: covered by the log and by the plan.")
    days_in_month: int = Field(description="Days that the month has.")
    plan: Side | None = Field(description="The plan for these days; empty when there is none.")
    actual: Side | None = Field(description="What the log says; empty when it says nothing of these days.")
    effects: Effects | None = Field(description="Of the difference in cost; empty when either cost is missing.")
    accuracy_fraction: float | None = Field(description="|plan - actual| / actual cost; empty without an actual cost.")
    words: tuple[LongText, ...] = Field((), description="What is missing or out of the ordinary.")


class Variance(Value):
    """A plan and a log, month by month."""

    plan: LongText = Field(description="The option that was planned.")
    what: LongText = Field(description="Which costs are compared.")
    cost_from: LongText = Field(description="Where the actual cost comes from.")
    by_class: bool = Field(description="Whether the mix is by class too, or by kind of token alone.")
    months: tuple[VarianceMonth, ...] = Field(description="Calendar months of the log.")
    classes: tuple[ClassEffects, ...] = Field((), description="Class by class.")
    effects: Effects | None = Field(description="Sum of the months that have both sides.")
    accuracy_fraction: float | None = Field(description="Sum of |plan - actual| over sum of actual cost, by month.")
    notes: tuple[LongText, ...] = Field((), description="How it was compared.")

    @property
    def accurate(self) -> bool | None:
        """Whether the plan was as near as mature organisations come; None when it cannot be said."""
        return None if self.accuracy_fraction is None else self.accuracy_fraction <= RUN_MATURITY_FRACTION
