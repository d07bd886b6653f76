"""A table of PostgreSQL imported where it is gives the profile of its own export, and keeps no address."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from planner.usage.errors import UsageError
from planner.usage.importer import ImportRequest
from planner.usage.kept import kept_profiles
from planner.usage.sources import import_source
from planner.usage.table_import import import_table
from tests.real.places import put_in_postgres
from tests.real.servers import Server
from tests.usage.logs import ON, figures, imported, rows, write

TYPES = {
    "timestamp": "TIMESTAMPTZ",
    "model": "TEXT",
    "input_tokens": "BIGINT",
    "cached_input_tokens": "BIGINT",
    "output_tokens": "BIGINT",
    "user": "TEXT",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """500 requests of three people, five of them with more cached tokens than input."""
    given = [{**row, "user": f"user-{n % 3}"} for n, row in enumerate(rows(500))]
    for row in given[::100]:
        row["cached_input_tokens"] = 10_000
    table = pa.Table.from_pylist(given)
    times = pa.array([dt.datetime.fromisoformat(row["timestamp"]) for row in given], pa.timestamp("us", "UTC"))
    pq.write_table(table.set_column(0, "timestamp", times), tmp_path / "log.parquet")
    return tmp_path / "log.parquet"


def test_a_table_gives_the_profile_of_its_export(tmp_path: Path, file: Path, postgres_server: Server) -> None:
    url = put_in_postgres(postgres_server, file, "usage_log", TYPES)
    request = ImportRequest(owner_by="user", thresholds=(200, 400), on=ON)
    there = import_table(url, "usage_log", request, tmp_path / "kept")
    here = imported(tmp_path / "kept", file, owner_by="user", thresholds=(200, 400))
    assert figures(there.profile) == figures(here.profile)
    assert there.rollup.labels["owner"].names == here.rollup.labels["owner"].names
    assert there.profile.rows_rejected == here.profile.rows_rejected == 5
    assert there.profile.sources[0].name == "PostgreSQL: usage_log"
    again = import_table(url, "usage_log", request, tmp_path / "kept")
    assert again.profile.profile_id == there.profile.profile_id


def test_a_configured_source_keeps_no_address(
    tmp_path: Path, file: Path, postgres_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = put_in_postgres(postgres_server, file, "usage_log", TYPES).replace("@", ":word-of-the-test@")
    sources = write(tmp_path / "s.yaml", f"sources:\n- name: gateway\n  engine: {url}\n  table: usage_log\n")
    monkeypatch.setenv("PLANNER_USAGE_SOURCES", str(sources))
    profile = import_source("gateway", ImportRequest(on=ON), tmp_path / "kept").profile
    assert profile.total_requests == 495
    kept = b"".join(path.read_bytes() for path in (tmp_path / "kept").rglob("*") if path.is_file())
    assert b"word-of-the-test" not in kept
    assert b"postgresql://" not in kept


def test_more_rejects_than_allowed_stop_it_there_too(tmp_path: Path, file: Path, postgres_server: Server) -> None:
    url = put_in_postgres(postgres_server, file, "usage_log", TYPES)
    request = ImportRequest(max_reject_fraction=0.005, on=ON)
    with pytest.raises(UsageError, match="cached tokens exceed the input"):
        import_table(url, "usage_log", request, tmp_path / "kept")
    assert kept_profiles(tmp_path / "kept") == ()
