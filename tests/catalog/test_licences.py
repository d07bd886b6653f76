"""The licence rows: exact tests and dates, a source for each, and every checkpoint under one."""

from __future__ import annotations

import datetime as dt

import pytest

from planner.catalog.rows import LicenceRow
from planner.domain.licence import licence_problems, month_before
from planner.domain.organisation import Organisation
from tests.builders import tables

RELEASES = {
    "llama-2": dt.date(2023, 7, 18),
    "llama-3.1": dt.date(2024, 7, 23),
    "llama-3.2": dt.date(2024, 9, 25),
    "llama-3.3": dt.date(2024, 12, 6),
    "llama-4": dt.date(2025, 4, 5),
}
MONTHS = {
    "llama-2": "June 2023",
    "llama-3.1": "June 2024",
    "llama-3.2": "August 2024",
    "llama-3.3": "November 2024",
    "llama-4": "March 2025",
}


def row(licence_id: str) -> LicenceRow:
    return tables().licence_by_id[licence_id]


@pytest.mark.parametrize("licence_id", RELEASES)
def test_the_llama_licences_count_users_before_the_release_of_their_version(licence_id: str) -> None:
    found = row(licence_id)
    assert (found.mau_limit, found.mau_test) == (700_000_000, "release_date")
    assert found.version_released_on == RELEASES[licence_id]
    assert month_before(found.terms) == MONTHS[licence_id]
    assert month_before(found.terms) in found.note


def test_only_the_multimodal_llama_licences_bar_eu_companies() -> None:
    assert {r.licence_id for r in tables().licences if r.eu_blocked_modality} == {"llama-3.2", "llama-4"}


def test_who_forbids_commercial_use_and_who_counts_users_now() -> None:
    forbidding = {r.licence_id for r in tables().licences if not r.commercial_allowed}
    assert forbidding == {"mistral-research", "qwen-research", "minimax-m2.7"}
    assert {r.licence_id: r.mau_limit for r in tables().licences if r.mau_test == "current"} == {"qwen": 100_000_000}
    assert row("mistral-modified-mit").revenue_limit_usd_per_month == 20_000_000
    assert row("lfm-1.0").revenue_limit_usd_per_year == 10_000_000


def test_every_licence_says_its_clauses_and_where_they_can_be_read() -> None:
    for found in tables().licences:
        assert found.source_url.startswith("https://"), found.licence_id
        assert found.clause.endswith("."), found.licence_id
        assert found.terms.licence_id == found.licence_id


def test_every_model_is_under_a_licence_of_the_table() -> None:
    used = {model.licence_id for model in tables().models}
    assert used <= tables().licence_by_id.keys()
    assert tables().licence_by_id.keys() - used == {"mistral-modified-mit", "lfm-1.0"}  # for imported models


@pytest.mark.parametrize(
    ("model_id", "who", "failed"),
    [
        ("llama-3.2-11b-vision", {"eu_domiciled": True, "monthly_active_users_at_release": 1e6}, ["eu_domiciled"]),
        ("llama-3.2-3b", {"eu_domiciled": True, "monthly_active_users_at_release": 1e6}, []),
        ("llama-4-scout", {"eu_domiciled": True, "monthly_active_users_at_release": 1e6}, ["eu_domiciled"]),
        ("mistral-large-2", {}, ["commercial_use"]),
        ("qwen2.5-72b", {"monthly_active_users": 2e8}, ["monthly_active_users"]),
        ("qwen2.5-32b", {"monthly_active_users": 2e8}, []),
        ("gpt-oss-120b", {}, []),
        ("glm-5.3", {"revenue_usd_per_year": 2e10}, ["revenue_usd_per_year"]),
    ],
)
def test_what_a_company_fails(model_id: str, who: dict[str, object], failed: list[str]) -> None:
    model = tables().model_by_id[model_id]
    found = licence_problems(row(model.licence_id).terms, Organisation.model_validate(who), model.modalities)
    assert [problem.field for problem in found if problem.failed] == failed


@pytest.mark.parametrize(
    "cells", [{"mau_test": ""}, {"mau_limit": None}, {"version_released_on": None}, {"clause": ""}, {"source_url": "x"}]
)
def test_a_row_that_cannot_be_tested_is_refused(cells: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"belong together|needs the day|at least 1|not an http"):
        LicenceRow.model_validate(row("llama-4").model_dump() | cells)
