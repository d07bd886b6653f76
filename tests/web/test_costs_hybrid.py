"""The Costs and Hybrid pages through AppTest: choosing, empty states, and a hybrid that joins the comparison."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from planner.domain.options import HybridOption
from planner.domain.scenario import Scenario
from planner.web.state import Draft
from tests.builders import listed, rented, requests, scenario, token_price, typed_api, workload

ROOT = Path(__file__).resolve().parents[2]
ON = dt.date(2026, 11, 21)


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    monkeypatch.setenv("PLANNER_DATE", ON.isoformat())
    page = AppTest.from_file(str(ROOT / "planner" / "web" / "main.py"), default_timeout=30)
    page.context["url"] = "http://127.0.0.1:8501/"
    yield page
    st.cache_resource.clear()


def opened(app: AppTest, page: str, asked: Scenario | None = None) -> AppTest:
    app.run()
    if asked is not None:
        app.session_state["draft"] = Draft(asked, saved_scenario=asked)
    app.switch_page(f"../../pages/{page}.py").run()
    assert not app.exception
    return app


def text_of(app: AppTest) -> str:
    shown = [element.value for element in (*app.markdown, *app.info, *app.subheader)]
    return " ".join(shown).replace("\\", "").replace("\u2060", "")


def figures(app: AppTest) -> dict[str, str]:
    return {m.label.replace("\\", ""): m.value for m in app.metric}


def current(app: AppTest) -> Scenario:
    found: Draft = app.session_state["draft"]
    return found.scenario


def test_costs_open_with_the_recommended_option_and_show_another(app: AppTest) -> None:
    page = opened(app, "costs")
    assert page.selectbox(key="costs-option").value == "groq-gpt-oss-120b"
    assert figures(page)["TCO, 36 months"] == "$169,926"
    assert "is the reference" in text_of(page)
    page.selectbox(key="costs-option").select("own-h200").run()
    assert not page.exception
    assert figures(page)["TCO, 36 months"] == "$396,518"
    assert "The naive figure is $1,685 a month; the whole cost is $11,014, 6.54 times as much" in text_of(page)
    assert figures(page)["Payback"] == "never"


def test_the_choice_is_kept_when_the_page_is_left(app: AppTest) -> None:
    page = opened(app, "costs")
    page.selectbox(key="costs-option").select("own-h200").run()
    page.switch_page("../../pages/hybrid.py").run()
    page.switch_page("../../pages/costs.py").run()
    assert page.selectbox(key="costs-option").value == "own-h200"


def test_costs_without_a_price_say_so(app: AppTest) -> None:
    page = opened(app, "costs", scenario(listed("nobody", "nothing")))
    assert "no costs to show" in text_of(page)
    assert not page.selectbox


def test_costs_at_zero_volume(app: AppTest) -> None:
    asked = scenario(typed_api(), rented(), work=workload(requests(0)))
    page = opened(app, "costs", asked)
    page.selectbox(key="costs-option").select("own").run()
    assert not page.exception
    assert "Undefined at zero volume" in text_of(page)


def test_hybrid_opens_with_the_cheapest_of_each(app: AppTest) -> None:
    page = opened(app, "hybrid")
    assert page.selectbox(key="hybrid-base").value == "own-h200"
    assert page.selectbox(key="hybrid-overflow").value == "groq-gpt-oss-120b"
    assert "Everything per token is cheapest" in text_of(page)
    assert "ASSUMED" in text_of(page)


@pytest.mark.parametrize(
    "asked", [scenario(typed_api()), scenario(rented()), scenario(typed_api(), rented(gpu_id="none"))]
)
def test_hybrid_without_both_kinds_says_what_is_missing(app: AppTest, asked: Scenario) -> None:
    page = opened(app, "hybrid", asked)
    assert "A hybrid needs one self-hosted and one per-token option" in text_of(page)
    assert not page.selectbox


def test_a_hybrid_joins_the_comparison_and_undo_takes_it_out(app: AppTest) -> None:
    dear = typed_api(token_price("0", "60"))
    page = opened(app, "hybrid", scenario(dear, rented("3"), work=workload(requests(20_000), peak_to_mean=3)))
    page.button(key="add-hybrid").click().run()
    assert not page.exception
    added = current(page).options[-1]
    assert isinstance(added, HybridOption)
    assert (added.option_id, added.base_id, added.overflow_id) == ("hybrid-1", "own", "api")
    assert page.button(key="add-hybrid").disabled
    money = figures(page)["Its cost"]
    page.switch_page("../../pages/costs.py").run()
    page.selectbox(key="costs-option").select("hybrid-1").run()
    assert not page.exception
    assert figures(page)["Levelised cost"] == money
