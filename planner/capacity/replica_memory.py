"""CAP-4 in full: where the memory of a replica goes, part by part, and how many requests fit in what is left.

vLLM's own rule, per GPU: utilisation x total - weights - peak activation - buffers outside PyTorch - CUDA graphs, in
whole blocks of 16 tokens. The GPU with most to hold decides: with pipeline stages that is one with the most layers and
one of the two embedding matrices. What is assumed: matrices split evenly over a tensor-parallel group, the runtime's
own share as in `engine_defaults`, and windows of hybrid models packed without loss (vLLM pads them to equal pages).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.capacity import engine_defaults as engine
from planner.capacity.memory import KV_BLOCK_TOKENS, cache_tokens, free_gib, kv_copies
from planner.capacity.weights import weight_parts
from planner.catalog.rows import FormatRow, GpuRow, ModelRow
from planner.domain.serving import EngineName
from planner.units import GIB_BYTES, MIB_PER_GIB, FloatArray

_NOISE = 1e-12
_LOGIT_BYTES = 4
_ACTIVATION_BYTES = 2
_HIDDEN_COPIES = 4
"""Arrays of chunk x hidden width alive at once: residual, input, output, and one of attention."""
_FFN_MATRICES = 3
"""Gate, up and their product, of chunk x feed-forward width."""


class Setup(NamedTuple):
    """One replica as it is to be served, from catalog rows."""

    model: ModelRow
    number_format: FormatRow
    gpu: GpuRow
    tp: int = 1
    pp: int = 1
    engine: EngineName = "vllm"
    kv_bits: int = 16
    utilisation_fraction: float = 0.9
    max_model_len: int | None = None
    """None: the model's own limit."""
    max_num_seqs: int | None = None
    """None: the engine's."""

    @property
    def context_tokens(self) -> int:
        """Longest prompt plus answer that the server takes."""
        return self.model.max_context_tokens if self.max_model_len is None else self.max_model_len


class MemoryCase(NamedTuple):
    """Replicas as columns, each an array (n,) or a number that holds for all."""

    layers_gib: FloatArray
    """Weights of one copy without embeddings."""
    embedding_gib: FloatArray
    tied: NDArray[np.bool_]
    layers: FloatArray
    hidden_size: FloatArray
    ffn_width: FloatArray
    vocab_size: FloatArray
    kv_heads: FloatArray
    replicated: NDArray[np.bool_]
    """The cache has no heads to share out (MLA)."""
    gpu_gib: FloatArray
    tp: FloatArray
    pp: FloatArray
    chunk_tokens: FloatArray
    max_num_seqs: FloatArray
    utilisation_fraction: FloatArray | float
    request_tokens: FloatArray | float
    """Length that sequences are counted at."""
    request_bytes: FloatArray
    """Cache of one request of that length, one copy."""
    block_bytes: FloatArray
    """The same in whole blocks, as it is allocated."""
    longest_bytes: FloatArray
    """The same of one at the server's full context, which must fit."""


class ReplicaMemory(NamedTuple):
    """GiB over all GPUs of a replica, arrays (n,). The parts sum to the capacity of a replica that fits."""

    capacity_gib: FloatArray
    reserved_gib: FloatArray
    """Left to others: 1 - utilisation."""
    layers_gib: FloatArray
    embedding_gib: FloatArray
    activation_gib: FloatArray
    graph_gib: FloatArray
    runtime_gib: FloatArray
    cache_gib: FloatArray
    uneven_gib: FloatArray
    """Idle on GPUs that hold less than the fullest one."""
    kv_bytes_per_token: FloatArray
    """Of the whole replica, copies included, at the mean request's length."""
    kv_cache_tokens: FloatArray
    max_sequences: FloatArray
    """Requests of the mean length at once, each whole and in whole blocks."""
    fits: NDArray[np.bool_]
    """One request of the server's full context fits."""

    @property
    def weight_gib(self) -> FloatArray:
        """Layers, embeddings and output head of one copy."""
        return np.asarray(self.layers_gib + self.embedding_gib)

    @property
    def weight_fraction(self) -> FloatArray:
        """Weights / memory."""
        return np.asarray(self.weight_gib / self.capacity_gib)


def kv_replicated(model: ModelRow) -> bool:
    """Whether every GPU of a group holds the whole cache: a compressed one (MLA and its kin)."""
    return "MLA" in model.attention or "compressed KV" in model.attention


def ffn_width(model: ModelRow) -> float:
    """Width of the feed-forward part that one token uses, from the active parameters: what attention leaves / 3 hidden.

    14,336 for Llama 3.1 8B; of experts, that of all a token uses together.
    """
    hidden, heads = model.hidden_size, model.attention_heads
    kv_heads = 0 if kv_replicated(model) else model.kv_heads
    attention = hidden * model.head_dim * (2 * heads + 2 * kv_heads)
    embeddings = model.vocab_size * hidden * (1 if model.tied_embeddings else 2)
    per_layer = (model.active_params - embeddings) / model.layers - attention
    return max(per_layer / (3 * hidden), hidden)


def splits(model: ModelRow, tp: int, pp: int) -> bool:
    """Whether tp divides the query heads, and the KV heads or is divided by them, and no stage is without a layer."""
    heads, kv_heads = model.attention_heads, model.kv_heads
    shared = kv_replicated(model) or kv_heads % tp == 0 or tp % kv_heads == 0
    return heads % tp == 0 and shared and pp <= model.layers


def memory_case(setups: Sequence[Setup], request_tokens: float) -> MemoryCase:
    """The columns of some replicas; `request_tokens` is the mean length of a request, prompt and answer."""
    parts = [weight_parts(s.model, s.number_format) for s in setups]

    def column(values: Sequence[float]) -> FloatArray:
        return np.asarray(values, dtype=np.float64)

    return MemoryCase(
        layers_gib=column([part.layers_gib for part in parts]),
        embedding_gib=column([part.embedding_gib for part in parts]),
        tied=np.asarray([s.model.tied_embeddings for s in setups], dtype=bool),
        layers=column([s.model.layers for s in setups]),
        hidden_size=column([s.model.hidden_size for s in setups]),
        ffn_width=column([ffn_width(s.model) for s in setups]),
        vocab_size=column([s.model.vocab_size for s in setups]),
        kv_heads=column([s.model.kv_heads for s in setups]),
        replicated=np.asarray([kv_replicated(s.model) for s in setups], dtype=bool),
        gpu_gib=column([s.gpu.memory_mib_reported / MIB_PER_GIB for s in setups]),
        tp=column([s.tp for s in setups]),
        pp=column([s.pp for s in setups]),
        chunk_tokens=column([engine.default_chunk_tokens(s.engine, s.gpu) for s in setups]),
        max_num_seqs=column([s.max_num_seqs or engine.default_max_num_seqs(s.engine, s.gpu) for s in setups]),
        utilisation_fraction=column([s.utilisation_fraction for s in setups]),
        request_tokens=request_tokens,
        request_bytes=column([s.model.sequence_bytes(request_tokens, s.kv_bits) for s in setups]),
        block_bytes=column([s.model.sequence_bytes(whole_blocks(request_tokens), s.kv_bits) for s in setups]),
        longest_bytes=column([s.model.sequence_bytes(s.context_tokens, s.kv_bits) for s in setups]),
    )


def whole_blocks(tokens: float) -> float:
    """Tokens that a request of this length takes up: blocks of 16."""
    return math.ceil(tokens / KV_BLOCK_TOKENS) * KV_BLOCK_TOKENS


def activation_gib_per_gpu(case: MemoryCase) -> FloatArray:
    """Peak of one step on one GPU: the widest layer over a chunk of prompt, or the sampler over the vocabulary.

    The feed-forward part is split over the group, the residual stream and the logits are whole on each GPU.
    """
    width = _HIDDEN_COPIES * case.hidden_size + _FFN_MATRICES * case.ffn_width / case.tp
    forward = case.chunk_tokens * width * _ACTIVATION_BYTES
    sampler = case.max_num_seqs * case.vocab_size * _LOGIT_BYTES * engine.LOGIT_COPIES
    return np.asarray(np.maximum(forward, sampler) / GIB_BYTES)


def replica_memory(case: MemoryCase) -> ReplicaMemory:
    """CAP-4 of every replica at once; arrays (n,)."""
    gpus = case.tp * case.pp
    stage = np.ceil(case.layers / case.pp) / case.layers * case.pp
    one_matrix = np.where(case.tied, 1.0, 0.5)
    fullest = case.layers_gib * stage + case.embedding_gib * np.where(case.pp > 1, one_matrix * case.pp, 1.0)
    graphs = engine.GRAPH_GIB + engine.GRAPH_GIB_PER_LAYER * np.ceil(case.layers / case.pp)
    runtime = engine.RUNTIME_GIB + np.where(gpus > 1, engine.COLLECTIVES_GIB, 0.0)
    activation = activation_gib_per_gpu(case)
    free = free_gib(
        gpus=gpus,
        gpu_memory_gib=case.gpu_gib,
        usable_fraction=case.utilisation_fraction,
        weight_gib=fullest,
        overhead_gib_per_gpu=activation + graphs + runtime,
    )
    held = kv_copies(case.tp, case.kv_heads, case.replicated) * stage
    kv_bytes = case.request_bytes / case.request_tokens * held
    tokens = cache_tokens(free, kv_bytes)
    return ReplicaMemory(
        capacity_gib=gpus * case.gpu_gib,
        reserved_gib=gpus * case.gpu_gib * (1 - case.utilisation_fraction),
        layers_gib=case.layers_gib,
        embedding_gib=case.embedding_gib,
        activation_gib=activation * gpus,
        graph_gib=graphs * gpus,
        runtime_gib=runtime * gpus,
        cache_gib=free,
        uneven_gib=fullest - case.layers_gib - case.embedding_gib,
        kv_bytes_per_token=kv_bytes,
        kv_cache_tokens=tokens,
        max_sequences=np.floor(free * GIB_BYTES / (case.block_bytes * held) * (1 + _NOISE)),
        fits=(free > 0) & (free * GIB_BYTES >= case.longest_bytes * held),
    )


def fit_of(setups: Sequence[Setup], request_tokens: float) -> ReplicaMemory:
    """The memory of some replicas at once; requests are `request_tokens` long on average."""
    return replica_memory(memory_case(setups, request_tokens))
