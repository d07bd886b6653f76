"""What a request log says: volume, token lengths and how peaked it is. Pure functions of arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planner.units import SECONDS_PER_DAY

SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True)
class TokenLengths:
    """Tokens per request of one kind: mean, quantiles (linear interpolation) and the sum over the log."""

    mean_tokens: float
    p5_tokens: float
    p25_tokens: float
    p50_tokens: float
    p75_tokens: float
    p95_tokens: float
    p99_tokens: float
    max_tokens: float
    sum_tokens: float


@dataclass(frozen=True, slots=True)
class TraceSummary:
    """Volume, lengths and peak of one request log."""

    requests: int
    window_s: float
    """From the first request to the last, seconds."""
    mean_requests_per_s: float
    requests_per_day: float
    """Requests of 24 hours at the mean rate: only as good as the window is typical."""
    busiest_minute_to_mean: float
    """Requests of the busiest whole minute over those of the mean whole minute."""
    input: TokenLengths
    output: TokenLengths


def summarise(timestamp_s: ArrayLike, input_tokens: ArrayLike, output_tokens: ArrayLike) -> TraceSummary:
    """Summary of a log: arrival times in seconds (any order, any origin), tokens in and out per request.

    mean rate = requests / (last arrival - first arrival); needs a log of a minute or more.
    """
    times = np.sort(np.asarray(timestamp_s, dtype=np.float64))
    lengths = [np.asarray(tokens, dtype=np.float64) for tokens in (input_tokens, output_tokens)]
    if any(tokens.shape != times.shape for tokens in lengths) or times.ndim != 1:
        raise ValueError("arrival times, input tokens and output tokens must be three lists of the same length")
    if times.size < 2 or (window_s := float(times[-1] - times[0])) < SECONDS_PER_MINUTE:
        raise ValueError("a log shorter than one minute says nothing about rate or peak; supply a longer one")
    per_s = times.size / window_s
    return TraceSummary(
        requests=times.size,
        window_s=window_s,
        mean_requests_per_s=per_s,
        requests_per_day=per_s * SECONDS_PER_DAY,
        busiest_minute_to_mean=busiest_minute_to_mean(times),
        input=token_lengths(lengths[0]),
        output=token_lengths(lengths[1]),
    )


def busiest_minute_to_mean(timestamp_s: NDArray[np.float64]) -> float:
    """Busiest minute over mean minute of sorted arrival times in seconds; the last, partial minute is left out."""
    minute = np.floor((timestamp_s - timestamp_s[0]) / SECONDS_PER_MINUTE).astype(np.int64)
    return peak_to_mean(np.bincount(minute[minute < minute[-1]], minlength=minute[-1]))


def token_lengths(tokens: NDArray[np.float64]) -> TokenLengths:
    """Mean, quantiles and sum of tokens per request."""
    p5, p25, p50, p75, p95, p99 = np.quantile(tokens, [0.05, 0.25, 0.5, 0.75, 0.95, 0.99]).tolist()
    mean, largest, total = float(tokens.mean()), float(tokens.max()), float(tokens.sum())
    return TokenLengths(mean, p5, p25, p50, p75, p95, p99, largest, total)


def peak_to_mean(index: ArrayLike) -> float:
    """Largest value over the mean: of the 168 hours of a week, the peak factor that sets replicas."""
    values = np.asarray(index, dtype=np.float64)
    if values.size == 0 or values.min() < 0 or values.max() == 0:
        raise ValueError("a load shape needs values of zero or more, not all zero")
    return float(values.max() / values.mean())
