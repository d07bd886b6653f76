"""The door for scenario documents: JSON or YAML text to a Scenario and back.

Everything wrong with a document is reported at once, by field path. `parse_scenario(dump_yaml(s)) == s`, and the same
for JSON.
"""

from __future__ import annotations

import json
from decimal import Decimal

import yaml
from pydantic import ValidationError

from planner.domain.document_problems import DocumentError, Problem, Truth, flag_fields, problems_of
from planner.domain.document_text import FLOAT, MAX_DEPTH, Refused, read_json, read_yaml
from planner.domain.scenario import Scenario

__all__ = ["MAX_BYTES", "DocumentError", "Problem", "dump_json", "dump_yaml", "parse_scenario", "problems_of"]

MAX_BYTES = 256 * 1024
_SMALLEST_PLAIN_EXPONENT = -20
_LARGEST_PLAIN = 10**15


def parse_scenario(data: bytes | str, *, name: str) -> Scenario:
    """The scenario in a JSON or YAML document; `name` says which document in what DocumentError reports."""
    try:
        given = _given(_text(data))
    except Refused as refused:
        raise DocumentError((Problem(name, refused.message, refused.remedy),)) from refused
    try:
        return Scenario.model_validate(given)
    except ValidationError as error:
        raise DocumentError(problems_of(error, given)) from error


def _text(data: bytes | str) -> str:
    if len(data) > MAX_BYTES:
        raise Refused(
            f"the document is too large ({len(data):,} bytes; at most {MAX_BYTES:,})",
            "A scenario is a few kilobytes: check that this is one.",
        )
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
        size = len(text.encode())
    except UnicodeError as error:
        raise Refused(
            "the document is not UTF-8 text", "Save it as UTF-8 (or upload the .yaml or .json itself)."
        ) from error
    if not text.strip():
        raise Refused("the document is empty", "Start from an example scenario.")
    return text if size <= MAX_BYTES else _text(text.encode())


def _given(text: str) -> dict[str, object]:
    value = read_json(text) if text.lstrip().startswith("{") else read_yaml(text)
    if not isinstance(value, dict):
        raise Refused("the document does not hold named fields", "Begin it with fields such as `name: ...`.")
    return {name: _marked(name, inner, 1) for name, inner in value.items()}


def _marked(name: str, value: object, depth: int) -> object:
    """The same value with every true and false marked that stands in a field for something else."""
    if depth > MAX_DEPTH:
        raise Refused("brackets are nested too deeply", "A scenario is at most a few levels deep.")
    if isinstance(value, bool) and name not in flag_fields():
        return Truth(value)
    if isinstance(value, dict):
        return {inner_name: _marked(inner_name, inner, depth + 1) for inner_name, inner in value.items()}
    return [_marked(name, inner, depth + 1) for inner in value] if isinstance(value, list) else value


def dump_yaml(scenario: Scenario) -> str:
    """All fields in their fixed order as YAML; prices are plain numbers and keep every digit."""
    return yaml.dump(
        _fields(scenario), Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=100_000
    )


def dump_json(scenario: Scenario) -> str:
    """All fields in their fixed order as JSON; prices are strings, so that no reader rounds them."""
    return json.dumps(_fields(scenario), indent=2, ensure_ascii=False, default=_price_text) + "\n"


def _fields(scenario: Scenario) -> dict[str, object]:
    fields = scenario.model_dump()
    fields["options"] = [{"kind": option["kind"], **option} for option in fields["options"]]
    fields["workload"]["classes"] = list(fields["workload"]["classes"])
    return fields


def _price_text(value: object) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no place in a scenario document")
    return f"{value:f}"


class _Dumper(yaml.SafeDumper):
    """YAML that reads the same by the 1.1 and the 1.2 rules: words such as `no` are quoted."""

    def ignore_aliases(self, data: object) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _number_node(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    kind = "int" if text.lstrip("-").isdigit() else "float"
    return dumper.represent_scalar(f"tag:yaml.org,2002:{kind}", text)


def _float_node(dumper: yaml.SafeDumper, value: float) -> yaml.ScalarNode:
    if value.is_integer() and abs(value) < _LARGEST_PLAIN:
        return _number_node(dumper, str(int(value)))
    exact = Decimal(repr(value))
    return _number_node(dumper, f"{exact:f}" if exact.adjusted() > _SMALLEST_PLAIN_EXPONENT else repr(value))


def _text_node(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    """Several lines as a block; anything that an editor might not show in quotes, written as an escape."""
    lines = value.split("\n")
    style = '"' if not all(line.isprintable() for line in lines) else "|" if len(lines) > 1 else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(Decimal, lambda dumper, value: _number_node(dumper, _price_text(value)))
_Dumper.add_representer(float, _float_node)
_Dumper.add_representer(str, _text_node)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", FLOAT, list("-+.0123456789"))
