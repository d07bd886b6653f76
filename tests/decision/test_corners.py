"""Whatever the door lets in has an answer that can be written: every bounded field at its ends, and hostile facts."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from planner.decision.evaluate import decide
from planner.decision.resolve import resolve
from planner.domain.base import FIRST_DAY, LAST_DAY
from planner.domain.facts import Facts
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from planner.units import add_months
from tests.builders import ON, catalog, shipped

QUESTION = shipped("azure-conversation.yaml").model_dump(mode="json")
FACTS = resolve(Scenario.model_validate(QUESTION), catalog(), ON).model_dump(mode="json")
EXTREMES = [
    0,
    1e-300,
    1e-9,
    1e-3,
    1,
    50,
    1e4,
    1e6,
    1e10,
    1e12,
    1e300,
    -1,
    "2026-13",
    "soon",
    "9999-12-31",
    "",
    None,
    True,
]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all plain values in a document."""
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in leaves(v, (*path, k))]
    if isinstance(value, list):
        return [p for i, v in enumerate(value) for p in leaves(v, (*path, i))]
    return [path]


def replaced(value: Any, path: tuple[Any, ...], new: object) -> Any:
    if not path:
        return new
    first, *rest = path
    if isinstance(value, dict):
        return {k: replaced(v, tuple(rest), new) if k == first else v for k, v in value.items()}
    return [replaced(v, tuple(rest), new) if i == first else v for i, v in enumerate(value)]


def changed(document: Any, changes: list[tuple[tuple[Any, ...], object]]) -> Any:
    for path, new in changes:
        document = replaced(document, path, new)
    return document


def edits(document: Any) -> st.SearchStrategy[list[tuple[tuple[Any, ...], object]]]:
    return st.lists(st.tuples(st.sampled_from(leaves(document)), st.sampled_from(EXTREMES)), min_size=1, max_size=4)


def written(scenario: Scenario, facts: Facts) -> None:
    assert Result.model_validate_json(decide(scenario, facts).model_dump_json()).options


@settings(max_examples=300)
@given(changes=edits(QUESTION))
def test_every_scenario_the_door_lets_in_is_answered(changes: list[tuple[tuple[Any, ...], object]]) -> None:
    try:
        scenario = Scenario.model_validate(changed(QUESTION, changes))
    except ValidationError:
        return
    written(scenario, resolve(scenario, catalog(), ON))


@settings(max_examples=300)
@given(changes=edits(FACTS))
def test_all_facts_the_door_lets_in_are_decided(changes: list[tuple[tuple[Any, ...], object]]) -> None:
    scenario = Scenario.model_validate(QUESTION)
    try:
        facts = Facts.model_validate(changed(FACTS, changes))
    except ValidationError:
        return
    if [f.option_id for f in facts.options] == [o.option_id for o in scenario.options]:
        written(scenario, facts)


@pytest.mark.parametrize("day", [FIRST_DAY, LAST_DAY, dt.date(2024, 2, 29)])
def test_any_day_has_its_longest_horizon(day: dt.date) -> None:
    assert add_months(day, 120) > day
