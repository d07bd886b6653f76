"""Tables where they lie give what their export gives: LiteLLM's in PostgreSQL, Databricks' on Spark."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from planner.usage.engines import Period, open_engine, relation_of_table
from planner.usage.errors import UsageError
from planner.usage.importer import Imported, ImportRequest, import_usage
from planner.usage.table_import import import_table
from planner.workload.rollup import Rollup
from tests.real import litellm_table
from tests.real.places import put_in_postgres, put_in_spark
from tests.real.servers import Server

ON = dt.date(2026, 11, 21)


def same(one: Rollup, other: Rollup) -> None:
    """Row for row."""
    for name in ("minute_us", "bucket_s", "context_band", "usage_rows"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name in one.sums:
        assert np.array_equal(one.sums[name], other.sums[name]), name
        assert np.array_equal(one.known[name], other.known[name]), name
    for key, labels in one.labels.items():
        assert labels.names == other.labels[key].names
        assert np.array_equal(labels.codes, other.labels[key].codes), key


def without_sources(imported: Imported) -> dict[str, object]:
    """The profile's figures."""
    told = imported.profile.model_dump()
    return {
        key: value for key, value in told.items() if key not in {"profile_id", "name", "sources", "rejects", "notes"}
    }


@pytest.mark.parametrize("owner_by", [None, "team", "user"])
def test_the_table_of_litellm_gives_what_its_csv_gives(
    owner_by: str | None, tmp_path: Path, postgres_server: Server
) -> None:
    url = litellm_table.create(postgres_server, 3000)
    file = litellm_table.export(postgres_server, tmp_path / "spend.csv")
    request = ImportRequest((file,), on=ON, thresholds=(200_000,), owner_by=owner_by, max_reject_fraction=0.05)  # type: ignore[arg-type]
    from_file = import_usage(request, tmp_path / "kept")
    from_table = import_table(url, litellm_table.TABLE, request, tmp_path / "kept")
    same(from_table.rollup, from_file.rollup)
    assert without_sources(from_table) == without_sources(from_file)
    assert {(r.reason, r.rows) for r in from_table.profile.rejects} == {
        (r.reason, r.rows) for r in from_file.profile.rejects
    }
    assert from_table.profile.rows_rejected > 0


def test_prompts_cannot_even_be_read(postgres_server: Server) -> None:
    url = litellm_table.create(postgres_server, 10)
    with open_engine(url) as engine:
        assert not set(litellm_table.SECRET) & set(engine.columns(litellm_table.TABLE))
        with pytest.raises(UsageError, match="permission denied"):
            engine.table(f"SELECT messages FROM {litellm_table.TABLE}")
        log = relation_of_table(engine, litellm_table.TABLE)
    assert log.reader.about.reader_id == "litellm"


def endpoint_usage(file: Path) -> Path:
    """Rows of system.serving.endpoint_usage with its documented columns and types."""
    start = dt.datetime(2026, 11, 20, 23, 59, 59, 999_999, dt.UTC)
    kinds = {
        "account_id": pa.string(),
        "workspace_id": pa.string(),
        "client_request_id": pa.string(),
        "databricks_request_id": pa.string(),
        "requester": pa.string(),
        "status_code": pa.int32(),
        "request_time": pa.timestamp("us", "UTC"),
        "input_token_count": pa.int64(),
        "output_token_count": pa.int64(),
        "input_character_count": pa.int64(),
        "output_character_count": pa.int64(),
        "usage_context": pa.map_(pa.string(), pa.string()),
        "request_streaming": pa.bool_(),
        "served_entity_id": pa.string(),
    }
    rows = [
        {
            "workspace_id": "7",
            "databricks_request_id": f"d-{n}",
            "requester": f"user-{n % 3}",
            "status_code": 429 if n % 50 == 0 else 200,
            "request_time": start + dt.timedelta(microseconds=n * 7_777_777),
            "input_token_count": None if n % 50 == 0 else n * 37 % 250_000,
            "output_token_count": None if n % 50 == 0 else n * 11 % 3000,
            "usage_context": [("team", f"Team {n % 4}"), ("end.user", "x")] if n % 5 else None,
            "served_entity_id": f"entity-{n % 2}",
        }
        for n in range(2000)
    ]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema(list(kinds.items()))), file)
    return file


@pytest.mark.parametrize("owner_by", [None, "team", "user"])
def test_the_table_of_databricks_gives_what_its_parquet_gives(
    owner_by: str | None, tmp_path: Path, spark_server: Server
) -> None:
    file = endpoint_usage(tmp_path / "endpoint_usage.parquet")
    url = put_in_spark(spark_server, file, "endpoint_usage")
    request = ImportRequest((file,), on=ON, thresholds=(200_000,), owner_by=owner_by)  # type: ignore[arg-type]
    from_file = import_usage(request, tmp_path / "kept")
    from_table = import_table(url, "endpoint_usage", request, tmp_path / "kept")
    same(from_table.rollup, from_file.rollup)
    assert without_sources(from_table) == without_sources(from_file)
    assert from_table.profile.total_requests == 2000


NUMBERS = (
    *("12", " 12 ", "12.0", "0012", "+7", "-5", "12.5", "1e3", "", None, "n/a", "12,000", "1 000", "--1", ".5", "5."),
    *("99999999999999999999999999999999", "123456789012345678", "NULL", "Infinity", "12 tokens", "1.2.3"),
)
TIMES = (
    *("2026-11-20T10:00:00Z", "2026-11-20 10:00:00", "2026-11-20T10:00:00.123456+02:00", "2026-11-20 10:00:00.5"),
    *("1763632800", "1763632800.25", "1763632800123", "1763632800123456", "2026-11-20", "", None, "yesterday"),
    *(
        "2026-13-01 00:00:00",
        "20.11.2026",
        "2026-11-20T25:00:00Z",
        "10:00",
        "2026-11",
        "2026-1-5 1:02:03",
        "2026-11-20 10:00",
        "2026-11-20T10:00+01:30",
        "2026-02-30",
        "2028-02-29",
        "2026-11-20 10",
        "2026-11-20 10:00:00,5",
        "2026-11-20T10:00Z",
        "2026-11",
        "2026-1-5 1:02:03",
    ),
)


def texts_table(file: Path) -> Path:
    """A plain table in which everything is text, and some of it is no number and no time."""
    good = ("2026-11-20T10:00:00Z", "12")
    pairs = [(time, good[1]) for time in TIMES] + [(good[0], number) for number in NUMBERS]
    rows = [
        {
            "timestamp": time,
            "model": "m",
            "input_tokens": number,
            "output_tokens": "1",
            "cost_usd": number,
            "id": str(n),
        }
        for n, (time, number) in enumerate(pairs)
    ]
    pq.write_table(pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in rows[0]])), file)
    return file


@pytest.mark.parametrize("place", ["postgres", "spark"])
def test_texts_that_are_no_numbers_and_no_times_are_the_same_rejects(
    place: str, tmp_path: Path, postgres_server: Server, spark_server: Server
) -> None:
    file = texts_table(tmp_path / "texts.parquet")
    names = ("timestamp", "model", "input_tokens", "output_tokens", "cost_usd", "id")
    if place == "postgres":
        url = put_in_postgres(postgres_server, file, "texts_table", dict.fromkeys(names, "text"))
    else:
        url = put_in_spark(spark_server, file, "texts_table")
    request = ImportRequest((file,), on=ON, max_reject_fraction=0.9)
    from_file = import_usage(request, tmp_path / "kept")
    from_table = import_table(url, "texts_table", request, tmp_path / "kept")
    told = {(r.column, r.reason): r.rows for r in from_file.profile.rejects}
    assert {(r.column, r.reason): r.rows for r in from_table.profile.rejects} == told
    same(from_table.rollup, from_file.rollup)


def test_a_period_leaves_out_what_is_before_and_after_it(tmp_path: Path, postgres_server: Server) -> None:
    url = litellm_table.create(postgres_server, 500)
    request = ImportRequest(on=ON, max_reject_fraction=0.05)
    day = dt.date(2026, 11, 21)
    whole, before, after = (
        import_table(url, litellm_table.TABLE, request, tmp_path, period=period).rollup.total("requests")
        for period in (None, Period(before=day), Period(since=day))
    )
    assert before
    assert after
    assert whole == before + after
