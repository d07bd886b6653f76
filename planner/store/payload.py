"""Scenario and facts as the exact JSON that is stored and linked, and back."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import ValidationError

from planner.domain.base import Value
from planner.domain.document import problems_of
from planner.domain.facts import (
    BlockedFacts,
    Facts,
    OptionFacts,
    OwnedFacts,
    PerTokenFacts,
    RentedFacts,
    TypedFacts,
)
from planner.domain.options import (
    ApiOption,
    HostedOption,
    HybridOption,
    Option,
    OwnedOption,
    ProvisionedOption,
    RentedOption,
    WorkstationOption,
)
from planner.domain.scenario import Scenario

V = TypeVar("V", bound=Value)


class PayloadError(ValueError):
    """Stored or linked JSON that is not a value of this program; the text is a sentence without its full stop."""


def to_json(value: Value) -> str:
    """All fields; prices as strings with every digit."""
    return value.model_dump_json()


def scenario_from_json(text: str) -> Scenario:
    """A scenario as it was saved, by this program or an older one; PayloadError as in `from_json`."""
    return from_plain(Scenario, as_saved(_parsed(text)))


def from_json(kind: type[V], text: str) -> V:
    """The value in a JSON text; PayloadError when there is none that this program can read."""
    return from_plain(kind, _parsed(text))


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PayloadError("it is not valid JSON") from error


def from_plain(kind: type[V], given: object) -> V:
    """The same from values already parsed."""
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        first, *rest = problems_of(error, given)
        more = f" (and {len(rest)} more)" if rest else ""
        raise PayloadError(f"{first.field}: {first.message}{more}") from error


def as_saved(given: object) -> object:
    """A scenario saved before there was time in it: no discounting and no batch in idle hours, as it was costed then.

    Its answer stays the one that was saved; a file without these fields gets today's defaults instead.
    """
    if not isinstance(given, dict) or "timeline" in given:
        return given
    options = given.get("options")
    still = (
        [{"batch_fills_troughs": False} | o if _rents(o) else o for o in options]
        if isinstance(options, list)
        else options
    )
    return given | {"timeline": {"discount_rate_per_year": 0}, "options": still}


def _rents(option: object) -> bool:
    return isinstance(option, dict) and option.get("kind") == "rented"


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
    match option, found:
        case _, BlockedFacts():
            return True
        case ApiOption() | HostedOption(), PerTokenFacts():
            return _in_order([period.from_month for period in found.periods])
        case RentedOption(), RentedFacts():
            return True
        case OwnedOption(), OwnedFacts():
            return True
        case ProvisionedOption() | WorkstationOption() | HybridOption(), TypedFacts():
            return True
    return False


def _in_order(months: list[int]) -> bool:
    """Prices start in month 1 and change in later months."""
    return months[0] == 1 and months == sorted(set(months))
