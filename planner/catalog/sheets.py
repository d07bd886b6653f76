"""One CSV table as text and as typed rows, or everything wrong with it: file, line, column, reason, remedy."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from planner.catalog.rows.base import Row, columns, context

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one cell (or with a whole line or file, where line or column is empty), and the way out."""

    file: str
    line: int
    column: str
    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        said = f"{self.reason}. {self.remedy}" if self.remedy else self.reason
        return f"{where} {self.column}: {said}" if self.column else f"{where}: {said}"


class CatalogError(ValueError):
    """The tables cannot be used; `problems` lists everything that is wrong with them, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{len(self.problems)} problem(s) in the catalog:\n" + "\n".join(map(str, self.problems)))


class Line(NamedTuple):
    """One line as text: where it stands, and its filled cells by column."""

    file: str
    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as text: every line of the right width, shipped ones first."""

    row_type: type[Row]
    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]


def read_rows(row_type: type[R], path: Path) -> tuple[R, ...]:
    """Rows of one file by itself; raises CatalogError with every problem."""
    sheet = read(row_type, path, row_type.FILE)
    problems = [*sheet.problems, *repeated_ids(sheet), *repeated_things(sheet)]
    rows = parse(sheet, None, problems)
    if problems:
        raise CatalogError(sorted(problems, key=lambda p: (p.line, p.column)))
    return tuple(row for row in rows if isinstance(row, row_type))


def read(row_type: type[Row], path: Path, name: str) -> Sheet:
    """One CSV file as text, with problems of its header and of lines that are too short or too long."""
    if not path.exists():
        return Sheet(row_type, (), (Problem(name, 0, "", f"no such file in {path.parent}"),))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets put a mark before the first column
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if wrong := tuple(_wrong_columns(row_type, name, header)):
                return Sheet(row_type, (), wrong)
            lines = [(reader.line_num, cells) for cells in reader]
    except UnicodeDecodeError:
        return Sheet(row_type, (), (Problem(name, 0, "", "the file is not UTF-8", "Save it as UTF-8 text."),))
    except OSError as error:
        remedy = "It must be a file that this program may read."
        reason = f"cannot be read: {(error.strerror or 'unknown reason').lower()}"
        return Sheet(row_type, (), (Problem(name, 0, "", reason, remedy),))
    except csv.Error as error:
        remedy = "A cell that holds a quote doubles it."
        return Sheet(row_type, (), (Problem(name, reader.line_num, "", f"not a CSV line: {error}", remedy),))
    good = tuple(Line(name, n, _filled(header, cells)) for n, cells in lines if len(cells) == len(header))
    return Sheet(row_type, good, tuple(_wrong_widths(name, len(header), lines)))


def _wrong_columns(row_type: type[Row], name: str, header: list[str]) -> Iterator[Problem]:
    """Columns that the table lacks, has twice, or should not have."""
    known = columns(row_type)
    for column in sorted(known - set(header)):
        yield Problem(name, 1, column, "the column is missing")
    for column in sorted(set(header) - known):
        yield Problem(name, 1, column, "there is no such column")
    for column in sorted({name for name in header if header.count(name) > 1}):
        yield Problem(name, 1, column, "the column is there twice")


def _wrong_widths(file: str, width: int, lines: list[tuple[int, list[str]]]) -> Iterator[Problem]:
    """Lines with another number of cells than the header: usually an unquoted comma."""
    for number, cells in lines:
        if len(cells) != width:
            reason = f"{len(cells)} cells where the header has {width}"
            yield Problem(file, number, "", reason, "Quote text with commas; write numbers without them.")


def _filled(header: list[str], cells: list[str]) -> dict[str, str]:
    return {column: cell for column, cell in zip(header, cells, strict=True) if cell != ""}


def repeated_ids(sheet: Sheet) -> Iterator[Problem]:
    """Ids used before in the same table."""
    key = sheet.row_type.KEY
    first: dict[str, Line] = {}
    for line in sheet.lines:
        value = line.cells.get(key, "")
        if value in first:
            where = f"line {first[value].number}" + (
                f" of {first[value].file}" if first[value].file != line.file else ""
            )
            reason = f"{value!r} is already used on {where}"
            yield Problem(line.file, line.number, key, reason, "A new figure is a new row with an id of its own.")
        elif value:
            first[value] = line


def repeated_things(sheet: Sheet) -> Iterator[Problem]:
    """Two rows for the same thing and day: nobody could tell which price is in force."""
    thing = sheet.row_type.THING
    first: dict[tuple[str, ...], Line] = {}
    for line in sheet.lines if thing else ():
        key = tuple(line.cells.get(column, "") for column in thing)
        if key in first:
            reason = f"the same {', '.join(thing)} as on line {first[key].number} of {first[key].file}"
            yield Problem(line.file, line.number, thing[-1], reason, "Give it its own date, or delete one of the two.")
        else:
            first[key] = line


def parse(sheet: Sheet, on: dt.date | None, problems: list[Problem]) -> list[Row]:
    """Typed rows; what cannot be typed is added to `problems`."""
    rows: list[Row] = []
    day = context(on)
    for line in sheet.lines:
        try:
            rows.append(sheet.row_type.model_validate(line.cells, context=day))
        except ValidationError as error:
            problems.extend(_cell_problems(line, error))
    return rows


_NUMBERS = ("float_parsing", "int_parsing", "decimal_parsing", "int_from_float")


def _cell_problems(line: Line, error: ValidationError) -> Iterator[Problem]:
    for found in error.errors(include_url=False):
        column = ".".join(str(part) for part in found["loc"])
        if found["type"] == "missing":
            yield Problem(line.file, line.number, column, "may not be blank")
            continue
        reason = found["msg"].removeprefix("Value error, ")
        shown = "" if found["type"] == "value_error" else f", not {found['input']!r}"
        comma = found["type"] in _NUMBERS and "," in str(found["input"])
        remedy = "Write the number without commas and with a point." if comma else ""
        yield Problem(line.file, line.number, column, reason + shown, remedy)
