"""The question of a capacity search: what it takes and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from planner.domain.capacity import CapacityRequest

SMALL: dict[str, Any] = {"peak_requests_per_s": 5, "input_tokens": 1500, "output_tokens": 300}


def test_without_a_mean_the_fleet_is_on_at_the_peak() -> None:
    assert CapacityRequest(**SMALL).mean_rate_per_s == 5
    assert CapacityRequest(**SMALL, mean_requests_per_s=2).mean_rate_per_s == 2


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"mean_requests_per_s": 6}, "above peak_requests_per_s"),
        ({"survive_region_loss": True}, "cannot survive its own loss"),
        ({"max_model_len": 1000}, "shorter than a mean request"),
        ({"peak_requests_per_s": 0}, "greater than 0"),
        ({"cached_fraction": 1}, "less than 1"),
        ({"terms": ()}, "at least 1"),
        ({"input_tokens": float("nan")}, "finite"),
        ({"tpot": 40}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(more: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        CapacityRequest(**(SMALL | more))


def test_a_marketplace_is_left_out_unless_asked_for() -> None:
    assert "marketplace" not in CapacityRequest(**SMALL).provider_tiers


def test_it_survives_a_round_trip() -> None:
    asked = CapacityRequest(
        **SMALL, model_ids=("llama-3.3-70b",), terms=("spot", "on_demand"), budget_usd_per_month=1e4
    )
    assert CapacityRequest.model_validate_json(asked.model_dump_json()) == asked


def test_every_field_says_what_it_is() -> None:
    assert all(field.description for field in CapacityRequest.model_fields.values())
