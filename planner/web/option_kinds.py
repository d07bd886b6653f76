"""Adding an option of any kind, turning one into another kind, and taking one out with what is made of it."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from planner.domain.options import HybridOption, Operations, Option, ProvisionedOption
from planner.domain.scenario import Scenario
from planner.web.composed_inputs import NEW_UNITS, new_hybrid
from planner.web.editing import as_lists, change_list, widget_key
from planner.web.owned_inputs import NEW_WORKSTATION, new_server
from planner.web.rented_prices import starting_price_id
from planner.web.state import PathKey, draft

OPTIONS: PathKey = ("options",)
KIND_NAMES = {
    "api": "Proprietary API",
    "hosted": "Open model, hosted",
    "rented": "Open model, rented GPUs",
    "owned": "Open model, own servers",
    "workstation": "Workstations, local model",
    "provisioned": "Provisioned units",
    "hybrid": "Own fleet and API",
}
_GPT_OSS = {"model_id": "gpt-oss-120b", "format_id": "mxfp4", "gpus_per_replica": 1}
NEW: dict[str, dict[str, Any]] = {
    "api": {"label": "New API option", "provider": "openai", "model": "gpt-6-luna"},
    "hosted": {"label": "New hosted option", "provider": "groq", "model": "openai/gpt-oss-120b"},
    "rented": {"label": "New rented option", **_GPT_OSS, "gpu_id": "h200"},
    "owned": {"label": "New owned option", **_GPT_OSS, "gpu_id": "h100-sxm"},
    "workstation": {"label": "New workstation option", **NEW_WORKSTATION},
    "provisioned": {"label": "New provisioned option", **NEW_UNITS},
    "hybrid": {"label": "New hybrid option"},
}
_CLASSES: dict[str, type[Option]] = {kind.model_fields["kind"].default: kind for kind in get_args(get_args(Option)[0])}
_NOT_KEPT = frozenset({"kind", "provenance", "operations"})
"""Fields that go with a kind's own figures."""


def new_option(scenario: Scenario, kind: str) -> dict[str, Any] | None:
    """A complete option of a kind, as a plain document; None when the scenario lacks what it is made of."""
    parts = new_hybrid(scenario) if kind == "hybrid" else {}
    if parts is None:
        return None
    taken = {o.option_id for o in scenario.options}
    number = next(n for n in range(1, 100) if f"{kind}-{n}" not in taken)
    start = _start(kind)
    new = {**start, **parts, "label": f"{start['label']} {number}"}
    return {"kind": kind, "option_id": f"{kind}-{number}", **new}


def _start(kind: str, gpu_id: str | None = None) -> dict[str, Any]:
    """What an option of a kind starts with; prices of GPUs and servers are rows of the catalog."""
    new = NEW[kind]
    if kind == "rented":
        return {**new, "price_id": starting_price_id(new["gpu_id"])}
    return {**new, "server": new_server(gpu_id or new["gpu_id"])} if kind == "owned" else new


def add(kind: str) -> None:
    """Put a new option at the end."""
    new = new_option(draft().scenario, kind)
    if new is not None and change_list(lambda document: document.update(options=[*document["options"], new]), OPTIONS):
        st.session_state[f"option-{new['option_id']}"] = True


def turned_into(option: Option, kind: str, scenario: Scenario, before: dict[str, Any] | None) -> dict[str, Any] | None:
    """The option as another kind: what both kinds have is kept, the rest is what it was `before`, or a start.

    None when a hybrid lacks its parts.
    """
    start = before or _start(kind, getattr(option, "gpu_id", None))
    parts = new_hybrid(scenario, option.option_id) if kind == "hybrid" and before is None else {}
    if parts is None:
        return None
    ours, theirs = type(option).model_fields, _CLASSES[kind].model_fields
    fits = {name for name in ours.keys() & theirs.keys() - _NOT_KEPT if repr(ours[name]) == repr(theirs[name])}
    kept = option.model_dump(include=fits)
    return {**start, **parts, **kept, **_people(option, kind), **_price(start, kept), "kind": kind}


def _price(start: dict[str, Any], kept: dict[str, Any]) -> dict[str, Any]:
    """A rented option's list price is one of its GPU."""
    if not start.get("price_id") or kept.get("gpu_id") in (None, start["gpu_id"]):
        return {}
    return {"price_id": starting_price_id(kept["gpu_id"])}


def _people(option: Option, kind: str) -> dict[str, Any]:
    """People stay as they were typed; those that a kind starts with give way to those of the other."""
    own: Operations | None = getattr(option, "operations", None)
    if own is None or own == type(option).model_fields["operations"].default:
        return {}
    return {} if "operations" not in _CLASSES[kind].model_fields else {"operations": own.model_dump()}


def kind_changed(path: PathKey, option: Option) -> None:
    """Callback of the kind's widget. What the option was is remembered, for the way back."""
    key = widget_key((*path, "kind"))
    kind = st.session_state[key]
    memory = f"as-{draft().document}-{option.option_id}"
    before = st.session_state.setdefault(memory, {}).get(kind)
    found = turned_into(option, kind, draft().scenario, before)
    if found is None:
        st.session_state[key] = option.kind
        return
    st.session_state[memory][option.kind] = option.model_dump()

    def update(document: dict[str, Any]) -> None:
        as_lists(document)
        document["options"][path[-1]] = found

    if not change_list(update, (*path, "kind")):
        st.session_state[key] = option.kind


def users_of(option: Option, scenario: Scenario) -> tuple[list[HybridOption], list[ProvisionedOption]]:
    """The hybrids that are made of an option, and the provisioned options that send their overflow to it."""
    target = option.option_id
    hybrids = [o for o in scenario.options if isinstance(o, HybridOption) and target in (o.base_id, o.overflow_id)]
    units = [o for o in scenario.options if isinstance(o, ProvisionedOption) and o.overflow_id == target]
    return hybrids, units


def remove(option_id: str) -> None:
    """An option goes, with the hybrids made of it; units that sent it their overflow serve the whole peak."""
    scenario = draft().scenario
    option = next(o for o in scenario.options if o.option_id == option_id)
    gone = {option_id, *(o.option_id for o in users_of(option, scenario)[0])}

    def update(document: dict[str, Any]) -> None:
        left = [o for o in document["options"] if o["option_id"] not in gone]
        document["options"] = [{**o, "overflow_id": None} if o.get("overflow_id") == option_id else o for o in left]

    change_list(update, OPTIONS)
