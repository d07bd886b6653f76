"""JSON from a stranger: read with care, and refused with a sentence."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from planner.refresh.errors import RefreshError

LARGEST = 10**13
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,4})?", re.ASCII)


def parse(content: bytes, whose: str) -> Mapping[str, Any]:
    """A JSON object, its numbers exact. Raises RefreshError."""
    try:
        found = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0][:200]
        raise RefreshError(
            f"{whose} sent no readable JSON: {reason}.", "It may have been cut off; try again later."
        ) from error
    if not isinstance(found, Mapping):
        raise changed_form(whose, "an object", found)
    return found


def items(found: Mapping[str, Any], key: str, whose: str) -> list[Mapping[str, Any]]:
    """The list of objects under a key. Raises RefreshError."""
    listed = found.get(key)
    if not isinstance(listed, list) or not all(isinstance(item, Mapping) for item in listed):
        raise changed_form(whose, f"a list under {key!r}", listed)
    return listed


def changed_form(whose: str, expected: str, found: object) -> RefreshError:
    """The answer has another form than this program knows."""
    return RefreshError(
        f"{whose} sent another form of answer: {expected} is expected, not {type(found).__name__}.",
        "The source may have changed; a newer version of the planner may know it.",
    )


def number(value: object) -> Decimal | None:
    """An exact number out of a number or its text; None when it is none, or larger than anything priced or counted."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    text = str(value) if not isinstance(value, int) or abs(value) <= LARGEST else ""
    if not NUMBER.fullmatch(text):
        return None
    found = Decimal(text)
    return found if abs(found) <= LARGEST else None


def day(text: str) -> dt.date | None:
    """The day at the start of a date or time, with or without hyphens; None when there is none."""
    try:
        return dt.date.fromisoformat(text[:10] if "-" in text[:10] else text[:8])
    except ValueError:
        return None


def words(item: Mapping[str, Any], key: str) -> str:
    """A text field; "" when it is missing or no text."""
    value = item.get(key)
    return value if isinstance(value, str) else ""
