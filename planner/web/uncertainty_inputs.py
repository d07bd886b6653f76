"""Ranges of the drivers in the sidebar: their kinds and figures, how they move together, and the draws."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import get_args

import streamlit as st

from planner.decision.driver_words import WORDS
from planner.domain.uncertainty import DriverName, DriverRange, Uncertainty
from planner.web import fields
from planner.web.distributions import kinds_for, new_range, own_ranges, reshaped
from planner.web.editing import panel_key, set_value, value_at, widget_key
from planner.web.forms import Line, button, form, numbers, panel, section
from planner.web.state import Draft, PathKey, draft

ALL: PathKey = ("uncertainty",)
DRIVERS: PathKey = ("uncertainty", "drivers")
PAIRS: PathKey = ("uncertainty", "correlations")
KINDS = {
    "fixed": "certain",
    "uniform": "uniform",
    "triangular": "triangular",
    "pert": "PERT (thin ends)",
    "lognormal": "lognormal (80% range)",
    "discrete": "listed values",
}
FIGURES = {"value": "Figure", "low": "Lowest", "mode": "Most likely", "high": "Highest", "p10": "P10", "p90": "P90"}
LISTS = {"values": "Possible figures", "weights": "Weight of each"}


def uncertainty_inputs(current: Draft) -> None:
    """The assumed ranges, or the scenario's own."""
    with panel("Ranges of what is uncertain", "ranges") as is_open:
        if is_open:
            found = current.scenario.uncertainty
            if found is None:
                _assumed()
            else:
                _own(found)
            fields.problem(ALL)


def _assumed() -> None:
    st.markdown("The assumed ranges are used; the Risk page lists them.")
    button("Start from the assumed ranges", "ranges-start", _start)


def _start() -> None:
    set_value(ALL, {"drivers": own_ranges()})


def _clear() -> None:
    set_value(ALL, None)


def _own(found: Uncertainty) -> None:
    button("Clear: use the assumed ranges", "ranges-clear", _clear)
    if not found.drivers:
        st.markdown("No range is listed, so the assumed ones are used.")
    form(ALL, (Line("draws", "Draws"), Line("seed", "Seed of the draws")))
    for index, item in enumerate(found.drivers):
        words = WORDS[item.driver]
        with section(f"{words.label} ({words.unit})", (*DRIVERS, index), "range") as is_open:
            if is_open:
                _range((*DRIVERS, index), item)
    _add_range(found)
    fields.problem(DRIVERS)
    with section("Figures that move together", PAIRS, "pairs") as is_open:
        if is_open:
            _pairs(found)


def _range(path: PathKey, item: DriverRange) -> None:
    words, where = WORDS[item.driver], (*path, "distribution")
    kind = (*where, "kind")
    fields.choice(
        f"Kind of range: {words.label}",
        kind,
        kinds_for(item.driver),
        show=KINDS.__getitem__,
        on_change=_kind_changed,
        args=(where,),
    )
    named = type(item.distribution).model_fields
    for name in [name for name in FIGURES if name in named]:
        fields.number(f"{FIGURES[name]}: {words.label} ({words.unit})", (*where, name), step=0.05)
    for name in [name for name in LISTS if name in named]:
        numbers(f"{LISTS[name]}: {words.label}", (*where, name))
    fields.problem(where)
    fields.choice(f"Origin: {words.label}", (*path, "origin"))
    fields.text(f"Who says so: {words.label}", (*path, "source"))
    button(f"Remove this range: {words.label}", panel_key(path, "remove"), _remove_range, item.driver)


def _kind_changed(where: PathKey) -> None:
    chosen = st.session_state[widget_key((*where, "kind"))]
    set_value(where, reshaped(value_at(where), chosen))


def _add_range(found: Uncertainty) -> None:
    left = [name for name in WORDS if name in get_args(DriverName) and name not in found.names]
    if not left:
        return
    driver = st.selectbox(
        "Add a range for",
        left,
        format_func=lambda name: f"{WORDS[name].label} ({WORDS[name].unit})",
        key="ranges-new",
        help="Factors multiply the scenario's own figure; rates a year or a month take its place.",
    )
    button("Add this range", "ranges-add", _add, driver)


def _add(driver: DriverName) -> None:
    items = [item.model_dump() for item in value_at(DRIVERS)]
    set_value(DRIVERS, (*items, new_range(driver, draft().scenario)))


def _remove_range(driver: DriverName) -> None:
    """A range, and the pairs it is in."""
    found: Uncertainty = value_at(ALL)
    drivers = tuple(item for item in found.drivers if item.driver != driver)
    pairs = tuple(pair for pair in found.correlations if driver not in (pair.a, pair.b))
    set_value(ALL, found.model_copy(update={"drivers": drivers, "correlations": pairs}).model_dump())


def _pairs(found: Uncertainty) -> None:
    names = [name for name in WORDS if name in found.names]
    for index in range(len(found.correlations)):
        path = (*PAIRS, index)
        for name, label in (("a", "first"), ("b", "second")):
            fields.choice(f"Pair {index + 1}, {label}", (*path, name), names, show=lambda n: WORDS[n].label)
        fields.number(f"Pair {index + 1}, rank correlation (-1 to 1)", (*path, "spearman"), step=0.1)
        fields.problem(path)
        button(f"Remove pair {index + 1}", panel_key(path, "remove"), _remove_pair, index)
    new = _free_pair(found, names)
    refused = None if new else "Every two ranges have a pair, or there are fewer than two ranges."
    button("Add a pair", "ranges-pair", _add_pair, new, refused=refused)
    fields.problem(PAIRS)


def _free_pair(found: Uncertainty, names: Sequence[str]) -> tuple[str, str] | None:
    taken = {frozenset((pair.a, pair.b)) for pair in found.correlations}
    return next((pair for pair in combinations(names, 2) if frozenset(pair) not in taken), None)


def _add_pair(pair: tuple[str, str]) -> None:
    items = [item.model_dump() for item in value_at(PAIRS)]
    set_value(PAIRS, (*items, {"a": pair[0], "b": pair[1], "spearman": 0.0}))


def _remove_pair(index: int) -> None:
    set_value(PAIRS, tuple(item.model_dump() for i, item in enumerate(value_at(PAIRS)) if i != index))
