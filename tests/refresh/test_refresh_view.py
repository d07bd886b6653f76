"""The refresh on the catalog page: the page as users drive it, the source on a server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from planner.catalog.catalog import load
from planner.refresh.sources import SOURCES
from planner.web import refresh_view
from tests.refresh.library_file import model_of, published
from tests.refresh.loopback import Answer, Loopback, body, html, loopback
from tests.web.editor import ON, go, new_session


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "catalog"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    with loopback() as server:
        monkeypatch.setitem(SOURCES, "genai", server.source(SOURCES["genai"], "/data.json"))
        server.answers["/data.json"] = gpt_4o(2)
        yield server


@pytest.fixture
def app(shop: Loopback, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    monkeypatch.setenv("PLANNER_CATALOG", str(folder))
    monkeypatch.setenv("PLANNER_DATE", ON.isoformat())
    monkeypatch.setenv("PLANNER_OPERATOR", "1")
    st.cache_resource.clear()
    yield new_session()
    st.cache_resource.clear()


def gpt_4o(usd: float) -> Answer:
    """The file with another price of GPT-4o."""
    prices = {"input_mtok": usd, "output_mtok": usd * 4}
    return body(published(lambda raw: model_of(raw, "openai", "gpt-4o").update(prices=prices, price_variants=None)))


def opened(app: AppTest) -> AppTest:
    go(app, "catalog")
    app.session_state["catalog-refresh"] = True
    app.run()
    assert not app.exception
    return app


def asking(app: AppTest) -> AppTest:
    """The panel, about to ask the server on this machine alone."""
    opened(app).multiselect(key="refresh-sources").set_value(["genai"]).run()
    return app


def look(app: AppTest) -> AppTest:
    app.button(key="refresh-look").click().run(timeout=20)
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    parts = [*app.markdown, *app.info, *app.error, *app.warning, *app.success]
    return " ".join(part.value for part in parts).replace("\\", "").replace("\u2060", "")


def tables(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_only_an_operator_may_look(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANNER_OPERATOR", "0")
    opened(app)
    assert "PLANNER_OPERATOR=1" in words(app)
    assert not [button for button in app.button if button.key == "refresh-look"]


def test_a_look_shows_the_difference_and_adding_makes_it_count(app: AppTest, folder: Path) -> None:
    look(asking(app))
    shown = tables(app)
    assert "gpt-4o at OpenAI" in shown
    assert "−20.0 %" in shown
    assert 'href="catalog?row=api/openai/gpt-4o"' in shown
    assert not folder.exists()
    app.button(key="refresh-add").click().run(timeout=20)
    assert "Added 1 row of 2026-11-21" in words(app)
    assert not [button for button in app.button if button.key == "refresh-add"]
    assert load(local_dir=folder).tables.api_prices[-1].price_id == "openai-gpt-4o-2026-11-21"
    assert "nothing to add" in words(look(app))


def test_a_jump_has_to_be_taken_by_a_switch(app: AppTest, shop: Loopback) -> None:
    shop.answers["/data.json"] = gpt_4o(26)
    look(asking(app))
    assert "would change more than 10 times" in words(app)
    assert "nothing to add" in words(app)
    app.toggle(key="refresh-accept-jumps").set_value(True).run()
    assert [button.key for button in look(app).button if button.key == "refresh-add"]


def test_a_source_that_fails_is_a_warning_and_the_page_stays(app: AppTest, shop: Loopback) -> None:
    shop.answers["/data.json"] = html()
    look(asking(app))
    assert "Kept the prices of 2026-11-09." in words(app)
    assert app.warning


def test_rows_added_meanwhile_are_told_and_not_added_twice(app: AppTest, folder: Path) -> None:
    look(asking(app))
    other = asking(new_session())
    look(other).button(key="refresh-add").click().run(timeout=20)
    before = (folder / "api_prices.csv").read_bytes()
    app.button(key="refresh-add").click().run(timeout=20)
    assert "already used on line" in words(app)
    assert (folder / "api_prices.csv").read_bytes() == before


def test_one_look_at_a_time(app: AppTest) -> None:
    asking(app)
    with refresh_view._one_look:
        assert "right now" in words(look(app))
    assert tables(look(app))
