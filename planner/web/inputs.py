"""The sidebar: every field of the scenario as a widget, nothing computed."""

from __future__ import annotations

import streamlit as st

from planner.domain.document import parse_scenario
from planner.domain.document_problems import DocumentError
from planner.web import fields
from planner.web.option_inputs import option_inputs
from planner.web.state import Draft, draft, open_in_editor, shipped, shipped_titles
from planner.web.text import md
from planner.web.workload_inputs import workload_inputs

UPLOAD_TYPES = ["yaml", "yml", "json"]
CALENDARS = {"avg": "730 h and 365/12 days a month", "30d": "720 h and 30 days a month"}


def sidebar() -> None:
    """All inputs, beside the answer."""
    current = draft()
    current.shown = set()
    with st.sidebar:
        st.header("Your question")
        top = st.container(key="problems")
        _start(current)
        workload_inputs(current)
        _latency()
        option_inputs(current)
        _assumptions()
        _document()
    with top:
        fields.other_problems()


def _start(current: Draft) -> None:
    titles = shipped_titles()
    st.selectbox(
        "Start from",
        [None, *titles],
        format_func=lambda stem: "Choose an example" if stem is None else titles[stem],
        key=f"start-{current.epoch}",
        on_change=_open_shipped,
        help="Replaces the scenario below; Undo brings it back.",
    )
    with st.popover("Open a file", width="stretch"):
        st.file_uploader(
            "Scenario file (YAML or JSON)", type=UPLOAD_TYPES, key=f"upload-{current.epoch}", on_change=_open_upload
        )
        for line in st.session_state.get("upload_problems", []):
            st.error(md(line))


def _open_shipped() -> None:
    stem = st.session_state[f"start-{draft().epoch}"]
    if stem is not None:
        open_in_editor(parse_scenario(shipped()[stem], name=stem))


def _open_upload() -> None:
    upload = st.session_state[f"upload-{draft().epoch}"]
    st.session_state["upload_problems"] = []
    if upload is None:
        return
    try:
        open_in_editor(parse_scenario(upload.getvalue(), name=upload.name))
    except DocumentError as error:
        st.session_state["upload_problems"] = str(error).splitlines()


def _latency() -> None:
    panel = st.expander("Latency target", key="panel-latency", on_change="rerun")
    if not panel.open:
        return
    with panel:
        fields.number("Time to first token (ms)", ("latency", "ttft_slo_ms"), step=100)
        fields.number("Time per output token (ms)", ("latency", "tpot_slo_ms"), step=5)
        fields.number("Percentile of requests (%)", ("latency", "slo_percentile"))


def _assumptions() -> None:
    panel = st.expander("Time, people and rules", key="panel-rules", on_change="rerun")
    if not panel.open:
        return
    with panel:
        fields.whole("Horizon (months)", ("horizon_months",))
        fields.choice("Calendar", ("calendar",), show=CALENDARS.__getitem__)
        fields.number("Engineering hour (USD)", ("staff_usd_per_hour",), step=5)
        fields.number("Engineer per year (USD)", ("fte_usd_per_year",), step=1000)
        fields.number(
            "Tie band",
            ("tie_band_fraction",),
            step=0.01,
            help_text="Options closer than this share of cost count as a tie; the simpler one is recommended.",
        )


def _document() -> None:
    panel = st.expander("Name, owner and notes", key="panel-names", on_change="rerun")
    if not panel.open:
        return
    with panel:
        fields.text("Scenario name", ("name",))
        fields.text("Owner", ("owner",))
        fields.text("Notes", ("notes",), area=True)
