"""Growth of volume: a straight line through the logarithm of whole weeks, or of days with their weekdays told apart.

Neighbouring periods resemble each other, so an interval from independent errors is too narrow. The errors are taken as
first-order autoregressive: their correlation is estimated from the residuals, corrected for what the fit itself takes
away, and raised by 0.7 standard errors, since a short log cannot rule out more. The variance of the slope and of the
errors follow from that correlation; quantiles are Student's. tests/workload/test_trend.py has the simulated coverage.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from scipy.special import stdtrit

from planner.domain.usage import Trend
from planner.units import CALENDARS, SECONDS_PER_DAY, FloatArray
from planner.workload.log import Log
from planner.workload.profile import DAYS_PER_WEEK

FEWEST_WEEKS = 4
FEWEST_DAYS = 14
CAUTION = 0.7
MOST_CORRELATION = 0.9
UPPER = 0.9
"""Quantile of the upper end of an 80 % interval."""
STEEPEST = 20.0
"""Largest logarithm of growth a month that is told: beyond it the log says nothing."""
_GRID = np.linspace(0, 0.95, 20)
_NOTHING = 1e-12
"""Residuals below this share of a period are rounding."""


class Line(NamedTuple):
    """A fitted line: growth a period (logarithm), its standard error, and its errors' spread and correlation."""

    slope: float
    slope_error: float
    spread: float
    correlation: float
    freedom: int


def trend(log: Log) -> Trend | None:
    """Growth a month with its 80 % interval; None below 4 whole weeks and 14 whole days, or with an empty period."""
    if log.demand is None or not log.fits(SECONDS_PER_DAY):
        return None
    days = log.windows(SECONDS_PER_DAY, log.load, slack=True)
    weeks = days.size // DAYS_PER_WEEK
    if weeks >= FEWEST_WEEKS:
        return _trend(days[: weeks * DAYS_PER_WEEK].reshape(weeks, DAYS_PER_WEEK).sum(axis=1), "week")
    return _trend(days, "day") if days.size >= FEWEST_DAYS else None


def _trend(volumes: FloatArray, period: Literal["day", "week"]) -> Trend | None:
    if volumes.min() <= 0:
        return None
    days = DAYS_PER_WEEK if period == "week" else 1
    line = fitted(np.log(volumes), weekdays=period == "day")
    per_month = CALENDARS["avg"].days_per_month / days
    half = float(stdtrit(line.freedom, UPPER)) * line.slope_error
    low, middle, high = (_growth((line.slope + end) * per_month) for end in (-half, 0.0, half))
    return Trend(
        per_month=middle,
        low_per_month=low,
        high_per_month=high,
        periods=volumes.size,
        period=period,
        end_to_mean=_end_to_mean(line.slope, volumes.size),
        spread_fraction=line.spread,
        autocorrelation=line.correlation,
        method=_method(period, volumes.size, line.correlation),
    )


def _growth(logarithm: float) -> float:
    return float(np.expm1(np.clip(logarithm, -STEEPEST, STEEPEST)))


def _end_to_mean(slope: float, periods: int) -> float:
    """The line at the end of the last period over the mean of its periods."""
    places = np.arange(periods) + 0.5 - periods
    return float(1 / np.mean(np.exp(np.clip(slope * places, -STEEPEST, STEEPEST))))


def _method(period: str, periods: int, correlation: float) -> str:
    weekdays = ", weekdays told apart" if period == "day" else ""
    return (
        f"Least squares through the logarithm of {periods} whole {period}s{weekdays}; 80% interval for errors with a "
        f"correlation of {correlation:.2f} between neighbours (estimated, corrected for its bias, raised by 0.7 "
        "standard errors); Student's quantiles."
    )


def fitted(logs: FloatArray, *, weekdays: bool = False) -> Line:
    """Least squares of (periods,) on a line, and on the day of the week; the errors are autoregressive."""
    design = _design(logs.size, weekdays)
    freedom = logs.size - design.shape[1]
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ logs
    left = logs - design @ coefficients
    squares = float(left @ left)
    if squares <= _NOTHING**2 * logs.size:
        return Line(float(coefficients[1]), 0.0, 0.0, 0.0, freedom)
    maker = np.eye(logs.size) - design @ inverse @ design.T
    seen = float(left[1:] @ left[:-1]) / squares
    correlation = min(_corrected(seen, maker) + CAUTION / float(np.sqrt(logs.size)), MOST_CORRELATION)
    errors = _correlations(logs.size, correlation)
    variance = squares / float(np.sum(maker * errors))
    slope_variance = variance * (inverse @ design.T @ errors @ design @ inverse)[1, 1]
    return Line(float(coefficients[1]), float(np.sqrt(slope_variance)), float(np.sqrt(variance)), correlation, freedom)


def _design(periods: int, weekdays: bool) -> FloatArray:
    """Columns: 1, the place from the middle, and (weekdays) six contrasts; shape (periods, 2 or 8)."""
    place = np.arange(periods, dtype=np.float64)
    columns = [np.ones(periods), place - (periods - 1) / 2]
    if weekdays:
        day = place % DAYS_PER_WEEK
        last = (day == DAYS_PER_WEEK - 1).astype(np.float64)
        columns += [(day == k).astype(np.float64) - last for k in range(DAYS_PER_WEEK - 1)]
    return np.stack(columns, axis=1)


def _correlations(periods: int, correlation: float) -> FloatArray:
    place = np.arange(periods)
    return np.asarray(float(correlation) ** np.abs(place[:, None] - place[None, :]))


def _corrected(seen: float, maker: FloatArray) -> float:
    """The correlation (0 to 0.95) of errors whose residuals would show the one that was seen, on average."""
    next_one = np.eye(len(maker), k=1)
    expected = []
    for correlation in _GRID:
        residuals = maker @ _correlations(len(maker), float(correlation)) @ maker
        expected.append(float(np.sum(residuals * next_one)) / float(np.trace(residuals)))
    return float(np.interp(seen, expected, _GRID))
