"""Pipeline stages: each holds a part of the layers, and one prompt goes through them in turn."""

from __future__ import annotations

import numpy as np
import pytest

from planner.capacity.throughput.deployment import Deployment, columns
from planner.capacity.throughput.predict import Load, predict
from planner.catalog.catalog import load

TABLES = load().tables


@pytest.mark.parametrize("stages", [1, 2, 4])
@pytest.mark.parametrize("gpu", ["h100-sxm", "mi300x", "l40s", "b200"])
def test_no_prompt_is_read_faster_than_one_stage_at_a_time_can_multiply(stages: int, gpu: str) -> None:
    """2 x parameters x prompt tokens / FLOP/s of the GPUs of one stage, for a request alone."""
    assert TABLES.predictor is not None
    model = TABLES.model_by_id["llama-3.1-8b"]
    d = columns([Deployment(model, TABLES.format_by_id["bf16"], TABLES.gpu_by_id[gpu], pp=stages)])
    told = predict(d, Load(8000, 300, 1), TABLES.predictor.constants)
    bound_s = 2 * float(d.dense_params[0]) * 8000 / float(d.peak[0])
    assert float(told.ttft_ms[0]) / 1000 >= bound_s


def test_more_stages_never_bring_the_first_token_sooner() -> None:
    assert TABLES.predictor is not None
    model, kind, gpu = TABLES.model_by_id["llama-3.3-70b"], TABLES.format_by_id["fp8"], TABLES.gpu_by_id["h200"]
    d = columns([Deployment(model, kind, gpu, pp=stages) for stages in (1, 2, 4)])
    told = predict(d, Load(4000, 300, 1), TABLES.predictor.constants)
    assert np.all(np.diff(told.ttft_ms) >= -1e-6 * told.ttft_ms[:-1])
