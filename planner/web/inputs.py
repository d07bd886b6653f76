"""The sidebar: every field of the scenario as a widget, nothing computed."""

from __future__ import annotations

from typing import Any

import streamlit as st

from planner.domain.document import parse_scenario
from planner.domain.document_problems import DocumentError
from planner.web import fields
from planner.web.option_inputs import option_inputs
from planner.web.state import Draft, change, draft, open_in_editor, shipped, shipped_titles
from planner.web.text import md

UPLOAD_TYPES = ["yaml", "yml", "json"]


def sidebar() -> None:
    """All inputs, beside the answer."""
    current = draft()
    with st.sidebar:
        st.header("Your question")
        _start(current)
        _workload(current)
        _latency()
        option_inputs(current)
        _assumptions()
        _document()


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


def _workload(current: Draft) -> None:
    workload = current.scenario.workload
    with st.expander("Workload", expanded=True):
        for index, task in enumerate(workload.classes):
            if len(workload.classes) > 1:
                st.markdown(f"**{md(task.label or task.class_id)}**")
            _class_inputs(index)
            if len(workload.classes) > 1:
                st.button(
                    "Remove this class",
                    key=f"rmc-{current.epoch}-{task.class_id}",
                    on_click=_remove_class,
                    args=(index,),
                )
        st.button("Add a task class", key=f"addc-{current.epoch}", on_click=_add_class, width="stretch")
        fields.number(
            "Peak to mean",
            ("workload", "peak_to_mean"),
            low=1,
            high=1000,
            step=0.1,
            help_text="Busiest hour divided by the mean hour. It sets the number of replicas.",
        )


def _class_inputs(index: int) -> None:
    path = ("workload", "classes", index)
    fields.number(
        "Requests per day",
        (*path, "requests_per_day"),
        high=1e12,
        step=1000,
        help_text="Mean over the week, before the what-if factor.",
    )
    fields.number(
        "Fresh input tokens per request",
        (*path, "fresh_input_tokens"),
        high=1e8,
        step=10,
        help_text="Prompt tokens that no cache holds.",
    )
    fields.number(
        "Cached input tokens per request",
        (*path, "cached_input_tokens"),
        high=1e8,
        step=10,
        help_text="Prompt tokens read from a cache, billed at the cache rate.",
    )
    fields.number("Output tokens per request", (*path, "output_tokens"), high=1e8, step=10, help_text="Visible output.")
    fields.number(
        "Reasoning tokens per request",
        (*path, "reasoning_tokens"),
        high=1e8,
        step=10,
        help_text="Billed and computed as output.",
    )
    fields.number(
        "Batch share",
        (*path, "batch_fraction"),
        high=1,
        step=0.05,
        help_text="Share of requests (0 to 1) that may wait 24 hours and go through the batch API.",
    )


def _add_class() -> None:
    def update(document: dict[str, Any]) -> None:
        classes = list(document["workload"]["classes"])
        taken = {c["class_id"] for c in classes}
        number = next(n for n in range(2, 100) if f"class-{n}" not in taken)
        new = {
            "class_id": f"class-{number}",
            "label": f"Class {number}",
            "requests_per_day": 1000.0,
            "fresh_input_tokens": 1000.0,
            "output_tokens": 200.0,
        }
        document["workload"]["classes"] = [*classes, new]

    change(update, ("workload", "classes"))


def _remove_class(index: int) -> None:
    def update(document: dict[str, Any]) -> None:
        classes = list(document["workload"]["classes"])
        document["workload"]["classes"] = classes[:index] + classes[index + 1 :]

    change(update, ("workload", "classes"))
    draft().epoch += 1


def _latency() -> None:
    panel = st.expander("Latency target", key="panel-latency", on_change="rerun")
    if not panel.open:
        return
    with panel:
        fields.number(
            "Time to first token (ms)",
            ("latency", "ttft_slo_ms"),
            low=1,
            high=1e7,
            step=100,
            help_text="TTFT: request sent to first token.",
        )
        fields.number(
            "Time per output token (ms)",
            ("latency", "tpot_slo_ms"),
            low=0.1,
            high=1e6,
            step=5,
            help_text="TPOT: mean time between tokens after the first.",
        )


def _assumptions() -> None:
    panel = st.expander("Time, people and rules", key="panel-rules", on_change="rerun")
    if not panel.open:
        return
    with panel:
        fields.whole("Horizon (months)", ("horizon_months",), low=1, high=120, help_text="Months compared.")
        fields.choice(
            "Calendar",
            ("calendar",),
            ["avg", "30d"],
            show=lambda c: {"avg": "730 h and 365/12 days a month", "30d": "720 h and 30 days a month"}[c],
            help_text="One switch for hours paid and days of demand.",
        )
        fields.number(
            "Engineering hour (USD)", ("staff_usd_per_hour",), high=1e5, step=5, help_text="For one-off setup work."
        )
        fields.number(
            "Engineer per year (USD)", ("fte_usd_per_year",), high=1e8, step=1000, help_text="Loaded cost of one FTE."
        )
        fields.number(
            "Tie band",
            ("tie_band_fraction",),
            high=1,
            step=0.01,
            help_text="Options closer than this share of cost count as a tie; the simpler one is recommended.",
        )


def _document() -> None:
    panel = st.expander("Name, owner and notes", key="panel-names", on_change="rerun")
    if not panel.open:
        return
    with panel:
        fields.text("Scenario name", ("name",), help_text="Shown in lists and on reports.")
        fields.text("Owner", ("owner",), help_text="Who answers for the figures.")
        fields.text("Notes", ("notes",), help_text="For the reviewer.", area=True, limit=4000)
