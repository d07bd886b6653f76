"""What the head of a text shows when it is JSON: rows (one object per line, or one array of them) or documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from planner.usage.heads import Compression, head, problem

JsonFormat = Literal["newline_delimited", "array", "unstructured"]
MAX_DOCUMENT_BYTES = 64 << 20
"""Largest single JSON document."""
MAX_PATHS, MAX_DEPTH = 2000, 4
KeyPath = tuple[str, ...]
_decoder = json.JSONDecoder()


@dataclass(frozen=True)
class JsonLook:
    """How the objects are written, the first of them, and the paths of values seen in the head."""

    format: JsonFormat
    first: object
    paths: dict[str, KeyPath]
    """Dotted name -> keys on the way to the value; lists are left out."""
    rows: bool
    """Whether each object can be a row: it holds no list of objects."""


def looked_json(path: Path, text: str, compression: Compression, *, whole: bool) -> JsonLook:
    """One look at JSON. A document longer than the head is read up to MAX_DOCUMENT_BYTES."""
    text = text.lstrip()
    if text.startswith("["):
        return _array(path, text, whole=whole)
    lines = _lines(text, whole=whole)
    if lines and len(text.splitlines()) > 1:
        return _look("newline_delimited", lines)
    found = _first(text, 0)
    if found is None and not whole:
        text, whole = _longer(path, compression)
        found = _first(text, 0)
    if found is None:
        raise _broken(path, text)
    first, end = found
    one = not text[end:].strip()
    if one and not isinstance(first, dict):
        raise problem(path, "is JSON, but no object and no list of objects", "Export usage rows or the API's pages")
    return _look("newline_delimited" if one and "\n" not in text.strip() else "unstructured", [first])


def _array(path: Path, text: str, *, whole: bool) -> JsonLook:
    objects: list[object] = []
    place = 1
    while len(objects) < 1000 and (found := _first(text, place)) is not None:
        objects.append(found[0])
        place = found[1] + 1
    if not objects and text[1:].strip().startswith("]"):
        raise problem(path, "is an empty export: a list without an element", "Choose a period with usage")
    if not objects:
        raise _broken(path, text)
    if not all(isinstance(found, dict) for found in objects):
        raise problem(path, "is a JSON list of something else than objects", "Export one object per row")
    if whole and _first(text, 0) is None:
        raise _broken(path, text)
    return _look("array", objects)


def _look(form: JsonFormat, objects: list[object]) -> JsonLook:
    paths: dict[str, KeyPath] = {}
    for found in objects:
        for keys in _leaves(found, ()):
            if len(paths) < MAX_PATHS:
                paths.setdefault(".".join(keys), keys)
    return JsonLook(form, objects[0], paths, rows=not any(map(_nests_rows, objects[:20])))


def _leaves(value: object, before: KeyPath) -> Iterator[KeyPath]:
    if isinstance(value, dict) and len(before) < MAX_DEPTH:
        for key, inner in value.items():
            yield from _leaves(inner, (*before, str(key)))
    elif before and not isinstance(value, list | dict):
        yield before


def _nests_rows(value: object) -> bool:
    inner = value.values() if isinstance(value, dict) else ()
    return any(isinstance(v, list) and any(isinstance(e, dict) for e in v) for v in inner)


def _lines(text: str, *, whole: bool) -> list[object]:
    """Objects that stand on a line of their own; none when the first line is not one."""
    lines = text.splitlines()
    lines = lines if whole or len(lines) < 2 else lines[:-1]
    found: list[object] = []
    for line in lines[:5000]:
        try:
            value = json.loads(line)
        except ValueError:
            if not found:
                return []
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _first(text: str, place: int) -> tuple[object, int] | None:
    """The value that starts at `place`, after blanks and commas, and where it ends."""
    while place < len(text) and text[place] in " \t\r\n,":
        place += 1
    try:
        return _decoder.raw_decode(text, place)
    except (ValueError, RecursionError):
        return None


def _longer(path: Path, compression: Compression) -> tuple[str, bool]:
    found = head(path, compression, MAX_DOCUMENT_BYTES + 1)
    if len(found) > MAX_DOCUMENT_BYTES:
        limit = MAX_DOCUMENT_BYTES >> 20
        raise problem(path, f"is one JSON document of more than {limit} MiB", "Export pages, or one object per line")
    return found.decode("utf-8-sig", errors="replace").lstrip(), True


def _broken(path: Path, text: str) -> Exception:
    try:
        json.loads(text)
    except ValueError as error:
        where = f"line {error.lineno}: {error.msg.lower()}" if isinstance(error, json.JSONDecodeError) else str(error)
        return problem(path, f"is not whole JSON ({where})", "It may be cut; export it again")
    except RecursionError:
        pass
    return problem(path, "is not readable JSON", "Export it again")
