"""CAP-9: how long one request takes beside others on one replica, as a straight line, and the line through points.

T(N) = a + b N seconds is the time from admission to the last token of one request while N are served side by side
(continuous batching: a step reads the weights once, a, and does work for every sequence in it, b). So N requests in
service leave at X(N) = N / T(N) per second, which rises towards 1 / b. On 453 published points inside their own
sweeps, left out of the fit, the line is 1.6 % off in the median; a third parameter (the universal scalability law)
gains nothing inside the measured range and loses outside (`planner.capacity.calibration` and `bench/calibration.py`
have the figures).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from planner.units import FloatArray

_NOISE = 1e-9


class ServiceCurve(NamedTuple):
    """CAP-9 of one replica, or of n of them: every field a number or an array, broadcast against each other.

    The time to the first token once admitted is `ttft_s` + `ttft_slope_s` N, part of T(N). It ends at
    `max_in_service` requests side by side; the next ones wait in a queue.
    """

    a_s: FloatArray | float
    b_s: FloatArray | float
    max_in_service: FloatArray | float
    ttft_s: FloatArray | float
    output_tokens: FloatArray | float
    ttft_slope_s: FloatArray | float = 0.0


class Line(NamedTuple):
    """y = intercept + slope N, both at least 0; arrays (n,)."""

    intercept: FloatArray
    slope: FloatArray


def relative_line(x: ArrayLike, y: ArrayLike) -> Line:
    """Non-negative line through (points, n) or (points,) values with the least sum of squared relative errors.

    With u = 1 / y and v = x / y it minimises sum (p u + s v - 1)^2. The unconstrained optimum is the answer when
    neither part is negative; the problem is convex, so else it lies on an edge, where p = 0 or s = 0, and both edges
    have their optimum in closed form. NaN points are left out; no point at all gives NaN.
    """
    given, wanted = np.broadcast_arrays(_columns(x), _columns(y))
    known = np.isfinite(given) & np.isfinite(wanted) & (wanted > 0)
    u = np.where(known, 1 / np.where(known, wanted, 1.0), 0.0)
    v = np.where(known, given, 0.0) * u
    uu, vv, uv, u1, v1 = (np.sum(term, axis=0) for term in (u * u, v * v, u * v, u, v))
    determinant = uu * vv - uv * uv
    singular = determinant <= 1e-12 * uu * vv
    safe = np.where(singular, 1.0, determinant)
    p, s = (u1 * vv - v1 * uv) / safe, (v1 * uu - u1 * uv) / safe
    flat_gain, steep_gain = _ratio(u1 * u1, uu), _ratio(v1 * v1, vv)
    edge, flat = singular | (p < 0) | (s < 0), flat_gain >= steep_gain
    p = np.where(edge, np.where(flat, _ratio(u1, uu), 0.0), p)
    s = np.where(edge, np.where(flat, 0.0, _ratio(v1, vv)), s)
    none = ~np.any(known, axis=0)
    return Line(np.where(none, np.nan, p), np.where(none, np.nan, s))


def _columns(values: ArrayLike) -> FloatArray:
    array = np.asarray(values, dtype=np.float64)
    return array[:, np.newaxis] if array.ndim == 1 else array


def _ratio(over: FloatArray, under: FloatArray) -> FloatArray:
    return np.asarray(over / np.where(under > 0, under, 1.0))


def curve_from_points(
    concurrency: ArrayLike,
    output_tokens_per_s: ArrayLike,
    output_tokens: ArrayLike,
    *,
    max_in_service: ArrayLike,
    ttft_s: ArrayLike = 0.0,
) -> ServiceCurve:
    """Service curves of n replicas from (points, n) or (points,) closed-loop points, T = N x output tokens / rate.

    `ttft_s` is one time per replica, or as many points as the others: then it gets a line of its own. Points above
    `max_in_service` hold waiting, not service, and are left out: have at least two below it, best N = 1 and N =
    `max_in_service` themselves. Output fields have shape (n,).
    """
    served, rate, tokens = np.broadcast_arrays(
        _columns(concurrency), _columns(output_tokens_per_s), np.asarray(output_tokens, dtype=np.float64)
    )
    most = np.asarray(max_in_service, dtype=np.float64)
    inside = np.where(served <= most * (1 + _NOISE), served, np.nan)
    line = relative_line(inside, served * tokens / rate)
    first = np.asarray(ttft_s, dtype=np.float64)
    prefill = (
        relative_line(inside, _columns(first)) if first.ndim and len(first) == len(served) else Line(first, first * 0)
    )
    slope = np.minimum(prefill.slope, line.slope)
    return ServiceCurve(
        a_s=line.intercept,
        b_s=line.slope,
        max_in_service=np.broadcast_to(most, line.slope.shape),
        ttft_s=np.minimum(np.broadcast_to(prefill.intercept, line.slope.shape), line.intercept + line.slope - slope),
        output_tokens=np.broadcast_to(tokens[0], line.slope.shape),
        ttft_slope_s=slope,
    )


def service_s(curve: ServiceCurve, in_service: ArrayLike) -> FloatArray:
    """T(N): seconds from admission to the last token."""
    return np.asarray(curve.a_s + curve.b_s * np.asarray(in_service, dtype=np.float64))


def prefill_s(curve: ServiceCurve, in_service: ArrayLike) -> FloatArray:
    """Seconds from admission to the first token."""
    return np.asarray(curve.ttft_s + curve.ttft_slope_s * np.asarray(in_service, dtype=np.float64))


def tpot_s(curve: ServiceCurve, in_service: ArrayLike) -> FloatArray:
    """Seconds per output token after the first; 0 when there is only one token."""
    rest = service_s(curve, in_service) - prefill_s(curve, in_service)
    steps = np.asarray(curve.output_tokens) - 1
    return np.asarray(np.where(steps > 0, np.maximum(rest, 0.0) / np.where(steps > 0, steps, 1.0), 0.0))


def requests_per_s(curve: ServiceCurve, in_service: ArrayLike) -> FloatArray:
    """X(N) = N / T(N) of N requests that are replaced as they finish; no more than `max_in_service` count."""
    served = np.minimum(np.asarray(in_service, dtype=np.float64), curve.max_in_service)
    return np.asarray(served / service_s(curve, served))


def capacity_per_s(curve: ServiceCurve) -> FloatArray:
    """Requests/s above which the queue grows without end: X(max_in_service); 0 when not one request fits."""
    most = np.floor(np.asarray(curve.max_in_service, dtype=np.float64) + _NOISE)
    return np.asarray(np.where(most >= 1, np.maximum(most, 0) / service_s(curve, np.maximum(most, 1)), 0.0))


def in_flight(rate_per_s: ArrayLike, curve: ServiceCurve) -> FloatArray:
    """N = lambda a / (1 - lambda b): requests in flight at an even flow, Little's law N = lambda T(N) solved for N.

    Infinite from `capacity_per_s` on. Under Poisson arrivals the mean is lambda (a + b) / (1 - lambda b), since a
    request shares the replica with itself too: `planner.capacity.queue.at_rate` has it with the queue.
    """
    rate = np.asarray(rate_per_s, dtype=np.float64)
    stable = rate < capacity_per_s(curve)
    return np.asarray(np.where(stable, rate * curve.a_s / np.where(stable, 1 - rate * curve.b_s, 1.0), np.inf))
