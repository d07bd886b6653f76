"""The options in the sidebar: one expander each, fields by kind."""

from __future__ import annotations

from typing import Any

import streamlit as st

from planner.catalog import prices
from planner.domain.options import PerTokenOption, RentedOption
from planner.web import fields
from planner.web.field_info import most_entries
from planner.web.option_switch import set_many
from planner.web.rented_inputs import rented_inputs
from planner.web.state import Draft, PathKey, as_lists, change_list, widget_key, write_back
from planner.web.text import md
from planner.web.token_price_inputs import token_price_inputs

OPTIONS: PathKey = ("options",)
KIND_NAMES = {"api": "Proprietary API", "hosted": "Open model on a host", "rented": "Open model on rented GPUs"}
NEW: dict[str, dict[str, Any]] = {
    "api": {"label": "New API option", "provider": "openai", "model": "gpt-6-luna"},
    "hosted": {"label": "New hosted option", "provider": "groq", "model": "openai/gpt-oss-120b"},
    "rented": {
        "label": "New rented option",
        "model_id": "gpt-oss-120b",
        "format_id": "mxfp4",
        "gpu_id": "h200",
        "gpus_per_replica": 1,
        "price_id": "runpod-h200-pod-on-demand",
    },
}


def option_inputs(current: Draft) -> None:
    """Every option, then the way to add one."""
    st.subheader("Options to compare")
    for index, option in enumerate(current.scenario.options):
        key = f"option-{option.option_id}"
        panel = st.expander(md(option.label), key=key, on_change="rerun")
        if panel.open:
            with panel:
                _option(current, index, key)
    _add_inputs(current)


def _option(current: Draft, index: int, key: str) -> None:
    path: PathKey = ("options", index)
    option = current.scenario.options[index]
    fields.text("Label", (*path, "label"), on_change=_label_changed, args=((*path, "label"), key))
    if isinstance(option, RentedOption):
        rented_inputs(path, option)
    else:
        _per_token(path, option)
    _operations((*path, "operations"))
    st.button(
        "Remove this option",
        key=f"rmo-{current.epoch}-{option.option_id}",
        on_click=_remove,
        args=(index,),
        disabled=len(current.scenario.options) == 1,
    )


def _add_inputs(current: Draft) -> None:
    most = most_entries(OPTIONS)
    full = len(current.scenario.options) >= most
    kind = st.selectbox(
        "Add an option", list(NEW), format_func=KIND_NAMES.__getitem__, key="new-kind", help="Kind of the new option."
    )
    st.button(
        "Add it",
        on_click=_add,
        args=(kind,),
        width="stretch",
        key="new-option",
        disabled=full,
        help=f"A scenario has at most {most} options: remove one first." if full else None,
    )


def _label_changed(path: PathKey, panel: str) -> None:
    """A panel is a new one when its label changes: keep it open."""
    write_back(path)
    st.session_state[panel] = True


def _add(kind: str) -> None:
    def update(document: dict[str, Any]) -> None:
        as_lists(document)
        taken = {o["option_id"] for o in document["options"]}
        number = next(n for n in range(1, 100) if f"{kind}-{n}" not in taken)
        new = NEW[kind] | {"label": f"{NEW[kind]['label']} {number}"}
        document["options"].append({"kind": kind, "option_id": f"{kind}-{number}", **new})

    change_list(update, OPTIONS)


def _remove(index: int) -> None:
    def update(document: dict[str, Any]) -> None:
        as_lists(document)
        del document["options"][index]

    change_list(update, OPTIONS)


def _per_token(path: PathKey, option: PerTokenOption) -> None:
    if token_price_inputs(path, option):
        return
    fields.choice("Provider", (*path, "provider"), prices.providers(), on_change=_provider_changed, args=(path,))
    fields.choice(
        "Model",
        (*path, "model"),
        prices.models(option.provider),
        help_text="Exact model id; moving aliases are left out.",
    )


def _provider_changed(path: PathKey) -> None:
    provider = st.session_state[widget_key((*path, "provider"))]
    set_many(path, {"provider": provider, "model": next(iter(prices.models(provider)), "none")})


def _operations(path: PathKey) -> None:
    fields.number("Setup (hours)", (*path, "setup_hours"), step=4)
    fields.number("Engineers kept busy (FTE)", (*path, "fte_fraction"), step=0.01, help_text="0.1 = half a day a week.")
    fields.number("Other cost (USD a month)", (*path, "other_usd_per_month"), step=50)
    fields.number("Other one-off cost (USD)", (*path, "other_one_off_usd"), step=500)
