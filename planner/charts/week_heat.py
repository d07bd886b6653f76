"""The measured week: how busy each of its 168 hours is against the mean hour."""

from __future__ import annotations

from typing import Any

from planner.charts.frame import Figure, layout
from planner.charts.palette import INKS, Ink, Theme
from planner.charts.ticks import linear_ticks
from planner.domain.usage import UsageProfile
from planner.units import HOURS_PER_DAY

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PLOT_HEIGHT = 230
LEFT = 44
BAR_TICKS = 5
TICK_HOURS = 3
SHADES: dict[Theme, tuple[str, ...]] = {
    "light": ("#d6e8f5", "#8fc1e3", "#3d9bd9", "#0072b2", "#023a5e"),
    "dark": ("#16324a", "#1f5c8a", "#3d9bd9", "#8cc8ff", "#e6f3ff"),
}
"""One hue from quiet to busy, away from the page's own colour: its order shows without telling colours apart."""
NOT_SEEN = "Hour not in the log"


def week_heat_chart(profile: UsageProfile, *, theme: Theme = "light") -> Figure:
    """Days down, hours of the day (UTC) across. An hour that the log never saw is crossed, not 0."""
    ink, rows = INKS[theme], week_rows(profile)
    missing = [(day, hour) for day, row in enumerate(rows) for hour, value in enumerate(row) if value is None]
    crosses = [_crosses(missing, day_names(profile), ink)] if missing else []
    figure = layout([t["name"] for t in crosses], ink, PLOT_HEIGHT, LEFT)
    figure["margin"]["r"] = 84
    figure["showlegend"] = bool(crosses)
    figure["xaxis"] = _axis([-0.5, HOURS_PER_DAY - 0.5], ink) | {
        "tickvals": list(range(0, HOURS_PER_DAY, TICK_HOURS)),
        "ticktext": [f"{hour:02d}" for hour in range(0, HOURS_PER_DAY, TICK_HOURS)],
        "title": {"text": hour_title(profile), "font": {"color": ink.text, "size": 13}},
    }
    figure["yaxis"] = _axis([len(DAYS) - 0.5, -0.5], ink) | {
        "tickvals": list(range(len(DAYS))),
        "ticktext": [short_day(day) for day in day_names(profile)],
    }
    return {"data": [_heat(rows, day_names(profile), theme), *crosses], "layout": figure}


def week_heat_alt(profile: UsageProfile) -> str:
    """The chart in words."""
    seen = [
        (value, day, hour)
        for day, row in enumerate(week_rows(profile))
        for hour, value in enumerate(row)
        if value is not None
    ]
    if not seen:
        return "Heat map of the week without a measured hour."
    names = day_names(profile)
    (high, *busy), (low, *idle) = max(seen), min(seen)
    missing = len(DAYS) * HOURS_PER_DAY - len(seen)
    gap = f" {missing} of 168 hours are not in the log." if missing else ""
    return (
        f"Heat map of the week, {hour_title(profile)}. Busiest: {_hour(names, *busy)} with {high:.2f} times the mean "
        f"hour. Quietest: {_hour(names, *idle)} with {low:.2f} times.{gap}"
    )


def week_rows(profile: UsageProfile) -> tuple[tuple[float | None, ...], ...]:
    """Seven days of 24 hours, times the mean hour; None for an hour that the log never saw."""
    seen = profile.week_hours_seen or (1,) * len(profile.week)
    values = [value if times else None for value, times in zip(profile.week, seen, strict=True)]
    return tuple(tuple(values[day * HOURS_PER_DAY : (day + 1) * HOURS_PER_DAY]) for day in range(len(DAYS)))


def day_names(profile: UsageProfile) -> tuple[str, ...]:
    """Days of the week; of a log without known dates they are only counted."""
    return DAYS if profile.has_calendar else tuple(f"Day {number}" for number in range(1, len(DAYS) + 1))


def hour_title(profile: UsageProfile) -> str:
    """What the hours are hours of."""
    return "Hour of the day (UTC)" if profile.has_calendar else "Hour since the log's own first day began"


def short_day(name: str) -> str:
    """A day's name as an axis has room for it."""
    return name if name.startswith("Day ") else name[:3]


def _hour(names: tuple[str, ...], day: int, hour: int) -> str:
    return f"{names[day]} {hour:02d}:00"


def _heat(rows: tuple[tuple[float | None, ...], ...], names: tuple[str, ...], theme: Theme) -> dict[str, Any]:
    top = max((value for row in rows for value in row if value is not None), default=1.0) or 1.0
    shades, ink = SHADES[theme], INKS[theme]
    ticks = linear_ticks(0.0, top, BAR_TICKS)
    return {
        "type": "heatmap",
        "z": [list(row) for row in rows],
        "x": list(range(HOURS_PER_DAY)),
        "y": list(range(len(DAYS))),
        "zmin": 0.0,
        "zmax": top,
        "colorscale": [[k / (len(shades) - 1), shade] for k, shade in enumerate(shades)],
        "xgap": 1,
        "ygap": 1,
        "hoverinfo": "text",
        "hoverongaps": False,
        "hovertext": [
            [
                "" if v is None else f"{_hour(names, day, hour)}: {v:.2f} times the mean hour"
                for hour, v in enumerate(row)
            ]
            for day, row in enumerate(rows)
        ],
        "colorbar": {
            "title": {"text": "times<br>mean", "font": {"color": ink.text, "size": 12}},
            "tickvals": ticks,
            "ticktext": [f"{tick:g}" for tick in ticks],
            "tickfont": {"color": ink.muted, "size": 12},
            "thickness": 12,
            "outlinewidth": 0,
        },
    }


def _crosses(missing: list[tuple[int, int]], names: tuple[str, ...], ink: Ink) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": NOT_SEEN,
        "x": [hour for _, hour in missing],
        "y": [day for day, _ in missing],
        "marker": {"symbol": "x-thin", "size": 6, "line": {"color": ink.muted, "width": 1}},
        "hovertext": [f"{_hour(names, day, hour)}: not in the log" for day, hour in missing],
        "hoverinfo": "text",
    }


def _axis(span: list[float], ink: Ink) -> dict[str, Any]:
    return {
        "type": "linear",
        "range": span,
        "fixedrange": True,
        "tickmode": "array",
        "tickfont": {"color": ink.muted, "size": 12},
        "showgrid": False,
        "zeroline": False,
        "showline": False,
    }
