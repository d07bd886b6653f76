"""PRB-1: the part of a closed-loop run in which all its requests were in flight, and what was delivered in it.

Before it the load is still rising, after it the last answers drain, and both make a whole run's rate too low. The
tokens of an answer are taken to arrive evenly between its first and its last piece; an answer that was cut off counts
with its pieces, at the tokens a piece of the completed ones.

The window begins with the end of an answer, as it ends with one, so that both ends find requests equally far. On
simulated servers with runs of four waves it is within 1 % for answers of one length, and 2 % where they differ by
+-30 %, the whole run being 13 % low; answers that come whole make it up to 9 % high (`BURST_DELIVERY`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from planner.capacity.measurement.outcome import Outcome
from planner.domain.measured_run import Steady
from planner.units import FloatArray

MOST_TOKENS_PER_S = 1e9
LEAST_WINDOW_S = 1e-3
"""Shorter than this is a clock's grain, not a stretch of time."""


class Delivery(NamedTuple):
    """When the tokens of an answer arrived, s from the start of the run."""

    first_s: float
    last_s: float
    tokens: float


def steady_of(outcomes: Sequence[Outcome], deliveries: Sequence[Delivery], level: int) -> Steady | None:
    """Rate from the first answer that ended with `level` requests in flight to the last moment with as many; None where
    fewer than `level` answers ended in between: less than a wave. Failed requests are neither load nor delivery."""
    held = [outcome for outcome in outcomes if outcome.error is None]
    window = _full(held, level)
    if window is None:
        return None
    start, end = _from_first_end(held, *window)
    if end - start < LEAST_WINDOW_S:
        return None
    ended = sum(outcome.completed and start < outcome.ended_s <= end for outcome in held)
    if ended < level:
        return None
    rate = rate_of(delivered_tokens(deliveries, start, end), end - start)
    return Steady(start_s=start, end_s=end, output_tokens_per_s=rate, requests=ended)


def rate_of(tokens: float, seconds: float) -> float:
    """Tokens a second, no more than a run can hold: a server may claim anything."""
    return min(tokens / seconds, MOST_TOKENS_PER_S)


def delivered_tokens(deliveries: Sequence[Delivery], start_s: float, end_s: float) -> float:
    """Tokens that arrived after `start_s` and not after `end_s`, each answer spread evenly over its own time."""
    if not deliveries:
        return 0.0
    first, last, tokens = np.array(sorted(deliveries), dtype=np.float64).T
    return float(np.sum(tokens * (_share_by(first, last, end_s) - _share_by(first, last, start_s))))


def in_flight_mean(outcomes: Sequence[Outcome], start_s: float, end_s: float) -> float | None:
    """Requests in flight, mean over a stretch of time; None for a stretch of no length."""
    if end_s <= start_s:
        return None
    spans = sorted((max(o.sent_s, start_s), min(o.ended_s, end_s)) for o in outcomes)
    return sum(max(end - start, 0.0) for start, end in spans) / (end_s - start_s)


def _share_by(first: FloatArray, last: FloatArray, at_s: float) -> FloatArray:
    """Share of each answer that had arrived by a moment; an answer in one piece arrives at once."""
    length = last - first
    spread = np.clip((at_s - first) / np.where(length > 0, length, 1.0), 0.0, 1.0)
    return np.asarray(np.where(length > 0, spread, last <= at_s))


def _from_first_end(outcomes: Sequence[Outcome], start: float, end: float) -> tuple[float, float]:
    """The window without the wait for its first answer, in which none could end."""
    ends = [outcome.ended_s for outcome in outcomes if outcome.completed and start <= outcome.ended_s <= end]
    return min(ends, default=end), end


def _full(outcomes: Sequence[Outcome], level: int) -> tuple[float, float] | None:
    """First and last moment at which `level` requests were in flight."""
    if len(outcomes) < level:
        return None
    times = np.concatenate([[o.sent_s for o in outcomes], [o.ended_s for o in outcomes]])
    steps = np.concatenate([np.ones(len(outcomes)), -np.ones(len(outcomes))])
    order = np.lexsort((steps, times))
    full = np.flatnonzero(np.cumsum(steps[order]) >= level)
    if not len(full):
        return None
    start, end = float(times[order][full[0]]), float(times[order][full[-1] + 1])
    return start, end
