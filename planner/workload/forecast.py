"""Volume of the months after a log: its trend carried on, with a band that widens the further it is carried.

Beyond the log's own length the band also holds a trend that stops there: nothing in a log says that it goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from planner.domain.base import Confidence
from planner.domain.timeline import Growth
from planner.domain.usage import Trend, UsageProfile
from planner.format import percent
from planner.units import CALENDARS, SECONDS_PER_DAY, CalendarName
from planner.workload.profile import DAYS_PER_WEEK
from planner.workload.unknowns import length_of

FAR = 2.0
"""A horizon longer than this many times the log is a guess with a formula."""
Z_P90 = 1.2815515655446004
MOST_GROWTH, MOST_DECLINE = 10.0, -0.9
"""Growth a month that a scenario can hold."""


@dataclass(frozen=True)
class ForecastMonth:
    """One month; 1 is the first after the log. In the unit of the forecast, a month."""

    month: int
    volume: float
    low: float | None
    """Lower end of the 80 % band; None when the log shows no trend to take it from."""
    high: float | None


@dataclass(frozen=True)
class Forecast:
    """Months after the log, and how far to trust them."""

    unit: Literal["requests", "tokens"]
    months: tuple[ForecastMonth, ...]
    confidence: Confidence
    note: str


def growth_of(trend: Trend) -> Growth:
    """The trend as a scenario's growth: compound, a share a month."""
    return Growth(shape="compound", per_month=min(max(trend.per_month, MOST_DECLINE), MOST_GROWTH))


def first_month_to_mean(trend: Trend) -> float:
    """Volume of the first month after the log over the log's mean: the line carried on to the middle of that month."""
    return trend.end_to_mean * float((1 + growth_of(trend).per_month) ** 0.5)


def forecast(profile: UsageProfile, months: int, calendar: CalendarName = "avg") -> Forecast | None:
    """Volume of each month of a horizon; None when the log has no volume a day."""
    per_day = volume_per_day(profile)
    if per_day is None:
        return None
    days = CALENDARS[calendar].days_per_month
    log_months = profile.window_s / SECONDS_PER_DAY / days
    found = tuple(_month(profile.trend, month, per_day * days, log_months, days) for month in range(1, months + 1))
    far = is_far(profile, months, calendar)
    confidence: Confidence = "low" if far or profile.trend is None else "medium"
    return Forecast(profile.demand, found, confidence, _note(profile, months, far=far))


def is_far(profile: UsageProfile, months: int, calendar: CalendarName = "avg") -> bool:
    """Whether so many months are more than twice the length of the log."""
    return months > FAR * profile.window_s / SECONDS_PER_DAY / CALENDARS[calendar].days_per_month


def volume_per_day(profile: UsageProfile) -> float | None:
    """Mean demand of 24 hours, in the profile's unit of demand."""
    if profile.demand == "requests":
        return profile.requests_per_day
    parts = [n for n in (profile.input_tokens_per_day, profile.output_tokens_per_day) if n is not None]
    return sum(parts) if parts else None


def _month(trend: Trend | None, month: int, mean: float, log_months: float, days: float) -> ForecastMonth:
    if trend is None:
        return ForecastMonth(month, mean, None, None)
    step = 1 + growth_of(trend).per_month
    first = mean * first_month_to_mean(trend)
    volume, stopped = first * step ** (month - 1), first * step ** (min(month, max(log_months, 1)) - 1)
    half = _half_band(trend, log_months / 2 + month - 0.5, days)
    low, high = volume * float(np.exp(-half)), volume * float(np.exp(half))
    return ForecastMonth(month, volume, min(low, stopped), max(high, stopped))


def _half_band(trend: Trend, months_away: float, days: float) -> float:
    """Half the 80 % band, in logarithms: of the slope, over the way from the log's middle, and of a single month."""
    slope = (np.log1p(trend.high_per_month) - np.log1p(trend.low_per_month)) / 2
    periods = days / (DAYS_PER_WEEK if trend.period == "week" else 1)
    alike = (1 + trend.autocorrelation) / (1 - trend.autocorrelation) / periods
    month = trend.spread_fraction * float(np.sqrt(min(alike, 1.0)))
    return float(np.hypot(slope * months_away, Z_P90 * month))


def _note(profile: UsageProfile, months: int, *, far: bool) -> str:
    length = length_of(profile.window_s)
    if profile.trend is None:
        return f"The log ({length}) shows no trend: its mean is taken for every month, which is an assumption."
    found = profile.trend
    span = f"{percent(found.low_per_month)} to {percent(found.high_per_month)}"
    told = (
        f"The trend of {length} ({percent(found.per_month)} a month, 80% interval {span}) is carried on for {months} "
        "months. The band holds what the trend and single months may be off by, and, beyond the length of the log, a "
        "trend that stops."
    )
    return f"{told} That is more than twice as long as the log: read it as a direction." if far else told
