"""What the domain says about a field: its description and its bounds, so that no widget repeats them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, NamedTuple, get_args, get_origin

import annotated_types as at
from pydantic.fields import FieldInfo

from planner.web.editing import value_at
from planner.web.state import PathKey
from planner.web.text import md

LARGEST_WHOLE = 2**53 - 1
"""The browser's numbers are exact up to here."""


class Limits(NamedTuple):
    """The ends of a number and the length of a text; None: no limit.

    An end that the domain leaves out (above 0, below 100) is let through: the domain refuses it in words.
    """

    low: float | None
    high: float | None
    length: int | None


def field_info(path: PathKey) -> FieldInfo:
    """The domain's field at a path of the draft; an entry of a table by name has only its type."""
    group = value_at(path[:-1])
    if isinstance(group, Mapping):
        return FieldInfo.from_annotation(get_args(field_info(path[:-1]).annotation)[1])
    return type(group).model_fields[str(path[-1])]  # type: ignore[no-any-return]  # any model


def help_of(path: PathKey, given: str | None) -> str:
    """The help text given, or else the field's description."""
    return given if given is not None else md(field_info(path).description or "")


def choices(path: PathKey) -> tuple[Any, ...]:
    """The values of a field that takes one of several."""
    return get_args(field_info(path).annotation)


def plain_type(path: PathKey) -> Any:
    """The type of a field, without None and constraints: a class, or Literal."""
    found: Any = field_info(path).annotation
    if may_be_empty(path):
        found = next(part for part in get_args(found) if part is not type(None))
    found = get_args(found)[0] if get_origin(found) is Annotated else found
    return get_origin(found) or found


def may_be_empty(path: PathKey) -> bool:
    """Whether the field takes None."""
    return type(None) in get_args(field_info(path).annotation)


def limits(path: PathKey) -> Limits:
    """The bounds of the field at a path."""
    low = high = length = None
    for rule in _rules(field_info(path)):
        if isinstance(rule, at.Ge | at.Gt):
            low = _number(rule.ge if isinstance(rule, at.Ge) else rule.gt)
        elif isinstance(rule, at.Le | at.Lt):
            high = _number(rule.le if isinstance(rule, at.Le) else rule.lt)
        elif isinstance(rule, at.MaxLen):
            length = rule.max_length
    return Limits(low, high, length)


def most_entries(path: PathKey) -> int:
    """How many entries the list at a path may have."""
    return limits(path).length or LARGEST_WHOLE


def _number(bound: Any) -> float:
    return float(bound)


def _rules(info: FieldInfo) -> Iterator[Any]:
    """The constraints of a field, those of an optional value included."""
    yield from info.metadata
    for part in get_args(info.annotation):
        for inner in getattr(part, "__metadata__", ()):
            yield from inner.metadata if isinstance(inner, FieldInfo) else (inner,)
