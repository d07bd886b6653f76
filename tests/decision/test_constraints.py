"""DEC-1: hard constraints of priced options: every failing code, in one order, and what they do to the answer."""

from __future__ import annotations

from typing import Any

import pytest

from planner.decision.constraints import failed_constraints
from planner.domain.facts import CONSTRAINTS
from planner.domain.options import HybridOption, Option
from planner.domain.scenario import Scenario
from tests.builders import answer, changed, rented, requests, scenario, typed_api, workload


def codes(option: Option, **task: Any) -> list[str]:
    question = scenario(option, work=workload(requests(**task), peak_to_mean=2))
    return [reason.code for reason in failed_constraints(option, question)]


@pytest.mark.parametrize(
    ("option", "task", "expected"),
    [
        (typed_api(), {}, []),
        (typed_api(), {"private": True}, ["PRIVACY"]),
        (typed_api(private_allowed=True), {"private": True}, []),
        (rented(), {"private": True}, []),
        (rented(private_allowed=False), {"private": True}, ["PRIVACY"]),
        (rented(licence_allows=False), {}, ["LICENCE"]),
        (typed_api(), {"modality": "image"}, ["MODALITY"]),
        (typed_api(modalities=("text", "image")), {"modality": "image"}, []),
        (typed_api(), {"quality_floor": 80}, ["QUALITY"]),  # an unknown score does not pass
        (typed_api(quality_score=79.9), {"quality_floor": 80}, ["QUALITY"]),
        (typed_api(quality_score=80), {"quality_floor": 80}, []),
        # 1,440 requests a day are one a minute, two at the peak; 2,000 tokens each
        (typed_api(limit_requests_per_min=2), {"per_day": 1440}, []),
        (typed_api(limit_requests_per_min=1.9), {"per_day": 1440}, ["RATE"]),
        (typed_api(limit_tokens_per_min=3_999), {"per_day": 1440}, ["RATE"]),
        (
            typed_api(licence_allows=False, limit_requests_per_min=1),
            {"per_day": 14400, "private": True, "modality": "audio", "quality_floor": 1},
            ["PRIVACY", "LICENCE", "MODALITY", "RATE", "QUALITY"],
        ),
    ],
)
def test_every_failing_code(option: Option, task: dict[str, Any], expected: list[str]) -> None:
    assert codes(option, **task) == expected
    assert expected == sorted(expected, key=CONSTRAINTS.index)


def private(question: Scenario) -> Scenario:
    classes = tuple(changed(task, private=True) for task in question.workload.classes)
    return changed(question, workload=changed(question.workload, classes=classes))


def test_an_excluded_option_is_priced_but_not_recommended() -> None:
    cheap_api = scenario(typed_api(), rented())
    assert answer(cheap_api).verdict.recommended_id == "api"
    result = answer(private(cheap_api))
    assert result.verdict.recommended_id == "own"
    api = result.option("api")
    assert (api.status, [r.code for r in api.reasons]) == ("excluded", ["PRIVACY"])
    assert api.npv_usd == answer(cheap_api).option("api").npv_usd


def test_when_nothing_is_feasible_the_fewest_failures_are_named() -> None:
    question = private(scenario(typed_api(), typed_api(option_id="two", label="Two", licence_allows=False)))
    result = answer(question)
    assert (result.verdict.status, result.verdict.recommended_id) == ("blocked", None)
    assert result.verdict.fewest_codes_ids == ("api",)


def test_a_hybrid_keeps_private_classes_at_home_and_a_cascade_does_not() -> None:
    hybrid = HybridOption(option_id="both", label="Both", base_id="own", overflow_id="api")
    question = private(scenario(rented(), typed_api(), hybrid))
    assert answer(question).option("both").status == "ok"
    cascade = changed(hybrid, mode="cascade")
    assert answer(private(scenario(rented(), typed_api(), cascade))).option("both").status == "excluded"
