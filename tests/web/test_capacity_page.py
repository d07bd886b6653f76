"""The Capacity page without a browser: its figures to begin with, the answer, mistakes, and the way into a scenario."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from planner.domain.currency import DisplayCurrency
from planner.domain.options import RentedOption
from planner.domain.scenario import Scenario
from planner.web.capacity_view import TABS
from planner.web.state import Draft
from tests.builders import rented, requests, scenario, token_price, typed_api, workload
from tests.web.editor import ON, ROOT, act, labelled, type_in

Open = Callable[..., AppTest]
LLAMA = "Llama 3.3 70B"


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    monkeypatch.setenv("PLANNER_DATE", ON.isoformat())

    def on(question: Scenario | None = None, tab: str = "") -> AppTest:
        at = AppTest.from_file(str(ROOT / "planner" / "web" / "main.py"), default_timeout=60)
        at.context["url"] = "http://127.0.0.1:8501/"
        if question is not None:
            at.session_state["draft"] = Draft(question, saved_scenario=question)
        if tab:
            at.session_state[TABS] = tab
        at.run().switch_page("../../pages/capacity.py").run()
        assert not at.exception
        return at

    yield on
    st.cache_resource.clear()
    st.cache_data.clear()


def asked(per_day: float = 86_400, **more: object) -> Scenario:
    """One request a second, 1,500 in and 300 out, an H100 option with Llama."""
    work = workload(requests(per_day=per_day, fresh=1500, output=300), peak_to_mean=3)
    own = rented("3", model_id="llama-3.3-70b", format_id="fp8", gpus_per_replica=2)
    return scenario(typed_api(token_price("0", "9.4")), own, work=work).model_copy(update=more)


def words(at: AppTest) -> str:
    return " ".join(item.value.replace("\\", "").replace("\u2060", "") for item in at.markdown)


def errors(at: AppTest) -> str:
    return " ".join(item.value.replace("\\", "").replace("\u2060", "") for item in at.error)


def tables(at: AppTest) -> str:
    return " ".join(item.proto.body for item in at.get("html"))


def headline(at: AppTest) -> str:
    return next(item.value for item in at.markdown if item.value.startswith("### ")).replace("\\", "")


def test_it_answers_at_once_with_the_scenarios_own_figures(opened: Open) -> None:
    """One request a second at a peak of 3 times the mean: 3 a second."""
    at = opened(asked())
    assert labelled(at.number_input, "Peak load (requests/s)").value == 3
    assert labelled(at.number_input, "Prompt (tokens per request)").value == 1500
    assert labelled(at.number_input, "Output (tokens per request)").value == 300
    assert labelled(at.multiselect, "Models").value == ["llama-3.3-70b"]
    assert "at 3 requests/s with P95 TPOT" in headline(at)
    assert "at a mean of 1 requests/s (the peak / 3, as in the scenario)" in words(at)
    assert "rent of GPUs alone" in words(at)
    assert "predicted weakly" in words(at)
    assert labelled(at.button, "Back to the scenario's figures").disabled


def test_a_typed_figure_changes_the_answer_and_not_the_scenario(opened: Open) -> None:
    at = opened(asked())
    before = headline(at)
    type_in(at, "Peak load (requests/s)", 30)
    assert "at 30 requests/s" in headline(at)
    assert "at a mean of 10 requests/s (the peak / 3" in words(at)
    assert not at.session_state["draft"].dirty
    act(at, labelled(at.button, "Back to the scenario's figures").click())
    assert headline(at) == before
    assert labelled(at.number_input, "Peak load (requests/s)").value == 3


def test_what_was_typed_is_kept_over_other_pages(opened: Open) -> None:
    at = opened(asked())
    type_in(at, "Peak load (requests/s)", 30)
    at.switch_page("../../pages/decide.py").run()
    at.switch_page("../../pages/capacity.py").run()
    assert labelled(at.number_input, "Peak load (requests/s)").value == 30


def test_an_impossible_target_says_what_can_be_reached(opened: Open) -> None:
    at = opened(asked())
    type_in(at, "P95 time per output token, TPOT (ms)", 0.5)
    assert "Nothing in the catalog meets P95 TPOT 0.5 ms" in headline(at)
    assert "best reachable is" in words(at)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"Peak load (requests/s)": 0.0}, "Requests a second in the busiest minutes"),
        ({"P95 time per output token, TPOT (ms)": 0.0}, "Time per output token after the first"),
        ({"Mean load (requests/s)": 50.0}, "mean_requests_per_s is above peak_requests_per_s; swap them"),
        ({"Longest request (tokens)": 100}, "is shorter than a mean request, prompt plus answer (1,800 tokens)"),
    ],
)
def test_a_figure_that_makes_no_question_is_told_in_words(opened: Open, typed: dict[str, float], told: str) -> None:
    at = opened(asked())
    at.session_state["capacity-more"] = True
    at.run()
    for label, value in typed.items():
        type_in(at, label, value)
    assert told in errors(at)
    assert not at.exception


def test_several_mistakes_are_told_at_once(opened: Open) -> None:
    at = opened(asked())
    type_in(at, "Peak load (requests/s)", 0)
    type_in(at, "P95 time to first token, TTFT (ms)", 0)
    assert len(at.error) == 2


def test_a_peak_as_low_as_the_mean_is_answered(opened: Open) -> None:
    """1,000 requests a day, always even: 0.011574 a second, rounded to 0.01157 in the form; the mean is no higher."""
    at = opened(scenario(rented("3"), work=workload(requests(fresh=1500, output=300))))
    assert labelled(at.number_input, "Peak load (requests/s)").value == 0.01157
    assert errors(at) == ""
    assert "at 0.0116 requests/s" in headline(at)


def test_a_figure_of_the_scenario_that_the_search_does_not_take_is_told(opened: Open) -> None:
    """A prompt of 50 million tokens is longer than any model reads, and than the form's own bound."""
    at = opened(scenario(rented("3"), work=workload(requests(fresh=5e7, output=300))))
    assert "Mean prompt tokens per request" in errors(at)


def test_another_scenario_starts_with_its_own_figures(opened: Open) -> None:
    at = opened(asked())
    type_in(at, "Peak load (requests/s)", 30)
    at.session_state["draft"].document += 1
    at.run()
    assert labelled(at.number_input, "Peak load (requests/s)").value == 3


def test_a_scenario_without_requests_or_own_fleet_says_what_is_assumed(opened: Open) -> None:
    at = opened(scenario(typed_api(token_price("0", "9.4")), work=workload(requests(per_day=0, fresh=0))))
    assert "asks for nothing, so one request a second is assumed" in words(at)
    assert f"has no own fleet, so {LLAMA} is asked about" in words(at)
    assert "at 1 request/s with P95 TPOT" in headline(at)


def test_a_format_that_no_chosen_gpu_runs_is_left_out_with_the_way_out(opened: Open) -> None:
    at = opened(asked(), tab="Left out")
    act(at, labelled(at.multiselect, "Weight formats").set_value(["nvfp4"]))
    act(at, labelled(at.multiselect, "GPUs").set_value(["t4"]))
    assert headline(at) == "### Nothing in the catalog meets what is asked."
    assert "The GPU cannot run the format" in tables(at)
    assert "Choose another format or GPU." in tables(at)


def test_a_candidate_becomes_an_option_and_undo_takes_it_out(opened: Open) -> None:
    at = opened(asked())
    act(at, labelled(at.button, "Use it in the scenario").click())
    options = at.session_state["draft"].scenario.options
    assert len(options) == 3
    new = options[-1]
    assert isinstance(new, RentedOption)
    assert (new.model_id, new.format_id) == ("llama-3.3-70b", "fp8")
    assert new.price_id
    assert new.serving.max_model_len == 8192
    assert f"{LLAMA}, FP8" in new.label
    assert any("is in the scenario" in item.value for item in at.success)
    act(at, labelled(at.button, "Undo").click())
    assert len(at.session_state["draft"].scenario.options) == 2


def test_a_candidate_takes_the_place_of_an_option_and_keeps_its_people(opened: Open) -> None:
    question = asked()
    at = opened(question)
    own = question.options[1]
    act(at, labelled(at.selectbox, "Put it into the scenario as").set_value(own.option_id))
    act(at, labelled(at.button, "Use it in the scenario").click())
    changed = at.session_state["draft"].scenario.options[1]
    assert isinstance(own, RentedOption)
    assert isinstance(changed, RentedOption)
    assert len(at.session_state["draft"].scenario.options) == 2
    assert changed.option_id == own.option_id
    assert changed.label == own.label
    assert changed.operations == own.operations
    assert changed.price_id is not None


def test_another_candidate_changes_everything_on_the_page(opened: Open) -> None:
    at = opened(asked())
    box = labelled(at.selectbox, "Deployment shown")
    before = headline(at)
    act(at, box.select_index(5))
    assert headline(at) != before
    assert "Chosen by you. The cheapest is" in words(at)


def test_a_filter_without_a_match_says_so(opened: Open) -> None:
    at = opened(asked())
    act(at, labelled(at.text_input, "Filter").set_value("no such provider"))
    assert any("Take the filter away" in item.value for item in at.info)


@pytest.mark.parametrize(
    ("label", "value", "told"),
    [("GPUs a stage", 3, "64 query heads and 8 KV heads"), ("GPUs a stage", 1, "")],
)
def test_the_memory_of_any_other_deployment_can_be_tried(opened: Open, label: str, value: int, told: str) -> None:
    at = opened(asked(), tab="Memory")
    type_in(at, label, value)
    assert told in errors(at)


def test_sources_are_side_by_side_and_one_is_used(opened: Open) -> None:
    at = opened(asked(), tab="Sources")
    shown = tables(at)
    for name in ("Typed in", "From own measured points", "From a published run", "Modelled"):
        assert name in shown
    assert "Published measurements, nearest first" in shown


def test_commands_can_be_copied(opened: Open) -> None:
    at = opened(asked(), tab="Set it up")
    command, manifest = (block.value for block in at.code)
    assert command.startswith("vllm serve meta-llama/Llama-3.3-70B-Instruct")
    assert "--max-model-len 8192" in command
    assert "kind: Deployment" in manifest


def test_a_region_that_no_price_is_for_is_named(opened: Open) -> None:
    at = opened(asked())
    at.session_state["capacity-more"] = True
    at.run()
    act(at, labelled(at.text_input, "Region begins with").set_value("atlantis"))
    assert "No price is for a region that starts with 'atlantis'" in errors(at)


def test_a_full_scenario_says_that_there_is_no_room(opened: Open) -> None:
    many = tuple(rented("3", option_id=f"own-{k}") for k in range(20))
    at = opened(scenario(*many, work=workload(requests(fresh=1500, output=300))))
    act(at, labelled(at.button, "Use it in the scenario").click())
    assert "It cannot be used" in errors(at)
    assert len(at.session_state["draft"].scenario.options) == 20


def month(at: AppTest) -> float:
    found = re.search(r"([\d,]+) a month", headline(at))
    assert found is not None
    return float(found[1].replace(",", ""))


def test_amounts_are_in_the_currency_of_the_scenario(opened: Open) -> None:
    """Half a euro for a dollar: half as much."""
    euro = DisplayCurrency(code="EUR", units_per_usd=Decimal("0.5"), as_of="2026-11-20", source="a bank")
    dollars, euros = opened(asked()), opened(asked(currency=euro))
    assert month(euros) == pytest.approx(month(dollars) / 2, abs=1)
    assert "\N{EURO SIGN}" in headline(euros)
    assert "Shown in EUR" in words(euros)
