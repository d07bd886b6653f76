"""The constants of the model: where each starts, how far it may go, how sure one is beforehand, and what it means.

A fitted constant is drawn to its start with the strength 1 / sd (natural logarithm), and never leaves its bounds. An
effect is a factor that starts at 1; it exists for kinds of deployments with measured rows, elsewhere it is 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from planner.capacity.throughput.deployment import COMPUTE_CLASSES, Deployments
from planner.capacity.throughput.traits import CHIPS, FAMILIES, GENERATIONS
from planner.units import FloatArray

EFFECT_LIMIT = math.exp(0.7)
FITTED_GENERATIONS = GENERATIONS[:5]
FITTED_CHIPS = CHIPS[:6]


class Spec(NamedTuple):
    """One constant before the fit; `sd` is of its natural logarithm, 0 = assumed, not fitted."""

    name: str
    start: float
    low: float
    high: float
    sd: float
    unit: str
    meaning: str


_SHARE, _MS, _FACTOR = "share of peak", "ms", "factor"
_BASE = (
    Spec("bandwidth", 0.85, 0.6, 1.0, 0.15, _SHARE, "memory bandwidth that reading weights reaches"),
    Spec("bandwidth_kv", 0.75, 0.4, 1.0, 0.3, _SHARE, "memory bandwidth that reading the KV cache reaches"),
    Spec("bandwidth_experts", 0.8, 0.4, 1.0, 0.4, _FACTOR, "the same for routed experts, times `bandwidth`"),
    Spec("compute_fp8", 0.85, 0.4, 1.0, 0.3, _FACTOR, "efficiency in FP8 or INT8 over that in 16 bits"),
    Spec("compute_fp4", 0.65, 0.2, 1.0, 0.3, _FACTOR, "efficiency in FP4 over that in 16 bits"),
    Spec("compute_block_fp8", 0.8, 0.3, 1.0, 0.3, _FACTOR, "FP8 in blocks of 128 x 128 over FP8 with one scale"),
    Spec("compute_weight_only", 0.8, 0.3, 1.0, 0.3, _FACTOR, "weights of few bits multiplied in 16 bits"),
    Spec("compute_int4", 0.6, 0.2, 1.0, 0.4, _FACTOR, "AWQ and GPTQ kernels, beside `compute_weight_only`"),
    Spec("compute_experts", 0.7, 0.15, 1.0, 0.4, _FACTOR, "routed experts at 128 per layer; power log2(experts) / 7"),
    Spec("attention_compute", 0.4, 0.05, 1.0, 0.5, _SHARE, "16-bit rate that attention over the prompt reaches"),
    Spec("padding_tokens", 64, 2, 1000, 1.0, "tokens", "tokens that a dense matrix product costs beside its own"),
    Spec("expert_padding_tokens", 16, 0.5, 300, 1.0, "tokens", "the same for each expert touched"),
    Spec("overlap_power", 2.0, 1.01, 6.0, 0.4, "power", "p of the p-norm of memory and compute time of a step"),
    Spec("expert_layer_ms", 0.03, 0.001, 0.4, 0.8, _MS, "more time of a layer with experts, whatever the batch"),
    Spec("allreduce_ms/fast", 0.010, 0.002, 0.08, 0.5, _MS, "latency of an all-reduce per doubling of the group"),
    Spec("allreduce_ms/slow", 0.03, 0.004, 0.3, 0.7, _MS, "the same over PCIe"),
    Spec("link_share/fast", 0.5, 0.15, 1.0, 0.4, _SHARE, "bandwidth that NVLink or Infinity Fabric reaches"),
    Spec("link_share/slow", 0.4, 0.05, 1.0, 0.5, _SHARE, "the same of PCIe"),
    Spec("usable_memory/vllm", 0.9, 0.85, 0.95, 0.02, "share", "memory in use at a utilisation of 0.9"),
    Spec("usable_memory/trtllm", 0.92, 0.8, 0.97, 0.05, "share", "the same in TensorRT-LLM"),
    Spec("overhead_gb", 2.0, 0.3, 5.0, 0.5, "GB", "activations, graphs and buffers of a GPU"),
    Spec("cached_output_share", 0.7, 0.45, 1.1, 0.3, "share", "output tokens that a request keeps in cache on average"),
    Spec("tuned", 1.15, 1.0, 1.6, 0.15, _FACTOR, "gain of a deployment tuned for one load"),
    Spec("wave_power", 0.6, 0.15, 1.0, 0.4, "power", "cost of the last, partly filled wave of a burst of equals"),
    Spec("tail", 0.6, 0.01, 2.0, 0.7, "share", "time that the longest requests of a mixed burst run on alone"),
)
_CHIPS = {
    "bandwidth_chip": (
        (0.9, 0.9, 1.0, 0.95, 0.95, 0.6),
        0.3,
        1.1,
        0.15,
        "bandwidth of the chip class over `bandwidth`",
    ),
    "compute": ((0.6, 0.5, 0.6, 0.6, 0.6, 0.4), 0.15, 0.95, 0.3, "16-bit rate that matrix products reach"),
}
_GENERATIONS = {
    "step_ms": ((0.6, 1.2, 8.0, 2.0, 2.0), 0.02, 40, 0.7, "time of a step beside the GPU's own work"),
    "layer_ms": ((0.03, 0.04, 0.06, 0.03, 0.04), 0.002, 0.3, 0.7, "time of a layer beside reading and multiplying"),
    "sequence_ms": ((0.012, 0.015, 0.09, 0.02, 0.02), 0.0005, 0.5, 0.7, "time that each request adds to a step"),
    "request_ms": ((1.0, 1.0, 2.0, 2.0, 2.0), 0.05, 8, 0.7, "time of the host for each request, once"),
}
_KERNELS = "efficiency of 8-bit matrix products over that of the other engines"
_ASSUMED = (
    ("step_ms/llama.cpp", 0.5, _MS, "as in other engines written in C++"),
    ("layer_ms/llama.cpp", 0.03, _MS, "as in other engines; public runs of RTX 4090 to H100 ask for 0.01 to 0.1"),
    ("sequence_ms/llama.cpp", 0.05, _MS, "sampling on the host"),
    ("request_ms/llama.cpp", 1.0, _MS, "as in other engines"),
    ("padding/llama.cpp", 0.1, _FACTOR, "padding tokens over those of the other engines: matrix-vector kernels"),
    ("kernels/llama.cpp/ampere", 0.13, _FACTOR, f"{_KERNELS}; public runs on A100"),
    ("kernels/llama.cpp/ada", 0.42, _FACTOR, f"{_KERNELS}; public runs on RTX 4090"),
    ("kernels/llama.cpp/hopper", 0.11, _FACTOR, f"{_KERNELS}; public runs on H100"),
    ("kernels/llama.cpp/blackwell", 0.11, _FACTOR, f"{_KERNELS}; as on Hopper"),
    ("kernels/llama.cpp/blackwell-workstation", 0.29, _FACTOR, f"{_KERNELS}; public runs on RTX 5090, RTX PRO 6000"),
    ("kernels/llama.cpp/cdna3", 0.11, _FACTOR, f"{_KERNELS}; as on Hopper"),
    ("bandwidth_chip/apple", 0.96, _SHARE, "public llama.cpp runs on M1 Ultra to M5 Max, as are the next two"),
    ("compute/apple", 0.71, _SHARE, "16-bit rate that matrix products reach"),
    ("host/apple", 2.0, _FACTOR, "host and launch times: 3 ms a step of 32 layers"),
    ("band_wider/llama.cpp", 1.3, _FACTOR, "both ends of the band of an engine without measured rows, outwards"),
    ("lora", 1.15, _FACTOR, "time of a step with adapters over one without"),
)
"""Not fitted: no row of llama.cpp or of an Apple chip is among the measured ones. The public runs are those of
`tests/capacity/throughput/test_llama_cpp.py`."""
ASSUMED = tuple(
    Spec(name, value, value, value, 0, unit, f"assumed: {meaning}") for name, value, unit, meaning in _ASSUMED
)


def specs(rows: Deployments) -> tuple[Spec, ...]:
    """Every constant that these rows can say something of, and the assumed ones."""
    chips = (Spec(f"{n}/{c}", s, low, high, sd, _SHARE, m) for n, (v, low, high, sd, m) in _CHIPS.items()
             for c, s in zip(FITTED_CHIPS, v, strict=True))  # fmt: skip
    ages = (Spec(f"{n}/{g}", s, low, high, sd, _MS, m) for n, (v, low, high, sd, m) in _GENERATIONS.items()
            for g, s in zip(FITTED_GENERATIONS, v, strict=True))  # fmt: skip
    return (*_BASE, *chips, *ages, *_effects(rows), *ASSUMED)


def _effects(rows: Deployments) -> Iterator[Spec]:
    """Factors of 1 for the kinds of deployments among these rows."""
    age, chip = (np.array(names)[of] for names, of in ((GENERATIONS, rows.generation), (CHIPS, rows.chip)))
    kind = np.array(FAMILIES)[rows.family]
    of_experts = {(a, c) for a, c, m in zip(age, chip, rows.moe, strict=True) if m}
    pairs = sorted(set(zip(age, chip, strict=True)))
    yield from (_effect(f"host/{c}", 0.3, "host and launch times on the chip class") for c in sorted(set(chip)))
    yield from (_effect(f"host/{a}/{c}", 0.2, "host and launch times") for a, c in pairs)
    for traits in zip(*of_experts, strict=True):
        yield from (_effect(f"experts/{of}", 0.3, "bandwidth and compute on experts") for of in sorted(set(traits)))
    if np.any(rows.moe & (rows.compute_class == COMPUTE_CLASSES.index("fp4"))):
        yield _effect("experts/fp4", 0.4, "bandwidth and compute on experts in FP4")
    yield from (_effect(f"host/{a}/{c}/moe", 0.5, "host and launch times with experts") for a, c in sorted(of_experts))
    yield from (
        _effect(f"host/{a}/{f}", 0.3, "host and launch times of the model family")
        for a, f in sorted(set(zip(age, kind, strict=True)))
        if f
    )


def _effect(name: str, sd: float, meaning: str) -> Spec:
    return Spec(str(name), 1.0, 1 / EFFECT_LIMIT, EFFECT_LIMIT, sd, _FACTOR, meaning)


def starts(found: tuple[Spec, ...]) -> FloatArray:
    """Natural logarithms of where the fitted ones start."""
    return np.log([s.start for s in found if s.sd])
