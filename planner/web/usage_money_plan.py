"""A log against the plan of a scenario: volume, mix and price, month by month."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from planner.charts.variance_steps import variance_steps_alt, variance_steps_chart
from planner.decision import present_variance as words
from planner.decision.evaluate import decide
from planner.decision.log_price import EmptyLog
from planner.decision.resolve import resolve
from planner.decision.variance import variance
from planner.decision.variance_plan import NoPlan, plan_of
from planner.decision.variance_values import Variance
from planner.domain.currency import written_in
from planner.domain.facts import Facts
from planner.domain.scenario import Scenario
from planner.domain.usage import UsageProfile
from planner.format import plural
from planner.report.usage_csv import variance_csv
from planner.store.duck import Store
from planner.store.errors import StoreError
from planner.web.answer import show_table, theme
from planner.web.parts import draw
from planner.web.state import catalog, draft, store_or_warn, today
from planner.web.text import md, small
from planner.web.usage_money_ask import asked_before, choice, day, keep, key_of, said
from planner.web.usage_money_cost import csv_button, say_currency, sentences
from planner.web.usage_money_log import BY_TEXT, ELLIPSIS, MOST_ANSWERS, Asked, kept_log, priced
from planner.web.usage_money_names import for_page
from planner.web.usage_words import file_stem

DRAFT = ""
MOST_MONTHS = 24
IN_A_ROW = 3
Bills = tuple[tuple[str, float], ...]
"""Month (YYYY-MM) -> US dollars, for the days that the log covers."""


@st.cache_data(max_entries=MOST_ANSWERS, show_spinner=f"Comparing{ELLIPSIS}", hash_funcs=BY_TEXT)
def compared(
    asked: Asked, scenario: Scenario, facts: Facts, option_id: str, first_on: dt.date, bills: Bills
) -> Variance:
    """The log against one option's plan. Raises EmptyLog, NoPlan."""
    result = decide(scenario, facts).option(option_id)
    plan = plan_of(scenario, facts, result, first_on=first_on)
    return variance(priced(asked), plan, bills=dict(bills) or None)


def plan_panel(profile: UsageProfile) -> None:
    """Which plan, and the difference taken apart."""
    kept = kept_log(profile)
    if kept is None:
        return
    if not profile.has_calendar:
        st.info(
            "This log has no known dates, so there is no month of a plan to hold it against. Import an export with "
            "dates.",
            icon="ℹ️",
        )
        return
    asked = asked_before(profile, kept)
    try:
        months = [month.name for month in priced(asked).time.months]
    except EmptyLog as error:
        st.info(md(str(error)), icon="ℹ️")
        return
    plan = _plan(profile)
    if plan is None:
        return
    scenario, facts = plan
    if not scenario.options:
        st.info("This scenario has no options, so there is no plan of a cost: add one under Decide.", icon="ℹ️")
        return
    option_id, first_on = _ask(profile, scenario)
    bills = _bills(profile, months)
    try:
        found = compared(asked, scenario, facts, option_id, first_on, bills)
    except (EmptyLog, NoPlan) as error:
        st.warning(md(for_page(str(error))), icon="⚠️")
        return
    with written_in(scenario.currency):
        say_currency(scenario.currency)
        _show(found)
    csv_button("Against the plan as CSV", variance_csv(found), f"{file_stem(profile)}-variance.csv", "money-csv-plan")


def _plan(profile: UsageProfile) -> tuple[Scenario, Facts] | None:
    """A saved scenario as it was saved, or the draft at today's prices; None after saying what is wrong."""
    store, current = store_or_warn(), draft().scenario
    labels = {DRAFT: f"{current.name} (as it is now, not saved)"} | ({} if store is None else _saved(store))
    chosen = choice("Plan", list(labels), profile, "plan", words=labels.__getitem__)
    if chosen != DRAFT and store is not None:
        try:
            saved = store.load(chosen)
        except StoreError as error:
            st.warning(md(str(error)), icon="⚠️")
            return None
        return saved.scenario, saved.facts
    if len(labels) == 1:
        st.markdown(small("Save a scenario under Decide, and it can be chosen here as the plan that it was."))
    usage = current.workload.usage
    if usage is not None and usage.profile_id == profile.profile_id:
        st.info("The volume of this scenario was measured from this very log: a difference is not to be expected "
                "there.", icon="ℹ️")  # fmt: skip
    return current, resolve(current, catalog(), today())


def _saved(store: Store) -> dict[str, str]:
    try:
        return {
            entry.scenario_id: f"{entry.name} (revision {entry.revision}, saved on {entry.saved_at:%Y-%m-%d})"
            for entry in store.entries()
        }
    except StoreError as error:
        st.warning(md(str(error)), icon="⚠️")
        return {}


def _ask(profile: UsageProfile, scenario: Scenario) -> tuple[str, dt.date]:
    labels = {option.option_id: option.label for option in scenario.options}
    left, right = st.columns(2)
    with left:
        option_id = choice("Option that was chosen", list(labels), profile, "plan-option", words=labels.__getitem__)
    with right:
        usual = profile.first_at.astimezone(dt.UTC).date().replace(day=1)
        first_on = day(
            "First day of the plan's month 1",
            usual,
            profile,
            "plan-from",
            help="The month of the plan that a day of the log is held against is counted from here.",
        )
    return option_id, first_on


def _bills(profile: UsageProfile, months: list[str]) -> Bills:
    """What months really cost, where a person knows it; else the export's own cost or list prices are taken."""
    known: dict[str, float | None] = {}
    with st.expander("Bills of the months, when you have them", key=key_of(profile, "bills")):
        st.markdown(small("For the days that the log covers, US dollars. A month without a bill is not compared then."))
        for start in range(0, min(len(months), MOST_MONTHS), IN_A_ROW):
            for column, month in zip(st.columns(IN_A_ROW), months[start : start + IN_A_ROW], strict=False):
                with column:
                    known[month] = _bill(profile, month)
        if len(months) > MOST_MONTHS:
            more = plural(len(months) - MOST_MONTHS, "more month")
            st.markdown(small(f"{more}: `planner usage variance --bill` takes them all."))
    return tuple((month, usd) for month, usd in known.items() if usd is not None)


def _bill(profile: UsageProfile, month: str) -> float | None:
    name = f"bill-{month}"
    return st.number_input(
        f"{month} (USD)",
        min_value=0.0,
        max_value=1e12,
        value=said(profile).get(name),
        format="%.2f",
        placeholder="not given",
        key=key_of(profile, name),
        on_change=keep,
        args=(profile, name),
    )


def _show(found: Variance) -> None:
    sentences(words.variance_sentences(found))
    figure = variance_steps_chart(found, theme=theme())
    if figure is not None:
        draw(figure, variance_steps_alt(found), "money-steps")
    show_table(words.cost_rows(found))
    show_table(words.volume_rows(found))
    if found.classes:
        show_table(words.class_rows(found))
