"""The sidebar: every field of the scenario as a widget, nothing computed."""

from __future__ import annotations

import streamlit as st

from planner.domain.document import parse_scenario
from planner.domain.document_problems import DocumentError
from planner.web import fields
from planner.web.currency_inputs import currency_inputs
from planner.web.forms import Line, form, panel
from planner.web.option_inputs import option_inputs
from planner.web.organisation_inputs import organisation_inputs
from planner.web.soft_inputs import soft_inputs
from planner.web.state import Draft, draft, open_in_editor, shipped, shipped_titles
from planner.web.text import md
from planner.web.timeline_inputs import timeline_inputs
from planner.web.uncertainty_inputs import uncertainty_inputs
from planner.web.workload_inputs import workload_inputs

SMALL_MB = 1
"""Of an uploaded scenario; only usage exports are larger."""
UPLOAD_TYPES = ["yaml", "yml", "json"]
CALENDARS = {"avg": "730 h and 365/12 days a month", "30d": "720 h and 30 days a month"}
LATENCY = (
    Line("ttft_slo_ms", "Time to first token (ms)", 100),
    Line("tpot_slo_ms", "Time per output token (ms)", 5),
    Line("slo_percentile", "Percentile of requests (%)"),
)
RULES = (
    Line("horizon_months", "Horizon (months)"),
    Line("calendar", "Calendar", words=CALENDARS),
    Line("staff_usd_per_hour", "Engineering hour (USD)", 5),
    Line("fte_usd_per_year", "Engineer per year (USD)", 1000),
    Line("tie_band_fraction", "Tie band (share of cost; closer options count as a tie)", 0.01),
)


SECTIONS = """<style>
[class*="st-key-more-"] summary { opacity: 1 }
[class*="st-key-more-"] [data-testid="stExpanderDetails"] {
  border-left: 2px solid rgb(128 128 128 / 40%);
  padding-left: 0.75rem;
}
</style>"""
"""Folded sections: titles that can be read (Streamlit fades them), and a line beside what belongs to one."""


def sidebar() -> None:
    """All inputs, beside the answer."""
    current = draft()
    current.shown = set()
    st.html(SECTIONS)
    with st.sidebar:
        st.header("Your question")
        top = st.container(key="problems")
        _start(current)
        workload_inputs(current)
        _latency()
        option_inputs(current)
        organisation_inputs(current)
        _assumptions()
        timeline_inputs(current)
        uncertainty_inputs(current)
        soft_inputs(current)
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
            "Scenario file (YAML or JSON)",
            type=UPLOAD_TYPES,
            key=f"upload-{current.epoch}",
            on_change=_open_upload,
            max_upload_size=SMALL_MB,
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
    with panel("Latency target", "latency") as is_open:
        if is_open:
            form(("latency",), LATENCY)


def _assumptions() -> None:
    with panel("Time, people and rules", "rules") as is_open:
        if is_open:
            form((), RULES)
            currency_inputs()


def _document() -> None:
    with panel("Name, owner and notes", "names") as is_open:
        if is_open:
            fields.text("Scenario name", ("name",))
            fields.text("Owner", ("owner",))
            fields.text("Notes", ("notes",), area=True)
