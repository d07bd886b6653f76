"""Charts of a log's money: valid Plotly, drawable for paper, told in words, and bars that add up."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.charts import render_svg
from planner.charts.log_cost import OPEN, log_cost_alt, log_cost_chart
from planner.charts.palette import Theme
from planner.charts.variance_steps import variance_steps, variance_steps_alt, variance_steps_chart
from planner.decision.log_options import OnOption
from planner.decision.log_price import as_it_was
from planner.decision.log_summary import summary
from planner.decision.log_values import LogPrice
from planner.decision.shares import cents, dollars
from planner.decision.variance_values import Effects, Side, Variance, VarianceMonth
from planner.domain.currency import DisplayCurrency, written_in
from tests.builders import catalog
from tests.usage_logs import log, row

THEMES: tuple[Theme, ...] = ("light", "dark")
MONTH = 30.0


def price(**more: Any) -> LogPrice:
    """30 USD in 10 days: 90 a month."""
    found = summary(as_it_was(log(row(fresh=1000, output=10)), catalog()))
    return found.model_copy(update={"usd": 30.0, "usd_high": 30.0, "days": 10.0} | more)


API = OnOption("api", "API <b>x</b>", "api", price(), (("Tokens", 60.0), ("People", 40.0)))
FLEET = OnOption("own", "Own", "rented", price(), (("GPUs", 900.0), ("Energy", 0.0), ("People", 100.0)))
BLOCKED = OnOption("no", "No price", "hosted", why=("Nothing is known.",))
OPTIONS = (API, FLEET, BLOCKED)


def bars(figure: dict[str, Any]) -> dict[str, list[float]]:
    return {trace["name"]: trace["x"] for trace in figure["data"] if trace["type"] == "bar" and trace["name"]}


def texts(figure: dict[str, Any]) -> list[str]:
    return [trace["text"][0].strip() for trace in figure["data"] if trace.get("mode") == "text"]


@pytest.mark.parametrize("theme", THEMES)
def test_plotly_and_paper_take_the_cost_chart_as_it_is(theme: Theme) -> None:
    figure = log_cost_chart(price(), OPTIONS, MONTH, theme=theme)
    go.Figure(figure)
    assert "<svg" in render_svg(figure)
    assert "<b>" not in str(figure["layout"]["yaxis"]["ticktext"])


def test_a_bar_has_the_parts_of_its_option_and_its_sum_beside_it() -> None:
    figure = log_cost_chart(price(), OPTIONS, MONTH)
    found = bars(figure)
    assert found["Tokens"] == [90.0, 60.0, 0.0, 0.0]
    assert found["GPUs"] == [0.0, 0.0, 900.0, 0.0]
    assert found["People"] == [0.0, 40.0, 100.0, 0.0]
    assert "Energy" not in found, "nothing is paid for it"
    assert texts(figure) == ["$90.00", "$100", "$1,000", "not known"]
    assert log_cost_alt(price(), OPTIONS, MONTH).endswith("Own: $1,000; No price: not known.")


def test_what_the_log_leaves_open_is_a_part_of_its_own() -> None:
    figure = log_cost_chart(price(usd_high=60.0), (dataclasses.replace(API, open_usd_per_month=50.0),), MONTH)
    assert bars(figure)[OPEN] == [90.0, 50.0]
    assert texts(figure) == ["$90.00 to $180", "$100 to $150"]


def test_a_part_of_a_log_is_never_drawn_as_the_whole() -> None:
    assert texts(log_cost_chart(price(unpriced_tokens=5), (), MONTH)) == ["$90.00 for a part"]
    assert texts(log_cost_chart(price(usd=None, usd_high=None), (), MONTH)) == ["not known"]


def side(usd: float) -> Side:
    return Side(requests=1, tokens=1, usd=usd, usd_per_mtok=None, input_to_output=None, cached_fraction=None)


def variance(plan: float, volume: float, mix: float, change: float) -> Variance:
    whole = cents(plan + volume + mix + change) - cents(plan)
    parts = [cents(value) for value in (volume, mix, change)]
    effects = Effects(
        total_usd=dollars(whole),
        volume_usd=dollars(parts[0]),
        mix_usd=dollars(parts[1]),
        price_usd=dollars(parts[2]),
        rounding_usd=dollars(whole - sum(parts)),
    )
    month = VarianceMonth(
        month="2026-10",
        days=31,
        days_in_month=31,
        plan=side(plan),
        actual=side(plan + volume + mix + change),
        effects=effects,
        accuracy_fraction=None,
    )
    return Variance(
        plan="API", what="tokens", cost_from="bills", by_class=False, months=(month,), effects=effects,
        accuracy_fraction=None,
    )  # fmt: skip


@given(
    plan=st.floats(0, 1e6), volume=st.floats(-1e6, 1e6), mix=st.floats(-1e5, 1e5), change=st.floats(-1e5, 1e5)
)  # fmt: skip
def test_each_step_starts_where_the_last_one_ended_and_the_last_is_the_actual_cost(
    plan: float, volume: float, mix: float, change: float
) -> None:
    found = variance(plan, volume, mix, change)
    steps = variance_steps(found)
    if not steps:
        assert min(plan + volume, plan + volume + mix, plan + volume + mix + change) < 0.02
        assert variance_steps_chart(found) is None
        return
    for before, after in itertools.pairwise(steps[:-1]):
        assert after.start == before.end
    assert steps[-1].start == 0
    assert steps[-1].end == pytest.approx(steps[-2].end, abs=0.03)
    assert steps[-1].end == pytest.approx(plan + volume + mix + change, abs=0.02)


@pytest.mark.parametrize("theme", THEMES)
def test_the_steps_are_told_with_their_signs(theme: Theme) -> None:
    found = variance(1000, 200, -50, 25)
    figure = variance_steps_chart(found, theme=theme)
    assert figure is not None
    go.Figure(figure)
    assert "<svg" in render_svg(figure)
    assert texts(figure) == ["$1,000", "+$200", "\N{MINUS SIGN}$50.00", "+$25.00", "$1,175"]
    assert bars(figure)["Under plan"] == [0.0, 0.0, 50.0, 0.0, 0.0]
    assert variance_steps_alt(found).endswith("Volume +$200; Mix \N{MINUS SIGN}$50.00; Price +$25.00; Actual $1,175.")


def test_without_a_month_that_has_both_sides_there_is_no_picture() -> None:
    nothing = variance(1, 1, 1, 1).model_copy(update={"effects": None})
    assert variance_steps_chart(nothing) is None


def test_charts_are_in_the_currency_shown() -> None:
    euro = DisplayCurrency.model_validate(
        {"code": "EUR", "units_per_usd": "0.5", "as_of": "2026-11-20", "source": "a bank"}
    )
    with written_in(euro):
        cost = log_cost_chart(price(), (API,), MONTH)
        steps = variance_steps_chart(variance(1000, 0, 0, 0))
    assert steps is not None
    assert texts(cost) == ["\N{EURO SIGN}45.00", "\N{EURO SIGN}50.00"]
    assert texts(steps)[0] == "\N{EURO SIGN}500"
    assert cost["layout"]["xaxis"]["title"]["text"].startswith("EUR")
