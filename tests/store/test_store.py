from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.domain.document import DocumentError
from planner.domain.scenario import Scenario
from planner.store.duck import SavedRef, Store, open_store
from planner.store.errors import NotFound, Stale, StoreError, Unreadable
from planner.store.revisions import ALPHABET
from tests.samples import blocked_facts, changed, facts_for, sample_facts, sample_scenario, scenarios

SCENARIO, FACTS = sample_scenario(), sample_facts()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "new folder" / "planner.duckdb") as opened:
        yield opened


def edit(store: Store, statement: str, *values: object) -> None:
    with store._transaction() as cursor:
        cursor.execute(statement, list(values))


# Saving


def test_a_saved_scenario_comes_back_whole(store: Store) -> None:
    before = dt.datetime.now(dt.UTC)
    ref = store.save(SCENARIO, FACTS, "Rent two GPUs.", author="jo")
    saved = store.load(ref.scenario_id)
    assert (saved.scenario, saved.facts, saved.answer, saved.author) == (SCENARIO, FACTS, "Rent two GPUs.", "jo")
    assert (saved.scenario_id, saved.revision, saved.latest_revision) == (*ref, 1)
    assert (saved.engine_version, saved.result_version) == (FACTS.engine_version, 2)
    assert saved.catalog_version == FACTS.catalog_version
    assert before <= saved.saved_at <= dt.datetime.now(dt.UTC)
    assert not saved.archived


@given(scenarios(), st.text(st.characters(codec="utf-8"), max_size=50))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_scenario_comes_back_the_same(store: Store, scenario: Scenario, answer: str) -> None:
    ref = store.save(scenario, facts_for(scenario), answer, author=answer)
    saved = store.load(*ref)
    assert (saved.scenario, saved.facts) == (scenario, facts_for(scenario))
    assert (saved.answer, saved.author) == (answer, answer)


def test_prices_are_stored_with_every_digit(store: Store) -> None:
    price = {"input_usd_per_mtok": Decimal("1234567890.12345678"), "output_usd_per_mtok": Decimal("0.10")}
    options = (SCENARIO.options[0], changed(SCENARIO.options[1], price=price), SCENARIO.options[2])
    saved = store.load(*store.save(sample_scenario(options=options), FACTS, ""))
    text = saved.scenario.model_dump_json()
    assert '"input_usd_per_mtok":"1234567890.12345678","output_usd_per_mtok":"0.10"' in text


def test_ids_are_ten_signs_that_nobody_mistakes(store: Store) -> None:
    ids = {store.save(SCENARIO, FACTS, "").scenario_id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(i) == 10 and set(i) <= set(ALPHABET) for i in ids)
    assert len(set(ALPHABET)) == 30
    assert not set("01ilou") & set(ALPHABET)


def test_an_id_in_use_is_not_given_twice(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    signs = iter("a" * 20 + "b" * 10)
    monkeypatch.setattr("planner.store.revisions.secrets.choice", lambda _: next(signs))
    assert store.save(SCENARIO, FACTS, "") == SavedRef("a" * 10, 1)
    assert store.save(SCENARIO, FACTS, "") == SavedRef("b" * 10, 1)


def test_a_save_adds_a_revision_and_edits_nothing(store: Store) -> None:
    first = store.save(SCENARIO, FACTS, "first")
    second = store.save(
        sample_scenario(name="Second"), FACTS, "second", scenario_id=first.scenario_id, expected_revision=1
    )
    assert second == SavedRef(first.scenario_id, 2)
    old, new = store.load(*first), store.load(first.scenario_id)
    assert (old.scenario.name, old.answer, old.revision, old.latest_revision) == ("Support chat", "first", 1, 2)
    assert (new.scenario.name, new.answer, new.revision, new.latest_revision) == ("Second", "second", 2, 2)


@pytest.mark.parametrize("expected", [0, 1, 3, -1, 10**30])
def test_a_stale_save_is_refused_and_says_which_revision_is_newest(store: Store, expected: int) -> None:
    ref = store.save(SCENARIO, FACTS, "")
    store.save(SCENARIO, FACTS, "theirs", scenario_id=ref.scenario_id, expected_revision=1)
    with pytest.raises(Stale, match="Revision 2 was saved while") as caught:
        store.save(SCENARIO, FACTS, "mine", scenario_id=ref.scenario_id, expected_revision=expected)
    assert caught.value.current_revision == 2
    assert store.load(ref.scenario_id).answer == "theirs"


def test_what_belongs_together_is_checked_before_anything_is_written(store: Store) -> None:
    with pytest.raises(ValueError, match="not those of the scenario's options"):
        store.save(SCENARIO, changed(FACTS, options=FACTS.options[:2]), "")
    with pytest.raises(ValueError, match="facts of own-h100 are of another kind"):
        store.save(
            SCENARIO,
            changed(FACTS, options=[*FACTS.options[:2], {**vars(FACTS.options[0]), "option_id": "own-h100"}]),
            "",
        )
    with pytest.raises(ValueError, match="go together"):
        store.save(SCENARIO, FACTS, "", scenario_id="abcdefghjk")
    with pytest.raises(ValueError, match="go together"):
        store.save(SCENARIO, FACTS, "", expected_revision=1)
    assert store.entries(include_archived=True) == ()


def test_blocked_facts_belong_to_any_option(store: Store) -> None:
    facts = changed(FACTS, options=[blocked_facts(option.option_id) for option in SCENARIO.options])
    assert store.load(*store.save(SCENARIO, facts, "")).facts == facts


# Finding


@pytest.mark.parametrize(
    "scenario_id", ["", "abc", "abcdefghjkm", "ABCDEFGHJK", "abcdefghj1", "'; DROP TABLE x", "é" * 10, "a" * 9 + "\n"]
)
def test_a_malformed_id_is_not_found(store: Store, scenario_id: str) -> None:
    for operation in (
        lambda: store.load(scenario_id),
        lambda: store.duplicate(scenario_id, "x"),
        lambda: store.rename(scenario_id, "x", expected_revision=1),
        lambda: store.archive(scenario_id, True),
        lambda: store.save(SCENARIO, FACTS, "", scenario_id=scenario_id, expected_revision=1),
    ):
        with pytest.raises(NotFound, match="There is no saved scenario"):
            operation()


def test_an_unknown_id_or_revision_is_not_found(store: Store) -> None:
    ref = store.save(SCENARIO, FACTS, "")
    for revision in (0, -1, 2, 10**30):
        with pytest.raises(NotFound, match=f"with a revision {revision}"):
            store.load(ref.scenario_id, revision)
    for operation in (
        lambda: store.load("abcdefghjk"),
        lambda: store.archive("abcdefghjk", True),
        lambda: store.rename("abcdefghjk", "x", expected_revision=1),
    ):
        with pytest.raises(NotFound):
            operation()


def test_the_list_has_the_newest_revision_of_each_last_saved_first(store: Store) -> None:
    first = store.save(SCENARIO, FACTS, "one")
    second = store.save(sample_scenario(name="B", owner="Ann"), FACTS, "two")
    store.save(SCENARIO, FACTS, "three", scenario_id=first.scenario_id, expected_revision=1)
    newest, older = store.entries()
    assert (newest.scenario_id, newest.revision, newest.answer) == (first.scenario_id, 2, "three")
    assert (older.scenario_id, older.name, older.owner, older.archived) == (second.scenario_id, "B", "Ann", False)
    assert newest.saved_at > older.saved_at
    assert newest.saved_at.tzinfo is dt.UTC


# Copies, names, archive


def test_a_duplicate_starts_anew_with_the_same_facts(store: Store) -> None:
    first = store.save(SCENARIO, FACTS, "first")
    store.save(sample_scenario(horizon_months=12), FACTS, "second", scenario_id=first.scenario_id, expected_revision=1)
    copy = store.duplicate(first.scenario_id, "Copy of Support chat")
    assert copy.scenario_id != first.scenario_id
    saved = store.load(*copy)
    assert saved.scenario == sample_scenario(name="Copy of Support chat", horizon_months=12)
    assert (saved.facts, saved.answer, saved.revision) == (FACTS, "second", 1)


def test_a_new_name_is_a_new_revision(store: Store) -> None:
    ref = store.save(SCENARIO, FACTS, "answer")
    assert store.rename(ref.scenario_id, "Better name", expected_revision=1) == SavedRef(ref.scenario_id, 2)
    assert store.load(*ref).scenario.name == "Support chat"
    renamed = store.load(ref.scenario_id)
    assert renamed.scenario == sample_scenario(name="Better name")
    assert (renamed.facts, renamed.answer) == (FACTS, "answer")
    assert store.entries()[0].name == "Better name"
    with pytest.raises(Stale):
        store.rename(ref.scenario_id, "Too late", expected_revision=1)


@pytest.mark.parametrize("name", ["", "x" * 201, "bell \x07"])
def test_a_name_that_cannot_be_taken_changes_nothing(store: Store, name: str) -> None:
    ref = store.save(SCENARIO, FACTS, "")
    with pytest.raises(DocumentError, match="name: "):
        store.rename(ref.scenario_id, name, expected_revision=1)
    with pytest.raises(DocumentError, match="name: "):
        store.duplicate(ref.scenario_id, name)
    assert store.load(ref.scenario_id).latest_revision == 1
    assert len(store.entries(include_archived=True)) == 1


def test_an_archived_scenario_leaves_the_list_and_keeps_its_links(store: Store) -> None:
    ref = store.save(SCENARIO, FACTS, "")
    store.archive(ref.scenario_id, True)
    assert store.entries() == ()
    assert [e.archived for e in store.entries(include_archived=True)] == [True]
    assert store.load(*ref).archived
    assert store.load(*ref).latest_revision == 1
    store.archive(ref.scenario_id, False)
    assert len(store.entries()) == 1


# What cannot be read


@pytest.mark.parametrize(
    ("column", "text", "told"),
    [
        ("scenario_json", '{"schema_version": 2, "name": "x"}', "written by a newer program"),
        ("scenario_json", "{", "it is not valid JSON"),
        ("scenario_json", "[" * 60_000, "it is not valid JSON"),
        ("scenario_json", "null", "where named fields belong"),
        ("facts_json", '{"future": 1}', "on: missing"),
    ],
)
def test_a_payload_of_another_program_is_named(store: Store, column: str, text: str, told: str) -> None:
    ref = store.save(SCENARIO, FACTS, "")
    edit(store, f"UPDATE scenario_revision SET {column} = $1", text)
    with pytest.raises(Unreadable, match="Revision 1 of 'Support chat'") as caught:
        store.load(ref.scenario_id)
    assert ref.scenario_id in caught.value.message
    assert told in caught.value.message
    assert "Update this program" in caught.value.remedy
    assert store.entries()[0].name == "Support chat"
    with pytest.raises(Unreadable):
        store.rename(ref.scenario_id, "x", expected_revision=1)
    assert store.entries()[0].revision == 1


@pytest.mark.parametrize("content", [b"garbage" * 1_000, b"x", b"", b"PAR1" * 5_000])
def test_a_file_that_is_not_a_store(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "planner.duckdb"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match="is not a store of scenarios") as caught:
        open_store(path)
    assert str(path) in caught.value.message
    assert path.read_bytes() == content


def test_a_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "planner.duckdb"
    open_store(path).close()
    whole = path.read_bytes()
    for broken in (whole[:9_000], whole[:12_288] + b"\0" * 4_096 + whole[16_384:]):
        path.write_bytes(broken)
        with pytest.raises(Unreadable, match="broken or cannot be opened"):
            open_store(path)


def test_places_where_no_file_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Unreadable, match=r"folder .* cannot be made"):
        open_store(tmp_path / "file" / "planner.duckdb")
    with pytest.raises(Unreadable, match="Is a directory"):
        open_store(tmp_path)


def test_a_file_of_a_newer_duckdb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise duckdb.SerializationException(
            "Trying to read a database file with version number 99, but we can only read up to 69"
        )

    monkeypatch.setattr(duckdb, "connect", refuse)
    with pytest.raises(Unreadable, match="written by a newer DuckDB"):
        open_store(tmp_path / "planner.duckdb")


def test_everything_is_there_after_closing_and_opening(tmp_path: Path) -> None:
    path = tmp_path / "planner.duckdb"
    with open_store(path) as store:
        refs = [store.save(SCENARIO, FACTS, str(n)) for n in range(5)]
    with open_store(path) as store:
        assert [store.load(*ref).answer for ref in refs] == ["0", "1", "2", "3", "4"]
    with pytest.raises(StoreError, match="could not be used"):
        store.entries()


def test_a_store_reaches_no_other_file(store: Store, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    with pytest.raises(StoreError, match="Permission Error"):
        edit(store, f"SELECT * FROM '{tmp_path / 'secret.csv'}'")
