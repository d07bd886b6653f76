"""The charts of the Costs and Hybrid pages: valid Plotly, drawable for paper, told in words, bars that add up."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from planner.charts import Unsupported, render_svg
from planner.charts.cash_book import cash_book_alt, cash_book_chart
from planner.charts.cumulative import cumulative_alt, cumulative_chart
from planner.charts.fleet_cost import fleet_cost_alt, fleet_cost_chart
from planner.charts.load_duration import MOST_BARS, load_duration_alt, load_duration_chart
from planner.charts.months_stack import months_stack_alt, months_stack_chart
from planner.charts.palette import INKS, Theme
from planner.charts.screening import screening_alt, screening_chart
from planner.charts.waterfall import waterfall_alt, waterfall_chart
from planner.decision.cost_view import Step, waterfall
from planner.decision.evaluate import decide
from planner.decision.hybrid_view import HybridView, hybrid_view
from planner.decision.resolve import resolve
from planner.domain.facts import Facts
from planner.domain.options import Operations, OwnedOption, ServerPurchase
from planner.domain.result import Comparison, Result
from planner.domain.scenario import Scenario
from tests.builders import ON, catalog, rented, requests, scenario, token_price, typed_api, workload

THEMES: tuple[Theme, ...] = ("light", "dark")
LOADS = (0.5,) * 8 + (2.4,) * 12 + (4.7,) * 4
Figure = dict[str, Any]


def question(per_day: float = 20_000, **more: Any) -> Scenario:
    """An API, rented and owned GPUs; two classes when `classes` says so."""
    fields = rented().model_dump(
        exclude={"kind", "price", "price_id", "term", "term_months", "upfront_fraction", "spot"}
    )
    server = ServerPurchase(
        usd_per_server=Decimal(280_000), gpus_per_server=8, life_months=10, idle_kw=2.4, max_kw=9.6, pue_ratio=1.35
    )
    bought = OwnedOption.model_validate(fields | {"option_id": "bought", "label": "<b>Bought</b>", "server": server})
    people = Operations(setup_hours=100, fte_fraction=0.1)
    work = workload(*more.pop("classes", (requests(per_day, 0, 1000),)), hourly_profile=LOADS)
    dear = typed_api(token_price("0", "60", cached_input_usd_per_mtok="0"), label="API <i>x</i>")
    own = rented("3", spare_replicas=1, allowed_utilisation_fraction=0.8, operations=people)
    return scenario(dear, own, bought, work=work, **more)


def known(asked: Scenario) -> tuple[Facts, Result]:
    facts = resolve(asked, catalog(), ON)
    return facts, decide(asked, facts)


def view_of(asked: Scenario, base: str = "own") -> HybridView:
    found = hybrid_view(asked, known(asked)[0], base, "api")
    assert found is not None
    return found


ASKED = question()
FACTS, RESULT = known(ASKED)
STEPS = waterfall(ASKED, FACTS, "own")
TWO = (requests(20_000, 0, 1000, class_id="a"), requests(9_000, 500, 700, class_id="b", private=True))
VIEWS = {
    "rented": view_of(ASKED),
    "owned": view_of(ASKED, "bought"),
    "two classes": view_of(question(classes=TWO)),
    "large": view_of(question(3_000_000)),
    "idle": view_of(question(0)),
}
HYBRID = (load_duration_chart, screening_chart, fleet_cost_chart)


def svg_text(figure: Figure) -> str:
    return "\n".join(ElementTree.fromstring(render_svg(figure)).itertext())


def checked(figure: Figure, theme: Theme) -> Figure:
    go.Figure(figure)
    assert figure["layout"]["font"]["color"] == INKS[theme].text
    for axis in ("xaxis", "yaxis"):
        assert figure["layout"][axis]["tickmode"] == "array"
        low, high = figure["layout"][axis]["range"]
        assert math.isfinite(low)
        assert math.isfinite(high)
        assert low != high
    for trace in figure["data"]:
        assert all(v is not None and math.isfinite(v) for v in (*trace["x"], *trace["y"]))
    return figure


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("option_id", ["api", "own", "bought"])
def test_costs_charts_are_valid_and_drawable(option_id: str, theme: Theme) -> None:
    option = RESULT.option(option_id)
    checked(months_stack_chart(option, theme=theme), theme)
    assert svg_text(checked(waterfall_chart(waterfall(ASKED, FACTS, option_id), theme=theme), theme))
    for found in RESULT.comparisons:
        assert svg_text(checked(cumulative_chart(found, theme=theme), theme))
    if option.cash:
        assert svg_text(checked(cash_book_chart(option, theme=theme), theme))


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("chart", HYBRID)
def test_hybrid_charts_are_valid_and_drawable(chart: Any, name: str, theme: Theme) -> None:
    assert svg_text(checked(chart(VIEWS[name], theme=theme), theme))


def test_the_months_are_the_one_chart_that_paper_cannot_draw() -> None:
    with pytest.raises(Unsupported, match="upright bars"):
        render_svg(months_stack_chart(RESULT.option("own")))


def test_month_bars_add_up_and_the_one_off_stands_apart() -> None:
    option = RESULT.option("own")
    bars = months_stack_chart(option)["data"]
    *parts, once = bars
    for index, month in enumerate(option.months[1:]):
        assert sum(bar["y"][index] for bar in parts) == pytest.approx(month.total_usd)
        assert all(bar["x"][index] == month.month for bar in parts)
    assert (once["name"], once["y"]) == ("One-off, before month 1", [option.one_off_usd])
    assert once["x"][0] < 0
    assert "month 12" in months_stack_alt(option)
    assert "$10,000" in months_stack_alt(option)


def test_an_option_that_costs_nothing_says_so() -> None:
    free = known(scenario(typed_api(), work=workload(requests(0))))[1].options[0]
    figure = checked(months_stack_chart(free), "light")
    assert [t["text"] for t in figure["data"]] == [["Nothing is paid"]]


def test_waterfall_bars_start_where_the_last_one_ended() -> None:
    figure = waterfall_chart(STEPS)
    hidden, *filled = [t for t in figure["data"] if t["type"] == "bar"]
    heights = [sum(bar["x"][row] for bar in filled) for row in range(len(STEPS) + 1)]
    end = 0.0
    for row, step in enumerate(STEPS):
        assert hidden["x"][row] == pytest.approx(min(end, end + step.usd_per_month))
        assert heights[row] == pytest.approx(abs(step.usd_per_month))
        end += step.usd_per_month
    assert heights[-1] == pytest.approx(RESULT.option("own").tco_usd_per_month)
    assert "Average month" in waterfall_alt(STEPS)


def test_a_saving_step_is_drawn_backwards_with_a_minus() -> None:
    steps = (Step("naive_tokens", 100.0), Step("cache", -40.0), Step("people", 5.0))
    figure = waterfall_chart(steps)
    hidden = figure["data"][0]
    assert hidden["x"] == [0.0, 60.0, 60.0, 0.0]
    assert "\N{MINUS SIGN}$40.00" in svg_text(figure)
    assert {t["name"] for t in figure["data"] if t.get("showlegend", True)} >= {"Saves", "Adds"}


def comparison(*saved: float, first: int | None, stays: int | None) -> Comparison:
    return Comparison(
        option_id="own",
        reference_id="api",
        delta_npv_usd=1.0,
        cheaper_months=(),
        payback_first_month=first,
        payback_permanent_month=stays,
        irr_per_year=(),
        cumulative_usd=saved,
        switch_month=1,
        switch_npv_usd=1.0,
    )


def test_both_paybacks_are_marked() -> None:
    twice = comparison(-5, 1, -1, 2, 4, first=1, stays=3)
    text = svg_text(cumulative_chart(twice))
    assert "First repaid: month 1" in text
    assert "Repaid for good: month 3" in text
    assert "Repaid first in month 1; for good from month 3" in cumulative_alt(twice)
    never = comparison(-5, -6, first=None, stays=None)
    assert "epaid:" not in svg_text(cumulative_chart(never))
    assert "never repaid" in cumulative_alt(never)
    once = comparison(-5, 5, first=1, stays=1)
    assert svg_text(cumulative_chart(once)).count("month 1") == 1


def test_cash_flows_are_stems_and_the_book_a_line() -> None:
    option = RESULT.option("bought")
    figure = cash_book_chart(option)
    paid = next(t for t in figure["data"] if t["name"] == "Paid for machines")
    assert sum(paid["y"]) == pytest.approx(-sum(f.purchase_usd for f in option.cash))
    book = next(t for t in figure["data"] if t["name"] == "Book value")
    assert book["y"] == [f.book_value_usd for f in option.cash]
    assert "$280,000 in month 0" in cash_book_alt(option)


def test_slices_lie_under_the_load_duration_curve() -> None:
    view = VIEWS["rented"]
    figure = load_duration_chart(view)
    bars = [t for t in figure["data"] if t["type"] == "bar"]
    assert sum(sum(t["x"]) for t in bars) == pytest.approx(sum(s.hours for s in view.slices))
    assert sum(len(t["x"]) for t in bars if t["name"] == "Run in house") == view.best_slices > 0
    assert f"{view.best_slices} replica" in svg_text(figure)
    assert "assumed" not in load_duration_alt(view)
    assert len(VIEWS["large"].slices) > MOST_BARS
    assert not [t for t in load_duration_chart(VIEWS["large"])["data"] if t["type"] == "bar"]


def test_the_screening_lines_cross_at_the_threshold() -> None:
    view = VIEWS["rented"]
    threshold = view.classes[0].threshold_hours
    assert threshold is not None
    marks = [t for t in screening_chart(view)["data"] if t.get("marker", {}).get("symbol") == "diamond"]
    assert marks[0]["x"] == [threshold]
    assert marks[0]["y"][0] == pytest.approx(view.classes[0].api_usd_per_hour * threshold)
    assert "dearer than owning above" in screening_alt(view)


def test_screening_shows_every_class_with_its_own_dash() -> None:
    lines = [t for t in screening_chart(VIEWS["two classes"])["data"] if "by the token" in t.get("name", "")]
    assert len(lines) == 2
    assert lines[0]["line"]["dash"] != lines[1]["line"]["dash"]


def test_the_lowest_fleet_and_both_pure_ways_are_marked() -> None:
    view = VIEWS["rented"]
    text = svg_text(fleet_cost_chart(view))
    for words in ("All per token", "All self-hosted, with spares", "Lowest: "):
        assert words in text
    assert "All per token" not in svg_text(fleet_cost_chart(VIEWS["two classes"]))
    assert f"{view.pure_own_replicas} with spares" in fleet_cost_alt(view)


def test_labels_of_people_are_not_read_as_markup() -> None:
    view = view_of(question(classes=(requests(20_000, 0, 1000, label="<b>x</b>"), requests(5, class_id="b"))))
    names = [t["name"] for t in screening_chart(view)["data"] if "token" in t.get("name", "")]
    assert any("&lt;b&gt;" in name for name in names)
