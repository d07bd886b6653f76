"""Widgets bound to one field of the draft: help and bounds come from the domain, mistakes show under the widget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import streamlit as st

from planner.web.editing import panel_key, value_at, widget_key, write_back
from planner.web.field_info import LARGEST_WHOLE, choices, help_of, limits, may_be_empty
from planner.web.state import PathKey, draft
from planner.web.text import md

AFTER_A_MISTAKE = "The last good value is still used."


def problem(path: PathKey) -> None:
    """The message of this field, under its widget."""
    draft().shown.add(path)
    found = draft().problems.get(path)
    if found is not None:
        st.error(md(f"{found.message.rstrip('.')}. {found.remedy.rstrip('.')}. {AFTER_A_MISTAKE}"), icon="⚠️")


def other_problems() -> None:
    """The messages that no widget shows; call it when all widgets are drawn."""
    current = draft()
    for path, problem in current.problems.items():
        if path not in current.shown:
            st.error(md(f"{problem} {AFTER_A_MISTAKE}"), icon="⚠️")


def number(label: str, path: PathKey, *, help_text: str | None = None, step: float = 1.0, needed: bool = False) -> None:
    """A number, as float. One that may be empty in the domain can be emptied, unless it is `needed`."""
    _number(label, path, help_text, step, _same, needed)


def price(label: str, path: PathKey, *, help_text: str | None = None) -> None:
    """A price: shown as a number, kept as an exact decimal."""
    _number(label, path, help_text, 0.01, _exact)


def _same(value: float | None) -> float | None:
    return value


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))


def _number(
    label: str,
    path: PathKey,
    help_text: str | None,
    step: float,
    convert: Callable[[float | None], Any],
    needed: bool = False,
) -> None:
    current, bounds = value_at(path), limits(path)
    st.number_input(
        label,
        min_value=bounds.low,
        max_value=bounds.high,
        value=current if needed else _start(path, None if current is None else float(current)),
        step=float(step),
        format="%.10g",
        key=widget_key(path),
        help=help_of(path, help_text),
        on_change=write_back,
        args=(path, convert),
    )
    problem(path)


def whole(
    label: str,
    path: PathKey,
    *,
    help_text: str | None = None,
    on_change: Callable[..., None] = write_back,
    args: tuple[Any, ...] | None = None,
) -> None:
    """A whole number; one that may be empty in the domain can be emptied."""
    current, bounds = value_at(path), limits(path)
    high = LARGEST_WHOLE if bounds.high is None else min(int(bounds.high), LARGEST_WHOLE)
    st.number_input(
        label,
        min_value=int(bounds.low or 0),
        max_value=high,
        value=_start(path, None if current is None else min(int(current), high)),
        step=1,
        key=widget_key(path),
        help=help_of(path, help_text),
        on_change=on_change,
        args=(path,) if args is None else args,
    )
    problem(path)


def _start(path: PathKey, current: Any) -> Any:
    """What a number widget starts with. Only one that starts with None can be emptied: its value goes in by the key."""
    if not may_be_empty(path):
        return current
    key = widget_key(path)
    if key not in st.session_state:
        st.session_state[key] = current
    return None


def flag(label: str, path: PathKey, *, help_text: str | None = None) -> None:
    """Yes or no."""
    st.checkbox(
        label,
        value=bool(value_at(path)),
        key=widget_key(path),
        help=help_of(path, help_text),
        on_change=write_back,
        args=(path,),
    )
    problem(path)


def text(
    label: str,
    path: PathKey,
    *,
    help_text: str | None = None,
    area: bool = False,
    on_change: Callable[..., None] = write_back,
    args: tuple[Any, ...] | None = None,
) -> None:
    """Free text."""
    make = st.text_area if area else st.text_input
    make(
        label,
        value=str(value_at(path)),
        max_chars=limits(path).length,
        key=widget_key(path),
        help=help_of(path, help_text),
        on_change=on_change,
        args=(path,) if args is None else args,
    )
    problem(path)


def choice(
    label: str,
    path: PathKey,
    options: Sequence[Any] | None = None,
    *,
    help_text: str | None = None,
    show: Callable[[Any], str] = str,
    on_change: Callable[..., None] = write_back,
    args: tuple[Any, ...] | None = None,
) -> None:
    """One of several values; a value that is not on offer is put first, so that nothing changes unasked."""
    current = value_at(path)
    listed = list(choices(path) if options is None else options)
    offered = listed if current in listed else [current, *listed]
    st.selectbox(
        label,
        offered,
        index=offered.index(current),
        format_func=show,
        key=widget_key(path),
        help=help_of(path, help_text),
        on_change=on_change,
        args=(path,) if args is None else args,
    )
    problem(path)


def provenance_inputs(path: PathKey) -> None:
    """Where a typed figure comes from: it goes into the report with the figure."""
    key = panel_key(path, "source")
    panel = st.popover("Where this figure comes from", key=key, on_change="rerun", width="stretch")
    if not panel.open:
        return
    with panel:
        choice("Origin", (*path, "origin"))
        text("Source", (*path, "source"))
        text("Address of the source", (*path, "source_url"))
        text("Date of the figure", (*path, "as_of"))
        text("Note on the figure", (*path, "note"))


VOLUMES = (0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 7.5, 10, 15, 20, 30, 50, 100)


def volume() -> None:
    """The what-if factor on the whole workload."""
    path: PathKey = ("workload", "volume_multiplier")
    current = float(value_at(path))
    st.select_slider(
        "What if the volume were … times the workload?",
        sorted({*map(float, VOLUMES), current}),
        value=current,
        format_func=lambda factor: f"{factor:g}\N{MULTIPLICATION SIGN}",
        key=widget_key(path),
        help="Multiplies the requests of every class; tokens per request and the peak stay as they are.",
        on_change=write_back,
        args=(path,),
    )
