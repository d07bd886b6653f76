"""Error classes: what kind of case a prediction is, and the 80 % band that cases of its kind had out of sample."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
from numpy.typing import NDArray

from planner.capacity.throughput.deployment import Deployments
from planner.capacity.throughput.traits import CHIPS, GENERATIONS, compressed_cache, has_block_scales
from planner.catalog.rows import FormatRow, ModelRow
from planner.units import FloatArray

ALL = "all"
CLASSES = tuple("/".join(parts) for parts in product(("dense", "moe"), ("steady", "saturated"), GENERATIONS))
"""Dense or with experts; a stated number in flight, or saturated; engine generation."""

_WORDS = {
    "moe": "mixture of experts",
    "mla": "compressed KV cache (MLA)",
    "steady": "steady load",
    "vllm-v0": "vLLM before 0.8",
    "vllm-v1": "vLLM 0.8 and later",
    "trtllm-0": "TensorRT-LLM 0.x",
    "trtllm-1": "TensorRT-LLM 1.x",
    "sglang": "SGLang",
}


def class_words(name: str) -> str:
    """A class for people: `dense/steady/vllm-v1` is `dense, steady load, vLLM 0.8 and later`."""
    return ", ".join(_WORDS.get(part, part) for part in name.split("/"))


def alike(model: ModelRow, number_format: FormatRow, generation: int) -> tuple[str, ...]:
    """What a case shares with measured ones: kind of model in this format; a compressed cache on this engine."""
    shipped = number_format.format_id == "fp8-block" and has_block_scales(model, "fp8")
    form = "fp8" if shipped else number_format.format_id
    kind = f"{'moe' if model.experts else 'dense'}/{form}"
    return (kind, f"mla/{GENERATIONS[generation]}") if compressed_cache(model) else (kind,)


def class_index(d: Deployments, saturated: NDArray[np.bool_] | bool) -> NDArray[np.int64]:
    """Place in CLASSES, shape (..., n)."""
    half = len(GENERATIONS)
    return np.asarray(d.moe * 2 * half + np.asarray(saturated) * half + d.generation)


def parents(name: str) -> tuple[str, ...]:
    """Wider classes, the widest first: a class with few measured groups is drawn to them."""
    kind, load, _ = name.split("/")
    return (ALL, kind, f"{kind}/{load}")


def bands(
    d: Deployments, saturated: NDArray[np.bool_] | bool, constants: Mapping[str, float]
) -> tuple[FloatArray, FloatArray]:
    """Factors on the prediction that 80 % of unseen cases lie between; shape (..., n).

    Those of its class, drawn wider by one factor where the class was further off on this chip class than elsewhere,
    and by an assumed one for an engine without measured rows.
    """
    place = class_index(d, saturated)
    low, high = (
        np.array([constants.get(f"{end}/{name}", constants.get(f"{end}/{ALL}", 1.0)) for name in CLASSES])
        for end in ("band_low", "band_high")
    )
    wider = np.array([constants.get(f"band_wider/{name}", 1.0) for name in CHIPS])[d.chip]
    wider = wider * np.array([constants.get(f"band_wider/{name}", 1.0) for name in GENERATIONS])[d.generation]
    return np.asarray(low[place] / wider), np.asarray(high[place] * wider)
