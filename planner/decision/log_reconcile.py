"""The export's own cost column against list prices: by currency, month and model, with the reasons one can see.

Other currencies are turned into dollars at the European Central Bank's rate of the log's last day of the month, and
that is said; without a rate they stand apart.
"""

from __future__ import annotations

import calendar
import datetime as dt
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from planner.catalog.fx import FxUnknown, rate
from planner.decision.log_rows import Priced
from planner.decision.log_values import SHORT, Reconciled, Reconciliation, plain_name
from planner.format import DOLLAR
from planner.units import MTOK, FloatArray
from planner.workload.rollup import IntArray
from planner.workload.usage_rows import NANO

SAME = 0.005
"""Ratios this close count as one, and this close to 1 as agreement."""
_NO_CURRENCY = "The export does not say in which currency its cost is."
MANY = 2
"""Models from which a constant ratio says something of all of them."""


class _Groups(NamedTuple):
    """Sums by currency, month and model; shape (currencies, months, models)."""

    billed: FloatArray
    stated: FloatArray
    usd: FloatArray
    usd_high: FloatArray
    priced: FloatArray
    unpriced: FloatArray
    uncosted: FloatArray
    tokens: FloatArray
    as_fresh: FloatArray
    """USD if every cached token had been billed as fresh."""


def reconcile(found: Priced) -> Reconciliation:
    """The export's own cost against the price of every row."""
    models, model_of = _models(found)
    currencies = tuple(name.upper() for name in found.rollup.labels["currency"].names)
    groups = _merged(_groups(found, model_of, (len(currencies), len(found.time.months), len(models))), currencies)
    rates = {code: _rates(code, found) for code in currencies if code and code != DOLLAR}
    lines = tuple(_lines(found, groups, currencies, models, rates))
    return Reconciliation(lines=lines, notes=tuple(_notes(lines, rates)))


def _models(found: Priced) -> tuple[tuple[str, ...], IntArray]:
    """Names that stand for one offer are one model: cost exports and usage exports name it differently."""
    names = found.rollup.labels["model"].names
    labels = [model.label or model.name for model in found.models] or list(names)
    distinct = list(dict.fromkeys(labels))
    shown = tuple(names[labels.index(label)] if labels.count(label) == 1 else label for label in distinct)
    return shown, np.array([distinct.index(label) for label in labels], dtype=np.int64)


def _groups(found: Priced, model_of: IntArray, shape: tuple[int, int, int]) -> _Groups:
    rollup, labels = found.rollup, found.rollup.labels
    keys = (labels["currency"].codes, found.time.month_of, model_of[labels["model"].codes])
    code = np.ravel_multi_index(keys, shape)

    def by(values: IntArray | FloatArray) -> FloatArray:
        summed = np.bincount(code, weights=values, minlength=int(np.prod(shape)))
        return np.asarray(summed.reshape(shape), dtype=np.float64)

    tokens = rollup.prompt_tokens + rollup.sums["output_tokens"]
    without = found.why > 0
    silent = np.maximum(rollup.usage_rows - rollup.known["cost_nano"], 0)
    return _Groups(
        billed=by(rollup.sums["cost_nano"]) / NANO,
        stated=by(rollup.known["cost_nano"]),
        usd=by(found.usd),
        usd_high=by(found.usd_high),
        priced=by((~without & (tokens > 0)).astype(np.float64)),
        unpriced=by(np.where(without, tokens, 0)),
        uncosted=by(np.where(tokens > 0, silent, 0)),
        tokens=by(tokens),
        as_fresh=by(found.usd + _cache_saving(found)),
    )


def _cache_saving(found: Priced) -> FloatArray:
    """USD of each row that cache reads saved against fresh input, at the rates of short prompts."""
    saved = np.zeros(len(found.quotes.quotes))
    for place, quote in enumerate(found.quotes.quotes):
        card = None if quote.prices is None else quote.prices.rates
        if card is not None and card.cached_input_usd_per_mtok is not None:
            saved[place] = float(card.input_usd_per_mtok - card.cached_input_usd_per_mtok) / MTOK
    labels = found.rollup.labels
    quote_of = found.quotes.place[labels["model"].codes, labels["service_tier"].codes, found.time.day_of]
    return np.asarray(saved[quote_of] * found.rollup.sums["cached_input_tokens"] * found.ratios[0])


def _merged(groups: _Groups, currencies: tuple[str, ...]) -> _Groups:
    """Usage without a currency belongs to the one currency of its month and model, when there is exactly one.

    Cost exports and usage exports come as rows of their own: tokens here, money there.
    """
    if "" not in currencies:
        return groups
    blank = currencies.index("")
    merged = _Groups(*(part.copy() for part in groups))
    money = groups.stated > 0
    money[blank] = False
    for month, model in zip(*np.nonzero(money.sum(axis=0) == 1), strict=True):
        target = int(money[:, month, model].argmax())
        apart = groups.tokens[target, month, model] == 0
        for part in merged:
            part[target, month, model] += part[blank, month, model]
            part[blank, month, model] = 0
        if apart:
            merged.uncosted[target, month, model] = 0
    return merged


Rates = dict[int, tuple[float, str] | str]
"""By month: USD per unit of a currency with its words, or why there is none."""


def _rates(code: str, found: Priced) -> Rates:
    rates: Rates = {}
    for place, month in enumerate(found.time.months):
        last = month.first_on.replace(day=calendar.monthrange(month.first_on.year, month.first_on.month)[1])
        day = min(last, max(found.time.last_on, month.first_on))
        rates[place] = _rate(code, day)
    return rates


def _rate(code: str, day: dt.date) -> tuple[float, str] | str:
    try:
        found = rate(code, day)
    except FxUnknown as unknown:
        return unknown.message
    return 1 / float(found.per_usd), f"{found.per_usd:f} {found.code} per USD ({found.source}, {found.as_of})"


def _lines(
    found: Priced,
    groups: _Groups,
    currencies: Sequence[str],
    models: Sequence[str],
    rates: Mapping[str, Rates],
) -> Iterator[Reconciled]:
    for place in zip(*np.nonzero((groups.tokens > 0) | (groups.stated > 0)), strict=True):
        currency, month, model = (int(part) for part in place)
        code = currencies[currency]
        billed = float(groups.billed[place]) if groups.stated[place] > 0 else None
        any_price = groups.priced[place] > 0
        line = Reconciled(
            currency=plain_name(code, SHORT),
            month=found.time.months[month].name,
            model=plain_name(models[model]),
            billed=billed,
            billed_usd=_dollars(billed, rates[code][month] if code in rates else None if code else _NO_CURRENCY),
            computed_usd=float(groups.usd[place]) if any_price else None,
            computed_high_usd=float(groups.usd_high[place]) if any_price else None,
            unpriced_tokens=int(groups.unpriced[place]),
            rows_without_cost=0 if billed is None else int(groups.uncosted[place]),
        )
        yield line.model_copy(update={"reasons": tuple(_reasons(line, float(groups.as_fresh[place])))})


def _dollars(amount: float | None, found: tuple[float, str] | str | None) -> float | None:
    """At a rate; the amount itself where none is needed."""
    if amount is None or found is None:
        return amount
    return None if isinstance(found, str) else amount * found[0]


def _reasons(line: Reconciled, as_fresh_usd: float) -> Iterator[str]:
    """What can be seen of one line."""
    if line.billed is None:
        yield "The export states no cost for it."
        return
    if line.computed_usd is None:
        yield "There are no tokens with a price beside this cost."
        return
    if line.rows_without_cost:
        yield f"{line.rows_without_cost:,} rows with tokens state no cost: they are in the computed amount alone."
    if line.unpriced_tokens:
        yield f"{line.unpriced_tokens:,} tokens have no price here: the computed amount is a part."
    if line.billed_usd is None:
        yield "There is no rate for its currency." if line.currency else _NO_CURRENCY
        return
    if line.difference_fraction is None or abs(line.difference_fraction) <= SAME:
        return
    high = line.computed_high_usd or line.computed_usd
    if high > line.computed_usd and line.computed_usd <= line.billed_usd <= high * (1 + SAME):
        yield "It lies within the bounds that the long-context price leaves open."
    elif as_fresh_usd > line.computed_usd * (1 + SAME) and abs(line.billed_usd / as_fresh_usd - 1) <= SAME:
        yield "It is what the list asks when no prompt token is billed as a cache read."


def _notes(lines: Sequence[Reconciled], rates: Mapping[str, Rates]) -> Iterator[str]:
    for code, months in rates.items():
        told = list(dict.fromkeys(found[1] for found in months.values() if not isinstance(found, str)))
        if told:
            yield f"{code} is turned into US dollars at {'; '.join(told)}."
        yield from dict.fromkeys(f"{found} {code} stands apart." for found in months.values() if isinstance(found, str))
    yield from _discount(lines)


def _discount(lines: Sequence[Reconciled]) -> Iterator[str]:
    """One ratio for all models is a discount or a surcharge, not a price of theirs."""
    ratios: dict[str, list[float]] = {}
    for line in lines:
        if line.billed_usd is not None and line.computed_usd and line.exact and not line.unpriced_tokens:
            ratios.setdefault(line.model, []).append(line.billed_usd / line.computed_usd)
    every = [ratio for found in ratios.values() for ratio in found]
    if not every:
        return
    middle = statistics.median(every)
    apart = any(abs(ratio - middle) > SAME * middle for ratio in every)
    if middle <= 0 or abs(middle - 1) <= SAME or apart:
        return
    what = f"{abs(middle - 1):.1%} {'below' if middle < 1 else 'above'} the list"
    if len(ratios) >= MANY:
        kind = "discount" if middle < 1 else "surcharge, such as a tax or a gateway's fee"
        yield f"All {len(ratios)} models are billed {what}: that is a {kind}, not a price of one model."
    else:
        yield f"The one model here is billed {what}: a discount, or another price than the catalog's."
