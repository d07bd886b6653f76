"""CAP-4 worked by hand: weights, KV cache, and what is left of the memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.memory import KV_BLOCK_TOKENS, kv_bytes_per_token, kv_cache_tokens, max_sequences, weight_bytes
from planner.units import GB_BYTES, GIB_BYTES

LLAMA_70B_GIB = 70_550_000_000 * 2 / GIB_BYTES


def cache(gpus: int = 2, gib: float = 80, weight_gib: float = LLAMA_70B_GIB, **more: float) -> int:
    return kv_cache_tokens(
        gpus=gpus,
        gpu_memory_gib=gib,
        usable_fraction=more.get("usable", 0.9),
        weight_gib=weight_gib,
        overhead_gib_per_gpu=more.get("overhead", 2),
        kv_bytes=more.get("kv_bytes", 327_680),
    )


def test_weights_at_16_bits_are_two_bytes_a_parameter() -> None:
    assert weight_bytes(70e9, 16) == 70e9 * 2
    assert weight_bytes(70e9, 16, embedding_params=2e9) == 70e9 * 2


def test_embeddings_stay_at_16_bits_when_the_rest_is_quantised() -> None:
    # Llama 3.1 8B in 4-bit: (8.03e9 - 1.05e9) x 4.156 / 8 + 1.05e9 x 2 = 5.73 GB, not 8.03e9 / 2 = 4.02 GB
    embeddings = 2 * 128_256 * 4096
    total = weight_bytes(8_030_261_248, 4.156, embeddings)
    assert total == pytest.approx((8_030_261_248 - embeddings) * 4.156 / 8 + embeddings * 2)
    assert total / GB_BYTES == pytest.approx(5.73, abs=0.01)


def test_kv_bytes_worked() -> None:
    assert kv_bytes_per_token(80, 8, 128, 2) == 2 * 80 * 8 * 128 * 2 == 327_680
    assert kv_bytes_per_token(32, 8, 128, 2) == 128 * 1024  # Llama 3.1 8B: 128 KiB
    assert kv_bytes_per_token(80, 8, 128, 1) == 327_680 / 2


def test_what_is_left_worked() -> None:
    # 2 x 80 x 0.9 = 144 GiB; less 131.41 of weights and 2 x 2 of overhead leaves 8.59 GiB / 320 KiB = 28,148 -> 28,144
    left_gib = 2 * 80 * 0.9 - LLAMA_70B_GIB - 2 * 2
    assert left_gib == pytest.approx(8.590, abs=0.001)
    assert int(left_gib * GIB_BYTES / 327_680) == 28_148
    assert cache() == 28_144 == 28_148 // 16 * 16


def test_reading_80_gb_for_80_gib_turns_fits_into_does_not_fit() -> None:
    assert cache(gib=80) == 28_144
    assert cache(gib=80 * GB_BYTES / GIB_BYTES) == 0  # 74.5 GiB: 134.1 - 131.4 - 4 < 0


def test_40_gib_is_too_little_for_a_4_bit_70b() -> None:
    # 39.8 GB = 37.0 GiB of weights against 0.9 x 40 = 36 GiB
    assert cache(gpus=1, gib=40, weight_gib=39.8 * GB_BYTES / GIB_BYTES, overhead=0) == 0
    assert cache(gpus=1, gib=48, weight_gib=39.8 * GB_BYTES / GIB_BYTES, overhead=0) > 0


@pytest.mark.parametrize(("tokens", "per_request", "fits"), [(28_144, 1800, 15), (1799, 1800, 0), (1800, 1800, 1)])
def test_sequences_that_fit_at_full_length(tokens: int, per_request: float, fits: int) -> None:
    assert max_sequences(tokens, per_request) == fits


def test_a_request_without_tokens_does_not_divide_by_zero() -> None:
    assert max_sequences(100, 0) == 100


@given(
    gpus=st.integers(1, 16),
    gib=st.floats(8, 300),
    weight_gib=st.floats(1, 2000),
    overhead=st.floats(0, 10),
    kv_bytes=st.floats(1000, 1e6),
)
def test_the_cache_never_exceeds_the_memory_and_comes_in_whole_blocks(
    gpus: int, gib: float, weight_gib: float, overhead: float, kv_bytes: float
) -> None:
    tokens = cache(gpus, gib, weight_gib, overhead=overhead, kv_bytes=kv_bytes)
    assert tokens >= 0
    assert tokens % KV_BLOCK_TOKENS == 0
    used = tokens * kv_bytes / GIB_BYTES + weight_gib + gpus * overhead
    assert tokens == 0 or used <= gpus * gib * 0.9 * (1 + 1e-9)
    assert cache(gpus + 1, gib, weight_gib, overhead=min(overhead, 0.9 * gib), kv_bytes=kv_bytes) >= tokens
