"""PRB-6: histograms of a server's `/metrics`: what was added between two readings, and figures read from it."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from planner.capacity.measurement.run import LEAST_FOR, MS_PER_S
from planner.domain.measured_run import Percentiles


class Histogram(NamedTuple):
    """Observations up to each bound, added up, and their sum."""

    bounds: tuple[float, ...]
    """Ascending; the last is infinite."""
    counts: tuple[float, ...]
    """Observations up to each bound; they rise with it."""
    total: float

    @property
    def observations(self) -> float:
        """All of them."""
        return self.counts[-1] if self.counts else 0.0

    @property
    def mean(self) -> float | None:
        """Exact, from sum and count; None of no observations."""
        return self.total / self.observations if self.observations > 0 else None


def less(later: Histogram, earlier: Histogram) -> Histogram | None:
    """What was added between two readings; None when a count or the sum went back, or the bounds are others."""
    if later.bounds != earlier.bounds:
        return None
    counts = tuple(b - a for a, b in zip(earlier.counts, later.counts, strict=True))
    # No bucket may have lost anything: neither any bound's count nor what lies between two bounds.
    steps = (*counts[:1], *(b - a for a, b in pairwise(counts)))
    total = later.total - earlier.total
    return None if min((*steps, total), default=0.0) < 0 else Histogram(later.bounds, counts, total)


def plus(one: Histogram, other: Histogram) -> Histogram:
    """Both together; of the same bounds."""
    counts = tuple(a + b for a, b in zip(one.counts, other.counts, strict=True))
    return Histogram(one.bounds, counts, one.total + other.total)


def quantile(histogram: Histogram, share: float) -> float | None:
    """Value that `share` of the observations do not exceed, straight between the bounds of its bucket; None of no
    observations, and beyond the last finite bound."""
    rank, low, below = share * histogram.observations, 0.0, 0.0
    if histogram.observations <= 0:
        return None
    for bound, count in zip(histogram.bounds, histogram.counts, strict=True):
        if count >= rank and count > below:
            return None if math.isinf(bound) else low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return None


def variation(histogram: Histogram) -> float | None:
    """Standard deviation over mean, each observation spread evenly over its bucket; those beyond the last finite bound
    lie at it. None of no observations."""
    if histogram.observations <= 0:
        return None
    first = second = low = below = 0.0
    for bound, count in zip(histogram.bounds, histogram.counts, strict=True):
        high = low if math.isinf(bound) else bound
        weight = (count - below) / histogram.observations
        first += weight * (low + high) / 2
        second += weight * (low * low + low * high + high * high) / 3
        low, below = high, count
    return math.sqrt(max(second - first * first, 0.0)) / first if first > 0 else None


def latency(histogram: Histogram | None) -> Percentiles | None:
    """Seconds as percentiles in ms, each only from enough observations; None of none."""
    if histogram is None or histogram.mean is None:
        return None
    n = round(histogram.observations)
    told = {
        name: None if (value := quantile(histogram, int(name[1:]) / 100)) is None else value * MS_PER_S
        for name in ("p50", *LEAST_FOR)
        if n >= LEAST_FOR.get(name, 1)
    }
    return Percentiles(n=n, mean=histogram.mean * MS_PER_S, **told)
