"""The table of assumptions leaves nothing out: every field of the document that can move a figure has its words."""

from __future__ import annotations

import pytest

from planner.decision import present_fields as shown
from planner.decision.present import assumption_rows
from planner.decision.probe_apply import applied
from planner.domain.base import Value
from planner.domain.operations import FineTuning, Operations
from planner.domain.options import (
    ApiOption,
    HybridOption,
    OwnedOption,
    ProvisionedOption,
    RentedOption,
    Scaling,
    ServerPurchase,
    SpotTerms,
    WorkstationOption,
)
from planner.domain.serving import CalibrationPoints, Serving, SpeculativeDecoding
from planner.domain.timeline import Growth, Timeline
from tests.builders import changed, rented, scenario, tables, typed_api
from tests.decision.probe_samples import ID, RISING, measured
from tests.decision.test_kernel_plain import OPTIONS

COMMON = {"option_id", "label", "kind", "provenance", "operations", "price", "throughput", "soft_scores"}
NESTED = {
    "serving",
    "speculative",
    "calibration",
    "points",
    "measured_by",
    "scaling",
    "spot",
    "tuning",
    "server",
    "spend_tiers",
    "growth",
}
TRAINING = {  # of a training run: behind its GPU-hours, in the evidence of the option
    "active_params", "tflops_per_gpu", "mfu_fraction", "overhead_ratio", "recompute_activations", "evaluation_mtok",
    "evaluation_usd_per_mtok",
}  # fmt: skip

GROUPS: list[tuple[type[Value], tuple[tuple[shown.Field, ...], ...]]] = [
    (ApiOption, (shown.PER_TOKEN, shown.CONTRACT, shown.EVERY_OPTION)),
    (RentedOption, (shown.RENTED, shown.FLEET, shown.EVERY_OPTION)),
    (OwnedOption, (shown.RENTED, shown.FLEET, shown.EVERY_OPTION)),
    (WorkstationOption, (shown.WORKSTATION, shown.EVERY_OPTION)),
    (ProvisionedOption, (shown.PROVISIONED, shown.EVERY_OPTION)),
    (HybridOption, (shown.HYBRID, shown.EVERY_OPTION)),
    (Serving, (shown.SERVING,)),
    (SpeculativeDecoding, (shown.SPECULATIVE,)),
    (CalibrationPoints, (shown.CALIBRATION,)),
    (Scaling, (shown.SCALING,)),
    (SpotTerms, (shown.SPOT,)),
    (ServerPurchase, (shown.SERVER,)),
    (FineTuning, (shown.TUNING,)),
    (Operations, (shown.OPERATIONS, shown.MORE_OPERATIONS)),
    (Timeline, (shown.TIMELINE,)),
    (Growth, (shown.GROWTH,)),
]


@pytest.mark.parametrize(("kind", "groups"), GROUPS, ids=lambda value: getattr(value, "__name__", ""))
def test_every_field_has_its_words(kind: type[Value], groups: tuple[tuple[shown.Field, ...], ...]) -> None:
    told = {field.name for group in groups for field in group}
    assert set(kind.model_fields) - told - COMMON - NESTED - TRAINING == set()


@pytest.mark.parametrize("name", OPTIONS)
def test_every_kind_of_option_has_its_rows(name: str) -> None:
    question = scenario(OPTIONS[name])
    rows = assumption_rows(question).rows
    assert {row[0] for row in rows} >= {OPTIONS[name].label}
    assert all(row[2] not in {"", "None"} for row in rows)


def test_what_plays_no_part_is_left_out_and_what_does_is_there() -> None:
    quiet = [row[1] for row in assumption_rows(scenario(typed_api(), rented())).rows]
    assert "Commitment" not in quiet
    assert "Discount rate" in quiet
    busy = changed(typed_api(), commitment_usd_per_month=500, success_fraction=0.9)
    rows = {row[1]: row[2:4] for row in assumption_rows(scenario(busy)).rows}
    assert rows["Commitment"] == ("500", "USD/month")
    assert rows["Answers that are usable"] == ("90", "%")


def test_a_measurement_is_told_with_what_speaks_against_it() -> None:
    asked = applied(scenario(rented(throughput=None)), "own", measured(RISING), tables())
    rows = [row[1:3] for row in assumption_rows(asked).rows]
    assert ("Measured by", f"probe {ID}, vLLM 0.32.0, 1 x NVIDIA H100 SXM, 2026-11-22") in rows
    assert any(name == "Doubt about it" and "is a lower bound" in told for name, told in rows)


def test_a_calibration_and_the_engine_are_told_with_their_origin() -> None:
    point = {"requests_in_flight": 16, "output_tokens_per_s": 1234.5}
    own = rented(
        throughput_source="calibrated",
        serving={"engine": "sglang", "pipeline_parallel": 1, "lora_adapters": 3},
        calibration={"input_tokens": 900, "output_tokens": 100, "points": [point]},
    )
    rows = {row[1]: row[2:] for row in assumption_rows(scenario(own)).rows}
    assert rows["Calibration, 16 in flight"] == (
        "1,234.5",
        "output tokens/s per replica",
        "measured: measured by the scenario's owner",
    )
    assert "Measured by" not in rows
    assert rows["Throughput taken from"][0] == "calibrated"
    assert rows["Serving engine"][0] == "sglang"
    assert rows["LoRA adapters served"][:2] == ("3", "adapters")
    assert "Version of the engine" not in rows
