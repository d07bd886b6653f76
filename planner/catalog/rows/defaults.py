"""Planning defaults."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat

from planner.catalog.rows.base import SourcedRow, Text
from planner.domain.base import Confidence


class DefaultRow(SourcedRow):
    """One planning default that a scenario may replace."""

    FILE: ClassVar[str] = "defaults.csv"
    KEY: ClassVar[str] = "parameter"

    parameter: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = Field(description="Name, unit at the end.")
    value: PositiveFloat = Field(description="The figure, in the unit of its column.")
    unit: Text = Field(description="Unit in words.")
    confidence: Confidence = Field(description="How far it can be trusted.")
