"""The workload in the sidebar: its classes of requests, its peak, and where it was taken from."""

from __future__ import annotations

from typing import Any

import streamlit as st

from planner.web import fields
from planner.web.field_info import most_entries
from planner.web.state import Draft, PathKey, as_lists, change_list
from planner.web.text import md

WORKLOAD: PathKey = ("workload",)
CLASSES: PathKey = ("workload", "classes")


def workload_inputs(current: Draft) -> None:
    """Every class, then the way to add one."""
    with st.expander("Workload", expanded=True):
        for index in range(len(current.scenario.workload.classes)):
            _class(current, index)
        _add_button(current)
        fields.number("Peak to mean", (*WORKLOAD, "peak_to_mean"), step=0.1)
        _source()


def _class(current: Draft, index: int) -> None:
    classes = current.scenario.workload.classes
    task = classes[index]
    if len(classes) > 1:
        st.markdown(f"**{md(task.label or task.class_id)}**")
    _class_inputs((*CLASSES, index))
    if len(classes) > 1:
        key = f"rmc-{current.epoch}-{task.class_id}"
        st.button("Remove this class", key=key, on_click=_remove_class, args=(index,))


def _class_inputs(path: PathKey) -> None:
    fields.number("Requests per day", (*path, "requests_per_day"), step=1000)
    fields.number("Fresh input tokens per request", (*path, "fresh_input_tokens"), step=10)
    fields.number("Cached input tokens per request", (*path, "cached_input_tokens"), step=10)
    fields.number("Output tokens per request", (*path, "output_tokens"), step=10)
    fields.number("Reasoning tokens per request", (*path, "reasoning_tokens"), step=10)
    fields.number("Batch share", (*path, "batch_fraction"), step=0.05)
    panel = st.popover("More about this class", key=fields.panel_key(path), on_change="rerun", width="stretch")
    if panel.open:
        with panel:
            fields.text("Class label", (*path, "label"))
            fields.number("Cache write tokens per request", (*path, "cache_write_tokens"), step=10)


def _source() -> None:
    panel = st.popover("Source of the workload", key=fields.panel_key(WORKLOAD), on_change="rerun", width="stretch")
    if not panel.open:
        return
    with panel:
        fields.text("Source of the workload", (*WORKLOAD, "source"), area=True)
        fields.text("Address of the workload", (*WORKLOAD, "source_url"))
        fields.text("Licence of the workload", (*WORKLOAD, "licence"))
        fields.text("Date of the workload", (*WORKLOAD, "as_of"))


def _add_button(current: Draft) -> None:
    most = most_entries(CLASSES)
    full = len(current.scenario.workload.classes) >= most
    st.button(
        "Add a task class",
        key="add-class",
        on_click=_add_class,
        width="stretch",
        disabled=full,
        help=f"A scenario has at most {most} classes: remove one first." if full else None,
    )


def _add_class() -> None:
    def update(document: dict[str, Any]) -> None:
        as_lists(document)
        taken = {c["class_id"] for c in document["workload"]["classes"]}
        number = next(n for n in range(2, 100) if f"class-{n}" not in taken)
        new = {
            "class_id": f"class-{number}",
            "label": f"Class {number}",
            "requests_per_day": 1000.0,
            "fresh_input_tokens": 1000.0,
            "output_tokens": 200.0,
        }
        document["workload"]["classes"].append(new)

    change_list(update, CLASSES)


def _remove_class(index: int) -> None:
    def update(document: dict[str, Any]) -> None:
        as_lists(document)
        del document["workload"]["classes"][index]

    change_list(update, CLASSES)
