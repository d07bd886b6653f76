"""Small steps through a parsed JSON document: each takes what is there and says in words what is wrong."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Mapping

Document = Mapping[str, object]
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


def as_document(value: object) -> Document:
    """An object, also one written as text; an empty one for anything else."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}


def children(holder: Document, *names: str) -> Iterator[Document]:
    """The objects in the first list of these names."""
    found = first(holder, *names)
    yield from (item for item in found if isinstance(item, Mapping)) if isinstance(found, list) else ()


def first(holder: Document, *names: str) -> object:
    """The first of these that is there and neither null nor an empty text."""
    return next((value for value in map(holder.get, names) if value is not None and value != ""), None)


def text(value: object) -> str | None:
    """As text; None for nothing."""
    return None if value is None or value == "" else str(value)


def whole(value: object) -> int | None:
    """A whole number, also written as text or as 12.0; None for nothing. Raises ValueError for anything else."""
    if value is None or value == "":
        return None
    try:
        number = value if isinstance(value, int) else float(str(value))
        if not isinstance(value, bool) and (isinstance(number, int) or number == math.floor(number)):
            return int(str(value)) if str(value).lstrip("-").isdigit() else int(number)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{str(value)[:40]!r} is not a whole number")


def micros(value: object) -> int | None:
    """Microseconds since 1970 UTC of ISO text or of epoch s, ms, us or ns; None for nothing. Raises ValueError."""
    if value is None or value == "":
        return None
    text = str(value).strip()
    try:
        return _of_number(text) if text.replace(".", "", 1).isdigit() else _of_iso(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a time") from None


def _of_number(text: str) -> int:
    """Below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds; exact."""
    digits, _, fraction = text.partition(".")
    number = int(digits or "0")
    if number < 10**11:
        return number * 10**6 + int(fraction[:6].ljust(6, "0") or "0")
    return number * 1000 if number < 10**14 else number if number < 10**17 else number // 1000


def _of_iso(text: str) -> int:
    moment = dt.datetime.fromisoformat(text)
    return ((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)) - EPOCH) // MICROSECOND
