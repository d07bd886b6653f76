"""Real log files for tests: the same rows in any form, and one import of them."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from planner.domain.usage import UsageProfile
from planner.usage.errors import UsageError
from planner.usage.importer import Imported, ImportRequest, import_usage

ON = dt.date(2026, 11, 21)
START = dt.datetime(2026, 10, 5, tzinfo=dt.UTC)
"""A Monday."""
Row = dict[str, Any]
HEADER = "timestamp,model,input_tokens,output_tokens\n"


def rows(count: int = 60, every_s: int = 30) -> list[Row]:
    """A log of one request every so often, of two models."""
    return [
        {
            "timestamp": (START + dt.timedelta(seconds=n * every_s)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "model": ("small", "large")[n % 2],
            "input_tokens": 100 + n,
            "cached_input_tokens": n % 7,
            "output_tokens": 10 + n % 5,
        }
        for n in range(count)
    ]


def csv_text(given: Sequence[Mapping[str, Any]], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(given[0]), delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(given)
    return out.getvalue()


def json_lines(given: Iterable[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in given)


def write(path: Path, given: str | bytes) -> Path:
    content = given.encode() if isinstance(given, str) else given
    if path.suffix == ".gz":
        content = gzip.compress(content)
    elif path.suffix == ".zst":
        content = pa.compress(content, codec="zstd", asbytes=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def parquet(path: Path, given: Sequence[Mapping[str, Any]]) -> Path:
    """Typed: times with a zone, whole numbers."""
    table = pa.Table.from_pylist(list(given))
    times = pa.array([dt.datetime.fromisoformat(row["timestamp"]) for row in given], pa.timestamp("us", "UTC"))
    pq.write_table(table.set_column(0, "timestamp", times), path)
    return path


def imported(folder: Path, *paths: Path, **more: Any) -> Imported:
    """Import into `folder`, which keeps the result."""
    return import_usage(ImportRequest(paths=paths, on=more.pop("on", ON), **more), folder)


def problems(folder: Path, *paths: Path, **more: Any) -> str:
    """What an import that stops says; nothing may be kept."""
    try:
        imported(folder, *paths, **more)
    except UsageError as error:
        kept = [path.name for path in folder.iterdir() if not path.name.startswith(".")] if folder.is_dir() else []
        assert set(kept) <= {"salt", "staging"}, kept
        return str(error)
    raise AssertionError("the import did not stop")


def figures(profile: UsageProfile) -> dict[str, Any]:
    """Everything in a profile that is measured: not where it was read from."""
    return profile.model_dump(exclude={"profile_id", "name", "sources", "notes", "rejects", "imported_on"})
