"""BE-2, general algorithm: where one piecewise linear cost curve lies below another, every crossing, exactly.

Volume x > 0 is in any one unit. Curves may jump; they are left-continuous: at a jump the old level still applies.
Between neighbouring breakpoints of the two curves both are straight, so there is one root at most, and a jump is told
from its left and right limits. Nothing is ever evaluated at a breakpoint. Ties go to `other`; intervals are
(open, closed].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from planner.decision.breakeven import Solution
from planner.units import FloatArray

BREAKPOINT_LIMIT = 200_000
_NOISE = 1e-12
"""Differences below this share of the costs are ties; ends nearer than this share of the volume are one."""
_LOG_LARGEST = 690.0
"""Volumes looked at lie between exp(-690) and exp(690)."""
_SHORTEST = 4e-9
"""Segments below this share of the volume are closed up: sizing forgives 1e-9 at a jump (CAP-0)."""


class Asymptote(NamedTuple):
    """slope x + low <= cost <= slope x + high for every x above `from_x`."""

    slope: float
    low: float
    high: float
    from_x: float


class Curve(Protocol):
    """A piecewise linear, left-continuous cost over volume x > 0."""

    def usd(self, x: FloatArray) -> FloatArray:
        """Cost at each volume, shape of x."""
        ...

    def count(self, low: float, high: float) -> float:
        """At least the number of breakpoints in (low, high]: known without listing them."""
        ...

    def breakpoints(self, low: float, high: float) -> FloatArray:
        """All x in (low, high] where slope or level changes, in any order; more do no harm."""
        ...

    def asymptote(self) -> Asymptote:
        """Where the curve goes in the end."""
        ...


class Crossing(NamedTuple):
    """A volume at which the cheaper side changes: through equal costs, or across a jump."""

    x: float
    kind: Literal["continuous", "jump"]
    own_wins_above: bool


class Crossed(NamedTuple):
    """The intervals and what bounds each of them; crossings ascend."""

    solution: Solution
    crossings: tuple[Crossing, ...]


class _Wins(NamedTuple):
    """Winning parts (start, end], ascending; whether each end of a part is a jump."""

    starts: FloatArray
    ends: FloatArray
    from_jump: NDArray[np.bool_]
    to_jump: NDArray[np.bool_]


_Part = tuple[float, float, bool, bool]
"""The same of one interval."""


class _Tail(NamedTuple):
    """Who is cheaper at every volume above `from_x`; at infinity None when the asymptotes cannot tell."""

    from_x: float
    own_wins: bool | None


def win_intervals(other: Curve, own: Curve, *, limit: int = BREAKPOINT_LIMIT) -> Solution:
    """BE-2: where `own` is strictly cheaper, and from where for good; see `crossed`."""
    return crossed(other, own, limit=limit).solution


def crossed(other: Curve, own: Curve, *, limit: int = BREAKPOINT_LIMIT) -> Crossed:
    """BE-2: intervals where `own` is strictly cheaper than `other`, and the kind of each crossing.

    `robust` is the left end of the last, unbounded interval. The list is cut, and `exact` is False, when there are more
    than `limit` breakpoints below the volume that settles it, or when both curves have the same final slope and no gap
    that decides; `robust` is then right or None, and None means unknown unless `other` is cheaper in the end.
    """
    tail = _tail(other.asymptote(), own.asymptote())
    end = _reach(lambda x: other.count(0, x) + own.count(0, x), limit, tail.from_x)
    if tail.own_wins is not None and end == tail.from_x:
        wins = _with_tail(_wins(other, own, 0, end), tail)
        robust = wins[-1][0] if tail.own_wins else None
        return Crossed(Solution(tuple((a, b) for a, b, *_ in wins), robust, exact=True), _crossings(wins))
    listed = _merged(_wins(other, own, 0, end))
    last = _robust_part(other, own, tail, limit) if tail.own_wins else None
    kept = [*(w for w in listed if last is None or w[1] < last[0]), *([last] if last else [])]
    robust = last[0] if last else None
    return Crossed(Solution(tuple((a, b) for a, b, *_ in kept), robust, exact=False), _crossings(kept, end))


def _tail(other: Asymptote, own: Asymptote) -> _Tail:
    """The bounds on other - own: beyond which volume they have one sign."""
    start = max(other.from_x, own.from_x)
    slope, low, high = other.slope - own.slope, other.low - own.high, other.high - own.low
    if abs(slope) <= _NOISE * max(abs(other.slope), abs(own.slope)):
        noise = _NOISE * max(map(abs, (*other[1:3], *own[1:3])))
        return _Tail(start, low > noise) if low > noise or high <= noise else _Tail(np.inf, None)
    settled = -low / slope if slope > 0 else -high / slope
    return _Tail(max(start, settled * (1 + 1e-6)), slope > 0)


def _reach(count: Callable[[float], float], limit: int, wanted: float) -> float:
    """Largest volume up to `wanted` with at most `limit` breakpoints below it; halving of its logarithm."""
    if wanted < math.inf and count(wanted) <= limit:
        return wanted
    low, high = -_LOG_LARGEST, min(math.log(wanted), _LOG_LARGEST)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if count(math.exp(middle)) <= limit else (low, middle)
    return math.exp(low)


def _wins(other: Curve, own: Curve, low: float, high: float) -> _Wins:
    """Winning part of every segment between low and high."""
    inside = np.concatenate([other.breakpoints(low, high), own.breakpoints(low, high)])
    points = np.unique(np.concatenate([[low], inside[(inside > low) & (inside < high)], [high]]))
    long = np.diff(points) > _SHORTEST * points[1:]
    left, right = points[:-1][long], points[1:][long]
    at_left, at_right = _limits(other, own, left, right)
    edges = np.concatenate([[low], left[1:], [high]])
    starts, ends = edges[:-1][: left.size], edges[1:][: left.size]
    fall = np.where(at_left * at_right < 0, at_left - at_right, 1.0)
    root = left + (right - left) * np.clip(at_left / fall, 0, 1)
    begin, end = np.where(at_left >= 0, starts, root), np.where(at_right >= 0, ends, root)
    won = (np.maximum(at_left, at_right) > 0) & (end - begin > _NOISE * end)
    return _Wins(begin[won], end[won], at_left[won] > 0, at_right[won] > 0)


def _limits(other: Curve, own: Curve, left: FloatArray, right: FloatArray) -> tuple[FloatArray, FloatArray]:
    """other - own just above `left` and at `right`, from the line through two points between; noise is zero."""
    third = (right - left) / 3
    costs = np.stack([curve.usd(x) for curve in (other, own) for x in (left + third, right - third)])
    noise = _NOISE * np.max(np.abs(costs), axis=0, initial=0.0)
    first, second = costs[0] - costs[2], costs[1] - costs[3]
    ends = np.stack([2 * first - second, 2 * second - first])
    at_left, at_right = np.where(np.abs(ends) <= 4 * noise, 0.0, ends)
    return at_left, at_right


def _merged(wins: _Wins) -> list[_Part]:
    """Neighbouring parts as one."""
    if not wins.starts.size:
        return []
    apart = wins.starts[1:] > wins.ends[:-1] * (1 + _NOISE)
    first, last = np.r_[True, apart], np.r_[apart, True]
    columns = (wins.starts[first], wins.ends[last], wins.from_jump[first], wins.to_jump[last])
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _with_tail(wins: _Wins, tail: _Tail) -> list[_Part]:
    """Merged, with (from_x, inf) added when it is won."""
    if not tail.own_wins:
        return _merged(wins)
    starts, ends = np.append(wins.starts, tail.from_x), np.append(wins.ends, np.inf)
    return _merged(_Wins(starts, ends, np.append(wins.from_jump, True), np.append(wins.to_jump, True)))


def _robust_part(other: Curve, own: Curve, tail: _Tail, limit: int) -> _Part | None:
    """The last, unbounded interval, from the `limit` breakpoints below `from_x`; None when it begins below those."""
    top = tail.from_x
    width = _reach(lambda w: other.count(top - w, top) + own.count(top - w, top), limit, top)
    part = _with_tail(_wins(other, own, top - width, top), tail)[-1]
    return part if part[0] > top - width else None


def _crossings(parts: list[_Part], end: float = math.inf) -> tuple[Crossing, ...]:
    """Both ends of every part, but not zero volume, the end of the list or infinity."""
    both = ((Crossing(a, _kind(j), True), Crossing(b, _kind(k), False)) for a, b, j, k in parts)
    return tuple(c for pair in both for c in pair if 0 < c.x < math.inf and c.x != end)


def _kind(jump: bool) -> Literal["continuous", "jump"]:
    return "jump" if jump else "continuous"
