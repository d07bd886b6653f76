"""The sidebar asks the facts that licences need, and takes a model from its configuration."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from planner.catalog.catalog import DATA_DIR
from planner.domain.options import RentedOption
from planner.web.answer import with_link
from planner.web.option_rules_inputs import LICENCE
from planner.web.organisation_inputs import months_asked
from planner.web.text import md
from tests.builders import rented, scenario, typed_api
from tests.web.editor import act, choose, draft_of, errors, labelled, open_option, open_panel, press, type_in

CONFIG = DATA_DIR / "model_configs" / "qwen3-8b.json"
BEFORE = "Monthly users before the release (empty = not said)"


def put(app: AppTest, **more: Any) -> None:
    current = draft_of(app)
    current.scenario = scenario(rented(**more), typed_api())
    current.start_afresh()
    app.run()
    assert not app.exception


def own(app: AppTest) -> RentedOption:
    option = draft_of(app).scenario.options[0]
    assert isinstance(option, RentedOption)
    return option


def shown(app: AppTest) -> str:
    """Every text of the page, without the signs that keep Markdown quiet."""
    elements = [*app.markdown, *app.caption, *app.warning, *app.error, *app.info]
    return " ".join(str(element.value) for element in elements).replace("\\", "").replace("\u2060", "")


def test_the_facts_of_the_organisation_go_into_the_scenario(app: AppTest) -> None:
    put(app)
    open_panel(app, "panel-organisation")
    told = labelled(app.number_input, BEFORE).help.replace("\\", "").replace("\u2060", "")
    assert "never changes later. Here: Llama 3.1 8B: June 2024." in told
    type_in(app, BEFORE, 8e8)
    choose(app, "Based in the EU", True)
    found = draft_of(app).scenario.organisation
    assert (found.monthly_active_users_at_release, found.eu_domiciled, found.commercial_use) == (8e8, True, True)
    assert found.monthly_active_users is None
    assert not errors(app)


def test_too_many_users_exclude_the_option_on_the_page(app: AppTest) -> None:
    put(app)
    open_panel(app, "panel-organisation")
    type_in(app, BEFORE, 8e8)
    assert "700,000,000 monthly active users in June 2024" in shown(app)


def test_the_licence_that_excludes_is_one_click_away_and_only_one_that_the_catalog_has(app: AppTest) -> None:
    put(app, model_id="mistral-large-2")
    (warning,) = [w.value for w in app.warning if "LICENCE" in w.value]
    assert "](<https://mistral.ai/licenses/MRL-0.1.md>), read" in warning.replace("\\", "")
    assert with_link("Source: https://elsewhere.example/l, read") == md("Source: https://elsewhere.example/l, read")


def test_months_are_those_of_the_licences_in_use(app: AppTest) -> None:
    put(app, model_id="qwen3-8b")
    assert months_asked(draft_of(app)) == []
    put(app, model_id="llama-4-scout")
    assert months_asked(draft_of(app)) == [("Llama 4 Scout", "March 2025")]


def test_ones_own_judgement_of_the_licence_has_three_values(app: AppTest) -> None:
    put(app)
    open_option(app, "own")
    open_panel(app, "more-options-own-rules")
    label = "The licence allows this use"
    assert list(labelled(app.selectbox, label).options) == list(LICENCE.values())
    choose(app, label, True)
    assert own(app).licence_allows is True
    act(app, labelled(app.selectbox, label).select_index(0))
    assert own(app).licence_allows is None


def test_what_it_reads_is_its_models_own_until_chosen(app: AppTest) -> None:
    put(app)
    open_option(app, "own")
    open_panel(app, "more-options-own-rules")
    act(app, labelled(app.multiselect, "What it can read").set_value(["image", "text"]))
    assert own(app).modalities == ("text", "image")
    act(app, labelled(app.multiselect, "What it can read").set_value([]))
    assert own(app).modalities is None


# --- import


def offer(app: AppTest, content: bytes, size: str, name: str = "Ours", licence: str | None = None) -> None:
    put(app)
    open_option(app, "own")
    open_panel(app, "more-options-own-import")
    uploaders: list[Any] = list(app.get("file_uploader"))
    uploader = next(u for u in uploaders if u.label == "Configuration (config.json)")
    uploader.upload("config.json", content, "application/json")
    labelled(app.text_input, "Parameters as its page says").set_value(size)
    labelled(app.text_input, "Name").set_value(name)
    labelled(app.selectbox, "Its licence").set_value(licence)
    press(app, "Import it")


def test_an_uploaded_configuration_becomes_the_model_of_the_option(app: AppTest) -> None:
    offer(app, CONFIG.read_bytes(), "8.2B", licence="qwen-research")
    model = own(app).model
    assert model is not None
    assert (own(app).model_id, model.name, model.total_params) == ("ours", "Ours", 8_190_735_360)
    assert "does not allow commercial use" in shown(app)
    press(app, "Use a model of the catalog")
    assert (own(app).model, own(app).model_id) == (None, "llama-3.1-8b")


@pytest.mark.parametrize(
    ("content", "size", "name", "said"),
    [
        (CONFIG.read_bytes(), "7B", "Ours", "gives 8.19 billion parameters and you stated 7.00 billion"),
        (CONFIG.read_bytes(), "", "Ours", "write 70.6B"),
        (CONFIG.read_bytes(), "8.2B", " ", "give the model a name"),
        (b"<html></html>", "8.2B", "Ours", "this is a web page"),
        (json.dumps({"model_type": "clip"}).encode(), "8.2B", "Ours", "'clip' is not one that can be counted"),
    ],
)
def test_what_cannot_be_imported_is_said_and_changes_nothing(
    app: AppTest, content: bytes, size: str, name: str, said: str
) -> None:
    offer(app, content, size, name)
    assert own(app).model is None
    assert said in errors(app)
