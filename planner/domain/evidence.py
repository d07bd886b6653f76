"""Where a figure comes from: it travels with the figure from catalog to screen, PDF and CSV."""

from __future__ import annotations

from pydantic import Field

from planner.domain.base import Confidence, DateText, LongText, Origin, ShortText, Value


class Evidence(Value):
    """One figure that the answer rests on."""

    label: LongText = Field(description="What the figure is, in words.")
    value: LongText = Field(description="The figure as text, without its unit.")
    unit: LongText = Field(description="Its unit.")
    origin: Origin = Field(description="measured, published, modelled or assumed.")
    source: LongText = Field(description="Who says so.")
    source_url: LongText = Field("", description="Where it can be read; empty for an assumption.")
    as_of: DateText = Field("", description="The date it was true, YYYY, YYYY-MM or YYYY-MM-DD; empty when undated.")
    confidence: Confidence = Field("medium", description="How far the source can be trusted.")
    note: LongText = Field("", description="What a reviewer should know.")
    row: ShortText = Field("", description="Row of the catalog it is from, `table/id`; empty when typed in.")


class Provenance(Value):
    """The origin of a figure that the user types in."""

    origin: Origin = Field("assumed", description="measured, published, modelled or assumed.")
    source: ShortText = Field("typed in by the scenario's owner", description="Who says so.")
    source_url: ShortText = Field("", description="Where it can be read, if anywhere.")
    as_of: DateText = Field("", description="Date of the figure: YYYY[-MM[-DD]].")
    note: ShortText = Field("", description="What a reviewer should know.")

    def evidence(self, label: str, value: str, unit: str) -> Evidence:
        """The typed-in figure as evidence; an assumption has low confidence."""
        return Evidence(
            label=label,
            value=value,
            unit=unit,
            origin=self.origin,
            source=self.source,
            source_url=self.source_url,
            as_of=self.as_of,
            confidence="low" if self.origin == "assumed" else "medium",
            note=self.note,
        )
