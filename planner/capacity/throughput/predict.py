"""CAP-8: from a deployment and a load to tokens per second and latency, with its band and what physics allows.

A replica serves B requests at a time, each for O steps of `decode_s`, and takes in B prompts meanwhile:

    T = O step(B) + B prefill,    output tokens/s = copies x B x O / T,    B = min(concurrency, memory, engine limit)

T grows with B, T / B falls: throughput and time per token rise with concurrency.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.capacity.throughput import steps
from planner.capacity.throughput.classes import bands
from planner.capacity.throughput.deployment import Deployments
from planner.capacity.throughput.rates import rates_of
from planner.units import FloatArray

MS = 1000
_MANY = 1e5
"""Requests per copy that stand for as many as can be."""


class Load(NamedTuple):
    """What is asked of each deployment; every field broadcasts to (..., n)."""

    input_tokens: FloatArray | float
    output_tokens: FloatArray | float
    concurrency: FloatArray | float
    """Requests in flight over all copies; infinite: saturated."""
    num_prompts: FloatArray | float = np.inf
    """Requests of a burst that is sent at once."""
    mixed_lengths: NDArray[np.bool_] | bool = False
    """Whether the requests of a burst differ in length, so that the longest run on alone."""


class Prediction(NamedTuple):
    """Arrays (..., n)."""

    output_tokens_per_s: FloatArray
    """Of the whole deployment."""
    tpot_ms: FloatArray
    ttft_ms: FloatArray
    """A mean, and weak: everybody's is 30 to 45 % off in the median."""
    in_service: FloatArray
    """Requests served side by side, whole deployment."""
    low_output_tokens_per_s: FloatArray
    high_output_tokens_per_s: FloatArray
    """80 % band of its class."""
    ceiling_output_tokens_per_s: FloatArray
    """CAP-7 at this shape: bandwidth and compute used without loss."""
    fits: NDArray[np.bool_]
    """Whether weights, overhead and one request fit in memory."""


def predict(d: Deployments, load: Load, constants: Mapping[str, float]) -> Prediction:
    """All deployments under all loads at once; leading axes of the load, such as concurrencies, come first."""
    c, rates = constants, rates_of(d, constants)
    inputs, outputs = np.asarray(load.input_tokens, dtype=float), np.asarray(load.output_tokens, dtype=float)
    offered = np.minimum(np.asarray(load.concurrency, dtype=float), load.num_prompts)
    room = steps.fits_side_by_side(d, c, inputs, outputs)
    limit = np.maximum(np.minimum(room, d.max_seqs), 1.0)
    batch = np.maximum(np.minimum(np.minimum(offered / d.dp, _MANY), limit), 1.0)
    copies = np.minimum(d.dp, np.maximum(offered, 1.0))
    stage = np.maximum(batch / d.pp, 1.0)
    step = steps.decode_s(d, rates, c, stage, inputs + outputs / 2) / np.where(d.tuned, c["tuned"], 1.0)
    prompt = steps.prefill_s(d, rates, c, stage, inputs) / np.where(d.tuned, c["tuned"], 1.0)
    passes = outputs / d.tokens_per_step
    seconds = passes * step + batch * prompt
    ceiling = _ceiling(d, copies, batch, stage, inputs, outputs)
    rate = np.minimum(copies * batch * outputs / seconds * _burst_share(load, c, batch * d.dp), ceiling)
    low, high = bands(d, np.isinf(load.concurrency), c)
    wait = np.where(np.isfinite(offered), np.maximum(offered / d.dp / batch - 1, 0.0), 0.0) * seconds
    return Prediction(
        output_tokens_per_s=rate,
        tpot_ms=(step / d.tokens_per_step + (batch - 1) * prompt / np.maximum(outputs, 1.0)) * MS,
        ttft_ms=(_first_token_s(step, prompt, d.pp, batch) + np.where(np.isinf(load.concurrency), 0, wait)) * MS,
        in_service=copies * batch,
        low_output_tokens_per_s=np.minimum(rate * low, ceiling),
        high_output_tokens_per_s=np.minimum(rate * high, ceiling),
        ceiling_output_tokens_per_s=ceiling,
        fits=np.broadcast_to((steps.weights_fit(d, c) > 0) & (room >= 1), rate.shape),
    )


def _first_token_s(step: FloatArray, prompt: FloatArray, stages: FloatArray, batch: FloatArray) -> FloatArray:
    """One step, and its own prompt through all stages in turn, behind those that came at the same time.

    Their time is the root of B, the scatter of arrivals.

    Against 940 published means 38 % off in the median; without the root 76 %.
    """
    return np.asarray(step + prompt * (stages - 1 + np.sqrt(batch)))


def _burst_share(load: Load, c: Mapping[str, float], in_service: FloatArray) -> FloatArray:
    """Share of the steady rate that a burst reaches: waves of equal requests, or the long tail of mixed ones."""
    prompts = np.asarray(load.num_prompts, dtype=float)
    burst = np.isinf(load.concurrency) & np.isfinite(prompts)
    waves = np.maximum(np.where(burst, prompts, in_service) / in_service, 1.0)
    whole = np.floor(waves)
    equal = waves / (whole + (waves - whole) ** c["wave_power"])
    mixed = 1 / (1 + c["tail"] / waves)
    return np.asarray(np.where(burst, np.where(load.mixed_lengths, mixed, equal), 1.0))


def _ceiling(
    d: Deployments, copies: FloatArray, batch: FloatArray, stage: FloatArray, inputs: FloatArray, outputs: FloatArray
) -> FloatArray:
    """CAP-7: every byte at full bandwidth, or every product at the full rate, whichever takes longer."""
    read = d.dense_bytes + d.head_bytes + d.expert_bytes * steps.touched(d, stage * d.step_tokens)
    cache = stage * steps.cache_bytes(d, inputs + outputs / 2)
    memory = outputs / d.tokens_per_step * (read + cache) / d.tp / d.bandwidth
    active = d.dense_params + d.expert_params * np.where(d.moe, d.experts_per_token / d.experts, 0.0)
    tokens = batch * (outputs + inputs * (1 - d.prefix_hits))
    compute = 2 * (active * tokens / d.peak + d.head_params * batch * outputs / d.peak16) / (d.tp * d.pp)
    return np.asarray(copies * batch * outputs / np.maximum(memory, compute))
