"""The options in the sidebar: one panel each, its fields by kind."""

from __future__ import annotations

import streamlit as st

from planner.domain.options import HybridOption, Option, OwnedOption, ProvisionedOption, RentedOption, WorkstationOption
from planner.domain.scenario import Scenario
from planner.web import fields
from planner.web.composed_inputs import NO_PARTS, hybrid_inputs, provisioned_inputs
from planner.web.editing import write_back
from planner.web.field_info import most_entries
from planner.web.forms import button
from planner.web.operations_inputs import operations_inputs
from planner.web.option_kinds import KIND_NAMES, OPTIONS, add, kind_changed, new_option, remove, users_of
from planner.web.option_rules_inputs import rules_inputs
from planner.web.owned_inputs import owned_inputs, workstation_inputs
from planner.web.per_token_inputs import per_token_inputs
from planner.web.rented_inputs import rented_inputs
from planner.web.state import Draft, PathKey
from planner.web.text import md, small


def option_inputs(current: Draft) -> None:
    """Every option, then the way to add one."""
    st.subheader("Options to compare")
    for index, option in enumerate(current.scenario.options):
        key = f"option-{option.option_id}"
        panel = st.expander(md(option.label), key=key, on_change="rerun")
        if panel.open:
            with panel:
                _option(current, ("options", index), option, key)
    _add_inputs(current)


def _option(current: Draft, path: PathKey, option: Option, key: str) -> None:
    fields.text("Label", (*path, "label"), on_change=_label_changed, args=((*path, "label"), key))
    fields.choice(
        "Kind of option",
        (*path, "kind"),
        _kinds(current.scenario, option),
        show=KIND_NAMES.__getitem__,
        help_text="What both kinds have is kept; what the option was is kept for the way back.",
        on_change=kind_changed,
        args=(path, option),
    )
    _by_kind(path, option)
    operations_inputs(path, option)
    rules_inputs(path, option)
    _remove_inputs(current, option)


def _kinds(scenario: Scenario, option: Option) -> list[str]:
    """Kinds on offer: a hybrid only when it would have its parts."""
    others = [o for o in scenario.options if o.option_id != option.option_id]
    able = bool(others) and new_option(scenario.model_copy(update={"options": tuple(others)}), "hybrid") is not None
    return [kind for kind in KIND_NAMES if kind != "hybrid" or able or option.kind == "hybrid"]


def _by_kind(path: PathKey, option: Option) -> None:
    if isinstance(option, RentedOption):
        rented_inputs(path, option)
    elif isinstance(option, OwnedOption):
        owned_inputs(path, option)
    elif isinstance(option, WorkstationOption):
        workstation_inputs(path)
    elif isinstance(option, ProvisionedOption):
        provisioned_inputs(path)
    elif isinstance(option, HybridOption):
        hybrid_inputs(path, option)
    else:
        per_token_inputs(path, option)


def _label_changed(path: PathKey, panel: str) -> None:
    """A panel is a new one when its label changes: keep it open."""
    write_back(path)
    st.session_state[panel] = True


def _remove_inputs(current: Draft, option: Option) -> None:
    hybrids, units = users_of(option, current.scenario)
    last = len(current.scenario.options) == 1 + len(hybrids)
    for user in hybrids:
        st.markdown(small(f"{md(user.label)} is made of this option: both are removed. Undo brings them back."))
    for sender in units:
        st.markdown(small(f"{md(sender.label)} sends its overflow here; without it, its units serve the whole peak."))
    button(
        "Remove this option",
        f"rmo-{current.epoch}-{option.option_id}",
        remove,
        option.option_id,
        refused="A scenario needs at least one option." if last else None,
    )


def _add_inputs(current: Draft) -> None:
    kind = st.selectbox(
        "Add an option",
        list(KIND_NAMES),
        format_func=KIND_NAMES.__getitem__,
        key="new-kind",
        help="Kind of the new option.",
    )
    most = most_entries(OPTIONS)
    refused = (
        f"A scenario has at most {most} options: remove one first." if len(current.scenario.options) >= most else None
    )
    if refused is None and new_option(current.scenario, kind) is None:
        refused = NO_PARTS
    button("Add it", "new-option", add, kind, refused=refused)
    if refused:
        st.markdown(small(md(refused)))
