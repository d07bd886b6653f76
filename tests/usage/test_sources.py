"""Configured sources: every mistake is listed with its file and field, and no secret is ever shown or kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.usage.errors import UsageError
from planner.usage.importer import ImportRequest
from planner.usage.sources import configured_sources, import_source
from tests.usage.logs import ON, csv_text, rows, write


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "sources.yaml"
    monkeypatch.setenv("PLANNER_USAGE_SOURCES", str(path))
    return path


GOOD = """
sources:
  - name: exports
    path: FOLDER/logs
  - name: gateway
    engine: postgresql://reader:s3cret@db.example:5432/litellm
    table: public.LiteLLM_SpendLogs
    format: litellm
"""


def test_sources_are_listed_without_their_secrets(file: Path) -> None:
    file.write_text(GOOD)
    exports, gateway = configured_sources()
    assert (exports.name, exports.path) == ("exports", "FOLDER/logs")
    assert gateway.shown == "public.LiteLLM_SpendLogs at postgresql://reader:***@db.example:5432/litellm"
    assert gateway.format_id == "litellm"
    assert "s3cret" not in repr(gateway)


def test_a_source_of_files_is_imported_under_its_name(tmp_path: Path, file: Path) -> None:
    file.write_text(GOOD.replace("FOLDER", str(tmp_path)))
    write(tmp_path / "logs" / "log.csv", csv_text(rows()))
    profile = import_source("exports", ImportRequest(on=ON), tmp_path / "kept").profile
    assert (profile.name, profile.total_requests) == ("exports", 60)
    assert str(tmp_path) not in profile.model_dump_json()


def test_a_name_that_is_not_configured_lists_those_that_are(tmp_path: Path, file: Path) -> None:
    file.write_text(GOOD)
    with pytest.raises(UsageError, match=r"no such source\. There are exports, gateway"):
        import_source("other", ImportRequest(), tmp_path)


def test_everything_wrong_is_listed_with_its_field(file: Path) -> None:
    file.write_text(
        "sources:\n- path: a\n  engine: b\n- name: x\n- name: x\n  path: p\n  colour: red\n"
        "- name: y\n  engine: postgresql://h/db\n- name: z\n  path: 7\n- text\n- name: w\n  path: q\n  format: nope\n"
    )
    with pytest.raises(UsageError) as refused:
        configured_sources()
    found = {problem.where.removeprefix(f"{file}, "): problem.reason for problem in refused.value.problems}
    assert found["sources[0].name"] == "is missing"
    assert found["sources[0].path"].startswith("has to be given, or else engine")
    assert found["sources[1].path"].startswith("has to be given, or else engine")
    assert found["sources[2].colour"] == "is no field of a source"
    assert found["sources[2].name"] == "'x' is there twice"
    assert found["sources[3].table"] == "is missing"
    assert found["sources[4].path"] == "is no text"
    assert found["sources[5]"] == "is no entry with fields"
    assert found["sources[6].format"] == "'nope' is no format"


@pytest.mark.parametrize(
    ("content", "said"), [("sources: [", "line 1: is not valid YAML"), ("a: 1", "no list"), ("", "no list")]
)
def test_a_file_that_is_no_list_of_sources_is_refused(file: Path, content: str, said: str) -> None:
    file.write_text(content)
    with pytest.raises(UsageError, match=said):
        configured_sources()


def test_no_file_is_no_source_but_a_named_one_has_to_be_there(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"is not there\. Check PLANNER_USAGE_SOURCES"):
        configured_sources()
    monkeypatch.delenv("PLANNER_USAGE_SOURCES")
    assert configured_sources(tmp_path / "none.yaml") == ()


def test_a_secret_may_come_from_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "sources:\n- name: g\n  engine: postgresql://reader:${DB_WORD}@h/db\n  table: t\n"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"sources\[0\].engine: names DB_WORD, which is not in the environment"):
        configured_sources()
    monkeypatch.setenv("DB_WORD", "hidden")
    (source,) = configured_sources()
    assert source.engine == "postgresql://reader:hidden@h/db"
    assert "hidden" not in source.shown + repr(source)
