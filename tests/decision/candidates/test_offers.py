"""Which prices count, and how many GPUs come with them."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest

from planner.catalog.catalog import load
from planner.catalog.gpu_offers import SERVERLESS
from planner.catalog.rows import ContractedPriceRow, GpuPriceRow
from planner.decision.candidates.offers import ANY, group_gpus, is_wanted, offers
from planner.domain.capacity import CapacityRequest

TABLES = load().tables
ON = dt.date(2026, 11, 21)
ASKED = CapacityRequest(peak_requests_per_s=5, input_tokens=1500, output_tokens=300)
H100 = [TABLES.gpu_by_id["h100-sxm"]]


def row(**more: object) -> GpuPriceRow:
    """A neocloud's H100 on demand with these cells changed."""
    first = next(r for r in TABLES.gpu_prices if r.gpu_id == "h100-sxm" and r.provider_tier == "neocloud")
    return first.model_copy(update={"term": "on_demand", "region": "", "instance": "plain"} | more)


def test_one_price_per_offer_cheapest_first() -> None:
    found = offers(H100, ASKED, TABLES, ON)
    assert len({r.offer for r in found.rows}) == len(found.rows)
    assert found.usd_per_gpu_hour.tolist() == sorted(found.usd_per_gpu_hour.tolist())
    assert {r.gpu_id for r in found.rows} == {"h100-sxm"}
    assert (found.usd_per_gpu_hour > 0).all()


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({}, True),
        ({"term": "spot"}, False),
        ({"provider_tier": "marketplace"}, False),
        ({"instance": SERVERLESS}, False),
        ({"region": "us-east-1"}, True),
    ],
)
def test_unasked_only_rent_on_demand_of_companies_counts(cells: dict[str, str], wanted: bool) -> None:
    assert is_wanted(row(**cells), ASKED) is wanted


def test_a_region_takes_its_own_prices_and_those_for_everywhere() -> None:
    east = ASKED.model_copy(update={"region": "US-East"})
    assert is_wanted(row(region="us-east-1"), east)
    assert is_wanted(row(region=""), east)
    assert not is_wanted(row(region="eu-west-1"), east)


def test_providers_are_found_whatever_their_case() -> None:
    named = ASKED.model_copy(update={"providers": (row().provider.upper(),)})
    assert is_wanted(row(), named)
    assert not is_wanted(row(provider="Somebody else"), named)


@pytest.mark.parametrize(
    ("cells", "gpus"),
    [
        ({"gpus_per_instance": 8}, 8),
        ({"gpus_per_instance": 1}, ANY),
        ({"gpus_per_instance": 1, "provider_tier": "hyperscaler", "instance": "p5.4xlarge"}, 1),
        ({"gpus_per_instance": 1, "provider_tier": "hyperscaler", "instance": "BM"}, ANY),
    ],
)
def test_an_instance_with_one_gpu_is_not_a_price_per_gpu(cells: dict[str, object], gpus: int) -> None:
    assert group_gpus(row(**cells)) == gpus


def test_a_contract_goes_before_the_list() -> None:
    listed = offers(H100, ASKED, TABLES, ON).rows[-1]
    contract = ContractedPriceRow.model_validate(
        {
            "contract_id": "ours",
            "gpu_price_id": listed.price_id,
            "usd_per_gpu_hour": 0.5,
            "effective_from": "2026-01-01",
            "as_of": "2026-01-01",
            "owner": "purchasing",
            "reason": "a framework agreement",
        }
    )
    agreed = dataclasses.replace(TABLES, contracted=(contract,))
    found = offers(H100, ASKED, agreed, ON)
    assert found.usd_per_gpu_hour[list(found.rows).index(listed)] == 0.5
