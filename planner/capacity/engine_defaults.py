"""What serving engines do when a setting is left out, and what they take of a GPU besides weights and cache.

Each figure is an assumption with its reason. vLLM's profiling log of real servers ("weights take", "activation peak
memory takes", "Available KV cache memory", "GPU KV cache size") is what they are held against: see
`tests/capacity/test_replica_memory.py`.
"""

from __future__ import annotations

from planner.catalog.rows import GpuRow
from planner.domain.serving import EngineName
from planner.units import MIB_PER_GIB

LARGE_GPU_GIB = 70
"""From here on, but not on an A100, vLLM serves 1,024 requests and 8,192 prompt tokens a step; else 256 and 2,048."""
LARGE_SEQS, SMALL_SEQS = 1024, 256
LARGE_CHUNK_TOKENS, SMALL_CHUNK_TOKENS = 8192, 2048
TRTLLM_SEQS, SGLANG_SEQS, LLAMA_CPP_SEQS = 2048, 2048, 4
LLAMA_CPP_CHUNK_TOKENS = 2048
RUNTIME_GIB = 0.4
"""Per GPU: what the driver keeps of the total it reports, and buffers outside PyTorch; logs say 0.2 to 0.8."""
COLLECTIVES_GIB = 0.6
"""Per GPU of a group: buffers of NCCL or RCCL and of the custom all-reduce; logs say 0.25 to 1.8 on top."""
GRAPH_GIB, GRAPH_GIB_PER_LAYER = 0.25, 0.008
"""CUDA graphs per GPU: 0.5 GiB at 32 layers, 0.9 at 80; logs say 0.2 to 1.0."""
LOGIT_COPIES = 4
"""Arrays of max_num_seqs x vocabulary at 32 bits that are alive at once while the sampler is profiled."""
CONTEXT_OF_MEAN = 4
"""Server context when none is asked: this many times the mean request, in steps of CONTEXT_STEP_TOKENS."""
CONTEXT_STEP_TOKENS = 1024


def is_large(gpu: GpuRow) -> bool:
    """Whether vLLM takes its large defaults on this GPU."""
    return gpu.memory_mib_reported / MIB_PER_GIB >= LARGE_GPU_GIB and not gpu.gpu_id.startswith("a100")


def default_max_num_seqs(engine: EngineName, gpu: GpuRow) -> int:
    """Requests that the engine serves side by side when nothing is said."""
    if engine == "vllm":
        return LARGE_SEQS if is_large(gpu) else SMALL_SEQS
    return {"sglang": SGLANG_SEQS, "trtllm": TRTLLM_SEQS, "llama.cpp": LLAMA_CPP_SEQS}[engine]


def default_chunk_tokens(engine: EngineName, gpu: GpuRow) -> int:
    """Prompt tokens of one step when nothing is said."""
    if engine == "llama.cpp":
        return LLAMA_CPP_CHUNK_TOKENS
    return LARGE_CHUNK_TOKENS if is_large(gpu) else SMALL_CHUNK_TOKENS


def default_model_len(mean_tokens: float, model_limit: int) -> int:
    """Server context for requests of this mean length, tokens: room for long ones, within the model's own limit."""
    steps = -(-mean_tokens * CONTEXT_OF_MEAN // CONTEXT_STEP_TOKENS)
    return min(int(steps) * CONTEXT_STEP_TOKENS, model_limit)
