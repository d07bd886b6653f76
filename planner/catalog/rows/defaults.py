"""Planning defaults."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, PositiveFloat

from planner.catalog.rows.base import SourcedRow, Text
from planner.domain.base import Confidence, Slug


class DefaultRow(SourcedRow):
    """One planning default that a scenario may replace; of several rows of a parameter the newest counts."""

    FILE: ClassVar[str] = "defaults.csv"
    KEY: ClassVar[str] = "default_id"
    THING: ClassVar[tuple[str, ...]] = ("parameter", "as_of")

    default_id: Slug = Field(description="Stable id of this dated figure.")

    parameter: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = Field(description="Name, unit at the end.")
    value: PositiveFloat = Field(description="The figure, in the unit of its column.")
    unit: Text = Field(description="Unit in words.")
    confidence: Confidence = Field(description="How far it can be trusted.")
