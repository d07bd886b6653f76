"""One model of the price library as the figures of one catalog row, on one day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from genai_prices.types import ModelInfo, ModelPrice, StartDateConstraint, TieredPrices

from planner.catalog.price_terms import exact
from planner.units import HOURS_PER_DAY

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
OTHER_CHARGES = ("requests_kcount", "output_citation_mtok")
BATCH = {"processing": "batch"}
Value = Decimal | TieredPrices | None


class NoRow(Exception):
    """No row can say this price; the text says why."""


def values_on(info: ModelInfo, day: dt.date) -> dict[str, Any]:
    """Columns of the price on a day, the mean of its hours where it depends on them. Raises NoRow."""
    standard, batch = prices_on(info, day)
    if any(_at(price, key) is not None for price in standard for key in OTHER_CHARGES):
        raise NoRow("it has charges other than per token")
    values: dict[str, Any] = {column: _mean(standard, key) for column, key in KEYS.items()}
    if values["input_usd_per_mtok"] is None or values["output_usd_per_mtok"] is None:
        raise NoRow("it has no price for input and output tokens")
    if batch != standard:
        values["batch_input_usd_per_mtok"] = _mean(batch, "input_mtok")
        values["batch_output_usd_per_mtok"] = _mean(batch, "output_mtok")
    return values | _long_rule(standard)


def batch_cache_note(info: ModelInfo, day: dt.date) -> str:
    """A row has no batch prices of cache reads and takes them as reduced like input; says so where they are not."""
    standard, batch = prices_on(info, day)
    whole, cached = _mean(standard, "input_mtok"), _mean(standard, "cache_read_mtok")
    part, cached_in_batch = _mean(batch, "input_mtok"), _mean(batch, "cache_read_mtok")
    if not whole or part is None or cached is None or cached_in_batch == exact(cached * part / whole):
        return ""
    return f"In batch the source has cache reads at {cached_in_batch}; this row takes them as reduced like input."


def changes_on(info: ModelInfo) -> tuple[dt.date, ...]:
    """Days from which the library has another price of this model, ascending."""
    entries = info.prices if isinstance(info.prices, list) else []
    found = {e.constraint.start_date for e in entries if isinstance(e.constraint, StartDateConstraint)}
    return tuple(sorted(found))


def prices_on(info: ModelInfo, day: dt.date) -> tuple[tuple[ModelPrice, ...], tuple[ModelPrice, ...]]:
    """Standard and batch prices over the hours of a day; one of each when all hours are the same."""
    hours = [dt.datetime.combine(day, dt.time(hour, 30), dt.UTC) for hour in range(HOURS_PER_DAY)]
    return _distinct([info.get_prices(h) for h in hours]), _distinct([info.get_prices(h, BATCH) for h in hours])


def _distinct(hourly: list[ModelPrice]) -> tuple[ModelPrice, ...]:
    return tuple(hourly[:1] if all(price == hourly[0] for price in hourly) else hourly)


def _at(price: ModelPrice, key: str) -> Value:
    value: Value = getattr(price, key)
    return value


def _mean(hourly: Sequence[ModelPrice], key: str) -> Decimal | None:
    """Mean over the hours of what a short prompt pays."""
    values = [_base(_at(price, key)) for price in hourly]
    known = [value for value in values if value is not None]
    return exact(sum(known, Decimal(0)) / len(known)) if known and len(known) == len(values) else None


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
