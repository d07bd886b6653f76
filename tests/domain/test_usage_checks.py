"""A usage profile that was edited into nonsense is refused, and says why."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from planner.domain.usage import UsageProfile
from tests.samples_usage import bucketed_profile, usage_profile

Document = dict[str, Any]


def test_profiles_that_hold_together_are_read() -> None:
    for found in (usage_profile(), bucketed_profile()):
        assert UsageProfile.model_validate_json(found.model_dump_json()) == found


def swapped(document: Document) -> None:
    document["first_at"], document["last_at"] = document["last_at"], document["first_at"]


EDITS: dict[str, Callable[[Document], Any]] = {
    "last_at is before first_at": swapped,
    "timezone": lambda d: d.update(last_at="2026-11-09T00:00:00"),
    "window_s is not the time": lambda d: d.update(window_s=5),
    "total_requests is not the sum": lambda d: d.update(total_requests=2 * d["total_requests"]),
    "total_output_tokens is not the sum": lambda d: d["classes"][0].update(output_tokens=1),
    "cached and written than there is": lambda d: d.update(total_cached_input_tokens=10**12),
    "greater than or equal to 0": lambda d: d.update(requests_per_day=-1),
    "greater than or equal to 1": lambda d: d["peaks"][0].update(requests_to_mean=0.5),
    "peaks are not in order": lambda d: d["peaks"].append(d["peaks"][0]),
    "does not have 168 hours": lambda d: d.update(week=d["week"][:100]),
    "hours that were not seen": lambda d: d["week_hours_seen"].__setitem__(0, 0),
    "a mean of 1": lambda d: d.update(planning_week=[5 * hour for hour in d["planning_week"]]),
    "percentiles are not in order": lambda d: d["input_lengths"].update(p50_tokens=1e9),
    "the mean is above the longest": lambda d: d["input_lengths"].update(mean_tokens=1e9),
    "does not add up to the requests": lambda d: d["input_lengths"].update(requests=7),
    "have a gap": lambda d: d["input_lengths"]["histogram"][1].__setitem__(0, 10**6),
    "curve does not fall": lambda d: d["load_duration"].reverse(),
    "no lengths of requests": lambda d: d.update(grain="bucket", bucket_s=60),
    "not one of single requests": lambda d: d.update(bucket_s=60),
    "more rows are rejected than read": lambda d: d["sources"][0].update(rows_rejected=10**6),
}


@pytest.mark.parametrize("told", EDITS)
def test_nonsense_is_refused_with_its_reason(told: str) -> None:
    document = json.loads(usage_profile().model_dump_json())
    EDITS[told](document)
    with pytest.raises(ValidationError, match=told):
        UsageProfile.model_validate_json(json.dumps(document))
