from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from planner.charts import palette, render_svg
from planner.charts.palette import Theme, contrast
from planner.charts.risk_band import risk_band_alt, risk_band_chart
from planner.charts.tornado import CHANGES, tornado_alt, tornado_chart
from planner.charts.winner_map import winner_map_alt, winner_map_chart
from planner.decision.present_risk_tables import chance
from planner.domain.result import Result
from planner.domain.risk import OptionRisk, Risk, Spread, TornadoBar, WinnerMap
from planner.format import usd
from tests.samples_result import changed, sample_result

THEMES: tuple[Theme, ...] = ("light", "dark")
HOSTILE = ["<b>x</b>&amp;", "x" * 200, "a\nb", "%{y}"]


def spread(low: float, middle: float, high: float) -> Spread:
    return Spread(p10_usd=low, p50_usd=middle, p90_usd=high, mean_usd=middle)


def option(name: str, kind: str, win: float, *monthly: float, label: str = "") -> OptionRisk:
    return OptionRisk(
        option_id=name,
        label=label or name.upper(),
        kind=kind,
        npv=spread(*(36 * value for value in monthly)),
        levelised=spread(*monthly),
        win_probability=win,
        win_standard_error=math.sqrt(win * (1 - win) / 10_000),
        expected_regret_usd=0,
    )


def bar(driver: str, low: float, middle: float, high: float, at: tuple[float, float, float] | None) -> TornadoBar:
    swing = max(low, middle, high) - min(low, middle, high)
    return TornadoBar(
        driver=driver,
        label=driver.capitalize(),
        unit="times today's",
        at=at,
        delta_p10_usd=low,
        delta_p50_usd=middle,
        delta_p90_usd=high,
        swing_usd=swing,
        sign_changes=min(low, middle, high) < 0 < max(low, middle, high),
    )


def risk(label: str = "") -> Risk:
    options = (
        option("own", "rented", 0.066, 900, 1500, 2600),
        option("api", "api", 0.934, 800, 1000, 1300, label=label),
    )
    return Risk(
        status="known",
        explanation="",
        draws=10_000,
        seed=1,
        assumed=True,
        options=options,
        recommended_id="api",
        rival_id="own",
        least_expected_id="api",
        evpi_usd=120,
        floor_usd=1,
        tornado=(
            bar("volume", 4000, 2000, -1000, (0.7, 1, 1.5)),
            bar("peak", 500, 2000, 500, (0.8, 1, 1.3)),
            bar("throughput", 1500, 2000, 2000, None),
        ),
    )


def texts(figure: dict[str, Any]) -> list[str]:
    return [text for trace in figure["data"] for text in trace.get("text", [])]


def plane(rows: int = 3, columns: int = 4) -> WinnerMap:
    names = tuple(tuple("groq" if x + y < 4 else "h200" for x in range(columns)) for y in range(rows))
    xs, ys = np.geomspace(0.1, 10, columns), np.geomspace(0.1, 10, rows)
    return WinnerMap(
        x_driver="volume", y_driver="api_price", x=tuple(xs.tolist()), y=tuple(ys.tolist()), recommended=names
    )


@pytest.mark.parametrize("theme", THEMES)
def test_plotly_takes_every_chart_as_it_is(theme: Theme) -> None:
    result = sample_result()
    figures = (risk_band_chart(risk(), theme=theme), tornado_chart(risk(), theme=theme))
    for figure in (*figures, winner_map_chart(plane(), result, theme=theme)):
        go.Figure(figure)
        assert figure["layout"]["template"] == "none"
        assert figure["layout"]["height"] > 0


def test_bands_go_from_p10_to_p90_in_the_order_of_winning() -> None:
    figure = risk_band_chart(risk())
    drawn = [t for t in figure["data"] if t["mode"] == "lines" and t["x"] != [None]]
    marks = [t for t in figure["data"] if t["mode"] == "markers" and t["x"] != [None]]
    assert [t["x"] for t in drawn] == [[800, 1300], [900, 2600]]
    assert [t["x"] for t in marks] == [[1000], [1500]]
    assert figure["layout"]["yaxis"]["ticktext"] == ["API<br>cheapest in 93.4%", "OWN<br>cheapest in 6.6%"]
    low, high = (10**end for end in figure["layout"]["xaxis"]["range"])
    assert low < 800
    assert high > 2600


def test_bands_at_nothing_are_drawn_on_a_linear_axis() -> None:
    free = changed(risk(), options=[option("own", "rented", 1, 0, 0, 0), option("api", "api", 0, 0, 0, 0)])
    axis = risk_band_chart(free)["layout"]["xaxis"]
    assert axis["type"] == "linear"
    assert axis["range"][0] < axis["range"][1]


def test_the_tornado_goes_from_p50_to_each_end() -> None:
    figure = tornado_chart(risk())
    drawn = [t for t in figure["data"] if t["mode"] == "lines" and t["x"] != [None]]
    assert [t["x"] for t in drawn] == [
        [2000, 4000],
        [2000, -1000],
        [2000, 500],
        [2000, 500],
        [2000, 1500],
        [2000, 2000],
    ]
    ys = [t["y"][0] for t in drawn]
    assert len(set(ys)) == 6, "bars that go the same way do not cover each other"
    assert [shape["x0"] for shape in figure["layout"]["shapes"]] == [0, 2000]
    assert [text.strip() for text in texts(figure)] == [CHANGES]
    low, high = figure["layout"]["xaxis"]["range"]
    assert low < -1000 < 4000 < high


def test_an_empty_tornado_is_drawn() -> None:
    render_svg(tornado_chart(changed(risk(), tornado=())))


def test_the_map_has_a_cell_for_each_point() -> None:
    result = sample_result()
    figure = winner_map_chart(plane(3, 4), result)
    heat = figure["data"][0]
    assert heat["z"] == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 1]]
    assert (len(heat["x"]), len(heat["y"])) == (5, 4)
    # cells meet half a ratio away from their values
    np.testing.assert_allclose(np.sqrt(np.array(heat["x"][:-1]) * np.array(heat["x"][1:])), plane(3, 4).x)
    assert heat["colorscale"][0][0] == 0
    assert heat["colorscale"][-1][0] == 1
    names = {t["name"] for t in figure["data"] if t.get("showlegend", True) and "name" in t}
    assert names == {result.option("groq").label, result.option("h200").label}
    assert "Volume 10×" in heat["hovertext"][2][3]
    assert "Per-token prices 10×" in heat["hovertext"][2][3]


def test_a_map_of_one_winner_and_of_many() -> None:
    result = sample_result()
    alone = changed(plane(), recommended=[["groq"] * 4] * 3)
    heat = winner_map_chart(alone, result)["data"][0]
    assert {z for row in heat["z"] for z in row} == {0}
    assert (heat["zmin"], heat["zmax"]) == (-0.5, 0.5)
    many = changed(plane(), recommended=[["groq", "api", "h200", "a100"]] * 3)
    colors = [color for _, color in winner_map_chart(many, result)["data"][0]["colorscale"][::2]]
    assert len(set(colors)) == 4


def test_alt_texts_tell_the_figures() -> None:
    alt = risk_band_alt(risk())
    for words in (chance(0.934), usd(1000), usd(2600), "10,000 draws", "API", "OWN"):
        assert words in alt
    assert "the winner changes" in tornado_alt(risk())
    assert usd(-1000) in tornado_alt(risk())
    told = winner_map_alt(plane(), sample_result())
    assert f"{sample_result().option('groq').label} on 75% of the map" in told
    assert "Volume, times today's across" in told


@pytest.mark.parametrize("label", HOSTILE)
def test_user_text_is_drawn_letter_for_letter(label: str) -> None:
    result: Result = sample_result()
    named = changed(result, options=[changed(o, label=label) for o in result.options])
    for figure in (risk_band_chart(risk(label)), winner_map_chart(plane(), named)):
        assert "<b>" not in str(figure)
        assert "x" * 100 not in str(figure["layout"])


def test_bands_and_tornado_can_go_on_paper() -> None:
    for figure in (risk_band_chart(risk()), tornado_chart(risk())):
        assert render_svg(figure).startswith("<svg")


@pytest.mark.parametrize("theme", THEMES)
def test_the_ends_of_the_tornado_stand_off_the_page(theme: Theme) -> None:
    ink = palette.INKS[theme]
    colors = [t["line"]["color"] for t in tornado_chart(risk(), theme=theme)["data"] if t["mode"] == "lines"]
    assert all(contrast(color, ink.halo) >= 2 for color in colors)
