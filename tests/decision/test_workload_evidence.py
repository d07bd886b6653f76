"""A measured workload stands among the figures that an answer rests on, as measured, until it is edited."""

from __future__ import annotations

from planner.decision.present import assumption_rows
from planner.decision.workload_evidence import workload_evidence
from planner.domain.scenario import Scenario
from planner.workload.usage_scenario import UsageChoices, with_usage
from tests.builders import answer, changed, shipped
from tests.samples_usage import bucketed_profile, usage_profile

BEFORE = shipped("two-a100-example.yaml")


def measured() -> Scenario:
    return with_usage(BEFORE, usage_profile())


def test_the_answer_names_the_log_its_dates_and_its_requests() -> None:
    first, second = answer(measured()).evidence[:2]
    assert (first.label, first.value, first.unit, first.origin) == ("Workload", "142.857", "requests/day", "measured")
    assert (first.source, first.as_of, first.confidence) == ("usage log Office assistant", "2026-11-09", "high")
    assert "1,000 requests, 2026-11-02 to 2026-11-09, imported 2026-11-21" in first.note
    assert "writes to a cache are not in the log" in first.note
    assert (second.label, second.origin) == ("Busiest hour / mean hour", "measured")


def test_a_typed_workload_has_no_such_line() -> None:
    assert list(workload_evidence(BEFORE)) == []
    assert [e for e in answer(BEFORE).evidence if e.label == "Workload"] == []


def test_an_edited_workload_is_measured_no_longer() -> None:
    after = measured()
    edited = changed(after, workload=changed(after.workload, peak_to_mean=2, hourly_profile=()))
    assert list(workload_evidence(edited)) == []


def test_what_the_log_does_not_say_is_an_assumption() -> None:
    choices = UsageChoices(requests_per_day=10)
    profile = bucketed_profile(planning_week=(), peaks=(), classes=_silent())
    first, second = workload_evidence(with_usage(BEFORE, profile, choices))
    assert (first.origin, first.confidence) == ("assumed", "low")
    assert "the number of requests was given" in first.note
    assert (second.origin, second.confidence) == ("assumed", "low")


def test_the_what_if_factor_is_named() -> None:
    after = measured()
    doubled = changed(after, workload=changed(after.workload, volume_multiplier=2))
    first = next(iter(workload_evidence(doubled)))
    assert first.value == "285.715"  # 2 x (114.286 + 28.5714), rounded once each
    assert "Times 2, the what-if factor." in first.note


def test_the_table_of_assumptions_says_measured() -> None:
    told = {row[1]: row for row in assumption_rows(measured()).rows}
    assert told["Workload"][4].startswith("measured: Measured from the usage log Office assistant")
    assert told["Shape of the week"][2:5:2] == ("hour by hour, as given", f"measured: {measured().workload.source}")
    typed = {row[1]: row for row in assumption_rows(BEFORE).rows}
    assert typed["Workload"][4].startswith("Worked example")


def _silent() -> tuple[object, ...]:
    return tuple(c.model_copy(update={"requests": None}) for c in usage_profile().classes)
