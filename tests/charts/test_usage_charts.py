"""Charts of a measured workload: valid Plotly, told in words, and nothing that the log never saw drawn as 0."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import pytest

from planner.charts.length_histogram import LEAST_TOKENS, length_histogram_alt, length_histogram_chart
from planner.charts.load_curve import load_curve_alt, load_curve_chart
from planner.charts.palette import INKS, Theme, contrast
from planner.charts.week_heat import NOT_SEEN, SHADES, week_heat_alt, week_heat_chart, week_rows
from planner.domain.usage import LoadPoint, UsageProfile
from tests.samples_usage import BUSY, QUIET, bucketed_profile, lengths, usage_profile, week

THEMES: tuple[Theme, ...] = ("light", "dark")
MEAN = (50 * BUSY + 118 * QUIET) / 168


def trace(figure: dict[str, Any], name: str) -> dict[str, Any]:
    return next(t for t in figure["data"] if t.get("name") == name)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("profile", [usage_profile(), bucketed_profile()], ids=["requests", "buckets"])
def test_plotly_takes_every_chart_as_it_is(theme: Theme, profile: UsageProfile) -> None:
    figures = [week_heat_chart(profile, theme=theme), load_curve_chart(profile, theme=theme)]
    figures += [length_histogram_chart(lengths(1000), "input", theme=theme)]
    figures += [length_histogram_chart(lengths(3), "output", theme=theme)]
    for figure in figures:
        go.Figure(figure)
        assert figure["layout"]["template"] == "none"
        assert figure["layout"]["height"] > 0


def test_every_hour_of_the_week_has_its_place() -> None:
    """Monday 08:00 is the ninth hour of the first row, Saturday is quiet all day."""
    figure = week_heat_chart(usage_profile())
    heat = figure["data"][0]
    assert [len(row) for row in heat["z"]] == [24] * 7
    assert heat["z"][0][8] == pytest.approx(BUSY / MEAN)
    assert heat["z"][0][7] == pytest.approx(QUIET / MEAN)
    assert set(heat["z"][5]) == {min(week())}
    assert heat["hovertext"][0][8] == f"Monday 08:00: {BUSY / MEAN:.2f} times the mean hour"
    assert heat["zmin"] == 0
    assert not figure["layout"]["showlegend"]


def test_an_hour_that_was_never_seen_is_crossed_and_not_nothing() -> None:
    figure = week_heat_chart(bucketed_profile())
    assert figure["data"][0]["z"][1] == [None] * 24
    crosses = trace(figure, NOT_SEEN)
    assert len(crosses["x"]) == 168 - 24
    assert min(crosses["y"]) == 1
    assert "not in the log" in crosses["hovertext"][0]
    assert "144 of 168 hours are not in the log" in week_heat_alt(bucketed_profile())


def test_a_log_without_dates_has_days_by_number() -> None:
    figure = week_heat_chart(usage_profile(has_calendar=False))
    assert figure["layout"]["yaxis"]["ticktext"][:2] == ["Day 1", "Day 2"]
    assert figure["data"][0]["hovertext"][1][8].startswith("Day 2 08:00")
    assert "UTC" not in figure["layout"]["xaxis"]["title"]["text"] + week_heat_alt(usage_profile(has_calendar=False))


def test_a_seen_hour_without_any_request_is_nothing_and_not_unknown() -> None:
    quiet = usage_profile(week=(0.0, *week()[1:]))
    assert week_rows(quiet)[0][0] == 0


@pytest.mark.parametrize("theme", THEMES)
def test_the_shades_of_the_week_go_one_way_and_the_busiest_stands_off_the_page(theme: Theme) -> None:
    page = INKS[theme].halo
    off = [contrast(shade, page) for shade in SHADES[theme]]
    assert off == sorted(off)
    assert off[0] > 1.2
    assert off[-1] > 7


def test_the_curve_is_a_staircase_down_to_all_hours() -> None:
    """Half the hours at twice the mean, a quarter at 0: the steps end at 0.5, 0.75 and 1."""
    points = tuple(LoadPoint(load_to_mean=load, hours_fraction=h) for load, h in ((1.75, 0.5), (0.5, 0.75), (0, 1)))
    figure = load_curve_chart(usage_profile(load_duration=points))
    curve = figure["data"][0]
    assert curve["x"] == [0, 0.5, 0.5, 0.75, 0.75, 1]
    assert curve["y"] == [1.75, 1.75, 0.5, 0.5, 0, 0]
    assert figure["layout"]["shapes"][0]["y0"] == 1
    alt = load_curve_alt(usage_profile(load_duration=points))
    assert "1.75 times" in alt
    assert "above the mean for 50% of the hours" in alt


def test_a_histogram_is_drawn_from_its_bands() -> None:
    """100 of 1,000 requests in the first band, from 0: drawn from where an axis of ratios can begin."""
    figure = length_histogram_chart(lengths(1000), "input")
    assert lengths(1000).histogram[:2] == ((0, 250, 100), (251, 500, 200))
    steps = trace(figure, "Requests by input tokens")
    assert steps["x"][1:5] == [LEAST_TOKENS, 251, 251, 501]
    assert steps["y"][:6] == [0, 0.1, 0.1, 0.2, 0.2, 0.4]
    assert steps["y"][-1] == 0
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == [1000, 4000]
    assert "400 requests, 40.0%" in steps["hovertext"][5]


def test_words_of_a_histogram_tell_mean_and_quantiles() -> None:
    told = length_histogram_alt(lengths(200), "output")
    for figure in ("mean 240", "up to 200", "95% up to 800", "1,000 requests"):
        assert figure in told


def test_a_log_of_one_length_is_drawn() -> None:
    one = lengths(1000).model_copy(update={"histogram": ((1, 1, 5),)})
    go.Figure(length_histogram_chart(one, "output"))
