"""PRB-6: what a server's counters gained between two readings of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from planner.capacity.measurement.counters import COUNTED
from planner.capacity.measurement.histogram import Histogram, less, plus
from planner.capacity.measurement.outcome import Counters

HISTOGRAMS = ("ttft", "tpot", "gap", "e2e", "input", "output")
"""First token, time per token of a request, gap between tokens, whole answer, s; prompt and answer lengths, tokens."""


class Scrape(NamedTuple):
    """One reading."""

    at_s: float
    """On any clock that only goes forward."""
    counters: Counters
    histograms: Mapping[str, Histogram] = {}
    """By the names in HISTOGRAMS, as far as the server has them."""
    ended: Mapping[str, float] = {}
    """Requests ended, by the server's reason."""
    born: float | None = None
    """When the counters began, as the server says; another one later means a restart."""


class Stretch(NamedTuple):
    """What was added between two readings; two that follow each other add up (`joined`)."""

    seconds: float
    counted: Mapping[str, float]
    histograms: Mapping[str, Histogram]
    ended: Mapping[str, float]
    in_flight: tuple[float, ...] = ()
    """Running and waiting at the readings, as far as told."""
    peaks: Counters = Counters()

    @property
    def output_tokens(self) -> float | None:
        """Tokens generated; of the answers that ended where there is no counter."""
        return _first(self.counted.get("generation_tokens"), self.answered_tokens)

    @property
    def answered_tokens(self) -> float | None:
        """Tokens of the answers that ended."""
        return _total(self.histograms.get("output"))

    @property
    def input_tokens(self) -> float | None:
        """Prompt tokens taken in, cached ones included."""
        return _first(self.counted.get("prompt_tokens"), _total(self.histograms.get("input")))

    @property
    def completed(self) -> float | None:
        """Requests that ended."""
        seen = next((h.observations for name in ("e2e", "output", "ttft") if (h := self.histograms.get(name))), None)
        return _first(seen, self.counted.get("requests_finished"))

    @property
    def mean_in_flight(self) -> float | None:
        """Little's law, which is off by a wave where answers end together; else the mean of the readings, which lag
        behind: an engine tells what it served in the step before."""
        whole = self.histograms.get("e2e")
        if whole is not None:
            return whole.total / self.seconds
        return math.fsum(self.in_flight) / len(self.in_flight) if self.in_flight else None


def stretch_of(earlier: Scrape, later: Scrape) -> Stretch | None:
    """What was added between two readings; None when a counter went back or no time went by."""
    if later.at_s <= earlier.at_s or (earlier.born != later.born and None not in (earlier.born, later.born)):
        return None
    pairs = {name: (getattr(earlier.counters, name), getattr(later.counters, name)) for name in COUNTED}
    counted = {name: b - a for name, (a, b) in pairs.items() if a is not None and b is not None}
    both = [name for name in HISTOGRAMS if name in earlier.histograms and name in later.histograms]
    added = {name: less(later.histograms[name], earlier.histograms[name]) for name in both}
    ended = {reason: count - earlier.ended.get(reason, 0.0) for reason, count in later.ended.items()}
    if any(h is None for h in added.values()) or min((*counted.values(), *ended.values()), default=0.0) < 0:
        return None
    return Stretch(
        seconds=later.at_s - earlier.at_s,
        counted=counted,
        histograms={name: h for name, h in added.items() if h is not None},
        ended=ended,
        in_flight=tuple(n for n in (_present(earlier.counters), _present(later.counters)) if n is not None),
        peaks=_highest(earlier.counters, later.counters),
    )


def joined(one: Stretch, other: Stretch) -> Stretch:
    """Two stretches that follow each other as one; a figure that either lacks is lacking."""
    same = one.histograms.keys() & other.histograms.keys()
    agree = {name for name in same if one.histograms[name].bounds == other.histograms[name].bounds}
    return Stretch(
        seconds=one.seconds + other.seconds,
        counted={name: one.counted[name] + other.counted[name] for name in one.counted.keys() & other.counted.keys()},
        histograms={name: plus(one.histograms[name], other.histograms[name]) for name in agree},
        ended={r: one.ended.get(r, 0.0) + other.ended.get(r, 0.0) for r in one.ended.keys() | other.ended.keys()},
        in_flight=(*one.in_flight, *other.in_flight[1:]),
        peaks=_highest(one.peaks, other.peaks),
    )


def _present(counters: Counters) -> float | None:
    known = [n for n in (counters.running, counters.waiting) if n is not None]
    return math.fsum(known) if known else None


def _highest(one: Counters, other: Counters) -> Counters:
    def most(name: str) -> float | None:
        known = [n for n in (getattr(one, name), getattr(other, name)) if n is not None]
        return max(known, default=None)

    return Counters(running=most("running"), waiting=most("waiting"), kv_usage_fraction=most("kv_usage_fraction"))


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _total(histogram: Histogram | None) -> float | None:
    return None if histogram is None else histogram.total
