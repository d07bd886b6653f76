"""A price on every row of a rollup, exact where the row says enough, between two bounds where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.catalog.log_names import LogModel
from planner.decision.kernel.per_token import Contract
from planner.decision.log_bands import levels, scaled_thresholds
from planner.decision.log_quotes import Quote, Quotes
from planner.decision.log_rates import KINDS, NEVER, OFFERS, RateTable, rate_table
from planner.decision.log_requests import lacks_one_hour
from planner.decision.log_time import LogTime
from planner.domain.facts import Reason
from planner.domain.prices import RateCard, TokenPrices
from planner.units import FloatArray
from planner.workload.rollup import IntArray, Rollup

COLUMNS = (
    "fresh_input_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
)
"""Column of the rollup for each of KINDS."""
PROMPT_KINDS = 4
"""Of KINDS, the first ones are parts of the prompt."""
_FREE = TokenPrices(rates=RateCard.model_validate({"input_usd_per_mtok": 0, "output_usd_per_mtok": 0}))
"""Stands where a quote has no price; its rows are not counted."""
BoolArray = NDArray[np.bool_]
Ratios = tuple[float, float]
"""API-8: tokens of the option per token of the log, prompt and output."""


@dataclass(frozen=True)
class Priced:
    """A log with a price on every row; arrays have shape (rows,)."""

    rollup: Rollup
    time: LogTime
    question: str
    priced_on: str
    usd: FloatArray
    """Lower bound; 0 where there is no price."""
    usd_high: FloatArray
    """Upper bound; the same where it is exact."""
    why: IntArray
    """0: priced; else 1 + place of the reason in `reasons`."""
    reasons: tuple[Reason, ...]
    quotes: Quotes
    models: tuple[LogModel, ...] = ()
    """How each model's name was understood; empty when one offer serves all of them."""
    contract: Contract | None = None
    ratios: Ratios = (1.0, 1.0)


@dataclass(frozen=True)
class Terms:
    """What is asked: in words, at which quotes, in whose tokens and under which contract."""

    question: str
    priced_on: str
    quotes: Quotes
    models: tuple[LogModel, ...] = ()
    contract: Contract | None = None
    ratios: Ratios = (1.0, 1.0)


def priced(rollup: Rollup, time: LogTime, terms: Terms) -> Priced:
    """Every row at its quote."""
    table = rate_table([quote.prices or _FREE for quote in terms.quotes.quotes])
    quote_of = terms.quotes.place[rollup.labels["model"].codes, rollup.labels["service_tier"].codes, time.day_of]
    thresholds = scaled_thresholds(table, terms.ratios[0])
    level = levels(rollup, quote_of, thresholds)
    why, reasons = _why(rollup, quote_of, terms.quotes.quotes, thresholds, level.high > level.low)
    first = quote_of * (OFFERS * table.levels)
    low = _usd(rollup, table, first + level.low, terms.ratios)
    high = _upper(rollup, table, first + level.high, terms.ratios, low, (why == 0) & (level.high > level.low))
    low, high = np.minimum(low, high), np.maximum(low, high)
    low[why > 0] = high[why > 0] = 0.0
    return Priced(
        rollup, time, terms.question, terms.priced_on, low, high, why, reasons, terms.quotes, terms.models,
        terms.contract, terms.ratios,
    )  # fmt: skip


def _usd(rollup: Rollup, table: RateTable, card: IntArray, ratios: Ratios, rows: IntArray | None = None) -> FloatArray:
    """USD of the rows (all of them by default) at their cards."""
    total = np.zeros(card.size)
    for kind, (name, column) in enumerate(zip(KINDS, COLUMNS, strict=True)):
        tokens = rollup.sums[column] if rows is None else rollup.sums[column][rows]
        if table.uses(name) and tokens.any():
            ratio = ratios[0] if kind < PROMPT_KINDS else ratios[1]
            total += tokens * np.take(table.usd_per_token[kind] * ratio, card)
    return total


def _upper(
    rollup: Rollup, table: RateTable, card: IntArray, ratios: Ratios, low: FloatArray, open_rows: BoolArray
) -> FloatArray:
    """The other bound, of the rows that have one."""
    high = low.copy()
    rows = np.flatnonzero(open_rows)
    if rows.size:
        high[rows] = _usd(rollup, table, card[rows], ratios, rows)
    return high


def _why(
    rollup: Rollup, quote_of: IntArray, quotes: tuple[Quote, ...], thresholds: IntArray, unsure: BoolArray
) -> tuple[IntArray, tuple[Reason, ...]]:
    """Of each row, whether it has a price, and else the reason."""
    reasons: list[Reason] = []
    why = np.zeros(rollup.size, dtype=np.int64)
    missing = np.array([quote.reason is not None for quote in quotes])
    for place in np.flatnonzero(missing).tolist():
        reason = quotes[place].reason
        if reason is not None and bool((mask := quote_of == place).any()):
            why[mask] = _place(reasons, reason)
    for mask, reason in _row_reasons(rollup, quote_of, quotes, thresholds, unsure):
        why[mask & (why == 0)] = _place(reasons, reason)
    return why, tuple(reasons)


def _place(reasons: list[Reason], reason: Reason) -> int:
    if reason not in reasons:
        reasons.append(reason)
    return reasons.index(reason) + 1


def _row_reasons(
    rollup: Rollup, quote_of: IntArray, quotes: tuple[Quote, ...], thresholds: IntArray, unsure: BoolArray
) -> Iterator[tuple[BoolArray, Reason]]:
    """Rows that their price needs more of than the log says."""
    not_counted = unsure & (rollup.bucket_s == 0)
    writes_1h = rollup.sums["cache_write_1h_tokens"] > 0
    unsplit = rollup.known["reasoning_tokens"] < rollup.known["output_tokens"]
    for place, quote in enumerate(quotes):
        if quote.prices is None:
            continue
        mine: BoolArray | None = None
        for rows, applies, reason in (
            (not_counted, bool(quote.prices.long_tiers), _band_reason),
            (writes_1h, lacks_one_hour(quote.prices), _hour_reason),
            (unsplit, _own_reasoning(quote.prices), _reasoning_reason),
        ):
            if applies and rows.any():
                mine = quote_of == place if mine is None else mine
                found = np.asarray(rows & mine)
                if found.any():
                    yield found, reason(quote, thresholds[place].tolist())


def _own_reasoning(prices: TokenPrices) -> bool:
    cards = (prices.rates, *(tier.rates for tier in prices.long_tiers))
    return any(c.reasoning_usd_per_mtok not in (None, c.output_usd_per_mtok) for c in cards)


def _band_reason(quote: Quote, limits: list[int]) -> Reason:
    named = " and ".join(f"{limit:,}" for limit in limits if limit < NEVER)
    again = " ".join(f"--threshold {limit}" for limit in limits if limit < NEVER)
    return Reason(
        code="PRICE_UNKNOWN",
        message=f"{quote.offer} has another price for prompts above {named} tokens, which this import did not count.",
        field="thresholds",
        remedy=f"Import the files again, with {again} when the catalog has no such threshold.",
    )


def _hour_reason(quote: Quote, _: list[int]) -> Reason:
    return Reason(
        code="PRICE_UNKNOWN",
        message=f"The log writes caches that are kept one hour; {quote.offer} has no price for them.",
        field="cache_write_1h_tokens",
        remedy="Choose another offer, or type in the price with its one-hour cache writes.",
    )


def _reasoning_reason(quote: Quote, _: list[int]) -> Reason:
    return Reason(
        code="PRICE_UNKNOWN",
        message=f"{quote.offer} has a price of its own for reasoning; the log does not say how much of it there is.",
        field="reasoning_tokens",
        remedy="Import an export that counts reasoning tokens, or type in one price for all output.",
    )
