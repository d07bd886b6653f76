"""Named load shapes, each with its source and its date."""

from __future__ import annotations

import json

import pytest

from planner.domain.base import as_of_date
from planner.workload.presets import LABELS, load_shape_presets
from planner.workload.profile import generated_profile
from tests.builders import WORKLOADS, catalog

MEASURED = json.loads((WORKLOADS.parent / "traces" / "measured.json").read_text(encoding="utf-8"))


def test_there_are_four_from_smooth_to_peaked() -> None:
    found = load_shape_presets(catalog())
    assert [p.label for p in found] == list(LABELS.values())
    assert [p.peak_to_mean for p in found] == [1.65, 3, 10, 50]
    assert found[0].title == "Smooth chat platform: 1.65 times the mean in its busiest hour"


def test_each_says_who_says_so_and_when() -> None:
    for preset in load_shape_presets(catalog()):
        assert preset.evidence.source_url.startswith("https://")
        assert as_of_date(preset.evidence.as_of).year >= 2024
        assert len(preset.evidence.note) > 40
        assert preset.evidence.row.startswith("defaults/peak-to-mean-")


@pytest.mark.parametrize(("place", "trace"), [(0, "azure2024_conv"), (1, "azure2024_code")])
def test_the_platforms_are_those_measured_from_the_traces(place: int, trace: str) -> None:
    ratio = MEASURED["hour_of_week"][trace]["peaks"]["3600"]["requests_to_mean"]
    assert load_shape_presets(catalog())[place].peak_to_mean == pytest.approx(ratio, abs=0.01)


def test_a_week_can_be_made_of_each() -> None:
    for preset in load_shape_presets(catalog()):
        week = generated_profile(preset.peak_to_mean)
        assert week.max() == pytest.approx(preset.peak_to_mean)
        assert week.mean() == pytest.approx(1)
