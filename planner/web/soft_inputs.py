"""Soft criteria: their weights in the scenario, and each option's score on them. They are shown, never in dollars."""

from __future__ import annotations

import re

import streamlit as st

from planner.domain.options import Option
from planner.web import fields
from planner.web.editing import change, panel_key, set_at, set_value, value_at, widget_key
from planner.web.field_info import most_entries
from planner.web.forms import button, panel
from planner.web.state import Draft, PathKey, draft
from planner.web.text import md

WEIGHTS: PathKey = ("soft_weights",)


def soft_inputs(current: Draft) -> None:
    """A weight for each criterion, and the way to add one."""
    with panel("Soft criteria", "soft") as is_open:
        if not is_open:
            return
        for name in current.scenario.soft_weights:
            fields.number(f"Weight of {md(name)}", (*WEIGHTS, name), help_text="Relative to the other weights.")
            button(f"Remove {md(name)}", panel_key((*WEIGHTS, name), "remove"), _remove, name)
        _add_inputs(current)
        fields.problem(WEIGHTS)


def _add_inputs(current: Draft) -> None:
    most = most_entries(WEIGHTS)
    if len(current.scenario.soft_weights) >= most:
        st.markdown(f"A scenario has at most {most} criteria: remove one first.")
        return
    st.text_input(
        "New criterion",
        key=panel_key(WEIGHTS, f"new{current.epoch}"),
        max_chars=60,
        placeholder="for example: support",
        help="A short name; press Enter to add it with weight 1.",
        on_change=_add,
    )


def _add() -> None:
    typed = st.session_state[panel_key(WEIGHTS, f"new{draft().epoch}")]
    name = re.sub(r"[^a-z0-9]+", "-", typed.casefold()).strip("-")
    if name and name not in draft().scenario.soft_weights:
        set_value(WEIGHTS, {**draft().scenario.soft_weights, name: 1.0})


def _remove(name: str) -> None:
    """The criterion, and every option's score on it."""
    found = draft().scenario

    def update(document: dict[str, object]) -> None:
        document["soft_weights"] = {key: value for key, value in found.soft_weights.items() if key != name}
        document["options"] = [
            {**o.model_dump(), "soft_scores": {k: v for k, v in o.soft_scores.items() if k != name}}
            for o in found.options
        ]

    if change(update, WEIGHTS):
        draft().start_afresh()


def score_inputs(path: PathKey, option: Option) -> None:
    """A score for each criterion of the scenario, and for those that only this option names."""
    where = (*path, "soft_scores")
    for name in dict.fromkeys((*draft().scenario.soft_weights, *option.soft_scores)):
        key = widget_key((*where, name))
        if key not in st.session_state:
            st.session_state[key] = option.soft_scores.get(name)
        st.number_input(
            f"Score on {md(name)} (0 to 5; empty = none)",
            value=None,
            step=0.5,
            format="%.10g",
            key=key,
            help="Your own judgement; the weighted mean is shown beside the costs.",
            on_change=_scored,
            args=(where, name),
        )
    if not draft().scenario.soft_weights:
        st.markdown(":small[Scores on soft criteria: add a criterion below the options first.]")
    fields.problem(where)


def _scored(where: PathKey, name: str) -> None:
    score = st.session_state[widget_key((*where, name))]
    scores = {key: value for key, value in value_at(where).items() if key != name}
    found = scores if score is None else {**scores, name: score}
    change(lambda document: set_at(document, where, found), where)
