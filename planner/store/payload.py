"""Scenario and facts as the exact JSON that is stored and linked, and back."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import ValidationError

from planner.domain.base import Value
from planner.domain.document import problems_of
from planner.domain.facts import BlockedFacts, Facts, OptionFacts, PerTokenFacts, RentedFacts
from planner.domain.options import Option, RentedOption
from planner.domain.scenario import Scenario

V = TypeVar("V", bound=Value)


class PayloadError(ValueError):
    """Stored or linked JSON that is not a value of this program; the text is a sentence without its full stop."""


def to_json(value: Value) -> str:
    """All fields; prices as strings with every digit."""
    return value.model_dump_json()


def from_json(kind: type[V], text: str) -> V:
    """The value in a JSON text; PayloadError when there is none that this program can read."""
    try:
        given = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PayloadError("it is not valid JSON") from error
    return from_plain(kind, given)


def from_plain(kind: type[V], given: object) -> V:
    """The same from values already parsed."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first, *rest = problems_of(error, given)
        more = f" (and {len(rest)} more)" if rest else ""
        raise PayloadError(f"{first.field}: {first.message}{more}") from error


def mismatch(scenario: Scenario, facts: Facts) -> str | None:
    """Why these facts are not the facts of this scenario, or None."""
    wanted = [option.option_id for option in scenario.options]
    if [found.option_id for found in facts.options] != wanted:
        return "the facts are not those of the scenario's options"
    for option, found in zip(scenario.options, facts.options, strict=True):
        if not _fits(option, found):
            return f"the facts of {option.option_id} are of another kind than the option"
    return None


def _fits(option: Option, found: OptionFacts) -> bool:
    if isinstance(found, BlockedFacts):
        return True
    if isinstance(option, RentedOption):
        return isinstance(found, RentedFacts)
    return isinstance(found, PerTokenFacts) and _in_order([period.from_month for period in found.periods])


def _in_order(months: list[int]) -> bool:
    """Prices start in month 1 and change in later months."""
    return months[0] == 1 and months == sorted(set(months))
