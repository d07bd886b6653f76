"""The same for every way to serve and for time: whatever the door lets in has an answer that can be written."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from pydantic import ValidationError

from planner.decision.evaluate import decide
from planner.decision.resolve import resolve
from planner.decision.risk import assess
from planner.domain.operations import FineTuning
from planner.domain.options import HybridOption
from planner.domain.result import Result
from planner.domain.scenario import Scenario
from tests.builders import ON, catalog, requests, scenario, workload
from tests.decision.test_corners import changed, edits
from tests.decision.test_kernel_plain import OPTIONS, TIMES, own

TUNING = FineTuning(training_tokens=1e8, active_params=8e9, tflops_per_gpu=989, usd_per_gpu_hour=3)
KINDS = ("api", "graduated", "regions", "autoscaled", "reserved", "spot", "owned", "workstation", "provisioned")
ALL: Any = scenario(
    *(OPTIONS[name].model_copy(update={"option_id": name, "label": name}) for name in KINDS),
    own(option_id="tuned", tuning=TUNING, availability_target_fraction=0.999),
    OPTIONS["provisioned"].model_copy(update={"option_id": "shared", "overflow_id": "api"}),
    HybridOption(option_id="both", label="Both", base_id="owned", overflow_id="graduated"),
    HybridOption(option_id="cascade", label="Cascade", base_id="regions", overflow_id="api", mode="cascade"),
    work=workload(
        requests(9_000, 900, 120, batch_fraction=0.3),
        requests(2_000, 100, 700, class_id="secret", private=True),
        peak_to_mean=2.5,
    ),
    timeline=TIMES["growing"],
    horizon_months=16,
).model_dump(mode="json")


@settings(max_examples=250, deadline=None)
@given(changes=edits(ALL))
def test_every_scenario_of_every_kind_is_answered(changes: list[tuple[tuple[Any, ...], object]]) -> None:
    try:
        question = Scenario.model_validate(changed(ALL, changes))
    except ValidationError:
        return
    facts = resolve(question, catalog(), ON)
    assert Result.model_validate_json(decide(question, facts).model_dump_json()).options


@settings(max_examples=60, deadline=None)
@given(changes=edits(ALL))
def test_every_scenario_has_a_risk_or_a_reason(changes: list[tuple[tuple[Any, ...], object]]) -> None:
    try:
        question = Scenario.model_validate(changed(ALL, changes))
    except ValidationError:
        return
    found = assess(question, resolve(question, catalog(), ON), draws=200)
    assert found.status == "known" or found.explanation
    assert found.model_dump_json()
