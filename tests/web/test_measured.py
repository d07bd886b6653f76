"""A measured workload in the sidebar: it says so, and counts as measured until somebody changes what was measured."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from planner.domain.scenario import Scenario
from planner.domain.usage import UsageReference
from planner.web.state import catalog
from planner.web.usage_link import EDITED, checked, let_go, was_changed
from planner.workload.presets import load_shape_presets
from tests.builders import listed, scenario
from tests.web.editor import act, choose, draft_of, labelled, press, type_in

REFERENCE = UsageReference(
    profile_id="0123456789abcdef",
    name="Office *assistant*",
    first_on="2026-11-02",
    last_on="2026-11-08",
    imported_on="2026-11-21",
)


def measured(found: Scenario, **changes: Any) -> Scenario:
    usage = REFERENCE.model_copy(update=changes)
    source = {"usage": usage, "source": "Office log, 1,000 requests"}
    return found.model_copy(update={"workload": found.workload.model_copy(update=source)})


def with_peak(found: Scenario, peak: float) -> Scenario:
    return found.model_copy(update={"workload": found.workload.model_copy(update={"peak_to_mean": peak})})


def words(app: AppTest) -> str:
    parts = [*app.sidebar.markdown, *app.sidebar.info, *app.markdown]
    return " ".join(part.value for part in parts).replace("\\", "").replace("\u2060", "")


def open_measured(app: AppTest, **changes: Any) -> AppTest:
    current = draft_of(app)
    current.scenario = measured(current.scenario, **changes)
    current.start_afresh()
    return app.run()


# The law: measured figures and the reference go together


def test_an_edit_elsewhere_keeps_the_import() -> None:
    before = measured(scenario(listed("openai", "gpt-4o")))
    after = before.model_copy(update={"name": "another"})
    assert checked(before, after) == after


def test_changing_a_measured_figure_lets_go_of_the_import_and_says_where_it_came_from() -> None:
    before = measured(scenario(listed("openai", "gpt-4o")))
    after = checked(before, with_peak(before, before.workload.peak_to_mean + 1))
    assert after.workload.usage is None
    assert after.workload.source == f"{EDITED}Office log, 1,000 requests"
    assert was_changed(after.workload)
    assert after.workload.peak_to_mean == before.workload.peak_to_mean + 1


def test_a_peak_that_the_log_could_not_say_is_the_persons_own() -> None:
    before = measured(scenario(listed("openai", "gpt-4o")), assumed=("peak",))
    after = with_peak(before, before.workload.peak_to_mean + 1)
    assert checked(before, after) == after


def test_another_import_is_taken_as_it_is() -> None:
    before = measured(scenario(listed("openai", "gpt-4o")))
    other = measured(with_peak(before, 9), profile_id="fedcba9876543210")
    assert checked(before, other) == other


def test_a_source_as_long_as_can_be_still_fits() -> None:
    found = measured(scenario(listed("openai", "gpt-4o"))).workload.model_copy(update={"source": "x" * 4000})
    again = type(found).model_validate(let_go(found).model_dump())
    assert was_changed(again)


# In the sidebar


def test_the_sidebar_names_the_import_with_its_days(app: AppTest) -> None:
    open_measured(app)
    assert not app.exception
    assert "Measured: Office *assistant* (2026-11-02 to 2026-11-08, imported on 2026-11-21)" in words(app).replace(
        "**", ""
    )


def test_decide_says_that_the_workload_is_measured_and_what_is_not(app: AppTest) -> None:
    open_measured(app, assumed=("cached", "peak"))
    assert "Workload: **measured**" in words(app)
    assert "Not in the log: cached share, peak." in words(app)


def test_a_typed_workload_says_nothing_of_the_kind(app: AppTest) -> None:
    assert "measured**" not in words(app)
    assert "Let go of the import" not in [b.label for b in app.button]


@pytest.mark.parametrize("label", ["Requests per day", "Fresh input tokens per request", "Peak to mean"])
def test_typing_over_a_measured_figure_lets_go_and_undo_brings_it_back(app: AppTest, label: str) -> None:
    open_measured(app)
    type_in(app, label, 77)
    assert draft_of(app).scenario.workload.usage is None
    assert "counts as measured no more" in words(app)
    press(app, "Undo")
    assert draft_of(app).scenario.workload.usage == REFERENCE
    assert "counts as measured no more" not in words(app)


def test_a_label_and_the_volume_factor_are_not_measured_figures(app: AppTest) -> None:
    open_measured(app)
    act(app, app.select_slider[0].set_value(2.0))
    assert draft_of(app).scenario.workload.usage == REFERENCE


def test_another_class_is_not_in_the_log(app: AppTest) -> None:
    open_measured(app)
    press(app, "Add a task class")
    assert draft_of(app).scenario.workload.usage is None


def test_one_can_let_go_without_changing_a_figure(app: AppTest) -> None:
    open_measured(app)
    before = draft_of(app).scenario.workload
    press(app, "Let go of the import")
    after = draft_of(app).scenario.workload
    assert after == let_go(before)
    press(app, "Undo")
    assert draft_of(app).scenario.workload == before


# Presets of the peak


def test_every_preset_sets_the_peak_and_names_its_source(app: AppTest) -> None:
    presets = load_shape_presets(catalog())
    assert len(presets) == 4
    for preset in presets:
        choose(app, "Usual peak to mean", preset.parameter)
        assert draft_of(app).scenario.workload.peak_to_mean == preset.peak_to_mean
        assert labelled(app.number_input, "Peak to mean").value == preset.peak_to_mean
        assert preset.evidence.source in words(app)


def test_a_typed_peak_is_no_preset(app: AppTest) -> None:
    type_in(app, "Peak to mean", 4.5)
    assert labelled(app.selectbox, "Usual peak to mean").value is None
