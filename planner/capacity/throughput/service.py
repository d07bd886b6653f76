"""CAP-9 from CAP-8: T(N) of a deployment as the predictor sees it, from one request in service to all that it serves.

Search, curve and scenario all take their service times from here, so that they tell the same rate of one deployment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from planner.capacity.queue import MS_PER_S, ServiceTable, service_table
from planner.capacity.throughput.deployment import Deployments
from planner.capacity.throughput.predict import Load, Prediction, predict
from planner.units import FloatArray

GRID_POINTS = 120
"""Loads that are predicted, in equal ratios and whole; T(N) is straight between them."""
_NOISE = 1e-9


class Timed(NamedTuple):
    """Seconds of a request beside others, (g, n): all of it, and until its first token."""

    seconds: FloatArray
    first_s: FloatArray
    predicted: Prediction


class Service(NamedTuple):
    """Deployments at one length of requests: their tables, and the ends of the 80 % band over the likely rate, (n,)."""

    tables: tuple[ServiceTable, ...]
    low: FloatArray
    high: FloatArray


def load_grid(most: FloatArray | float) -> FloatArray:
    """Numbers in service from 1 to the most, (g, n); small ones come several times."""
    whole = np.atleast_1d(np.maximum(np.floor(np.asarray(most, dtype=np.float64) + _NOISE), 1))
    return np.asarray(np.round(whole ** np.linspace(0, 1, GRID_POINTS)[:, np.newaxis]))


def timed(
    d: Deployments,
    load: Load,
    most: FloatArray,
    constants: Mapping[str, float],
) -> Timed:
    """Seconds at the loads asked, (g, n); `most` fit, (n,), and beyond them a request takes its turn."""
    grid = np.asarray(load.concurrency, dtype=np.float64)
    found = predict(d, load._replace(concurrency=np.minimum(grid, np.maximum(most, 1))), constants)
    seconds = grid * load.output_tokens / found.output_tokens_per_s
    return Timed(seconds, np.minimum(found.ttft_ms / MS_PER_S, seconds), found)


def table_through(
    grid: FloatArray, seconds: FloatArray, first_s: FloatArray, most: int, output_tokens: float
) -> ServiceTable:
    """T(1..most) straight between the points of a rising grid, all (g,)."""
    side_by_side = np.arange(1, most + 1)
    return service_table(
        np.interp(side_by_side, grid, seconds), np.interp(side_by_side, grid, first_s), float(output_tokens)
    )


def services(
    d: Deployments, input_tokens: float, output_tokens: float, most: FloatArray, constants: Mapping[str, float]
) -> Service:
    """The service tables of many deployments, (n,), each up to its own most."""
    grid = load_grid(most)
    found = timed(d, Load(input_tokens, output_tokens, grid), most, constants)
    own = np.diff(grid, axis=0, prepend=0) > 0
    tables, ends = [], []
    for i in range(grid.shape[1]):
        kept = np.flatnonzero(own[:, i])
        points = grid[kept, i]
        tables.append(
            table_through(points, found.seconds[kept, i], found.first_s[kept, i], int(points[-1]), output_tokens)
        )
        ends.append(band_at(found.predicted, int(kept[len(kept) // 2]), i))
    low, high = np.asarray(ends, dtype=np.float64).reshape(-1, 2).T
    return Service(tuple(tables), low, high)


def band_at(found: Prediction, row: int, column: int) -> tuple[float, float]:
    """The band in the middle of the loads: the ceiling may cut the high end off near saturation."""
    likely = float(found.output_tokens_per_s[row, column])
    low, high = found.low_output_tokens_per_s[row, column], found.high_output_tokens_per_s[row, column]
    return min(float(low) / likely, 1.0), max(float(high) / likely, 1.0)
