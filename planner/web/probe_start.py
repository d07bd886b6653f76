"""How a measurement begins: from here, beside the GPU, from a file of another tool, or one that is kept."""

from __future__ import annotations

import streamlit as st

from planner.probe.errors import ProbeError
from planner.web.answer import show_table
from planner.web.probe_declared import option_box
from planner.web.probe_desk import desk, open_measurement, words_of
from planner.web.probe_import import import_panel
from planner.web.probe_kept import kept_list
from planner.web.probe_plan_view import command_panel, plan_for, worth_panel
from planner.web.probe_run import run_panel
from planner.web.probe_tables import kept_rows
from planner.web.probe_words import listed as line
from planner.web.state import catalog, draft
from planner.web.text import md, small

KEPT = "probe-kept"
SHOWN = 50
WHAT = (
    "A probe keeps a few requests in flight on one replica of your own server, then more, until it no longer gets "
    "faster, and counts what comes out. Three loads at the length of your requests take the error of a planned "
    "throughput from about 9% to about 2%. It takes minutes, uses the GPU that you have anyway, and sends random "
    "prompts: nothing of your data, and no answer is kept."
)


def start_panel() -> None:
    """What a probe is, what it would be worth, and the ways to make one."""
    st.markdown(WHAT)
    option = option_box("Option of the scenario that the server stands for", "probe-option")
    plan = plan_for(draft().scenario, option)
    worth_panel(plan)
    here, beside, given = st.tabs(["Run it from here", "Run it beside the GPU", "Import a result"])
    with here:
        run_panel(plan)
    with beside:
        command_panel(plan)
    with given:
        import_panel(plan)


def kept_panel() -> None:
    """Every measurement that this server keeps, and what it cannot read."""
    st.subheader("Kept measurements")
    try:
        found = kept_list()
    except ProbeError as error:
        st.warning(md(words_of(error)), icon="⚠️")
        return
    if not found.measurements and not found.unreadable:
        st.markdown(small("None yet. What is probed or imported here, or kept by `planner probe`, is listed here."))
        return
    tables = catalog().tables
    by_id = {m.measurement_id: m for m in found.measurements}
    if by_id:
        with st.container(horizontal=True, vertical_alignment="bottom", key="probe-open-one"):
            st.selectbox("Measurement", list(by_id), format_func=lambda i: line(by_id[i], tables), key=KEPT)
            st.button("Open it", key="probe-open", on_click=_open)
        show_table(kept_rows(list(by_id.values())[:SHOWN], tables))
    for problem in found.unreadable:
        st.warning(md(f"{problem.measurement_id} cannot be read: {problem.reason}"), icon="⚠️")


def _open() -> None:
    open_measurement(st.session_state[KEPT])


def told() -> None:
    """What was done or went wrong last, once."""
    current = desk()
    if current.told:
        st.success(md(current.told), icon="✅")
    if current.problems:
        said = "\n".join(f"- {md(problem)}" for problem in current.problems)
        st.error(f"{md(current.heading)}:\n{said}", icon="⚠️")
    current.told, current.heading, current.problems = "", "", ()
