"""Licences as predicates: strict limits at exact figures, facts that are not known, and laws."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from planner.domain.licence import LicenceTerms, licence_problems, month_before
from planner.domain.organisation import Organisation

PLAIN = {"licence_id": "x", "name": "Example licence", "commercial_allowed": True, "clause": "Section 1."}
LLAMA = LicenceTerms.model_validate(
    PLAIN | {"mau_limit": 700_000_000, "mau_test": "release_date", "version_released_on": dt.date(2024, 7, 23)}
)
QWEN = LicenceTerms.model_validate(PLAIN | {"mau_limit": 100_000_000, "mau_test": "current"})
RESEARCH = LicenceTerms.model_validate(PLAIN | {"commercial_allowed": False})
VISION = LicenceTerms.model_validate(PLAIN | {"eu_blocked_modality": "image"})
MONTHLY = LicenceTerms.model_validate(PLAIN | {"revenue_limit_usd_per_month": 20e6})
YEARLY = LicenceTerms.model_validate(PLAIN | {"revenue_limit_usd_per_year": 10e6})
ALL = (LLAMA, QWEN, RESEARCH, VISION, MONTHLY, YEARLY)
BOTH = ("text", "image")


def outcome(terms: LicenceTerms, modalities: tuple[str, ...] = ("text",), **facts: Any) -> list[tuple[bool, str]]:
    found = licence_problems(terms, Organisation.model_validate(facts), modalities)
    return [(problem.failed, problem.field) for problem in found]


@pytest.mark.parametrize(
    ("terms", "facts", "expected"),
    [
        (LLAMA, {"monthly_active_users_at_release": 700_000_000}, []),  # greater than, not at
        (LLAMA, {"monthly_active_users_at_release": 700_000_001}, [(True, "monthly_active_users_at_release")]),
        (LLAMA, {"monthly_active_users": 5e9}, [(False, "monthly_active_users_at_release")]),  # later growth: not asked
        (QWEN, {"monthly_active_users": 100_000_000}, []),
        (QWEN, {"monthly_active_users": 100_000_001}, [(True, "monthly_active_users")]),
        (QWEN, {"monthly_active_users_at_release": 1}, [(False, "monthly_active_users")]),
        (RESEARCH, {}, [(True, "commercial_use")]),
        (RESEARCH, {"commercial_use": False}, []),
        (MONTHLY, {"revenue_usd_per_month": 20e6}, []),
        (MONTHLY, {"revenue_usd_per_month": 20e6 + 1}, [(True, "revenue_usd_per_month")]),
        (MONTHLY, {"revenue_usd_per_year": 1}, [(False, "revenue_usd_per_month")]),
        (YEARLY, {"revenue_usd_per_year": 10e6 + 1}, [(True, "revenue_usd_per_year")]),
        (YEARLY, {}, [(False, "revenue_usd_per_year")]),
    ],
)
def test_a_limit_binds_above_its_figure_and_a_missing_fact_is_said(
    terms: LicenceTerms, facts: dict[str, Any], expected: list[tuple[bool, str]]
) -> None:
    assert outcome(terms, **facts) == expected


@pytest.mark.parametrize(
    ("modalities", "in_eu", "expected"),
    [
        (("text",), True, []),
        (BOTH, False, []),
        (BOTH, None, [(False, "eu_domiciled")]),
        (BOTH, True, [(True, "eu_domiciled")]),
    ],
)
def test_the_eu_clause_is_about_models_that_read_images(
    modalities: tuple[str, ...], in_eu: bool | None, expected: list[tuple[bool, str]]
) -> None:
    assert outcome(VISION, modalities, eu_domiciled=in_eu) == expected


def test_the_message_names_the_limit_the_month_and_the_affiliates() -> None:
    company = Organisation(monthly_active_users_at_release=9e8)
    (found,) = licence_problems(LLAMA, company, ("text",))
    assert found.message == (
        "Example licence has to be asked for above 700,000,000 monthly active users in June 2024, the month before the "
        "release, affiliates included; you have 900,000,000"
    )
    assert month_before(QWEN) == ""
    (now,) = licence_problems(QWEN, company, ("text",))
    assert now.message == "Example licence has to be asked for above 100,000,000 monthly active users"


def test_the_month_before_a_january_is_in_the_year_before() -> None:
    terms = LLAMA.model_copy(update={"version_released_on": dt.date(2025, 1, 31)})
    assert month_before(terms) == "December 2024"


organisations = st.builds(
    Organisation,
    commercial_use=st.booleans(),
    eu_domiciled=st.none() | st.booleans(),
    monthly_active_users=st.none() | st.floats(0, 1e11),
    monthly_active_users_at_release=st.none() | st.floats(0, 1e11),
    revenue_usd_per_month=st.none() | st.floats(0, 1e13),
    revenue_usd_per_year=st.none() | st.floats(0, 1e13),
)


@given(terms=st.sampled_from(ALL), who=organisations, reads=st.sampled_from([("text",), BOTH]))
def test_a_fact_that_matters_and_is_not_known_is_never_passed_over(
    terms: LicenceTerms, who: Organisation, reads: tuple[str, ...]
) -> None:
    asked = {problem.field for problem in licence_problems(terms, who, reads)}
    for name in ("monthly_active_users", "monthly_active_users_at_release", "revenue_usd_per_month"):
        forgotten = who.model_copy(update={name: None})
        open_now = {p.field for p in licence_problems(terms, forgotten, reads) if not p.failed}
        assert name not in asked or name in open_now


@given(terms=st.sampled_from([LLAMA, QWEN]), users=st.floats(0, 1e11), more=st.floats(0, 1e10))
def test_more_users_never_mend_a_failed_clause(terms: LicenceTerms, users: float, more: float) -> None:
    def failed(count: float) -> bool:
        who = Organisation.model_validate({terms.users_field: min(count, 1e11)})
        return any(problem.failed for problem in licence_problems(terms, who, ("text",)))

    assert failed(users) == (users > (terms.mau_limit or 0))
    assert failed(users + more) or not failed(users)


@pytest.mark.parametrize(
    "update",
    [{"mau_limit": 7}, {"mau_test": "current"}, {"mau_limit": 7, "mau_test": "release_date"}, {"clause": ""}],
)
def test_terms_that_cannot_be_tested_are_refused(update: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LicenceTerms.model_validate(PLAIN | update)
