"""The scenario's own fields in the sidebar: growth, ranges, soft criteria, classes; figures that belong together."""

import pytest
from streamlit.testing.v1 import AppTest

from planner.decision.default_ranges import DEFAULT_RANGES, Z_RANGE
from planner.domain.uncertainty import DRIVER_LIMITS, DriverRange, Lognormal, Pert, Triangular, Uncertainty
from planner.web.distributions import THROUGHPUT, kinds_for, new_range, own_ranges, reshaped, three_of
from tests.builders import shipped
from tests.web.editor import (
    act,
    choose,
    draft_of,
    errors,
    labelled,
    open_option,
    open_panel,
    press,
    type_in,
)

VOLUME = "more-uncertainty-drivers-volume-range"
PEAK = "more-uncertainty-drivers-peak-range"


def ranges(app: AppTest) -> Uncertainty:
    found = draft_of(app).scenario.uncertainty
    assert found is not None
    return found


def with_ranges(app: AppTest, *opened: str) -> None:
    open_panel(app, "panel-ranges")
    press(app, "Start from the assumed ranges")
    open_panel(app, *opened)


def typed(app: AppTest, label: str, text: str) -> None:
    widgets = [*app.text_area, *app.text_input]
    act(app, labelled(widgets, label).set_value(text))


def test_ranges_start_from_the_assumed_ones_and_can_be_cleared(app: AppTest) -> None:
    before = draft_of(app).scenario
    with_ranges(app)
    assert [item.driver for item in ranges(app).drivers] == [item.driver for item in DEFAULT_RANGES]
    type_in(app, "Draws", 500)
    assert ranges(app).draws == 500
    press(app, "Clear: use the assumed ranges")
    assert draft_of(app).scenario == before


def test_throughput_of_ones_own_is_a_plain_factor() -> None:
    """The assumed range is a place within each fleet's own range; as a factor it would be from 0.28 to 3.6."""
    found = {item["driver"]: DriverRange.model_validate(item) for item in own_ranges()}
    assert found["throughput"] == THROUGHPUT
    assert found["throughput"].distribution != Z_RANGE.distribution
    assert all(found[item.driver] == item for item in DEFAULT_RANGES if item is not Z_RANGE)


@pytest.mark.parametrize("driver", DRIVER_LIMITS)
def test_every_driver_has_a_first_range_and_each_kind_follows_from_it(driver: str) -> None:
    first = DriverRange.model_validate(new_range(driver, shipped("azure-conversation.yaml")))  # type: ignore[arg-type]
    for kind in kinds_for(first.driver):
        found = DriverRange.model_validate({"driver": driver, "distribution": reshaped(first.distribution, kind)})
        assert found.distribution.kind == kind
        low, mode, high = three_of(found.distribution)
        if kind in ("uniform", "triangular", "pert"):
            assert (low, high) == (three_of(first.distribution).low, three_of(first.distribution).high)
        assert low <= mode <= high


def test_the_kind_of_a_range_changes_and_the_section_stays_open(app: AppTest) -> None:
    with_ranges(app, VOLUME)
    assert isinstance(ranges(app).drivers[0].distribution, Lognormal)
    choose(app, "Kind of range: Volume", "triangular")
    found = ranges(app).drivers[0].distribution
    assert isinstance(found, Triangular)
    assert (found.low, found.high) == (0.7, 1.5)
    type_in(app, "Most likely: Volume (times today's)", 1.2)
    choose(app, "Kind of range: Volume", "discrete")
    typed(app, "Possible figures: Volume", "0.5, 1 2")
    typed(app, "Weight of each: Volume", "1 2 1")
    assert ranges(app).drivers[0].distribution.model_dump() == {
        "kind": "discrete",
        "values": (0.5, 1.0, 2.0),
        "weights": (1.0, 2.0, 1.0),
    }


def test_ends_of_a_range_can_be_typed_in_any_order(app: AppTest) -> None:
    with_ranges(app, PEAK)
    before = ranges(app).drivers[1].distribution
    type_in(app, "Lowest: Busiest hour over mean (times today's)", 2.0)
    assert "low 2 is above high 1.6" in errors(app)
    type_in(app, "Most likely: Busiest hour over mean (times today's)", 3.0)
    assert ranges(app).drivers[1].distribution == before
    assert labelled(app.number_input, "Lowest: Busiest hour over mean (times today's)").value == 2
    type_in(app, "Highest: Busiest hour over mean (times today's)", 4.0)
    assert ranges(app).drivers[1].distribution == Pert(low=2, mode=3, high=4)
    assert not app.error


def test_lists_that_differ_in_length_wait_for_each_other(app: AppTest) -> None:
    with_ranges(app, VOLUME)
    choose(app, "Kind of range: Volume", "discrete")
    typed(app, "Possible figures: Volume", "1 2")
    assert "2 values and 3 weights" in errors(app)
    typed(app, "Weight of each: Volume", "1 x")
    assert "is not a number" in errors(app)
    typed(app, "Weight of each: Volume", "1 3")
    assert not app.error
    assert ranges(app).drivers[0].distribution.model_dump()["values"] == (1, 2)


def test_a_removed_range_takes_its_pairs_along(app: AppTest) -> None:
    with_ranges(app, VOLUME, "more-uncertainty-correlations-pairs")
    press(app, "Add a pair")
    type_in(app, "Pair 1, rank correlation (-1 to 1)", 0.5)
    press(app, "Add a pair")
    assert [pair.spearman for pair in ranges(app).correlations] == [0.5, 0]
    choose(app, "Pair 2, second", "volume")
    assert "correlated with itself" in errors(app)
    press(app, "Remove pair 2")
    press(app, "Remove this range: Volume")
    assert not ranges(app).correlations
    assert "volume" not in ranges(app).names
    choose(app, "Add a range for", "volume")
    press(app, "Add this range")
    assert ranges(app).drivers[-1] == DEFAULT_RANGES[0]


def test_a_decline_at_constant_quality_waits_for_the_own_efficiency(app: AppTest) -> None:
    open_panel(app, "panel-timeline")
    type_in(app, "Per-token prices fall by (share a year; below 0 = they rise)", 0.3)
    choose(app, "That fall of per-token prices is", "quality_constant")
    assert "efficiency_gain_per_refresh" in errors(app)
    assert draft_of(app).scenario.timeline.price_basis == "model_constant"
    type_in(app, "Own throughput gained at a refresh (share)", 0.2)
    timeline = draft_of(app).scenario.timeline
    assert (timeline.price_basis, timeline.efficiency_gain_per_refresh) == ("quality_constant", 0.2)
    assert not app.error


def test_growth_shows_the_figures_of_its_shape(app: AppTest) -> None:
    open_panel(app, "panel-timeline")
    choose(app, "Volume", "launch")
    type_in(app, "First month at the full volume", 4)
    choose(app, "Volume", "compound")
    type_in(app, "Growth (share a month; 0.02 = 2 %)", 0.03)
    growth = draft_of(app).scenario.timeline.growth
    assert (growth.shape, growth.per_month, growth.launch_month) == ("compound", 0.03, 4)


def test_soft_criteria_are_named_weighed_scored_and_removed(app: AppTest) -> None:
    open_panel(app, "panel-soft")
    typed(app, "New criterion", "Vendor risk")
    typed(app, "New criterion", "vendor_risk")  # the same name
    typed(app, "New criterion", "Support")
    assert draft_of(app).scenario.soft_weights == {"vendor-risk": 1, "support": 1}
    type_in(app, "Weight of vendor\\-risk", 3.0)
    index = open_option(app, "gpt-6-sol")
    open_panel(app, "more-options-gpt_d6_dsol-rules")
    type_in(app, "Score on support (0 to 5; empty = none)", 4.0)
    assert draft_of(app).scenario.options[index].soft_scores == {"support": 4}
    act(app, labelled(app.number_input, "Score on support (0 to 5; empty = none)").set_value(None))
    assert draft_of(app).scenario.options[index].soft_scores == {}
    type_in(app, "Score on support (0 to 5; empty = none)", 2.0)
    press(app, "Remove support")
    assert draft_of(app).scenario.soft_weights == {"vendor-risk": 3}
    assert draft_of(app).scenario.options[index].soft_scores == {}


def test_a_class_is_private_reads_images_and_has_a_floor(app: AppTest) -> None:
    class_id = draft_of(app).scenario.workload.classes[0].class_id
    open_panel(app, f"more-workload-classes-{class_id}-class")
    act(app, labelled(app.checkbox, "Must stay on own machines").set_value(True))
    choose(app, "Reads", "image")
    type_in(app, "Lowest quality score that will do (0 to 100; empty = any)", 70.0)
    task = draft_of(app).scenario.workload.classes[0]
    assert (task.private, task.modality, task.quality_floor) == (True, "image", 70)


def test_what_an_option_reads_and_may_serve(app: AppTest) -> None:
    index = open_option(app, "gpt-6-sol")
    open_panel(app, "more-options-gpt_d6_dsol-rules")
    act(app, labelled(app.multiselect, "What it can read").set_value(["image", "text"]))
    choose(app, "May serve private classes", True)
    option = draft_of(app).scenario.options[index]
    assert option.modalities == ("text", "image")
    assert option.private_allowed is True
    act(app, labelled(app.multiselect, "What it can read").set_value([]))
    assert draft_of(app).scenario.options[index].modalities is None  # what its model reads
    assert not errors(app)


def test_hourly_weights_replace_the_typed_peak(app: AppTest) -> None:
    open_panel(app, "more-workload-profile")
    label = "Weights hour by hour (empty = peak to mean above)"
    typed(app, label, "1 2 3")
    assert "24, 168" in errors(app)
    typed(app, label, " ".join(["1"] * 23 + ["25"]))
    assert draft_of(app).scenario.workload.peak_ratio == pytest.approx(12.5)
    assert not [n for n in app.number_input if n.label == "Peak to mean"]
    typed(app, label, "")
    assert draft_of(app).scenario.workload.hourly_profile == ()
    assert labelled(app.number_input, "Peak to mean").value > 1


def test_a_mistake_elsewhere_does_not_hold_up_what_is_right(app: AppTest) -> None:
    open_panel(app, "panel-names", "panel-timeline")
    typed(app, "Owner", "a\x01b")
    type_in(app, "Wages grow by (share a year)", 0.04)
    assert draft_of(app).scenario.timeline.wage_growth_per_year == 0.04
    assert "control characters" in errors(app)
    type_in(app, "Per-token prices fall by (share a year; below 0 = they rise)", 0.3)
    choose(app, "That fall of per-token prices is", "quality_constant")
    type_in(app, "Own throughput gained at a refresh (share)", 0.2)
    assert draft_of(app).scenario.timeline.price_basis == "quality_constant"
    assert "control characters" in errors(app)
    typed(app, "Owner", "ab")
    assert not app.error
