"""What every single request of a log costs: the definition of `cost.api.request_usd`, for millions of them at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.decision.log_rates import KINDS, OFFERS, RateTable, rate_table
from planner.domain.prices import TokenPrices
from planner.units import FloatArray
from planner.workload.rollup import IntArray

BoolArray = NDArray[np.bool_]
BLOCK = 16_384
"""Requests priced at a time: their numbers stay in a core's cache."""
ALONE = 20 * BLOCK
"""Up to this many requests are priced on one core."""


class _Log(NamedTuple):
    """Tokens by kind, None where there are none, and what tells the card of each request."""

    tokens: tuple[IntArray | None, ...]
    price_of: IntArray
    batch: BoolArray | None


def price_requests(
    prices: Sequence[TokenPrices],
    price_of: IntArray,
    fresh: IntArray,
    cached: IntArray | None = None,
    write: IntArray | None = None,
    write_1h: IntArray | None = None,
    output: IntArray | None = None,
    reasoning: IntArray | None = None,
    batch: BoolArray | None = None,
) -> FloatArray:
    """USD of each request, shape (requests,); `price_of` is the place of its price in `prices`.

    Tokens are per request: the prompt parts `fresh`, `cached`, `write` (five minutes) and `write_1h` are disjoint and
    decide the long-context tier together; `output` holds reasoning too, `reasoning` says how much of it. None is none.
    ValueError for what has no price: batch requests without a batch offer, one-hour writes without their price.
    """
    table = rate_table(prices)
    log = _Log((fresh, cached, write, write_1h, output, reasoning), price_of, batch)
    _refuse(prices, table, log)
    usd = np.empty(price_of.size, dtype=np.float64)
    cuts = [slice(start, start + BLOCK) for start in range(0, price_of.size, BLOCK)]
    workers = 1 if price_of.size <= ALONE else os.cpu_count() or 1
    if workers == 1:
        _price(table, log, cuts, usd)
        return usd
    with ThreadPoolExecutor(workers) as pool:
        share = -(-len(cuts) // workers)
        parts = [cuts[start : start + share] for start in range(0, len(cuts), share)]
        list(pool.map(lambda part: _price(table, log, part, usd), parts))
    return usd


def lacks_one_hour(prices: TokenPrices) -> bool:
    """Whether caches can be written there for five minutes at a price, but a one-hour price is not known."""
    cards = (prices.rates, *((prices.batch_rates,) if prices.batch_rates is not None else ()))
    return any(c.cache_write_usd_per_mtok is not None and c.cache_write_1h_usd_per_mtok is None for c in cards)


def _refuse(prices: Sequence[TokenPrices], table: RateTable, log: _Log) -> None:
    no_batch = np.array([not has for has in table.has_batch], dtype=np.bool_)
    no_hour = np.array([lacks_one_hour(found) for found in prices], dtype=np.bool_)
    wrong = []
    written_1h = log.tokens[KINDS.index("write_1h")]
    if log.batch is not None and no_batch.any() and bool((log.batch & no_batch[log.price_of]).any()):
        wrong.append(f"{int((log.batch & no_batch[log.price_of]).sum()):,} batch requests have no batch price")
    if written_1h is not None and no_hour.any() and bool(((written_1h > 0) & no_hour[log.price_of]).any()):
        wrong.append("one-hour cache writes have no price")
    if wrong:
        raise ValueError(f"{' and '.join(wrong)}; leave them out, or give prices that have one")


def _price(table: RateTable, log: _Log, cuts: Sequence[slice], usd: FloatArray) -> None:
    """The requests of these blocks, into `usd`."""
    paid = [
        (found, table.usd_per_token[kind])
        for kind, found in enumerate(log.tokens)
        if found is not None and table.usd_per_token[kind].any()
    ]
    prompt = [found for found in log.tokens[:4] if found is not None]
    card, rate, cost = np.empty(BLOCK, dtype=np.int64), np.empty(BLOCK), np.empty(BLOCK)
    for cut in cuts:
        n = log.price_of[cut].size
        where = _cards(table, log, prompt, cut, card[:n])
        total = usd[cut]
        total[:] = 0.0
        for tokens, rates in paid:
            np.take(rates, where, out=rate[:n], mode="clip")
            np.multiply(tokens[cut], rate[:n], out=cost[:n])
            total += cost[:n]


def _cards(table: RateTable, log: _Log, prompt: Sequence[IntArray], cut: slice, card: IntArray) -> IntArray:
    """The card of each request of a block."""
    price = log.price_of[cut]
    np.multiply(price, OFFERS * table.levels, out=card)
    if log.batch is not None:
        card += log.batch[cut].astype(np.int64) * table.levels
    if table.levels > 1:
        length = sum((tokens[cut] for tokens in prompt[1:]), start=prompt[0][cut])
        for level in range(table.levels - 1):
            card += length > np.take(table.thresholds[:, level], price, mode="clip")
    return card
