"""How long a replica takes to its first request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.start_time import DEFAULTS, start_time


@given(st.floats(1, 2000), st.floats(1, 3), st.floats(0.1, 10))
def test_a_start_is_longer_with_more_weights_and_shorter_with_faster_loading(
    weights: float, more: float, rate: float
) -> None:
    here = start_time(weights, load_gb_per_s=rate).total_s
    assert start_time(weights * more, load_gb_per_s=rate).total_s >= here
    assert start_time(weights, load_gb_per_s=rate * more).total_s <= here
    assert start_time(weights, load_gb_per_s=rate, weights_on_machine=True).total_s <= here


def test_a_worked_example() -> None:
    """70 GB: 120 + 10 / 1 + 70 / 1 + 70 / 0.33 + 60 = 472 s, under 8 minutes; an hourly plan looks one hour ahead."""
    start = start_time(70)
    assert start.total_s == pytest.approx(120 + 10 + 70 + 70 / 0.33 + 60)
    assert start.total_minutes == pytest.approx(7.87, abs=0.01)
    assert start.lead_hours == 1


def test_very_large_weights_need_more_than_an_hour_ahead() -> None:
    assert start_time(1340).lead_hours == 2


@pytest.mark.parametrize(("download", "load"), [(1.0, 0.0), (-1.0, 1.0)])
def test_a_rate_of_nothing_is_refused(download: float, load: float) -> None:
    with pytest.raises(ValueError, match=r"more than 0 GB/s"):
        start_time(10, download_gb_per_s=download, load_gb_per_s=load)


def test_every_default_says_where_it_is_from() -> None:
    for name, default in DEFAULTS.items():
        assert default.source, name
        assert default.origin == "assumed" or default.source_url, name
