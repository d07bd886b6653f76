"""One model of the price library as the figures of one catalog row, on one day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

from planner.catalog.library_prices import BATCH, UNMODELLED_CHARGES, hourly, short_rate
from planner.catalog.price_terms import exact

INPUT_KEYS = {
    "input_usd_per_mtok": "input_mtok",
    "cached_input_usd_per_mtok": "cache_read_mtok",
    "cache_write_5m_usd_per_mtok": "cache_write_mtok",
    "cache_write_1h_usd_per_mtok": "cache_write_1h_mtok",
}
OUTPUT_KEYS = {"output_usd_per_mtok": "output_mtok", "reasoning_usd_per_mtok": "output_reasoning_mtok"}
KEYS = INPUT_KEYS | OUTPUT_KEYS
FIGURES = (
    *KEYS,
    "batch_input_usd_per_mtok",
    "batch_output_usd_per_mtok",
    "long_above_tokens",
    "long_input_multiplier",
    "long_output_multiplier",
)
"""Columns that hold what a row says of the price."""
TOO_MANY_DIGITS = "it has a price of too many digits"
Value = Decimal | TieredPrices | None


class NoRow(Exception):
    """No row can say this price; the text says why."""


def values_on(info: ModelInfo, day: dt.date) -> dict[str, Any]:
    """Columns of the price on a day, the mean of its hours where it depends on them. Raises NoRow."""
    standard, batch = prices_on(info, day)
    short = _short_values(standard, batch)
    try:
        return short | _long_rule(standard)
    except InvalidOperation:
        raise NoRow(TOO_MANY_DIGITS) from None


def comparable_values(info: ModelInfo, day: dt.date) -> dict[str, Any]:
    """The same where a row can say it, else what a short prompt pays: enough to tell a jump. Raises NoRow."""
    try:
        return values_on(info, day)
    except NoRow:
        return _short_values(*prices_on(info, day))


def _short_values(standard: Sequence[ModelPrice], batch: Sequence[ModelPrice]) -> dict[str, Any]:
    """What a short prompt pays. Raises NoRow."""
    if any(_at(price, key) is not None for price in standard for key in UNMODELLED_CHARGES):
        raise NoRow("it has charges other than per token")
    values: dict[str, Any] = {column: _mean(standard, key) for column, key in KEYS.items()}
    if values["input_usd_per_mtok"] is None or values["output_usd_per_mtok"] is None:
        raise NoRow("it has no price for input and output tokens")
    if batch != standard:
        values["batch_input_usd_per_mtok"] = _mean(batch, "input_mtok")
        values["batch_output_usd_per_mtok"] = _mean(batch, "output_mtok")
    return values


def batch_cache_note(info: ModelInfo, day: dt.date) -> str:
    """A row has no batch prices of cache reads and takes them as reduced like input; says so where they are not."""
    standard, batch = prices_on(info, day)
    whole, cached = _mean(standard, "input_mtok"), _mean(standard, "cache_read_mtok")
    part, cached_in_batch = _mean(batch, "input_mtok"), _mean(batch, "cache_read_mtok")
    if not whole or part is None or cached is None or cached_in_batch == exact(cached * part / whole):
        return ""
    return f"In batch the source has cache reads at {cached_in_batch}; this row takes them as reduced like input."


def prices_on(info: ModelInfo, day: dt.date) -> tuple[list[ModelPrice], list[ModelPrice]]:
    """Standard and batch prices over the hours of a day; one of each when all hours are the same."""
    return hourly(info, day), hourly(info, day, BATCH)


def _mean(prices: Sequence[ModelPrice], key: str) -> Decimal | None:
    """Mean over the hours of what a short prompt pays. Raises NoRow for a figure that is no price."""
    try:
        found = short_rate(prices, key)
    except InvalidOperation:
        raise NoRow(TOO_MANY_DIGITS) from None
    if found == 0 and any(_base(_at(price, key)) for price in prices):
        raise NoRow(TOO_MANY_DIGITS)
    return found


def _at(price: ModelPrice, key: str) -> Value:
    value: Value = getattr(price, key)
    return value


def _base(value: Value) -> Decimal | None:
    return value.base if isinstance(value, TieredPrices) else value


def _long_rule(hourly: Sequence[ModelPrice]) -> dict[str, Any]:
    """The long-context rule when it is one: one length, one factor for all input and one for all output."""
    tiers = [tier for price in hourly for key in KEYS.values() for tier in _tiers(_at(price, key))]
    if not tiers:
        return {}
    if len({tier.start for tier in tiers}) > 1:
        raise NoRow("it has more than one long-context price")
    on_input, on_output = (_one_factor(hourly, keys.values()) for keys in (INPUT_KEYS, OUTPUT_KEYS))
    return {
        "long_above_tokens": tiers[0].start,
        "long_input_multiplier": float(on_input),
        "long_output_multiplier": float(on_output),
    }


def _one_factor(hourly: Sequence[ModelPrice], keys: Any) -> Decimal:
    """By how much the long price is above the short one, the same for all these kinds of tokens."""
    found = set(_factors(hourly, keys))
    if len(found) != 1:
        raise NoRow("its long-context prices rise by different factors")
    return found.pop()


def _factors(hourly: Sequence[ModelPrice], keys: Any) -> Iterator[Decimal]:
    for value in (_at(price, key) for price in hourly for key in keys):
        if isinstance(value, TieredPrices) and value.base:
            yield exact(value.tiers[-1].price / value.base)
        elif value is not None:
            yield Decimal(1)


def _tiers(value: Value) -> Sequence[Any]:
    return value.tiers if isinstance(value, TieredPrices) else ()
