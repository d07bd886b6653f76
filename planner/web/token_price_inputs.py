"""A price per token typed in by hand: every rate, and what it starts from."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from planner.catalog.prices import PriceUnknown
from planner.domain.options import PerTokenOption
from planner.domain.prices import RateCard, TokenPrices
from planner.web import fields
from planner.web.editing import value_at
from planner.web.forms import section
from planner.web.option_switch import Changes, ask, typed_switch
from planner.web.state import PathKey, catalog, draft, today

INPUT_RATES = (
    "input_usd_per_mtok",
    "cached_input_usd_per_mtok",
    "cache_write_usd_per_mtok",
    "cache_write_1h_usd_per_mtok",
)
OUTPUT_RATES = ("output_usd_per_mtok", "reasoning_usd_per_mtok")
ASKED = {"input_usd_per_mtok": "Input (USD per 1M tokens)", "output_usd_per_mtok": "Output (USD per 1M tokens)"}
RATES = {
    **ASKED,
    "cached_input_usd_per_mtok": "Cached input (USD per 1M tokens)",
    "cache_write_usd_per_mtok": "Cache write (USD per 1M tokens)",
    "cache_write_1h_usd_per_mtok": "Cache write kept one hour (USD per 1M tokens)",
    "reasoning_usd_per_mtok": "Reasoning (USD per 1M tokens; empty = as output)",
}


def token_price_inputs(path: PathKey, option: PerTokenOption) -> bool:
    """The switch and the typed price; False when the listed price is used."""
    wanted = typed_switch("Type in the price", path, "price", lambda: list_price(option), {})
    if value_at((*path, "price")) is not None:
        _typed((*path, "price"))
        return True
    if wanted:
        why = f"There is no list price to start from: type in the price of {option.model} at {option.provider}."
        ask(path, why, ASKED, lambda typed: {"price": typed})
    return False


def _typed(path: PathKey) -> None:
    for name, label in RATES.items():
        fields.price(label, (*path, name))
    with section("Batch and long context", path, "long") as is_open:
        if is_open:
            fields.number("Batch discount (share)", (*path, "batch_discount_fraction"), step=0.05)
            fields.whole("Long context above (tokens)", (*path, "long_context_threshold_tokens"))
            fields.number("Input multiplier above it", (*path, "long_input_multiplier"), step=0.1)
            fields.number("Output multiplier above it", (*path, "long_output_multiplier"), step=0.1)
    fields.provenance_inputs((*path, "provenance"))


def list_price(option: PerTokenOption) -> Changes | None:
    """Today's list price as a typed one, every rate of it; None when there is none."""
    try:
        listed = catalog().token_prices(
            option.provider,
            option.model,
            today(),
            draft().scenario.horizon_months,
            region=option.region,
            service_tier=option.service_tier,
        )
    except PriceUnknown:
        return None
    found = listed.periods[0].prices
    offers, left_out = _offers(found)
    left_out += ["the announced price change"] if len(listed.periods) > 1 else []
    source = {
        "origin": "assumed",
        "source": f"list price of {today()}, edited by hand",
        "source_url": listed.source.source_url,
        "as_of": today().isoformat(),
        "note": f"not taken over from the list: {' and '.join(left_out)}" if left_out else "",
    }
    return {**found.rates.model_dump(exclude_none=True), **offers, "provenance": source}


def _offers(found: TokenPrices) -> tuple[Changes, list[str]]:
    """Batch and long-context prices as one discount and two multipliers, and what cannot be said so."""
    offers: Changes = {}
    left_out = []
    if found.batch_rates is not None:
        share = _ratio(found.batch_rates, found.rates, (*INPUT_RATES, *OUTPUT_RATES))
        offers |= {} if share is None or share > 1 else {"batch_discount_fraction": float(1 - share)}
        left_out += [] if offers else ["the batch price"]
    if found.long_tiers:
        long = _long(found)
        offers |= long
        left_out += [] if long and len(found.long_tiers) == 1 else ["long-context prices"]
    return offers, left_out


def _long(found: TokenPrices) -> Changes:
    tier = found.long_tiers[0]
    on_input = _ratio(tier.rates, found.rates, INPUT_RATES)
    on_output = _ratio(tier.rates, found.rates, OUTPUT_RATES)
    if on_input is None or on_output is None or tier.above_tokens == 0:
        return {}
    return {
        "long_context_threshold_tokens": tier.above_tokens,
        "long_input_multiplier": float(on_input),
        "long_output_multiplier": float(on_output),
    }


def _ratio(above: RateCard, below: RateCard, names: tuple[str, ...]) -> Decimal | None:
    """How many times the one card is the other, when all its rates agree on that."""
    pairs: list[tuple[Any, Any]] = [(getattr(above, name), getattr(below, name)) for name in names]
    if any((a is None) != (b is None) or b == 0 for a, b in pairs):
        return None
    ratios = {round(a / b, 6) for a, b in pairs if b is not None}
    return ratios.pop() if len(ratios) == 1 else None
