"""Add dated rows to a table of a catalog folder: all of them or none, and never a change to a line that is there."""

from __future__ import annotations

import csv
import datetime as dt
import io
import shutil
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from planner.catalog.catalog import DATA_DIR
from planner.catalog.rows import Row
from planner.catalog.tables import ROW_TYPES, read_tables
from planner.refresh.whole import locked, replace_whole


def append_rows(folder: Path, row_type: type[Row], rows: Sequence[Row], *, data_dir: Path = DATA_DIR) -> Path:
    """Append rows to `<folder>/<row_type.FILE>`, made with its header when missing; returns the file.

    `folder` is an installation's own folder, or `data_dir` itself. The whole catalog is read with the new rows first:
    raises CatalogError with every problem, or RefreshError when the folder cannot be written or is in use. Nothing is
    written then. Two processes that append at once take turns.
    """
    path = folder / row_type.FILE
    if not rows:
        return path
    with locked(folder):
        before = path.read_bytes() if path.is_file() else b""
        after = _with_rows(before, row_type, rows, _columns(row_type, before or _start(data_dir / row_type.FILE)))
        _check(folder, row_type, after, data_dir)
        replace_whole(path, after)
    return path


def cells(row: Row) -> dict[str, str]:
    """The row as the cells of its line; an absent value is a blank cell."""
    return {name: _cell(getattr(row, name)) for name in type(row).model_fields}


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case float():
            return repr(value).removesuffix(".0")
        case dt.date():
            return value.isoformat()
        case _:
            return str(value)


def _with_rows(before: bytes, row_type: type[Row], rows: Sequence[Row], columns: Sequence[str]) -> bytes:
    """The file's bytes, untouched, and after them the new lines."""
    if wrong := [row for row in rows if type(row) is not row_type]:
        raise TypeError(f"{row_type.__name__} rows are wanted, not {type(wrong[0]).__name__}")
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    if not before:
        writer.writeheader()
    writer.writerows(map(cells, rows))
    gap = b"\n" if before and not before.endswith(b"\n") else b""
    return before + gap + text.getvalue().encode("utf-8")


def _start(path: Path) -> bytes:
    """The first line of the shipped file, whose order of columns a new file takes."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.readline()


def _columns(row_type: type[Row], content: bytes) -> list[str]:
    """Column names in the order of a file's header; in the order of the row type when there is none."""
    header = next(csv.reader(io.StringIO(content.decode("utf-8"), newline="")), [])
    return header or list(row_type.model_fields)


def _check(folder: Path, row_type: type[Row], content: bytes, data_dir: Path) -> None:
    """Read the whole catalog as it would be, from a copy of the folder; raises CatalogError."""
    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch) / (folder.resolve().name or "catalog")
        trial.mkdir()
        for table in ROW_TYPES:
            if (folder / table.FILE).is_file():
                shutil.copyfile(folder / table.FILE, trial / table.FILE)
        (trial / row_type.FILE).write_bytes(content)
        if folder.resolve() == data_dir.resolve():
            read_tables(trial)
        else:
            read_tables(data_dir, local_dir=trial)
