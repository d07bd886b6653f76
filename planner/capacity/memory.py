"""CAP-4: weights, KV cache and how many requests fit in GPU memory. GiB are 2**30 bytes, as the driver reports."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from planner.units import GIB_BYTES, FloatArray

KV_BLOCK_TOKENS = 16
EMBEDDING_BITS = 16


def weight_bytes(total_params: float, bits_per_weight: float, embedding_params: float = 0.0) -> float:
    """Bytes of the weights; embeddings and output head stay at 16 bits when the rest is quantised."""
    linear = total_params - embedding_params
    return (linear * bits_per_weight + embedding_params * max(bits_per_weight, EMBEDDING_BITS)) / 8


def embedding_params(vocab_size: int, hidden_size: int, tied: bool) -> int:
    """Parameters of the input embedding and the output head; one matrix when they are tied."""
    return vocab_size * hidden_size * (1 if tied else 2)


def kv_bytes_per_token(layers: int, kv_heads: int, head_dim: int, bytes_per_element: float) -> float:
    """Bytes of keys and values that one token leaves behind, plain grouped-query attention (CAP-4)."""
    return 2 * layers * kv_heads * head_dim * bytes_per_element


def kv_copies(
    tensor_parallel: FloatArray | float, kv_heads: FloatArray | float, replicated: NDArray[np.bool_] | bool
) -> FloatArray:
    """Times a replica holds the same keys and values; broadcasts.

    KV heads are shared out over the GPUs of a tensor-parallel group, and held more than once when there are fewer heads
    than GPUs. A compressed cache (MLA) has no heads to share: each GPU holds all of it.
    """
    tp = np.asarray(tensor_parallel, dtype=np.float64)
    return np.asarray(np.where(replicated, tp, np.maximum(tp / kv_heads, 1.0)))


def free_gib(
    *,
    gpus: FloatArray | float,
    gpu_memory_gib: FloatArray | float,
    usable_fraction: FloatArray | float,
    weight_gib: FloatArray | float,
    overhead_gib_per_gpu: FloatArray | float,
) -> FloatArray:
    """GiB left for the KV cache over all GPUs, at least 0: utilisation x total - weights - overhead; broadcasts."""
    usable = np.asarray(gpus) * gpu_memory_gib * usable_fraction
    return np.asarray(np.maximum(usable - weight_gib - np.asarray(gpus) * overhead_gib_per_gpu, 0.0))


def cache_tokens(gib: FloatArray | float, kv_bytes: FloatArray | float) -> FloatArray:
    """Tokens of KV cache in so much memory, in whole blocks of 16 as vLLM allocates them; broadcasts."""
    tokens = np.floor(np.asarray(gib) * GIB_BYTES / kv_bytes)
    return np.asarray(tokens // KV_BLOCK_TOKENS * KV_BLOCK_TOKENS)


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
    free = free_gib(
        gpus=gpus,
        gpu_memory_gib=gpu_memory_gib,
        usable_fraction=usable_fraction,
        weight_gib=weight_gib,
        overhead_gib_per_gpu=overhead_gib_per_gpu,
    )
    return int(cache_tokens(free, kv_bytes))


def max_sequences(tokens_of_cache: FloatArray | float, tokens_per_request: FloatArray | float) -> FloatArray:
    """Requests that fit at once when each is at its full length (conservative, CAP-4); shape of the lengths."""
    return np.asarray(np.floor(tokens_of_cache / np.maximum(tokens_per_request, 1)))
