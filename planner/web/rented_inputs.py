"""The fields of an option on rented GPUs: its fleet, and the price on its term."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from planner.domain.options import RentedOption
from planner.web import fields
from planner.web.editing import value_at, widget_key
from planner.web.forms import Line, form
from planner.web.option_switch import Changes, ask, set_many, typed_switch
from planner.web.rented_prices import fitting_rows, rental_usd_per_gpu_hour, row_of, with_price
from planner.web.self_hosted_inputs import fleet_inputs, model_inputs
from planner.web.state import PathKey, catalog, draft
from planner.web.throughput_inputs import throughput_inputs

PRICE_LABEL = "GPU price (USD per GPU-hour)"
NO_PRICE = "There is no list price to start from: type in the price of the GPU."
TERMS = {"on_demand": "on demand", "reserved": "reserved for a term", "spot": "spot (may be interrupted)"}
SPOT = (
    Line("monthly_interruption_fraction", "Instances interrupted a month (share)", 0.05),
    Line("outage_hours", "Away after an interruption (hours)", 0.25),
    Line("paid_hours", "Paid and lost at an interruption (hours)", 0.25),
    Line("fallback_usd_per_gpu_hour", "What serves meanwhile (USD per GPU-hour; 0 = work waits)"),
)


def rented_inputs(path: PathKey, option: RentedOption) -> None:
    """Model, GPU, term, price, throughput and fleet rules."""
    model_inputs(path, _chosen, (path, "gpu_id"))
    _term(path, option)
    _gpu_price(path, option)
    throughput_inputs(path, option)
    fleet_inputs(path, option)


def _term(path: PathKey, option: RentedOption) -> None:
    fields.choice("Term", (*path, "term"), list(TERMS), show=TERMS.__getitem__, on_change=_chosen, args=(path, "term"))
    if option.term == "reserved":
        fields.whole("Commitment (months)", (*path, "term_months"), on_change=_chosen, args=(path, "term_months"))
        fields.number("Paid before it starts (share of the term)", (*path, "upfront_fraction"), step=0.1)
    if option.term == "spot":
        form((*path, "spot"), SPOT)


def _chosen(path: PathKey, name: str) -> None:
    """Another GPU or term brings its own price; spot needs its terms, and reserved GPUs run always."""
    option: RentedOption = value_at(path)
    chosen = st.session_state[widget_key((*path, name))]
    changes = with_price(option, **{name: chosen})
    if chosen == "spot" and option.spot is None:
        fallback = rental_usd_per_gpu_hour(option.gpu_id, option) or 0
        changes["spot"] = {"fallback_usd_per_gpu_hour": Decimal(repr(fallback))}
    if chosen == "reserved":
        changes["scaling"] = {**option.scaling.model_dump(), "mode": "static"}
    set_many(path, changes)


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
        _price_ids(option),
        show=_price_label,
        help_text="Rental on this term, per GPU and hour, cheapest first. The same GPU differs several times in price.",
    )


def _price_ids(option: RentedOption) -> list[str]:
    return [row.price_id for row in fitting_rows(option)]


def _start(option: RentedOption) -> Changes | None:
    """The row's price as a start for typing; the row is remembered for the way back."""
    row = row_of(option)
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
    """The row used before, or the cheapest of this GPU and term."""
    offered = _price_ids(option)
    before = st.session_state.get(_row_key(option))
    return {"price_id": before if before in offered else next(iter(offered), None)}


def _price_label(price_id: str | None) -> str:
    row = catalog().tables.gpu_price_by_id.get(price_id or "")
    if row is None:
        return price_id or "none listed: type in the price"
    term = {"reserved_1y": ", 1 year", "reserved_3y": ", 3 years", "spot": ", spot"}.get(row.term, "")
    return f"${row.usd_per_gpu_hour:.2f}/h {row.provider} {row.instance} ({row.provider_tier}, {row.as_of}{term})"
