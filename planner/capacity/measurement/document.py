"""The form in which a measurement is kept and handed on: JSON, form 1, with nothing of prompts, answers or keys.

`read_measurement(measurement_json(m), name) == m` for every m that `finished` has seen.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from planner.capacity.measurement.summary import finished
from planner.domain.document_problems import Problem
from planner.domain.measurement import Measurement

__all__ = ["MAX_BYTES", "MeasurementError", "Problem", "json_schema", "measurement_json", "read_measurement"]

MAX_BYTES = 20_000_000
"""2,000 runs with all that they may hold are about a quarter of it."""
MOST_DIGITS = 400
MOST_PROBLEMS = 50
SCHEMA_VERSION = 1
_SHOWN_CHARACTERS = 60
_ADVICE = "Give a measurement as `planner probe` writes it."


class MeasurementError(ValueError):
    """A document that cannot be taken as a measurement; `.problems` has everything that is wrong with it."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def measurement_json(measurement: Measurement) -> bytes:
    """All fields in their fixed order, one to a line: the same measurement always gives the same bytes."""
    fields = measurement.model_dump(mode="json")
    return (json.dumps(fields, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def read_measurement(data: bytes, name: str) -> Measurement:
    """The measurement in a document, with summary and flags computed anew; `name` is what errors call it."""
    text = _text(data, name)
    _refuse_other_forms(_plain(text, name), name)
    try:
        return finished(Measurement.model_validate_json(text, strict=True))
    except ValidationError as error:
        raise MeasurementError(_problems(error, name)) from error


def json_schema() -> dict[str, Any]:
    """JSON Schema of the document."""
    return Measurement.model_json_schema()


def _refused(name: str, message: str, remedy: str = _ADVICE) -> MeasurementError:
    return MeasurementError((Problem(name, message, remedy),))


def _text(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise _refused(name, f"it is too large ({len(data):,} bytes; at most {MAX_BYTES:,})")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(name, "it is not UTF-8 text", "Give the JSON file itself.") from error
    if not text.strip():
        raise _refused(name, "it is empty")
    return text


def _plain(text: str, name: str) -> dict[str, object]:
    """The named fields of a JSON text; repeated names, deep nesting and numbers that are none are refused."""
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _refused(name, f"it is not valid JSON at {where}: {error.msg}") from error
    except RecursionError as error:
        raise _refused(name, "its brackets are nested too deeply") from error
    except ValueError as error:
        raise _refused(name, str(error)) from error
    if not isinstance(value, dict):
        raise _refused(name, "it does not hold named fields")
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"{twice[:_SHOWN_CHARACTERS]!r} is given twice in one place")
    return result


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError("a number has too many digits")
    return int(digits)


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _refuse_other_forms(given: dict[str, object], name: str) -> None:
    form = given.get("schema_version")
    if isinstance(form, int) and not isinstance(form, bool) and form > SCHEMA_VERSION:
        message = f"written by a newer program (form {form}; this program reads form {SCHEMA_VERSION})"
        raise _refused(name, message, "Update this program.")
    if "measurement_id" not in given:
        fields = ", ".join(sorted(given)[:5])[:_SHOWN_CHARACTERS]
        raise _refused(name, f"it is no measurement: it has no measurement_id (its fields: {fields or 'none'})")


def _problems(error: ValidationError, name: str) -> tuple[Problem, ...]:
    details = error.errors(include_url=False)
    found = tuple(dict.fromkeys(_problem(detail, name) for detail in details[:MOST_PROBLEMS]))
    untold = len(details) - MOST_PROBLEMS
    return (*found, Problem(name, f"{untold:,} more problems", "Correct these first.")) if untold > 0 else found


def _problem(detail: ErrorDetails, name: str) -> Problem:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"]).removeprefix(".")
    kind, given, words = detail["type"], detail["input"], detail["msg"]
    if kind == "missing":
        return Problem(path, "it is missing", _ADVICE)
    if kind == "extra_forbidden":
        return Problem(path, "there is no field of this name", "Remove it.")
    if kind == "json_invalid":
        return Problem(name, f"it is not valid JSON: {words.removeprefix('Invalid JSON: ')}", _ADVICE)
    if kind in ("too_long", "string_too_long"):
        what, most = "characters" if kind == "string_too_long" else "entries", detail["ctx"]["max_length"]
        return Problem(path, f"it has more than {most:,} {what}", f"Keep at most {most:,} of them.")
    if kind == "value_error":
        return Problem(path or name, words.removeprefix("Value error, "), _ADVICE)
    return Problem(
        path, f"{_shown(given)} is not taken", f"Give a value that is {words.removeprefix('Input should be ')}."
    )


def _shown(given: object) -> str:
    """A given value, shortened; of a larger one only its kind."""
    if isinstance(given, dict | list):
        return "a list" if isinstance(given, list) else "a group of named fields"
    return repr(given)[:_SHOWN_CHARACTERS]
