from __future__ import annotations

import math
import re
from typing import Any
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from planner.charts import (
    Unsupported,
    break_even_alt,
    break_even_chart,
    cost_stack_alt,
    cost_stack_chart,
    palette,
    render_svg,
    ticks,
)
from planner.charts.break_even import HOVER
from planner.charts.labels import Box, Spot, dense, place, plain, shorten
from planner.domain.result import Result, Verdict
from tests.samples_result import changed, sample_result

RESULT = sample_result()
SVG_TAGS = {"svg", "defs", "clipPath", "rect", "line", "text", "polyline", "path"}
HOSTILE = [
    "<script>alert(1)</script>",
    "<b>x</b>&amp;",
    "x" * 200,
    "a\nb",
    "%{y}",
    "\N{CJK UNIFIED IDEOGRAPH-6F22} \N{ROCKET}",
]


def blocked() -> Result:
    options = [o for o in RESULT.options if o.status == "blocked"]
    return changed(RESULT, options=options, verdict=Verdict(status="blocked"), break_evens=(), curves=())


def renamed(name: str) -> Result:
    options = [changed(o, label=name) for o in RESULT.options]
    return changed(RESULT, options=options, curves=[changed(c, label=name) for c in RESULT.curves])


def many() -> Result:
    options = [changed(RESULT.options[k % 5], option_id=f"o{k}", label=f"Option number {k}") for k in range(20)]
    curves = [changed(RESULT.curves[k % 4], option_id=f"o{k}", label=f"Option number {k}") for k in range(20)]
    return changed(RESULT, options=options, curves=curves)


RESULTS = {"sample": RESULT, "zero": sample_result(0.0), "blocked": blocked(), "many": many()}


def svg_text(figure: dict[str, Any]) -> str:
    root = ElementTree.fromstring(render_svg(figure))
    return "\n".join(root.itertext())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS.keys())
@pytest.mark.parametrize("chart", [break_even_chart, cost_stack_chart])
def test_every_chart_is_valid_plotly_and_valid_svg(chart: Any, result: Result, theme: palette.Theme) -> None:
    figure = chart(result, theme=theme)
    go.Figure(figure)
    assert svg_text(figure)
    for axis in ("xaxis", "yaxis"):
        assert figure["layout"][axis]["tickmode"] == "array"
        assert all(math.isfinite(v) for v in figure["layout"][axis]["range"])


def test_break_even_labels() -> None:
    text = svg_text(break_even_chart(RESULT))
    for label in (
        "Today 652M/day",
        "Cheaper for good above 9.04B/day",
        "First cheaper above 6B/day",
        "gpt-oss-120b on your own H200s",
        "Self-hosted is cheaper (headline pair)",
        "USD per month, levelised over 36 months",
        "$10k",
    ):
        assert label in text


def test_break_even_says_which_side_is_which_without_colour() -> None:
    lines = [t for t in break_even_chart(RESULT)["data"] if t["mode"] == "lines" and t.get("name")]
    assert [t["line"]["dash"] == "solid" for t in lines] == [c.kind == "rented" for c in RESULT.curves]


def test_win_intervals_are_bands_inside_the_plot() -> None:
    figure = break_even_chart(RESULT)
    bands = [s for s in figure["layout"]["shapes"] if s["type"] == "rect"]
    assert len(bands) == len(RESULT.break_evens[0].intervals)
    low, high = (10**v for v in figure["layout"]["xaxis"]["range"])
    assert all(low * 0.999 <= s["x0"] < s["x1"] <= high * 1.001 for s in bands)


def test_break_even_marker_lies_on_both_lines() -> None:
    marks = [t for t in break_even_chart(RESULT)["data"] if t.get("marker", {}).get("symbol") == "diamond"]
    assert marks[0]["x"] == [RESULT.break_evens[0].robust_tokens_per_day]
    assert 55_000 < marks[0]["y"][0] < 65_000


def test_no_line_for_today_at_zero_volume() -> None:
    shapes = break_even_chart(sample_result(0.0))["layout"]["shapes"]
    assert all(s["type"] == "rect" for s in shapes)


def test_labels_stay_inside_the_plot_and_apart() -> None:
    frame = Box(0, 0, 600, 300)
    line = dense([(0.0, 0.0), (600.0, 300.0)])
    spots: list[Spot] = []
    for at in ((590.0, 290.0), (595.0, 295.0), (5.0, 5.0), (300.0, 150.0)):
        spots.append(place("A label of some length", at, frame, line, [s.box for s in spots]))
    assert all(s.box.inside(frame) for s in spots)
    assert not any(a.box.overlaps(b.box) for a in spots for b in spots if a is not b)
    assert all(s.box.holds(line) == 0 for s in spots)


def test_cost_stack_sums_to_the_cost_per_month() -> None:
    bars = [t for t in cost_stack_chart(RESULT)["data"] if t["type"] == "bar"]
    assert [t["name"] for t in bars] == ["Tokens", "GPUs", "People", "Other", "One-off, spread"]
    for row, option in enumerate(RESULT.options[:4]):
        assert sum(t["x"][row] for t in bars) == pytest.approx(option.tco_usd_per_month)


def test_cost_stack_labels() -> None:
    text = svg_text(cost_stack_chart(RESULT))
    for label in ("$4,758", "$27,183", "not priced: VRAM, THROUGHPUT_UNKNOWN", "One-off, spread", "USD per month"):
        assert label in text


def test_alternative_texts_hold_the_figures() -> None:
    assert "9.04B tokens/day" in break_even_alt(RESULT)
    assert "gpt-oss-120b on MI300X: not priced" in cost_stack_alt(RESULT)
    assert "$11,476 a month (gpus $8,738" in cost_stack_alt(RESULT)
    assert "no option" in break_even_alt(blocked())


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("chart", [break_even_chart, cost_stack_chart])
def test_names_come_out_as_text(chart: Any, name: str) -> None:
    figure = chart(renamed(name))
    go.Figure(figure)
    shown = [t.get("name", "") for t in figure["data"]] + figure["layout"]["yaxis"]["ticktext"]
    assert not any(re.search("<(?!br>)", text) for text in shown)
    assert {t["hovertemplate"] for t in figure["data"] if "hovertemplate" in t} <= {
        HOVER.format(money="$%{y:,.0f}")  # never with a name inside
    }
    root = ElementTree.fromstring(render_svg(figure))
    assert {e.tag.rpartition("}")[2] for e in root.iter()} <= SVG_TAGS


def test_plain_and_shorten() -> None:
    assert plain("a <b>\n &") == "a &lt;b&gt; &amp;"
    assert shorten("abcdef", 4) == "abc\N{HORIZONTAL ELLIPSIS}"


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: f["data"].append({"type": "heatmap"}),
        lambda f: f["data"][0].update(fill="tonexty"),
        lambda f: f["data"][0].update(mode="lines+stairs"),
        lambda f: f["data"][0]["line"].update(dash="5px"),
        lambda f: f["layout"].update(annotations=[{}]),
        lambda f: f["layout"].update(barmode="group"),
        lambda f: f["layout"]["xaxis"].update(type="date"),
        lambda f: f["layout"]["shapes"].append({"type": "circle", "xref": "x", "yref": "paper"}),
        lambda f: f["data"][-1].update(textposition="top center"),
        lambda f: f["data"][-2]["marker"].update(symbol="star") if "marker" in f["data"][-2] else f.update(frames=[]),
        lambda f: f["data"].append({"type": "bar", "orientation": "v"}),
    ],
)
def test_what_is_not_drawn_is_refused(damage: Any) -> None:
    figure = break_even_chart(RESULT)
    damage(figure)
    with pytest.raises(Unsupported):
        render_svg(figure)


def test_ticks_are_round_and_inside() -> None:
    assert ticks.linear_ticks(0, 27_000) == [0, 5000, 10_000, 15_000, 20_000, 25_000]
    assert ticks.log_ticks(20e6, 1e9) == [2e7, 5e7, 1e8, 2e8, 5e8, 1e9]
    assert ticks.log_ticks(1, 1e6) == [1, 10, 100, 1e3, 1e4, 1e5, 1e6]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_and_text_stand_out(theme: palette.Theme) -> None:
    ink = palette.INKS[theme]
    for color in (*palette.PER_TOKEN[theme], *palette.SELF_HOST[theme]):
        assert palette.contrast(color, ink.halo) >= 3
    assert palette.contrast(ink.text, ink.halo) >= 7
    assert palette.contrast(ink.muted, ink.halo) >= 4.5


def test_twenty_options_have_twenty_styles_per_side_of_nine() -> None:
    nine = palette.styles(["api"] * 9, "light")
    assert len(set(nine)) == 9
