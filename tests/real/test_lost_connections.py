"""A connection that is lost: tried once more when nothing had come, else an error in words; never half an import."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from planner.usage.engines import open_engine
from planner.usage.errors import UsageError
from planner.usage.importer import ImportRequest
from planner.usage.table_import import import_table
from tests.real import litellm_table
from tests.real.places import as_owner, in_spark
from tests.real.servers import Server, free_port
from tests.real.spark_server import spark

SLOW = "SELECT 7 AS n, CAST(PG_SLEEP(1) AS VARCHAR) AS slept"
HALF_THEN_SLOW = "SELECT n, CASE WHEN n = 300000 THEN PG_SLEEP(30) END AS slept FROM GENERATE_SERIES(1, 300000) AS a(n)"
OURS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'planner' AND state = 'active' AND query LIKE 'COPY%'"
REQUEST = ImportRequest(on=dt.date(2026, 11, 21), max_reject_fraction=0.05)


@contextmanager
def cut(server: Server, times: int, after_s: float = 0) -> Iterator[list[int]]:
    """Ends our backend while it runs a text, so many times; the ids of those that were ended."""
    ended: list[int] = []
    over = threading.Event()

    def watch() -> None:
        with psycopg.connect(server.url, autocommit=True) as other:
            while len(ended) < times and not over.is_set():
                for (pid,) in other.execute(OURS).fetchall():
                    time.sleep(after_s)
                    other.execute("SELECT pg_terminate_backend(%s)", [pid])
                    ended.extend({pid} - set(ended))
                time.sleep(0.002)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield ended
    finally:
        over.set()
        thread.join()


def test_a_text_is_run_again_when_nothing_had_come(postgres_server: Server) -> None:
    with open_engine(postgres_server.url) as engine, cut(postgres_server, times=1) as ended:
        assert engine.table(SLOW)["n"].to_pylist() == [7]
    assert len(ended) == 1


def test_a_text_is_not_run_a_third_time(postgres_server: Server) -> None:
    with (
        open_engine(postgres_server.url) as engine,
        cut(postgres_server, times=2) as ended,
        pytest.raises(UsageError, match=r"the connection was lost: .*Nothing was kept of it\. Start the import again"),
    ):
        engine.table(SLOW)
    assert len(ended) == 2


def test_half_an_answer_is_no_answer_and_is_not_asked_for_again(postgres_server: Server) -> None:
    lost = pytest.raises(UsageError, match="the connection was lost")
    with open_engine(postgres_server.url) as engine, cut(postgres_server, times=1, after_s=1) as ended, lost:
        engine.table(HALF_THEN_SLOW)
    assert len(ended) == 1


def test_another_connection_would_see_other_rows_so_a_later_text_is_not_run_again(postgres_server: Server) -> None:
    with open_engine(postgres_server.url) as engine:
        assert engine.table("SELECT 1 AS n")["n"].to_pylist() == [1]
        with cut(postgres_server, times=1) as ended, pytest.raises(UsageError, match="the connection was lost"):
            engine.table(SLOW)
    assert len(ended) == 1


def test_an_import_that_is_cut_keeps_nothing_and_can_be_started_again(tmp_path: Path, postgres_server: Server) -> None:
    url = litellm_table.create(postgres_server, 20_000)
    with cut(postgres_server, times=1000), pytest.raises(UsageError, match="the connection was lost"):
        import_table(url, litellm_table.TABLE, REQUEST, tmp_path)
    assert not list(tmp_path.rglob("*.json"))
    assert not list(tmp_path.rglob("*.parquet"))
    kept = import_table(url, litellm_table.TABLE, REQUEST, tmp_path)
    assert (kept.folder / "profile.json").exists()


def test_every_text_of_one_import_sees_the_same_rows(postgres_server: Server) -> None:
    url = litellm_table.create(postgres_server, 100)
    count = f"SELECT COUNT(*) AS n FROM {litellm_table.TABLE}"
    with open_engine(url) as engine:
        before = engine.table(count)["n"].to_pylist()
        with psycopg.connect(postgres_server.url) as owner:
            owner.execute(f"DELETE FROM {litellm_table.TABLE}".encode())
        assert engine.table(count)["n"].to_pylist() == before == [100]


def test_nothing_can_be_written(postgres_server: Server) -> None:
    as_owner(postgres_server, "CREATE SEQUENCE numbered")
    with open_engine(postgres_server.url) as engine, pytest.raises(UsageError, match="read-only transaction"):
        engine.table("SELECT NEXTVAL('numbered') AS n")


def test_a_text_that_takes_too_long_is_stopped(postgres_server: Server) -> None:
    with open_engine(postgres_server.url, timeout_s=1) as engine, pytest.raises(UsageError, match="statement timeout"):
        engine.table("SELECT CAST(PG_SLEEP(20) AS VARCHAR) AS slept")


def within(seconds: float, work: Callable[[], object]) -> float:
    """How long it takes, which must not be longer."""
    start = time.monotonic()
    work()
    took = time.monotonic() - start
    assert took < seconds
    return took


def test_a_spark_server_that_is_started_anew_is_asked_again_and_one_that_stops_is_told_of() -> None:
    port = free_port()
    with spark(port) as first:
        engine = open_engine(first.url)
        assert engine.table("SELECT 1 AS n")["n"].to_pylist() == [1]
    with spark(port) as second:
        assert engine.table("SELECT 2 AS n")["n"].to_pylist() == [2]
        in_spark(second, "CREATE TABLE many USING parquet AS SELECT id FROM RANGE(3000000)")
        threading.Timer(2, second.stop).start()
        with pytest.raises(UsageError, match="the connection was lost"):
            engine.table("SELECT COUNT(*) AS n FROM many AS a CROSS JOIN many AS b WHERE (a.id + b.id) % 7 = 1")
        within(20, engine.close)
    with pytest.raises(UsageError, match="Check the address"):
        open_engine(second.url)
