from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from planner.store.duck import SavedRef, open_store
from planner.store.errors import NewerSchema
from planner.store.migrations import MIGRATIONS, Migration, migrate, version
from tests.samples import sample_facts, sample_scenario

FORM_1 = """
CREATE TABLE schema_version (version bigint PRIMARY KEY, applied_at timestamp NOT NULL);
INSERT INTO schema_version VALUES (1, TIMESTAMP '2026-11-21 08:00:00');
CREATE TABLE scenario (
    scenario_id text PRIMARY KEY, revision bigint NOT NULL, archived boolean NOT NULL, created_at timestamp NOT NULL
);
CREATE TABLE scenario_revision (
    scenario_id text NOT NULL, revision bigint NOT NULL, name text NOT NULL, owner text NOT NULL, answer text NOT NULL,
    author text NOT NULL, scenario_json text NOT NULL, facts_json text NOT NULL, engine_version text NOT NULL,
    result_version bigint NOT NULL, catalog_version text NOT NULL, saved_at timestamp NOT NULL,
    PRIMARY KEY (scenario_id, revision)
);
INSERT INTO scenario VALUES ('abcdefghjk', 1, false, TIMESTAMP '2026-11-21 08:00:00');
"""
INSERT = """
INSERT INTO scenario_revision VALUES ('abcdefghjk', 1, 'Old', 'Ann', 'Stay.', 'jo', $1, $2, '0.1.0', 1, 'prices 1',
    TIMESTAMP '2026-11-21 08:00:00.123456')
"""


@pytest.fixture
def cursor() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        yield connection


def make_form_1(path: Path) -> None:
    """A file as the first release wrote it; this text is never changed."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(FORM_1)
        connection.execute(INSERT, [sample_scenario().model_dump_json(), sample_facts().model_dump_json()])


def test_a_file_of_the_first_release_opens_and_takes_saves(tmp_path: Path) -> None:
    path = tmp_path / "planner.duckdb"
    make_form_1(path)
    with open_store(path) as store:
        saved = store.load("abcdefghjk")
        assert (saved.scenario, saved.facts) == (sample_scenario(), sample_facts())
        assert (saved.answer, saved.author, saved.catalog_version) == ("Stay.", "jo", "prices 1")
        assert saved.saved_at == dt.datetime(2026, 11, 21, 8, 0, 0, 123456, tzinfo=dt.UTC)
        assert store.entries()[0].name == "Old"
        assert store.rename("abcdefghjk", "New", expected_revision=1) == SavedRef("abcdefghjk", 2)


def test_the_first_form_is_still_what_the_first_step_makes(cursor: duckdb.DuckDBPyConnection) -> None:
    columns = "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns ORDER BY ALL"
    migrate(cursor, MIGRATIONS[:1])
    made = cursor.execute(columns).fetchall()
    with duckdb.connect(":memory:") as other:
        other.execute(FORM_1)
        assert made == other.execute(columns).fetchall()


def test_steps_are_numbered_from_one_without_gaps() -> None:
    assert [step.version for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))


def test_only_missing_steps_are_applied(cursor: duckdb.DuckDBPyConnection) -> None:
    later = (*MIGRATIONS, Migration(len(MIGRATIONS) + 1, ("ALTER TABLE scenario ADD COLUMN tags text",)))
    migrate(cursor)
    migrate(cursor)
    assert version(cursor) == len(MIGRATIONS)
    migrate(cursor, later)
    migrate(cursor, later)
    assert version(cursor) == len(MIGRATIONS) + 1
    assert cursor.execute("SELECT tags FROM scenario").fetchall() == []


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "planner.duckdb"
    make_form_1(path)
    bad = Migration(2, ("ALTER TABLE scenario ADD COLUMN tags text", "this is no SQL"))
    monkeypatch.setattr("planner.store.duck.migrate", lambda cursor: migrate(cursor, (*MIGRATIONS[:1], bad)))
    with pytest.raises(Exception, match="Parser Error"):
        open_store(path)
    monkeypatch.undo()
    with open_store(path) as store:
        assert store.load("abcdefghjk").answer == "Stay."
    with duckdb.connect(str(path)) as connection, pytest.raises(duckdb.BinderException):
        connection.execute("SELECT tags FROM scenario")


def test_a_file_of_a_newer_program_is_refused_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "planner.duckdb"
    make_form_1(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("INSERT INTO schema_version VALUES (99, TIMESTAMP '2030-01-01 00:00:00')")
    before = path.read_bytes()
    with pytest.raises(NewerSchema, match=r"form 99; this program knows up to 1") as caught:
        open_store(path)
    assert "Update this program" in caught.value.remedy
    assert path.read_bytes() == before
    with duckdb.connect(str(path)) as connection:
        assert version(connection) == 99
