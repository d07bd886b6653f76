"""Read `data/` once, check everything, and give frozen tables; or say everything that is wrong with it at once.

An installation may add dated rows of its own in a second folder (`local_dir`): same file names, same columns, ids that
the shipped tables do not use. Nothing there replaces a shipped row; a newer row of the same thing follows it in time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from planner.catalog import predictor
from planner.catalog.predictor import PredictorFit, load_predictor
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
)
from planner.catalog.sheets import CatalogError, Problem, Sheet, parse, read, repeated_ids, repeated_things
from planner.domain.base import as_of_date

__all__ = ["ROW_TYPES", "CatalogError", "Problem", "Tables", "load_tables"]

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
    predictor: PredictorFit = field(default=None, repr=False)  # type: ignore[assignment]
    """Filled by `load_tables`; `read_tables` leaves it out."""
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
            "default_by_name": {row.parameter: row for row in sorted(self.defaults, key=_day)},
        }
        for name, rows in by_id.items():
            object.__setattr__(self, name, rows)

    def same_architecture(self, model_id: str) -> frozenset[str]:
        """Ids of the models that share measured throughput with this one, itself included."""
        family = self._architecture(model_id)
        return frozenset(m.model_id for m in self.models if self._architecture(m.model_id) == family)

    def _architecture(self, model_id: str) -> str:
        return self.model_by_id[model_id].same_architecture_as or model_id


def load_tables(data_dir: Path, on: dt.date | None = None, local_dir: Path | None = None) -> Tables:
    """Tables of `data_dir` with the rows that `local_dir` adds, and the fitted predictor.

    Raises CatalogError with every problem. No row may be dated after `on` when given.
    """
    tables = read_tables(data_dir, on, local_dir)
    return replace(tables, predictor=load_predictor(data_dir / predictor.FILE))


def read_tables(data_dir: Path, on: dt.date | None = None, local_dir: Path | None = None) -> Tables:
    """The tables alone, before a predictor has been fitted to them."""
    sheets = {row_type.FILE: _sheet(row_type, data_dir, local_dir) for row_type in ROW_TYPES}
    problems = [problem for s in sheets.values() for problem in (*s.problems, *repeated_ids(s), *repeated_things(s))]
    problems += _dangling_references(sheets)
    parsed = {file: parse(sheet, on, problems) for file, sheet in sheets.items()}
    if problems:
        order = {file: index for index, file in enumerate(sheets)}
        raise CatalogError(sorted(problems, key=lambda p: (order[Path(p.file).name], p.file, p.line, p.column)))
    return _tables(parsed)


def _sheet(row_type: type[Row], data_dir: Path, local_dir: Path | None) -> Sheet:
    """The shipped file and the local one of the same name, in that order."""
    shipped = read(row_type, data_dir / row_type.FILE, row_type.FILE)
    if local_dir is None or not (local_dir / row_type.FILE).exists():
        return shipped
    local = read(row_type, local_dir / row_type.FILE, f"{local_dir.name}/{row_type.FILE}")
    return Sheet(row_type, (*shipped.lines, *local.lines), (*shipped.problems, *local.problems))


def _dangling_references(sheets: Mapping[str, Sheet]) -> Iterator[Problem]:
    """Cells that name a row another table does not have; blank cells name nothing."""
    ids = {file: {line.cells.get(sheet.row_type.KEY) for line in sheet.lines} for file, sheet in sheets.items()}
    for sheet in sheets.values():
        for column, target in sheet.row_type.REFERENCES.items():
            for line in sheet.lines:
                if (value := line.cells.get(column)) is not None and value not in ids[target]:
                    reason = f"{value!r} is not in {target}"
                    yield Problem(line.file, line.number, column, reason, "Add the row there first, or mend the id.")


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


def _day(row: DefaultRow) -> dt.date:
    return as_of_date(row.as_of)


def _of(parsed: Mapping[str, list[Row]], row_type: type[R]) -> tuple[R, ...]:
    return tuple(row for row in parsed[row_type.FILE] if isinstance(row, row_type))
