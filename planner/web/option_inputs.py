"""The options in the sidebar: one expander each, fields by kind."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import streamlit as st

from planner.catalog import prices
from planner.domain.options import PerTokenOption, RentedOption
from planner.web import fields
from planner.web.state import (
    Draft,
    PathKey,
    answer,
    as_lists,
    catalog,
    change,
    draft,
    set_at,
    today,
    value_at,
    widget_key,
    write_back,
)
from planner.web.text import md, small

Changes = dict[str, Any]
"""Fields of an option and their new values."""
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
        if not panel.open:
            continue
        with panel:
            fields.text(
                "Label",
                ("options", index, "label"),
                help_text="Shown in tables and charts.",
                on_change=_label_changed,
                args=(("options", index, "label"), key),
            )
            if isinstance(option, RentedOption):
                _rented(index, option)
            else:
                _per_token(index, option)
            _operations(index)
            st.button(
                "Remove this option",
                key=f"rmo-{current.epoch}-{option.option_id}",
                on_click=_remove,
                args=(index,),
                disabled=len(current.scenario.options) == 1,
            )
    kind = st.selectbox(
        "Add an option", list(NEW), format_func=KIND_NAMES.__getitem__, key="new-kind", help="Kind of the new option."
    )
    st.button("Add it", on_click=_add, args=(kind,), width="stretch", key="new-option")


def _label_changed(path: PathKey, panel: str) -> None:
    """A panel is a new one when its label changes: keep it open."""
    write_back(path)
    st.session_state[panel] = True


def _add(kind: str) -> None:
    def update(document: dict[str, Any]) -> None:
        as_lists(document)
        taken = {o["option_id"] for o in document["options"]}
        number = next(n for n in range(1, 100) if f"{kind}-{n}" not in taken)
        document["options"].append({"kind": kind, "option_id": f"{kind}-{number}", **NEW[kind]})

    change(update, ("options",))


def _remove(index: int) -> None:
    def update(document: dict[str, Any]) -> None:
        as_lists(document)
        del document["options"][index]

    change(update, ("options",))
    draft().epoch += 1


def _set_many(path: PathKey, values: Changes) -> None:
    """Several fields of one option at once, so that the document is never half-changed."""

    def update(document: dict[str, Any]) -> None:
        as_lists(document)
        for name, value in values.items():
            set_at(document, (*path, name), value)

    if change(update, path):
        for name, value in values.items():
            key = widget_key((*path, name))
            if key in st.session_state:
                st.session_state[key] = value


def _typed_switch(label: str, path: PathKey, name: str, typed: Callable[[], Changes], listed: Changes) -> bool:
    """A switch between the catalog's figure and one typed in, which starts from the catalog's."""
    key = widget_key((*path, name, "switch"))

    def switched() -> None:
        _set_many(path, typed() if st.session_state[key] else {name: None, **listed})

    now = value_at((*path, name)) is not None
    st.toggle(label, value=now, key=key, on_change=switched)
    return now


def _per_token(index: int, option: PerTokenOption) -> None:
    path = ("options", index)
    if _typed_switch("Type in the price", path, "price", lambda: {"price": _list_price(option)}, {}):
        _typed_token_price((*path, "price"))
        return
    fields.choice(
        "Provider",
        (*path, "provider"),
        prices.providers(),
        help_text="From the dated price list.",
        on_change=_provider_changed,
        args=(path,),
    )
    fields.choice(
        "Model",
        (*path, "model"),
        prices.models(value_at((*path, "provider"))),
        help_text="Exact model id; moving aliases are left out.",
    )


def _provider_changed(path: PathKey) -> None:
    provider = st.session_state[widget_key((*path, "provider"))]
    _set_many(path, {"provider": provider, "model": next(iter(prices.models(provider)), "none")})


def _list_price(option: PerTokenOption) -> Changes:
    """The catalog's price as a start for typing; a round figure when there is none."""
    try:
        periods = prices.token_prices(option.provider, option.model, today(), 1).periods
    except prices.PriceUnknown:
        return {"input_usd_per_mtok": Decimal(1), "output_usd_per_mtok": Decimal(4)}
    return periods[0].prices.rates.model_dump(exclude_none=True)


def _typed_token_price(path: PathKey) -> None:
    fields.price("Input (USD per 1M tokens)", (*path, "input_usd_per_mtok"), help_text="Fresh input.")
    fields.price("Output (USD per 1M tokens)", (*path, "output_usd_per_mtok"), help_text="Output and reasoning.")
    fields.text("Source of the price", (*path, "provenance", "source"), help_text="Who says so; goes into the report.")


def _rented(index: int, option: RentedOption) -> None:
    path = ("options", index)
    tables = catalog().tables
    fields.choice(
        "Model",
        (*path, "model_id"),
        list(tables.model_by_id),
        show=lambda i: tables.model_by_id[i].name if i in tables.model_by_id else str(i),
        help_text="Open-weight model.",
    )
    fields.choice(
        "Weight format",
        (*path, "format_id"),
        list(tables.format_by_id),
        show=lambda i: tables.format_by_id[i].name if i in tables.format_by_id else str(i),
        help_text="Number format of the weights.",
    )
    fields.choice(
        "GPU",
        (*path, "gpu_id"),
        list(tables.gpu_by_id),
        show=lambda i: tables.gpu_by_id[i].name if i in tables.gpu_by_id else str(i),
        help_text="GPU rented.",
        on_change=_gpu_changed,
        args=(path,),
    )
    fields.whole("GPUs per replica", (*path, "gpus_per_replica"), low=1, high=64, help_text="GPUs that hold one copy.")
    _gpu_price(path, option)
    _throughput(path, option)
    fields.number(
        "Allowed utilisation at peak",
        (*path, "allowed_utilisation_fraction"),
        low=0.01,
        high=1,
        step=0.05,
        help_text="Share of a replica's throughput that is planned for (0 to 1); the rest keeps waiting times short.",
    )
    fields.whole(
        "Spare replicas", (*path, "spare_replicas"), high=100_000, help_text="N+1: kept for failure and rollout."
    )
    fields.whole("Minimum replicas", (*path, "min_replicas"), high=100_000, help_text="Kept even when idle.")
    fields.whole("Replicas rented in steps of", (*path, "replica_step"), low=1, high=64, help_text="Whole nodes.")


def _gpu_changed(path: PathKey) -> None:
    gpu_id = st.session_state[widget_key((*path, "gpu_id"))]
    typed = value_at((*path, "price")) is not None
    _set_many(path, {"gpu_id": gpu_id, "price_id": None if typed else next(iter(_price_ids(gpu_id)), None)})


def _price_ids(gpu_id: str) -> list[str]:
    """On-demand prices of a GPU, cheapest first."""
    rows = [r for r in catalog().tables.gpu_prices if r.gpu_id == gpu_id and r.term == "on_demand"]
    return [r.price_id for r in sorted(rows, key=lambda r: r.usd_per_gpu_hour)]


def _gpu_price(path: PathKey, option: RentedOption) -> None:
    if _typed_switch("Type in the GPU price", path, "price", lambda: _typed_gpu_price(option), _listed_gpu(option)):
        fields.price("GPU price (USD per GPU-hour)", (*path, "price", "usd_per_gpu_hour"), help_text="Busy or idle.")
        fields.text("Source of the GPU price", (*path, "price", "provenance", "source"), help_text="Who says so.")
        return
    fields.choice(
        "GPU price",
        (*path, "price_id"),
        _price_ids(option.gpu_id),
        show=_price_label,
        help_text="On-demand rental, per GPU and hour, cheapest first. The same GPU differs several times in price.",
    )


def _typed_gpu_price(option: RentedOption) -> Changes:
    """The row's price as a start for typing; the row is remembered for the way back."""
    st.session_state[f"row-{option.option_id}"] = option.price_id
    row = catalog().tables.gpu_price_by_id.get(option.price_id or "")
    start = Decimal(repr(row.usd_per_gpu_hour)) if row else Decimal(3)
    return {"price": {"usd_per_gpu_hour": start}, "price_id": None}


def _listed_gpu(option: RentedOption) -> Changes:
    """The row used before, or the cheapest of this GPU."""
    offered = _price_ids(option.gpu_id)
    before = st.session_state.get(f"row-{option.option_id}")
    return {"price_id": before if before in offered else next(iter(offered), None)}


def _price_label(price_id: str | None) -> str:
    row = catalog().tables.gpu_price_by_id.get(price_id or "")
    if row is None:
        return price_id or "none"
    return f"${row.usd_per_gpu_hour:.2f}/h {row.provider} {row.instance} ({row.provider_tier}, {row.as_of})"


def _typed_throughput(option: RentedOption) -> Changes:
    """What the option runs at now as a start for typing."""
    fleet = answer(draft().scenario)[1].option(option.option_id).fleet
    rate = round(fleet.replica_output_tokens_per_s, 1) if fleet else 1000.0
    return {"throughput": {"output_tokens_per_s_per_replica": rate or 1000.0}}


def _throughput(path: PathKey, option: RentedOption) -> None:
    if _typed_switch("Type in the throughput", path, "throughput", lambda: _typed_throughput(option), {}):
        name = "output_tokens_per_s_per_replica"
        if value_at((*path, "throughput", name)) is not None:
            fields.number(
                "Output tokens/s per replica",
                (*path, "throughput", name),
                low=0.001,
                step=10,
                help_text="At this workload's own mix of input and output.",
            )
        else:
            for rate, label in (("prefill", "Prefill"), ("decode", "Decode")):
                fields.number(
                    f"{label} tokens/s per replica",
                    (*path, "throughput", f"{rate}_tokens_per_s_per_replica"),
                    low=0.001,
                    step=10,
                    help_text="Measured alone.",
                )
        fields.text("Source of the throughput", (*path, "throughput", "provenance", "source"), help_text="Who says so.")
    else:
        st.markdown(small("Throughput: the nearest published measurement that holds the latency target."))


def _operations(index: int) -> None:
    path = ("options", index, "operations")
    fields.number("Setup (hours)", (*path, "setup_hours"), high=1e6, step=4, help_text="One-off engineering work.")
    fields.number(
        "Engineers kept busy (FTE)", (*path, "fte_fraction"), high=1000, step=0.01, help_text="0.1 = half a day a week."
    )
    fields.number(
        "Other cost (USD a month)",
        (*path, "other_usd_per_month"),
        high=1e10,
        step=50,
        help_text="Monitoring, storage, support.",
    )
