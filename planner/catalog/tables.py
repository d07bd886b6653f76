"""Read `data/` once, check everything, and give frozen tables; or say everything that is wrong with it at once.

An installation may add dated rows of its own in a second folder (`local_dir`): same file names, same columns, ids that
the shipped tables do not use. Nothing there replaces a shipped row; a newer row of the same thing follows it in time.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from planner.catalog.rows import (
    ApiCheckRow,
    ApiPriceRow,
    ContractedPriceRow,
    DefaultRow,
    FormatEvidenceRow,
    FormatRow,
    GpuPriceRow,
    GpuRow,
    LicenceRow,
    MeasuredRow,
    ModelRow,
    NamedRow,
    QualityRow,
    RetirementRow,
    Row,
    ServerPriceRow,
    columns,
    context,
)

R = TypeVar("R", bound=Row)

ROW_TYPES: tuple[type[Row], ...] = (
    GpuRow,
    GpuPriceRow,
    ServerPriceRow,
    LicenceRow,
    ModelRow,
    FormatRow,
    FormatEvidenceRow,
    QualityRow,
    NamedRow,
    MeasuredRow,
    DefaultRow,
    ApiPriceRow,
    ApiCheckRow,
    RetirementRow,
    ContractedPriceRow,
)
"""Every table of the catalog that this module reads."""


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


@dataclass(frozen=True)
class Tables:
    """The catalog: rows in file order, and the same rows by id."""

    gpus: tuple[GpuRow, ...]
    gpu_prices: tuple[GpuPriceRow, ...]
    server_prices: tuple[ServerPriceRow, ...]
    licences: tuple[LicenceRow, ...]
    models: tuple[ModelRow, ...]
    formats: tuple[FormatRow, ...]
    format_evidence: tuple[FormatEvidenceRow, ...]
    quality: tuple[QualityRow, ...]
    named: tuple[NamedRow, ...]
    measured: tuple[MeasuredRow, ...]
    defaults: tuple[DefaultRow, ...]
    api_prices: tuple[ApiPriceRow, ...]
    api_checks: tuple[ApiCheckRow, ...]
    retirements: tuple[RetirementRow, ...]
    contracted: tuple[ContractedPriceRow, ...]
    gpu_by_id: Mapping[str, GpuRow] = field(init=False, repr=False, compare=False)
    gpu_price_by_id: Mapping[str, GpuPriceRow] = field(init=False, repr=False, compare=False)
    licence_by_id: Mapping[str, LicenceRow] = field(init=False, repr=False, compare=False)
    model_by_id: Mapping[str, ModelRow] = field(init=False, repr=False, compare=False)
    format_by_id: Mapping[str, FormatRow] = field(init=False, repr=False, compare=False)
    measured_by_id: Mapping[str, MeasuredRow] = field(init=False, repr=False, compare=False)
    default_by_name: Mapping[str, DefaultRow] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """The rows by id, once."""
        by_id: dict[str, Mapping[str, Row]] = {
            "gpu_by_id": {row.gpu_id: row for row in self.gpus},
            "gpu_price_by_id": {row.price_id: row for row in self.gpu_prices},
            "licence_by_id": {row.licence_id: row for row in self.licences},
            "model_by_id": {row.model_id: row for row in self.models},
            "format_by_id": {row.format_id: row for row in self.formats},
            "measured_by_id": {row.row_id: row for row in self.measured},
            "default_by_name": {row.parameter: row for row in self.defaults},
        }
        for name, rows in by_id.items():
            object.__setattr__(self, name, rows)

    def same_architecture(self, model_id: str) -> frozenset[str]:
        """Ids of the models that share measured throughput with this one, itself included."""
        family = self._architecture(model_id)
        return frozenset(m.model_id for m in self.models if self._architecture(m.model_id) == family)

    def _architecture(self, model_id: str) -> str:
        return self.model_by_id[model_id].same_architecture_as or model_id


class _Line(NamedTuple):
    """One line as text: where it stands, and its filled cells by column."""

    file: str
    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A table as text: every line of the right width, shipped ones first."""

    row_type: type[Row]
    lines: tuple[_Line, ...]
    problems: tuple[Problem, ...]


def load_tables(data_dir: Path, on: dt.date | None = None, local_dir: Path | None = None) -> Tables:
    """Tables of `data_dir` with the rows that `local_dir` adds; raises CatalogError with every problem.

    No row may be dated after `on` when given.
    """
    sheets = {row_type.FILE: _sheet(row_type, data_dir, local_dir) for row_type in ROW_TYPES}
    problems = [problem for s in sheets.values() for problem in (*s.problems, *_repeated_ids(s), *_repeated_things(s))]
    problems += _dangling_references(sheets)
    parsed = {file: _parse(sheet, on, problems) for file, sheet in sheets.items()}
    if problems:
        order = {file: index for index, file in enumerate(sheets)}
        raise CatalogError(sorted(problems, key=lambda p: (order[Path(p.file).name], p.file, p.line, p.column)))
    return _tables(parsed)


def _sheet(row_type: type[Row], data_dir: Path, local_dir: Path | None) -> _Sheet:
    """The shipped file and the local one of the same name, in that order."""
    shipped = _read(row_type, data_dir / row_type.FILE, row_type.FILE)
    if local_dir is None or not (local_dir / row_type.FILE).is_file():
        return shipped
    local = _read(row_type, local_dir / row_type.FILE, f"{local_dir.name}/{row_type.FILE}")
    return _Sheet(row_type, (*shipped.lines, *local.lines), (*shipped.problems, *local.problems))


def _read(row_type: type[Row], path: Path, name: str) -> _Sheet:
    """One CSV file as text, with problems of its header and of lines that are too short or too long."""
    if not path.is_file():
        return _Sheet(row_type, (), (Problem(name, 0, "", f"no such file in {path.parent}"),))
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            if wrong := tuple(_wrong_columns(row_type, name, header)):
                return _Sheet(row_type, (), wrong)
            lines = [(reader.line_num, cells) for cells in reader]
    except UnicodeDecodeError:
        return _Sheet(row_type, (), (Problem(name, 0, "", "the file is not UTF-8", "Save it as UTF-8 text."),))
    except csv.Error as error:
        remedy = "A cell that holds a quote doubles it."
        return _Sheet(row_type, (), (Problem(name, reader.line_num, "", f"not a CSV line: {error}", remedy),))
    good = tuple(_Line(name, n, _filled(header, cells)) for n, cells in lines if len(cells) == len(header))
    return _Sheet(row_type, good, tuple(_wrong_widths(name, len(header), lines)))


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


def _repeated_ids(sheet: _Sheet) -> Iterator[Problem]:
    """Ids used before in the same table."""
    key = sheet.row_type.KEY
    first: dict[str, _Line] = {}
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


def _repeated_things(sheet: _Sheet) -> Iterator[Problem]:
    """Two rows for the same thing and day: nobody could tell which price is in force."""
    thing = sheet.row_type.THING
    first: dict[tuple[str, ...], _Line] = {}
    for line in sheet.lines if thing else ():
        key = tuple(line.cells.get(column, "") for column in thing)
        if key in first:
            reason = f"the same {', '.join(thing)} as on line {first[key].number} of {first[key].file}"
            yield Problem(line.file, line.number, thing[-1], reason, "Give it its own date, or delete one of the two.")
        else:
            first[key] = line


def _dangling_references(sheets: Mapping[str, _Sheet]) -> Iterator[Problem]:
    """Cells that name a row another table does not have; blank cells name nothing."""
    ids = {file: {line.cells.get(sheet.row_type.KEY) for line in sheet.lines} for file, sheet in sheets.items()}
    for sheet in sheets.values():
        for column, target in sheet.row_type.REFERENCES.items():
            for line in sheet.lines:
                if (value := line.cells.get(column)) is not None and value not in ids[target]:
                    reason = f"{value!r} is not in {target}"
                    yield Problem(line.file, line.number, column, reason, "Add the row there first, or mend the id.")


def _parse(sheet: _Sheet, on: dt.date | None, problems: list[Problem]) -> list[Row]:
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


def _cell_problems(line: _Line, error: ValidationError) -> Iterator[Problem]:
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


def _tables(parsed: Mapping[str, list[Row]]) -> Tables:
    """Checked rows, typed by table."""
    return Tables(
        gpus=_of(parsed, GpuRow),
        gpu_prices=_of(parsed, GpuPriceRow),
        server_prices=_of(parsed, ServerPriceRow),
        licences=_of(parsed, LicenceRow),
        models=_of(parsed, ModelRow),
        formats=_of(parsed, FormatRow),
        format_evidence=_of(parsed, FormatEvidenceRow),
        quality=_of(parsed, QualityRow),
        named=_of(parsed, NamedRow),
        measured=_of(parsed, MeasuredRow),
        defaults=_of(parsed, DefaultRow),
        api_prices=_of(parsed, ApiPriceRow),
        api_checks=_of(parsed, ApiCheckRow),
        retirements=_of(parsed, RetirementRow),
        contracted=_of(parsed, ContractedPriceRow),
    )


def _of(parsed: Mapping[str, list[Row]], row_type: type[R]) -> tuple[R, ...]:
    return tuple(row for row in parsed[row_type.FILE] if isinstance(row, row_type))
