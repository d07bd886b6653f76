"""Tokens per request, exactly: every figure is computed from how many requests have each length."""

from __future__ import annotations

import numpy as np

from planner.domain.usage import TokenLengths
from planner.units import FloatArray
from planner.workload.figures import LengthCounts

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)
MOST_BINS = 60


def token_lengths(counts: LengthCounts | None) -> TokenLengths | None:
    """Mean, quantiles and histogram; None when no request says it."""
    if counts is None or counts.tokens.size == 0 or (requests := int(counts.requests.sum())) == 0:
        return None
    p5, p25, p50, p75, p90, p95, p99 = quantiles(counts, QUANTILES)
    return TokenLengths(
        requests=requests,
        mean_tokens=total_tokens(counts) / requests,
        p5_tokens=p5,
        p25_tokens=p25,
        p50_tokens=p50,
        p75_tokens=p75,
        p90_tokens=p90,
        p95_tokens=p95,
        p99_tokens=p99,
        max_tokens=float(counts.tokens[-1]),
        histogram=histogram(counts),
    )


def total_tokens(counts: LengthCounts) -> int:
    """Sum over all requests."""
    return int(counts.tokens @ counts.requests)


def quantiles(counts: LengthCounts, shares: tuple[float, ...]) -> tuple[float, ...]:
    """Of the requests in order of length, the one at (n - 1) x share, by linear interpolation between neighbours."""
    up_to = np.cumsum(counts.requests)
    place = (up_to[-1] - 1) * np.asarray(shares)
    below = np.floor(place)
    low = _at(counts, up_to, below)
    high = _at(counts, up_to, np.minimum(below + 1, up_to[-1] - 1))
    return tuple(_between(low, high, place - below).tolist())


def _at(counts: LengthCounts, up_to: np.ndarray[tuple[int], np.dtype[np.int64]], place: FloatArray) -> FloatArray:
    return counts.tokens[np.searchsorted(up_to, place, side="right")].astype(np.float64)


def _between(low: FloatArray, high: FloatArray, share: FloatArray) -> FloatArray:
    """From the nearer end, so that no value leaves its interval by rounding."""
    step = high - low
    return np.where(share >= 0.5, high - step * (1 - share), low + step * share)


def histogram(counts: LengthCounts) -> tuple[tuple[int, int, int], ...]:
    """At most 60 bins of equal width on a logarithmic scale, without a gap: from, up to and including, requests."""
    shortest, longest = int(counts.tokens[0]), int(counts.tokens[-1])
    steps = np.geomspace(max(shortest, 1), longest + 1, MOST_BINS) if longest > 0 else np.array([1.0])
    starts = np.unique(np.concatenate([[shortest], np.round(steps[:-1])]).astype(np.int64))
    starts = starts[starts <= longest]
    ends = np.append(starts[1:] - 1, longest)
    place = np.searchsorted(starts, counts.tokens, side="right") - 1
    inside = np.bincount(place, weights=counts.requests, minlength=starts.size)
    return tuple((int(a), int(b), int(n)) for a, b, n in zip(starts, ends, inside, strict=True))
