"""CAP-4 for one replica: weights, cache, and whether a request of every class fits model and memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from planner.capacity import memory
from planner.capacity.replica_memory import kv_replicated
from planner.capacity.weights import weight_parts
from planner.catalog.rows import ModelRow
from planner.decision.throughput_values import Blocked, Hardware
from planner.domain.facts import Reason
from planner.domain.options import SelfHosted
from planner.domain.scenario import Scenario
from planner.units import MIB_PER_GIB
from planner.workload.demand import ClassArrays, class_arrays


class Memory(NamedTuple):
    """Weights of one replica, GiB, and the tokens of cache beside them."""

    weight_gib: float
    kv_tokens: int


def workload_arrays(scenario: Scenario, option: SelfHosted) -> ClassArrays:
    """The classes in this model's own tokens (API-8)."""
    return class_arrays(scenario.workload).in_tokens_of(option.input_token_ratio, option.output_token_ratio)


def weight_gib(hardware: Hardware) -> float:
    """Weights of one copy in the option's format, GiB: as published in the native one, computed in any other."""
    return weight_parts(hardware.model, hardware.format).total_gib


def memory_fit(option: SelfHosted, where: str, scenario: Scenario, hardware: Hardware) -> Memory:
    """CAP-4, and whether one request of every class fits the model's context and the memory."""
    model, _, gpu = hardware
    weights = weight_gib(hardware)
    arrays = workload_arrays(scenario, option)
    tokens = memory.kv_cache_tokens(
        gpus=option.gpus_per_replica,
        gpu_memory_gib=gpu.memory_mib_reported / MIB_PER_GIB,
        usable_fraction=option.gpu_memory_utilisation_fraction,
        weight_gib=weights,
        overhead_gib_per_gpu=option.gpu_overhead_gib,
        kv_bytes=_cache_bytes_per_token(model, option, arrays),
    )
    longest = float((arrays.prompt_tokens + arrays.generated_tokens).max())
    reasons = []
    if longest > model.max_context_tokens:
        reasons.append(_context_reason(where, model, longest))
    if tokens < longest:
        reasons.append(_vram_reason(option, where, hardware, weights, tokens, longest))
    if longest > (option.serving.max_model_len or longest):
        reasons.append(_limit_reason(where, option, longest))
    if model.attention_heads % option.tensor_parallel:
        reasons.append(_split_reason(option, where, model))
    if reasons:
        raise Blocked(*reasons)
    return Memory(weights, tokens)


def _cache_bytes_per_token(model: ModelRow, option: SelfHosted, arrays: ClassArrays) -> float:
    """Bytes that the workload's mean token keeps on all GPUs: windows and states spread over a request's tokens."""
    lengths = np.maximum(arrays.prompt_tokens + arrays.generated_tokens, 1.0)
    rates = arrays.requests_per_day if arrays.requests_per_day.any() else np.ones_like(lengths)
    kept = [model.sequence_bytes(tokens, option.kv_cache_bits) for tokens in lengths.tolist()]
    copies = float(memory.kv_copies(option.tensor_parallel, model.kv_heads, kv_replicated(model)))
    return float(rates @ np.array(kept) / (rates @ lengths)) * copies


def _context_reason(where: str, model: ModelRow, longest: float) -> Reason:
    return Reason(
        code="CONTEXT",
        message=f"A request has {longest:,.0f} tokens; {model.name} takes {model.max_context_tokens:,}.",
        field=f"{where}.model_id",
        remedy="Choose a model with a longer context, or shorten the prompt.",
    )


def _limit_reason(where: str, option: SelfHosted, longest: float) -> Reason:
    return Reason(
        code="CONTEXT",
        message=f"A request has {longest:,.0f} tokens; the server is set to take {option.serving.max_model_len:,}.",
        field=f"{where}.serving.max_model_len",
        remedy="Raise the limit, leave it empty, or shorten the prompt.",
    )


def _vram_reason(
    option: SelfHosted, where: str, hardware: Hardware, weights: float, tokens: int, longest: float
) -> Reason:
    model, number_format, gpu = hardware
    usable = option.gpus_per_replica * (
        gpu.memory_mib_reported / MIB_PER_GIB * option.gpu_memory_utilisation_fraction - option.gpu_overhead_gib
    )
    return Reason(
        code="VRAM",
        message=f"{model.name} in {number_format.name} needs {weights:.1f} GiB for weights; "
        f"{option.gpus_per_replica} x {gpu.name} offer {usable:.1f} GiB, which leaves room for {tokens:,} tokens of KV "
        f"cache, and one request has {longest:,.0f}.",
        field=f"{where}.gpus_per_replica",
        remedy="Use more GPUs per replica, a larger GPU, or a smaller weight format.",
    )


def _split_reason(option: SelfHosted, where: str, model: ModelRow) -> Reason:
    return Reason(
        code="CAPACITY",
        message=f"{model.name} has {model.attention_heads} attention heads, which "
        f"{option.tensor_parallel} GPUs cannot share equally.",
        field=f"{where}.gpus_per_replica",
        remedy="Use a number of GPUs that divides the heads, such as 1, 2, 4 or 8.",
    )
