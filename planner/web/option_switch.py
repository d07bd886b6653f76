"""Changing several fields of an option at once, and the switch between a listed figure and one typed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import streamlit as st

from planner.web.editing import as_lists, change, set_at, value_at, widget_key
from planner.web.state import PathKey, draft
from planner.web.text import md

Changes = dict[str, Any]
"""Fields of an option and their new values."""


def set_many(path: PathKey, values: Changes) -> bool:
    """Several fields of one option at once, so that the document is never half-changed. Its widgets follow."""

    def update(document: dict[str, Any]) -> None:
        as_lists(document)
        for name, value in values.items():
            set_at(document, (*path, name), value)

    done = change(update, path)
    for place in _places(path, values):
        key = widget_key(place)
        if key in st.session_state:
            st.session_state[key] = value_at(place)
    return done


def _places(path: PathKey, values: Changes) -> Iterator[PathKey]:
    """Every field that the changes hold, those of a group included."""
    for name, value in values.items():
        yield (*path, name)
        if isinstance(value, dict):
            yield from _places((*path, name), value)


def switch(label: str, path: PathKey, name: str, on: bool, start: Callable[[bool], Changes | None]) -> bool:
    """A switch between two forms of a figure. `start` says what to change when it is turned, or None when there is
    nothing to start from: then the switch is ahead of the draft, and the caller asks for the figures (`ask`)."""
    key = widget_key((*path, name, "switch"))

    def turned() -> None:
        changes = start(st.session_state[key])
        if changes is not None and not set_many(path, changes):
            st.session_state[key] = on

    return st.toggle(label, value=on, key=key, on_change=turned)


def typed_switch(label: str, path: PathKey, name: str, typed: Callable[[], Any], listed: Changes) -> bool:
    """A switch between the catalog's figure and one typed in. It starts from the catalog's, else from the one typed in
    before; `typed` gives None when the catalog has none."""
    memory = f"typed-{draft().document}-{value_at((*path, 'option_id'))}-{name}"

    def start(on: bool) -> Changes | None:
        if not on:
            st.session_state[memory] = value_at((*path, name)) or st.session_state.get(memory)
            return {name: None, **listed}
        figure = typed() or st.session_state.get(memory)
        return None if figure is None else {name: figure, **dict.fromkeys(listed)}

    return switch(label, path, name, value_at((*path, name)) is not None, start)


def ask(path: PathKey, why: str, labels: Mapping[str, str], take: Callable[[dict[str, Decimal]], Changes]) -> None:
    """Empty inputs for figures that nothing is known of; the draft changes when all of them are given."""
    keys = {name: widget_key((*path, "asked", name)) for name in labels}

    def given() -> None:
        typed = {name: st.session_state[key] for name, key in keys.items()}
        if None not in typed.values():
            set_many(path, take({name: Decimal(repr(value)) for name, value in typed.items()}))

    st.info(md(why), icon="ℹ️")
    for name, label in labels.items():
        st.number_input(
            label,
            min_value=0.0,
            value=None,
            step=0.01,
            format="%.10g",
            key=keys[name],
            placeholder="Needed",
            on_change=given,
            help="Nothing changes before every figure asked for here is given.",
        )
