"""Contracted prices over list prices: what an organisation negotiated replaces the list (FOCUS words)."""

from __future__ import annotations

from decimal import Decimal

from planner.catalog.price_terms import DayPrice, Offer, PriceSource, exact, scaled
from planner.catalog.rows import ContractedPriceRow
from planner.domain.evidence import Evidence
from planner.domain.prices import LongTier, RateCard, TokenPrices


def day_price(row: ContractedPriceRow, listed: DayPrice | None, offer: Offer) -> DayPrice | None:
    """The contract's price; None when the row goes back to the list.

    A contract states input and output. Every other rate keeps its share of the listed one: cache rates and long-context
    and batch prices move with input and output. Without a list price, only what the contract states is there.
    """
    if row.input_usd_per_mtok is None or row.output_usd_per_mtok is None:
        return None
    base = None if listed is None else listed.prices
    source = PriceSource(_evidence(row, offer), base, row)
    return DayPrice(_prices(row, base), source, None if listed is None else listed.context_tokens)


def _prices(row: ContractedPriceRow, listed: TokenPrices | None) -> TokenPrices:
    if listed is None:
        return TokenPrices(rates=_card(row, None, Decimal(1), Decimal(1)))
    on_input = _share(row.input_usd_per_mtok, listed.rates.input_usd_per_mtok)
    on_output = _share(row.output_usd_per_mtok, listed.rates.output_usd_per_mtok)

    def tiers(found: tuple[LongTier, ...]) -> tuple[LongTier, ...]:
        return tuple(LongTier(above_tokens=t.above_tokens, rates=scaled(t.rates, on_input, on_output)) for t in found)

    return TokenPrices(
        rates=_card(row, listed.rates, on_input, on_output),
        long_tiers=tiers(listed.long_tiers),
        batch_rates=None if listed.batch_rates is None else scaled(listed.batch_rates, on_input, on_output),
        batch_long_tiers=tiers(listed.batch_long_tiers),
    )


def _card(row: ContractedPriceRow, listed: RateCard | None, on_input: Decimal, on_output: Decimal) -> RateCard:
    """The standard rates: as contracted where the contract says so, to the last digit."""
    rest = {} if listed is None else scaled(listed, on_input, on_output).model_dump()
    own = {"input_usd_per_mtok": row.input_usd_per_mtok, "output_usd_per_mtok": row.output_usd_per_mtok}
    if row.cached_input_usd_per_mtok is not None:
        own["cached_input_usd_per_mtok"] = row.cached_input_usd_per_mtok
    return RateCard.model_validate(rest | own)


def _share(contracted: Decimal | None, listed: Decimal) -> Decimal:
    """What is paid of the list price; the list price itself where the list says 0."""
    return Decimal(1) if contracted is None or not listed else contracted / listed


def _evidence(row: ContractedPriceRow, offer: Offer) -> Evidence:
    return Evidence(
        label=str(offer),
        value="",
        unit="USD per 1M tokens",
        origin="published",
        source=f"contract {row.contract_id}, {row.owner}",
        as_of=row.as_of,
        confidence="high",
        row=f"contracted_prices/{row.contract_id}",
    )


def focus_note(row: ContractedPriceRow, name: str, listed: Decimal | None) -> str:
    """What the evidence of one rate says: its list and contracted unit price, and who answers for it."""
    stated = {
        "input": row.input_usd_per_mtok,
        "output": row.output_usd_per_mtok,
        "cached input": row.cached_input_usd_per_mtok,
    }.get(name)
    words = [
        "List unit price: none" if listed is None else f"List unit price: {_plain(listed)}",
        "contracted unit price: the list's share" if stated is None else f"contracted unit price: {_plain(stated)}",
        "the value is the effective unit price",
    ]
    return f"{'; '.join(words)}. Owner: {row.owner}. Reason: {row.reason}"


def _plain(price: Decimal) -> str:
    return f"{exact(price):f}"
