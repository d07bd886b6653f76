"""GPU offers through time: one price in force a day, contracts over the list, tiers and how far prices lie apart."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.catalog.catalog import Catalog
from planner.catalog.gpu_offers import (
    contract_in_force,
    current,
    history,
    in_force,
    in_tier,
    middle,
    on_terms,
    price_in_force,
    spread,
    starting_offer,
)
from planner.catalog.rows import ContractedPriceRow, GpuPriceRow
from planner.catalog.tables import Tables
from planner.decision.resolve import resolve
from planner.domain.base import as_of_date
from planner.domain.facts import RentedFacts
from tests.builders import ON, catalog, rented, scenario, tables

DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2028, 12, 31))
OLD, NEW = "runpod-h100-sxm-pod-on-demand-2026-05", "runpod-h100-sxm-pod-on-demand"
"""3.29 of 2026-05-24 and 3.49 of 2026-09-13."""


def price(as_of: str, usd: float = 2.0, **more: Any) -> GpuPriceRow:
    row = tables().gpu_price_by_id[NEW]
    return row.model_copy(update={"price_id": f"p-{as_of}-{usd}", "as_of": as_of, "usd_per_gpu_hour": usd} | more)


def contract(**more: Any) -> ContractedPriceRow:
    fields = {
        "contract_id": "c1",
        "gpu_price_id": OLD,
        "usd_per_gpu_hour": 2.5,
        "owner": "Platform team",
        "reason": "contract 12-A",
        "effective_from": "2026-06-01",
        "as_of": "2026-05-20",
    }
    return ContractedPriceRow.model_validate(fields | more)


def with_contracts(*rows: ContractedPriceRow) -> Tables:
    return replace(tables(), contracted=rows)


def facts_of(price_id: str, on: dt.date = ON, known: Tables | None = None) -> RentedFacts:
    found = Catalog(known or tables(), catalog().version)
    (facts,) = resolve(scenario(rented(price_id=price_id)), found, on).options
    assert isinstance(facts, RentedFacts)
    return facts


# --- the price in force


@pytest.mark.parametrize(
    ("on", "usd"),
    [("2026-05-23", 3.29), ("2026-05-24", 3.29), ("2026-09-12", 3.29), ("2026-09-13", 3.49), ("2030-01-01", 3.49)],
)
@pytest.mark.parametrize("named", [OLD, NEW])
def test_any_row_of_an_offer_names_the_price_in_force_on_the_day(named: str, on: str, usd: float) -> None:
    row = tables().gpu_price_by_id[named]
    assert price_in_force(row, tables().gpu_prices, dt.date.fromisoformat(on)).usd_per_gpu_hour == usd
    assert facts_of(named, dt.date.fromisoformat(on)).usd_per_gpu_hour == usd


def test_a_price_that_replaces_the_one_named_is_said_in_the_evidence_and_in_a_warning() -> None:
    facts = facts_of(OLD)
    assert "RunPod pod: price of 2026-05-24 replaced by the one of 2026-09-13." in facts.warnings
    assert facts.evidence[0].row == f"gpu_prices/{NEW}"
    assert "price of 2026-05-24, 3.29, replaced by the one of 2026-09-13" in facts.evidence[0].note
    assert facts_of(NEW).warnings == ()


def test_before_its_first_price_an_offer_costs_the_first_with_a_warning() -> None:
    facts = facts_of(NEW, dt.date(2026, 1, 1))
    assert facts.usd_per_gpu_hour == 3.29
    assert any("no price is known for 2026-01-01; its earliest, of 2026-05-24, is used" in w for w in facts.warnings)


def test_a_partial_date_is_the_first_day_of_its_period() -> None:
    rows = [price("2026-06-15", 1), price("2026-07", 2), price("2027", 3)]
    assert [in_force(rows, dt.date(*d)).usd_per_gpu_hour for d in [(2026, 6, 30), (2026, 7, 1), (2027, 1, 1)]] == [
        1,
        2,
        3,
    ]


def test_of_two_rows_of_one_day_the_later_line_holds() -> None:
    rows = [price("2026-07-01", 1), price("2026-07", 2)]
    assert in_force(rows, ON).usd_per_gpu_hour == 2
    assert in_force(rows, dt.date(2026, 1, 1)).usd_per_gpu_hour == 2


@given(DAYS, st.lists(st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31)), min_size=1, max_size=6, unique=True))
def test_the_price_in_force_is_the_newest_known_and_adding_a_later_one_changes_nothing(
    on: dt.date, days: list[dt.date]
) -> None:
    rows = [price(day.isoformat(), 1 + at) for at, day in enumerate(days)]
    found = in_force(rows, on)
    known = [day for day in days if day <= on]
    assert as_of_date(found.as_of) == (max(known) if known else min(days))
    later = price((max(*days, on) + dt.timedelta(1)).isoformat(), 99)
    if known:
        assert in_force([*rows, later], on) == found


@given(DAYS)
def test_on_any_day_every_shipped_offer_has_exactly_one_price(on: dt.date) -> None:
    rows = current(tables().gpu_prices, on)
    assert len({row.offer for row in rows}) == len(rows) == len({row.offer for row in tables().gpu_prices})


def test_the_history_of_an_offer_is_in_order() -> None:
    rows = history(tables().gpu_price_by_id[NEW], tables().gpu_prices)
    assert [row.price_id for row in rows] == [OLD, NEW]


# --- contracts


def test_a_contracted_price_replaces_the_list_and_the_evidence_has_both() -> None:
    facts = facts_of(NEW, known=with_contracts(contract()))
    assert facts.usd_per_gpu_hour == 2.5
    ours, listed = facts.evidence[:2]
    assert ours.label.endswith("contracted unit price")
    assert (ours.value, ours.row) == ("2.5", "contracted_prices/c1")
    assert "Platform team" in ours.source
    assert "contract 12-A" in ours.source
    assert "list unit price 3.49, of 2026-09-13" in ours.note
    assert (listed.value, listed.row) == ("3.49", f"gpu_prices/{NEW}")


@pytest.mark.parametrize(
    ("on", "usd"),
    [("2026-05-31", None), ("2026-06-01", 2.5), ("2026-08-31", 2.5), ("2026-09-01", 2.0), ("2027-01-01", None)],
)
def test_the_newest_contract_counts_and_a_row_without_a_price_goes_back_to_the_list(on: str, usd: float | None) -> None:
    known = with_contracts(
        contract(contract_id="c2", effective_from="2026-09-01", usd_per_gpu_hour=2.0),
        contract(),
        contract(contract_id="c3", effective_from="2027-01-01", usd_per_gpu_hour=None),
    )
    found = contract_in_force(known.gpu_price_by_id[NEW], known, dt.date.fromisoformat(on))
    assert (found and found.usd_per_gpu_hour) == usd


def test_a_contract_ends_on_its_last_day_and_one_that_it_replaced_stays_ended() -> None:
    known = with_contracts(
        contract(),
        contract(contract_id="c2", effective_from="2026-09-01", effective_to="2026-10-31", usd_per_gpu_hour=2.0),
    )
    row = known.gpu_price_by_id[NEW]
    last = contract_in_force(row, known, dt.date(2026, 10, 31))
    assert last is not None
    assert last.contract_id == "c2"
    assert contract_in_force(row, known, dt.date(2026, 11, 1)) is None


@pytest.mark.parametrize(
    ("contracts", "said"),
    [
        ([{"effective_to": "2027-03-31"}], "from 2027-04-01 on the list price, $3.49 per GPU-hour is due"),
        ([{"effective_to": "2027-11-20"}], None),  # the horizon of 12 months ends on that day
        ([{"effective_from": "2027-01-01"}], "from 2027-01-01 on the contracted price c1, $2.5 per GPU-hour"),
        ([{"effective_from": "2028-01-01"}], None),
        (
            [{}, {"contract_id": "c2", "effective_from": "2027-02-01", "usd_per_gpu_hour": 2.0}],
            "from 2027-02-01 on the contracted price c2, $2 per GPU-hour",
        ),
        (
            [{}, {"contract_id": "c2", "effective_from": "2027-02-01", "usd_per_gpu_hour": None}],
            "the list price, $3.49",
        ),
        ([{}], None),
    ],
)
def test_a_contract_that_changes_within_the_horizon_is_said(contracts: list[dict[str, Any]], said: str | None) -> None:
    facts = facts_of(NEW, known=with_contracts(*(contract(**fields) for fields in contracts)))
    told = [w for w in facts.warnings if "all months are at the price of 2026-11-21" in w]
    assert len(told) == (said is not None)
    assert said is None or said in told[0]


def test_a_contract_is_for_its_own_offer_alone() -> None:
    known = with_contracts(contract())
    assert contract_in_force(known.gpu_price_by_id["runpod-h200-pod-on-demand"], known, ON) is None


# --- capacity blocks


def test_an_on_demand_option_may_choose_a_capacity_block_and_is_told_what_it_is() -> None:
    facts = facts_of("aws-h100-sxm-p5.48xlarge-capacity-block-2026-07")
    assert facts.usd_per_gpu_hour == 5.191
    assert any("paid ahead for a fixed number of days" in warning for warning in facts.warnings)


@pytest.mark.parametrize(
    ("months", "said"), [(12, None), (6, "for 12 months of commitment"), (24, "for 36"), (36, None)]
)
def test_a_reservation_of_another_length_than_its_price_is_said(months: int, said: str | None) -> None:
    price_id = f"aws-a10g-g5.xlarge-reserved-{3 if months > 12 else 1}y"
    option = rented(gpu_id="a10g", price_id=price_id, format_id="int8", term="reserved", term_months=months)
    (found,) = resolve(scenario(option), catalog(), ON).options
    assert isinstance(found, RentedFacts), found
    told = [w for w in found.warnings if "months of commitment" in w]
    assert len(told) == (said is not None)
    assert said is None or said in told[0]


# --- tiers and where an option starts


def test_the_spread_of_three_prices_worked() -> None:
    assert spread([price("2026", 1.5), price("2026", 12.29), price("2026", 3)]) == (3, 1.5, 3, 12.29)
    assert spread([]) is None


def test_the_h100_lies_eight_times_apart_and_its_tiers_are_in_order() -> None:
    rows = on_terms(current(tables().gpu_prices, ON), "h100-sxm", ("on_demand",))
    everything = spread(rows)
    assert everything is not None
    assert everything.high > 8 * everything.low
    medians = [spread(in_tier(rows, tier)) for tier in ("marketplace", "neocloud", "hyperscaler")]
    found = [each.median for each in medians if each]
    assert len(found) == 3
    assert found == sorted(found)


def test_the_middle_of_an_even_number_is_the_dearer_one() -> None:
    rows = [price("2026", usd) for usd in (1.0, 2.0, 3.0, 4.0)]
    found = middle(rows)
    assert found is not None
    assert found.usd_per_gpu_hour == 3


@pytest.mark.parametrize("gpu", [gpu.gpu_id for gpu in tables().gpus])
def test_an_option_never_starts_with_a_marketplace_a_spot_price_or_a_block(gpu: str) -> None:
    found = starting_offer(tables().gpu_prices, gpu, "on_demand", ON)
    if found is not None:
        assert found.provider_tier in ("neocloud", "hyperscaler")
        assert found.term == "on_demand"
        assert found.instance != "serverless"


def test_without_a_neocloud_it_starts_at_a_hyperscaler_and_with_marketplaces_alone_nowhere() -> None:
    cloud = price("2026", 9, provider="C", provider_tier="hyperscaler")
    cheap = price("2026", 1, provider="M", provider_tier="marketplace")
    assert starting_offer([cheap, cloud], "h100-sxm", "on_demand", ON) == cloud
    assert starting_offer([cheap], "h100-sxm", "on_demand", ON) is None
