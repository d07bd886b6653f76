"""A measured log into the scenario: what to take, what changes, and the button. Undo brings the figures back."""

from __future__ import annotations

import streamlit as st

from planner.domain.scenario import Scenario
from planner.domain.usage import UsageProfile
from planner.web.answer import show_table
from planner.web.editing import replace
from planner.web.routes import DECIDE
from planner.web.share import undo_button
from planner.web.state import draft
from planner.web.text import md, small
from planner.web.usage_tables import change_rows
from planner.web.usage_words import interval, why_no_trend
from planner.workload.before_after import before_after
from planner.workload.usage_mix import By
from planner.workload.usage_scenario import NotUsableError, UsageChoices, applied

GROUPS: dict[By, str] = {
    "model and task class": "each model and task class",
    "model": "each model",
    "task class": "each task class",
    "together": "all requests together",
}
USED = "usage-used"


def use_panel(profile: UsageProfile) -> None:
    """Choices, before and after, and the button."""
    scenario = draft().scenario
    _after_use(profile)
    st.markdown(
        f"Replaces volume, mix, lengths and peak of **{md(scenario.name)}** by what was measured. Options, prices and "
        "rules stay; Undo brings the figures back."
    )
    choices = _choices(profile)
    try:
        found = applied(scenario, profile, choices)
    except NotUsableError as error:
        for problem in error.problems:
            st.error(md(f"{problem.what}: {problem.reason} {problem.remedy}"), icon="⚠️")
        return
    growth_taken = choices.growth and profile.trend is not None
    show_table(change_rows(before_after(scenario, found.scenario, growth_taken=growth_taken)))
    for said in found.said:
        st.markdown(f"- {md(said)}")
    same = found.scenario == scenario
    st.button(
        "Use these figures",
        type="primary",
        key="usage-use",
        on_click=_use,
        args=(found.scenario, profile.profile_id),
        disabled=same,
        help="The scenario has these figures already." if same else None,
    )


def _choices(profile: UsageProfile) -> UsageChoices:
    key = f"usage-{profile.profile_id}"
    models = sorted({c.model for c in profile.classes})
    chosen = []
    if len(models) > 1:
        chosen = st.multiselect(
            "Models to take",
            models,
            key=f"{key}-models",
            placeholder=f"All {len(models)} models",
            help="Choose some to leave the others out.",
        )
    by = st.selectbox("A class of requests for", list(GROUPS), format_func=GROUPS.__getitem__, key=f"{key}-by")
    requests, prompt = _silent(profile, key)
    return UsageChoices(
        by=by,
        models=tuple(chosen),
        requests_per_day=requests,
        mean_input_tokens=prompt,
        growth=_growth(profile, key),
    )


def _silent(profile: UsageProfile, key: str) -> tuple[float | None, float | None]:
    """What a log that counts no requests has to be told."""
    if all(c.requests is not None for c in profile.classes):
        return None, None
    left, right = st.columns(2)
    with left:
        requests = st.number_input(
            "Requests per day", min_value=0.0, value=None, key=f"{key}-requests", help="Of all chosen models together."
        )
    with right:
        prompt = st.number_input("or mean prompt (tokens per request)", min_value=0.0, value=None, key=f"{key}-prompt")
    return requests, prompt


def _growth(profile: UsageProfile, key: str) -> bool:
    trend = profile.trend
    if trend is None:
        st.markdown(small(f"Growth stays as it is in the scenario. {md(why_no_trend(profile))}"))
        return False
    return st.checkbox(
        f"Take the growth of {trend.per_month:+.1%} a month as well ({md(interval(profile))})",
        key=f"{key}-growth",
        help=md(trend.method),
    )


def _use(changed: Scenario, profile_id: str) -> None:
    replace(changed)
    st.session_state[USED] = profile_id


def _after_use(profile: UsageProfile) -> None:
    """What was done, with the way to the answer and back."""
    usage = draft().scenario.workload.usage
    if st.session_state.get(USED) != profile.profile_id:
        return
    if usage is None or usage.profile_id != profile.profile_id:
        st.session_state.pop(USED)
        return
    with st.container(key="usage-done"):
        st.success("The scenario uses these figures.", icon="✅")
        with st.container(horizontal=True):
            st.page_link(DECIDE, label="See the answer")
            undo_button()
