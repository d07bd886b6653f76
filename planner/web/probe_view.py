"""The page Probe: probes that run, then one kept measurement that the address names, or how to begin."""

from __future__ import annotations

from contextlib import nullcontext

import streamlit as st

from planner.web.probe_desk import opened, settle
from planner.web.probe_job import REGISTRY
from planner.web.probe_progress import progress_panel
from planner.web.probe_result import result_panel
from planner.web.probe_start import kept_panel, start_panel, told


def probe_page() -> None:
    """What there is to show now."""
    settle()
    told()
    running = REGISTRY.running()
    for job in running:
        progress_panel(job)
    if (measurement_id := opened()) is not None:
        result_panel(measurement_id)
        return
    with st.expander("Measure something else, or open a measurement") if running else nullcontext():
        start_panel()
        kept_panel()
