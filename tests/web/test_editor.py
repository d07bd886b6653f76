"""The editor through AppTest: undo across documents, stale saves, messages, figures typed in."""

from decimal import Decimal

from streamlit.testing.v1 import AppTest

from planner.domain.document_problems import Problem
from planner.domain.options import ApiOption, HostedOption, RentedOption, TypedThroughput, TypedTokenPrice
from tests.web.editor import (
    act,
    choose,
    draft_of,
    errors,
    go,
    labelled,
    new_session,
    open_option,
    open_saved,
    press,
    turn,
    type_in,
)


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


def price_of(app: AppTest, index: int) -> TypedTokenPrice | None:
    option = draft_of(app).scenario.options[index]
    assert isinstance(option, ApiOption | HostedOption)
    return option.price


def test_a_price_typed_in_starts_with_every_rate_of_the_list(app: AppTest) -> None:
    index = open_option(app, "groq-gpt-oss-120b")
    before = draft_of(app).scenario
    turn(app, "Type in the price")
    price = price_of(app, index)
    assert isinstance(price, TypedTokenPrice)
    assert price.provenance.source == "list price of 2026-11-21, edited by hand"
    assert price.provenance.origin == "assumed"
    assert price.cached_input_usd_per_mtok is not None
    assert labelled(app.number_input, "Cached input (USD per 1M tokens)").value == 0.075
    act(app, labelled(app.number_input, "Cached input (USD per 1M tokens)").set_value(None))
    after = price_of(app, index)
    assert after is not None
    assert after.cached_input_usd_per_mtok is None
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
    assert price_of(app, index) is None
    assert any("no list price to start from" in i.value.replace("\\", "") for i in app.info)
    type_in(app, "Input (USD per 1M tokens)", 2.0)
    assert price_of(app, index) is None
    type_in(app, "Output (USD per 1M tokens)", 8.0)
    price = price_of(app, index)
    assert isinstance(price, TypedTokenPrice)
    assert (price.input_usd_per_mtok, price.output_usd_per_mtok) == (Decimal("2"), Decimal("8"))
    turn(app, "Type in the price", False)
    turn(app, "Type in the price")
    assert price_of(app, index) == price


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
    choose(app, "Throughput from", "published")
    type_in(app, "GPUs per replica", 64)
    turn(app, "Type in the throughput")
    assert throughput(app, index) is None
    type_in(app, "Output tokens/s per replica", 500.0)
    typed = throughput(app, index)
    assert typed is not None
    assert typed.output_tokens_per_s_per_replica == 500
