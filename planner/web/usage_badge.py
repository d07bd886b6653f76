"""Beside the answer and in the sidebar: that the workload is measured, from which import, and the way to it."""

from __future__ import annotations

import streamlit as st

from planner.domain.scenario import Scenario
from planner.domain.usage import Assumed, UsageReference
from planner.web.editing import replace
from planner.web.routes import WORKLOAD
from planner.web.state import draft
from planner.web.text import md, small
from planner.web.usage_link import let_go, was_changed
from planner.web.usage_words import reference

NOT_IN_LOG: dict[Assumed, str] = {
    "requests": "number of requests",
    "lengths": "tokens per request",
    "cached": "cached share",
    "written": "cache writes",
    "reasoning": "reasoning share",
    "peak": "peak",
}


def origin_line(scenario: Scenario) -> None:
    """One line under an answer; nothing for a workload that was typed in."""
    usage = scenario.workload.usage
    if usage is not None:
        st.markdown(small(f"Workload: **measured**, {md(reference(usage))}. {md(_assumed(usage))}"))


def _assumed(usage: UsageReference) -> str:
    return f"Not in the log: {', '.join(NOT_IN_LOG[name] for name in usage.assumed)}." if usage.assumed else ""


def measured_inputs() -> None:
    """In the sidebar: the import behind the figures, the way to it, and how to let go of it."""
    workload = draft().scenario.workload
    if was_changed(workload):
        st.info("Changed by hand: this workload counts as measured no more. Undo brings the import back.", icon="ℹ️")
    usage = workload.usage
    if usage is None:
        return
    with st.container(border=True, key="measured"):
        st.markdown(f"**Measured:** {md(reference(usage))}")
        st.page_link(WORKLOAD, label="See the import", query_params={"import": usage.profile_id})
        st.button(
            "Let go of the import",
            key="let-go",
            on_click=_let_go,
            width="stretch",
            help="Keeps the figures as typed in. Changing a measured figure by hand does the same.",
        )


def _let_go() -> None:
    scenario = draft().scenario
    replace(scenario.model_copy(update={"workload": let_go(scenario.workload)}))
