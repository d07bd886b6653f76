"""PRB-3: where throughput stops rising, and the probed loads that it certainly lies between.

A server with N places gives min(load, N) times the rate of one request; N is the knee. Repeats differ, by +-10 % on a
quiet machine, so that nothing is read from a difference below a quarter (1.1 / 0.9 = 1.22), or below the spread of the
repeats where that is more. Under such noise the bracket always holds the N of such a server:

    above `low`   a later load is faster by a quarter, which only places that were free can give
    below `high`  it is 1.25 x 1.25 times a load that no later one beats by a quarter: with more places it would have
                  been faster than that by 1.5625 x 0.9 / 1.1 = 1.28
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from planner.capacity.calibration import is_saturated
from planner.capacity.service_curve import relative_line
from planner.domain.measurement import Knee, LevelSummary
from planner.units import FloatArray

CERTAIN_RISE = 1.25
"""Two rates differ for certain from this ratio on."""
TTFT_JUMP_PER_DOUBLING = 3.0
"""At twice the load the first token took up to 2.4 times as long while places were free, and 4.9 and more beyond."""
WAITING_ELASTICITY = 0.5
"""The rate must rise by less than half of its share as well."""
CORNERS = 129


def knee_of(levels: Sequence[LevelSummary], spread_fraction: float | None) -> Knee | None:
    """The knee of levels that ascend; None while throughput still rises."""
    if len(levels) < 2:
        return None
    load, rate = _arrays(levels)
    certain = max(CERTAIN_RISE, 1 + (spread_fraction or 0.0))
    flat, high = _flat_from(load, rate, certain), _high(levels, certain)
    if high is None:
        return None
    low = _low(rate, min(flat, high), certain)
    bottom, top = min(1.0, float(load[0])) if low is None else float(load[low]), float(load[high])
    best = _corner(load, rate, bottom, top)
    return Knee(requests_in_flight=best, low=bottom, high=top, reason=_reason(levels, low, high))


def _arrays(levels: Sequence[LevelSummary]) -> tuple[FloatArray, FloatArray]:
    load = np.array([level.requests_in_flight for level in levels], dtype=np.float64)
    rate = np.array([max(level.output_tokens_per_s, 1e-9) for level in levels], dtype=np.float64)
    return load, rate


def _flat_from(load: FloatArray, rate: FloatArray, certain: float) -> int:
    """First level that no later one certainly exceeds."""
    return next(i for i in range(len(load)) if bool(np.all(rate[i:] <= certain * rate[i])))


def _high(levels: Sequence[LevelSummary], certain: float) -> int | None:
    """First level that the knee cannot be above: by rates, or by requests that wait for a place."""
    found = [at for at in (_high_by_rate(levels, certain), _high_by_waiting(levels, certain)) if at is not None]
    return min(found, default=None)


def _high_by_rate(levels: Sequence[LevelSummary], certain: float) -> int | None:
    """A load larger by `certain` twice over than one that was not exceeded would have shown a certain rise."""
    load, rate = _arrays(levels)
    spaced = np.append(load[:-1] * CERTAIN_RISE <= load[-1], True)
    if not is_saturated(load[spaced], rate[spaced]):
        return None
    flat = _flat_from(load, rate, certain)
    beyond = np.flatnonzero(load >= load[flat] * certain**2)
    return int(beyond[0]) if len(beyond) else len(load) - 1


def _high_by_waiting(levels: Sequence[LevelSummary], certain: float) -> int | None:
    """First level whose first tokens wait several times as long as at the level before, while the rate hardly rises."""
    load, rate = _arrays(levels)
    for i in range(1, len(levels)):
        before, after = levels[i - 1].ttft_ms, levels[i].ttft_ms
        doublings = math.log2(load[i] / load[i - 1])
        rising = math.log2(rate[i] / rate[i - 1]) / doublings
        jumped = before and after and after / before >= TTFT_JUMP_PER_DOUBLING ** max(doublings, 1.0)
        if jumped and rising < WAITING_ELASTICITY and bool(np.all(rate[i:] <= certain * rate[i])):
            return i
    return None


def _low(rate: FloatArray, below: int, certain: float) -> int | None:
    """Last level below the flat part that a later one certainly exceeds."""
    found = [i for i in range(below) if bool(np.any(rate[i + 1 :] >= certain * rate[i]))]
    return found[-1] if found else None


def _corner(load: FloatArray, rate: FloatArray, bottom: float, top: float) -> float:
    """The number of places K between both with which rate = n / (a + b n) of n = min(load, K) is least far off.

    That is CAP-9 for the requests that have a place; all K of a grid at once, shape (levels, corners).
    """
    corners = np.geomspace(bottom, top, CORNERS)
    served = np.minimum(load[:, np.newaxis], corners)
    line = relative_line(served, served / rate[:, np.newaxis])
    fitted = served / (line.intercept + line.slope * served)
    off = np.sum(np.log(fitted / rate[:, np.newaxis]) ** 2, axis=0)
    return float(corners[np.argmin(off.round(9))])


def _reason(levels: Sequence[LevelSummary], low: int | None, high: int) -> str:
    at, most = levels[high], levels[-1]
    flat = f"{at.output_tokens_per_s:,.4g} tokens/s at {at.requests_in_flight:g} in flight"
    if most is not at:
        flat += f" and {most.output_tokens_per_s:,.4g} at {most.requests_in_flight:g}"
    if low is None:
        return f"The rate does not rise from the first load on: {flat}."
    from_ = levels[low]
    return f"The rate rises from {from_.output_tokens_per_s:,.4g} at {from_.requests_in_flight:g}, then stays: {flat}."
