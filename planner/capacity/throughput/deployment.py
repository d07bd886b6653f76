"""Serving deployments, one by one from catalog rows and all of them as columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.capacity import engine_defaults
from planner.capacity.ceiling import GIGA, TERA
from planner.capacity.memory import EMBEDDING_BITS, kv_copies
from planner.capacity.throughput import traits
from planner.catalog.rows import ComputeRate, FormatRow, GpuRow, ModelRow
from planner.domain.serving import EngineName
from planner.units import GB_BYTES, FloatArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
MIB_BYTES = 2**20
MXFP4_BITS = 4.25
V0_SEQS = 256
COMPUTE_CLASSES = ("bf16", "fp8", "fp4", "int8")
_TRT_KV8_BITS = 9
_FULL_BITS = 16
_DTYPES: dict[str, type] = {"IntArray": np.int64, "BoolArray": np.bool_}


class Speculative(NamedTuple):
    """Speculative decoding: so many draft tokens a step, the chance that each is accepted, and what drafting costs.

    `draft_cost_fraction` is the time of one draft token over the time of one step of the model itself.
    """

    draft_tokens: int
    acceptance_fraction: float
    draft_cost_fraction: float = 0.1

    @property
    def tokens_per_step(self) -> float:
        """Tokens that one step yields, (1 - a^(k+1)) / (1 - a)."""
        a, k = self.acceptance_fraction, self.draft_tokens
        return k + 1.0 if a >= 1 else (1 - a ** (k + 1)) / (1 - a)


class Deployment(NamedTuple):
    """One serving deployment, from catalog rows."""

    model: ModelRow
    number_format: FormatRow
    gpu: GpuRow
    tp: int = 1
    pp: int = 1
    dp: int = 1
    """GPUs = tp x pp x dp."""
    expert_parallel: bool = False
    """Experts are held whole, each on one GPU of the group; no effect on the speed was measured."""
    engine: EngineName = "vllm"
    engine_version: str = ""
    """Empty: the current one."""
    as_of: dt.date | None = None
    """Day of the software, for its age when no version is stated."""
    kv_cache_bits: int | None = None
    """None: the engine's usual one for this format."""
    gpu_memory_utilisation_fraction: float = 0.9
    max_num_seqs: int | None = None
    """None: the engine's default."""
    max_model_len: int | None = None
    prefix_hit_fraction: float = 0.0
    """Share of the prompt tokens that the prefix cache holds."""
    lora_adapters: int = 0
    speculative: Speculative | None = None
    attention_data_parallel: bool = False
    """Each GPU of the group serves requests of its own up to the experts (TensorRT-LLM's attention DP)."""
    tuned: bool = False
    """Every setting was tuned for this very load, as for a benchmark submission."""

    @property
    def gpus(self) -> int:
        """GPUs of the whole deployment."""
        return self.tp * self.pp * self.dp


@dataclass(frozen=True)
class Deployments:
    """Deployments as columns, each an array (n,)."""

    generation: IntArray
    chip: IntArray
    family: IntArray
    compute_class: IntArray
    moe: BoolArray
    weight_only: BoolArray
    int4_kernel: BoolArray
    block_fp8: BoolArray
    fast_links: BoolArray
    attention_dp: BoolArray
    tuned: BoolArray
    tp: FloatArray
    pp: FloatArray
    dp: FloatArray
    layers: FloatArray
    hidden: FloatArray
    attention_width: FloatArray
    """Query heads x head width."""
    windowed_share: FloatArray
    """Share of the KV cache, per token inside the window, that windowed layers keep."""
    experts: FloatArray
    """Routed experts per layer; 1 in a dense model."""
    experts_per_token: FloatArray
    dense_params: FloatArray
    """Parameters that every token uses, without embeddings and routed experts."""
    expert_params: FloatArray
    """Parameters of all routed experts."""
    head_params: FloatArray
    """Parameters of the output head."""
    dense_bytes: FloatArray
    expert_bytes: FloatArray
    head_bytes: FloatArray
    weight_bytes: FloatArray
    """All weights of one copy."""
    kv_bytes: FloatArray
    """Cache of one token over the whole replica, copies included, in layers that keep every token."""
    window_kv_bytes: FloatArray
    window_tokens: FloatArray
    state_bytes: FloatArray
    max_seqs: FloatArray
    """Requests side by side on one replica that the engine takes."""
    memory_bytes: FloatArray
    """Of one GPU."""
    utilisation: FloatArray
    bandwidth: FloatArray
    """Bytes/s of one GPU."""
    peak: FloatArray
    """FLOP/s of one GPU at the rate that the weights are multiplied at."""
    peak16: FloatArray
    """The same in 16 bits: attention and the output head."""
    link: FloatArray
    """Bytes/s to the other GPUs, one way."""
    prefix_hits: FloatArray
    lora: BoolArray
    step_tokens: FloatArray
    """Tokens that a step checks for each request: 1 + draft tokens."""
    tokens_per_step: FloatArray
    """Tokens that it yields."""
    draft_cost: FloatArray
    """Time of drafting, in steps of the model."""

    def __len__(self) -> int:
        return len(self.tp)


def columns(deployments: Sequence[Deployment]) -> Deployments:
    """All of them as columns, in the same order."""
    rows = [_row(d) for d in deployments]
    fields = {name: np.array([row[name] for row in rows]) for name in rows[0]} if rows else {}
    columns_of = Deployments.__dataclass_fields__.items()
    empty: dict[str, NDArray[Any]] = {name: np.zeros(0, _DTYPES.get(str(f.type), np.float64)) for name, f in columns_of}
    return Deployments(**(empty | fields))


def compute_class(d: Deployment) -> int:
    """Place in COMPUTE_CLASSES of the rate that this GPU multiplies the format at; MXFP4 runs with FP8 activations."""
    wanted: ComputeRate = d.number_format.compute_rate
    native = "fp8" if _has_mxfp4_experts(d) else "fp4" if wanted == "fp4" else wanted
    needs: ComputeRate = "fp4" if _has_mxfp4_experts(d) else wanted
    return COMPUTE_CLASSES.index(native) if native in COMPUTE_CLASSES and _rate(d.gpu, needs) else 0


def _rate(gpu: GpuRow, name: str) -> float | None:
    """Dense rate of the GPU, TFLOP/s; None: it has no such units."""
    rates = {
        "fp16": gpu.fp16_dense_tflops,
        "bf16": gpu.bf16_dense_tflops or gpu.fp16_dense_tflops,
        "fp8": gpu.fp8_dense_tflops,
        "int8": gpu.int8_dense_tops,
        "fp4": gpu.fp4_dense_tflops,
    }
    return rates[name]


def _has_mxfp4_experts(d: Deployment) -> bool:
    """A model published with MXFP4 experts keeps them so, whatever its other weights are called."""
    return d.model.native_format == "mxfp4" and d.number_format.bits_per_weight >= MXFP4_BITS


def _row(d: Deployment) -> dict[str, float | int | bool]:
    return _kind(d) | _sizes(d) | _cache(d) | _machine(d) | _speculation(d)


def _kind(d: Deployment) -> dict[str, float | int | bool]:
    rate = compute_class(d)
    bits = d.number_format.bits_per_weight
    return {
        "generation": traits.generation(d.engine, d.engine_version, d.as_of),
        "chip": traits.chip(d.gpu),
        "family": traits.family(d.model),
        "compute_class": rate,
        "moe": bool(d.model.experts),
        "weight_only": bits < _FULL_BITS and rate == 0,
        "int4_kernel": d.number_format.format_id in ("awq-int4", "gptq-int4", "gptq-int8"),
        "block_fp8": traits.has_block_scales(d.model, d.number_format.format_id),
        "fast_links": traits.fast_links(d.gpu),
        "attention_dp": d.attention_data_parallel,
        "tuned": d.tuned,
    }


def _sizes(d: Deployment) -> dict[str, float | int | bool]:
    """Parameters and bytes by what reads them: every step, routed experts, the output head."""
    m = d.model
    share = (m.experts_per_token or 1) / m.experts if m.experts else 0.0
    routed = (m.total_params - m.active_params) / (1 - share) if m.experts else 0.0
    matrix = float(m.vocab_size * m.hidden_size)
    dense = m.active_params - routed * share - matrix * (1 if m.tied_embeddings else 2)
    bits = d.number_format.bits_per_weight
    expert_bits, dense_bits = (MXFP4_BITS, _dense_bits(m, routed, dense)) if _has_mxfp4_experts(d) else (bits, bits)
    head_bits = bits if d.number_format.embeddings_quantised else max(bits, EMBEDDING_BITS)
    embeddings = matrix * (1 if m.tied_embeddings else 2) * head_bits / 8
    return {
        "layers": m.layers,
        "hidden": m.hidden_size,
        "attention_width": m.attention_heads * m.head_dim,
        "experts": m.experts or 1,
        "experts_per_token": m.experts_per_token or 1,
        "dense_params": dense,
        "expert_params": routed,
        "head_params": matrix,
        "dense_bytes": dense * dense_bits / 8,
        "expert_bytes": routed * expert_bits / 8,
        "head_bytes": matrix * head_bits / 8,
        "weight_bytes": (routed * expert_bits + dense * dense_bits) / 8 + embeddings,
    }


def _dense_bits(model: ModelRow, routed: float, dense: float) -> float:
    """Bits of what is not an expert in a checkpoint with MXFP4 experts: what its published size leaves, 16 at most."""
    embeddings = model.vocab_size * model.hidden_size * (1 if model.tied_embeddings else 2) * EMBEDDING_BITS
    left = model.native_weights_gb * GB_BYTES * 8 - routed * MXFP4_BITS - embeddings
    bits = min(max(left / dense, MXFP4_BITS), _FULL_BITS)
    return _FULL_BITS if bits > 0.75 * _FULL_BITS else bits


def _cache(d: Deployment) -> dict[str, float | int | bool]:
    """KV cache of one token over the whole replica, with the copies that its GPUs hold."""
    m = d.model
    copies = 1.0 if d.attention_data_parallel else float(kv_copies(d.tp, m.kv_heads, traits.compressed_cache(m)))
    scale = copies * usual_kv_bits(d) / _FULL_BITS
    kept = m.kv_bytes_per_token_16bit + m.window_kv_bytes_per_token_16bit
    return {
        "kv_bytes": m.kv_bytes_per_token_16bit * scale,
        "window_kv_bytes": m.window_kv_bytes_per_token_16bit * scale,
        "window_tokens": m.window_tokens or 0,
        "windowed_share": m.window_kv_bytes_per_token_16bit / kept,
        "state_bytes": m.state_bytes_per_sequence,
    }


def usual_kv_bits(d: Deployment) -> int:
    """Bits of the cache: as asked, else 8 in TensorRT-LLM with FP8, FP4 or MXFP4 weights of one scale, else 16."""
    if d.kv_cache_bits is not None:
        return d.kv_cache_bits
    small = d.number_format.bits_per_weight <= _TRT_KV8_BITS or _has_mxfp4_experts(d)
    block = traits.has_block_scales(d.model, d.number_format.format_id)
    return 8 if d.engine == "trtllm" and small and not block else 16


def _machine(d: Deployment) -> dict[str, float | int | bool]:
    g = d.gpu
    half = _rate(g, "bf16") or 1.0
    return {
        "tp": d.tp,
        "pp": d.pp,
        "dp": d.dp,
        "max_seqs": d.max_num_seqs or _default_seqs(d),
        "memory_bytes": float(g.memory_mib_reported) * MIB_BYTES,
        "utilisation": d.gpu_memory_utilisation_fraction,
        "bandwidth": g.memory_bandwidth_gb_per_s * GIGA,
        "peak": max(_rate(g, COMPUTE_CLASSES[compute_class(d)]) or half, _eight_bits(d)) * TERA,
        "peak16": half * TERA,
        "link": g.interconnect_gb_per_s / 2 * GIGA,
        "prefix_hits": d.prefix_hit_fraction,
        "lora": d.lora_adapters > 0,
    }


def _eight_bits(d: Deployment) -> float:
    """TOP/s at which llama.cpp multiplies weights of few bits: with activations in 8 bits where the GPU has such units.

    llama.cpp pull requests 7676 and 7860. 0: not so.
    """
    few = d.number_format.bits_per_weight < _FULL_BITS and compute_class(d) == 0
    return (d.gpu.int8_dense_tops or 0.0) if d.engine == "llama.cpp" and few else 0.0


def _default_seqs(d: Deployment) -> int:
    old = traits.generation(d.engine, d.engine_version, d.as_of) == traits.GENERATIONS.index("vllm-v0")
    seqs = V0_SEQS if old else engine_defaults.default_max_num_seqs(d.engine, d.gpu)
    return seqs * (d.tp if d.attention_data_parallel else 1)


def _speculation(d: Deployment) -> dict[str, float | int | bool]:
    s = d.speculative
    return {
        "step_tokens": 1.0 + (s.draft_tokens if s else 0),
        "tokens_per_step": s.tokens_per_step if s else 1.0,
        "draft_cost": s.draft_tokens * s.draft_cost_fraction if s else 0.0,
    }
