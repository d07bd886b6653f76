"""An axis of months with ticks at quarters or years."""

from __future__ import annotations

import math
from typing import Any

from planner.charts.palette import Ink
from planner.charts.ticks import linear_axis
from planner.units import MONTHS_PER_YEAR

MOST_TICKS = 8


def month_ticks(months: int) -> list[float]:
    """Whole multiples of a month, a quarter, half a year, a year or two, at most MOST_TICKS of them; none at 0."""
    step = next((s for s in (1, 3, 6, MONTHS_PER_YEAR) if months / s <= MOST_TICKS), 2 * MONTHS_PER_YEAR)
    return [float(k * step) for k in range(1, math.floor(months / step) + 1)]


def month_axis(low: float, high: float, ticks: list[float], ink: Ink) -> dict[str, Any]:
    """From `low` to `high`, ticks where they are asked for."""
    axis = linear_axis(low, high, "Month", ink, str)
    return axis | {"tickvals": ticks, "ticktext": [f"{t:g}" for t in ticks]}
