"""The engine's settings and measured points: defaults change nothing, and what contradicts itself is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from planner.domain.document import dump_json, dump_yaml, parse_scenario
from planner.domain.scenario import Scenario
from planner.domain.serving import CalibrationPoints, Serving
from tests.builders import changed, rented, scenario

POINT = {"requests_in_flight": 16, "output_tokens_per_s": 1200.0}
POINTS = {"input_tokens": 1000, "output_tokens": 200, "points": [POINT]}


def test_a_document_without_the_new_fields_reads_as_before() -> None:
    question = scenario(rented())
    document = question.model_dump(mode="json")
    for name in ("serving", "throughput_source", "calibration"):
        del document["options"][0][name]
    old = Scenario.model_validate(document)
    assert old == question
    (own,) = old.options
    assert (own.serving, own.throughput_source, own.calibration) == (Serving(), "auto", None)  # type: ignore[union-attr]


def test_settings_and_points_travel_in_documents() -> None:
    draft = {"draft_tokens": 4, "acceptance_fraction": 0.6, "draft_cost_fraction": 0.05}
    serving = {"engine": "sglang", "engine_version": "0.5", "max_num_seqs": 64, "speculative": draft}
    question = scenario(rented(serving=serving, calibration=POINTS, throughput_source="calibrated"))
    assert parse_scenario(dump_yaml(question), name="yaml") == question
    assert parse_scenario(dump_json(question), name="json") == question


@pytest.mark.parametrize(("gpus", "stages", "tensor"), [(8, 1, 8), (8, 2, 4), (4, 4, 1)])
def test_a_replica_is_tensor_times_pipeline_parallel(gpus: int, stages: int, tensor: int) -> None:
    assert rented(gpus_per_replica=gpus, serving={"pipeline_parallel": stages}).tensor_parallel == tensor


def test_stages_that_do_not_divide_the_gpus_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"pipeline_parallel 3 does not divide gpus_per_replica 4"):
        rented(gpus_per_replica=4, serving={"pipeline_parallel": 3})


def test_total_tokens_given_for_output_tokens_are_refused() -> None:
    # 16 requests at 20 ms a token: at most 16 x 50 = 800 output tokens/s; 4,800 counts 1,000 + 200 tokens a request
    point = {"requests_in_flight": 16, "output_tokens_per_s": 4800, "tpot_ms": 20}
    with pytest.raises(ValidationError, match=r"at most 800 output tokens/s, not 4,800; leave out the prompt tokens"):
        CalibrationPoints.model_validate(POINTS | {"points": [point]})
    point["output_tokens_per_s"] = 780
    assert changed(CalibrationPoints.model_validate(POINTS), points=[point]).points[0].tpot_ms == 20
