"""Charts of a deployment's capacity: valid Plotly and SVG, told in words, and nothing drawn outside what is known."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from planner.charts import render_svg
from planner.charts.memory_bar import PARTS, MemoryRow, memory_bar_alt, memory_bar_chart
from planner.charts.palette import INKS, Theme, contrast
from planner.charts.pareto import ParetoPoint, pareto_alt, pareto_chart
from planner.charts.throughput_curve import (
    BAND,
    TARGET,
    MeasuredPoint,
    ThroughputCurve,
    throughput_curve_alt,
    throughput_curve_chart,
)

THEMES: tuple[Theme, ...] = ("light", "dark")
HOSTILE = ["<b>x</b>&amp;", "x" * 200, "a\nb", "%{y}", "<script>alert(1)</script>"]


def line(alone_ms: float, most: float) -> tuple[tuple[float, float], ...]:
    """Time per token that grows without end towards the most it can serve: alone / (1 - load / most)."""
    return tuple((most * k / 40, alone_ms / (1 - k / 40)) for k in range(40))


def curve(**changes: Any) -> ThroughputCurve:
    whole = ThroughputCurve(
        unit="requests/s",
        percentile=95,
        target_tpot_ms=40,
        modelled=line(12, 10),
        fast=line(10, 12),
        slow=line(15, 8),
        calibrated=line(13, 9.5),
        measured=(MeasuredPoint(4.0, 21.0, "gpustack-lab, 2026-03, vLLM 0.11"),),
        operating=(5.0, 24.0),
        largest=(7.0, 40.0),
    )
    return whole._replace(**changes)


def row(**changes: Any) -> MemoryRow:
    parts = {
        "Weights": 33.0,
        "Embeddings": 1.0,
        "Activations, engine": 4.0,
        "KV cache in use": 10.0,
        "KV cache free": 24.0,
        "Not used": 8.0,
    }
    return MemoryRow("Llama 3.3 70B FP8 on 2 x H100", parts, gpu_gib=80.0, usable_gib=72.0)._replace(**changes)


def points() -> list[ParetoPoint]:
    return [
        ParetoPoint(0.4, 38.0, "FP8 on 2 x H100", "front", chosen=True),
        ParetoPoint(0.9, 14.0, "FP8 on 4 x H200", "front"),
        ParetoPoint(1.2, 30.0, "BF16 on 8 x A100", "meets"),
        ParetoPoint(0.2, 80.0, "INT4 on 1 x L40S", "over"),
    ]


FIGURES = {
    "curve": lambda theme: throughput_curve_chart(curve(), theme=theme),
    "curve, bare": lambda theme: throughput_curve_chart(
        curve(fast=(), slow=(), calibrated=(), measured=(), operating=None, largest=None), theme=theme
    ),
    "curve, peak far out": lambda theme: throughput_curve_chart(curve(operating=(50.0, 900.0)), theme=theme),
    "memory": lambda theme: memory_bar_chart([row()], theme=theme),
    "memory, two GPUs": lambda theme: memory_bar_chart([row(), row(gpu_gib=141, usable_gib=127)], theme=theme),
    "pareto": lambda theme: pareto_chart(points(), 40, theme=theme),
    "pareto, one": lambda theme: pareto_chart(points()[:1], 40, theme=theme),
    "pareto, none": lambda theme: pareto_chart([], 40, theme=theme),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", FIGURES)
def test_every_chart_is_valid_plotly_and_valid_svg(name: str, theme: Theme) -> None:
    figure = FIGURES[name](theme)
    go.Figure(figure)
    assert ElementTree.fromstring(render_svg(figure)).tag.endswith("svg")
    for axis in ("xaxis", "yaxis"):
        low, high = figure["layout"][axis]["range"]
        assert low != high
        assert figure["layout"][axis]["tickmode"] == "array"


def trace(figure: dict[str, Any], name: str) -> dict[str, Any]:
    return next(t for t in figure["data"] if t.get("name") == name)


def words(figure: dict[str, Any]) -> str:
    return " ".join("".join(ElementTree.fromstring(render_svg(figure)).itertext()).split())


def test_the_curve_shows_both_sources_apart_and_by_their_dashes() -> None:
    figure = throughput_curve_chart(curve())
    assert trace(figure, "Modelled, P95")["line"]["dash"] == "solid"
    assert trace(figure, "Calibrated, P95")["line"]["dash"] == "longdash"
    assert trace(figure, TARGET)["y"] == [40, 40]
    assert trace(figure, "Measured, means")["x"] == [4.0]
    for label in ("Peak 5: 24 ms", "Most within the target: 7", "requests/s", BAND):
        assert label in words(figure)


def test_nothing_that_does_not_exist_has_a_legend_entry() -> None:
    bare = throughput_curve_chart(curve(fast=(), slow=(), calibrated=(), measured=()))
    named = {t["name"] for t in bare["data"] if t.get("name")}
    assert named == {"Modelled, P95", TARGET}


def test_lines_end_at_the_edge_of_the_view() -> None:
    """40 ms x 1.3 is the top: 12 / (1 - x / 10) reaches 52 ms at 7.69 requests/s, between two of the points."""
    figure = throughput_curve_chart(curve(fast=(), slow=(), calibrated=(), measured=()))
    top, right = figure["layout"]["yaxis"]["range"][1], figure["layout"]["xaxis"]["range"][1]
    drawn = trace(figure, "Modelled, P95")
    assert (top, right) == (52.0, 7.0 * 1.15)
    assert max(drawn["y"]) == pytest.approx(top)
    assert drawn["x"][-1] == pytest.approx(7.69, abs=0.02)


def test_the_band_lies_around_the_line() -> None:
    band = next(t for t in throughput_curve_chart(curve())["data"] if t.get("fill") == "toself")
    near = [y for x, y in zip(band["x"], band["y"], strict=True) if 2.9 < x < 3.1]
    modelled = 12 / (1 - 0.3)
    assert min(near) < modelled < max(near)


def test_the_curve_in_words_has_every_figure() -> None:
    told = throughput_curve_alt(curve())
    for figure in (
        *("12 ms at 0 requests/s", "target is 40 ms", "peak of 5 requests/s it is 24 ms"),
        *("most within the target is 7 requests/s", "1 measured points", "vLLM 0.11"),
    ):
        assert figure in told


def test_the_bar_holds_all_of_the_memory_and_a_line_where_the_engine_stops() -> None:
    """33 + 1 + 4 + 10 + 24 + 8 = 80 GiB, of which 72 may be used."""
    figure = memory_bar_chart([row()])
    bars = [t for t in figure["data"] if t["type"] == "bar"]
    assert [t["name"] for t in bars] == list(PARTS)
    assert sum(t["x"][0] for t in bars) == 80
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == [72, 80]
    assert "it fits" in memory_bar_alt([row()])


def test_what_does_not_fit_says_by_how_much() -> None:
    """Weights 132 + 1 + 4 = 137 GiB against 72: over by 65."""
    big = row(parts_gib={"Weights": 132.0, "Embeddings": 1.0, "Activations, engine": 4.0})
    assert not big.fits
    assert "over by 65.0 GiB" in words(memory_bar_chart([big]))
    assert "does not fit by 65.0" in memory_bar_alt([big])


def test_lines_of_different_gpus_are_not_drawn_across_each_other() -> None:
    assert memory_bar_chart([row(), row(gpu_gib=141, usable_gib=127)])["layout"]["shapes"] == []


def test_the_front_is_a_staircase_and_the_chosen_one_has_its_name() -> None:
    figure = pareto_chart(points(), 40)
    assert [figure["layout"][axis]["type"] for axis in ("xaxis", "yaxis")] == ["log", "log"]
    steps = next(t for t in figure["data"] if t["mode"] == "lines" and not t.get("name"))
    assert list(zip(steps["x"], steps["y"], strict=True)) == [(0.4, 38.0), (0.9, 38.0), (0.9, 14.0)]
    assert "FP8 on 2 x H100" in words(figure)
    marks = [t["marker"]["symbol"] for t in figure["data"] if t["mode"] == "markers" and t.get("name")]
    assert marks == ["square", "circle", "diamond"]


def test_pareto_in_words() -> None:
    told = pareto_alt(points(), 40)
    assert "3 deployments meet it, 1 shown miss it" in told
    assert "FP8 on 2 x H100, $0.4000 at 38 ms" in told
    assert "Chosen: FP8 on 2 x H100" in told


@pytest.mark.parametrize("name", HOSTILE)
def test_names_come_out_as_text(name: str) -> None:
    figures = [
        pareto_chart([points()[0]._replace(label=name)], 40),
        memory_bar_chart([row(label=name)]),
        throughput_curve_chart(curve(measured=(MeasuredPoint(4.0, 21.0, name),))),
    ]
    for figure in figures:
        go.Figure(figure)
        assert "<b>" not in str(figure)
        assert "<script" not in str(figure)
        assert "x" * 100 not in str(figure["layout"])


@pytest.mark.parametrize("theme", THEMES)
def test_lines_stand_out_from_the_page(theme: Theme) -> None:
    page = INKS[theme].halo
    for figure in (throughput_curve_chart(curve(), theme=theme), pareto_chart(points(), 40, theme=theme)):
        lines = [t for t in figure["data"] if t["mode"] == "lines" and t.get("fill") is None]
        assert all(contrast(t["line"]["color"], page) >= 3 for t in lines)
