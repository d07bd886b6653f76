"""The curve of a probe: valid Plotly and SVG, told in words, with room for what is still to come."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from planner.charts import render_svg
from planner.charts.palette import Theme
from planner.charts.probe_curve import FITTED, KNEE, MEASURED, NOT_USED, ONE_RUN, PREDICTED, probe_curve_chart
from planner.charts.probe_values import KneeMark, LevelMark, ProbeCurve, RunDot, Shown, probe_curve_alt

THEMES: tuple[Theme, ...] = ("light", "dark")
RATES = {1: (29.0, 32.0, 34.0), 2: (66, 70, 71), 4: (108, 111, 140), 8: (220, 235, 236), 16: (210, 214, 231)}


def curve(**changes: Any) -> ProbeCurve:
    """A server that takes eight requests side by side."""
    whole = ProbeCurve(
        "throughput",
        levels=tuple(LevelMark(n, r[1], r[0], r[2], 3) for n, r in RATES.items()),
        runs=(*(RunDot(n, v, used=True) for n, r in RATES.items() for v in r), RunDot(16, 90.0, used=False)),
        predicted=tuple((float(n), n / (0.02 + 0.003 * n)) for n in range(1, 17)),
        fitted=tuple((float(n), n / (0.025 + 0.0028 * n)) for n in range(1, 17)),
        knee=KneeMark(8, 8, 16),
        at_target=8,
    )
    return whole._replace(**changes)


def latency(shown: Shown = "ttft") -> ProbeCurve:
    times = {1: 57.0, 2: 77.0, 4: 144.0, 8: 390.0, 16: 2716.0}
    return curve(
        shown=shown,
        levels=tuple(LevelMark(n, t, t * 0.9, t * 1.1, 3) for n, t in times.items()),
        runs=(),
        predicted=(),
        fitted=(),
        target_ms=500.0,
    )


FIGURES = {
    "whole": curve(),
    "nothing yet": ProbeCurve("throughput", planned=(1, 4, 16, 64)),
    "one run": ProbeCurve("throughput", runs=(RunDot(1, 30.0, used=True),), levels=(LevelMark(1, 30, 30, 30, 1),)),
    "growing": curve(
        levels=curve().levels[:2], runs=curve().runs[:6], knee=None, at_target=None, planned=(1, 2, 4, 64)
    ),
    "nothing usable": ProbeCurve("throughput", runs=(RunDot(4, 12.0, used=False),)),
    "many loads": curve(planned=tuple(range(1, 200))),
    "lower bound": curve(knee=None, lower_bound=True),
    "latency": latency(),
    "latency per token": latency("tpot"),
    "no latency": ProbeCurve("ttft", planned=(1, 4), target_ms=500.0),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", FIGURES)
def test_valid_for_plotly_and_for_paper(name: str, theme: Theme) -> None:
    figure = probe_curve_chart(FIGURES[name], theme=theme)
    go.Figure(figure)
    assert figure["data"], "Plotly takes no figure without data"
    ElementTree.fromstring(render_svg(figure))
    assert len(probe_curve_alt(FIGURES[name])) > 60


def names(figure: dict[str, Any]) -> list[str]:
    return [trace["name"] for trace in figure["data"] if trace.get("showlegend", True)]


def test_the_legend_names_what_is_there_and_nothing_else() -> None:
    assert names(probe_curve_chart(curve())) == [KNEE, PREDICTED, FITTED, ONE_RUN, NOT_USED, MEASURED]
    assert names(probe_curve_chart(FIGURES["growing"])) == [PREDICTED, FITTED, ONE_RUN, MEASURED]
    assert names(probe_curve_chart(FIGURES["nothing yet"])) == []


def test_the_axis_has_room_for_loads_that_are_still_to_come_so_that_it_does_not_jump() -> None:
    before, after = FIGURES["nothing yet"], curve(planned=(1, 4, 16, 64))
    assert probe_curve_chart(before)["layout"]["xaxis"]["range"] == probe_curve_chart(after)["layout"]["xaxis"]["range"]


def test_every_mark_lies_within_the_axes() -> None:
    for shown in (curve(), latency(), FIGURES["nothing usable"]):
        figure = probe_curve_chart(shown)["layout"]
        view = {name: figure[name]["range"] for name in ("xaxis", "yaxis")}
        log_y = figure["yaxis"]["type"] == "log"
        for level in shown.levels:
            for value in (level.least, level.most):
                low, high = (10**end if log_y else end for end in view["yaxis"])
                assert low < value < high
            assert 10 ** view["xaxis"][0] < level.load < 10 ** view["xaxis"][1]


def test_each_load_has_its_tick_while_there_is_room() -> None:
    assert probe_curve_chart(curve())["layout"]["xaxis"]["ticktext"] == ["1", "2", "4", "8", "16"]
    crowded = probe_curve_chart(FIGURES["many loads"])["layout"]["xaxis"]["ticktext"]
    assert 8 < len(crowded) < 60


def test_the_bar_of_a_load_runs_from_its_slowest_to_its_fastest_repeat() -> None:
    bars = [t for t in probe_curve_chart(curve())["data"] if t["mode"] == "lines" and len(t["x"]) == 6]
    assert [(min(b["y"]), max(b["y"])) for b in bars] == [(r[0], r[2]) for r in RATES.values()]
    once = probe_curve_chart(FIGURES["one run"])["data"]
    assert not [t for t in once if t["mode"] == "lines"]


def test_the_knee_is_shaded_over_the_loads_that_it_lies_between() -> None:
    (band,) = (s for s in probe_curve_chart(curve())["layout"]["shapes"] if s["type"] == "rect")
    assert band["x0"] == pytest.approx(8, rel=0.06)
    assert band["x1"] == pytest.approx(16, rel=0.06)


def test_in_words() -> None:
    told = probe_curve_alt(curve())
    assert "Measured: 32 output tokens/s at 1 in flight (29 to 34); 70 output tokens/s at 2 in flight" in told
    assert "1 run not used." in told
    assert "The knee is near 8, between 8 and 16." in told
    assert "The latency target holds up to 8 in flight." in told
    assert "Nothing is measured yet." in probe_curve_alt(FIGURES["nothing yet"])
    assert "it is a lower bound" in probe_curve_alt(FIGURES["lower bound"])
    assert "57 ms at 1 in flight" in probe_curve_alt(latency())
    assert "The target at P95 is 500 ms." in probe_curve_alt(latency())
