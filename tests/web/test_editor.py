"""The editor through AppTest: undo across documents, stale saves, messages, every field, figures typed in."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from pydantic import BaseModel
from streamlit.testing.v1 import AppTest

from planner.domain.document_problems import Problem
from planner.domain.options import RentedOption, TypedThroughput, TypedTokenPrice
from planner.web.state import Draft

ROOT = Path(__file__).resolve().parents[2]
ON = dt.date(2026, 11, 21)


def new_session() -> AppTest:
    page = AppTest.from_file(str(ROOT / "planner" / "web" / "main.py"), default_timeout=30)
    page.context["url"] = "http://127.0.0.1:8501/"
    return page


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "store.duckdb"))
    monkeypatch.setenv("PLANNER_DATE", ON.isoformat())
    yield new_session().run()
    st.cache_resource.clear()


def draft_of(app: AppTest) -> Draft:
    draft: Draft = app.session_state["draft"]
    return draft


def labelled(widgets: Any, label: str) -> Any:
    return next(w for w in widgets if w.label == label)


def act(app: AppTest, widget: Any) -> None:
    widget.run()
    assert not app.exception


def press(app: AppTest, label: str) -> None:
    act(app, labelled(app.button, label).click())


def type_in(app: AppTest, label: str, value: float) -> None:
    act(app, labelled(app.number_input, label).set_value(value))


def turn(app: AppTest, label: str, on: bool = True) -> None:
    act(app, labelled(app.toggle, label).set_value(on))


def go(app: AppTest, page: str) -> None:
    app.switch_page(f"../../pages/{page}.py").run()
    assert not app.exception


def open_option(app: AppTest, option_id: str) -> int:
    app.session_state[f"option-{option_id}"] = True
    app.run()
    return [o.option_id for o in draft_of(app).scenario.options].index(option_id)


def open_saved(app: AppTest, scenario_id: str) -> None:
    go(app, "scenarios")
    act(app, app.button(key=f"open-{scenario_id}").click())
    go(app, "decide")


def errors(app: AppTest) -> str:
    return " ".join(e.value for e in app.error).replace("\\", "").replace("\u2060", "")


def test_undo_over_an_opened_scenario_goes_back_to_a_document_that_is_not_saved(app: AppTest) -> None:
    other = new_session().run()
    press(other, "Save")
    saved = draft_of(other).saved
    assert saved is not None
    type_in(app, "Requests per day", 7.0)
    open_saved(app, saved.scenario_id)
    assert draft_of(app).saved == saved
    press(app, "Undo")
    assert draft_of(app).scenario.workload.classes[0].requests_per_day == 7
    assert draft_of(app).saved is None
    press(app, "Save")
    own = draft_of(app).saved
    assert own is not None
    assert own.scenario_id != saved.scenario_id
    assert own.revision == 1


def test_undo_of_an_edit_keeps_where_it_was_saved_since(app: AppTest) -> None:
    type_in(app, "Requests per day", 7.0)
    press(app, "Save")
    ref = draft_of(app).saved
    press(app, "Undo")
    assert draft_of(app).saved == ref
    assert draft_of(app).dirty
    press(app, "Save a new revision")
    assert ref is not None
    assert draft_of(app).saved == ref._replace(revision=2)


def test_a_stale_save_can_become_a_new_scenario(app: AppTest) -> None:
    press(app, "Save")
    ref = draft_of(app).saved
    assert ref is not None
    other = new_session().run()
    open_saved(other, ref.scenario_id)
    type_in(other, "Requests per day", 5.0)
    press(other, "Save a new revision")
    type_in(app, "Requests per day", 6.0)
    press(app, "Save a new revision")
    assert "save yours as a new scenario" in errors(app)
    press(app, "Save as a new scenario")
    own = draft_of(app).saved
    assert own is not None
    assert own.scenario_id != ref.scenario_id
    assert not draft_of(app).dirty
    assert not app.error


def test_renaming_the_open_scenario_does_not_make_the_next_save_stale(app: AppTest) -> None:
    press(app, "Save")
    type_in(app, "Requests per day", 6.0)
    ref = draft_of(app).saved
    assert ref is not None
    go(app, "scenarios")
    act(app, app.text_input(key=f"name-{ref.scenario_id}-1").set_value("Another name"))
    press(app, "Save the name as a new revision")
    assert draft_of(app).saved == ref._replace(revision=2)
    go(app, "decide")
    assert draft_of(app).scenario.name == "Another name"
    press(app, "Save a new revision")
    assert not app.error
    assert draft_of(app).saved == ref._replace(revision=3)


def test_nothing_can_be_added_to_a_full_list(app: AppTest) -> None:
    for label, count in (("Add it", 15), ("Add a task class", 19)):
        for _ in range(count):
            assert not labelled(app.button, label).disabled
            press(app, label)
        assert labelled(app.button, label).disabled
        assert "at most 20" in labelled(app.button, label).help


def test_a_message_without_a_widget_is_shown_until_something_succeeds_there(app: AppTest) -> None:
    draft_of(app).problems[("options",)] = Problem("options", "it has 21 entries, more than 20", "Shorten it.")
    app.run()
    assert "options: it has 21 entries" in errors(app)
    open_option(app, "groq-gpt-oss-120b")
    press(app, "Remove this option")
    assert not app.error


def test_a_message_goes_with_the_option_it_was_about(app: AppTest) -> None:
    open_option(app, "groq-gpt-oss-120b")
    act(app, labelled(app.text_input, "Label").set_value("a\tb\x01c"))
    assert "control characters" in errors(app)
    press(app, "Remove this option")
    assert not app.error


def test_a_price_typed_in_starts_with_every_rate_of_the_list(app: AppTest) -> None:
    index = open_option(app, "groq-gpt-oss-120b")
    before = draft_of(app).scenario
    turn(app, "Type in the price")
    price = draft_of(app).scenario.options[index].price
    assert isinstance(price, TypedTokenPrice)
    assert price.provenance.source == "list price of 2026-11-21, edited by hand"
    assert price.provenance.origin == "assumed"
    assert price.cached_input_usd_per_mtok is not None
    assert labelled(app.number_input, "Cached input (USD per 1M tokens)").value == 0.075
    act(app, labelled(app.number_input, "Cached input (USD per 1M tokens)").set_value(None))
    assert draft_of(app).scenario.options[index].price.cached_input_usd_per_mtok is None  # type: ignore[union-attr]
    turn(app, "Type in the price", False)
    assert draft_of(app).scenario == before


def test_without_a_list_price_both_figures_are_asked_for(app: AppTest) -> None:
    index = open_option(app, "groq-gpt-oss-120b")
    act(app, labelled(app.selectbox, "Provider").set_value("openai"))
    current = draft_of(app)
    document = current.scenario.model_dump()
    document["options"][index]["model"] = "not-in-the-list"
    current.scenario = type(current.scenario).model_validate(document)
    current.epoch += 1
    app.run()
    turn(app, "Type in the price")
    assert current.scenario.options[index].price is None
    assert any("no list price to start from" in i.value.replace("\\", "") for i in app.info)
    type_in(app, "Input (USD per 1M tokens)", 2.0)
    assert current.scenario.options[index].price is None
    type_in(app, "Output (USD per 1M tokens)", 8.0)
    price = current.scenario.options[index].price
    assert isinstance(price, TypedTokenPrice)
    assert (price.input_usd_per_mtok, price.output_usd_per_mtok) == (Decimal("2"), Decimal("8"))
    turn(app, "Type in the price", False)
    turn(app, "Type in the price")
    assert current.scenario.options[index].price == price


def rented(app: AppTest) -> tuple[int, str]:
    options = draft_of(app).scenario.options
    option_id = next(o.option_id for o in options if isinstance(o, RentedOption))
    return open_option(app, option_id), option_id


def throughput(app: AppTest, index: int) -> TypedThroughput | None:
    option = draft_of(app).scenario.options[index]
    assert isinstance(option, RentedOption)
    return option.throughput


def test_a_throughput_typed_in_starts_from_the_published_one(app: AppTest) -> None:
    index, _ = rented(app)
    turn(app, "Type in the throughput")
    typed = throughput(app, index)
    assert typed is not None
    assert typed.low_fraction < 0.8  # the range of the published figure, not the default
    turn(app, "Prefill and decode apart")
    assert throughput(app, index) == typed
    type_in(app, "Prefill tokens/s per replica", 9000.0)
    assert throughput(app, index) == typed
    type_in(app, "Decode tokens/s per replica", 3000.0)
    pair = throughput(app, index)
    assert pair is not None
    assert pair.output_tokens_per_s_per_replica is None
    assert pair.prefill_tokens_per_s_per_replica == 9000
    turn(app, "Prefill and decode apart", False)
    one = throughput(app, index)
    assert one is not None
    assert one.output_tokens_per_s_per_replica is not None


def test_without_a_measurement_the_throughput_is_asked_for(app: AppTest) -> None:
    index, _ = rented(app)
    type_in(app, "GPUs per replica", 64)
    turn(app, "Type in the throughput")
    assert throughput(app, index) is None
    type_in(app, "Output tokens/s per replica", 500.0)
    typed = throughput(app, index)
    assert typed is not None
    assert typed.output_tokens_per_s_per_replica == 500


def paths(value: BaseModel, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    for name in type(value).model_fields:
        inner = getattr(value, name)
        if isinstance(inner, BaseModel):
            yield from paths(inner, (*path, name))
        elif isinstance(inner, tuple):
            for index, entry in enumerate(inner):
                yield from paths(entry, (*path, name, index))
        else:
            yield (*path, name)


NO_WIDGET = {"schema_version", "option_id", "class_id", "kind", "volume_multiplier"}
"""Fixed when the entry is made, or beside the answer."""


def test_the_sidebar_holds_every_field_of_the_scenario(app: AppTest) -> None:
    open_everything(app)
    listed = set(draft_of(app).shown)
    for label in ("Type in the price", "Type in the GPU price", "Type in the throughput"):
        for key in [str(t.key) for t in app.toggle if t.label == label]:
            act(app, app.toggle(key=key).set_value(True))
    open_everything(app)
    shown = draft_of(app).shown | listed
    missing = {p for p in paths(draft_of(app).scenario) if p not in shown and p[-1] not in NO_WIDGET}
    assert {p[-1] for p in missing} == {"prefill_tokens_per_s_per_replica", "decode_tokens_per_s_per_replica"}
    turn(app, "Prefill and decode apart")
    assert {n.label for n in app.number_input} >= {"Prefill tokens/s per replica", "Decode tokens/s per replica"}


def open_everything(app: AppTest) -> None:
    for panel in ("panel-latency", "panel-rules", "panel-names"):
        app.session_state[panel] = True
    current = draft_of(app)
    for option in current.scenario.options:
        app.session_state[f"option-{option.option_id}"] = True
    for path in {p[:end] for p in paths(current.scenario) for end in range(1, len(p))}:
        app.session_state[f"in{current.epoch}-" + "-".join(str(p).replace("_", "-") for p in path) + "-more"] = True
    app.run()
    assert not app.exception
