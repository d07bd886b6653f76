"""The pages' own logic through AppTest: editing, mistakes, undo, sharing, the library, and a locked store."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from planner.catalog.catalog import load
from planner.decision.evaluate import decide
from planner.decision.present import headline
from planner.decision.resolve import resolve
from planner.domain.document import parse_scenario
from planner.store.duck import open_store
from planner.store.link import encode

ROOT = Path(__file__).resolve().parents[2]
WORKLOADS = ROOT / "data" / "workloads"
ON = dt.date(2026, 11, 21)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    monkeypatch.setenv("PLANNER_DATE", ON.isoformat())
    page = AppTest.from_file(str(ROOT / "planner" / "web" / "main.py"), default_timeout=30)
    page.context["url"] = "http://127.0.0.1:8501/"
    yield page
    st.cache_resource.clear()


def said(app: AppTest) -> str:
    """The answer, as text."""
    return next(m.value for m in app.markdown if m.value.startswith("### ")).replace("\\", "").replace("\u2060", "")


def number(app: AppTest, label: str) -> float:
    return float(next(n for n in app.number_input if n.label == label).value or 0)


def set_number(app: AppTest, label: str, value: float) -> None:
    next(n for n in app.number_input if n.label == label).set_value(value).run()
    assert not app.exception


def press(app: AppTest, label: str) -> None:
    next(b for b in app.button if b.label == label).click().run()
    assert not app.exception


def test_a_change_moves_the_answer_and_undo_brings_it_back(app: AppTest) -> None:
    app.run()
    before = said(app)
    set_number(app, "Requests per day", 1000.0)
    assert said(app) != before
    press(app, "Undo")
    assert said(app) == before
    assert number(app, "Requests per day") == 477_828


def test_adding_and_removing_options_and_classes(app: AppTest) -> None:
    app.run()
    press(app, "Add it")
    assert len(app.session_state["draft"].scenario.options) == 6
    press(app, "Add a task class")
    assert len(app.session_state["draft"].scenario.workload.classes) == 2
    press(app, "Remove this class")
    assert len(app.session_state["draft"].scenario.workload.classes) == 1


def test_starting_from_an_example_replaces_the_scenario(app: AppTest) -> None:
    app.run()
    next(s for s in app.selectbox if s.label == "Start from").set_value("two-a100-example").run()
    assert not app.exception
    assert "$540 a month" in said(app)
    press(app, "Undo")
    assert "gpt-oss-120b" in said(app)


def test_saving_twice_without_a_change_is_not_offered(app: AppTest) -> None:
    app.run()
    press(app, "Save")
    assert next(b for b in app.button if b.label == "Save a new revision").disabled
    set_number(app, "Requests per day", 5.0)
    press(app, "Save a new revision")
    assert app.session_state["draft"].saved.revision == 2


def test_a_revision_keeps_its_prices_on_another_day(
    app: AppTest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.run()
    answer = said(app)
    press(app, "Save")
    ref = app.session_state["draft"].saved
    monkeypatch.setenv("PLANNER_DATE", "2027-06-01")
    app.query_params["s"], app.query_params["r"] = ref.scenario_id, str(ref.revision)
    app.switch_page("../../pages/view.py").run()
    assert not app.exception
    assert said(app) == answer
    assert "prices of 2026-11-21" in app.info[0].value


def test_a_link_opens_without_any_store(app: AppTest) -> None:
    scenario = parse_scenario((WORKLOADS / "azure-code.yaml").read_bytes(), name="x")
    facts = resolve(scenario, load(), ON)
    app.query_params["x"] = encode(scenario, facts)
    app.switch_page("../../pages/view.py").run()
    assert not app.exception
    assert said(app) == f"### {headline(scenario, decide(scenario, facts))}"


def test_a_second_process_gets_a_clear_message_and_the_answer_is_still_there(app: AppTest, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from planner.store.duck import open_store\n"
        "s = open_store(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    path = str(tmp_path / "store.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"open\n"
        app.run()
        assert "Keep paying per token" in said(app)
        press(app, "Save")
        assert any("in use by another process" in error.value.replace("\\", "") for error in app.error)
        app.switch_page("../../pages/scenarios.py").run()
        assert any("in use by another process" in warning.value.replace("\\", "") for warning in app.warning)
        other.communicate(b"")


def test_an_unreadable_store_is_said_not_overwritten(app: AppTest, tmp_path: Path) -> None:
    path = tmp_path / "store.duckdb"
    path.write_bytes(b"not a database" * 1000)
    app.run()
    app.switch_page("../../pages/scenarios.py").run()
    assert not app.exception
    assert app.warning
    assert path.read_bytes() == b"not a database" * 1000


def test_the_store_is_made_on_the_first_visit(app: AppTest, tmp_path: Path) -> None:
    app.run()
    st.cache_resource.clear()
    with open_store(tmp_path / "store.duckdb") as kept:
        assert kept.entries() == ()
