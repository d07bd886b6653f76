"""Times of the work of one replica and what fits beside its weights. Arrays (..., n), seconds and bytes."""

from __future__ import annotations

import numpy as np

from planner.capacity.throughput.deployment import Deployments
from planner.capacity.throughput.rates import Constants, Rates, usable_share
from planner.units import GB_BYTES, FloatArray

_LEAST_FREE = 0.01
"""Weights that do not fit leave this share of the memory, so that a case that was run after all gets a number."""
_LINK_BYTES = 2
_ALLREDUCES = 2
"""Per layer: after attention and after the feed-forward part."""


def touched(d: Deployments, tokens: FloatArray) -> FloatArray:
    """Share of the routed experts that so many tokens touch, 1 - (1 - k/E)^tokens; 0 in a dense model."""
    missed = 1 - d.experts_per_token / d.experts
    return np.asarray(np.where(d.moe, 1 - np.where(d.moe, missed, 0.5) ** tokens, 0.0))


def cache_bytes(d: Deployments, tokens: FloatArray) -> FloatArray:
    """Cache of one request of so many tokens over the whole replica, with copies, windows and states."""
    return d.kv_bytes * tokens + d.window_kv_bytes * np.minimum(tokens, d.window_tokens) + d.state_bytes


def fits_side_by_side(d: Deployments, c: Constants, inputs: FloatArray, outputs: FloatArray) -> FloatArray:
    """Requests whose cache fits beside the weights of a replica; below 1 when not even one does."""
    return np.asarray(_free(d, c) / cache_bytes(d, inputs + c["cached_output_share"] * outputs))


def weights_fit(d: Deployments, c: Constants) -> FloatArray:
    """Bytes left beside the weights of a replica, (n,); negative when they do not fit."""
    gpus = d.tp * d.pp
    copies = np.where(d.attention_dp, (d.tp - 1) * d.dense_bytes, 0.0)
    usable = usable_share(d, c) * gpus * d.memory_bytes
    return np.asarray(usable - d.weight_bytes - copies - gpus * c["overhead_gb"] * GB_BYTES)


def _free(d: Deployments, c: Constants) -> FloatArray:
    return np.maximum(weights_fit(d, c), _LEAST_FREE * d.tp * d.pp * d.memory_bytes)


def read_s(d: Deployments, r: Rates, tokens: FloatArray) -> FloatArray:
    """Reading the weights once; with attention DP each GPU reads all of the dense ones."""
    copies = np.where(d.attention_dp, d.tp, 1.0)
    dense = (d.dense_bytes * copies + d.head_bytes) / r.weights
    return np.asarray((dense + d.expert_bytes * touched(d, tokens) / r.experts) / d.tp)


def multiply_s(d: Deployments, r: Rates, c: Constants, tokens: FloatArray) -> FloatArray:
    """Matrix products of so many tokens, without the output head, with the padding that small ones cost."""
    dense = 2 * d.dense_params * (tokens + c["padding_tokens"] * r.padding) / r.dense_flops
    share = tokens * d.experts_per_token / d.experts + touched(d, tokens) * c["expert_padding_tokens"] * r.padding
    experts = np.where(d.moe, 2 * d.expert_params * share / r.expert_flops, 0.0)
    return np.asarray((dense + experts) / d.tp)


def exchange_s(d: Deployments, r: Rates, tokens: FloatArray) -> FloatArray:
    """Bytes of the all-reduces of so many tokens; with attention DP only what goes to experts elsewhere."""
    ring = 2 * (d.tp - 1) / d.tp
    fewer = np.where(d.attention_dp, 0.5 * np.minimum(d.experts_per_token + 1, d.tp) / d.tp, 1.0)
    return np.asarray(_ALLREDUCES * d.layers * ring * tokens * d.hidden * _LINK_BYTES * fewer / r.link)


def latency_s(d: Deployments, r: Rates) -> FloatArray:
    """Latency of the all-reduces of one step, (n,)."""
    return np.asarray(_ALLREDUCES * d.layers * r.allreduce_s * np.log2(d.tp))


def decode_s(d: Deployments, r: Rates, c: Constants, batch: FloatArray, context: FloatArray) -> FloatArray:
    """One step of `batch` requests of one stage at this mean context: p-norm of memory and compute, links, fixed."""
    tokens = batch * d.step_tokens
    state = batch * d.state_bytes
    memory = read_s(d, r, tokens) + (batch * cache_bytes(d, context) + state) / d.tp / r.cache
    head = 2 * d.head_params * tokens / d.tp / r.head_flops
    p = c["overlap_power"]
    gpu = (memory**p + (multiply_s(d, r, c, tokens) + head) ** p) ** (1 / p)
    ranks = np.where(d.attention_dp, d.tp, 1.0)
    host = r.step_s + r.sequence_s * batch * d.pp / ranks
    return np.asarray((gpu + exchange_s(d, r, tokens) + latency_s(d, r) + host) * r.step_factor)


def prefill_s(d: Deployments, r: Rates, c: Constants, batch: FloatArray, inputs: FloatArray) -> FloatArray:
    """What one prompt adds to the steps it shares with `batch` others; tokens in the prefix cache cost nothing."""
    fresh = inputs * (1 - d.prefix_hits)
    tokens = batch * d.step_tokens
    more = read_s(d, r, tokens + fresh) - read_s(d, r, tokens)
    more = more + multiply_s(d, r, c, tokens + fresh) - multiply_s(d, r, c, tokens)
    full = 1 - 0.5 * (d.window_tokens > 0)
    pairs = inputs**2 / 2 * (1 - d.prefix_hits**2)
    attention = 4 * d.layers * d.attention_width * pairs * full / d.tp / r.attention_flops
    ranks = np.where(d.attention_dp, d.tp, 1.0)
    return np.asarray((more + attention + exchange_s(d, r, fresh)) / d.pp + r.request_s / ranks)
