"""The fields of an option on rented GPUs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import streamlit as st

from planner.catalog.rows import GpuPriceRow
from planner.domain.options import RentedOption
from planner.web import fields
from planner.web.option_switch import Changes, ask, set_many, typed_switch
from planner.web.state import PathKey, catalog, draft, value_at, widget_key
from planner.web.throughput_inputs import throughput_inputs

PRICE_LABEL = "GPU price (USD per GPU-hour)"
NO_PRICE = "There is no list price to start from: type in the price of the GPU."


def rented_inputs(path: PathKey, option: RentedOption) -> None:
    """Model, format, GPU, price, throughput and fleet rules."""
    tables = catalog().tables
    _named("Model", (*path, "model_id"), tables.model_by_id)
    _named("Weight format", (*path, "format_id"), tables.format_by_id)
    _named("GPU", (*path, "gpu_id"), tables.gpu_by_id, on_change=_gpu_changed, args=(path,))
    fields.whole("GPUs per replica", (*path, "gpus_per_replica"))
    _gpu_price(path, option)
    throughput_inputs(path, option)
    fields.number(
        "Allowed utilisation at peak",
        (*path, "allowed_utilisation_fraction"),
        step=0.05,
        help_text="Share of a replica's throughput that is planned for (0 to 1); the rest keeps waiting times short.",
    )
    fields.whole("Spare replicas", (*path, "spare_replicas"))
    fields.whole("Minimum replicas", (*path, "min_replicas"))
    fields.whole("Replicas rented in steps of", (*path, "replica_step"))
    _memory(path)


def _named(label: str, path: PathKey, rows: Mapping[str, Any], **more: Any) -> None:
    """A row of the catalog, shown by its name."""
    fields.choice(label, path, list(rows), show=lambda i: rows[i].name if i in rows else str(i), **more)


def _memory(path: PathKey) -> None:
    panel = st.popover("Memory and cache", key=fields.panel_key(path), on_change="rerun", width="stretch")
    if not panel.open:
        return
    with panel:
        fields.number("Prefix cache hits (share)", (*path, "prefix_cache_hit_fraction"), step=0.05)
        fields.number("GPU memory used (share)", (*path, "gpu_memory_utilisation_fraction"), step=0.05)
        fields.number("GPU overhead (GiB)", (*path, "gpu_overhead_gib"), step=0.5)
        fields.choice("KV cache (bits)", (*path, "kv_cache_bits"))


def _gpu_changed(path: PathKey) -> None:
    """Another GPU brings its own price: the same provider's when it has one, else the cheapest."""
    gpu_id = st.session_state[widget_key((*path, "gpu_id"))]
    before = catalog().tables.gpu_price_by_id.get(value_at((*path, "price_id")) or "")
    offered = _prices(gpu_id)
    same = [row for row in offered if before is not None and row.provider == before.provider]
    chosen = next(iter([*same, *offered]), None)
    typed = value_at((*path, "price")) is not None
    set_many(path, {"gpu_id": gpu_id, "price_id": None if typed or chosen is None else chosen.price_id})


def _prices(gpu_id: str) -> list[GpuPriceRow]:
    """On-demand prices of a GPU, cheapest first."""
    rows = [r for r in catalog().tables.gpu_prices if r.gpu_id == gpu_id and r.term == "on_demand"]
    return sorted(rows, key=lambda r: r.usd_per_gpu_hour)


def _price_ids(gpu_id: str) -> list[str]:
    return [row.price_id for row in _prices(gpu_id)]


def _gpu_price(path: PathKey, option: RentedOption) -> None:
    wanted = typed_switch("Type in the GPU price", path, "price", lambda: _start(option), _listed_gpu(option))
    if option.price is not None:
        fields.price(PRICE_LABEL, (*path, "price", "usd_per_gpu_hour"))
        fields.provenance_inputs((*path, "price", "provenance"))
        return
    if wanted:
        labels = {"usd_per_gpu_hour": PRICE_LABEL}
        ask(path, NO_PRICE, labels, lambda typed: {"price": typed, "price_id": None})
        return
    fields.choice(
        "GPU price",
        (*path, "price_id"),
        _price_ids(option.gpu_id),
        show=_price_label,
        help_text="On-demand rental, per GPU and hour, cheapest first. The same GPU differs several times in price.",
    )


def _start(option: RentedOption) -> Changes | None:
    """The row's price as a start for typing; the row is remembered for the way back."""
    row = catalog().tables.gpu_price_by_id.get(option.price_id or "")
    if row is None:
        return None
    st.session_state[_row_key(option)] = option.price_id
    source = {
        "origin": "assumed",
        "source": f"{row.provider} list price of {row.as_of}, edited by hand",
        "source_url": row.source_url,
        "as_of": row.as_of,
    }
    return {"usd_per_gpu_hour": Decimal(repr(row.usd_per_gpu_hour)), "provenance": source}


def _row_key(option: RentedOption) -> str:
    return f"row-{draft().document}-{option.option_id}"


def _listed_gpu(option: RentedOption) -> Changes:
    """The row used before, or the cheapest of this GPU."""
    offered = _price_ids(option.gpu_id)
    before = st.session_state.get(_row_key(option))
    return {"price_id": before if before in offered else next(iter(offered), None)}


def _price_label(price_id: str | None) -> str:
    row = catalog().tables.gpu_price_by_id.get(price_id or "")
    if row is None:
        return price_id or "none"
    return f"${row.usd_per_gpu_hour:.2f}/h {row.provider} {row.instance} ({row.provider_tier}, {row.as_of})"
