"""Dated rows of our own over the price library: by offer, and as the rate cards that they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from planner.catalog.price_terms import DayPrice, Offer, PriceSource, scaled
from planner.catalog.rows import ApiPriceRow
from planner.domain.evidence import Evidence
from planner.domain.prices import LongTier, RateCard, TokenPrices


def by_offer(rows: Iterable[ApiPriceRow]) -> Mapping[Offer, tuple[ApiPriceRow, ...]]:
    """The rows of each offer, in file order."""
    found: dict[Offer, list[ApiPriceRow]] = {}
    for row in rows:
        found.setdefault(Offer(row.provider, row.model, row.region, row.service_tier), []).append(row)
    return {offer: tuple(rows) for offer, rows in found.items()}


def day_price(row: ApiPriceRow, offer: Offer) -> DayPrice:
    """What the row says, with its source."""
    return DayPrice(token_prices(row), PriceSource(_evidence(row, offer)), row.context_tokens)


def token_prices(row: ApiPriceRow) -> TokenPrices:
    """The row as rate cards: long-context multipliers and the batch prices applied once, exactly.

    In batch, cache and reasoning rates are reduced as input and output are: the row states no prices of their own.
    """
    base = RateCard(
        input_usd_per_mtok=row.input_usd_per_mtok,
        output_usd_per_mtok=row.output_usd_per_mtok,
        cached_input_usd_per_mtok=row.cached_input_usd_per_mtok,
        cache_write_usd_per_mtok=row.cache_write_5m_usd_per_mtok,
        cache_write_1h_usd_per_mtok=row.cache_write_1h_usd_per_mtok,
        reasoning_usd_per_mtok=row.reasoning_usd_per_mtok,
    )
    batch = _batch(row, base)
    return TokenPrices(
        rates=base,
        long_tiers=_long(row, base),
        batch_rates=batch,
        batch_long_tiers=() if batch is None else _long(row, batch),
    )


def _batch(row: ApiPriceRow, base: RateCard) -> RateCard | None:
    if row.batch_input_usd_per_mtok is None or row.batch_output_usd_per_mtok is None:
        return None
    on_input = _share(row.batch_input_usd_per_mtok, row.input_usd_per_mtok)
    on_output = _share(row.batch_output_usd_per_mtok, row.output_usd_per_mtok)
    card = scaled(base, on_input, on_output).model_dump()
    own = {"input_usd_per_mtok": row.batch_input_usd_per_mtok, "output_usd_per_mtok": row.batch_output_usd_per_mtok}
    return RateCard.model_validate(card | own)


def _share(part: Decimal, whole: Decimal) -> Decimal:
    return part / whole if whole else Decimal(1)


def _long(row: ApiPriceRow, card: RateCard) -> tuple[LongTier, ...]:
    if row.long_above_tokens is None or row.long_input_multiplier is None or row.long_output_multiplier is None:
        return ()
    on_input, on_output = (Decimal(repr(m)) for m in (row.long_input_multiplier, row.long_output_multiplier))
    return (LongTier(above_tokens=row.long_above_tokens, rates=scaled(card, on_input, on_output)),)


def _evidence(row: ApiPriceRow, offer: Offer) -> Evidence:
    return Evidence(
        label=str(offer),
        value="",
        unit="USD per 1M tokens",
        origin=row.origin,
        source=f"{row.provider_name}: {row.source}",
        source_url=row.source_url,
        as_of=row.as_of,
        confidence=row.confidence,
        note=row.note,
        row=f"api_prices/{row.price_id}",
    )
