"""T(N) of one replica as the predictor sees it: each class of requests at its own lengths, then the mix of them.

T(N) of the mix is the mean of the classes' own T(N), weighted by requests (CAP-9); so many fit in memory that the
shares of the cache that their requests take add up to one. A class that does not fit by itself takes mean lengths.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from planner.capacity.memory import KV_BLOCK_TOKENS
from planner.capacity.queue import ServiceTable
from planner.capacity.throughput.deployment import Deployment, Speculative, columns
from planner.capacity.throughput.predict import Load, predict
from planner.capacity.throughput.service import band_at, load_grid, table_through, timed
from planner.decision.throughput_values import Asked
from planner.domain.serving import SpeculativeDecoding
from planner.units import FloatArray


class Shapes(NamedTuple):
    """Request lengths, shape (k,): the mean, the mean with its whole prompt cached, and each class with requests."""

    prompt: FloatArray
    hit_fraction: FloatArray
    output: FloatArray
    share: FloatArray
    """Share of requests of the classes, (k - 2,)."""
    class_ids: tuple[str, ...]


class Predicted(NamedTuple):
    """One replica: its service table, and what was predicted on the way."""

    table: ServiceTable
    grid: FloatArray
    """Requests in flight that were predicted, (g,)."""
    decode_share: FloatArray
    """Share of a mean request's work that is left when its whole prompt is cached, (g,)."""
    band: tuple[float, float]
    """Ends of the 80 % band over the likely throughput."""
    late_s: float
    """Seconds that the slow classes' first token takes beyond the mean, at the target's percentile, alone."""
    at_mean: tuple[str, ...]
    """Classes that were taken at mean lengths."""


def shapes_of(asked: Asked) -> Shapes:
    """The lengths to predict at, in the model's own tokens; at least one token each."""
    arrays, hit = asked.arrays, asked.option.prefix_cache_hit_fraction
    asks = (
        arrays.requests_per_day > 0 if arrays.requests_per_day.any() else np.ones(arrays.requests_per_day.shape, bool)
    )
    weight = np.where(asks, np.maximum(arrays.requests_per_day, 1e-300), 0.0)[asks]
    share = weight / weight.sum()
    prompt = np.maximum(arrays.prompt_tokens[asks], 1.0)
    cached = np.minimum(hit * arrays.cached_tokens[asks] / prompt, 1 - 1 / prompt)
    output = np.maximum(arrays.generated_tokens[asks], 1.0)
    mean_prompt, mean_output = float(share @ prompt), float(share @ output)
    mean_hit = 1 - float(share @ (prompt * (1 - cached))) / mean_prompt
    names = [task.class_id for task, wanted in zip(asked.scenario.workload.classes, asks, strict=True) if wanted]
    return Shapes(
        prompt=np.array([mean_prompt, mean_prompt, *prompt]),
        hit_fraction=np.array([mean_hit, 1 - 1 / mean_prompt, *cached]),
        output=np.array([mean_output, mean_output, *output]),
        share=share,
        class_ids=tuple(names),
    )


def deployment_of(asked: Asked, hit_fraction: float) -> Deployment:
    """One replica of the option as the predictor knows it."""
    option, serving = asked.option, asked.option.serving
    return Deployment(
        model=asked.hardware.model,
        number_format=asked.hardware.format,
        gpu=asked.hardware.gpu,
        tp=option.tensor_parallel,
        pp=serving.pipeline_parallel,
        expert_parallel=serving.expert_parallel,
        engine=serving.engine,
        engine_version=serving.engine_version,
        kv_cache_bits=option.kv_cache_bits,
        gpu_memory_utilisation_fraction=option.gpu_memory_utilisation_fraction,
        max_num_seqs=serving.max_num_seqs,
        max_model_len=serving.max_model_len,
        prefix_hit_fraction=hit_fraction,
        lora_adapters=serving.lora_adapters,
        speculative=_speculative(serving.speculative),
    )


def _speculative(held: SpeculativeDecoding | None) -> Speculative | None:
    if held is None:
        return None
    return Speculative(held.draft_tokens, held.acceptance_fraction, held.draft_cost_fraction)


def predicted_service(asked: Asked, constants: Mapping[str, float]) -> Predicted | None:
    """The service table of the scenario's mix; None when not one mean request fits beside the weights."""
    shapes = shapes_of(asked)
    deployed = columns([deployment_of(asked, float(hit)) for hit in shapes.hit_fraction])
    full = predict(deployed, Load(shapes.prompt, shapes.output, np.inf), constants)
    blocks = np.ceil((shapes.prompt + shapes.output) / KV_BLOCK_TOKENS - 1e-9)
    room = (asked.kv_tokens or 0) / (blocks * KV_BLOCK_TOKENS)
    most = np.where(full.fits, np.floor(np.minimum(full.in_service, room) + 1e-9), 0)
    if most[0] < 1:
        return None
    able = most[2:] >= 1
    own = np.where(able, np.arange(2, 2 + len(able)), 0)
    grid = np.unique(load_grid(most[own].max()))
    load = Load(shapes.prompt, shapes.output, grid[:, np.newaxis])
    seconds, first, found = timed(deployed, load, most, constants)
    mixed, mixed_first = seconds[:, own] @ shapes.share, first[:, own] @ shapes.share
    held = shapes.share * seconds[-1, own] / (shapes.share @ seconds[-1, own])
    fits = int(np.floor(1 / float(np.sum(held / most[own])) + 1e-9))
    table = table_through(grid, mixed, mixed_first, max(fits, 1), float(shapes.output[0]))
    alone = first[0, own]
    return Predicted(
        table=table,
        grid=grid,
        decode_share=np.minimum(seconds[:, 1] / seconds[:, 0], 1.0),
        band=band_at(found, len(grid) // 2, 0),
        late_s=_quantile(alone, shapes.share, asked.scenario.latency.slo_percentile / 100) - float(mixed_first[0]),
        at_mean=tuple(name for name, placed in zip(shapes.class_ids, able, strict=True) if not placed),
    )


def _quantile(values: FloatArray, share: FloatArray, quantile: float) -> float:
    """The least value that at least `quantile` of the requests do not exceed."""
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(share[order]), quantile - 1e-9).clip(0, len(values) - 1)])
