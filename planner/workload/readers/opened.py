"""What several readers need beside the cells: columns that stand in for one another, keys with dots, days unknown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from planner.workload.readers.cells import NULL_INT, Cells
from planner.workload.readers.sql import extracted, text_literal

MONDAY_S = 1_514_764_800
"""2018-01-01 0:00 UTC, a Monday: where traces that count from an unknown day are made to begin."""


def opened(cells: Cells, column: str, keys: Iterable[str]) -> Cells:
    """`cells` with `column.key` for each key, dots and all, of a column that holds JSON, a map or a struct."""
    if cells.line:
        inside = not column or any(name.startswith(f"{column}.") for name in cells.names)
        place = (column,) if column else ()
        added = {".".join((*place, key)): extracted(cells.line, (*place, key)) for key in keys if inside}
    elif column.lower() in cells.names:
        whole = _as_json(cells, column.lower())
        added = {f"{column}.{key}": extracted(whole, (key,)) for key in keys}
    else:
        return cells
    new = {name.lower(): sql for name, sql in added.items() if name.lower() not in cells.names}
    if not new:
        return cells
    return replace(cells, names={**cells.names, **new}, kinds={**cells.kinds, **dict.fromkeys(new, "text")})


def _as_json(cells: Cells, column: str) -> str:
    raw, kind = cells.names[column], cells.kinds.get(column, "text")
    return f"TRY_CAST({raw} AS JSON)" if kind == "text" else raw if kind == "json" else f"to_json({raw})"


def integers(cells: Cells, names: Iterable[str]) -> str:
    """A whole number from the first of the columns that is filled in this row; NULL where none is."""
    return coalesced([cells.integer(name) for name in names if cells.has(name)], NULL_INT)


def instant(cells: Cells, names: Iterable[str]) -> str:
    """A time from the first of the columns that is filled in this row; NULL where none is."""
    return coalesced([cells.instant(name) for name in names if cells.has(name)], NULL_INT)


def names(cells: Cells, columns: Iterable[str]) -> str:
    """A text from the first of the columns that is filled in this row; NULL where none is."""
    return coalesced([cells.name(name) for name in columns if cells.has(name)], "CAST(NULL AS VARCHAR)")


def texts(cells: Cells, columns: Iterable[str], default: str = "") -> str:
    """The same, with `default` where none is filled."""
    return f"COALESCE({names(cells, columns)}, {text_literal(default)})"


def coalesced(values: list[str], none: str) -> str:
    """The first that is not NULL; `none` where there are no values at all."""
    return f"COALESCE({', '.join(values)})" if len(values) > 1 else (values or [none])[0]


def flag(condition: str) -> str:
    """1 where it is true, else 0."""
    return f"CASE WHEN {condition} THEN 1 ELSE 0 END"


def from_monday(micros: str) -> str:
    """A time of a trace that counts microseconds from an unknown day, taken as a Monday."""
    return f"{MONDAY_S * 1_000_000} + {micros}"
