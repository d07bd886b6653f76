"""What a licence asks of an organisation, and whether it is met: failed clauses, and facts that are not known.

A reading aid with its source, not legal advice. A fact that is not known never passes a clause in silence.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from planner.domain.base import DateText, LongText, ShortText, Slug, Value
from planner.domain.organisation import Organisation

MauTest = Literal["release_date", "current"]


class LicenceTerms(Value):
    """The clauses of one licence that a scenario can meet or fail, as they were read."""

    licence_id: Slug = Field(description="Row of data/licences.csv.")
    name: ShortText = Field(min_length=1, description="Name of the licence.")
    commercial_allowed: bool = Field(description="The weights may be used commercially at all.")
    mau_limit: int | None = Field(None, gt=0, description="Monthly active users above which it must be asked for.")
    mau_test: MauTest | None = Field(
        None, description="release_date: counted in the calendar month before the version's release; current: now."
    )
    version_released_on: dt.date | None = Field(None, description="Release of the model version.")
    revenue_limit_usd_per_month: float | None = Field(None, gt=0, description="Monthly revenue above which to ask.")
    revenue_limit_usd_per_year: float | None = Field(None, gt=0, description="Yearly revenue above which to ask.")
    eu_blocked_modality: Literal["image"] | None = Field(
        None, description="Companies domiciled in the EU get no rights to models that read this."
    )
    attribution: LongText = Field("", description="Naming or notice that it demands.")
    output_training_restricted: bool = Field(False, description="Outputs may not train other models freely.")
    clause: LongText = Field(min_length=1, description="The restricting clauses in our words, with their place.")
    source_url: LongText = Field("", description="The licence text.")
    as_of: DateText = Field("", description="The day it was read.")

    @model_validator(mode="after")
    def _complete(self) -> LicenceTerms:
        if (self.mau_limit is None) != (self.mau_test is None):
            raise ValueError("mau_limit and mau_test belong together: give both or neither")
        if self.mau_test == "release_date" and self.version_released_on is None:
            raise ValueError("a limit on users at the release needs version_released_on")
        return self

    @property
    def users_field(self) -> str:
        """Field of the organisation that the limit on users is held against."""
        return "monthly_active_users_at_release" if self.mau_test == "release_date" else "monthly_active_users"


class LicenceFinding(NamedTuple):
    """One clause that is failed, or that a missing fact leaves open."""

    failed: bool
    """False: a fact is missing."""
    field: str
    """Field of the organisation that it depends on."""
    message: str
    """In a sentence, without its full stop."""


def licence_problems(
    terms: LicenceTerms, organisation: Organisation, modalities: Collection[str]
) -> tuple[LicenceFinding, ...]:
    """Clauses that the organisation fails and facts that are missing, for a model that reads these modalities.

    Every limit is strict: it binds above the figure, not at it.
    """
    found = [*_commercial(terms, organisation), *_users(terms, organisation), *_revenue(terms, organisation)]
    return (*found, *_domicile(terms, organisation, modalities))


def _commercial(terms: LicenceTerms, organisation: Organisation) -> Iterator[LicenceFinding]:
    if not terms.commercial_allowed and organisation.commercial_use:
        yield LicenceFinding(True, "commercial_use", f"{terms.name} does not allow commercial use")


def _users(terms: LicenceTerms, organisation: Organisation) -> Iterator[LicenceFinding]:
    if terms.mau_limit is None:
        return
    users: float | None = getattr(organisation, terms.users_field)
    limit = f"{terms.mau_limit:,} monthly active users{_when(terms)}"
    if users is None:
        yield LicenceFinding(False, terms.users_field, f"{terms.name} has to be asked for above {limit}")
    elif users > terms.mau_limit:
        yield LicenceFinding(
            True, terms.users_field, f"{terms.name} has to be asked for above {limit}; you have {users:,.0f}"
        )


def _when(terms: LicenceTerms) -> str:
    """Of the licences that count at the release, all count affiliates too."""
    if terms.mau_test != "release_date":
        return ""
    return f" in {month_before(terms)}, the month before the release, affiliates included"


def month_before(terms: LicenceTerms) -> str:
    """The calendar month whose users count, e.g. `June 2024`; empty when it is not a fixed one."""
    if terms.mau_test != "release_date" or terms.version_released_on is None:
        return ""
    return (terms.version_released_on.replace(day=1) - dt.timedelta(days=1)).strftime("%B %Y")


def _revenue(terms: LicenceTerms, organisation: Organisation) -> Iterator[LicenceFinding]:
    for limit, field, period in (
        (terms.revenue_limit_usd_per_month, "revenue_usd_per_month", "month"),
        (terms.revenue_limit_usd_per_year, "revenue_usd_per_year", "year"),
    ):
        if limit is None:
            continue
        revenue: float | None = getattr(organisation, field)
        asked = f"{terms.name} has to be asked for above {limit:,.0f} USD of revenue a {period}"
        if revenue is None:
            yield LicenceFinding(False, field, asked)
        elif revenue > limit:
            yield LicenceFinding(True, field, f"{asked}; you have {revenue:,.0f}")


def _domicile(terms: LicenceTerms, organisation: Organisation, modalities: Collection[str]) -> Iterator[LicenceFinding]:
    if terms.eu_blocked_modality not in modalities or organisation.eu_domiciled is False:
        return
    said = f"{terms.name} gives companies domiciled in the EU no rights to models that read {terms.eu_blocked_modality}"
    yield LicenceFinding(organisation.eu_domiciled is True, "eu_domiciled", said)
