"""The engine for files: it stops at once, keeps to its bounds, and says in words what went wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from planner.usage.duck import GIB, MIB, Bounds, DuckEngine, memory_here_bytes
from planner.usage.errors import Cancelled, UsageError

ENDLESS = "SELECT COUNT(*) AS n FROM range(100000000000) AS a(i) WHERE i % 7 = 3"


def bounds(folder: Path, memory: int = 256 * MIB, temp: int = GIB) -> Bounds:
    return Bounds(memory, folder, temp, threads=2)


def test_answers_come_as_a_table_or_as_rows(tmp_path: Path) -> None:
    with DuckEngine(bounds(tmp_path)) as engine:
        assert engine.table("SELECT 1 AS a, 'x' AS b").to_pylist() == [{"a": 1, "b": "x"}]
        assert engine.rows("SELECT * FROM range(3)") == [(0,), (1,), (2,)]
        assert list(engine.batches("SELECT * FROM range(5)", rows=2)) == [(0,), (1,), (2,), (3,), (4,)]


def test_a_text_is_interrupted_when_somebody_says_stop(tmp_path: Path) -> None:
    began = time.monotonic()
    with DuckEngine(bounds(tmp_path), lambda: time.monotonic() > began + 0.3) as engine:
        with pytest.raises(Cancelled):
            engine.rows(ENDLESS)
        assert time.monotonic() - began < 1.5


def test_how_far_a_text_is_is_told(tmp_path: Path) -> None:
    shares: list[float] = []
    with DuckEngine(bounds(tmp_path)) as engine:
        engine.progress = shares.append
        engine.rows("SELECT SUM(SQRT(i)) FROM range(100000000) AS a(i)")
    assert shares
    assert all(0 <= share <= 1 for share in shares)


def test_times_without_a_zone_are_utc_whatever_the_machine_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        with DuckEngine(bounds(tmp_path)) as engine:
            assert engine.rows("SELECT epoch_us(CAST('1970-01-01 00:00:01' AS TIMESTAMPTZ))") == [(1_000_000,)]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_more_than_the_disk_has_is_said_with_the_way_out(tmp_path: Path) -> None:
    with DuckEngine(bounds(tmp_path, memory=64 * MIB, temp=16 * MIB)) as engine:
        with pytest.raises(UsageError, match="--temp-dir") as stopped:
            engine.run("CREATE TEMP TABLE much AS SELECT hash(i) AS a, hash(i + 1) AS b FROM range(10000000) AS r(i)")
        assert "more room on the disk" in str(stopped.value)


def test_a_wrong_text_is_told_in_one_line(tmp_path: Path) -> None:
    with DuckEngine(bounds(tmp_path)) as engine, pytest.raises(UsageError) as stopped:
        engine.rows("SELECT nothing FROM nowhere")
    assert "\n" not in str(stopped.value)


def test_memory_is_a_gib_or_a_quarter_of_the_machine() -> None:
    assert 256 * MIB <= memory_here_bytes() <= GIB


def test_nothing_is_fetched_from_a_network(tmp_path: Path) -> None:
    with DuckEngine(bounds(tmp_path)) as engine:
        found = engine.rows("SELECT value FROM duckdb_settings() WHERE name LIKE 'auto%known_extensions'")
    assert found == [("false",), ("false",)]
