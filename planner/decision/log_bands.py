"""Which long-context card each row of a rollup pays: known for sure, or between two.

A row's band says how many of the import's thresholds its prompts are above. A price has thresholds of its own; where
they are among the import's, or the row lies clear of them, the card is known. No request is longer than the prompt
tokens of its whole row, which settles the rest of the small rows.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.decision.log_rates import NEVER, RateTable
from planner.units import CEIL_TOLERANCE
from planner.workload.rollup import IntArray, Rollup


class Levels(NamedTuple):
    """Least and highest long-context level of each row, shape (rows,)."""

    low: IntArray
    high: IntArray


def in_log_tokens(threshold: int, input_token_ratio: float) -> int:
    """API-8: the threshold in the log's own tokens, when a prompt has `input_token_ratio` times as many there."""
    return threshold if threshold == NEVER else math.floor(threshold / input_token_ratio * (1 + CEIL_TOLERANCE))


def scaled_thresholds(table: RateTable, input_token_ratio: float) -> IntArray:
    """The table's thresholds in the log's tokens."""
    rows = [[in_log_tokens(limit, input_token_ratio) for limit in row] for row in table.thresholds.tolist()]
    return np.array(rows, dtype=np.int64).reshape(table.thresholds.shape)


def levels(rollup: Rollup, price_of: IntArray, thresholds: IntArray) -> Levels:
    """Levels of each row at its price; `thresholds` are (prices, levels - 1), in the log's tokens."""
    if not thresholds.shape[1]:
        none = np.zeros(rollup.size, dtype=np.int64)
        return Levels(none, none)
    low_of, high_of = _by_band(thresholds, rollup.thresholds)
    low, high = low_of[price_of, rollup.context_band], high_of[price_of, rollup.context_band]
    unsaid = _unsaid(rollup)
    if unsaid.any():
        low[unsaid] = 0
        high[unsaid] = (thresholds[price_of[unsaid]] < NEVER).sum(axis=1)
    _settle(rollup, price_of, thresholds, Levels(low, high))
    return Levels(low, high)


def _by_band(thresholds: IntArray, counted: tuple[int, ...]) -> tuple[IntArray, IntArray]:
    """For each price and band, how many of its thresholds prompts are surely above, and how many they may be above."""
    edges = sorted(counted)
    bands = range(len(edges) + 1)
    above = [[edges[band - 1] if band else -1] for band in bands]
    up_to = [[edges[band] if band < len(edges) else NEVER] for band in bands]
    low = (thresholds[:, None, :] <= np.array(above)).sum(axis=2)
    high = (thresholds[:, None, :] < np.array(up_to)).sum(axis=2)
    return np.asarray(low, dtype=np.int64), np.asarray(high, dtype=np.int64)


def _unsaid(rollup: Rollup) -> NDArray[np.bool_]:
    """Buckets of a model whose export never names a band: their requests may be of any length."""
    bucket = rollup.bucket_s > 0
    if not bucket.any():
        return bucket
    codes = rollup.labels["model"].codes
    named = np.where(bucket, rollup.context_band, 0)
    says = np.bincount(codes, weights=named, minlength=len(rollup.labels["model"].names)) > 0
    return np.asarray(bucket & ~says[codes])


def _settle(rollup: Rollup, price_of: IntArray, thresholds: IntArray, found: Levels) -> None:
    """A row whose whole prompt is not above a threshold has no request that is."""
    open_rows = np.flatnonzero(found.high > found.low)
    if not open_rows.size:
        return
    fully_known = rollup.known["fresh_input_tokens"][open_rows] >= rollup.usage_rows[open_rows]
    open_rows = open_rows[fully_known]
    most = (rollup.prompt_tokens[open_rows, None] > thresholds[price_of[open_rows]]).sum(axis=1)
    found.high[open_rows] = np.maximum(np.minimum(found.high[open_rows], most), found.low[open_rows])
