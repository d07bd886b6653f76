"""What each deployment reaches of its hardware, from the constants: bytes/s, FLOP/s and fixed times, arrays (n,)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from planner.capacity.throughput.deployment import COMPUTE_CLASSES, Deployments, IntArray
from planner.capacity.throughput.traits import CHIPS, FAMILIES, GENERATIONS
from planner.units import FloatArray

Constants = Mapping[str, float]
_MS = 1e-3
_EXPERT_POWER = 7
"""`compute_experts` holds at 2^7 routed experts; fewer and larger ones lose less."""
_FP4 = COMPUTE_CLASSES.index("fp4")
_LLAMA_CPP = GENERATIONS.index("llama.cpp")
_TRTLLM = 2
"""Generations below are TensorRT-LLM's."""


class Rates(NamedTuple):
    """Arrays (n,); bytes/s and FLOP/s of one GPU, seconds."""

    weights: FloatArray
    experts: FloatArray
    cache: FloatArray
    dense_flops: FloatArray
    expert_flops: FloatArray
    head_flops: FloatArray
    attention_flops: FloatArray
    link: FloatArray
    allreduce_s: FloatArray
    step_s: FloatArray
    sequence_s: FloatArray
    request_s: FloatArray
    step_factor: FloatArray
    padding: FloatArray
    """Factor on the padding of small matrix products."""


def rates_of(d: Deployments, c: Constants) -> Rates:
    """Efficiencies never exceed 1, so that no throughput exceeds what physics allows."""
    chip_bandwidth = _by(c, "bandwidth_chip", CHIPS, d.chip)
    weights = np.minimum(c["bandwidth"] * chip_bandwidth, 1.0)
    on_experts = _by(c, "experts", GENERATIONS, d.generation) * _by(c, "experts", CHIPS, d.chip)
    on_experts = on_experts * np.where(d.compute_class == _FP4, c.get("experts/fp4", 1.0), 1.0)
    half = np.minimum(_by(c, "compute", CHIPS, d.chip), 1.0)
    dense = np.minimum(half * _kernels(d, c) * _format_factor(d, c), 1.0)
    lost = c["compute_experts"] ** (np.log2(np.maximum(d.experts, 2)) / _EXPERT_POWER)
    host = _host(d, c)
    return Rates(
        weights=weights * d.bandwidth,
        experts=np.minimum(weights * c["bandwidth_experts"] * on_experts, 1.0) * d.bandwidth,
        cache=np.minimum(c["bandwidth_kv"] * chip_bandwidth, 1.0) * d.bandwidth,
        dense_flops=dense * d.peak,
        expert_flops=np.minimum(dense * lost * on_experts, 1.0) * d.peak,
        head_flops=half * d.peak16,
        attention_flops=np.minimum(c["attention_compute"], 1.0) * d.peak16,
        link=np.where(d.fast_links, c["link_share/fast"], c["link_share/slow"]) * d.link,
        allreduce_s=np.where(d.fast_links, c["allreduce_ms/fast"], c["allreduce_ms/slow"]) * _MS,
        step_s=_fixed(d, c) * host * _MS,
        sequence_s=_by(c, "sequence_ms", GENERATIONS, d.generation) * host * _MS,
        request_s=_by(c, "request_ms", GENERATIONS, d.generation) * _by(c, "host", CHIPS, d.chip) * _MS,
        step_factor=(1 + d.draft_cost) * np.where(d.lora, c["lora"], 1.0),
        padding=_by(c, "padding", GENERATIONS, d.generation),
    )


def _kernels(d: Deployments, c: Constants) -> FloatArray:
    """Efficiency of llama.cpp's kernels over that of the others, whose peak is that of 8 bits; in 16 bits twice it."""
    share = _by_pair(c, "kernels", d.generation, d.chip)
    eight = d.weight_only | (d.generation != _LLAMA_CPP)
    return np.asarray(np.where(eight, share, np.minimum(2 * share, 1.0)))


def usable_share(d: Deployments, c: Constants) -> FloatArray:
    """Share of the GPU memory in use, (n,): the fitted one at a utilisation of 0.9, else in proportion."""
    at_default = np.where(d.generation < _TRTLLM, c["usable_memory/trtllm"], c["usable_memory/vllm"])
    return np.asarray(np.minimum(at_default * d.utilisation / 0.9, 1.0))


def _fixed(d: Deployments, c: Constants) -> FloatArray:
    """Milliseconds of a step that do not depend on its load."""
    layer = _by(c, "layer_ms", GENERATIONS, d.generation) + np.where(d.moe, c["expert_layer_ms"], 0.0)
    return np.asarray(_by(c, "step_ms", GENERATIONS, d.generation) + layer * d.layers)


def _host(d: Deployments, c: Constants) -> FloatArray:
    """Factor on host and launch times: chip class, engine on it, with experts, and the model family."""
    pair = _by_pair(c, "host", d.generation, d.chip)
    experts = np.where(d.moe, _by_pair(c, "host", d.generation, d.chip, "/moe"), 1.0)
    table = np.array([[c.get(f"host/{g}/{f}", 1.0) if f else 1.0 for f in FAMILIES] for g in GENERATIONS])
    return np.asarray(_by(c, "host", CHIPS, d.chip) * pair * experts * table[d.generation, d.family])


def _format_factor(d: Deployments, c: Constants) -> FloatArray:
    """Compute efficiency of the number format over that of 16 bits."""
    narrow = {"bf16": 1.0, "fp8": c["compute_fp8"], "fp4": c["compute_fp4"], "int8": c["compute_fp8"]}
    factor = np.array([narrow[name] for name in COMPUTE_CLASSES])[d.compute_class]
    factor = factor * np.where(d.block_fp8 & (d.compute_class == 1), c["compute_block_fp8"], 1.0)
    factor = factor * np.where(d.weight_only, c["compute_weight_only"], 1.0)
    return np.asarray(factor * np.where(d.int4_kernel, c["compute_int4"], 1.0))


def _by(c: Constants, name: str, of: Sequence[str], place: IntArray) -> FloatArray:
    """A constant that depends on one trait; 1 where it was never fitted."""
    return np.asarray(np.array([c.get(f"{name}/{trait}", 1.0) for trait in of])[place])


def _by_pair(c: Constants, name: str, age: IntArray, chip: IntArray, end: str = "") -> FloatArray:
    """An effect of an engine generation on a chip class; 1 where it was never fitted."""
    return np.asarray(np.array([[c.get(f"{name}/{g}/{k}{end}", 1.0) for k in CHIPS] for g in GENERATIONS])[age, chip])
