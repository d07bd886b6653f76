"""CAP-4: weights, KV cache and how many requests fit in GPU memory. GiB are 2**30 bytes, as the driver reports."""

from __future__ import annotations

import numpy as np

from planner.units import GIB_BYTES, FloatArray

KV_BLOCK_TOKENS = 16
EMBEDDING_BITS = 16


def weight_bytes(total_params: float, bits_per_weight: float, embedding_params: float = 0.0) -> float:
    """Bytes of the weights; embeddings and output head stay at 16 bits when the rest is quantised."""
    linear = total_params - embedding_params
    return (linear * bits_per_weight + embedding_params * max(bits_per_weight, EMBEDDING_BITS)) / 8


def kv_bytes_per_token(layers: int, kv_heads: int, head_dim: int, bytes_per_element: float) -> float:
    """Bytes of keys and values that one token leaves behind, plain grouped-query attention (CAP-4)."""
    return 2 * layers * kv_heads * head_dim * bytes_per_element


def kv_cache_tokens(
    *,
    gpus: int,
    gpu_memory_gib: float,
    usable_fraction: float,
    weight_gib: float,
    overhead_gib_per_gpu: float,
    kv_bytes: float,
) -> int:
    """Tokens of KV cache left beside the weights, whole blocks of 16; 0 when the weights do not fit (CAP-4)."""
    free_gib = gpus * gpu_memory_gib * usable_fraction - weight_gib - gpus * overhead_gib_per_gpu
    if free_gib <= 0:
        return 0
    return int(free_gib * GIB_BYTES / kv_bytes) // KV_BLOCK_TOKENS * KV_BLOCK_TOKENS


def max_sequences(cache_tokens: int, tokens_per_request: FloatArray | float) -> FloatArray:
    """Requests that fit at once when each is at its full length (conservative, CAP-4); shape of the lengths."""
    return np.asarray(np.floor(cache_tokens / np.maximum(tokens_per_request, 1)))
