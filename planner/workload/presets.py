"""Load shapes for those who have no log yet: a busiest hour over its mean hour, each with its source and date."""

from __future__ import annotations

from dataclasses import dataclass

from planner.catalog.catalog import Catalog
from planner.domain.evidence import Evidence

LABELS = {
    "peak_to_mean_smooth_chat": "Smooth chat platform",
    "peak_to_mean_coding_office_hours": "Coding, office hours",
    "peak_to_mean_single_application": "Single application",
    "peak_to_mean_batch": "Batch",
}
"""Parameter of the catalog -> name for people, from the smoothest to the most peaked."""


@dataclass(frozen=True)
class LoadShapePreset:
    """One named shape."""

    parameter: str
    label: str
    peak_to_mean: float
    """Busiest hour over mean hour."""
    evidence: Evidence
    """Where the figure comes from."""

    @property
    def title(self) -> str:
        """`Smooth chat platform: 1.65 times the mean in its busiest hour`."""
        return f"{self.label}: {self.peak_to_mean:g} times the mean in its busiest hour"


def load_shape_presets(catalog: Catalog) -> tuple[LoadShapePreset, ...]:
    """The presets of the catalog, smoothest first; of two rows of a parameter the newer one counts."""
    newest = {row.parameter: row for row in sorted(catalog.tables.defaults, key=lambda row: row.as_of)}
    return tuple(
        LoadShapePreset(
            parameter,
            label,
            row.value,
            Evidence(
                label=f"Busiest hour / mean hour: {label}",
                value=f"{row.value:g}",
                unit=row.unit,
                origin=row.origin,
                source=row.source,
                source_url=row.source_url,
                as_of=row.as_of,
                confidence=row.confidence,
                note=row.note,
                row=f"defaults/{row.default_id}",
            ),
        )
        for parameter, label in LABELS.items()
        if (row := newest.get(parameter)) is not None
    )
