"""Options in the sidebar: every kind is added complete, kinds change, and what others use goes with a sentence."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from planner.decision.evaluate import decide
from planner.decision.resolve import resolve
from planner.domain.options import (
    ApiOption,
    HybridOption,
    Option,
    OwnedOption,
    ProvisionedOption,
    RentedOption,
)
from planner.web.option_kinds import KIND_NAMES, new_option, turned_into
from planner.web.state import catalog
from tests.builders import changed, scenario, shipped, typed_api
from tests.web.editor import (
    ON,
    act,
    choose,
    draft_of,
    errors,
    labelled,
    open_option,
    open_panel,
    press,
    turn,
    type_in,
)

FIRST = shipped("azure-conversation.yaml")


def add(app: AppTest, kind: str) -> Option:
    """Add an option of a kind, and open its panel."""
    act(app, app.selectbox(key="new-kind").set_value(kind))
    press(app, "Add it")
    option = draft_of(app).scenario.options[-1]
    close_all(app)
    open_option(app, option.option_id)
    return option


def test_a_new_option_is_open(app: AppTest) -> None:
    act(app, app.selectbox(key="new-kind").set_value("rented"))
    press(app, "Add it")
    assert labelled(app.text_input, "Label").value == draft_of(app).scenario.options[-1].label
    assert labelled(app.selectbox, "Providers listed").value == "neocloud"


def close_all(app: AppTest) -> None:
    for option in draft_of(app).scenario.options:
        app.session_state[f"option-{option.option_id}"] = False


def last(app: AppTest) -> Any:
    return draft_of(app).scenario.options[-1]


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_a_new_option_of_any_kind_is_complete_and_priced(kind: str) -> None:
    new = new_option(FIRST, kind)
    question = changed(FIRST, options=[*FIRST.model_dump()["options"], new])
    facts = resolve(question, catalog(), ON)
    found = decide(question, facts).options[-1]
    assert found.kind == kind
    assert found.status == "ok", found.reasons
    assert new_option(question, kind)["option_id"] != new["option_id"]  # type: ignore[index]


@pytest.mark.parametrize("kind", ["owned", "workstation", "provisioned"])
def test_figures_that_nobody_quoted_are_marked_as_assumed(kind: str) -> None:
    new = new_option(FIRST, kind)
    assert new is not None
    provenance = new.get("server", new)["provenance"]
    assert provenance["origin"] == "assumed"
    assert provenance["source"]


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_each_kind_is_added_in_the_sidebar(app: AppTest, kind: str) -> None:
    option = add(app, kind)
    assert option.kind == kind
    assert not app.error
    assert labelled(app.selectbox, "Kind of option").value == kind


def test_a_hybrid_without_its_parts_is_refused_with_the_reason(app: AppTest) -> None:
    current = draft_of(app)
    current.scenario = scenario(typed_api())
    current.start_afresh()
    app.run()
    act(app, app.selectbox(key="new-kind").set_value("hybrid"))
    assert labelled(app.button, "Add it").disabled
    assert any("add them first" in m.value for m in app.markdown)
    open_option(app, "api")
    assert "hybrid" not in labelled(app.selectbox, "Kind of option").options
    assert labelled(app.button, "Remove this option").disabled


def test_removing_a_part_says_so_and_takes_the_hybrid_with_it(app: AppTest) -> None:
    hybrid = add(app, "hybrid")
    assert isinstance(hybrid, HybridOption)
    before = draft_of(app).scenario
    close_all(app)
    open_option(app, hybrid.base_id)
    assert any("is made of this option" in m.value for m in app.markdown)
    press(app, "Remove this option")
    left = {o.option_id for o in draft_of(app).scenario.options}
    assert left == {o.option_id for o in before.options} - {hybrid.base_id, hybrid.option_id}
    press(app, "Undo")
    assert draft_of(app).scenario == before


def test_removing_where_the_overflow_goes_leaves_units_for_the_peak(app: AppTest) -> None:
    add(app, "provisioned")
    choose(app, "Overflow goes to", "gpt-6-sol")
    assert last(app).overflow_id == "gpt-6-sol"
    close_all(app)
    open_option(app, "gpt-6-sol")
    assert any("sends its overflow here" in m.value for m in app.markdown)
    press(app, "Remove this option")
    assert not app.error
    assert isinstance(last(app), ProvisionedOption)
    assert last(app).overflow_id is None


def test_a_part_of_a_hybrid_keeps_its_kind_until_the_hybrid_lets_go(app: AppTest) -> None:
    hybrid = add(app, "hybrid")
    assert isinstance(hybrid, HybridOption)
    close_all(app)
    open_option(app, hybrid.base_id)
    before = draft_of(app).scenario
    choose(app, "Kind of option", "workstation")
    assert draft_of(app).scenario is before
    assert "base_id" in errors(app)
    assert labelled(app.selectbox, "Kind of option").value == "rented"


def test_another_kind_keeps_what_fits_and_the_way_back_is_exact(app: AppTest) -> None:
    index = open_option(app, "own-h200")
    type_in(app, "Setup (hours, once)", 77.0)
    before = draft_of(app).scenario.options[index]
    assert isinstance(before, RentedOption)
    choose(app, "Kind of option", "owned")
    owned = draft_of(app).scenario.options[index]
    assert isinstance(owned, OwnedOption)
    assert (owned.model_id, owned.gpu_id, owned.label) == (before.model_id, before.gpu_id, before.label)
    assert owned.operations.setup_hours == 77
    choose(app, "Kind of option", "rented")
    assert draft_of(app).scenario.options[index] == before


@pytest.mark.parametrize("kind", KIND_NAMES)
@pytest.mark.parametrize("option", FIRST.options, ids=lambda option: option.option_id)
def test_every_kind_turns_into_every_other(option: Option, kind: str) -> None:
    found = turned_into(option, kind, FIRST, None)
    assert found is not None
    document = FIRST.model_dump()
    document["options"] = [found if o["option_id"] == option.option_id else o for o in document["options"]]
    assert type(FIRST).model_validate(document).options[FIRST.options.index(option)].label == option.label


def test_usual_people_give_way_to_those_of_the_new_kind() -> None:
    api = ApiOption(option_id="a", label="A", provider="openai", model="m")
    assert "operations" not in (turned_into(api, "rented", FIRST, None) or {})


def test_a_term_brings_its_price_and_its_terms(app: AppTest) -> None:
    add(app, "rented")
    choose(app, "GPU", "h100-sxm")
    on_demand = last(app)
    choose(app, "Term", "spot")
    spot = last(app)
    assert catalog().tables.gpu_price_by_id[spot.price_id].term == "spot"
    assert spot.spot.fallback_usd_per_gpu_hour > 0
    type_in(app, "Away after an interruption (hours)", 2.0)
    assert last(app).spot.outage_hours == 2
    choose(app, "Term", "reserved")
    assert catalog().tables.gpu_price_by_id[last(app).price_id].term == "reserved_1y"
    assert last(app).spot.outage_hours == 2
    type_in(app, "Commitment (months)", 36)
    assert catalog().tables.gpu_price_by_id[last(app).price_id].term == "reserved_3y"
    choose(app, "Term", "on_demand")
    assert catalog().tables.gpu_price_by_id[last(app).price_id].term == on_demand.term
    assert not app.error


def test_reserved_gpus_run_always_and_the_widget_says_so(app: AppTest) -> None:
    option = add(app, "rented")
    open_panel(app, f"more-options-{option.option_id.replace('-', '_d')}-scaling")
    choose(app, "Replicas", "autoscale")
    choose(app, "Term", "reserved")
    assert last(app).scaling.mode == "static"
    assert labelled(app.selectbox, "Replicas").value == "static"
    choose(app, "Replicas", "autoscale")
    assert last(app).scaling.mode == "static"
    assert "paid in every hour" in errors(app)
    choose(app, "Term", "on_demand")
    assert last(app).scaling.mode == "autoscale"  # it was still shown: what was refused is tried again
    assert not app.error


def test_volume_discounts_come_and_go(app: AppTest) -> None:
    option = add(app, "api")
    open_panel(app, f"more-options-{option.option_id.replace('-', '_d')}-discounts")
    press(app, "Add a volume discount")
    press(app, "Add a volume discount")
    assert [t.discount_fraction for t in last(app).spend_tiers] == [0.05, 0.07]
    type_in(app, "Discount 1 above (USD a month)", 50_000.0)
    assert "ascending" in errors(app)
    assert last(app).spend_tiers[0].above_usd_per_month == 10_000
    type_in(app, "Discount 2 above (USD a month)", 90_000.0)
    assert [t.above_usd_per_month for t in last(app).spend_tiers] == [50_000, 90_000]
    assert not app.error
    press(app, "Remove discount 1")
    assert [t.above_usd_per_month for t in last(app).spend_tiers] == [90_000]


def test_fine_tuning_is_switched_on_and_off(app: AppTest) -> None:
    option = add(app, "owned")
    open_panel(app, f"more-options-{option.option_id.replace('-', '_d')}-tuning")
    turn(app, "Needs fine-tuning")
    assert last(app).tuning.active_params > 1e9
    type_in(app, "Passes over it (epochs)", 5.0)
    tuned = last(app)
    turn(app, "Needs fine-tuning", False)
    assert last(app).tuning is None
    turn(app, "Needs fine-tuning")
    assert last(app).tuning.training_tokens == tuned.tuning.training_tokens


def test_idle_power_above_busy_power_is_said_and_nothing_is_lost(app: AppTest) -> None:
    option = add(app, "owned")
    open_panel(app, f"more-options-{option.option_id.replace('-', '_d')}-server")
    type_in(app, "Power of an idle server (kW)", 20.0)
    assert "above max_kw" in errors(app)
    assert last(app).server.idle_kw == 2.4
    type_in(app, "Power of a busy server (kW)", 30.0)
    assert (last(app).server.idle_kw, last(app).server.max_kw) == (20, 30)
    assert not app.error


def test_a_workstation_and_a_hybrid_are_edited(app: AppTest) -> None:
    add(app, "workstation")
    type_in(app, "People who need a machine each", 3)
    assert last(app).developers == 3
    add(app, "hybrid")
    choose(app, "The per-token option takes", "cascade")
    type_in(app, "Asked again at the per-token option (share)", 0.4)
    assert last(app).escalated_fraction == 0.4
