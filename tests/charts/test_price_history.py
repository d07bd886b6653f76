"""The price history chart: valid Plotly, drawable for paper, told in words, steps where the prices change."""

from __future__ import annotations

import datetime as dt
from typing import Any
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from planner.catalog.history import USD_PER_GPU_HOUR, Point, PriceHistory, Series, price_history
from planner.charts import render_svg
from planner.charts.palette import INKS, Theme, contrast
from planner.charts.price_history import (
    COLORS,
    MOST_TICKS,
    date_ticks,
    drawn_series,
    price_history_alt,
    price_history_chart,
)
from tests.builders import ON, tables

THEMES: tuple[Theme, ...] = ("light", "dark")
MARCH, JUNE, NEW_YEAR = dt.date(2026, 3, 1), dt.date(2026, 6, 1), dt.date(2027, 1, 1)


def rental(*points: Point, name: str = "GPU rental") -> PriceHistory:
    return PriceHistory(ON, (Series(name, USD_PER_GPU_HOUR, points),))


def paid(on: dt.date | None, value: float) -> Point:
    return Point(on, value, "gpu_prices/x", announced=on is not None and on > ON)


def lines(figure: dict[str, Any]) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace["mode"] == "lines"]


THREE = rental(paid(MARCH, 3.29), paid(JUNE, 3.49), paid(NEW_YEAR, 2.99))
HISTORIES = (
    THREE,
    rental(paid(MARCH, 3.29)),
    rental(paid(None, 0.0)),
    rental(paid(NEW_YEAR, 2.0)),
    rental(paid(MARCH, 1.0), paid(JUNE, 2.0), name="<b>& $x$"),
    PriceHistory(ON, ()),
)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("history", HISTORIES)
def test_every_chart_is_valid_plotly_and_valid_svg(history: PriceHistory, theme: Theme) -> None:
    figure = price_history_chart(history, theme=theme)
    go.Figure(figure)
    ElementTree.fromstring(render_svg(figure))


def test_a_price_holds_until_the_next_one_and_what_is_announced_is_dashed() -> None:
    known, ahead = lines(price_history_chart(THREE))
    # 3.29 from March to June, 3.49 from June to New Year, then 2.99: announced, so from there on dashed.
    assert known["y"] == [3.29, 3.29, 3.49, 3.49]
    assert known["x"][2] - known["x"][0] == (JUNE - MARCH).days
    assert known["x"][3] - known["x"][2] == (NEW_YEAR - JUNE).days
    assert known["line"]["dash"] == "solid"
    assert ahead["y"] == [3.49, 3.49, 2.99, 2.99]
    assert ahead["line"]["dash"] == "dash"


def test_a_price_without_a_first_day_is_drawn_from_the_left_edge() -> None:
    (line,) = lines(price_history_chart(rental(paid(None, 2.0), paid(JUNE, 3.0))))
    assert line["x"][0] == 0
    assert line["y"] == [2.0, 2.0, 3.0, 3.0]


def test_everything_lies_inside_the_plot() -> None:
    figure = price_history_chart(THREE)
    (left, right), (low, high) = figure["layout"]["xaxis"]["range"], figure["layout"]["yaxis"]["range"]
    assert all(left <= x <= right for trace in figure["data"] for x in trace["x"])
    assert all(low <= y <= high for trace in figure["data"] for y in trace["y"])
    assert left < figure["layout"]["shapes"][0]["x0"] < right


def test_the_words_hold_every_price_and_its_day() -> None:
    words = price_history_alt(THREE)
    for told in ("3.29 from 2026-03-01", "3.49 from 2026-06-01", "2.99 from 2027-01-01 (announced)", str(ON)):
        assert told in words


def test_an_announced_change_of_the_price_library_is_drawn() -> None:
    history = price_history(tables(), "api/google/gemini-3.8-flash", ON)
    # 0.75 / 3.75 until the end of the year, 1.50 / 7.50 from then on
    assert "Output, price library: 3.75 before any dated change, 7.5 from 2027-01-01 (announced)" in (
        price_history_alt(history)
    )
    assert history.dated
    assert [series.name for series in drawn_series(history)] == ["Input, price library", "Output, price library"]


@pytest.mark.parametrize("days", [1, 40, 200, 400, 900, 2000, 9000])
def test_ticks_are_first_days_of_months_and_few(days: int) -> None:
    low = dt.date(2019, 5, 17)
    ticks = date_ticks(low, low + dt.timedelta(days=days))
    assert all(tick.day == 1 and low <= tick <= low + dt.timedelta(days=days) for tick in ticks)
    assert len(ticks) <= MOST_TICKS + 1
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize("theme", THEMES)
def test_lines_stand_out_from_the_page(theme: Theme) -> None:
    assert all(contrast(color, INKS[theme].halo) >= 3 for color in COLORS[theme])
