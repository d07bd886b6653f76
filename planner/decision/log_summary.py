"""A priced log added up: month by month and model by model, what has no price, the prices used, and what to know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from planner.decision.log_quotes import Quote
from planner.decision.log_rows import COLUMNS, PROMPT_KINDS, Priced
from planner.decision.log_time import Month
from planner.decision.log_values import SHORT, LogLine, LogPrice, MonthBill, PriceUsed, UnpricedPart, plain_name
from planner.domain.prices import RateCard
from planner.format import usd_small
from planner.units import FloatArray
from planner.workload.rollup import IntArray

_CONTRACT_NOTE = (
    "Discounts and commitments are a month's: a month that the log covers in part is billed as that part of a whole "
    "month at the same rate of spend."
)


class Sums(NamedTuple):
    """A priced log added up by group; each array has shape (groups,), or (kinds, groups) for tokens."""

    tokens: FloatArray
    requests: FloatArray
    requests_unknown: FloatArray
    """Usage rows that do not say how many requests they hold."""
    usd: FloatArray
    usd_high: FloatArray
    unpriced: FloatArray
    rows: IntArray
    priced_rows: FloatArray


def add_up(found: Priced, group: IntArray, groups: int) -> Sums:
    """By the group of each row; whole numbers stay exact below 2^53."""
    rollup = found.rollup

    def by_group(values: IntArray | FloatArray) -> FloatArray:
        return np.asarray(np.bincount(group, weights=values, minlength=groups), dtype=np.float64)

    tokens = np.array([by_group(rollup.sums[column]) for column in COLUMNS])
    without = found.why > 0
    all_tokens = rollup.prompt_tokens + rollup.sums["output_tokens"]
    return Sums(
        tokens,
        by_group(rollup.sums["requests"]),
        by_group(rollup.usage_rows - rollup.known["requests"]),
        by_group(found.usd),
        by_group(found.usd_high),
        by_group(np.where(without, all_tokens, 0)) if without.any() else np.zeros(groups),
        np.bincount(group, minlength=groups),
        by_group((~without).astype(np.float64)),
    )


def lines(found: Priced, *, by_owner: bool = False) -> tuple[LogLine, ...]:
    """Months, in each its models, in each (when asked) its owners; groups without a row are left out."""
    model, owner = found.rollup.labels["model"], found.rollup.labels["owner"]
    owners = owner.names if by_owner else ("",)
    shape = (len(found.time.months), len(model.names), len(owners))
    codes = found.time.month_of * shape[1] + model.codes
    if by_owner:
        codes = codes * shape[2] + owner.codes
    present, codes = _present(codes, shape[0] * shape[1] * shape[2])
    sums = add_up(found, codes, present.size)
    places = np.array(np.unravel_index(present, shape)).T.tolist()
    return tuple(
        _line(sums, group, found.time.months[m].name, model.names[k], owners[o])
        for group, (m, k, o) in enumerate(places)
    )


def _present(codes: IntArray, size: int) -> tuple[IntArray, IntArray]:
    """The codes that occur, ascending, and each row's place among them."""
    if size > max(10 * codes.size, 100_000):
        found, places = np.unique(codes, return_inverse=True)
        return found, places
    seen = np.bincount(codes, minlength=size) > 0
    return np.flatnonzero(seen), (np.cumsum(seen) - 1)[codes]


def _line(sums: Sums, group: int, month: str, model: str, owner: str) -> LogLine:
    fresh, cached, write, write_1h, output, _ = (int(value) for value in sums.tokens[:, group])
    any_price = sums.priced_rows[group] > 0
    return LogLine(
        month=month,
        model=plain_name(model),
        owner=plain_name(owner),
        requests=None if sums.requests_unknown[group] else int(sums.requests[group]),
        fresh_input_tokens=fresh,
        cached_input_tokens=cached,
        cache_write_tokens=write + write_1h,
        output_tokens=output,
        unpriced_tokens=int(sums.unpriced[group]),
        usd=float(sums.usd[group]) if any_price else None,
        usd_high=float(sums.usd_high[group]) if any_price else None,
    )


def summary(found: Priced, *, by_owner: bool = False) -> LogPrice:
    """Everything there is to say of a priced log."""
    total = add_up(found, np.zeros(found.rollup.size, dtype=np.int64), 1)
    bills = tuple(month_bills(found))
    none = not total.priced_rows[0]
    low = sum(bill.usd for bill in bills) if bills else float(total.usd[0])
    return LogPrice(
        question=found.question,
        priced_on=found.priced_on,
        first_on=found.time.first_on,
        last_on=found.time.last_on,
        days=found.time.days,
        tokens=int(total.tokens[: PROMPT_KINDS + 1].sum()),
        unpriced_tokens=int(total.unpriced[0]),
        usd=None if none else low,
        usd_high=None if none else _upper(found, bills, float(total.usd_high[0])),
        lines=lines(found, by_owner=by_owner),
        unpriced=tuple(_unpriced(found)),
        prices=tuple(_prices(found)),
        bills=bills,
        notes=tuple(_notes(found, bool(bills))),
    )


def _upper(found: Priced, bills: tuple[MonthBill, ...], list_usd: float) -> float:
    return sum(bill.usd for bill in month_bills(found, found.usd_high)) if bills else list_usd


def month_bills(found: Priced, usd: FloatArray | None = None) -> Iterator[MonthBill]:
    """API-4 and API-5, month by month; nothing without a contract. `usd` by row, the lower bound by default."""
    if found.contract is None:
        return
    spent = np.bincount(
        found.time.month_of, weights=found.usd if usd is None else usd, minlength=len(found.time.months)
    )
    for month, list_usd in zip(found.time.months, spent.tolist(), strict=True):
        if month.days > 0 or list_usd:
            yield _month_bill(found, month, list_usd)


def _month_bill(found: Priced, month: Month, list_usd: float) -> MonthBill:
    """A part of a month as that part of a whole one at the same rate of spend."""
    share = month.share or 1.0
    whole = np.array([list_usd / share])
    billed = whole if found.contract is None else found.contract.billed_usd(whole)
    return MonthBill(month=month.name, days=month.days, list_usd=list_usd, usd=float(billed[0]) * share)


def _unpriced(found: Priced) -> Iterator[UnpricedPart]:
    """By model, service tier and reason, most tokens first."""
    rows = np.flatnonzero(found.why > 0)
    model, tier = found.rollup.labels["model"], found.rollup.labels["service_tier"]
    shape = (len(model.names), max(len(tier.names), 1), len(found.reasons))
    keys = (model.codes[rows], tier.codes[rows], found.why[rows] - 1)
    present, codes = np.unique(np.ravel_multi_index(keys, shape), return_inverse=True) if rows.size else ((), rows)
    parts = []
    for group, key in enumerate(present):
        m, t, reason = (int(part) for part in np.unravel_index(key, shape))
        mine = rows[codes == group]
        known = bool((found.rollup.known["requests"] == found.rollup.usage_rows)[mine].all())
        parts.append(
            UnpricedPart(
                model=plain_name(model.names[m]),
                service_tier=plain_name(tier.names[t], SHORT),
                requests=int(found.rollup.sums["requests"][mine].sum()) if known else None,
                input_tokens=int(found.rollup.prompt_tokens[mine].sum()),
                output_tokens=int(found.rollup.sums["output_tokens"][mine].sum()),
                reason=found.reasons[reason],
            )
        )
    yield from sorted(parts, key=lambda part: -part.input_tokens - part.output_tokens)


def _prices(found: Priced) -> Iterator[PriceUsed]:
    """The prices, model by model, or once when all models pay the same."""
    models = found.models or (None,)
    for place, model in enumerate(models):
        for number, quote in enumerate(found.quotes.quotes):
            days = found.quotes.days_of(place, number)
            if days is not None and quote.prices is not None:
                first, last = (found.time.first_on + dt.timedelta(days=day) for day in days)
                yield _price_used(quote, model.name if model else "", model.how if model else "", first, last)


def _price_used(quote: Quote, model: str, how: str, first: dt.date, last: dt.date) -> PriceUsed:
    source = quote.source
    return PriceUsed(
        model=plain_name(model),
        offer=f"{quote.offer}, batch" if quote.batch else quote.offer,
        how=how,
        first_on=first,
        last_on=last,
        rates="" if quote.prices is None else _words(quote.prices.rates),
        source=source.source if source else "",
        source_url=source.source_url if source else "",
        as_of=source.as_of if source else "",
        row=source.row if source else "",
    )


def _words(card: RateCard) -> str:
    rates = (
        ("input", card.input_usd_per_mtok),
        ("cached", card.cached_input_usd_per_mtok),
        ("cache write", card.cache_write_usd_per_mtok),
        ("one-hour cache write", card.cache_write_1h_usd_per_mtok),
        ("output", card.output_usd_per_mtok),
        ("reasoning", card.reasoning_usd_per_mtok),
    )
    return ", ".join(f"{name} {usd_small(rate)}" for name, rate in rates if rate is not None)


def _notes(found: Priced, contract: bool) -> Iterator[str]:
    """What a reviewer should know of the amount."""
    rollup = found.rollup
    silent = int((rollup.usage_rows - rollup.known["output_tokens"]).sum())
    if silent:
        rows = int(rollup.usage_rows.sum())
        yield f"{silent:,} of {rows:,} rows of the log state no output tokens: what they cost is not in the amount."
    if not rollup.known["cached_input_tokens"].any():
        yield (
            "The log does not say which prompt tokens came from a cache: all that it has are priced as fresh, an upper "
            "bound unless its export leaves cached tokens out."
        )
    if (found.usd_high > found.usd).any():
        yield (
            "The log is of sums over time and does not say how long single prompts were, and longer ones have another "
            "price: the amount lies between all of them below the price's threshold and all of them above it."
        )
    if found.ratios != (1.0, 1.0):
        yield (
            f"The same text is {found.ratios[0]:g} times as many prompt tokens and {found.ratios[1]:g} times as many "
            "output tokens there."
        )
    if contract:
        yield _CONTRACT_NOTE
    seen = dict.fromkeys(warning for quote in found.quotes.quotes for warning in quote.warnings)
    yield from seen
