"""The fields of an option that is paid per token: price, cache, discounts and limits."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from planner.domain.options import PerTokenOption, SpendTier
from planner.web import fields
from planner.web.editing import panel_key, set_value, value_at, widget_key
from planner.web.field_info import most_entries
from planner.web.forms import Line, button, form, section
from planner.web.option_switch import set_many
from planner.web.state import PathKey, catalog, today
from planner.web.token_price_inputs import token_price_inputs

USUAL = {"region": "", "service_tier": "standard"}
"""The offer that every model has."""
CACHE_LIVES = {"5m": "5 minutes", "1h": "one hour, at its own price"}
OFFER = (
    Line("region", "Region of the price (empty = the usual price)"),
    Line("service_tier", "Service tier"),
)
CACHE = (
    Line("cache_write_ttl", "Written caches are kept", words=CACHE_LIVES),
    Line("cache_ttl_s", "Cache life (s; empty = hits as typed in the workload)", 60),
    Line("prefixes", "Different cached prefixes"),
    Line("cache_storage_usd_per_mtok_hour", "Cache storage (USD per 1M tokens and hour)", 0.1),
)
TIER_MODES = {"graduated": "above each threshold", "slab": "on the whole month"}
COMMITMENT = (
    Line("spend_tier_mode", "Volume discounts are given", words=TIER_MODES),
    Line("commitment_usd_per_month", "Least that is billed (USD a month)", 100),
    Line("commitment_discount_fraction", "Discount of the commitment (share)", 0.05),
)
LIMITS = (
    Line("limit_requests_per_min", "Limit (requests a minute; empty = none)", 100),
    Line("limit_tokens_per_min", "Limit (tokens a minute; empty = none)", 10_000),
)


def per_token_inputs(path: PathKey, option: PerTokenOption) -> None:
    """Provider and model or a typed price, and what the bill depends on beside it."""
    typed = token_price_inputs(path, option)
    if typed:
        fields.text("Provider", (*path, "provider"))
        fields.text("Model", (*path, "model"))
    else:
        _listed(path, option)
        with section("Region and service tier", path, "offer") as is_open:
            if is_open:
                form(path, OFFER)
    for label, name, lines in (("Cache", "cache", CACHE), ("Rate limits", "limits", LIMITS)):
        with section(label, path, name) as is_open:
            if is_open:
                form(path, lines)
    with section("Volume discounts and commitment", path, "discounts") as is_open:
        if is_open:
            _tiers(path, option)
            form(path, COMMITMENT)


def _listed(path: PathKey, option: PerTokenOption) -> None:
    fields.choice("Provider", (*path, "provider"), catalog().providers(), on_change=_provider_changed, args=(path,))
    fields.choice(
        "Model",
        (*path, "model"),
        catalog().models(option.provider),
        help_text="Exact model id; moving aliases are left out.",
    )


def _provider_changed(path: PathKey) -> None:
    provider = st.session_state[widget_key((*path, "provider"))]
    set_many(path, {"provider": provider, "model": _first_served(provider), **USUAL})


def _first_served(provider: str) -> str:
    """The first model that is not known to be retired; `none` when the provider has no model."""
    names = catalog().models(provider)
    days = ((name, catalog().prices.retires_on(provider, name, today())) for name in names)
    served = (name for name, day in days if day is None or day > today())
    return next(served, next(iter(names), "none"))


def _tiers(path: PathKey, option: PerTokenOption) -> None:
    where = (*path, "spend_tiers")
    for index in range(len(option.spend_tiers)):
        tier = (*where, index)
        fields.price(f"Discount {index + 1} above (USD a month)", (*tier, "above_usd_per_month"))
        fields.number(f"Discount {index + 1} (share)", (*tier, "discount_fraction"), step=0.01)
        button(f"Remove discount {index + 1}", panel_key(tier, "remove"), _remove_tier, where, index)
    most = most_entries(where)
    full = f"An option has at most {most} of them." if len(option.spend_tiers) >= most else None
    button("Add a volume discount", panel_key(where, "add"), _add_tier, where, refused=full)
    fields.problem(where)


def _add_tier(where: PathKey) -> None:
    """It starts at double the last threshold, with two points more off."""
    tiers: tuple[SpendTier, ...] = value_at(where)
    last = tiers[-1] if tiers else SpendTier(above_usd_per_month=Decimal(5_000), discount_fraction=0.03)
    above = last.above_usd_per_month * 2 or Decimal(1_000)
    new = {"above_usd_per_month": above, "discount_fraction": min(round(last.discount_fraction + 0.02, 6), 0.99)}
    set_value(where, (*(tier.model_dump() for tier in tiers), new))


def _remove_tier(where: PathKey, index: int) -> None:
    set_value(where, tuple(tier.model_dump() for i, tier in enumerate(value_at(where)) if i != index))
