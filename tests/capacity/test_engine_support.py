"""Which engine serves what on which GPU, and what is said where it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.engine_support import engine_runs, joins, not_served
from planner.capacity.memory_advice import what_would_fit
from planner.capacity.replica_memory import Setup
from planner.capacity.weights import engine_reads
from planner.catalog.catalog import installed
from planner.catalog.rows import FormatRow, GpuRow
from planner.domain.serving import EngineName

TABLES = installed().tables
ENGINES: tuple[EngineName, ...] = ("vllm", "sglang", "trtllm", "llama.cpp")


@given(st.sampled_from(ENGINES), st.sampled_from(TABLES.formats), st.sampled_from(TABLES.gpus), st.integers(1, 8))
def test_what_is_not_served_has_a_reason_and_a_way_out_and_nothing_else_has(
    engine: EngineName, kind: FormatRow, gpu: GpuRow, gpus: int
) -> None:
    served = engine_runs(engine, gpu) and engine_reads(engine, kind) and (gpus == 1 or joins(gpu))
    found = not_served(engine, kind, gpu, gpus)
    assert (found is None) is served
    if found:
        assert found.remedy.startswith("Use ")
        assert found.remedy.endswith(".")


@pytest.mark.parametrize(
    ("gpu_id", "engines"),
    [
        ("h100-sxm", {"vllm", "sglang", "trtllm", "llama.cpp"}),
        ("t4", {"vllm", "sglang", "llama.cpp"}),
        ("mi300x", {"vllm", "sglang", "llama.cpp"}),
        ("apple-m4-max", {"llama.cpp"}),
    ],
)
def test_which_engines_run_on_which_gpus(gpu_id: str, engines: set[str]) -> None:
    assert {engine for engine in ENGINES if engine_runs(engine, TABLES.gpu_by_id[gpu_id])} == engines


@pytest.mark.parametrize(
    ("engine", "format_id", "gpus", "why", "remedy"),
    [
        ("vllm", "gguf-q4-k-m", 1, "vLLM has no kernels for Apple M4 Max", "Use llama.cpp."),
        ("vllm", "fp8", 1, "vLLM has no kernels for Apple M4 Max", "Use llama.cpp with a GGUF format."),
        ("llama.cpp", "fp8", 1, "llama.cpp does not read FP8 (W8A8)", "Use a GGUF format."),
        ("llama.cpp", "gguf-q4-k-m", 2, "Apple M4 Max chips have no link fast enough", "Use one chip per replica"),
    ],
)
def test_what_is_said_of_an_apple_chip(engine: EngineName, format_id: str, gpus: int, why: str, remedy: str) -> None:
    found = not_served(engine, TABLES.format_by_id[format_id], TABLES.gpu_by_id["apple-m4-max"], gpus)
    assert found is not None
    assert found.why.startswith(why)
    assert found.remedy.startswith(remedy)


def advised(gpu_id: str, engine: EngineName, format_id: str, model_id: str) -> set[str]:
    model = TABLES.model_by_id[model_id]
    setup = Setup(model, TABLES.format_by_id[format_id], TABLES.gpu_by_id[gpu_id], engine=engine, max_model_len=4096)
    native = TABLES.format_by_id[model.native_format]
    found = what_would_fit(setup, 1000, gpus=TABLES.gpus, formats=TABLES.formats, native=native)
    return {f"{way.kind} {way.setup.gpu.vendor}" for way in found}


def test_what_would_fit_is_never_a_group_of_macs_nor_a_mac_for_another_engine() -> None:
    own = advised("apple-m4-pro", "llama.cpp", "gguf-q6-k", "llama-3.1-405b")
    assert "gpu Apple" in own
    assert not any(way.startswith("gpus") for way in own)
    assert "gpu Apple" not in advised("h100-sxm", "vllm", "bf16", "llama-3.3-70b")
