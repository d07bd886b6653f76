"""Every page opens. A new file in pages/ is found by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[1]
ROUTER = ROOT / "planner" / "web" / "main.py"
PAGES = sorted((ROOT / "pages").glob("*.py"))


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    at = AppTest.from_file(str(ROUTER), default_timeout=30)
    at.context["url"] = "http://127.0.0.1:8501/"
    yield at.run()
    st.cache_resource.clear()  # closes the store


def test_the_first_page_opens(app: AppTest) -> None:
    assert not app.exception
    assert app.title[0].value == "Keep paying per token, or run the model ourselves?"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_opens(app: AppTest, path: Path) -> None:
    app.switch_page(f"../../pages/{path.name}").run()

    assert not app.exception
    assert app.title, "a page starts with its title"


def test_every_page_is_in_the_router() -> None:
    router = ROUTER.read_text(encoding="utf-8")

    assert [path.name for path in PAGES if f'"{path.name}"' not in router] == []


def test_no_pages_folder_beside_the_router() -> None:
    """With one, Streamlit opens a deep link as a page of its own: no frame, no sign-in."""
    assert not (ROUTER.parent / "pages").exists()
