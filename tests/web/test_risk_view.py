"""The risk page without a browser: where its draws and seed live, and questions without an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from planner.domain.options import Option
from planner.domain.scenario import Scenario
from planner.domain.uncertainty import DriverRange, Lognormal, Uncertainty
from planner.web.state import Draft
from tests.builders import rented, requests, scenario, token_price, typed_api, workload

ROUTER = Path(__file__).resolve().parents[2] / "planner" / "web" / "main.py"
Open = Callable[[Scenario], AppTest]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))

    def on(question: Scenario) -> AppTest:
        at = AppTest.from_file(str(ROUTER), default_timeout=30)
        at.context["url"] = "http://127.0.0.1:8501/"
        at.session_state["draft"] = Draft(question, saved_scenario=question)
        return at.run().switch_page("../../pages/risk.py").run()

    yield on
    st.cache_resource.clear()


def question(*options: Option, uncertainty: Uncertainty | None = None, per_day: float = 30_000) -> Scenario:
    both = options or (typed_api(token_price("0", "9.4")), rented("3"))
    return scenario(*both, work=workload(requests(per_day=per_day, fresh=0)), uncertainty=uncertainty)


def words(at: AppTest) -> str:
    return " ".join(item.value.replace("\\", "") for item in at.markdown)


def test_draws_are_kept_in_the_scenario_when_it_has_ranges(opened: Open) -> None:
    volume = DriverRange(driver="volume", distribution=Lognormal(p10=0.5, p90=2))
    at = opened(question(uncertainty=Uncertainty(draws=300, seed=4, drivers=(volume,))))
    assert [item.value for item in at.number_input] == [300, 4]
    assert "300 draws with seed 4" in words(at)
    at.number_input[0].set_value(400).run()
    assert not at.exception
    assert "400 draws with seed 4" in words(at)
    kept = at.session_state["draft"].scenario.uncertainty
    assert (kept.draws, kept.seed) == (400, 4)


def test_draws_are_kept_beside_a_scenario_without_ranges(opened: Open) -> None:
    at = opened(question())
    at.number_input[0].set_value(400).run()
    assert "400 draws with seed 20261121" in words(at)
    assert at.session_state["draft"].scenario == question()
    assert not at.session_state["draft"].dirty


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (question(per_day=0), "asks for no tokens"),
        (question(typed_api()), "nothing to compare it with"),
        (question(typed_api(licence_allows=False)), "No option has a price"),
    ],
)
def test_a_question_without_an_answer_says_why(opened: Open, asked: Scenario, expected: str) -> None:
    at = opened(asked)
    assert not at.exception
    assert expected in words(at)
