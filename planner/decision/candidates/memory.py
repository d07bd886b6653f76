"""CAP-4 of a grid of deployments: facts of models, formats and GPUs spread by indexing, then one call."""

from __future__ import annotations

import numpy as np

from planner.capacity.engine_defaults import default_chunk_tokens, default_max_num_seqs, default_model_len
from planner.capacity.replica_memory import MemoryCase, ReplicaMemory, Setup, memory_case, replica_memory
from planner.capacity.weights import weight_parts
from planner.decision.candidates.grid import Grid
from planner.domain.capacity import CapacityRequest
from planner.units import MIB_PER_GIB, FloatArray

PLAIN_KV_BITS = 16


def kv_bits(request: CapacityRequest) -> int:
    """Bits of a KV-cache element: as asked, or those of the activations."""
    return request.kv_cache_bits or PLAIN_KV_BITS


def request_tokens(request: CapacityRequest) -> float:
    """Mean prompt and answer of one request, tokens."""
    return request.input_tokens + request.output_tokens


def context_tokens(request: CapacityRequest, limit: int) -> int:
    """Context that a server of a model with this limit is set up for."""
    asked = request.max_model_len
    return default_model_len(request_tokens(request), limit) if asked is None else min(asked, limit)


def setup_of(found: Grid, i: int, request: CapacityRequest) -> Setup:
    """One deployment of the grid as it is to be served."""
    model, gpu, way = found.models[found.model[i]], found.gpus[found.gpu[i]], found.ways[found.way[i]]
    return Setup(
        model=model,
        number_format=found.formats[found.format[i]],
        gpu=gpu,
        tp=way.tp,
        pp=way.pp,
        engine=request.engine,
        kv_bits=kv_bits(request),
        utilisation_fraction=request.gpu_memory_utilisation_fraction,
        max_model_len=context_tokens(request, model.max_context_tokens),
        max_num_seqs=request.max_num_seqs or default_max_num_seqs(request.engine, gpu),
    )


def memory_of(found: Grid, request: CapacityRequest) -> ReplicaMemory:
    """Memory of every deployment of the grid, arrays (n,)."""
    return replica_memory(_case(found, request))


def _case(found: Grid, request: CapacityRequest) -> MemoryCase:
    """The columns of `memory_case`, computed once per model, format, GPU and pair of them."""
    m, g, w = found.model, found.gpu, found.way
    models = memory_case(
        [
            Setup(row, found.formats[0], found.gpus[0], 1, 1, request.engine, kv_bits(request), max_model_len=length)
            for row in found.models
            for length in [context_tokens(request, row.max_context_tokens)]
        ],
        request_tokens(request),
    )
    spread = {name: getattr(models, name)[m] for name in _OF_MODELS}
    total, embedding = _weights(found)
    ways = np.asarray(found.ways, dtype=np.float64)
    return models._replace(
        **spread,
        layers_gib=(total - embedding)[m, found.format],
        embedding_gib=embedding[m, found.format],
        tp=ways[w, 0],
        pp=ways[w, 1],
        gpu_gib=_column([gpu.memory_mib_reported / MIB_PER_GIB for gpu in found.gpus])[g],
        chunk_tokens=_column([default_chunk_tokens(request.engine, gpu) for gpu in found.gpus])[g],
        max_num_seqs=max_num_seqs(found, request),
        utilisation_fraction=request.gpu_memory_utilisation_fraction,
    )


_OF_MODELS = (
    "tied",
    "layers",
    "hidden_size",
    "ffn_width",
    "vocab_size",
    "kv_heads",
    "replicated",
    "request_bytes",
    "block_bytes",
    "longest_bytes",
)


def max_num_seqs(found: Grid, request: CapacityRequest) -> FloatArray:
    """Requests side by side that each deployment is set up for, (n,)."""
    served = [request.max_num_seqs or default_max_num_seqs(request.engine, gpu) for gpu in found.gpus]
    return _column(served)[found.gpu]


def _weights(found: Grid) -> tuple[FloatArray, FloatArray]:
    """Whole weights and embeddings of every model in every format, GiB, (models, formats)."""
    parts = np.asarray(
        [[weight_parts(row, kind) for kind in found.formats] for row in found.models], dtype=np.float64
    ).reshape(len(found.models), len(found.formats), 2)
    return parts[..., 0], parts[..., 1]


def _column(values: list[float] | list[int]) -> FloatArray:
    return np.asarray(values, dtype=np.float64)
