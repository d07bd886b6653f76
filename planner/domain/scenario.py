"""The one input document. Files, links, widgets and the store all hold exactly this."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from planner.domain.base import LongText, ShortText, Slug, Value
from planner.domain.currency import DisplayCurrency
from planner.domain.options import PER_TOKEN_KINDS, SELF_HOST_KINDS, HybridOption, Option, ProvisionedOption
from planner.domain.organisation import Organisation
from planner.domain.timeline import Timeline
from planner.domain.uncertainty import Uncertainty
from planner.domain.workload import LatencyTarget, Workload
from planner.units import CalendarName

SCHEMA_VERSION = 1


class Scenario(Value):
    """A question: this workload, these options, these assumptions, over this horizon."""

    schema_version: Literal[1] = Field(1, description="Version of this document's form.")
    name: ShortText = Field(min_length=1, description="Name of the scenario.")
    owner: ShortText = Field("", description="Who answers for its figures.")
    notes: LongText = Field("", description="Anything a reviewer should know.")
    calendar: CalendarName = Field("avg", description="avg: 730 h and 365/12 days a month; 30d: 720 h and 30 days.")
    horizon_months: int = Field(36, ge=1, le=120, description="Months compared.")
    staff_usd_per_hour: float = Field(100, ge=0, le=1e5, description="Engineering hour for one-off work, USD.")
    fte_usd_per_year: float = Field(190_372, ge=0, le=1e8, description="One engineer a year, loaded, USD.")
    tie_band_fraction: float = Field(0.05, ge=0, le=1, description="Options this close count as a tie (DEC-2).")
    currency: DisplayCurrency | None = Field(
        None, description="Currency that amounts are shown in, at the rate of one day; US dollars when empty."
    )
    organisation: Organisation = Field(Organisation(), description="Who uses the models: what licences ask for.")
    workload: Workload = Field(description="What is asked of the model.")
    latency: LatencyTarget = Field(LatencyTarget(), description="The latency target.")
    soft_weights: dict[Slug, Annotated[float, Field(ge=0, le=1000)]] = Field(
        default_factory=dict, max_length=20, description="Soft criteria and their weights; shown, never in dollars."
    )
    uncertainty: Uncertainty | None = Field(None, description="Ranges of the drivers; the assumed ones when empty.")
    timeline: Timeline = Field(Timeline(), description="How volume and prices move; what later money is worth.")
    options: tuple[Option, ...] = Field(min_length=1, max_length=20, description="The options to compare.")

    @model_validator(mode="after")
    def _unique(self) -> Scenario:
        for what, ids in (
            ("option_id", [o.option_id for o in self.options]),
            ("class_id", [c.class_id for c in self.workload.classes]),
        ):
            twice = sorted({i for i in ids if ids.count(i) > 1})
            if twice:
                raise ValueError(f"{what} used twice: {', '.join(twice)}; give each its own")
        return self

    @model_validator(mode="after")
    def _references(self) -> Scenario:
        kinds = {o.option_id: o.kind for o in self.options}
        wrong = [
            f"{option.option_id}.{field} is {target!r}; name {noun} option of this scenario"
            for option in self.options
            for field, target, noun, allowed in _references_of(option)
            if kinds.get(target) not in allowed
        ]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self


def _references_of(option: Option) -> list[tuple[str, str, str, frozenset[str]]]:
    """Other options that an option names: field, option named, what it must be, kinds allowed."""
    if isinstance(option, HybridOption):
        return [
            ("base_id", option.base_id, "a rented or owned", SELF_HOST_KINDS),
            ("overflow_id", option.overflow_id, "an API or hosted", PER_TOKEN_KINDS),
        ]
    if isinstance(option, ProvisionedOption) and option.overflow_id is not None:
        return [("overflow_id", option.overflow_id, "an API or hosted", PER_TOKEN_KINDS)]
    return []
