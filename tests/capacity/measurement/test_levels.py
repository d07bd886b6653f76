"""Which loads are probed, and what that takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.measurement.levels import next_level, planned, probe_levels
from planner.domain.probe_task import Budget, ProbeTask

TASK = ProbeTask(input_tokens=1000, output_tokens=200, levels=(1, 4, 16), most_in_flight=64, repeats=2)


@given(st.floats(0, 1e5), st.integers(1, 5000))
def test_levels_ascend_and_hold_the_operating_point(operating: float, most: int) -> None:
    levels = probe_levels(operating, most)
    top = min(most, 4096)
    assert list(levels) == sorted(set(levels))
    assert levels[0] == 1
    assert min(max(round(operating), 1), top) in levels
    assert levels[-1] <= top
    assert len(levels) >= min(3, top)
    assert len(levels) <= 5


@pytest.mark.parametrize(
    ("operating", "most", "levels"),
    [(16, 256, (1, 4, 8, 16, 32)), (1, 256, (1, 2, 4)), (100, 128, (1, 25, 50, 100, 128)), (8, 1, (1,))],
)
def test_levels_lie_around_the_operating_point(operating: float, most: int, levels: tuple[int, ...]) -> None:
    assert probe_levels(operating, most) == levels


def test_a_load_is_doubled_up_to_the_most_allowed() -> None:
    assert [next_level(TASK, level) for level in (16, 40, 64, 100)] == [32, 64, None, None]


def test_what_a_task_takes_by_hand() -> None:
    """At 1: 12 requests and 1 to warm up, at 4: 16 + 4, at 16: 64 + 16; twice each, and 1 to look: 227.

    At 1,200 tokens each: 272,400. Up to 64 as well, at 32: 128 + 32, at 64: 256 + 64: 960 more.
    """
    found = planned(TASK, None)
    assert found.requests == 1 + 2 * (13 + 20 + 80)
    assert found.tokens == 227 * 1200
    assert (found.levels, found.runs) == ((1, 4, 16), 6)
    assert found.most.levels == (1, 4, 16, 32, 64)
    assert found.most.requests == 227 + 2 * (160 + 320)
    assert (found.seconds, found.usd, found.over_budget) == (None, None, ())


def test_seconds_are_waves_of_requests_one_after_the_other() -> None:
    """2 s a request: at 1 in flight 12 + 1 waves, at 4 and 16 4 + 1: 2 x (13 + 5 + 5) x 2 s, and 2 s to look: 94 s."""
    found = planned(TASK, lambda _: 2.0)
    assert found.seconds == (94.0, 94.0 + 2 * (5 + 5) * 2.0)


def test_dollars_are_tokens_and_hours() -> None:
    """227 requests of 1,000 at 2 and 200 at 10 USD/1M: 227 x 0.004 = 0.908; 94 s at 36 USD/h: 0.94."""
    priced = TASK.model_copy(update={"input_usd_per_mtok": 2.0, "output_usd_per_mtok": 10.0})
    assert planned(priced, None).usd == pytest.approx((0.908, 0.908 + 960 * 0.004))
    rented = TASK.model_copy(update={"usd_per_hour": 36.0})
    assert planned(rented, lambda _: 2.0).usd == pytest.approx((0.94, 1.34))
    assert planned(rented, None).usd is None


def test_open_loop_tests_count_too() -> None:
    """2 and 3 a second for 10 s: 50 requests; each test runs 10 s and a last answer of 2 s."""
    task = TASK.model_copy(update={"open_rates_per_s": (2.0, 3.0), "open_seconds": 10.0})
    found = planned(task, lambda _: 2.0)
    assert found.requests == 227 + 50
    assert found.runs == 8
    assert found.seconds is not None
    assert found.seconds[0] == 94 + 2 * 12


def test_nothing_goes_beyond_the_budget_and_what_does_not_fit_is_told() -> None:
    small = TASK.model_copy(update={"budget": Budget(requests=300, tokens=100_000, seconds=60)})
    found = planned(small, lambda _: 2.0)
    assert (found.most.requests, found.most.tokens, found.most.seconds) == (300, 100_000, 60)
    assert found.seconds == (94.0, 94.0)
    assert found.over_budget == (
        "272,400 tokens are needed and the budget is 100,000",
        "94 seconds are needed and the budget is 60",
    )


@given(st.integers(1, 20), st.integers(1, 20))
def test_more_repeats_never_take_less(few: int, more: int) -> None:
    low, high = sorted((few, more))
    found = [planned(TASK.model_copy(update={"repeats": n}), lambda _: 1.0) for n in (low, high)]
    assert found[0].requests <= found[1].requests
    assert found[0].seconds is not None
    assert found[1].seconds is not None
    assert found[0].seconds <= found[1].seconds


def test_dollars_beyond_the_budget_are_told_whole() -> None:
    """94 s at 36 USD/h are 0.94 USD, whatever may be spent."""
    rented = TASK.model_copy(update={"usd_per_hour": 36.0, "budget": Budget(usd=0.5)})
    found = planned(rented, lambda _: 2.0)
    assert found.usd == pytest.approx((0.94, 0.94))
    assert found.most.usd == 0.5
    assert found.over_budget == ("0.94 USD are needed and the budget is 0.5",)
