"""Reading of somebody else's result: numbers are checked, and every problem is told at once.

Only the fields that are asked for are read: a prompt, an answer or a key in a result goes nowhere.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from planner.probe.errors import ProbeError

MAX_BYTES = 200 * 2**20
MAX_NUMBER = 1e15
NAME_CHARACTERS = 200


class Part:
    """One object of a result. Whatever is wrong with a field is added to `problems`, and the field reads as None."""

    def __init__(self, value: object, where: str = "", problems: list[str] | None = None) -> None:
        self.where = where
        self.problems: list[str] = [] if problems is None else problems
        self._fields: dict[str, Any] = value if isinstance(value, dict) else {}

    def __contains__(self, key: object) -> bool:
        return self._fields.get(str(key)) is not None

    def raw(self, key: str) -> Any:
        """The field as it stands; None where it is missing."""
        return self._fields.get(key)

    def part(self, *keys: str) -> Part:
        """An object inside; an empty one where it is missing."""
        value: object = self._fields
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return Part(value, f"{self.where}{'.'.join(keys)}.", self.problems)

    def parts(self, key: str) -> list[Part]:
        """Objects of a list inside; none where it is missing."""
        found = self._fields.get(key)
        items = found if isinstance(found, list) else []
        return [Part(item, f"{self.where}{key}[{n}].", self.problems) for n, item in enumerate(items)]

    def text(self, key: str) -> str:
        """A text on one line, shortened; empty where it is missing."""
        value = self._fields.get(key)
        return one_line(value) if isinstance(value, str) else ""

    def number(self, key: str, scale: float = 1.0) -> float | None:
        """A finite number that is not negative, times `scale`; None where it is missing."""
        value = self._fields.get(key)
        if value is None:
            return None
        number = _number(value)
        if number is None or not 0 <= number <= MAX_NUMBER:
            self.problems.append(f"{self.where}{key} is {_shown(value)}, not a number of 0 or more")
            return None
        return number * scale

    def needed(self, key: str, scale: float = 1.0) -> float:
        """The same, where its lack is a problem too."""
        if key not in self:
            self.problems.append(f"{self.where}{key} is missing")
            return 0.0
        return self.number(key, scale) or 0.0

    def count(self, key: str) -> int:
        """A whole number that is needed."""
        number = self.needed(key)
        if not number.is_integer():
            self.problems.append(f"{self.where}{key} is {number:g}, not a whole number")
        return int(number)

    def positive(self, key: str) -> float:
        """A number above zero that is needed."""
        before = len(self.problems)
        number = self.needed(key)
        if number <= 0 and len(self.problems) == before:
            self.problems.append(f"{self.where}{key} is 0")
        return number


def _number(value: object) -> float | None:
    """A number, or a text that is one: some tools write their whole numbers as texts."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _shown(value: object) -> str:
    return repr(value)[:40]


def one_line(text: str, most: int = NAME_CHARACTERS) -> str:
    """Printable, on one line, shortened."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * most]).split())[:most]


def documents(data: bytes, name: str) -> list[dict[str, Any]]:
    """Objects of a JSON text: one, a list of them, or one a line. Raises ProbeError with the place that is wrong."""
    text = text_of(data, name)
    try:
        found = _parsed(text)
    except json.JSONDecodeError as error:
        found = list(_lines(text, name, error))
    except RecursionError:
        raise ProbeError(f"{name} is nested too deeply.", OUTPUT_FILES) from None
    items = found if isinstance(found, list) else [found]
    if not items or not all(isinstance(item, dict) for item in items):
        raise ProbeError(f"{name} holds no result of a benchmark.", OUTPUT_FILES)
    return items


OUTPUT_FILES = (
    "Give the file that the tool wrote: `vllm bench serve --save-result`, GuideLLM's JSON or CSV, LLMPerf's "
    "*_summary.json, AIPerf's profile_export_aiperf.json or genai-perf's profile_export_genai_perf.json."
)


def text_of(data: bytes, name: str) -> str:
    """The text of a result. Raises ProbeError when it is too large, empty or no text."""
    if len(data) > MAX_BYTES:
        raise ProbeError(f"{name} is larger than {MAX_BYTES // 2**20} MiB.", "Save it without each request's details.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ProbeError(f"{name} is not a text file.", OUTPUT_FILES) from None
    if not text.strip():
        raise ProbeError(f"{name} is empty.", "The tool may have been stopped before it wrote: run it again.")
    return text


def _parsed(text: str) -> Any:
    return json.loads(text, parse_constant=lambda name: name)


def _lines(text: str, name: str, error: json.JSONDecodeError) -> Iterator[Any]:
    """One object a line, as results are when a tool appends them."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith("{") and line.rstrip().endswith("}") for line in lines):
        _refuse(text, name, error)
    for line in lines:
        try:
            yield _parsed(line)
        except (json.JSONDecodeError, RecursionError):
            _refuse(text, name, error)


def _refuse(text: str, name: str, error: json.JSONDecodeError) -> NoReturn:
    if text.lstrip()[:1] not in ("{", "["):
        raise ProbeError(f"{name} is neither JSON nor a CSV of GuideLLM.", OUTPUT_FILES) from None
    if error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg:
        raise ProbeError(
            f"{name} breaks off in line {error.lineno}.", "Copy the whole file, or run it again."
        ) from None
    raise ProbeError(f"{name} is not valid JSON: line {error.lineno}, column {error.colno}.", OUTPUT_FILES) from None


_COMPACT = re.compile(r"\d{8}-\d{6}", re.ASCII)


def utc(value: object) -> dt.datetime | None:
    """A moment of a result; a time without a zone is taken as UTC. Seconds since 1970, ISO text or 20261120-224609."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int | float):
            return dt.datetime.fromtimestamp(value, dt.UTC)
        text = str(value)
        moment = dt.datetime.fromisoformat(f"{text[:8]}T{text[9:]}" if _COMPACT.fullmatch(text) else text)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
