"""Which deployments there are, and which of them cannot be."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.replica_memory import fit_of
from planner.catalog.catalog import load
from planner.decision.candidates.grid import Parallel, grid, parallel_ways, rules
from planner.decision.candidates.licences import licences
from planner.decision.candidates.memory import memory_of, setup_of
from planner.decision.candidates.pareto import front
from planner.domain.capacity import CapacityRequest
from planner.domain.organisation import Organisation

TABLES = load().tables
ASKED = CapacityRequest(peak_requests_per_s=5, input_tokens=1500, output_tokens=300)


def asked(**more: object) -> CapacityRequest:
    return CapacityRequest.model_validate(ASKED.model_dump() | more)


def left_out(request: CapacityRequest) -> dict[str, int]:
    found = grid(request, TABLES)
    ruled = rules(found, request, TABLES, licences(found.models, request, TABLES))
    return {rule.code: int(rule.out.sum()) for rule in ruled}


def test_every_combination_is_there_once() -> None:
    request = asked(model_ids=("llama-3.1-8b", "qwen3-8b"), gpu_ids=("l4", "h100-sxm"))
    found = grid(request, TABLES)
    each = itertools.product(range(2), range(len(TABLES.formats)), range(2), range(len(found.ways)))
    columns = zip(found.model, found.format, found.gpu, found.way, strict=True)
    assert [tuple(map(int, row)) for row in columns] == list(each)


@given(most=st.integers(1, 64), stages=st.integers(1, 16))
def test_groups_and_stages_stay_within_their_limits(most: int, stages: int) -> None:
    ways = parallel_ways(most, stages)
    assert len(set(ways)) == len(ways)
    assert all(way.gpus <= most and way.pp <= stages for way in ways)
    assert Parallel(1, 1) in ways
    assert Parallel(most, 1) in ways


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"format_ids": ("gguf-q4-k-m",)}, "ENGINE"),
        ({"format_ids": ("fp8",), "engine": "llama.cpp"}, "ENGINE"),
        ({"gpu_ids": ("apple-m4-max",)}, "ENGINE"),
        ({"format_ids": ("gguf-q4-k-m",), "gpu_ids": ("apple-m4-max",), "engine": "sglang"}, "ENGINE"),
        ({"model_ids": ("whisper-large-v3",), "format_ids": ("fp16",)}, "MODALITY"),
        ({"format_ids": ("bf16",), "gpu_ids": ("t4",)}, "FORMAT"),
        ({"model_ids": ("gpt-oss-120b",), "format_ids": ("bf16",)}, "FORMAT"),
        ({"model_ids": ("mistral-large-2",)}, "LICENCE"),
        ({"model_ids": ("codellama-70b",), "input_tokens": 5000.0}, "CONTEXT"),
    ],
)
def test_what_cannot_be_is_left_out_for_its_reason(more: dict[str, object], code: str) -> None:
    request = asked(**more)
    assert left_out(request)[code] == len(grid(request, TABLES))


def test_apple_chips_serve_on_llama_cpp_each_a_replica_of_its_own() -> None:
    request = asked(model_ids=("llama-3.1-8b",), gpu_ids=("apple-m4-max",), engine="llama.cpp")
    found = grid(request, TABLES)
    ruled = rules(found, request, TABLES, licences(found.models, request, TABLES))
    kept = ~np.any([rule.out for rule in ruled], axis=0)
    assert {found.ways[i] for i in found.way[kept]} == {Parallel(1, 1)}
    kinds = {found.formats[i].format_id for i in found.format[kept]}
    assert {"bf16", "fp16", "gguf-q4-k-m", "gguf-q8-0"} <= kinds
    assert not kinds & {"fp8", "awq-int4", "int8", "nvfp4"}


def test_a_research_licence_is_no_obstacle_to_research() -> None:
    research = asked(model_ids=("mistral-large-2",), organisation=Organisation(commercial_use=False).model_dump())
    assert left_out(research)["LICENCE"] == 0
    assert left_out(asked(model_ids=("mistral-large-2",), check_licences=False))["LICENCE"] == 0


def test_what_a_licence_leaves_open_is_said() -> None:
    found = licences([TABLES.model_by_id["llama-3.3-70b"]], ASKED, TABLES)
    assert found.allowed[0]
    assert "monthly active users" in found.open[0]


def test_the_memory_of_the_grid_is_that_of_each_deployment() -> None:
    request = asked(model_ids=("llama-3.3-70b", "gpt-oss-120b", "deepseek-v3", "gemma-3-27b"), kv_cache_bits=8)
    found = grid(request, TABLES)
    places = range(0, len(found), 37)
    together = memory_of(found, request)
    alone = fit_of([setup_of(found, i, request) for i in places], 1800)
    for column, single in zip(together, alone, strict=True):
        np.testing.assert_array_equal(column[list(places)], single)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=25))
def test_the_front_is_what_nothing_beats(points: list[tuple[int, int]]) -> None:
    price, latency = (np.asarray([point[k] for point in points], dtype=np.float64) for k in (0, 1))
    kept = front(price, latency)
    for i, (p, t) in enumerate(points):
        beaten = any(q <= p and u <= t and (q, u) != (p, t) for q, u in points)
        first = points.index((p, t)) == i
        assert bool(kept[i]) is (first and not beaten)
