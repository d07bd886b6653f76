"""The names that somebody may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SUGGESTIONS = 3
CUTOFF = 0.6


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """At most three known names like this one, the likest first."""
    return difflib.get_close_matches(name, list(known), n=SUGGESTIONS, cutoff=CUTOFF)


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """A question that offers them; `otherwise` when there are none."""
    found = nearest(name, known)
    return f"Did you mean {' or '.join(found)}?" if found else otherwise
