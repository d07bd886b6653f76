"""JSON and YAML text to plain values. Numbers stay exact (Decimal), and nothing ambiguous is guessed at.

YAML is read by the 1.2 core rules: `no`, `on` and `2026-11-20` are text. Anchors, aliases, tags, merge keys, repeated
keys and a second document are refused, so what a reader sees in the file is what is taken.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import accumulate
from typing import NoReturn, Protocol

import yaml

MAX_DEPTH = 20
_MAX_MAGNITUDE = 400
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z", re.ASCII)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_YAML_ADVICE = "Indent with spaces, and put text that holds ': ', ' #' or brackets in quotes."
_FLAT_ADVICE = "A scenario is at most a few levels deep: write it as the example files do."
_ONCE_ADVICE = "Keep one of them."


class _Mark(Protocol):
    line: int
    column: int


class Refused(ValueError):
    """Text that is not taken: what is wrong, and the way out."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def read_json(text: str) -> object:
    """The value of a JSON text; repeated keys are refused."""
    if _deepest(text) > MAX_DEPTH:
        raise Refused("brackets are nested too deeply", _FLAT_ADVICE)
    try:
        return json.loads(text, object_pairs_hook=_object, parse_float=_decimal, parse_int=_integer)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refused(f"not valid JSON at {where}: {error.msg}", "Correct the text there.") from error


def _deepest(text: str) -> int:
    """How deep brackets are nested, those inside strings left out."""
    steps = (1 if sign in "[{" else -1 for sign in re.findall(r"[\[\]{}]", _STRING.sub("", text)))
    return max(accumulate(steps), default=0)


def read_yaml(text: str) -> object:
    """The value of a YAML text of one document."""
    try:
        return _one_document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        where = _where(error.problem_mark or error.context_mark) or "some place"
        raise Refused(f"not valid YAML at {where}: {error.problem or error.context}", _YAML_ADVICE) from error
    except yaml.YAMLError as error:
        raise Refused("the text holds control characters", "Remove them, and save the file as UTF-8 text.") from error


def _where(mark: _Mark | None) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise Refused(f"{twice[:60]} is given twice in one place", _ONCE_ADVICE)
    return result


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _MAX_MAGNITUDE else float(text)


def _decimal(text: str) -> Decimal | float:
    """Exact, unless so large or small that arithmetic on it would never end."""
    if len(text) > _MAX_MAGNITUDE:
        return float(text)
    exponent = text.lower().partition("e")[2]
    return Decimal(text) if len(exponent) <= 4 and abs(int(exponent or 0)) <= _MAX_MAGNITUDE else float(text)


def _one_document(events: Iterator[yaml.Event]) -> object:
    next(events)  # start of the stream
    if not isinstance(next(events), yaml.DocumentStartEvent):
        return None
    value = _value(next(events), events, 0)
    next(events)  # end of the document
    if not isinstance(next(events), yaml.StreamEndEvent):
        raise Refused("the file holds more than one document", "Keep one scenario to a file.")
    return value


def _value(event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> object:
    _refuse_references(event)
    if depth > MAX_DEPTH:
        _refuse(event, "brackets or indentation are nested too deeply", _FLAT_ADVICE)
    if isinstance(event, yaml.ScalarEvent):
        return _plain(event.value) if event.implicit[0] else event.value
    if isinstance(event, yaml.SequenceStartEvent):
        return list(_entries(events, depth))
    return _mapping(events, depth)


def _refuse_references(event: yaml.Event) -> None:
    if isinstance(event, yaml.AliasEvent):
        _refuse(event, f"the alias *{event.anchor} is not taken", "Write the value out.")
    if getattr(event, "anchor", None) is not None:
        _refuse(event, "an anchor (&) is not taken", "Remove it, and write values out; put text with & in quotes.")
    if getattr(event, "tag", None) is not None:
        _refuse(event, "a tag (!) is not taken", "Remove it; put text that starts with ! in quotes.")


def _entries(events: Iterator[yaml.Event], depth: int) -> Iterator[object]:
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent):
            return
        yield _value(event, events, depth + 1)


def _mapping(events: Iterator[yaml.Event], depth: int) -> dict[str, object]:
    result: dict[str, object] = {}
    for event in events:
        if isinstance(event, yaml.MappingEndEvent):
            break
        _refuse_references(event)
        if not isinstance(event, yaml.ScalarEvent):
            _refuse(event, "a field name must be one word", "Put values that hold brackets in quotes.")
        if event.value in result:
            _refuse(event, f"{event.value[:60]} is given twice in one place", _ONCE_ADVICE)
        result[event.value] = _value(next(events), events, depth + 1)
    return result


def _refuse(event: yaml.Event, message: str, remedy: str) -> NoReturn:
    where = _where(event.start_mark)
    raise Refused(f"{message} ({where})" if where else message, remedy)


def _plain(text: str) -> object:
    """The meaning of an unquoted YAML word."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return _integer(text)
    if FLOAT.match(text):
        return _decimal(text)
    return float(text.replace(".", "")) if _NOT_FINITE.fullmatch(text) else text
