"""The fields of an option on rented GPUs: its fleet, and the price on its term."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from planner.catalog.rows import ProviderTier
from planner.domain.options import RentedOption
from planner.web import fields
from planner.web.editing import value_at, widget_key
from planner.web.forms import Line, form
from planner.web.option_switch import Changes, ask, set_many, typed_switch
from planner.web.rented_prices import (
    TIERS,
    fitting_rows,
    price_label,
    rental_usd_per_gpu_hour,
    row_today,
    spread_sentence,
    start_sentence,
    tier_label,
    usd_today,
    with_price,
)
from planner.web.self_hosted_inputs import fleet_inputs, model_inputs
from planner.web.state import PathKey, draft
from planner.web.text import md, small
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
    tier = _tier(path, option)
    fields.choice(
        "GPU price",
        (*path, "price_id"),
        [row.price_id for row in fitting_rows(option, tier)],
        show=price_label,
        help_text="List price on this term, per GPU and hour, cheapest first; the newest known today of each offer.",
    )
    st.markdown(small(md(" ".join(filter(None, (spread_sentence(option, tier), start_sentence(option)))))))


def _tier(path: PathKey, option: RentedOption) -> ProviderTier | None:
    """Whose prices are listed: those of the tier that the option's own is of, until another is chosen."""
    row = row_today(option)
    start = TIERS.index(row.provider_tier if row else None)
    return st.selectbox(
        "Providers listed",
        TIERS,
        index=start,
        format_func=lambda tier: tier_label(option, tier),
        key=widget_key((*path, "price_id", "tier", option.gpu_id, option.term, option.term_months)),
        help="marketplace: other people's machines, the cheapest of the day; neocloud: its own GPUs; hyperscaler: a "
        "general cloud. The same GPU differs several times in price between them. This only filters the list below.",
    )


def _start(option: RentedOption) -> Changes | None:
    """The row's price as a start for typing; the row is remembered for the way back."""
    row = row_today(option)
    if row is None:
        return None
    st.session_state[_row_key(option)] = option.price_id
    source = {
        "origin": "assumed",
        "source": f"{row.provider} list price of {row.as_of}, edited by hand",
        "source_url": row.source_url,
        "as_of": row.as_of,
    }
    return {"usd_per_gpu_hour": Decimal(repr(usd_today(row))), "provenance": source}


def _row_key(option: RentedOption) -> str:
    return f"row-{draft().document}-{option.option_id}"


def _listed_gpu(option: RentedOption) -> Changes:
    """The row used before, or the one where a new option starts."""
    before = st.session_state.get(_row_key(option))
    if before in {row.price_id for row in fitting_rows(option)}:
        return {"price_id": before}
    start = with_price(option.model_copy(update={"price": None, "price_id": None}))
    return {"price_id": start["price_id"]}
