"""Points of a calibration as a table in text: one load a line, with commas, semicolons, tabs or spaces between."""

from __future__ import annotations

import math
import re

from planner.domain.serving import MAX_POINTS, CalibrationPoint

HEADER = "requests_in_flight, output_tokens_per_s, ttft_ms, tpot_ms"
_COLUMNS = tuple(HEADER.split(", "))
_NAMES = {
    **{name: name for name in _COLUMNS},
    **dict.fromkeys(("concurrency", "max_concurrency", "n"), "requests_in_flight"),
    **dict.fromkeys(("out_tok_s", "output_throughput", "output_tokens_s", "output_tok_s"), "output_tokens_per_s"),
    "mean_ttft_ms": "ttft_ms",
    "mean_tpot_ms": "tpot_ms",
}
_TOTALS = ("total_tok_s", "total_token_throughput", "total_tokens_per_s", "total_throughput")
_NEEDED = _COLUMNS[:2]
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)


class PointsError(ValueError):
    """Text that gives no points: every line that is wrong, and what to write."""


def parse_points(text: str) -> tuple[CalibrationPoint, ...]:
    """The points in a text, in its order. A first line of names may put the columns in another order."""
    lines = [(number, _cells(line)) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise PointsError(f"There are no points. Give one load a line: {HEADER}.")
    names = _names(lines[0][1])
    body = lines[1:] if names else lines
    problems: list[str] = []
    points = [point for number, cells in body if (point := _point(number, cells, names or _COLUMNS, problems))]
    if len(body) > MAX_POINTS:
        problems.append(f"{len(body):,} points are too many: give at most {MAX_POINTS}.")
    if not body:
        problems.append("There are column names and no points below them.")
    if problems:
        raise PointsError(" ".join(problems[:10]))
    return tuple(points)


def points_text(points: tuple[CalibrationPoint, ...]) -> str:
    """The same points as text; `parse_points(points_text(p)) == p`."""
    rows = [[_written(getattr(point, name)) for name in _COLUMNS] for point in points]
    return "\n".join([HEADER, *(", ".join(row) for row in rows)])


def _written(value: float | None) -> str:
    return "-" if value is None else repr(value).removesuffix(".0")


def _cells(line: str) -> list[str]:
    parts = re.split(r"[,;\t]", line.strip()) if re.search(r"[,;\t]", line) else line.split()
    return [part.strip() for part in parts]


def _names(cells: list[str]) -> tuple[str, ...]:
    """Our names of the columns; empty when the line holds numbers. Raises PointsError for names that cannot do."""
    if any(_NUMBER.fullmatch(cell) for cell in cells):
        return ()
    given = [cell.lower().replace(" ", "_") for cell in cells]
    if total := [name for name in given if name in _TOTALS]:
        raise PointsError(
            f"{total[0]} counts prompt tokens too. Give the column of output tokens per second instead: "
            f"total x output / (prompt + output)."
        )
    names = tuple(_NAMES.get(name, name) for name in given)
    if missing := [name for name in _NEEDED if name not in names]:
        raise PointsError(f"There is no column {' and no column '.join(missing)}. Name them: {HEADER}.")
    return names


def _point(number: int, cells: list[str], names: tuple[str, ...], problems: list[str]) -> CalibrationPoint | None:
    given = dict(zip(names, cells, strict=False))
    values = {name: given.get(name, "") for name in _COLUMNS}
    wrong = [f"{name} {text!r}" for name, text in values.items() if not _fits(name, text)]
    if wrong:
        problems.append(f"Line {number}: {', '.join(wrong)} is no number above 0. Write {HEADER}.")
        return None
    try:
        return CalibrationPoint.model_validate({k: float(v) for k, v in values.items() if v not in ("", "-")})
    except ValueError:
        problems.append(f"Line {number}: a figure is out of range (at least 1 request in flight).")
        return None


def _fits(name: str, text: str) -> bool:
    if text in ("", "-"):
        return name not in _NEEDED
    return bool(_NUMBER.fullmatch(text)) and 0 < float(text) < math.inf
