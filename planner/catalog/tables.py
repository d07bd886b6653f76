"""Read `data/` once, check everything, and give frozen tables; or say everything that is wrong with it at once."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from planner.catalog.rows import (
    DefaultRow,
    FormatRow,
    GpuPriceRow,
    GpuRow,
    MeasuredRow,
    ModelRow,
    Row,
    columns,
    context,
)

R = TypeVar("R", bound=Row)

ROW_TYPES: tuple[type[Row], ...] = (GpuRow, GpuPriceRow, ModelRow, FormatRow, MeasuredRow, DefaultRow)
"""Every table of the catalog that this module reads."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one cell (or with a whole line or file, where line or column is empty)."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where} {self.column}: {self.reason}" if self.column else f"{where}: {self.reason}"


class CatalogError(ValueError):
    """The tables cannot be used; `problems` lists everything that is wrong with them, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{len(self.problems)} problem(s) in the catalog:\n" + "\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Tables:
    """The catalog: rows in file order, and the same rows by id."""

    gpus: tuple[GpuRow, ...]
    gpu_prices: tuple[GpuPriceRow, ...]
    models: tuple[ModelRow, ...]
    formats: tuple[FormatRow, ...]
    measured: tuple[MeasuredRow, ...]
    defaults: tuple[DefaultRow, ...]
    gpu_by_id: Mapping[str, GpuRow]
    gpu_price_by_id: Mapping[str, GpuPriceRow]
    model_by_id: Mapping[str, ModelRow]
    format_by_id: Mapping[str, FormatRow]
    measured_by_id: Mapping[str, MeasuredRow]
    default_by_name: Mapping[str, DefaultRow]

    def same_architecture(self, model_id: str) -> frozenset[str]:
        """Ids of the models that share measured throughput with this one, itself included."""
        family = self._architecture(model_id)
        return frozenset(m.model_id for m in self.models if self._architecture(m.model_id) == family)

    def _architecture(self, model_id: str) -> str:
        return self.model_by_id[model_id].same_architecture_as or model_id


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table as text: (line number, filled cells by column) for every line of the right width."""

    row_type: type[Row]
    lines: tuple[tuple[int, dict[str, str]], ...]
    problems: tuple[Problem, ...]


def load_tables(data_dir: Path, on: dt.date | None = None) -> Tables:
    """Tables of `data_dir`; raises CatalogError with every problem. No row may be dated after `on` when given."""
    sheets = {row_type.FILE: _read(data_dir, row_type) for row_type in ROW_TYPES}
    problems = [problem for sheet in sheets.values() for problem in (*sheet.problems, *_repeated_ids(sheet))]
    problems += _dangling_references(sheets)
    parsed = {file: _parse(sheet, on, problems) for file, sheet in sheets.items()}
    if problems:
        order = {file: index for index, file in enumerate(sheets)}
        raise CatalogError(sorted(problems, key=lambda p: (order[p.file], p.line, p.column)))
    return _tables(parsed)


def _read(data_dir: Path, row_type: type[Row]) -> _Sheet:
    """One CSV file as text, with problems of its header and of lines that are too short or too long."""
    path = data_dir / row_type.FILE
    if not path.is_file():
        return _Sheet(row_type, (), (Problem(row_type.FILE, 0, "", f"no such file in {data_dir}"),))
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        if wrong := tuple(_wrong_columns(row_type, header)):
            return _Sheet(row_type, (), wrong)
        lines = [(reader.line_num, cells) for cells in reader]
    good = tuple((n, _filled(header, cells)) for n, cells in lines if len(cells) == len(header))
    return _Sheet(row_type, good, tuple(_wrong_widths(row_type.FILE, len(header), lines)))


def _wrong_columns(row_type: type[Row], header: list[str]) -> Iterator[Problem]:
    """Columns that the table lacks, has twice, or should not have."""
    for column in sorted(columns(row_type) - set(header)):
        yield Problem(row_type.FILE, 1, column, "the column is missing")
    for column in sorted(set(header) - columns(row_type)):
        yield Problem(row_type.FILE, 1, column, "there is no such column")
    for column in sorted({name for name in header if header.count(name) > 1}):
        yield Problem(row_type.FILE, 1, column, "the column is there twice")


def _wrong_widths(file: str, width: int, lines: list[tuple[int, list[str]]]) -> Iterator[Problem]:
    """Lines with another number of cells than the header: usually an unquoted comma."""
    for number, cells in lines:
        if len(cells) != width:
            yield Problem(file, number, "", f"{len(cells)} cells where the header has {width}; quote text with commas")


def _filled(header: list[str], cells: list[str]) -> dict[str, str]:
    return {column: cell for column, cell in zip(header, cells, strict=True) if cell != ""}


def _repeated_ids(sheet: _Sheet) -> Iterator[Problem]:
    """Ids used before in the same table."""
    file, key = sheet.row_type.FILE, sheet.row_type.KEY
    first_line: dict[str, int] = {}
    for number, cells in sheet.lines:
        value = cells.get(key, "")
        if value in first_line:
            yield Problem(file, number, key, f"{value!r} is already used on line {first_line[value]}")
        elif value:
            first_line[value] = number


def _dangling_references(sheets: Mapping[str, _Sheet]) -> Iterator[Problem]:
    """Cells that name a row another table does not have; blank cells name nothing."""
    ids = {file: {cells.get(sheet.row_type.KEY) for _, cells in sheet.lines} for file, sheet in sheets.items()}
    for file, sheet in sheets.items():
        for column, target in sheet.row_type.REFERENCES.items():
            for number, cells in sheet.lines:
                if (value := cells.get(column)) is not None and value not in ids[target]:
                    yield Problem(file, number, column, f"{value!r} is not in {target}: add the row there first")


def _parse(sheet: _Sheet, on: dt.date | None, problems: list[Problem]) -> list[Row]:
    """Typed rows; what cannot be typed is added to `problems`."""
    rows: list[Row] = []
    day = context(on)
    for number, cells in sheet.lines:
        try:
            rows.append(sheet.row_type.model_validate(cells, context=day))
        except ValidationError as error:
            problems.extend(_cell_problems(sheet.row_type.FILE, number, error))
    return rows


def _cell_problems(file: str, line: int, error: ValidationError) -> Iterator[Problem]:
    for found in error.errors(include_url=False):
        column = ".".join(str(part) for part in found["loc"])
        reason = "may not be blank" if found["type"] == "missing" else found["msg"].removeprefix("Value error, ")
        shown = "" if found["type"] in ("missing", "value_error") else f", not {found['input']!r}"
        yield Problem(file, line, column, reason + shown)


def _tables(parsed: Mapping[str, list[Row]]) -> Tables:
    """Checked rows, as tuples and by id."""
    gpus, prices, models = _of(parsed, GpuRow), _of(parsed, GpuPriceRow), _of(parsed, ModelRow)
    formats, measured, defaults = _of(parsed, FormatRow), _of(parsed, MeasuredRow), _of(parsed, DefaultRow)
    return Tables(
        gpus=gpus,
        gpu_prices=prices,
        models=models,
        formats=formats,
        measured=measured,
        defaults=defaults,
        gpu_by_id={row.gpu_id: row for row in gpus},
        gpu_price_by_id={row.price_id: row for row in prices},
        model_by_id={row.model_id: row for row in models},
        format_by_id={row.format_id: row for row in formats},
        measured_by_id={row.row_id: row for row in measured},
        default_by_name={row.parameter: row for row in defaults},
    )


def _of(parsed: Mapping[str, list[Row]], row_type: type[R]) -> tuple[R, ...]:
    return tuple(row for row in parsed[row_type.FILE] if isinstance(row, row_type))
