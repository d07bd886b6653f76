from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.measurement.levels import next_level
from planner.domain.probe_task import ProbeTask
from planner.probe.pace import Pace
from planner.probe.plan import Step, arrivals_s, first_round, later_rounds, open_rounds

LEVELS = st.lists(st.integers(1, 64), min_size=1, max_size=6, unique=True).map(sorted)


def task(levels: list[int], **fields: object) -> ProbeTask:
    return ProbeTask.model_validate({"input_tokens": 10, "output_tokens": 10, "levels": levels} | fields)


@given(LEVELS, st.integers(1, 5), st.integers(0, 99))
def test_every_level_is_held_as_often_as_it_is_repeated_and_first_upwards(
    levels: list[int], repeats: int, seed: int
) -> None:
    asked = task(levels, repeats=repeats)
    first = first_round(asked)
    later = later_rounds(asked, levels, random.Random(seed))
    assert [step.level for step in first] == levels
    assert Counter(step.level for step in [*first, *later]) == dict.fromkeys(levels, repeats)
    assert [step.repeat for step in later] == sorted(step.repeat for step in later)


def test_later_rounds_differ_in_order_and_a_seed_fixes_it() -> None:
    levels = [1, 2, 4, 8, 16, 32]
    asked = task(levels, repeats=4)
    one, same, other = (later_rounds(asked, levels, random.Random(seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    rounds = [[step.level for step in one if step.repeat == repeat] for repeat in (2, 3, 4)]
    assert len({tuple(order) for order in rounds}) > 1


@given(st.integers(1, 4096), st.integers(1, 4096))
def test_a_level_is_doubled_up_to_the_most_and_not_beyond(level: int, most: int) -> None:
    more = next_level(task([1], most_in_flight=most), level)
    assert (more is None) == (level >= most)
    assert more is None or level < more <= min(2 * level, most)


def test_words_name_the_load_and_the_repeat() -> None:
    asked = task([16], repeats=3, open_rates_per_s=(4.0, 2.0), open_seconds=30)
    assert Step(16, 2).words(asked) == "16 in flight, repeat 2 of 3"
    assert [step.words(asked) for step in open_rounds(asked)] == ["2 requests/s for 30 s", "4 requests/s for 30 s"]


def test_a_run_costs_its_requests_and_its_warm_up_wave() -> None:
    asked = task([1, 16], requests_per_slot=4, least_requests=12, open_rates_per_s=(2.5,), open_seconds=30)
    assert [step.requests(asked) for step in first_round(asked)] == [12 + 1, 64 + 16]
    assert [step.requests(asked) for step in open_rounds(asked)] == [75]


@given(st.integers(0, 20), st.floats(5, 50))
def test_arrivals_are_those_of_a_poisson_process(seed: int, rate: float) -> None:
    due = arrivals_s(rate, 100, random.Random(seed))
    gaps = [b - a for a, b in pairwise(due)]
    count = rate * 100
    assert abs(len(due) - count) < 6 * count**0.5
    assert all(gap > 0 for gap in gaps)
    assert due[-1] < 100
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert spread / mean == pytest.approx(1.0, abs=0.3)  # exponential gaps: as wide as their mean


def test_a_run_that_was_held_before_takes_as_long_again() -> None:
    pace = Pace()
    assert pace.expected(4, 20) is None
    pace.ran(4, 20, 10.0)
    pace.ran(4, 20, 14.0)
    assert pace.expected(4, 20) == 12.0
    # 16 in flight is not known: 80 requests at twice the 20 / 14 a second that were seen last at 4
    assert pace.expected(16, 80) == pytest.approx(80 / (2 * 20 / 14))
