"""The grid in the predictor's columns is what the predictor makes of each deployment."""

from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pytest

from planner.capacity.throughput.deployment import columns
from planner.catalog.catalog import load
from planner.decision.candidates.deployments import deployment_of, deployments
from planner.decision.candidates.grid import grid
from planner.domain.capacity import CapacityRequest
from planner.domain.serving import EngineName

TABLES = load().tables
ON = dt.date(2026, 11, 21)
MODELS = ("llama-3.3-70b", "gpt-oss-120b", "deepseek-v3", "gemma-3-27b", "qwen3-235b-a22b", "qwen3.5-27b")


@pytest.mark.parametrize("engine", ["vllm", "trtllm", "llama.cpp"])
def test_spreading_by_index_gives_what_each_gives_alone(engine: EngineName) -> None:
    request = CapacityRequest(
        peak_requests_per_s=5,
        input_tokens=1500,
        output_tokens=300,
        model_ids=MODELS,
        engine=engine,
        cached_fraction=0.2,
    )
    found = grid(request, TABLES)
    some = found.only(np.arange(0, len(found), 211))
    together = deployments(some, request, ON)
    alone = columns([deployment_of(some, i, request, ON) for i in range(len(some))])
    for field in dataclasses.fields(alone):
        np.testing.assert_array_equal(getattr(together, field.name), getattr(alone, field.name), err_msg=field.name)
