"""Edits of the draft: taken whole or refused with a sentence, and a refused one is tried again with the next.

So figures that belong together, such as the ends of a range, can be typed one after the other in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st
from pydantic import BaseModel, ValidationError

from planner.domain.document_problems import problems_of
from planner.domain.scenario import Scenario
from planner.web.state import Draft, Edit, PathKey, draft
from planner.web.usage_link import checked


def change(update: Edit, where: PathKey, again: bool = False) -> bool:
    """Apply an edit to the draft as a whole; on a mistake keep the last good scenario and remember the message.

    A success at a place clears the messages there and of what contains it. `again`: try a refused edit once more when
    something else has changed, since its widget still shows what was typed.
    """
    current = draft()
    waiting = {path: edit for path, edit in current.refused.items() if path != where}
    for group in (list(waiting), [], *([path] for path in waiting)):
        found = _take(current.scenario, [*(waiting[path] for path in group), update])
        if found is not None:
            rest = {path: edit for path, edit in waiting.items() if path not in group}
            _accept(current, *_with_rest(found, rest, [where, *group]))
            return True
    current.refused = waiting | ({where: update} if again else {})
    _refuse(current, update, where)
    return False


def _take(scenario: Scenario, edits: Iterable[Edit]) -> Scenario | None:
    """The scenario after these edits; None when they do not hold."""
    document = scenario.model_dump()
    try:
        for edit in edits:
            edit(document)
        return checked(scenario, Scenario.model_validate(document))
    except (ValidationError, LookupError, TypeError):
        return None  # LookupError, TypeError: what a waiting edit changes is no longer there


def _with_rest(scenario: Scenario, rest: dict[PathKey, Edit], done: list[PathKey]) -> tuple[Scenario, list[PathKey]]:
    """One waiting edit after the other, as long as one of them holds; the places where something was taken."""
    while taken := next(((p, s) for p, edit in rest.items() if (s := _take(scenario, [edit])) is not None), None):
        path, scenario = taken
        done = [*done, path]
        rest = {p: edit for p, edit in rest.items() if p != path}
    return scenario, done


def _accept(current: Draft, changed: Scenario, places: list[PathKey]) -> None:
    for where in places:
        current.problems = {path: p for path, p in current.problems.items() if path != where[: len(path)]}
        current.refused.pop(where, None)
    if changed != current.scenario:
        current.remember()
        current.scenario = changed


def _refuse(current: Draft, update: Edit, where: PathKey) -> None:
    document = current.scenario.model_dump()
    update(document)
    try:
        Scenario.model_validate(document)
    except ValidationError as error:
        current.problems[where] = problems_of(error, document)[0]


def change_list(update: Edit, where: PathKey) -> bool:
    """Add to a list of the draft or take from it: positions change, so messages and widgets start afresh."""
    done = change(update, where)
    if done:
        draft().start_afresh()
    return done


def replace(scenario: Scenario) -> None:
    """Take another scenario for the draft as one edit: undo goes back to the one before."""
    current = draft()
    if scenario != current.scenario:
        current.remember()
        current.scenario = scenario
    current.start_afresh()


_IN_A_KEY = str.maketrans({"_": "-", "-": "_d", ".": "_p"})
"""Fit for a CSS class, and different for different names."""


def widget_key(path: PathKey) -> str:
    """Key of the widget for one field: new when the document is replaced, so that it shows the new value."""
    return f"in{draft().epoch}-" + "-".join(str(part).translate(_IN_A_KEY) for part in path)


def panel_key(path: PathKey, name: str) -> str:
    """Key of a panel about a place: it names entries by their ids, so that it stays open when others come and go."""
    parts = (_entry_id(path[: end + 1]) for end in range(len(path)))
    return "-".join(("more", *(part.translate(_IN_A_KEY) for part in parts), name))


def _entry_id(path: PathKey) -> str:
    ids = ("option_id", "class_id", "driver")
    found = value_at(path) if isinstance(path[-1], int) else None
    return next((str(getattr(found, name)) for name in ids if hasattr(found, name)), str(path[-1]))


def value_at(path: PathKey) -> Any:
    """The field's value in the draft."""
    found: Any = draft().scenario
    for part in path:
        found = getattr(found, str(part)) if isinstance(found, BaseModel) else found[part]
    return found


def set_at(document: dict[str, Any], path: PathKey, value: Any) -> None:
    """Put a value into a plain document."""
    target: Any = document
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = value


def set_value(path: PathKey, value: Any) -> bool:
    """Another list or group of fields at a place; its widgets start afresh."""
    return change_list(lambda document: set_at(document, path, value), path)


def write_back(path: PathKey, convert: Callable[[Any], Any] = lambda value: value) -> None:
    """Callback of a bound widget: its value goes into the draft."""
    value = convert(st.session_state[widget_key(path)])
    change(lambda document: set_at(document, path, value), path, again=True)


def as_lists(document: dict[str, Any]) -> None:
    """Make the document's tuples editable."""
    document["options"] = list(document["options"])
    document["workload"]["classes"] = list(document["workload"]["classes"])
