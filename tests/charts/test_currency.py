"""Charts in another currency: the same lines, with ticks that are round in it and hover texts of its amounts."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.charts import break_even_chart, cost_stack_chart, render_svg
from planner.charts.palette import INKS
from planner.charts.ticks import money_axis, money_hover, money_log_axis
from planner.domain.currency import DisplayCurrency, written_in
from tests.samples_result import changed, sample_result

RESULT = sample_result()
INK = INKS["light"]
EUR = DisplayCurrency(code="EUR", units_per_usd=Decimal("0.895095"), as_of="2026-10-30", source="ECB")
JPY = changed(EUR, code="JPY", units_per_usd=Decimal("157.25"))


def test_ticks_are_round_in_the_currency_shown_and_stand_where_that_amount_is() -> None:
    with written_in(EUR):
        axis = money_axis(0.0, 1000.0, "USD per month", INK)
    assert axis["title"]["text"] == "EUR per month"
    assert axis["ticktext"] == ["€0", "€200", "€400", "€600", "€800"]
    assert axis["tickvals"] == pytest.approx([0, 223.440, 446.880, 670.320, 893.760], abs=0.001)  # 200 / 0.895095
    assert axis["range"] == [0.0, 1000.0]


def test_ticks_of_a_logarithmic_axis() -> None:
    with written_in(JPY):  # 100 to 10,000 USD are 15,725 to 1,572,500 JPY
        axis = money_log_axis(100.0, 10_000.0, "USD", INK)
    assert axis["ticktext"] == ["20k", "50k", "100k", "200k", "500k", "1M"]
    assert axis["tickvals"][2] == pytest.approx(100_000 / 157.25)


@given(st.floats(-1e6, 0), st.floats(1, 1e6), st.decimals(Decimal("0.001"), Decimal(30_000), places=4))
def test_every_tick_lies_on_the_axis(low: float, high: float, rate: Decimal) -> None:
    with written_in(changed(EUR, units_per_usd=rate)):
        ticks = money_axis(low, high, "USD", INK)["tickvals"]
    room = (high - low) * 1e-6
    assert ticks
    assert all(low - room <= tick <= high + room for tick in ticks)


def test_hover_texts_hold_amounts_of_the_currency() -> None:
    assert money_hover([1000.0], "{money} a month") == {"hovertemplate": "$%{y:,.0f} a month"}
    with written_in(EUR):
        hover = money_hover([1000.0], "{money} a month")
    assert hover == {"hovertemplate": "€%{customdata:,.0f} a month", "customdata": [895.095]}


@pytest.mark.parametrize("chart", [break_even_chart, cost_stack_chart])
@pytest.mark.parametrize("currency", [EUR, JPY], ids=["EUR", "JPY"])
def test_the_lines_are_the_same_and_no_dollar_is_left(chart: Any, currency: DisplayCurrency) -> None:
    dollars = chart(RESULT)
    with written_in(currency):
        figure = chart(RESULT)
    go.Figure(figure)
    lengths = "x" if chart is cost_stack_chart else "y"
    bars = [t[lengths] for t in dollars["data"] if t["type"] == "bar" or t.get("mode") == "lines"]
    assert [t[lengths] for t in figure["data"] if t["type"] == "bar" or t.get("mode") == "lines"] == bars
    text = "\n".join(ElementTree.fromstring(render_svg(figure)).itertext())
    assert "$" not in text
    assert "USD" not in text
    assert re.search(rf"{currency.code} per month", text)
    hovers = [t.get("hovertemplate", "") + str(t.get("hovertext", "")) for t in figure["data"]]
    assert not any("$" in hover for hover in hovers)
