"""Text made fit for the report's own fonts: characters they lack, and words too long for a column."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

FONT_FOLDER = Path(__file__).resolve().parents[2] / "data" / "fonts"
MISSING = "?"
LONG_WORD = 22
PIECE = 11
BREAK = "\N{ZERO WIDTH SPACE}"


@lru_cache(maxsize=1)
def _uncovered() -> re.Pattern[str]:
    ranges = (line.split("-") for line in (FONT_FOLDER / "coverage.txt").read_text("ascii").split())
    covered = "".join(f"{re.escape(chr(int(a, 16)))}-{re.escape(chr(int(b, 16)))}" for a, b in ranges)
    return re.compile(f"[^{covered}\n]")


def covered(text: str) -> str:
    """The text with every character that the fonts lack shown as `?`: an accessible PDF may not hold empty boxes."""
    return _uncovered().sub(MISSING, text)


def lacks(text: str) -> bool:
    """Whether some character would be shown as `?`."""
    return bool(_uncovered().search(text))


def breakable(text: str) -> str:
    """Covered text in which a long word may be broken and a range may not, so that no column overflows."""
    ranges_kept = re.sub(r"(\([^\s,]+,) ([^\s,]+\])", "\\1\N{NO-BREAK SPACE}\\2", covered(text))
    return re.sub(rf"[^\s]{{{LONG_WORD},}}", _broken, ranges_kept)


def _broken(found: re.Match[str]) -> str:
    word = found[0]
    return BREAK.join(word[k : k + PIECE] for k in range(0, len(word), PIECE))
