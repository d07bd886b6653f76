"""The page Workload: an import that runs, one import that the address names, or how to begin."""

from __future__ import annotations

import streamlit as st

from planner.web.text import md
from planner.web.usage_desk import desk, open_import, opened
from planner.web.usage_result import result_panel
from planner.web.usage_start import start_panel

POLL_S = 0.5


def workload_page() -> None:
    """What there is to show now."""
    if (imported := desk().settle()) is not None:
        open_import(imported)
    if desk().job is not None:
        _progress()
    elif (profile_id := opened()) is not None:
        result_panel(profile_id)
    else:
        start_panel()


@st.fragment(run_every=POLL_S)
def _progress() -> None:
    """How far the import is. A fragment: it looks again and again while the rest of the page stands."""
    job = desk().job
    if job is None or job.state != "running":
        st.rerun()
    job.beat()
    with st.container(border=True, key="usage-progress"):
        st.markdown("**Importing.** The other pages work meanwhile. The import ends when you close or reload this tab.")
        st.progress(min(max(job.share, 0.0), 1.0), text=md(f"{job.step[:1].upper()}{job.step[1:]} ({job.share:.0%})"))
        st.button("Cancel", key="usage-cancel", on_click=job.stop, disabled=job.stopping)
