"""Drivers with cursors: a table's columns are what the engine says of it, name and type first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def described(rows: Iterable[Sequence[object]], instants: Sequence[str] = ()) -> dict[str, str]:
    """Name -> type, up to the first row that is no column; types in `instants` are times with a zone."""
    found: dict[str, str] = {}
    for name, kind, *_ in rows:
        if not name or str(name).startswith("#"):
            break
        found[str(name)] = "TIMESTAMP WITH TIME ZONE" if str(kind).lower() in instants else str(kind)
    return found
