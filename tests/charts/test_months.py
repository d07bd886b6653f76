"""Axes of months, and money below zero."""

import pytest

from planner.charts.months import MOST_TICKS, month_ticks
from planner.format import usd_short


@pytest.mark.parametrize("months", [1, 2, 11, 12, 24, 36, 60, 120])
def test_month_ticks_are_few(months: int) -> None:
    assert 1 <= len(month_ticks(months)) <= MOST_TICKS
    assert all(0 < t <= months for t in month_ticks(months))


def test_money_below_zero_has_its_minus_before_the_dollar() -> None:
    assert usd_short(-1200.0) == "\N{MINUS SIGN}$1.2k"
    assert usd_short(1200.0) == "$1.2k"
