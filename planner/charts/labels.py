"""Text on charts: made harmless for Plotly, measured, and put where no line runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from planner.units import FloatArray

LABEL_SIZE = 12
LINE_HEIGHT = 16.0
GAP = 9.0
DISTANCES = (0.0, *(sign * far for far in range(18, 200, 14) for sign in (-1.0, 1.0)))
_NARROW, _WIDE = set(" .,:;'|!ijlIft()[]"), set("mwMW@%\N{EM DASH}")
Point = tuple[float, float]


def plain(text: str) -> str:
    """Text that Plotly shows letter for letter on one line; its labels read a little HTML."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def shorten(text: str, length: int) -> str:
    """At most `length` characters, with an ellipsis when some are left out."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def text_width(text: str, size: float = LABEL_SIZE) -> float:
    """Width in pixels, estimated; characters outside Latin, Greek and Cyrillic count as square."""
    return size * sum(_advance(c) for c in text)


def _advance(char: str) -> float:
    if char in _NARROW:
        return 0.3
    if char in _WIDE:
        return 0.82
    if ord(char) > 0x2E80:
        return 1.0
    return 0.62 if char.isupper() else 0.52


class Box(NamedTuple):
    """A rectangle in pixels, y upwards."""

    left: float
    bottom: float
    right: float
    top: float

    def holds(self, points: FloatArray) -> int:
        """How many points of an (n, 2) array lie inside."""
        x, y = points[:, 0], points[:, 1]
        return int(np.count_nonzero((x > self.left) & (x < self.right) & (y > self.bottom) & (y < self.top)))

    def overlaps(self, other: Box) -> bool:
        """Whether the two share some area."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top

    def inside(self, other: Box) -> bool:
        """Whether this lies within the other."""
        across = self.left >= other.left and self.right <= other.right
        return across and self.bottom >= other.bottom and self.top <= other.top


class Spot(NamedTuple):
    """Where a label goes: its anchor in pixels, the side of the anchor the text is on, and the area it covers."""

    x: float
    y: float
    side: str
    box: Box


def dense(line: Iterable[Point], step: float = 3.0) -> FloatArray:
    """Points along a polyline at most `step` pixels apart, shape (n, 2)."""
    points = np.asarray(list(line), dtype=np.float64).reshape(-1, 2)
    if len(points) < 2:
        return points
    travelled = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0, travelled[-1], max(2, int(travelled[-1] / step) + 1))
    return np.column_stack([np.interp(at, travelled, points[:, 0]), np.interp(at, travelled, points[:, 1])])


def place(text: str, at: Point, frame: Box, lines: FloatArray, taken: Sequence[Box]) -> Spot:
    """The spot nearest to `at`, inside `frame`, that covers the fewest line points and no other label."""
    spots = [s for s in _spots(text_width(text), at) if s.box.inside(frame)]
    if not spots:
        return next(_spots(text_width(text), at))
    return min(spots, key=lambda s: s.box.holds(lines) + 1000 * sum(s.box.overlaps(t) for t in taken))


def _spots(width: float, at: Point) -> Iterator[Spot]:
    for distance in DISTANCES:
        y = at[1] - distance
        for side in ("right", "left"):
            x = at[0] + (GAP if side == "right" else -GAP)
            left = x if side == "right" else x - width
            yield Spot(x, y, side, Box(left - 6, y - LINE_HEIGHT / 2, left + width + 6, y + LINE_HEIGHT / 2))
