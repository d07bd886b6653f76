"""The facts of the organisation that licences ask for, in the sidebar."""

from __future__ import annotations

from planner.domain.licence import LicenceTerms, month_before
from planner.domain.options import SelfHosted
from planner.web import fields
from planner.web.field_info import help_of
from planner.web.forms import Line, Words, form, in_words, panel
from planner.web.state import Draft, PathKey, catalog
from planner.web.text import md

ORGANISATION: PathKey = ("organisation",)
EU: Words = {None: "not said", True: "yes", False: "no"}
AT_RELEASE = "monthly_active_users_at_release"
REST = (
    Line("revenue_usd_per_month", "Revenue of the group (USD a month; empty = not said)", 1e6),
    Line("revenue_usd_per_year", "Revenue of the group (USD a year; empty = not said)", 1e6),
)


def organisation_inputs(current: Draft) -> None:
    """Use, place, users and revenue; each is asked for by the licence of some model."""
    with panel("Your organisation, for licences", "organisation") as is_open:
        if not is_open:
            return
        fields.flag("Commercial use", (*ORGANISATION, "commercial_use"))
        eu = (*ORGANISATION, "eu_domiciled")
        fields.choice("Based in the EU", eu, list(EU), show=lambda value: in_words(EU, value))
        users = (*ORGANISATION, "monthly_active_users")
        fields.number("Monthly users now (empty = not said)", users, step=1e6)
        at_release = (*ORGANISATION, AT_RELEASE)
        label = "Monthly users before the release (empty = not said)"
        fields.number(label, at_release, step=1e6, help_text=_help(current, at_release))
        form(ORGANISATION, REST)


def _help(current: Draft, path: PathKey) -> str:
    """The field's own words, and the months that the models of this scenario ask for."""
    asked = [f"{name}: {month}" for name, month in months_asked(current)]
    here = [md(f"Here: {'; '.join(asked)}.")] if asked else []
    return " ".join((help_of(path, None), *here))


def months_asked(current: Draft) -> list[tuple[str, str]]:
    """Models of the scenario whose licence counts users at a release, with the month that counts."""
    found: dict[str, str] = {}
    for option in current.scenario.options:
        if isinstance(option, SelfHosted) and (named := _licensed(option)) and month_before(named[1]):
            found[named[0]] = month_before(named[1])
    return list(found.items())


def _licensed(option: SelfHosted) -> tuple[str, LicenceTerms] | None:
    """Name of the option's model and the terms of its licence; None when either is not known."""
    tables = catalog().tables
    model = option.model or tables.model_by_id.get(option.model_id)
    row = tables.licence_by_id.get(model.licence_id or "") if model else None
    return (model.name, row.terms) if model and row else None
