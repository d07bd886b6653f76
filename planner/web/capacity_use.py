"""A candidate into the scenario: a new rented option, or in place of one that is there. Undo brings it back."""

from __future__ import annotations

import streamlit as st
from pydantic import ValidationError

from planner.decision.present_capacity import Names
from planner.decision.present_capacity_option import changed_document
from planner.domain.capacity import Candidate, CapacityRequest
from planner.domain.document_problems import problems_of
from planner.domain.options import RentedOption
from planner.domain.scenario import Scenario
from planner.web.editing import replace
from planner.web.routes import DECIDE
from planner.web.share import undo_button
from planner.web.state import catalog, draft
from planner.web.text import md, small

NEW = "a new option"
USED, REFUSED = "capacity-used", "capacity-refused"


def use_panel(candidate: Candidate, request: CapacityRequest) -> None:
    """Where to put it, the button, and what was done."""
    scenario = draft().scenario
    _done()
    offered = {NEW: NEW} | {o.option_id: o.label for o in scenario.options if isinstance(o, RentedOption)}
    with st.container(horizontal=True, vertical_alignment="bottom", key="capacity-use"):
        where = st.selectbox(
            "Put it into the scenario as",
            list(offered),
            format_func=lambda i: NEW if i == NEW else f"in place of: {offered[i]}",
            key=f"capacity-where-{draft().document}-{draft().epoch}",
            help="In place of a rented option: model, GPUs, price and term change, everything else of it stays.",
        )
        st.button(
            "Use it in the scenario",
            type="primary",
            key="capacity-take",
            on_click=_use,
            args=(candidate, request, where),
        )
    st.markdown(
        small(
            md(
                "The scenario works out its own replicas from its hourly demand, adds people and other costs, and "
                "takes the throughput from the best source that it has (see Sources). Undo brings it back."
            )
        )
    )


def _use(candidate: Candidate, request: CapacityRequest, where: str) -> None:
    scenario = draft().scenario
    document = changed_document(scenario, candidate, request, catalog().tables, None if where == NEW else where)
    try:
        replace(Scenario.model_validate(document))
    except ValidationError as error:
        st.session_state[REFUSED] = [f"{p.message}. {p.remedy}" for p in problems_of(error, document)]
        return
    st.session_state[USED] = Names(catalog().tables).deployment(candidate)


def _done() -> None:
    """What was done, with the way to the answer and back."""
    for problem in st.session_state.pop(REFUSED, []):
        st.error(md(f"It cannot be used: {problem}"), icon="⚠️")
    used = st.session_state.get(USED)
    if used is None:
        return
    if not draft().history:
        st.session_state.pop(USED)
        return
    with st.container(key="capacity-done"):
        st.success(f"{md(used)} is in the scenario.", icon="✅")
        with st.container(horizontal=True):
            st.page_link(DECIDE, label="See the answer")
            undo_button()
