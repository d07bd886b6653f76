"""Per-token prices: the dated overlay on the price library, second opinions, retirements, contracts."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from planner.catalog.rows.base import PartialDate, Row, SourcedRow, Text, UsdPerGpuHour, UsdPerMtok
from planner.domain.base import Confidence, Slug, as_of_date
from planner.domain.prices import ServiceTier

ANNOUNCED_AHEAD = dt.timedelta(days=3 * 365)
"""No price is announced further ahead; a later date is a mistyped year."""


class ApiPriceRow(SourcedRow):
    """The list price of one model at one provider, in force from a day on. `as_of` is the day it was seen."""

    FILE: ClassVar[str] = "api_prices.csv"
    KEY: ClassVar[str] = "price_id"
    REFERENCES: ClassVar[dict[str, str]] = {"model_id": "models.csv"}
    THING: ClassVar[tuple[str, ...]] = ("provider", "model", "region", "service_tier", "effective_from", "as_of")

    price_id: Slug = Field(description="Stable id of this dated price.")
    provider: Slug = Field(description="Provider id, that of the price library where it has one.")
    provider_name: Text = Field(description="Name on screen.")
    model: Text = Field(description="Exact model id at the provider; never an alias.")
    model_id: str = Field("", description="The open-weight model behind it; blank: proprietary, or not in models.csv.")
    input_usd_per_mtok: UsdPerMtok = Field(description="Fresh input, USD per 1M tokens.")
    cached_input_usd_per_mtok: UsdPerMtok | None = Field(None, description="Cache reads; blank: no such price.")
    cache_write_5m_usd_per_mtok: UsdPerMtok | None = Field(None, description="Cache writes kept 5 minutes.")
    cache_write_1h_usd_per_mtok: UsdPerMtok | None = Field(None, description="Cache writes kept one hour.")
    output_usd_per_mtok: UsdPerMtok = Field(description="Output, USD per 1M tokens.")
    reasoning_usd_per_mtok: UsdPerMtok | None = Field(None, description="Reasoning; blank: billed as output.")
    batch_input_usd_per_mtok: UsdPerMtok | None = Field(None, description="Batch input; blank: no batch offer.")
    batch_output_usd_per_mtok: UsdPerMtok | None = Field(None, description="Batch output; blank: no batch offer.")
    long_above_tokens: PositiveInt | None = Field(None, description="Prompts above this pay the long rate, whole.")
    long_input_multiplier: PositiveFloat | None = Field(None, description="On all input prices above it.")
    long_output_multiplier: PositiveFloat | None = Field(None, description="On the output price above it.")
    context_tokens: PositiveInt | None = Field(None, description="Longest prompt plus answer there; blank: not stated.")
    region: str = Field("", description="Region the price is for; blank: the usual price, used when none is chosen.")
    service_tier: ServiceTier = Field("standard", description="Service tier; only standard is used unless chosen.")
    effective_from: dt.date = Field(
        description="First day in force; the day it was read where the start is not known; later: announced."
    )
    effective_to: dt.date | None = Field(None, description="Last day in force; blank: until a newer row.")
    retires_on: dt.date | None = Field(None, description="Day from which the model is not served; blank: none known.")
    confidence: Confidence = Field(description="How far the row can be trusted.")

    @model_validator(mode="after")
    def _hangs_together(self) -> ApiPriceRow:
        if wrong := list(_api_problems(self)):
            raise ValueError("; ".join(wrong))
        return self


def _api_problems(row: ApiPriceRow) -> list[str]:
    """What cannot be: mostly cells in each other's columns."""
    pairs = (
        ("cached_input_usd_per_mtok", row.cached_input_usd_per_mtok, "input_usd_per_mtok", row.input_usd_per_mtok),
        (
            "cache_write_5m_usd_per_mtok",
            row.cache_write_5m_usd_per_mtok,
            "cache_write_1h_usd_per_mtok",
            row.cache_write_1h_usd_per_mtok,
        ),
        ("batch_input_usd_per_mtok", row.batch_input_usd_per_mtok, "input_usd_per_mtok", row.input_usd_per_mtok),
        ("batch_output_usd_per_mtok", row.batch_output_usd_per_mtok, "output_usd_per_mtok", row.output_usd_per_mtok),
    )
    found = [
        f"{low} {small} is above {high} {large}; are the columns swapped?"
        for low, small, high, large in pairs
        if small is not None and large is not None and small > large
    ]
    if row.input_usd_per_mtok > row.output_usd_per_mtok * 2:
        found.append(
            f"input_usd_per_mtok {row.input_usd_per_mtok} is more than twice output_usd_per_mtok "
            f"{row.output_usd_per_mtok}; are the columns swapped?"
        )
    if (row.batch_input_usd_per_mtok is None) != (row.batch_output_usd_per_mtok is None):
        found.append("give both batch prices or none")
    long = (row.long_above_tokens, row.long_input_multiplier, row.long_output_multiplier)
    if any(part is None for part in long) and any(part is not None for part in long):
        found.append("a long-context rule needs long_above_tokens and both multipliers")
    if row.effective_to is not None and row.effective_to < row.effective_from:
        found.append(f"effective_to {row.effective_to} is before effective_from {row.effective_from}; swap them")
    soonest, latest = dt.date(2020, 1, 1), as_of_date(row.as_of) + ANNOUNCED_AHEAD
    if not soonest <= row.effective_from <= latest:
        found.append(f"effective_from {row.effective_from} is not between {soonest} and {latest}; check the year")
    if row.model.endswith("-latest"):
        found.append(f"{row.model!r} is an alias; write the id of the model behind it")
    return found


class ApiCheckRow(SourcedRow):
    """What another source says of the same price, and why it differs where it does."""

    FILE: ClassVar[str] = "api_price_checks.csv"
    KEY: ClassVar[str] = "check_id"
    THING: ClassVar[tuple[str, ...]] = ("provider", "model", "checked_by", "as_of")

    check_id: Slug = Field(description="Stable id.")
    provider: Slug = Field(description="Provider id, as in the price library or in api_prices.csv.")
    model: Text = Field(description="Exact model id there.")
    name: Text = Field(description="Model and host in words.")
    checked_by: Text = Field(description="The other source, with its version.")
    input_usd_per_mtok: UsdPerMtok = Field(description="Input as the other source has it.")
    output_usd_per_mtok: UsdPerMtok = Field(description="Output as the other source has it.")
    finding: Literal["agrees", "other is stale", "ours was stale", "other offer", "time of day", "undecided"] = Field(
        description="What explains the difference from the price in force here."
    )
    explanation: Text = Field(description="Why, in a sentence.")
    confidence: Confidence = Field(description="How far the other source can be trusted here.")


class RetirementRow(SourcedRow):
    """The day from which a provider stops serving a model."""

    FILE: ClassVar[str] = "retirements.csv"
    KEY: ClassVar[str] = "retirement_id"
    THING: ClassVar[tuple[str, ...]] = ("provider", "model", "as_of")

    retirement_id: Slug = Field(description="Stable id.")
    provider: Slug = Field(description="Provider id, as in the price library or in api_prices.csv.")
    model: Text = Field(description="Exact model id there.")
    retires_on: dt.date = Field(description="First day without it.")


class ContractedPriceRow(Row):
    """A price that an organisation negotiated; in FOCUS words, its contracted unit price beside the list unit price.

    A later row of the same subject replaces an earlier one; a row with no price goes back to the list.
    """

    FILE: ClassVar[str] = "contracted_prices.csv"
    KEY: ClassVar[str] = "contract_id"
    REFERENCES: ClassVar[dict[str, str]] = {"gpu_price_id": "gpu_prices.csv"}
    THING: ClassVar[tuple[str, ...]] = ("provider", "model", "gpu_price_id", "effective_from", "as_of")

    contract_id: Slug = Field(description="Stable id.")
    provider: str = Field("", description="Provider id of a per-token price; blank: a GPU price.")
    model: str = Field("", description="Exact model id there; blank: a GPU price.")
    gpu_price_id: str = Field("", description="A row of the GPU offer in gpu_prices.csv; blank: a per-token price.")
    input_usd_per_mtok: UsdPerMtok | None = Field(None, description="Contracted input.")
    cached_input_usd_per_mtok: UsdPerMtok | None = Field(None, description="Contracted cache reads; blank: list share.")
    output_usd_per_mtok: UsdPerMtok | None = Field(None, description="Contracted output.")
    usd_per_gpu_hour: UsdPerGpuHour | None = Field(None, description="Contracted GPU price.")
    owner: Text = Field(description="Who answers for it.")
    reason: Text = Field(description="Why: contract number, quote, date of the mail.")
    effective_from: dt.date = Field(description="First day in force.")
    effective_to: dt.date | None = Field(None, description="Last day in force; blank: until a newer row.")
    as_of: PartialDate = Field(description="Day it was entered.")

    @model_validator(mode="after")
    def _one_subject(self) -> ContractedPriceRow:
        if bool(self.provider and self.model) == bool(self.gpu_price_id):
            raise ValueError("name either provider and model, or gpu_price_id")
        if self.gpu_price_id and (self.input_usd_per_mtok is not None or self.output_usd_per_mtok is not None):
            raise ValueError("a GPU contract has usd_per_gpu_hour alone")
        if self.provider and self.usd_per_gpu_hour is not None:
            raise ValueError("a per-token contract has no usd_per_gpu_hour")
        if (self.input_usd_per_mtok is None) != (self.output_usd_per_mtok is None):
            raise ValueError("give both input_usd_per_mtok and output_usd_per_mtok, or neither to go back to the list")
        return self

    @model_validator(mode="after")
    def _hangs_together(self) -> ContractedPriceRow:
        cached, fresh = self.cached_input_usd_per_mtok, self.input_usd_per_mtok
        if cached is not None and (fresh is None or cached > fresh):
            raise ValueError("cached_input_usd_per_mtok needs input_usd_per_mtok, and may not be above it")
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError(
                f"effective_to {self.effective_to} is before effective_from {self.effective_from}; swap them"
            )
        return self
