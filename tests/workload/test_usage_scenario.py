"""A measured log in a scenario: figures that add up, settings that stay, and nothing that is guessed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.domain.document import dump_yaml, parse_scenario
from planner.domain.scenario import Scenario
from planner.domain.timeline import Growth
from planner.domain.usage import Peak, UsageClass, UsageProfile
from planner.domain.workload import TaskClass
from planner.workload.as_measured import measured_from
from planner.workload.before_after import BeforeAfter, before_after
from planner.workload.demand import demand
from planner.workload.usage_mix import class_ids
from planner.workload.usage_scenario import NotUsableError, UsageChoices, applied, with_usage
from tests.builders import changed, shipped
from tests.samples_usage import usage_profile
from tests.workload.logs import DAY_US, bucket, hourly, profile_of_rows

BEFORE = shipped("azure-conversation.yaml")
WEEK_S = 604_800.0


def usage_class(model: str, requests: int | None, fresh: int, output: int, **more: Any) -> UsageClass:
    return UsageClass(model=model, requests=requests, fresh_input_tokens=fresh, output_tokens=output, **more)


def profile_with(*classes: UsageClass, **changes: Any) -> UsageProfile:
    counted = [c.requests for c in classes]
    return usage_profile(
        classes=classes,
        total_requests=None if None in counted else sum(n or 0 for n in counted),
        total_input_tokens=sum(c.input_tokens for c in classes),
        total_output_tokens=sum(c.output_tokens or 0 for c in classes),
        **changes,
    )


def two_classes(**first: Any) -> Scenario:
    """Chat, set as told, and code without settings."""
    chat = TaskClass(class_id="chat", requests_per_day=10, fresh_input_tokens=10, output_tokens=10, **first)
    code = TaskClass(class_id="code", requests_per_day=10, fresh_input_tokens=10, output_tokens=10)
    return changed(BEFORE, workload=changed(BEFORE.workload, classes=(chat, code)))


def rows_of(before: Scenario, after: Scenario) -> dict[str, BeforeAfter]:
    return {row.figure: row for row in before_after(before, after)}


CLASSES = st.lists(
    st.builds(
        usage_class,
        st.sampled_from([f"model-{n}" for n in range(30)]),
        st.integers(1, 10**6),
        st.integers(1, 5 * 10**7),
        st.integers(0, 10**7),
        cached_input_tokens=st.none() | st.integers(0, 10**7),
        task_class=st.sampled_from(["", "chat", "code"]),
        batch_requests_fraction=st.floats(0, 1),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda c: (c.model, c.task_class),
)


@given(CLASSES, st.sampled_from(["model and task class", "model", "task class", "together"]), st.integers(1, 20))
def test_volume_and_tokens_a_day_are_those_of_the_log(classes: list[UsageClass], by: Any, most: int) -> None:
    profile = profile_with(*classes)
    workload = with_usage(BEFORE, profile, UsageChoices(by=by, most_classes=most)).workload
    assert len(workload.classes) <= most
    found = demand(workload)
    days = WEEK_S / 86_400
    assert found.requests_per_day == pytest.approx((profile.total_requests or 0) / days, rel=1e-4)
    assert found.input_tokens_per_day == pytest.approx((profile.total_input_tokens or 0) / days, rel=1e-4)
    assert found.output_tokens_per_day == pytest.approx((profile.total_output_tokens or 0) / days, rel=1e-4, abs=1e-9)
    batch = sum(c.requests_per_day * c.batch_fraction for c in workload.classes)
    assert batch == pytest.approx(sum((c.requests or 0) * c.batch_requests_fraction for c in classes) / days, rel=1e-4)


@given(st.lists(st.text(max_size=90), max_size=30))
def test_every_name_becomes_an_id_of_its_own(names: list[str]) -> None:
    ids = class_ids(names)
    assert len(set(ids)) == len(names)
    for class_id in ids:
        TaskClass(class_id=class_id, requests_per_day=1, fresh_input_tokens=1, output_tokens=1)


def test_a_worked_example() -> None:
    # a week: 700 requests of 2,000 fresh + 1,000 cached prompt tokens and 300 output tokens, 100 of them reasoning
    profile = profile_with(
        usage_class("m", 700, 1_400_000, 210_000, cached_input_tokens=700_000, reasoning_tokens=70_000)
    )
    (task,) = with_usage(BEFORE, profile).workload.classes
    assert task.requests_per_day == 100
    assert (task.fresh_input_tokens, task.cached_input_tokens) == (2000, 1000)
    assert (task.output_tokens, task.reasoning_tokens) == (200, 100)


def test_small_classes_are_put_together_and_weighted_by_requests() -> None:
    big = usage_class("big", 1000, 10**9, 10**6)
    small = [usage_class("a", 10, 1000, 100), usage_class("b", 30, 9000, 300)]
    tasks = with_usage(BEFORE, profile_with(big, *small), UsageChoices(most_classes=2)).workload.classes
    assert [t.class_id for t in tasks] == ["big", "other"]
    assert tasks[1].fresh_input_tokens == (10 * 100 + 30 * 300) / 40
    assert tasks[1].requests_per_day == pytest.approx(40 / 7, rel=1e-5)


def test_the_planning_week_becomes_the_hours_and_sets_the_peak() -> None:
    profile = usage_profile()
    workload = with_usage(BEFORE, profile).workload
    assert len(workload.hourly_profile) == 168
    assert workload.hourly_profile == pytest.approx(profile.planning_week, rel=1e-3)
    assert workload.peak_ratio == pytest.approx(max(profile.planning_week), rel=1e-3)


def test_a_log_without_a_day_leaves_the_peak_unless_it_shows_a_higher_one() -> None:
    short = {"planning_week": (), "week": (), "week_hours_seen": (), "window_s": 6 * 3600.0}
    calm = with_usage(BEFORE, usage_profile(**short, peaks=())).workload
    assert (calm.peak_to_mean, calm.hourly_profile) == (BEFORE.workload.peak_to_mean, ())
    assert calm.usage is not None
    assert "peak" in calm.usage.assumed
    found = applied(BEFORE, usage_profile(**short))
    assert found.scenario.workload.peak_to_mean == 3.2, "the log's own hours, not its minutes"
    assert any("a longer log may show a higher one" in said for said in found.said)
    assert found.scenario.workload.usage is not None
    assert "peak" not in found.scenario.workload.usage.assumed


def test_the_peak_of_a_day_is_no_measured_peak_of_an_hour() -> None:
    """The busiest day holds 1.9 times the mean day: its busiest hour is somewhere above."""
    day = Peak(window_s=86_400, windows=6, requests_to_mean=1.76, output_tokens_to_mean=1.9)
    found = applied(BEFORE, usage_profile(planning_week=(), week=(), week_hours_seen=(), peaks=(day,)))
    assert found.scenario.workload.peak_to_mean == 1.9
    assert found.scenario.workload.usage is not None
    assert "peak" in found.scenario.workload.usage.assumed
    assert any(
        "Its busiest 1 day holds 1.9 times the mean. The busiest hour cannot be below that" in s for s in found.said
    )


def test_the_scenario_says_what_it_was_measured_from() -> None:
    workload = with_usage(BEFORE, usage_profile()).workload
    assert workload.source == (
        "Measured from the usage log Office assistant: 1,000 requests, 2026-11-02 to 2026-11-09 (UTC), 7 days. "
        "Read from requests.csv (Plain table) on 2026-11-21."
    )
    assert (workload.as_of, workload.source_url, workload.licence) == ("2026-11-09", "", "")
    usage = workload.usage
    assert usage is not None
    assert (usage.requests, usage.first_on, usage.last_on, usage.sources) == (1000, "2026-11-02", "2026-11-09", 1)
    assert usage.assumed == ("written", "reasoning")


def test_a_log_without_a_calendar_brings_no_date() -> None:
    workload = with_usage(BEFORE, usage_profile(has_calendar=False)).workload
    assert workload.usage is not None
    assert (workload.as_of, workload.usage.first_on, workload.usage.last_on) == ("", "", "")
    assert "undated" in workload.source
    assert "2026-11-02" not in workload.source


def test_a_scenario_with_a_log_survives_its_file() -> None:
    after = with_usage(BEFORE, usage_profile())
    assert parse_scenario(dump_yaml(after), name="x.yaml") == after


def test_everything_but_the_workload_stays_and_growth_only_comes_when_asked() -> None:
    profile = usage_profile()
    after = with_usage(BEFORE, profile)
    assert changed(after, workload=BEFORE.workload) == BEFORE
    grown = with_usage(BEFORE, profile, UsageChoices(growth=True))
    assert grown.timeline.growth == Growth(shape="compound", per_month=0.04)
    # the line ends at the mean here (end_to_mean 1), so the first month is half a month of growth further
    volume = demand(grown.workload).requests_per_day / demand(after.workload).requests_per_day
    assert volume == pytest.approx(1.04**0.5, rel=1e-5)
    flat = applied(BEFORE, usage_profile(trend=None), UsageChoices(growth=True))
    assert flat.scenario.timeline == BEFORE.timeline
    said = applied(BEFORE, profile, UsageChoices(growth=True)).said
    assert "A trend of 7 days is carried on for 36 months: read it as a direction." in said
    assert any("no trend" in said for said in flat.said)


def test_the_what_if_factor_goes_back_to_one() -> None:
    before = changed(BEFORE, workload=changed(BEFORE.workload, volume_multiplier=30))
    found = applied(before, usage_profile())
    assert found.scenario.workload.volume_multiplier == 1
    assert any("what-if factor of 30" in said for said in found.said)


def test_requests_that_the_log_does_not_count_are_asked_for() -> None:
    profile = profile_with(usage_class("m", None, 7_000_000, 700_000), usage_class("n", 70, 70_000, 7_000))
    with pytest.raises(NotUsableError) as error:
        with_usage(BEFORE, profile)
    (problem,) = error.value.problems
    assert "m" in problem.reason
    assert "requests a day, or the mean prompt" in problem.remedy

    by_mean = with_usage(BEFORE, profile, UsageChoices(mean_input_tokens=1000)).workload
    assert [c.requests_per_day for c in by_mean.classes] == [1000, 10]  # 7,000,000 / 1,000 in seven days
    by_total = with_usage(BEFORE, profile, UsageChoices(requests_per_day=510)).workload
    assert [c.requests_per_day for c in by_total.classes] == [500, 10]
    assert by_total.classes[0].fresh_input_tokens == 2000
    assert by_total.usage is not None
    assert "requests" in by_total.usage.assumed


@pytest.mark.parametrize("choices", [UsageChoices(requests_per_day=9), UsageChoices(mean_input_tokens=0)])
def test_a_figure_that_cannot_be_is_refused(choices: UsageChoices) -> None:
    profile = profile_with(usage_class("m", None, 7_000_000, 700_000), usage_class("n", 70, 70_000, 7_000))
    with pytest.raises(NotUsableError, match="Requests"):
        with_usage(BEFORE, profile, choices)


def test_requests_too_few_for_their_tokens_are_refused() -> None:
    # 7 x 10^9 tokens in seven days and 2 requests a day: half a billion tokens each
    profile = profile_with(usage_class("m", None, 7 * 10**9, 0))
    with pytest.raises(NotUsableError, match="m has 500,000,000 on average"):
        with_usage(BEFORE, profile, UsageChoices(requests_per_day=2))


def test_tokens_of_no_request_are_refused() -> None:
    with pytest.raises(NotUsableError, match="have none in this log"):
        with_usage(BEFORE, profile_with(usage_class("m", 0, 100, 10)))


def test_tokens_of_a_class_without_requests_are_not_left_out_in_silence() -> None:
    """A scrape of counters may catch the tokens of requests that end later."""
    profile = profile_with(usage_class("a", 10, 1000, 100), usage_class("b", 0, 500, 50))
    found = applied(BEFORE, profile)
    assert "Tokens of b are left out: the log counts no request of them." in found.said
    assert demand(found.scenario.workload).input_tokens_per_day == pytest.approx(1000 / 7, rel=1e-5)
    together = applied(BEFORE, profile, UsageChoices(by="together"))
    assert not any("left out" in said for said in together.said)
    assert demand(together.scenario.workload).input_tokens_per_day == pytest.approx(1500 / 7, rel=1e-5)


def test_all_that_is_missing_is_said_at_once() -> None:
    silent = UsageClass(model="m", requests=None, fresh_input_tokens=None, output_tokens=5)
    with pytest.raises(NotUsableError) as error:
        with_usage(BEFORE, usage_profile(classes=(silent,), window_s=0.0))
    assert [p.what for p in error.value.problems] == ["Volume a day", "Prompt tokens", "Requests"]
    with pytest.raises(NotUsableError, match="the log has"):
        with_usage(BEFORE, usage_profile(), UsageChoices(models=("not there",)))


def test_a_log_of_requests_alone_gives_volume_and_shape_and_keeps_the_lengths() -> None:
    rows = [row._replace(fresh_input_tokens=None, output_tokens=None) for row in hourly([1, 3] * 84)]
    profile = profile_of_rows(rows, "bucket")
    found = applied(two_classes(), profile)
    chat, code = found.scenario.workload.classes
    assert (chat.requests_per_day, code.requests_per_day) == pytest.approx((24, 24))  # 336 in a week, half each
    assert (chat.fresh_input_tokens, chat.output_tokens) == (10, 10)
    assert found.scenario.workload.peak_ratio == pytest.approx(1.5)
    assert found.scenario.workload.usage is not None
    assert "lengths" in found.scenario.workload.usage.assumed
    assert any("stay as they were typed in" in said for said in found.said)
    rows_after = rows_of(two_classes(), found.scenario)
    assert rows_after["Requests"].origin == "measured"
    assert rows_after["Prompt per request"].origin == "assumed"


def test_the_settings_of_the_only_class_go_to_all() -> None:
    before = changed(
        BEFORE,
        workload=changed(
            BEFORE.workload, classes=(changed(BEFORE.workload.classes[0], private=True, quality_floor=70),)
        ),
    )
    found = applied(before, usage_profile())
    assert {(c.private, c.quality_floor) for c in found.scenario.workload.classes} == {(True, 70)}
    assert any("privacy" in said and "quality" in said for said in found.said)
    one = with_usage(before, usage_profile(), UsageChoices(by="together")).workload.classes
    assert (one[0].class_id, one[0].label) == ("chat", "Chat turn"), "one for one keeps its name"


def test_settings_follow_the_name_and_what_is_lost_is_said() -> None:
    profile = profile_with(usage_class("m", 7, 70, 7, task_class="code"), usage_class("m", 7, 70, 7, task_class="new"))
    found = applied(two_classes(private=True), profile, UsageChoices(by="task class"))
    assert {c.class_id: c.private for c in found.scenario.workload.classes} == {"code": False, "new": False}
    assert any(said.startswith("Privacy") and "chat" in said for said in found.said)
    kept = applied(two_classes(private=True), profile_with(usage_class("chat", 7, 70, 7)), UsageChoices(by="model"))
    assert kept.scenario.workload.classes[0].private
    assert not any(said.startswith("Privacy") for said in kept.said)


def test_cached_tokens_that_the_log_does_not_know_are_not_kept_in_silence() -> None:
    cached = changed(BEFORE.workload.classes[0], cached_input_tokens=500)
    before = changed(BEFORE, workload=changed(BEFORE.workload, classes=(cached,)))
    profile = profile_with(usage_class("m", 7, 70, 7), total_cached_input_tokens=None)
    found = applied(before, profile)
    assert found.scenario.workload.classes[0].cached_input_tokens == 0
    assert any("typed in before are gone" in said for said in found.said)


def test_before_and_after_show_each_figure_with_its_origin() -> None:
    after = with_usage(BEFORE, usage_profile())
    rows = rows_of(BEFORE, after)
    assert (rows["Requests"].before, rows["Requests"].origin) == (477_828, "measured")
    assert rows["Requests"].after == pytest.approx(1000 / 7, rel=1e-5)
    assert rows["Cached share of the prompt"].after == pytest.approx(300 / 1200)
    assert rows["Reasoning share of the output"].origin == "assumed", "the log has no column for it"
    assert rows["Busiest hour / mean hour"].before == 1.6543
    assert rows["Shape of the week"][2:] == ("generated from the peak", "168 hours", "measured")
    assert rows["Growth"][2:] == (0, 0, "assumed")
    assert {row.origin for row in before_after(BEFORE, BEFORE)} == {"assumed"}
    grown = with_usage(BEFORE, usage_profile(), UsageChoices(growth=True))
    assert before_after(grown, grown, growth_taken=True)[-1].origin == "measured", "taken over a second time"


def test_a_figure_that_is_edited_is_measured_no_longer() -> None:
    after = with_usage(BEFORE, usage_profile())
    assert measured_from(after.workload) == after.workload.usage is not None
    named = changed(after.workload, volume_multiplier=2, source="renamed")
    assert measured_from(named) is not None, "the what-if factor and the words are free"
    task = changed(after.workload.classes[0], output_tokens=1)
    edited = changed(after.workload, classes=(task, *after.workload.classes[1:]))
    assert measured_from(edited) is None
    assert measured_from(changed(after.workload, hourly_profile=())) is None
    assert measured_from(BEFORE.workload) is None


def test_a_bucketed_log_of_days_gives_volume_and_mix() -> None:
    rows = [bucket(day * DAY_US, 86_400, 700, 70_000) for day in range(30)]
    found = applied(BEFORE, profile_of_rows(rows, "bucket"))
    (task,) = found.scenario.workload.classes
    assert (task.requests_per_day, task.fresh_input_tokens, task.output_tokens) == (700, 50, 50)
    assert found.scenario.workload.peak_to_mean == BEFORE.workload.peak_to_mean
    assert any("stays as it was" in said for said in found.said)
