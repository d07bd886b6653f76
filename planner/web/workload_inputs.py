"""The workload in the sidebar: its classes of requests, its peak, and where it was taken from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from planner.web import fields
from planner.web.editing import as_lists, change_list, set_value, widget_key
from planner.web.field_info import most_entries
from planner.web.forms import Line, form, numbers, section
from planner.web.state import Draft, PathKey, catalog
from planner.web.text import md, small
from planner.web.usage_badge import measured_inputs
from planner.workload.presets import LoadShapePreset, load_shape_presets

WORKLOAD: PathKey = ("workload",)
CLASSES: PathKey = ("workload", "classes")
PEAK: PathKey = ("workload", "peak_to_mean")
MORE = (
    Line("cache_write_tokens", "Cache write tokens per request", 10),
    Line("private", "Must stay on own machines"),
    Line("modality", "Reads"),
    Line("quality_floor", "Lowest quality score that will do (0 to 100; empty = any)"),
)


def workload_inputs(current: Draft) -> None:
    """Every class, then the way to add one."""
    with st.expander("Workload", expanded=True):
        measured_inputs()
        for index in range(len(current.scenario.workload.classes)):
            _class(current, index)
        _add_button(current)
        _peak(current)
        _demand_over_the_day()
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
    with section("More about this class", path, "class") as is_open:
        if is_open:
            fields.text("Class label", (*path, "label"))
            form(path, MORE)


def _peak(current: Draft) -> None:
    if current.scenario.workload.hourly_profile:
        peak = current.scenario.workload.peak_ratio
        st.markdown(f"Peak to mean: {peak:.3g}, from the hourly weights.")
    else:
        fields.number("Peak to mean", PEAK, step=0.1)
        _presets(current.scenario.workload.peak_to_mean)


def _presets(peak: float) -> None:
    """For who has no log: named shapes with their sources; the one in force is named below."""
    presets = {preset.parameter: preset for preset in load_shape_presets(catalog())}
    chosen = next((name for name, preset in presets.items() if preset.peak_to_mean == peak), None)
    offered: list[str | None] = [*presets] if chosen else [None, *presets]
    st.selectbox(
        "Usual peak to mean",
        offered,
        index=offered.index(chosen),
        format_func=lambda name: presets[name].title if name else "As typed in",
        key=_preset_key(),
        on_change=_take_preset,
        args=(presets,),
        help="Without a log of your own: how far the busiest hour stands above the mean, by kind of use.",
    )
    if chosen is not None:
        found = presets[chosen].evidence
        st.markdown(small(f"{md(found.source)} ([address](<{found.source_url}>), {md(found.as_of)}). {md(found.note)}"))


def _preset_key() -> str:
    return widget_key((*PEAK, "preset"))


def _take_preset(presets: Mapping[str, LoadShapePreset]) -> None:
    chosen = st.session_state[_preset_key()]
    if chosen is not None:
        set_value(PEAK, presets[chosen].peak_to_mean)


def _demand_over_the_day() -> None:
    with section("Demand over the day or week", WORKLOAD, "profile") as is_open:
        if is_open:
            numbers("Weights hour by hour (empty = peak to mean above)", (*WORKLOAD, "hourly_profile"))


def _source() -> None:
    with section("Source of the workload", WORKLOAD, "source") as is_open:
        if is_open:
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
