"""CAP-4 in full: laws of the memory of a replica, figures worked by hand, and what real servers reported."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity import engine_defaults as engine
from planner.capacity.memory import cache_tokens, kv_bytes_per_token, kv_copies
from planner.capacity.memory_advice import what_would_fit
from planner.capacity.published import has_own_rate
from planner.capacity.replica_memory import Setup, ffn_width, fit_of, memory_case, replica_memory, splits
from planner.capacity.weights import comes_in, engine_reads, weight_parts
from planner.catalog.catalog import load
from planner.units import GIB_BYTES

TABLES = load().tables
MODELS, FORMATS, GPUS = TABLES.models, TABLES.formats, TABLES.gpus
WAYS = [(tp, pp) for tp in (1, 2, 4, 8) for pp in (1, 2, 4)]

setups = st.builds(
    Setup,
    model=st.sampled_from(MODELS),
    number_format=st.sampled_from(FORMATS),
    gpu=st.sampled_from(GPUS),
    tp=st.sampled_from([1, 2, 4, 8]),
    pp=st.sampled_from([1, 2, 4]),
    kv_bits=st.sampled_from([8, 16]),
    utilisation_fraction=st.floats(0.5, 0.98),
    max_model_len=st.integers(16, 200_000),
    max_num_seqs=st.one_of(st.none(), st.integers(1, 4096)),
)


def setup(model: str, number_format: str, gpu: str, **more: Any) -> Setup:
    rows = (TABLES.model_by_id[model], TABLES.format_by_id[number_format], TABLES.gpu_by_id[gpu])
    return Setup(*rows)._replace(**more)


def tokens(asked: Setup, request_tokens: float = 1800) -> float:
    return float(fit_of([asked], request_tokens).kv_cache_tokens[0])


@given(asked=setups, request=st.floats(2, 50_000), factor=st.floats(1, 20))
def test_longer_requests_never_raise_the_sequences_that_fit(asked: Setup, request: float, factor: float) -> None:
    short, long = fit_of([asked], request), fit_of([asked], request * factor)
    assert long.max_sequences[0] <= short.max_sequences[0]


@given(asked=setups, longer=st.integers(0, 500_000))
def test_a_longer_server_context_never_makes_it_fit(asked: Setup, longer: int) -> None:
    assert asked.max_model_len is not None
    short, long = fit_of([asked, asked._replace(max_model_len=asked.max_model_len + longer)], 1800).fits
    assert short or not long


@given(asked=setups, request=st.floats(2, 50_000))
def test_the_parts_sum_to_the_memory_of_a_replica_that_has_room(asked: Setup, request: float) -> None:
    memory = fit_of([asked], request)
    parts = (memory.reserved_gib, memory.layers_gib, memory.embedding_gib, memory.activation_gib, memory.graph_gib)
    rest = (memory.runtime_gib, memory.cache_gib, memory.uneven_gib)
    total = sum(float(part[0]) for part in (*parts, *rest))
    if memory.cache_gib[0] > 0:
        assert total == pytest.approx(float(memory.capacity_gib[0]))
    else:
        assert total >= float(memory.capacity_gib[0]) * (1 - 1e-9)


@given(asked=setups, request=st.floats(2, 50_000))
def test_the_cache_comes_in_whole_blocks_and_no_more_than_there_is_room_for(asked: Setup, request: float) -> None:
    memory = fit_of([asked], request)
    held = float(memory.kv_cache_tokens[0])
    assert held >= 0
    assert held % 16 == 0
    assert held * float(memory.kv_bytes_per_token[0]) <= float(memory.cache_gib[0]) * GIB_BYTES * (1 + 1e-9)


@given(asked=setups, request=st.floats(2, 50_000), more=st.floats(0, 0.02))
def test_more_of_the_memory_or_fewer_cache_bits_never_hold_less(asked: Setup, request: float, more: float) -> None:
    higher = asked._replace(utilisation_fraction=asked.utilisation_fraction + more)
    smaller = asked._replace(kv_bits=8)
    memory = fit_of([asked, higher, smaller], request)
    assert memory.kv_cache_tokens[0] <= memory.kv_cache_tokens[1]
    assert memory.kv_cache_tokens[0] <= memory.kv_cache_tokens[2]


@given(asked=setups, request=st.floats(2, 50_000))
def test_a_larger_memory_never_holds_less(asked: Setup, request: float) -> None:
    larger = asked.gpu.model_copy(update={"memory_mib_reported": asked.gpu.memory_mib_reported + 8192})
    fixed = asked._replace(max_num_seqs=asked.max_num_seqs or 256)
    same = fixed._replace(gpu=larger)
    if engine.is_large(asked.gpu) == engine.is_large(larger):
        memory = fit_of([fixed, same], request)
        assert memory.kv_cache_tokens[0] <= memory.kv_cache_tokens[1]


@settings(max_examples=20)
@given(st.lists(setups, min_size=1, max_size=30), st.floats(2, 50_000))
def test_many_at_once_give_what_each_gives_alone(asked: list[Setup], request: float) -> None:
    together = replica_memory(memory_case(asked, request))
    for i, one in enumerate(asked):
        alone = replica_memory(memory_case([one], request))
        for all_of_them, single in zip(together, alone, strict=True):
            assert all_of_them[i] == single[0]


@given(model=st.sampled_from(MODELS), kind=st.sampled_from(FORMATS))
def test_embeddings_are_part_of_the_weights(model, kind) -> None:  # type: ignore[no-untyped-def]
    parts = weight_parts(model, kind)
    assert 0 < parts.embedding_gib <= parts.total_gib
    assert parts.layers_gib + parts.embedding_gib == pytest.approx(parts.total_gib)


@settings(max_examples=60, deadline=None)
@given(asked=setups, request=st.floats(100, 20_000))
def test_every_way_that_is_offered_fits(asked: Setup, request: float) -> None:
    native = TABLES.format_by_id[asked.model.native_format]
    for way in what_would_fit(asked, request, gpus=GPUS, formats=FORMATS, native=native):
        after = fit_of([way.setup], request)
        assert after.fits[0]
        assert after.kv_cache_tokens[0] == way.kv_cache_tokens
        changed = [name for name in Setup._fields if getattr(way.setup, name) != getattr(asked, name)]
        assert len(changed) == 1


def test_llama_70b_fp8_on_two_h100s_worked() -> None:
    # Per GPU: 0.9 x 79.65 = 71.68 GiB; weights (68.45e9 x 1 + 2.10e9 x 2) / 2 = 33.83 GiB;
    # sampler 1,024 x 128,256 x 4 B x 4 = 1.96 GiB; graphs 0.25 + 80 x 0.008 = 0.89; runtime 0.4 + 0.6
    gpu = 81_559 / 1024
    embeddings = 2 * 128_256 * 8192
    weights = ((70_553_706_496 - embeddings) + embeddings * 2) / GIB_BYTES
    sampler = 1024 * 128_256 * 4 * 4 / GIB_BYTES
    free = 2 * (0.9 * gpu - weights / 2 - sampler - 0.89 - 1.0)
    assert free == pytest.approx(68.006, abs=0.001)
    assert (
        tokens(setup("llama-3.3-70b", "fp8", "h100-sxm", tp=2)) == int(free * GIB_BYTES / 327_680) // 16 * 16 == 222_832
    )


def test_llama_70b_fp8_does_not_fit_one_h100_and_the_ways_out_are_named() -> None:
    asked = setup("llama-3.3-70b", "fp8", "h100-sxm", max_model_len=8192)
    native = TABLES.format_by_id["bf16"]
    ways = what_would_fit(asked, 1800, gpus=GPUS, formats=FORMATS, native=native)
    assert [way.kind for way in ways] == ["gpus", "gpu", "format", "utilisation", "context"]
    assert "2 x NVIDIA H100 SXM" in ways[0].sentence
    assert ways[-1].setup.max_model_len == 2304


@settings(max_examples=60, deadline=None)
@given(asked=setups, request=st.floats(100, 20_000))
def test_a_gpu_without_units_for_the_format_is_never_offered_for_one_that_has_them_and_else_it_is_said(
    asked: Setup, request: float
) -> None:
    native = TABLES.format_by_id[asked.model.native_format]
    for way in what_would_fit(asked, request, gpus=GPUS, formats=FORMATS, native=native):
        own = has_own_rate(way.setup.gpu, way.setup.number_format.compute_rate)
        if way.kind in ("gpu", "format"):
            assert own != ("weights only" in way.sentence)
        if way.kind == "gpu":
            assert own or not has_own_rate(asked.gpu, asked.number_format.compute_rate)


def test_in_fp8_the_larger_gpu_for_an_h100_is_no_a100() -> None:
    """An A100 has 80 GiB for the H100's 79.6 and no FP8 units: it would read 8 bits and multiply 16."""
    asked = setup("llama-3.3-70b", "fp8", "h100-sxm", max_model_len=8192)
    native = TABLES.format_by_id["bf16"]
    (way,) = (w for w in what_would_fit(asked, 1800, gpus=GPUS, formats=FORMATS, native=native) if w.kind == "gpu")
    assert way.setup.gpu.fp8_dense_tflops
    assert "weights only" not in way.sentence


def test_what_fits_needs_no_way_out() -> None:
    native = TABLES.format_by_id["bf16"]
    fits = setup("llama-3.1-8b", "bf16", "h100-sxm", max_model_len=8192)
    assert what_would_fit(fits, 1800, gpus=GPUS, formats=FORMATS, native=native) == ()


@pytest.mark.parametrize(
    ("tp", "kv_heads", "mla", "copies"), [(1, 8, False, 1), (8, 8, False, 1), (8, 4, False, 2), (8, 128, True, 8)]
)
def test_keys_and_values_are_held_more_than_once_when_gpus_outnumber_heads(
    tp: int, kv_heads: int, mla: bool, copies: int
) -> None:
    assert kv_copies(tp, kv_heads, mla) == copies


def test_a_compressed_cache_is_on_every_gpu_of_the_group() -> None:
    alone = fit_of([setup("deepseek-v3", "fp8", "b300", tp=4)], 1000).kv_bytes_per_token[0]
    group = fit_of([setup("deepseek-v3", "fp8", "b300", tp=8)], 1000).kv_bytes_per_token[0]
    assert (alone, group) == (4 * 70_272, 8 * 70_272)


def test_windows_and_states_count_once_per_request() -> None:
    window = TABLES.model_by_id["gemma-3-27b"]
    kept = 81_920 * 4000 + 425_984 * 1024
    assert window.sequence_bytes(4000) == kept
    memory = fit_of([setup("gemma-3-27b", "bf16", "h100-sxm")], 4000)
    assert memory.kv_bytes_per_token[0] == pytest.approx(kept / 4000)


@pytest.mark.parametrize(
    ("model", "tp", "pp", "shared"),
    [
        ("llama-3.3-70b", 8, 1, True),
        ("llama-3.3-70b", 3, 1, False),
        ("qwen2.5-7b", 8, 1, False),  # 28 heads
        ("phi-4", 4, 1, False),  # 40 heads, but 10 KV heads
        ("phi-4", 2, 1, True),
        ("qwen3-30b-a3b", 8, 1, True),  # 4 KV heads, two GPUs hold each
        ("llama-3.2-1b", 1, 32, False),  # 16 layers
    ],
)
def test_which_groups_can_share_a_model(model: str, tp: int, pp: int, shared: bool) -> None:
    assert splits(TABLES.model_by_id[model], tp, pp) is shared


@pytest.mark.parametrize(
    ("model", "width"), [("llama-3.1-8b", 14_336), ("llama-3.3-70b", 28_672), ("qwen3-32b", 25_600), ("phi-4", 17_920)]
)
def test_the_feed_forward_width_follows_from_the_parameters(model: str, width: int) -> None:
    # The published configurations; norms are the difference
    assert ffn_width(TABLES.model_by_id[model]) == pytest.approx(width, abs=2)


@pytest.mark.parametrize(
    ("model", "kind", "comes"),
    [
        ("llama-3.1-8b", "fp8", True),
        ("llama-3.1-8b", "fp16", True),
        ("gpt-oss-120b", "bf16", False),
        ("gpt-oss-120b", "mxfp4", True),
        ("gpt-oss-120b", "awq-int4", False),
        ("deepseek-v3", "bf16", False),
        ("deepseek-v3", "fp8-block", True),
        ("deepseek-v3", "nvfp4", True),
    ],
)
def test_a_model_is_quantised_further_but_never_blown_up(model: str, kind: str, comes: bool) -> None:
    row = TABLES.model_by_id[model]
    assert comes_in(row, TABLES.format_by_id[kind], TABLES.format_by_id[row.native_format]) is comes


def test_gguf_is_for_llama_cpp() -> None:
    kinds = [TABLES.format_by_id[name] for name in ("gguf-q4-k-m", "fp8", "bf16", "mxfp4")]
    assert [engine_reads("llama.cpp", kind) for kind in kinds] == [True, False, True, True]
    assert [engine_reads("vllm", kind) for kind in kinds] == [False, True, True, True]


LOGGED = (
    ("llama-3.1-8b", "h100-nvl", 542_960),
    ("qwen3-8b", "h100-nvl", 478_560),
    ("qwen3-14b", "h100-nvl", 350_304),
    ("qwen3-32b", "h100-nvl", 81_648),
    ("llama-3.1-8b", "rtx-6000-ada", 207_536),
)
"""KV tokens that vLLM reported: BF16, one GPU, 0.9 of its memory, 1,024 sequences, 4,096 prompt tokens a step.

From the constants of the public benchmark of Helium, a serving engine for workflows of agents (VLLM_CACHE_CAPACITY).
"""


@pytest.mark.parametrize(("model", "gpu", "logged"), LOGGED)
def test_kv_tokens_are_those_that_real_servers_reported(model: str, gpu: str, logged: int) -> None:
    assert tokens(setup(model, "bf16", gpu, max_num_seqs=1024)) == pytest.approx(logged, rel=0.012)


def test_a_server_on_a_cpu_with_1_gib_of_cache_reported_as_many_tokens() -> None:
    # vLLM 0.32 on a CPU: 4 layers, 2 KV heads of 64, BF16, --kv-cache-memory-bytes 1073741824
    assert kv_bytes_per_token(4, 2, 64, 2) == 2048
    assert cache_tokens(1.0, 2048) == 524_288


def test_pipeline_stages_share_layers_but_each_end_keeps_a_matrix() -> None:
    one, two = fit_of(
        [setup("llama-3.3-70b", "bf16", "h200", pp=1, tp=2), setup("llama-3.3-70b", "bf16", "h200", pp=2)], 1800
    ).uneven_gib
    assert (one, two) == (0, pytest.approx(0))
    odd = fit_of([setup("qwen3-235b-a22b", "fp8", "h200", tp=2, pp=4)], 1800)
    # 94 layers in four stages: the fullest has 24, so 4 x 24 / 94 of the layers' weights must be kept free for
    layers = float(odd.layers_gib[0])
    assert float(odd.uneven_gib[0]) == pytest.approx(
        layers * (96 / 94 - 1) + float(odd.embedding_gib[0]) * (0.5 * 4 - 1)
    )


def test_defaults_of_the_engine() -> None:
    assert engine.default_max_num_seqs("vllm", TABLES.gpu_by_id["h100-sxm"]) == 1024
    assert engine.default_max_num_seqs("vllm", TABLES.gpu_by_id["a100-80gb"]) == 256
    assert engine.default_max_num_seqs("vllm", TABLES.gpu_by_id["l40s"]) == 256
    assert engine.default_model_len(1800, 131_072) == 8192
    assert engine.default_model_len(1800, 4096) == 4096
    assert np.ndim(tokens(setup("llama-3.1-8b", "bf16", "h100-sxm"))) == 0
