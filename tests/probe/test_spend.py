from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.measurement.outcome import Outcome
from planner.domain.probe_task import Budget, ProbeTask
from planner.probe.spend import Spend


def spend(*, usd_per_hour: float | None = None, budget: Budget | None = None, **prices: float) -> Spend:
    task = ProbeTask(input_tokens=100, output_tokens=50, budget=budget or Budget())
    made = Spend(task.model_copy(update=prices), usd_per_hour)
    made.start()
    return made


def answered(spent: Spend, input_tokens: int = 100, output_tokens: int = 50) -> None:
    spent.begin()
    spent.end(Outcome(0.0, 1.0, 0.1, 1.0, input_tokens=input_tokens, output_tokens=output_tokens))


def test_requests_and_tokens_are_counted_as_delivered() -> None:
    spent = spend()
    answered(spent, 120, 40)
    answered(spent, 80, 10)
    assert (spent.requests, spent.tokens) == (2, 120 + 40 + 80 + 10)


def test_a_request_that_failed_before_its_answer_took_no_tokens() -> None:
    spent = spend()
    spent.begin()
    spent.end(Outcome(0.0, 1.0, error="unreachable"))
    assert (spent.requests, spent.tokens) == (1, 0)


def test_an_answer_that_was_cut_off_counts_its_prompt_and_its_pieces() -> None:
    spent = spend()
    spent.begin()
    spent.end(Outcome(0.0, 1.0, 0.1, 0.9, chunks=7, cut_off=True))
    assert spent.tokens == 100 + 7


def test_dollars_are_tokens_and_hours_at_their_prices() -> None:
    spent = spend(input_usd_per_mtok=2.0, output_usd_per_mtok=10.0)
    answered(spent, 1000, 500)
    assert spent.usd == pytest.approx(1000 * 2e-6 + 500 * 10e-6)
    by_hour = spend(usd_per_hour=3600.0)  # a dollar a second
    time.sleep(0.05)
    assert by_hour.usd == pytest.approx(by_hour.seconds, rel=0.05)


def test_the_price_of_the_task_goes_before_that_of_the_server() -> None:
    spent = Spend(ProbeTask(input_tokens=1, output_tokens=1, usd_per_hour=0.0), usd_per_hour=1e6)
    spent.start()
    assert spent.usd == 0.0


def test_without_a_price_there_are_no_dollars() -> None:
    assert (spend().usd, spend().priced) == (None, False)
    assert not spend(input_usd_per_mtok=1.0).priced  # answers cost something as well


@given(st.integers(1, 50), st.integers(0, 50))
def test_no_more_requests_are_allowed_than_the_budget_has(limit: int, wanted: int) -> None:
    spent = spend(budget=Budget(requests=limit))
    sent = 0
    while sent < wanted and not spent.refused():
        answered(spent)
        sent += 1
    assert sent == min(limit, wanted)


def test_requests_in_flight_count_at_their_longest() -> None:
    # 150 tokens each: 1000 allow six, wherever those in flight will end
    spent = spend(budget=Budget(tokens=1000))
    for _ in range(5):
        spent.begin()
    assert not spent.refused()
    spent.begin()
    assert spent.refused() == "the budget of 1,000 tokens"


@pytest.mark.parametrize(
    ("budget", "requests", "seconds", "expected"),
    [
        (Budget(requests=10), 11, 0.0, "the budget of 10 requests"),
        (Budget(tokens=1500), 11, 0.0, "the budget of 1,500 tokens"),
        (Budget(seconds=60), 1, 61.0, "the budget of 60 seconds"),
        (Budget(usd=0.01), 11, 0.0, "the budget of 0.01 USD"),  # 11 x 0.001 USD
        (Budget(requests=10, tokens=1500, seconds=60, usd=0.0101), 10, 1.0, ""),
    ],
)
def test_what_could_go_beyond_is_refused_with_the_limit_that_it_breaks(
    budget: Budget, requests: int, seconds: float, expected: str
) -> None:
    # a request is 100 x 5 + 50 x 10 USD/1M = 0.001 USD
    spent = spend(budget=budget, input_usd_per_mtok=5.0, output_usd_per_mtok=10.0)
    assert spent.refused(requests, seconds) == expected


def test_time_and_dollars_that_are_used_up_end_what_is_in_flight() -> None:
    assert not spend(budget=Budget(seconds=60, usd=1.0)).over()
    late = spend(budget=Budget(seconds=0.01))
    time.sleep(0.02)
    assert late.over() == "the budget of 0.01 seconds"
    dear = spend(budget=Budget(usd=0.000001), usd_per_hour=3600.0)
    time.sleep(0.001)
    assert dear.over() == "the budget of 1e-06 USD"
