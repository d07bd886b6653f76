"""What is wrong with a document, in plain words: where it is, what was given, and the way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import ErrorDetails

from planner.domain.nearest import nearest
from planner.domain.scenario import SCHEMA_VERSION, Scenario

_MOST_PROBLEMS = 100
_NAMED_ENTRIES = 100
_SHOWN_CHARACTERS = 60
_LARGEST_SHOWN_BITS = 100
_ID_FIELDS = ("option_id", "class_id")
_PATTERNS = {
    r"^[a-z0-9][a-z0-9._-]{0,79}$": "a short name of lower-case letters, digits, '.', '_' or '-', up to 80 long",
    r"^(\d{4}(-\d{2}(-\d{2})?)?)?$": "a date as YYYY, YYYY-MM or YYYY-MM-DD, in quotes",
}


class Problem(NamedTuple):
    """One thing to correct: the field's path, what is wrong, and what to do."""

    field: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}. {self.remedy}"


class DocumentError(ValueError):
    """A document that cannot be taken; `.problems` has everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Truth:
    """A true or false that stands where no such value belongs, so that it is not taken for 1 or 0."""

    value: bool


class _Place(NamedTuple):
    path: str
    node: JsonSchemaValue
    parent: JsonSchemaValue


def problems_of(error: ValidationError, given: object) -> tuple[Problem, ...]:
    """What pydantic found wrong with `given`, in its order; only the newer form of a document when that explains it."""
    details = error.errors(include_url=False)
    newer = [d for d in details if _from_newer_program(d)]
    root = _definitions().get(error.title, {})
    kept = newer or [d for d in details if not _is_echo(d)]
    problems = dict.fromkeys(_problem(d, _place(root, d["loc"], given)) for d in kept[:_MOST_PROBLEMS])
    return (*problems, *_untold(len(kept) - _MOST_PROBLEMS))


def _untold(count: int) -> tuple[Problem, ...]:
    return (Problem("scenario", f"{count:,} more problems", "Correct these first."),) if count > 0 else ()


@lru_cache(1)
def _definitions() -> dict[str, JsonSchemaValue]:
    root = Scenario.model_json_schema()
    return {"Scenario": root, **root["$defs"]}


@lru_cache(1)
def flag_fields() -> frozenset[str]:
    """Names of the fields that hold true or false."""
    every = [item for node in _definitions().values() for item in node["properties"].items()]
    return frozenset(name for name, node in every if _resolved(node).get("type") == "boolean")


def _from_newer_program(detail: ErrorDetails) -> bool:
    given = detail["input"]
    if detail["loc"] != ("schema_version",) or isinstance(given, bool):
        return False
    return isinstance(given, int | float | Decimal) and given > SCHEMA_VERSION


def _is_echo(detail: ErrorDetails) -> bool:
    """A list whose entries are wrong is also reported as too short; the entries say it better."""
    if detail["type"] != "too_short" or not isinstance(detail["input"], Sequence):
        return False
    return bool(len(detail["input"]) >= detail["ctx"]["min_length"])


def _resolved(node: JsonSchemaValue) -> JsonSchemaValue:
    """The schema behind a reference or an optional value, with the description of the field itself."""
    if "$ref" in node:
        target = _definitions()[node["$ref"].rpartition("/")[2]]
    elif "anyOf" in node:
        target = _resolved(next(choice for choice in node["anyOf"] if choice.get("type") != "null"))
    else:
        return node
    return {**target, **{key: value for key, value in node.items() if key not in ("$ref", "anyOf")}}


def _place(root: JsonSchemaValue, loc: tuple[int | str, ...], given: object) -> _Place:
    """The field that pydantic's location means; the kind of an option is part of a location but not of a path."""
    path, node, parent = "", root, root
    for part in loc:
        kinds = node.get("discriminator", {}).get("mapping", {})
        if part in kinds:
            node = _resolved({"$ref": kinds[part]})
            continue
        path += f"[{_entry_name(given, part)}]" if isinstance(part, int) else f".{part}"
        inner = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
        node, parent, given = _resolved(inner), node, _inside(given, part)
    return _Place(path.removeprefix(".") or "scenario", node, parent)


def _inside(given: object, part: int | str) -> object:
    if isinstance(given, Mapping):
        return given.get(part)
    if isinstance(part, str):
        return getattr(given, part, None) if isinstance(given, BaseModel) else None
    in_list = isinstance(given, Sequence) and not isinstance(given, str) and part < len(given)
    return given[part] if in_list else None  # type: ignore[index]  # in_list says so


def _entry_name(entries: object, index: int) -> str:
    """The id of a list entry when it has one of its own, else its position from 0."""
    if isinstance(entries, Sequence) and index < len(entries) <= _NAMED_ENTRIES:
        for field in _ID_FIELDS:
            ids = [_inside(entry, field) for entry in entries]
            own = ids[index]
            if isinstance(own, str) and own.isprintable() and 0 < len(own) <= 80 and ids.count(own) == 1:
                return own
    return str(index)


def _problem(detail: ErrorDetails, place: _Place) -> Problem:
    special = _SPECIAL.get(detail["type"])
    if special is not None:
        message, remedy = special(detail, place)
        return Problem(place.path, message, remedy)
    words = _MESSAGES.get(detail["type"])
    message = words.format(shown=_shown(detail["input"])) if words else detail["msg"]
    return Problem(place.path, message, f"Give {_expected(place.node)}.")


_MESSAGES = {
    **dict.fromkeys(("greater_than", "greater_than_equal", "less_than", "less_than_equal"), "{shown} is out of range"),
    **dict.fromkeys(("float_type", "float_parsing", "decimal_type", "decimal_parsing"), "{shown} is not a number"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "{shown} is not a whole number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "{shown} is neither true nor false"),
    **dict.fromkeys(("model_type", "dict_type"), "{shown} stands where named fields belong"),
    "int_parsing_size": "the number is too large",
    "finite_number": "{shown} is not a finite number",
    "string_pattern_mismatch": "{shown} is not written as it should be",
    "string_unicode": "the text holds a broken character",
    "string_too_short": "the text is empty",
    "tuple_type": "{shown} stands where a list belongs",
}


def _missing(detail: ErrorDetails, place: _Place) -> tuple[str, str]:
    meaning = place.node.get("description", "").rstrip(".")
    return f"missing ({meaning})" if meaning else "missing", f"Add it: give {_expected(place.node)}."


def _unknown_field(detail: ErrorDetails, place: _Place) -> tuple[str, str]:
    known = sorted(place.parent.get("properties", {}))
    near = nearest(str(detail["loc"][-1]), known)
    advice = f"Did you mean {' or '.join(near)}?" if near else f"The fields here are {', '.join(known)}."
    return "there is no field of this name", advice if known else "Remove it."


def _not_text(detail: ErrorDetails, place: _Place) -> tuple[str, str]:
    given = detail["input"]
    if isinstance(given, int | float | Decimal):
        return f"{_shown(given)} is a number where text belongs", f'Write it in quotes: "{_shown(given)}".'
    return f"{_shown(given)} is not text", f"Give {_expected(place.node)}."


def _too_long(detail: ErrorDetails, place: _Place) -> tuple[str, str]:
    limit, count = detail["ctx"]["max_length"], len(detail["input"])
    what = "characters" if isinstance(detail["input"], str) else "entries"
    return f"it has {count:,} {what}, more than {limit:,}", f"Shorten it to at most {limit:,} {what}."


def _too_few(detail: ErrorDetails, place: _Place) -> tuple[str, str]:
    return "the list is empty", f"Give {_expected(place.node)}."


def _too_many_digits(detail: ErrorDetails, place: _Place) -> tuple[str, str]:
    (rule, limit), *_ = detail["ctx"].items()
    where = {"decimal_places": "after the point", "whole_digits": "before the point"}.get(rule, "in all")
    return f"{_shown(detail['input'])} has too many digits", f"Keep at most {limit} digits {where}."


def _not_one_of(detail: ErrorDetails, place: _Place) -> tuple[str, str]:
    if _from_newer_program(detail):
        return (
            f"written by a newer program (form {_shown(detail['input'])}; this program reads form {SCHEMA_VERSION})",
            "Update this program, or ask for the document in the older form.",
        )
    return f"{_shown(detail['input'])} is not one of the choices", f"Give {_expected(place.node)}."


def _wrong_kind(detail: ErrorDetails, place: _Place) -> tuple[str, str]:
    kinds = ", ".join(place.node.get("discriminator", {}).get("mapping", {})) or detail["ctx"].get("expected_tags", "")
    given = _inside(detail["input"], "kind")
    message = "its kind is missing" if given is None else f"{_shown(given)} is not a kind that is known"
    return message, f"Set kind to one of {kinds}."


def _contradiction(detail: ErrorDetails, place: _Place) -> tuple[str, str]:
    message, _, remedy = detail["msg"].removeprefix("Value error, ").partition("; ")
    if not remedy:
        message, remedy = "its fields do not go together", message
    return message, f"{remedy[:1].upper()}{remedy[1:].rstrip('.')}."


_SPECIAL: Mapping[str, Callable[[ErrorDetails, _Place], tuple[str, str]]] = {
    "missing": _missing,
    "extra_forbidden": _unknown_field,
    "string_type": _not_text,
    "string_too_long": _too_long,
    "too_long": _too_long,
    "too_short": _too_few,
    "decimal_max_digits": _too_many_digits,
    "decimal_max_places": _too_many_digits,
    "decimal_whole_digits": _too_many_digits,
    "literal_error": _not_one_of,
    "union_tag_invalid": _wrong_kind,
    "union_tag_not_found": _wrong_kind,
    "value_error": _contradiction,
}


def _expected(node: JsonSchemaValue) -> str:
    """What a field takes, in words, from its schema."""
    if "const" in node:
        return str(node["const"])
    if "enum" in node:
        return f"one of {', '.join(str(choice) for choice in node['enum'])}"
    kind = node.get("type")
    if kind in ("number", "integer"):
        return _number_range(node)
    if kind == "string":
        return _text_form(node)
    if kind == "array":
        return f"a list of {node.get('minItems', 0)} to {node.get('maxItems', 'any number of')} entries"
    if kind == "object":
        names: list[str] = node.get("required") or sorted(node.get("properties", {}))
        return f"named fields, among them {', '.join(names)}"
    return "true or false" if kind == "boolean" else "a value of the right kind"


def _number_range(node: JsonSchemaValue) -> str:
    words = {"minimum": "from", "exclusiveMinimum": "above", "maximum": "up to", "exclusiveMaximum": "below"}
    noun = "a whole number" if node["type"] == "integer" else "a number"
    return " ".join([noun, *(f"{word} {node[key]:,.15g}" for key, word in words.items() if key in node)])


def _text_form(node: JsonSchemaValue) -> str:
    if "pattern" in node:
        return _PATTERNS.get(node["pattern"], f"text of the form {node['pattern']}")
    return f"text of {node.get('minLength', 0)} to {node['maxLength']:,} characters" if "maxLength" in node else "text"


def _shown(value: object) -> str:
    """A given value on one line, cut short."""
    if value is None:
        return "nothing"
    if isinstance(value, bool | Truth):
        return str(value.value if isinstance(value, Truth) else value).lower()
    if isinstance(value, str):
        return f"{value[:_SHOWN_CHARACTERS]!r}" + ("…" if len(value) > _SHOWN_CHARACTERS else "")
    if isinstance(value, int):
        return str(value) if value.bit_length() < _LARGEST_SHOWN_BITS else "a number this large"
    if isinstance(value, float | Decimal):
        return f"{value:.15g}"
    return "a list" if isinstance(value, Sequence) else "a group of fields" if isinstance(value, Mapping) else "this"
